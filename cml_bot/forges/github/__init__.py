"""GitHub: what its Actions tell of a build, and the door to its review.

`build` is loaded in every CI run; PyGithub costs 0.2 s and is imported by `connect` alone.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
Source: https://docs.github.com/en/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.errors import ForbiddenError
from cml_bot.forges.github.commands import annotate, quiet, tell_job
from cml_bot.model import Build
from cml_bot.review import GITHUB_COM

if TYPE_CHECKING:
    from collections.abc import Callable

    from cml_bot.forges._patience import Patience
    from cml_bot.forges.github.review import GitHub

__all__ = ["NO_TOKEN", "annotate", "build", "connect", "place", "quiet", "tell_job"]

API = "https://api.github.com"
NO_TOKEN = "Give the step `env: GITHUB_TOKEN: ${{ github.token }}`."  # noqa: S105 - a sentence
RUNS_ON_ITS_REF = frozenset({"push", "schedule", "workflow_dispatch", "repository_dispatch"})
"""Events whose GITHUB_REF is what the job works on. For others it names the default branch, whatever they are about."""


def build(env: Mapping[str, str], event: Mapping[str, object]) -> Build | None:
    """Read the variables and the event of GitHub Actions; None when this is not GitHub Actions.

    What only a request could tell stays empty. An event that is missing or broken leaves what the variables say.
    """
    if env.get("GITHUB_ACTIONS") != "true" or env.get("GITEA_ACTIONS") or env.get("FORGEJO_ACTIONS"):
        return None
    plain = _from_variables(env, event)
    name = env.get("GITHUB_EVENT_NAME", "")
    if name.startswith("pull_request"):
        return _pull_request(plain, env, event)
    if name in RUNS_ON_ITS_REF:
        return _own_ref(plain, name, event)
    read = EVENTS.get(name)
    return read(plain, event) if read else plain


def place(server: str) -> Build:
    """Give a build that knows only where GitHub is: github.com where no server is named."""
    server = (server or GITHUB_COM).rstrip("/")
    return Build(forge="github", server=server, api=API if server == GITHUB_COM else f"{server}/api/v3")


def connect(build: Build, token: str, patience: Patience) -> GitHub:
    """Open a connection to the review of a build; sends nothing yet.

    Raises:
        PublishError: the address or the token cannot be right.
        ForbiddenError: there is no token.
    """
    token = token.strip()
    where = "GitHub"
    if not token:
        raise ForbiddenError(where, "there is no token", NO_TOKEN)

    from cml_bot.forges._wire import check_address, check_token
    from cml_bot.forges.github.review import GitHub

    check_token(where, token)
    check_address("GITHUB_API_URL", build.api)
    return GitHub(build, token, patience)


def _from_variables(env: Mapping[str, str], event: Mapping[str, object]) -> Build:
    server = (env.get("GITHUB_SERVER_URL") or GITHUB_COM).rstrip("/")
    repo = env.get("GITHUB_REPOSITORY", "")
    run, attempt = env.get("GITHUB_RUN_ID", ""), env.get("GITHUB_RUN_ATTEMPT") or "1"
    ref = env.get("GITHUB_REF", "")
    return Build(
        forge="github",
        server=server,
        api=(env.get("GITHUB_API_URL") or place(server).api).rstrip("/"),
        repo=repo,
        sha=env.get("GITHUB_SHA", ""),
        branch=_branch(ref),
        base_branch=_text(event, "repository", "default_branch"),
        is_private=_dig(event, "repository", "private") is True,
        url=_run_url(server, repo, run, attempt),
        run_id=f"{run}.{attempt}" if run else "",
    )


def _run_url(server: str, repo: str, run: str | int, attempt: str | int) -> str:
    return f"{server}/{repo}/actions/runs/{run}/attempts/{attempt}" if repo and run else ""


def _pull_request(plain: Build, env: Mapping[str, str], event: Mapping[str, object]) -> Build:
    """Read `pull_request`, its reviews, and `pull_request_target`.

    GITHUB_SHA is a merge made for the test, or the base: never the commit under review.
    """
    pull = event.get("pull_request")
    ref = re.fullmatch(r"refs/pull/(\d+)/\w+", env.get("GITHUB_REF", ""))
    return replace(
        plain,
        sha=_sha(pull, "head", "sha"),
        base_sha=_sha(pull, "base", "sha"),
        branch=_text(pull, "head", "ref") or env.get("GITHUB_HEAD_REF", ""),
        base_branch=_text(pull, "base", "ref") or env.get("GITHUB_BASE_REF", "") or plain.base_branch,
        pull=_number(pull, "number") or _number(event, "number") or (int(ref[1]) if ref else None),
        is_fork=_is_fork(pull),
        head_owner=_text(pull, "head", "repo", "owner", "login"),
        trusted_sha=plain.sha if env.get("GITHUB_EVENT_NAME") == "pull_request_target" else "",
    )


def _is_fork(pull: object) -> bool:
    """Whether the head lies in another repository; one that was deleted since is another one too."""
    base = _number(pull, "base", "repo", "id")
    return base is not None and _number(pull, "head", "repo", "id") != base


def _own_ref(plain: Build, name: str, event: Mapping[str, object]) -> Build:
    if name == "schedule":  # its event names no repository, and it runs on the default branch always
        return replace(plain, base_branch=plain.branch, on_main=bool(plain.branch))
    is_default = bool(plain.branch) and plain.branch == plain.base_branch
    return replace(plain, base_sha=_sha(event, "before"), on_main=is_default)


def _merge_group(plain: Build, event: Mapping[str, object]) -> Build:
    group = event.get("merge_group")
    queued = re.search(r"/pr-(\d+)-[0-9a-f]{40,64}$", _text(group, "head_ref"))
    return replace(
        plain,
        sha=_sha(group, "head_sha") or plain.sha,
        base_sha=_sha(group, "base_sha"),
        base_branch=_branch(_text(group, "base_ref")) or plain.base_branch,
        pull=int(queued[1]) if queued else None,
    )


def _workflow_run(plain: Build, event: Mapping[str, object]) -> Build:
    """Read the run that this one follows: its page, and its number, for that is the order of the pushes."""
    run = event.get("workflow_run")
    number, attempt = _number(run, "id"), _number(run, "run_attempt") or 1
    # After pull_request_target, head_sha is the default branch's.
    sha = "" if _text(run, "event") == "pull_request_target" else _sha(run, "head_sha")
    here, head = _number(event, "repository", "id"), _number(run, "head_repository", "id")
    is_fork = here is not None and head != here
    # Whoever opens a pull request need not have any rights here, though a job that follows its run has them.
    is_untrusted = is_fork or _text(run, "event").startswith("pull_request")
    # The list may name one after a push too; then it is left to be found.
    pull = _find_pull(run, sha, here) if is_untrusted else None
    return replace(
        plain,
        sha=sha,
        base_sha=_sha(pull, "base", "sha"),
        branch=_text(run, "head_branch"),
        base_branch=_text(pull, "base", "ref") or plain.base_branch,
        pull=_number(pull, "number"),
        is_fork=is_fork,
        head_owner=_text(run, "head_repository", "owner", "login"),
        trusted_sha=plain.sha if is_untrusted else "",
        url=_run_url(plain.server, plain.repo, number, attempt) if number else plain.url,
        run_id=f"{number}.{attempt}" if number else plain.run_id,
    )


def _find_pull(run: object, sha: str, repository: int | None) -> object:
    """Return the pull request into this repository that a run was for.

    The list is empty for forks, may name pull requests into other repositories, and may be newer than the run.
    """
    pulls = _dig(run, "pull_requests")
    for pull in pulls if isinstance(pulls, list) else []:
        if sha and _sha(pull, "head", "sha") == sha and _number(pull, "base", "repo", "id") == repository:
            return pull
    return None


def _issue_comment(plain: Build, event: Mapping[str, object]) -> Build:
    """Read a comment on a pull request: its head is not told, and GITHUB_SHA is the default branch's."""
    if not isinstance(_dig(event, "issue", "pull_request"), Mapping):
        return plain
    return replace(plain, sha="", branch="", pull=_number(event, "issue", "number"))


EVENTS: Mapping[str, Callable[[Build, Mapping[str, object]], Build]] = {
    "merge_group": _merge_group,
    "workflow_run": _workflow_run,
    "issue_comment": _issue_comment,
}


def _branch(ref: str) -> str:
    return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""


def _dig(value: object, *path: str) -> object:
    """Walk down an event; None where it is not as documented."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _text(value: object, *path: str) -> str:
    found = _dig(value, *path)
    return found if isinstance(found, str) else ""


def _number(value: object, *path: str) -> int | None:
    found = _dig(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _sha(value: object, *path: str) -> str:
    """Give a commit's full id; empty for anything else, and for the zeros that stand for no commit."""
    found = _text(value, *path)
    return found if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", found) and found.strip("0") else ""
