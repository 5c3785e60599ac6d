from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cml_bot.errors import PublishError
from cml_bot.forges._patience import Patience
from cml_bot.forges.github import connect
from cml_bot.model import Build
from tests.forges.github_server import BASE_SHA, SHA, WRITE, GitHubServer, pull, start_github
from tests.forges.wire import Answer, Fault

OTHER = "d4" * 20
ELSEWHERE = {"sha": BASE_SHA, "ref": "main", "repo": {"id": 9, "full_name": "rose/churn", "private": False}}


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with start_github() as server:
        yield server


def find(server: GitHubServer, **changes: object) -> Build:
    return connect(server.build(**changes), WRITE, Patience(5, pace=0.01)).find_review()


def test_what_is_known_is_not_asked(server: GitHubServer) -> None:
    assert find(server) == server.build()
    assert server.requests == []


def test_a_comment_on_a_pull_request(server: GitHubServer) -> None:
    server.pulls = [pull(owner="rose", home=2)]
    found = find(server, sha="", base_sha="", branch="", base_branch="trunk")
    assert (found.sha, found.base_sha, found.branch, found.base_branch) == (SHA, BASE_SHA, "better", "main")
    assert (found.is_fork, found.is_private, found.head_owner) == (True, True, "rose")
    assert server.requests == [("GET", "/repos/octo/churn/pulls/7")]


def test_a_fork_that_was_deleted(server: GitHubServer) -> None:
    server.pulls = [pull(home=None)]
    found = find(server, sha="")
    assert (found.pull, found.is_fork, found.head_owner) == (7, True, "")


def test_a_pull_request_that_is_not_there(server: GitHubServer) -> None:
    server.pulls = []
    with pytest.raises(PublishError, match="not found"):
        find(server, sha="")


@pytest.mark.parametrize(
    ("changes", "is_taken"),
    [
        ({}, True),
        ({"sha": OTHER}, False),  # it has moved on
        ({"state": "closed"}, False),
        ({"base": ELSEWHERE}, False),
        ({"number": 8}, False),
    ],
)
def test_a_number_of_another_run_is_a_hint(server: GitHubServer, changes: dict[str, object], is_taken: bool) -> None:
    server.pulls = [pull(**changes)]  # type: ignore[arg-type]
    found = find(server, trusted_sha=OTHER)
    assert found.pull == (7 if is_taken else None)
    assert found.sha == SHA


@pytest.mark.parametrize("changes", [{"state": "closed"}, {"base": ELSEWHERE}])
def test_a_number_that_is_not_open_here_is_none(server: GitHubServer, changes: dict[str, object]) -> None:
    server.pulls = [pull(**changes)]  # type: ignore[arg-type]
    assert find(server, sha="") == server.build(sha="", pull=None)


def test_a_push_finds_its_pull_request(server: GitHubServer) -> None:
    server.pulls = [pull(5, sha=OTHER), pull(), pull(8, state="closed")]
    found = find(server, pull=None, base_sha="")
    assert (found.pull, found.base_sha, found.is_fork) == (7, BASE_SHA, False)
    assert server.requests == [("GET", "/repos/octo/churn/pulls?head=octo%3Abetter&per_page=100&state=open")]


def test_a_fork_is_found_by_its_owner(server: GitHubServer) -> None:
    server.pulls = [pull(6), pull(owner="rose", home=2)]
    found = find(server, pull=None, is_fork=True, head_owner="rose", trusted_sha=OTHER)
    assert (found.pull, found.is_fork, found.head_owner) == (7, True, "rose")


def test_a_fork_without_an_open_pull_request(server: GitHubServer) -> None:
    server.pulls = [pull(owner="rose", home=2, sha=OTHER)]
    server.by_commit = [pull()]
    build = server.build(pull=None, is_fork=True, head_owner="rose", trusted_sha=OTHER)
    assert find(server, pull=None, is_fork=True, head_owner="rose", trusted_sha=OTHER) == build
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ([pull(9)], 9),
        ([pull(9), pull(10)], None),
        ([pull(9, sha=OTHER)], None),
        ([pull(9, state="closed")], None),
        ([pull(9, base=ELSEWHERE), pull(10)], 10),
        ([], None),
    ],
)
def test_a_commit_whose_branch_tells_nothing(
    server: GitHubServer, listed: list[dict[str, object]], expected: int | None
) -> None:
    server.pulls, server.by_commit = [], listed
    assert find(server, pull=None).pull == expected
    assert server.requests[-1][1].startswith(f"/repos/octo/churn/commits/{SHA}/pulls")


def test_a_commit_that_github_does_not_know(server: GitHubServer) -> None:
    server.pulls = []
    server.fail("GET .*/commits/", Fault(answer=Answer(422, {"message": f"No commit found for SHA: {SHA}"})))
    assert find(server, pull=None).pull is None


def test_two_of_one_branch_are_told_apart_by_nothing(server: GitHubServer) -> None:
    server.pulls = [pull(7), pull(8)]
    server.by_commit = server.pulls
    assert find(server, pull=None).pull is None


@pytest.mark.parametrize("changes", [{"branch": ""}, {"trusted_sha": OTHER}])
def test_a_build_that_knows_too_little_asks_nothing(server: GitHubServer, changes: dict[str, object]) -> None:
    build = replace(server.build(sha="", pull=None), **changes)  # type: ignore[arg-type]
    assert find(server, sha="", pull=None, **changes) == build
    assert server.requests == []


def test_pages(server: GitHubServer) -> None:
    server.pulls = [*(pull(n, sha=OTHER) for n in range(100, 250)), pull()]
    assert find(server, pull=None).pull == 7
