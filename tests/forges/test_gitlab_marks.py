"""Statuses, the merge request of a build, and what a token may do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cml_bot.errors import ForbiddenError, PassingError, PublishError
from cml_bot.model import Outcome
from cml_bot.review import Status
from tests.forges.gitlab_server import BASE, HEAD, PIPELINE, GitLabServer, review, start_gitlab
from tests.forges.test_gitlab_review import methods, reach
from tests.forges.wire import Answer, Fault

MERGE = "c7" * 20
PASSED = Status(name="mlbot / report", outcome=Outcome.PASS, line="3 better, 1 same", url="https://example.com/note")
PAGE = f"https://gitlab.example.com/octo/churn/-/pipelines/{PIPELINE}"
MARK = f"/projects/octo%2Fchurn/statuses/{HEAD}"


@pytest.fixture
def server() -> Iterator[GitLabServer]:
    with start_gitlab() as server:
        yield server


@pytest.mark.parametrize(
    ("outcome", "state"), [(Outcome.PASS, "success"), (Outcome.WARN, "success"), (Outcome.FAIL, "failed")]
)
def test_a_status_in_the_pipeline_of_the_job(server: GitLabServer, outcome: Outcome, state: str) -> None:
    assert reach(server, run_id="5001").tell_status(replace(PASSED, outcome=outcome)) == PAGE
    assert server.statuses == [
        {
            "state": state,
            "name": "mlbot / report",
            "description": "3 better, 1 same",
            "target_url": "https://example.com/note",
            "pipeline_id": PIPELINE,
            "sha": HEAD,
        }
    ]
    assert methods(server) == [f"POST {MARK}"]


def test_one_status_of_a_name(server: GitLabServer) -> None:
    for outcome in (Outcome.PASS, Outcome.FAIL, Outcome.FAIL):
        reach(server, run_id="5001", pull=None).tell_status(replace(PASSED, outcome=outcome))
    assert [one["state"] for one in server.statuses] == ["failed"]


def test_long_words_and_links(server: GitLabServer) -> None:
    long = replace(PASSED, line="some words " * 60, url="https://example.com/" + "x" * 300)
    reach(server).tell_status(long)
    (status,) = server.statuses
    assert status["description"].endswith("words …")
    assert 200 < len(status["description"]) <= 255
    assert "target_url" not in status


def test_merged_results_have_a_commit_of_their_own(server: GitLabServer) -> None:
    """A status of the head would begin another pipeline, and the merge request would show that one."""
    server.pipelines[PIPELINE] = MERGE
    server.commits.add(MERGE)
    assert reach(server, run_id="5001").tell_status(PASSED) == PAGE
    assert [one["sha"] for one in server.statuses] == [MERGE]
    assert list(server.pipelines) == [PIPELINE]


def test_a_pipeline_of_another_project(server: GitLabServer) -> None:
    assert reach(server, run_id="77").tell_status(PASSED) == PAGE
    assert methods(server) == [f"POST {MARK}", "GET /projects/octo%2Fchurn/pipelines/77", f"POST {MARK}"]


def test_a_commit_of_a_fork_that_was_tested_there(server: GitLabServer) -> None:
    server.pipelines, server.branches = {4000: BASE}, set()
    with pytest.raises(PublishError, match=r"on no branch of this project.*a member of it can run one here"):
        reach(server, is_fork=True).tell_status(PASSED)


def test_a_status_that_another_job_gave_already(server: GitLabServer) -> None:
    said = 'Cannot transition status via :drop from :failed (Reason(s): Status cannot transition via "drop")'
    server.fail("POST", Fault(answer=Answer(400, {"message": said})))
    assert reach(server, run_id="5001").tell_status(PASSED) == PAGE


@pytest.mark.parametrize("fault", [Fault(), Fault(carried_out=True), Fault("reset", carried_out=True), Fault("page")])
def test_a_status_may_be_told_twice(server: GitLabServer, fault: Fault) -> None:
    server.fail("POST", fault)
    reach(server, run_id="5001").tell_status(PASSED)
    assert len(server.statuses) == 1


def test_a_lock_that_another_job_holds(server: GitLabServer) -> None:
    busy = Answer(409, {"message": "Another update to this commit status is in progress"})
    server.fail("POST", Fault(answer=busy), times=6)
    with pytest.raises(PassingError, match="in progress"):
        reach(server).tell_status(PASSED)


def test_a_status_without_right_or_commit(server: GitLabServer) -> None:
    with pytest.raises(ForbiddenError, match="commits of a protected branch"):
        reach(server, server.GUEST).tell_status(PASSED)
    with pytest.raises(ForbiddenError, match="scope `api`"):
        reach(server, server.READER).tell_status(PASSED)
    with pytest.raises(PublishError, match="no commit is known"):
        reach(server, sha="").tell_status(PASSED)


def test_what_is_known_is_not_asked(server: GitLabServer) -> None:
    for known in ({}, {"on_main": True, "pull": None}, {"pull": None, "branch": "", "sha": ""}):
        forge = reach(server, **known)
        assert forge.find_review() == server.build(**known)
    assert server.requests == []


def test_head_and_base_of_a_merge_request(server: GitLabServer) -> None:
    server.reviews[0] |= {"source_project_id": 9, "target_branch": "release"}
    found = reach(server, sha="", branch="").find_review()
    assert found == server.build(branch="topic", base_branch="release", base_sha=BASE, is_fork=True)
    assert server.sent("GET") == 1


def test_the_head_of_a_fork_is_checked(server: GitLabServer) -> None:
    assert reach(server, is_fork=True).find_review().pull == 7
    server.reviews[0]["sha"] = BASE
    assert reach(server, is_fork=True).find_review().pull is None


ELSEWHERE = {"references": {"full": "octo/other!7"}}


@pytest.mark.parametrize("changes", [{"state": "closed"}, {"state": "merged"}, {"state": "locked"}, ELSEWHERE])
def test_a_number_that_is_not_open_here_is_none(server: GitLabServer, changes: dict[str, Any]) -> None:
    server.reviews = [review(**changes)]
    for known in ({"sha": ""}, {"is_fork": True}):
        assert reach(server, **known).find_review() == server.build(**known, pull=None)


@pytest.mark.parametrize("branch", ["topic", ""])
def test_the_merge_request_of_a_commit(server: GitLabServer, branch: str) -> None:
    server.reviews += [review(iid=8, sha=BASE, source_project_id=9), review(iid=9, state="merged")]
    found = reach(server, pull=None, branch=branch).find_review()
    assert found == server.build(base_sha=BASE)
    assert server.sent("GET") == 2


OTHERS = [
    pytest.param([], id="none"),
    pytest.param([review(sha=BASE)], id="another head"),
    pytest.param([review(state="closed")], id="closed"),
    pytest.param([review(), review(iid=8, target_branch="release")], id="two"),
]


@pytest.mark.parametrize("reviews", OTHERS)
@pytest.mark.parametrize("branch", ["topic", ""])
def test_no_merge_request_or_several(server: GitLabServer, branch: str, reviews: list[dict[str, Any]]) -> None:
    server.reviews = reviews
    assert reach(server, pull=None, branch=branch).find_review() == server.build(pull=None, branch=branch)


def test_a_fork_has_a_branch_of_the_same_name(server: GitLabServer) -> None:
    server.reviews = [review(iid=8, source_project_id=9)]
    assert reach(server, pull=None, sha="").find_review().pull is None
    server.reviews.append(review())
    found = reach(server, pull=None, sha="").find_review()
    assert (found.pull, found.sha) == (7, HEAD)


RIGHTS = ["read the merge request", "comment on the merge request", "mark the commit", "upload pictures"]
GIVEN = {
    GitLabServer.WRITER: [True, True, True, True],
    GitLabServer.READER: [True, False, False, False],
    GitLabServer.GUEST: [True, False, False, True],
    "glpat-unknown0s3cr3t9abc": [False, False, False, False],
}


@pytest.mark.parametrize("token", GIVEN)
def test_what_a_token_may_do_is_found_out_without_a_trace(server: GitLabServer, token: str) -> None:
    rights = list(reach(server, token).probe())
    assert [one.name for one in rights] == RIGHTS
    assert [one.is_given for one in rights] == GIVEN[token]
    assert all(bool(one.cure) is not one.is_given for one in rights)
    assert token not in repr(rights)
    assert (server.comments, server.statuses, server.pictures, list(server.pipelines)) == ([], [], {}, [PIPELINE])


def test_nobody_can_tell(server: GitLabServer) -> None:
    server.fail("POST .*notes", Fault())
    rights = {one.name: one for one in reach(server).probe()}
    assert rights["comment on the merge request"].is_given is None
    assert "502" in rights["comment on the merge request"].cure
    assert rights["mark the commit"].is_given
    elsewhere = list(reach(server, repo="octo/other").probe())
    assert [one.is_given for one in elsewhere] == [False] * 4
    assert "cannot see octo/other" in elsewhere[0].cure
    without = list(reach(server, pull=None).probe())
    assert [one.is_given for one in without] == [True, None, True, True]


def test_an_empty_note_that_is_taken_after_all_is_taken_back(server: GitLabServer) -> None:
    stored = server.say(server.ME, "")
    server.fail("POST .*notes", Fault(answer=Answer(201, {"id": stored.id})))
    server.fail("DELETE", Fault())
    assert [one.is_given for one in reach(server).probe()] == [True, None, True, True]
    assert server.comments == []
    assert len([path for path in methods(server) if path.startswith("POST") and path.endswith("/notes")]) == 1
