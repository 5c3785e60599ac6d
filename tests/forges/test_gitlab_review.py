from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cml_bot.errors import ForbiddenError, GoneError, PublishError, RejectedError, TooLongError
from cml_bot.forges._patience import Patience
from cml_bot.forges.gitlab import connect
from cml_bot.forges.gitlab.review import GitLab
from cml_bot.publish import Published, publish
from cml_bot.review import Comment, Draft, Page
from tests.forges.gitlab_server import REPO, GitLabServer, start_gitlab

NOTES = f"/api/v4/projects/{REPO.replace('/', '%2F')}/merge_requests/7/notes"
MARKER = "<!-- mlbot:v1 name=report sha=a1 run=5001 -->"
WRITER = GitLabServer.WRITER


@pytest.fixture
def server() -> Iterator[GitLabServer]:
    with start_gitlab() as server:
        yield server


def reach(server: GitLabServer, token: str = WRITER, *, seconds: float = 5, **changes: Any) -> GitLab:
    return connect(server.build(**changes), token, Patience(seconds, pace=0.01))


def put(forge: GitLab, text: str = "### a", *, run_id: str = "5001", name: str = "report") -> Published:
    page = Page(forms=(f"{text}\n\nmlbot 1 · run {run_id}\n", "short"))
    return publish(Draft(write=lambda _: page), forge, name=name, sha="a1", run_id=run_id)


def methods(server: GitLabServer) -> list[str]:
    return [f"{method} {path.partition('?')[0].removeprefix('/api/v4')}" for method, path in server.requests]


def test_created_updated_unchanged_older(server: GitLabServer) -> None:
    server.say("rose", "Looks good")
    notes = NOTES.removeprefix("/api/v4")
    created = put(reach(server))
    assert created.action == "created"
    assert methods(server) == [f"GET {notes}", f"POST {notes}", f"GET {notes}"]

    server.requests.clear()
    assert put(reach(server), "### b", run_id="5002").action == "updated"
    assert methods(server) == [f"GET {notes}", "GET /user", f"PUT {notes}/1002"]

    server.requests.clear()
    third = put(reach(server), "### b", run_id="5003")
    assert (third.action, methods(server)) == ("unchanged", [f"GET {notes}", "GET /user"])
    assert third.comment is not None
    assert third.comment.url == f"https://gitlab.example.com/{REPO}/-/merge_requests/7#note_1002"

    assert put(reach(server), "### c", run_id="5001").action == "older"
    assert [one.login for one in server.comments] == ["rose", server.ME]
    assert "### b" in server.comments[1].body


def test_nobody_asks_who_we_are_without_a_marker(server: GitLabServer) -> None:
    server.say("rose", "hello")
    put(reach(server))
    assert "GET /user" not in methods(server)


@pytest.mark.parametrize("is_old", [True, False])
def test_found_behind_two_hundred_others_and_what_the_server_says(server: GitLabServer, is_old: bool) -> None:
    server.is_old = is_old
    for number in range(120):
        server.say("rose", f"comment {number}")
        server.say("rose", "added 1 commit", system=True)
    assert put(reach(server)).action == "created"
    server.requests.clear()
    assert put(reach(server), "### b").action == "updated"
    assert methods(server).count(f"GET {NOTES.removeprefix('/api/v4')}") == (3 if is_old else 2)
    assert len(server.comments) == 241
    assert [one.id for one in reach(server).comments()] == [str(one.id) for one in server.comments if not one.system]


@pytest.mark.parametrize("token", [WRITER, GitLabServer.MAINTAINER])
def test_others_with_our_marker_are_left_alone(server: GitLabServer, token: str) -> None:
    """Also where the token might edit them: who wrote them could change them again."""
    report = f"{MARKER}\n### 2 better"
    for login in ("sam", "project_1_bot_77aabbccddeeff00", "Rose"):
        server.say(login, report)
    server.say("rose", report, system=True)
    assert put(reach(server, token)).action == "created"
    assert put(reach(server, token), "### b").action == "updated"
    assert [one.body for one in server.comments[:4]] == [report] * 4
    assert (server.sent("PUT"), len(server.comments)) == (1, 5)


