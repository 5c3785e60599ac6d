from __future__ import annotations

from collections.abc import Iterator

import pytest

from cml_bot.forges._patience import Patience
from cml_bot.forges.github import connect
from tests.forges.github_server import BOT, COMMENTS, READ, REPO, ROSE, STATUSES, WRITE, GitHubServer, start_github
from tests.forges.wire import Answer, Fault


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with start_github() as server:
        yield server


def probe(server: GitHubServer, token: str, **changes: object) -> list[tuple[bool | None, str]]:
    rights = connect(server.build(**changes), token, Patience(5, pace=0.01)).probe()
    return [(right.is_given, right.cure) for right in rights]


@pytest.mark.parametrize(
    ("token", "given"),
    [
        (WRITE, [True, True, True, True]),
        (ROSE, [True, True, True, True]),
        (READ, [True, False, False, False]),
        (COMMENTS, [True, True, False, False]),
        (STATUSES, [True, False, True, False]),
    ],
)
def test_rights(server: GitHubServer, token: str, given: list[bool]) -> None:
    assert [is_given for is_given, _ in probe(server, token)] == given
    assert server.comments == []
    assert server.statuses == []


def test_each_right_that_is_missing_has_its_cure(server: GitHubServer) -> None:
    _, comment, mark, pictures = (cure for _, cure in probe(server, READ))
    assert "pull-requests: write" in comment
    assert "checks: write" in mark
    assert "statuses: write" in mark
    assert "contents: write" in pictures


@pytest.mark.parametrize("answer", [Answer(500), Answer(404), Answer(201, {"id": 1}), Answer(429)])
def test_what_is_unexpected_tells_nothing(server: GitHubServer, answer: Answer) -> None:
    server.fail("POST .*/comments", Fault(answer=answer))
    is_given, cure = probe(server, WRITE)[1]
    assert is_given is None
    assert cure


def test_an_empty_comment_that_is_taken_after_all_is_taken_back(server: GitHubServer) -> None:
    stored = server.say(BOT, "")
    server.fail("POST .*/comments", Fault(answer=Answer(201, {"id": stored.id})))
    server.fail("DELETE", Fault())
    assert [is_given for is_given, _ in probe(server, WRITE)] == [True, None, True, True]
    assert server.comments == []
    assert [path for method, path in server.requests if method == "POST"].count(f"/repos/{REPO}/issues/7/comments") == 1


def test_a_token_that_nobody_knows(server: GitHubServer) -> None:
    assert {is_given for is_given, _ in probe(server, "ghp_unknown")} == {False}


def test_without_a_pull_request(server: GitHubServer) -> None:
    assert [is_given for is_given, _ in probe(server, WRITE, pull=None, sha="")] == [None, None, True, True]
