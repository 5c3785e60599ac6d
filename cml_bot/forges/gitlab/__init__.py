"""GitLab: what its CI tells of a build, and the door to the notes of its merge request.

`build` is loaded in every CI run; python-gitlab costs 0.25 s and is imported by `connect` alone.

Source: https://docs.gitlab.com/ci/variables/predefined_variables/
Source: https://docs.gitlab.com/ci/pipelines/merge_request_pipelines/
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
    from cml_bot.forges.gitlab.review import GitLab

__all__ = ["NO_TOKEN", "annotate", "build", "connect", "place", "quiet", "tell_job"]

GITLAB_COM = "https://gitlab.com"
API = "/api/v4"
TO_MAKE_ONE = (
    "Make a project access token (Settings > Access tokens) with the role Developer and the scope `api`, or a personal "
    "access token with that scope, and store it as a masked CI/CD variable:\n\n"
    "GITLAB_TOKEN = the token"
)
OF_THE_JOB = "The job's own CI_JOB_TOKEN can read, but GitLab lets it write no comment."
NO_TOKEN = f"{OF_THE_JOB} {TO_MAKE_ONE}"
IN_A_FORK = (
    "A pipeline that runs in a fork gets no variables of this project: a member of it can run one here, on the tab "
    "Pipelines of the merge request. Read its changes before: its code sees the variables then, the token among them."
)


def build(env: Mapping[str, str], event: Mapping[str, object]) -> Build | None:  # noqa: ARG001 - there is no event
    """Read the variables of GitLab CI; None when this is not GitLab CI.

    What only a request could tell stays empty.
    """
    if env.get("GITLAB_CI") != "true":
        return None
    server = (env.get("CI_SERVER_URL") or GITLAB_COM).rstrip("/")
    is_review = bool(env.get("CI_MERGE_REQUEST_IID"))
    branch, default = env.get("CI_COMMIT_BRANCH", ""), env.get("CI_DEFAULT_BRANCH", "")
    on_main = not is_review and bool(branch) and branch == default
    # A pipeline of a fork's merge request runs in the fork: the review is where the merge request is.
    repo = env.get("CI_MERGE_REQUEST_PROJECT_PATH") or env.get("CI_PROJECT_PATH", "")
    return Build(
        forge="gitlab",
        server=server,
        api=(env.get("CI_API_V4_URL") or server + API).rstrip("/"),
        repo=repo,
        # Of merged results and in merge trains CI_COMMIT_SHA is a merge made for the test.
        sha=_sha(env, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or _sha(env, "CI_COMMIT_SHA"),
        base_sha=_sha(env, "CI_MERGE_REQUEST_DIFF_BASE_SHA"),
        branch=env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME") or branch,
        pull=_number(env, "CI_MERGE_REQUEST_IID") if is_review else None if on_main else _open_review(env, repo),
        base_branch=env.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") or default,
        on_main=on_main,
        is_fork=is_review and _is_fork(env),
        is_private=env.get("CI_PROJECT_VISIBILITY", "public") != "public",
        url=env.get("CI_JOB_URL") or env.get("CI_PIPELINE_URL", ""),
        run_id=_run_id(env),
    )


def place(server: str) -> Build:
    """Give a build that knows only where the forge is: gitlab.com where no server is named."""
    server = server.rstrip("/") or GITLAB_COM
    return Build(forge="gitlab", server=server, api=server + API)


def connect(build: Build, token: str, patience: Patience) -> GitLab:
    """Open a connection to the merge request of a build, where it has one; sends nothing yet.

    Raises:
        ForbiddenError: there is no token, or one that cannot write.
        PublishError: the token or the address cannot be right.
    """
    from cml_bot.forges._wire import check_address, check_token

    token = token.strip()
    if not token or token.startswith("glcbt-"):
        what = "the job's own token may not comment" if token else "there is no token"
        raise ForbiddenError("GitLab", what, f"{IN_A_FORK} {TO_MAKE_ONE}" if build.is_fork else NO_TOKEN)
    check_token("GitLab", token)
    check_address("CI_API_V4_URL", build.api)
    if not build.api.endswith(API):
        raise PublishError("CI_API_V4_URL", "it does not end in /api/v4", f"Set it to `https://HOST{API}`.")

    from cml_bot.forges.gitlab.review import GitLab

    return GitLab(build, token, patience)


def _run_id(env: Mapping[str, str]) -> str:
    """Give the number of the pipeline.

    CI_PIPELINE_ID rises over the whole server, so that pipelines in a fork and in its parent are in one order;
    CI_PIPELINE_IID counts each project by itself. A job that is retried is as late as its pipeline: it may replace
    what it said, and nothing that a later pipeline said.
    """
    number = _number(env, "CI_PIPELINE_ID")
    return str(number) if number is not None else ""


def _open_review(env: Mapping[str, str], repo: str) -> int | None:
    """Return the merge request of this project that a branch is open for; None when there are several.

    ``group/proj!333,group/other!11``
    """
    named = (one.strip().rpartition("!") for one in env.get("CI_OPEN_MERGE_REQUESTS", "").split(","))
    ours = [number for project, _, number in named if project == repo and repo]
    return int(ours[0]) if len(ours) == 1 and re.fullmatch(r"[0-9]{1,18}", ours[0]) else None


def _is_fork(env: Mapping[str, str]) -> bool:
    """Whether the branch lies in another project; one that is not named is another one too."""
    target = env.get("CI_MERGE_REQUEST_PROJECT_ID", "")
    return bool(target) and env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "") != target


def _number(env: Mapping[str, str], name: str) -> int | None:
    found = env.get(name, "")
    return int(found) if re.fullmatch(r"[0-9]{1,18}", found) else None


def _sha(env: Mapping[str, str], name: str) -> str:
    """Give a commit's full id; empty for anything else, and for the zeros that stand for no commit."""
    found = env.get(name, "")
    return found if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", found) and found.strip("0") else ""
