from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.errors import ForbiddenError, PublishError
from cml_bot.forges._patience import Patience
from cml_bot.forges.gitlab import build, connect, place
from cml_bot.model import Build
from cml_bot.workspace import find_build

HEAD, MERGE, BASE, ZEROS = "b5" * 20, "c7" * 20, "a1" * 20, "0" * 40
JOB = {
    "GITLAB_CI": "true",
    "CI_SERVER_URL": "https://gitlab.com",
    "CI_API_V4_URL": "https://gitlab.com/api/v4",
    "CI_PROJECT_ID": "1",
    "CI_PROJECT_PATH": "octo/ml/churn",
    "CI_PROJECT_VISIBILITY": "public",
    "CI_DEFAULT_BRANCH": "main",
    "CI_COMMIT_SHA": HEAD,
    "CI_PIPELINE_ID": "1234567890",
    "CI_PIPELINE_IID": "12",
    "CI_JOB_ID": "12345678901",
    "CI_PIPELINE_URL": "https://gitlab.com/octo/ml/churn/-/pipelines/1234567890",
    "CI_JOB_URL": "https://gitlab.com/octo/ml/churn/-/jobs/12345678901",
}
REVIEW = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_EVENT_TYPE": "detached",
    "CI_MERGE_REQUEST_PROJECT_ID": "1",
    "CI_MERGE_REQUEST_PROJECT_PATH": "octo/ml/churn",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "octo/ml/churn",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "topic",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "release",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": BASE,
    "CI_COMMIT_BEFORE_SHA": ZEROS,
}
MERGED = {"CI_COMMIT_SHA": MERGE, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD}
FORK = {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "9", "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "rose/churn"}
BRANCH = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "topic", "CI_COMMIT_BEFORE_SHA": BASE}
MAIN = BRANCH | {"CI_COMMIT_BRANCH": "main"}

PLAIN = {
    "forge": "gitlab",
    "server": "https://gitlab.com",
    "api": "https://gitlab.com/api/v4",
    "repo": "octo/ml/churn",
    "sha": HEAD,
    "base_branch": "main",
    "url": JOB["CI_JOB_URL"],
    "run_id": "1234567890",
}
OF_REVIEW = {"pull": 7, "branch": "topic", "base_branch": "release", "base_sha": BASE}

CASES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "merge request": (REVIEW, OF_REVIEW),
    "merged results": (REVIEW | MERGED | {"CI_MERGE_REQUEST_EVENT_TYPE": "merged_result"}, OF_REVIEW),
    "merge train": (REVIEW | MERGED | {"CI_MERGE_REQUEST_EVENT_TYPE": "merge_train"}, OF_REVIEW),
    "fork, run here": (REVIEW | FORK, OF_REVIEW | {"is_fork": True}),
    "fork, run there": (
        REVIEW | FORK | {"CI_PROJECT_ID": "9", "CI_PROJECT_PATH": "rose/churn"},
        OF_REVIEW | {"is_fork": True},
    ),
    "from main of a fork": (
        REVIEW | FORK | {"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "main", "CI_DEFAULT_BRANCH": "main"},
        OF_REVIEW | {"is_fork": True, "branch": "main"},
    ),
    "branch": (BRANCH, {"branch": "topic"}),
    "branch with one review": (
        BRANCH | {"CI_OPEN_MERGE_REQUESTS": "octo/ml/churn!333"},
        {"branch": "topic", "pull": 333},
    ),
    "branch with one review here": (
        BRANCH | {"CI_OPEN_MERGE_REQUESTS": "octo/ml/churn!333,octo/other!11"},
        {"branch": "topic", "pull": 333},
    ),
    "branch with two reviews here": (
        BRANCH | {"CI_OPEN_MERGE_REQUESTS": "octo/ml/churn!333,octo/ml/churn!334"},
        {"branch": "topic"},
    ),
    "branch with a review elsewhere": (BRANCH | {"CI_OPEN_MERGE_REQUESTS": "octo/other!11"}, {"branch": "topic"}),
    "branch with a broken list": (BRANCH | {"CI_OPEN_MERGE_REQUESTS": "octo/ml/churn!x,!,"}, {"branch": "topic"}),
    "main": (MAIN, {"branch": "main", "on_main": True}),
    "main that is up for a release": (
        MAIN | {"CI_OPEN_MERGE_REQUESTS": "octo/ml/churn!5"},
        {"branch": "main", "on_main": True},
    ),
    "schedule on main": (MAIN | {"CI_PIPELINE_SOURCE": "schedule"}, {"branch": "main", "on_main": True}),
    "schedule on a branch": (BRANCH | {"CI_PIPELINE_SOURCE": "schedule"}, {"branch": "topic"}),
    "tag": ({"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_TAG": "main"}, {}),
    "private": (MAIN | {"CI_PROJECT_VISIBILITY": "private"}, {"branch": "main", "on_main": True, "is_private": True}),
    "internal": (BRANCH | {"CI_PROJECT_VISIBILITY": "internal"}, {"branch": "topic", "is_private": True}),
    "self-managed, under a path": (
        BRANCH
        | {
            "CI_SERVER_URL": "https://dev.example.com:8443/git",
            "CI_API_V4_URL": "https://dev.example.com:8443/git/api/v4/",
        },
        {
            "branch": "topic",
            "server": "https://dev.example.com:8443/git",
            "api": "https://dev.example.com:8443/git/api/v4",
        },
    ),
    "only the server's address": (
        {"CI_SERVER_URL": "https://dev.example.com", "CI_API_V4_URL": ""},
        {"server": "https://dev.example.com", "api": "https://dev.example.com/api/v4"},
    ),
    "no page of the job": (BRANCH | {"CI_JOB_URL": ""}, {"branch": "topic", "url": JOB["CI_PIPELINE_URL"]}),
    "broken numbers": ({"CI_PIPELINE_ID": "x", "CI_COMMIT_SHA": "HEAD"}, {"run_id": "", "sha": ""}),
}


