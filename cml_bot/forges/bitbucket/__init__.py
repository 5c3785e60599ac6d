"""Bitbucket Cloud: what its Pipelines tell of a build, and the door to the comments of its pull request.

`build` is loaded in every CI run; requests costs 0.1 s and is imported by `connect` alone.

Source: https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cml_bot.errors import ForbiddenError, PublishError
from cml_bot.forges._plain_job import annotate, quiet, tell_job
from cml_bot.model import Build

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cml_bot.forges._patience import Patience
    from cml_bot.forges.bitbucket.review import Bitbucket

__all__ = ["NO_TOKEN", "annotate", "build", "connect", "place", "quiet", "tell_job"]

SERVER = "https://bitbucket.org"
API = "https://api.bitbucket.org/2.0"
API_VARIABLE = "BITBUCKET_API_URL"
"""Ours, for proxies: Pipelines have no such variable."""
MAIN_VARIABLE = "BITBUCKET_DEFAULT_BRANCH"
"""Ours, a repository variable: Pipelines do not tell which branch is the default one."""
MAIN = frozenset({"main", "master"})
TO_MAKE_ONE = (
    "Make a repository access token (Repository settings > Access tokens) with the scopes `pullrequest:write` and "
    "`repository:write`, and store it as a secured repository variable:\n\n"
    "BITBUCKET_TOKEN = the token\n\n"
    "An API token does as well, written `EMAIL:TOKEN`, with the scopes `read:pullrequest:bitbucket`, "
    "`write:pullrequest:bitbucket`, `read:repository:bitbucket`, `write:repository:bitbucket` and "
    "`read:user:bitbucket`."
)
NO_TOKEN = TO_MAKE_ONE


def build(env: Mapping[str, str], event: Mapping[str, object]) -> Build | None:  # noqa: ARG001 - there is no event
    """Read the variables of Bitbucket Pipelines; None when this is not Bitbucket Pipelines.

    What only a request could tell stays empty. Whether this is a build of main no variable says: the branch has to be
    the one that BITBUCKET_DEFAULT_BRANCH names, where somebody has set it, else ``main`` or ``master``. A branch of
    such a name that is not the default one costs records that no pull request finds among its ancestors.
    """
    if not (env.get("BITBUCKET_BUILD_NUMBER") or env.get("BITBUCKET_PIPELINE_UUID")):
        return None
    pull, branch = _number(env, "BITBUCKET_PR_ID"), env.get("BITBUCKET_BRANCH", "")
    named = env.get(MAIN_VARIABLE, "")
    on_main = pull is None and bool(branch) and branch in ({named} if named else MAIN)
    repo, number = _repo(env), _number(env, "BITBUCKET_BUILD_NUMBER")
    return Build(
        forge="bitbucket",
        server=SERVER,
        api=(env.get(API_VARIABLE) or API).rstrip("/"),
        repo=repo,
        # Only a full id can be compared with what is checked out; `find_review` asks for one that was cut.
        sha=_sha(env, "BITBUCKET_COMMIT", 40),
        base_sha=_sha(env, "BITBUCKET_PR_DESTINATION_COMMIT", 7) if pull is not None else "",
        branch=branch,
        pull=pull,
        base_branch=env.get("BITBUCKET_PR_DESTINATION_BRANCH", "") or named or (branch if on_main else ""),
        on_main=on_main,
        is_private=env.get("BITBUCKET_REPO_IS_PRIVATE", "").lower() == "true",
        url=f"{SERVER}/{repo}/pipelines/results/{number}" if repo and number is not None else "",
        run_id=_run_id(env),
    )


def place(server: str) -> Build:
    """Give a build that knows only where the forge is: bitbucket.org, for there is no other Bitbucket Cloud."""
    return Build(forge="bitbucket", server=server.rstrip("/") or SERVER, api=API)


def connect(build: Build, token: str, patience: Patience) -> Bitbucket:
    """Open a connection to the pull request of a build, where it has one; sends nothing yet.

    Raises:
        ForbiddenError: there is no token.
        PublishError: the token, the address or the repository's name cannot be right.
    """
    from cml_bot.forges._wire import check_address, check_token

    token = token.strip()
    if not token or token.endswith(":"):
        raise ForbiddenError("Bitbucket", "there is no token", NO_TOKEN)
    check_token("Bitbucket", token)
    check_address(API_VARIABLE, build.api)
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", build.repo, re.ASCII):
        raise PublishError("Bitbucket", f"there is no repository {build.repo!r}", "Name it as WORKSPACE/REPOSITORY.")

    from cml_bot.forges.bitbucket.review import Bitbucket

    return Bitbucket(build, token, patience)


def _repo(env: Mapping[str, str]) -> str:
    owner, name = env.get("BITBUCKET_WORKSPACE", ""), env.get("BITBUCKET_REPO_SLUG", "")
    return env.get("BITBUCKET_REPO_FULL_NAME", "") or (f"{owner}/{name}" if owner and name else "")


def _run_id(env: Mapping[str, str]) -> str:
    number, attempt = _number(env, "BITBUCKET_BUILD_NUMBER"), _number(env, "BITBUCKET_STEP_RUN_NUMBER")
    if number is None:
        return ""
    return f"{number}" if attempt is None else f"{number}.{attempt}"


def _number(env: Mapping[str, str], name: str) -> int | None:
    found = re.fullmatch(r"\d{1,18}", env.get(name, ""), re.ASCII)
    return int(found[0]) if found else None


def _sha(env: Mapping[str, str], name: str, shortest: int) -> str:
    """Give a commit's id; empty for anything else."""
    found = re.fullmatch(rf"[0-9a-f]{{{shortest},64}}", env.get(name, ""))
    return found[0] if found else ""
