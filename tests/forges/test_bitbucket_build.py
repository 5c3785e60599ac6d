from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cml_bot.errors import ForbiddenError, PublishError
from cml_bot.forges._patience import Patience
from cml_bot.forges.bitbucket import build, connect, place
from cml_bot.model import Build
from tests.secrets import NEEDLE, holds_token

HEAD, BASE = "b5" * 20, "a1" * 20
STEP = {
    "CI": "true",
    "BITBUCKET_BUILD_NUMBER": "5001",
    "BITBUCKET_PIPELINE_UUID": "{1f}",
    "BITBUCKET_STEP_RUN_NUMBER": "2",
    "BITBUCKET_WORKSPACE": "octo",
    "BITBUCKET_REPO_SLUG": "churn",
    "BITBUCKET_REPO_FULL_NAME": "octo/churn",
    "BITBUCKET_REPO_IS_PRIVATE": "true",
    "BITBUCKET_COMMIT": HEAD,
    "BITBUCKET_BRANCH": "topic",
}
REVIEW = {
    "BITBUCKET_PR_ID": "7",
    "BITBUCKET_PR_DESTINATION_BRANCH": "release",
    "BITBUCKET_PR_DESTINATION_COMMIT": BASE[:12],
}
PLAIN = Build(
    forge="bitbucket",
    server="https://bitbucket.org",
    api="https://api.bitbucket.org/2.0",
    repo="octo/churn",
    sha=HEAD,
    branch="topic",
    is_private=True,
    url="https://bitbucket.org/octo/churn/pipelines/results/5001",
    run_id="5001.2",
)
PULL = {"pull": 7, "base_branch": "release", "base_sha": BASE[:12]}
MAIN = {"on_main": True, "branch": "main", "base_branch": "main"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, {}, id="branch"),
        pytest.param(REVIEW, PULL, id="pull request"),
        pytest.param(REVIEW | {"BITBUCKET_COMMIT": HEAD[:12]}, PULL | {"sha": ""}, id="pull request, commit cut short"),
        pytest.param(REVIEW | {"BITBUCKET_BRANCH": "main"}, PULL | {"branch": "main"}, id="pull request from main"),
        pytest.param({"BITBUCKET_PR_ID": ""}, {}, id="empty number"),
        pytest.param({"BITBUCKET_BRANCH": "main"}, MAIN, id="main"),
        pytest.param({"BITBUCKET_BRANCH": "master"}, MAIN | {"branch": "master", "base_branch": "master"}, id="master"),
        pytest.param(
            {"BITBUCKET_BRANCH": "develop", "BITBUCKET_DEFAULT_BRANCH": "develop"},
            MAIN | {"branch": "develop", "base_branch": "develop"},
            id="main by another name",
        ),
        pytest.param(
            {"BITBUCKET_BRANCH": "master", "BITBUCKET_DEFAULT_BRANCH": "develop"},
            {"branch": "master", "base_branch": "develop"},
            id="master is not main",
        ),
        pytest.param({"BITBUCKET_BRANCH": "", "BITBUCKET_TAG": "v1"}, {"branch": ""}, id="tag"),
        pytest.param({"BITBUCKET_BRANCH": "", "BITBUCKET_TAG": "main"}, {"branch": ""}, id="tag called main"),
        pytest.param({"BITBUCKET_STEP_RUN_NUMBER": ""}, {"run_id": "5001"}, id="no attempt"),
        pytest.param({"BITBUCKET_BUILD_NUMBER": ""}, {"run_id": "", "url": ""}, id="no number"),
        pytest.param({"BITBUCKET_REPO_FULL_NAME": ""}, {}, id="name in two parts"),
        pytest.param({"BITBUCKET_REPO_IS_PRIVATE": "false"}, {"is_private": False}, id="public"),
        pytest.param({"BITBUCKET_API_URL": "http://127.0.0.1:1/2.0/"}, {"api": "http://127.0.0.1:1/2.0"}, id="proxy"),
    ],
)
def test_what_the_variables_say(changes: dict[str, str], expected: dict[str, Any]) -> None:
    found = build(STEP | changes, {})
    assert found is not None
    wanted = {name: getattr(PLAIN, name) for name in PLAIN.__dataclass_fields__} | expected
    assert {name: getattr(found, name) for name in found.__dataclass_fields__} == wanted


@pytest.mark.parametrize("env", [{}, {"CI": "true"}, {"GITLAB_CI": "true"}, {"BITBUCKET_BUILD_NUMBER": ""}])
def test_elsewhere(env: dict[str, str]) -> None:
    assert build(env, {}) is None


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(sorted(STEP | REVIEW)), st.text(max_size=50)))
def test_no_value_breaks_it(env: dict[str, str]) -> None:
    found = build(STEP | REVIEW | env, {})
    assert found is None or (found.pull is None or found.pull >= 0)


@pytest.mark.parametrize("server", ["", "https://bitbucket.org", "https://bitbucket.org/"])
def test_place(server: str) -> None:
    found = place(server)
    assert found == Build(forge="bitbucket", server="https://bitbucket.org", api="https://api.bitbucket.org/2.0")


@pytest.mark.parametrize("token", ["", " ", "rose@example.com:"])
def test_connecting_without_a_token_says_how_to_make_one(token: str) -> None:
    with pytest.raises(ForbiddenError, match="there is no token") as caught:
        connect(PLAIN, token, Patience(1))
    for word in ("pullrequest:write", "repository:write", "BITBUCKET_TOKEN", "EMAIL:TOKEN", "read:user:bitbucket"):
        assert word in caught.value.cure


@pytest.mark.parametrize(
    ("api", "repo", "token", "said"),
    [
        ("http://example.com/2.0", "octo/churn", f"x{NEEDLE}", "BITBUCKET_API_URL: no token is sent"),
        ("https://example.com/2.0", "octo/churn", f"x {NEEDLE}", "characters that no token has"),
        ("https://example.com/2.0", "octo/churn/../..", f"x{NEEDLE}", "no repository"),
        ("https://example.com/2.0", "octo", f"x{NEEDLE}", "no repository"),
        ("https://example.com/2.0", "", f"x{NEEDLE}", "no repository"),
    ],
)
def test_what_cannot_be_right_is_told_at_once(api: str, repo: str, token: str, said: str) -> None:
    with pytest.raises(PublishError, match=said) as caught:
        connect(Build(forge="bitbucket", api=api, repo=repo), token, Patience(1))
    assert not holds_token(str(caught.value))
