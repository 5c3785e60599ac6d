"""Jobs of each forge's CI as mlbot sees them: the variables, and the event where there is one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.forges.every import Case


def job_of(case: Case, folder: Path, sha: str, base: str, number: int) -> dict[str, str]:
    """The variables of the job that a pull request starts.

    Args:
        case: the forge.
        folder: where an event may be written.
        sha: the head of the pull request.
        base: the tip of main.
        number: of the run; later ones are larger.
    """
    return {**JOBS[case.name](case.server, folder, sha, base, number), "MLBOT_TOKEN": case.server.WRITER}


def _github(server: Any, folder: Path, sha: str, base: str, number: int) -> Mapping[str, str]:
    build = server.build()
    side = {"repo": {"id": 1}}
    pull = {
        "number": build.pull,
        "head": {"sha": sha, "ref": "wider", **side},
        "base": {"sha": base, "ref": "main", **side},
    }
    event = {"number": build.pull, "pull_request": pull, "repository": {"id": 1, "default_branch": "main"}}
    path = folder / "event.json"
    path.write_text(json.dumps(event))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_REPOSITORY": build.repo,
        "GITHUB_SHA": sha,
        "GITHUB_REF": f"refs/pull/{build.pull}/merge",
        "GITHUB_API_URL": server.url,
        "GITHUB_RUN_ID": str(number),
    }


def _gitlab(server: Any, folder: Path, sha: str, base: str, number: int) -> Mapping[str, str]:
    build = server.build()
    server.commits |= {sha, base}
    server.pipelines[number] = sha
    return {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": server.url,
        "CI_SERVER_URL": build.server,
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_PIPELINE_ID": str(number),
        "CI_PROJECT_PATH": build.repo,
        "CI_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_PROJECT_PATH": build.repo,
        "CI_MERGE_REQUEST_IID": str(build.pull),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "wider",
        "CI_DEFAULT_BRANCH": "main",
        "CI_COMMIT_SHA": sha,
        "CI_JOB_URL": "https://gitlab.example/job/1",
    }


def _bitbucket(server: Any, folder: Path, sha: str, base: str, number: int) -> Mapping[str, str]:
    build = server.build()
    server.commits |= {sha}
    return {
        "BITBUCKET_BUILD_NUMBER": str(number),
        "BITBUCKET_API_URL": server.url,
        "BITBUCKET_REPO_FULL_NAME": build.repo,
        "BITBUCKET_COMMIT": sha,
        "BITBUCKET_BRANCH": "wider",
        "BITBUCKET_PR_ID": str(build.pull),
        "BITBUCKET_PR_DESTINATION_BRANCH": "main",
        "BITBUCKET_PR_DESTINATION_COMMIT": base[:12],
    }


JOBS: Mapping[str, Callable[[Any, Path, str, str, int], Mapping[str, str]]] = {
    "github": _github,
    "gitlab": _gitlab,
    "bitbucket": _bitbucket,
}