def test_two_accounts_have_a_comment_each(server: GitLabServer) -> None:
    assert put(reach(server)).action == "created"
    assert put(reach(server, server.OTHER), "### b").action == "created"
    assert [one.login for one in server.comments] == [server.ME, server.ACCOUNTS[server.OTHER].login]


@pytest.mark.parametrize("name", ["train_model", 'a & "b" --> c\nd', "модель 🚀"])
def test_any_name_comes_back_from_the_forge(server: GitLabServer, name: str) -> None:
    assert put(reach(server), name=name).action == "created"
    assert put(reach(server), "### b", name=name).action == "updated"


def test_delete_even_what_is_gone(server: GitLabServer) -> None:
    forge = reach(server)
    made = forge.create("hello")
    forge.delete(made)
    forge.delete(made)
    assert server.comments == []


def test_an_update_of_what_is_gone(server: GitLabServer) -> None:
    forge = reach(server)
    made = forge.create("hello")
    server.comments.clear()
    with pytest.raises(GoneError, match=r"updating comment 1001 .* is gone"):
        forge.update(made, "hello again")


def test_a_merge_request_that_cannot_be_seen_is_not_a_comment_that_is_gone(server: GitLabServer) -> None:
    made = reach(server).create("hello")
    for forge in (reach(server, pull=8), reach(server, repo="octo/other")):
        with pytest.raises(PublishError, match="cannot see") as refused:
            forge.update(made, "hello again")
        assert not isinstance(refused.value, GoneError)
        with pytest.raises(PublishError, match="role Developer and the scope `api`"):
            forge.delete(made)


def test_someone_elses_comment_cannot_be_changed(server: GitLabServer) -> None:
    server.say("rose", "mine")
    (comment,) = reach(server).comments()
    assert not reach(server).is_mine(comment)
    for call in (lambda: reach(server).update(comment, "b"), lambda: reach(server).delete(comment)):
        with pytest.raises(ForbiddenError, match="role Developer in octo/churn"):
            call()


CURES = [
    (GitLabServer.READER, ForbiddenError, r"lacks the scope `api` \(insufficient_scope; The request"),
    (
        GitLabServer.GUEST,
        ForbiddenError,
        r"may not do this \(403 Forbidden\)\. Give it the role Developer in octo/churn",
    ),
    ("glpat-unknown0s3cr3t9abc", RejectedError, r"was not accepted \(401 Unauthorized\)\. It has expired"),
]


@pytest.mark.parametrize(("token", "kind", "words"), CURES)
def test_what_a_token_lacks(server: GitLabServer, token: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words) as refused:
        reach(server, token).create("hello")
    assert "creating a comment (octo/churn!7 at 127.0.0.1:" in str(refused.value)
    assert server.comments == []


def test_forks_are_told_why(server: GitLabServer) -> None:
    with pytest.raises(ForbiddenError, match="tab Pipelines of the merge request"):
        reach(server, server.GUEST, is_fork=True).create("hello")


@pytest.mark.parametrize("call", ["create", "update"])
def test_too_long(server: GitLabServer, call: str) -> None:
    forge = reach(server)
    made = forge.create("hello")
    text = "x" * 1_000_001
    with pytest.raises(TooLongError, match="maximum is 1000000 characters"):
        forge.create(text) if call == "create" else forge.update(made, text)
    assert [one.body for one in server.comments] == ["hello"]


def test_the_form_that_fits_is_taken(server: GitLabServer) -> None:
    draft = Draft(write=lambda _: Page(forms=("x" * 150_000, "short")))
    assert publish(draft, reach(server), name="report", sha="a1", run_id="5001").action == "created"
    assert server.comments[0].body.endswith("\nshort")


def test_no_merge_request(server: GitLabServer) -> None:
    forge = reach(server, pull=None)
    comment = Comment(id="1", author="", body="", url="")
    calls: list[Callable[[], object]] = [
        lambda: list(forge.comments()),
        lambda: forge.create("a"),
        lambda: forge.update(comment, "a"),
        lambda: forge.delete(comment),
    ]
    for call in calls:
        with pytest.raises(PublishError, match=r"belongs to no merge request.*merge_request_event"):
            call()
    assert server.requests == []


def test_artifacts_are_files_here(server: GitLabServer) -> None:
    with pytest.raises(PublishError, match="Give the path of the bundle"):
        reach(server).read_artifacts("5001", "mlbot")