@pytest.mark.parametrize("case", CASES)
def test_every_kind_of_pipeline(case: str) -> None:
    variables, expected = CASES[case]
    assert build(JOB | variables, {}) == Build(**PLAIN | expected)


@pytest.mark.parametrize("env", [{}, {"GITLAB_CI": "false"}, {"CI": "true", "GITHUB_ACTIONS": "true"}])
def test_another_ci_is_not_gitlab(env: dict[str, str]) -> None:
    assert build(env, {}) is None


@given(st.dictionaries(st.sampled_from([*JOB, *REVIEW, "CI_COMMIT_BRANCH", "CI_OPEN_MERGE_REQUESTS"]), st.text()))
def test_no_variables_are_too_odd(odd: dict[str, str]) -> None:
    found = build({**odd, "GITLAB_CI": "true"}, {})
    assert found is not None
    assert not (found.on_main and found.pull)


def test_a_build_from_an_address_alone() -> None:
    assert place("") == Build(forge="gitlab", server="https://gitlab.com", api="https://gitlab.com/api/v4")
    assert place("https://dev.example.com/").api == "https://dev.example.com/api/v4"


def link(token: str, **changes: Any) -> None:
    connect(Build(**PLAIN | {"pull": 7} | changes), token, Patience(1))


@pytest.mark.parametrize("token", ["", "  \n", "glcbt-64_0123456789abcdefgh"])
def test_a_token_to_make(token: str) -> None:
    with pytest.raises(ForbiddenError, match="GITLAB_TOKEN = the token") as refused:
        link(token)
    for words in ("project access token", "`api`", "role Developer", "CI_JOB_TOKEN", "masked"):
        assert words in str(refused.value)
    assert token.strip() == "" or token.strip() not in str(refused.value)


def test_forks_have_no_token() -> None:
    with pytest.raises(ForbiddenError, match="runs in a fork gets no variables"):
        link("", is_fork=True)


@pytest.mark.parametrize(
    "api", ["http://gitlab.com/api/v4", "ftp://gitlab.com/api/v4", "", "https://gitlab.com/api/v3"]
)
def test_addresses_that_get_no_token(api: str) -> None:
    with pytest.raises(PublishError, match="CI_API_V4_URL") as refused:
        link("glpat-0123456789abcdefghij", api=api)
    assert "glpat" not in str(refused.value)


def test_a_token_that_no_header_carries() -> None:
    with pytest.raises(PublishError, match="characters that no token has") as refused:
        link("glpat-0123\n456")
    assert "glpat" not in str(refused.value)


@pytest.mark.parametrize("page", ["javascript:alert(1)", "data:text/html,x", "https://me:secret@ci.example/7", "//x"])
def test_a_page_that_no_report_may_link_to(page: str) -> None:
    assert find_build(JOB | {"CI_JOB_URL": page}).url == ""
    assert find_build(JOB).url == JOB["CI_JOB_URL"]
