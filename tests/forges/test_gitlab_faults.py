"""Whatever can go wrong on the way to GitLab and back."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from cml_bot.errors import PassingError, PublishError
from tests.forges.gitlab_server import GitLabServer, start_gitlab
from tests.forges.test_gitlab_review import MARKER, WRITER, put, reach
from tests.forges.wire import Answer, Fault


@pytest.fixture
def server() -> Iterator[GitLabServer]:
    with start_gitlab() as server:
        yield server


LIST, POST, PUT = "GET .*notes", "POST .*notes", "PUT .*notes"
PASSING = [
    Fault(answer=Answer(429, {"message": "Too many"}, {"Retry-After": "0"})),
    Fault(answer=Answer(403, "blocked", {"Retry-After": "0"})),
    Fault(answer=Answer(502, "<html>Bad gateway</html>", {"Content-Type": "text/html"})),
    Fault(answer=Answer(409, {"message": "409 Conflict: Resource lock"})),
    Fault("reset"),
    Fault("truncated"),
    Fault("page"),
    Fault(answer=Answer(200, "[{")),
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.kind} {fault.answer.status}")
@pytest.mark.parametrize("what", [LIST, POST, PUT, "GET .*/user"])
def test_what_passes_leaves_one_comment(server: GitLabServer, what: str, fault: Fault) -> None:
    assert put(reach(server)).action == "created"
    if what == POST:
        server.comments.clear()
    server.fail(what, fault)
    assert put(reach(server), "### b").action in ("created", "updated", "unchanged")
    assert [one.body.split("\n")[1] for one in server.comments] == ["### b"]
    assert not server.faults


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_comment_that_was_stored_after_all_is_found(server: GitLabServer, carried_out: bool) -> None:
    server.fail(POST, Fault("reset", carried_out=carried_out))
    put(reach(server))
    assert len(server.comments) == 1
    assert server.sent("POST") == (1 if carried_out else 2)


def test_python_gitlab_itself_sends_nothing_twice_and_waits_for_nothing(server: GitLabServer) -> None:
    server.fail(POST, Fault(answer=Answer(429, {"message": "Too many"}, {"Retry-After": "30"})))
    with pytest.raises(PassingError, match=r"too many requests were sent \(Too many\)") as refused:
        reach(server).create("hello")
    assert (refused.value.wait, refused.value.took_no, server.sent("POST")) == (30, True, 1)
    server.fail(POST, Fault("reset", carried_out=True))
    with pytest.raises(PassingError, match="could not be reached") as cut:
        reach(server).create("hello")
    assert (cut.value.took_no, server.sent("POST")) == (False, 2)


def test_a_server_that_dribbles_is_left_at_the_deadline(server: GitLabServer) -> None:
    server.fail(LIST, Fault("hang"))
    with pytest.raises(PassingError, match="did not answer in time"):
        put(reach(server, seconds=0.5))


def test_nothing_listens() -> None:
    with start_gitlab() as server:
        forge = reach(server)
    with pytest.raises(PassingError, match="could not be reached") as refused:
        forge.create("hello")
    assert refused.value.took_no


def test_no_redirection_is_followed(server: GitLabServer) -> None:
    with start_gitlab() as other:
        server.fail(LIST, Fault(answer=Answer(302, "", {"Location": f"{other.url}/user"})))
        with pytest.raises(PublishError, match=r"sent us to another address \(302\)\. Set CI_API_V4_URL"):
            put(reach(server))
        assert other.requests == []


def test_a_page_on_another_server_is_asked_of_ours(server: GitLabServer) -> None:
    for number in range(101):
        server.say("rose", str(number))
    assert len(list(reach(server).comments())) == 101
    assert server.sent("GET") == 2


@pytest.mark.parametrize("answer", [{"message": "hello"}, [], [{"id": 1}], {"id": None, "author": None}])
def test_json_that_is_no_note(server: GitLabServer, answer: Any) -> None:
    server.fail(POST, Fault(answer=Answer(201, answer)), times=2)
    with pytest.raises(PassingError, match="the answer is not one of GitLab's"):
        reach(server).create("hello")


@pytest.mark.parametrize("answer", [{"message": "hello"}, {}, [{"id": 1}], "null"])
def test_a_list_that_is_none_is_not_an_empty_one(server: GitLabServer, answer: Any) -> None:
    server.fail(LIST, Fault(answer=Answer(200, answer)), times=9)
    with pytest.raises(PassingError, match="the answer is not one of GitLab's"):
        put(reach(server))
    assert server.comments == []


def test_an_author_who_is_gone_is_nobody(server: GitLabServer) -> None:
    note = {"id": 5, "body": MARKER, "author": None, "system": False}
    server.fail(LIST, Fault(answer=Answer(200, [note])))
    (comment,) = reach(server).comments()
    assert comment.author == ""
    assert not reach(server).is_mine(comment)


def test_a_proxys_page_deletes_nothing(server: GitLabServer) -> None:
    made = reach(server).create("hello")
    server.fail("DELETE", Fault("page"))
    reach(server).delete(made)
    assert (server.comments, server.sent("DELETE")) == ([], 2)


def test_the_token_goes_to_the_server_and_nowhere_else(server: GitLabServer) -> None:
    forge = reach(server)
    put(forge)
    assert {head["authorization"] for head in server.heads} == {f"Bearer {WRITER}"}
    assert WRITER not in f"{forge!r} {forge.__dict__!r} {server.requests} {server.comments}"
    answers = [
        Answer(401, {"error": "invalid_token", "error_description": f"Token {WRITER} is expired"}),
        Answer(403, {"message": f"no {WRITER}"}),
        Answer(404, {"message": {"base": [f"{WRITER} Not Found"]}}),
        Answer(418, {"message": f"no {WRITER}"}),
        Answer(302, "", {"Location": f"https://example.com/{WRITER}"}),
        Answer(429, {"message": WRITER}),
        Answer(500, WRITER),
    ]
    for answer in answers:
        server.fail(POST, Fault(answer=answer))
        with pytest.raises(PublishError) as refused:
            reach(server).create("hello")
        error: BaseException | None = refused.value
        assert WRITER not in "".join(traceback.format_exception(refused.value))
        while error is not None:
            assert WRITER not in f"{error} {error!r} {error.args}"
            error = error.__cause__ or error.__context__
