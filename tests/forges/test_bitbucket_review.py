from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cml_bot.errors import ForbiddenError, GoneError, PassingError, PublishError, RejectedError, TooLongError
from cml_bot.forges._patience import Patience
from cml_bot.forges.bitbucket import connect
from cml_bot.forges.bitbucket.review import Bitbucket
from cml_bot.publish import Published, publish
from cml_bot.review import Comment, Draft, Page
from tests.forges.bitbucket_server import REPO, BitbucketServer, start_bitbucket
from tests.forges.wire import Answer, Fault
from tests.secrets import NEEDLE, holds_token

COMMENTS = f"/repositories/{REPO}/pullrequests/7/comments"
MARKER = '[mlbot]: # "mlbot:v1 name=report sha=a1 run=1.1"'
PLANTED = MARKER.replace("1.1", "999999999.1")
WRITER, OTHER, SILENT, NEWER = (getattr(BitbucketServer, name) for name in ("WRITER", "OTHER", "SILENT", "NEWER"))


@pytest.fixture
def server() -> Iterator[BitbucketServer]:
    with start_bitbucket() as server:
        yield server


def reach(server: BitbucketServer, token: str = WRITER, *, seconds: float = 5, **changes: Any) -> Bitbucket:
    return connect(server.build(**changes), token, Patience(seconds, pace=0.01))


def put(forge: Bitbucket, text: str = "### a", *, run_id: str = "5001.1", name: str = "report") -> Published:
    page = Page(forms=(f"{text}\n\nmlbot 1 · run {run_id}\n", "short"))
    return publish(Draft(write=lambda _: page), forge, name=name, sha="a1", run_id=run_id)


def calls(server: BitbucketServer) -> list[str]:
    return [f"{method} {path.partition('?')[0].removeprefix('/2.0')}" for method, path in server.requests]


def test_created_updated_unchanged_older(server: BitbucketServer) -> None:
    server.say("rose", "Looks good")
    assert put(reach(server)).action == "created"
    assert calls(server) == [f"GET {COMMENTS}", f"POST {COMMENTS}", f"GET {COMMENTS}"]

    server.requests.clear()
    assert put(reach(server), "### b", run_id="5002.1").action == "updated"
    assert calls(server) == [f"GET {COMMENTS}", f"PUT {COMMENTS}/1002"]

    server.requests.clear()
    third = put(reach(server), "### b", run_id="5003.1")
    assert (third.action, calls(server)) == ("unchanged", [f"GET {COMMENTS}"])
    assert third.comment is not None
    assert third.comment.url == f"https://bitbucket.org/{REPO}/pull-requests/7#comment-1002"

    assert put(reach(server), "### c", run_id="5001.1").action == "older"
    assert [one.login for one in server.comments] == ["rose", server.ME]
    assert "### b" in server.comments[1].body


def test_found_through_every_page_whatever_server_a_page_names(server: BitbucketServer) -> None:
    for number in range(230):
        server.say("rose", f"comment {number}")
    put(reach(server))
    server.requests.clear()
    assert put(reach(server), "### b", run_id="5002.1").action == "updated"
    assert calls(server) == [f"GET {COMMENTS}"] * 3 + [f"PUT {COMMENTS}/1231"]
    assert len(list(reach(server).comments())) == 231


def test_pages_without_end_are_left(server: BitbucketServer) -> None:
    round_and_round = Answer(200, {"values": [], "next": f"{server.url}{COMMENTS}?pagelen=100"})
    server.fail("GET", Fault(answer=round_and_round), times=9)
    with pytest.raises(PublishError, match="its pages have no end"):
        list(reach(server).comments())
    assert server.sent("GET") == 1


def test_what_is_deleted_or_beside_the_code_is_no_report(server: BitbucketServer) -> None:
    server.say(server.ME, MARKER, deleted=True)
    server.say(server.ME, MARKER, inline={"path": "train.py", "to": 3})
    assert put(reach(server)).action == "created"


def test_a_persons_copy_costs_an_access_token_nothing(server: BitbucketServer) -> None:
    for login in ("rose", ""):
        server.say(login, PLANTED)
    assert put(reach(server)).action == "created"
    assert put(reach(server), "### b", run_id="5002.1").action == "updated"
    assert [one.body for one in server.comments[:2]] == [PLANTED, PLANTED]


def test_a_persons_token_asks_whose_it_is_once_and_only_when_it_has_to(server: BitbucketServer) -> None:
    server.say("rose", "hello")
    put(reach(server, OTHER))
    assert "GET /user" not in calls(server)
    server.say("rose", PLANTED)
    server.say(server.ME, PLANTED)
    server.requests.clear()
    assert put(reach(server, OTHER), "### b", run_id="5002.1").action == "updated"
    assert calls(server) == [f"GET {COMMENTS}", "GET /user", f"PUT {COMMENTS}/1002"]


def test_a_persons_token_that_may_not_tell_whose_it_is_writes_nothing(server: BitbucketServer) -> None:
    assert put(reach(server, SILENT)).action == "created"
    with pytest.raises(ForbiddenError, match="may not tell whose it is") as caught:
        put(reach(server, SILENT), "### b", run_id="5002.1")
    assert "read:user:bitbucket" in caught.value.cure
    assert len(server.comments) == 1


@pytest.mark.parametrize("is_discreet", [True, False])
def test_a_token_made_in_place_of_another_goes_on_with_a_comment_of_its_own(
    server: BitbucketServer, is_discreet: bool
) -> None:
    server.is_discreet = is_discreet
    put(reach(server))
    assert put(reach(server, NEWER), "### b", run_id="5002.1").action == "created"
    for text, run in (("### c", "5003.1"), ("### d", "5004.1")):
        server.requests.clear()
        assert put(reach(server, NEWER), text, run_id=run).action == "updated"
        assert calls(server) == [f"GET {COMMENTS}", f"PUT {COMMENTS}/1002"]
    assert [one.login for one in server.comments] == [server.ME, "mlbot-2"]


def test_two_access_tokens_under_several_names_stay_apart(server: BitbucketServer) -> None:
    for number, text in enumerate(("### a", "### b", "### c")):
        put(reach(server), text, name="one", run_id=f"{5001 + number}.1")
        put(reach(server, NEWER), text, name="two", run_id=f"{5001 + number}.1")
    assert [(one.login, "### c" in one.body) for one in server.comments] == [(server.ME, True), ("mlbot-2", True)]


def test_two_access_tokens_under_one_name_keep_one_comment_each(server: BitbucketServer) -> None:
    for number in range(3):
        put(reach(server), f"### old {number}", run_id=f"{5001 + 2 * number}.1")
        put(reach(server, NEWER), f"### new {number}", run_id=f"{5002 + 2 * number}.1")
    assert [one.login for one in server.comments] == [server.ME, "mlbot-2"]
    assert ["old 2" in server.comments[0].body, "new 2" in server.comments[1].body] == [True, True]


def test_read_only_tokens_are_told_the_scope(server: BitbucketServer) -> None:
    with pytest.raises(ForbiddenError, match="privilege scopes") as caught:
        put(reach(server, server.READER))
    assert "the scope `pullrequest:write`" in caught.value.cure
    server.say(server.ME, f"{MARKER}\n\n### old")
    with pytest.raises(ForbiddenError, match="pullrequest:write"):
        put(reach(server, server.READER))
    assert server.sent("PUT") == 1


@pytest.mark.parametrize("token", [f"ATCTT3unknown{NEEDLE}", f"rose@example.com:ATATT3unknown{NEEDLE}"])
def test_wrong_token(server: BitbucketServer, token: str) -> None:
    with pytest.raises(RejectedError, match="the token was not accepted") as caught:
        put(reach(server, token))
    assert "expired" in caught.value.cure
    assert not holds_token(str(caught.value))


def test_app_passwords_are_told_that_they_have_ended(server: BitbucketServer) -> None:
    with pytest.raises(RejectedError, match="App passwords stopped working on 9 June 2026"):
        put(reach(server, f"rose:ATBBx{NEEDLE}0123456789abc"))


def test_too_long_a_text(server: BitbucketServer) -> None:
    with pytest.raises(TooLongError, match="the text is too long"):
        reach(server).create("x" * 33_000)
    with pytest.raises(PublishError) as caught:
        reach(server).create("")
    assert not isinstance(caught.value, TooLongError)


def test_longest_text_that_we_send_is_taken(server: BitbucketServer) -> None:
    reach(server).create("🚀" * Bitbucket.limit)
    assert len(server.comments) == 1


def test_a_comment_that_is_gone(server: BitbucketServer) -> None:
    forge = reach(server)
    comment = forge.create("x")
    server.comments.clear()
    with pytest.raises(GoneError, match=r"updating comment 1001 .* is gone"):
        forge.update(comment, "y")
    forge.delete(comment)


def test_a_comment_that_another_job_deleted_meanwhile_is_made_anew(server: BitbucketServer) -> None:
    put(reach(server))
    server.fail("PUT", Fault(answer=Answer(404, {"error": {"message": "Comment not found"}})))
    put(reach(server), "### b", run_id="5002.1")
    assert len(server.comments) == 1
    assert "### b" in server.comments[0].body


def test_deleting(server: BitbucketServer) -> None:
    forge = reach(server)
    forge.delete(forge.create("x"))
    assert server.comments == []
    server.say("rose", "hello")
    with pytest.raises(ForbiddenError):
        forge.delete(Comment(id="1002", author="", body="", url=""))


def test_a_build_without_a_pull_request_has_no_comments(server: BitbucketServer) -> None:
    forge = reach(server, pull=None)
    with pytest.raises(PublishError, match=r"belongs to no pull request.*pull-requests"):
        put(forge)
    with pytest.raises(PublishError, match="files of the step"):
        list(forge.read_artifacts("5001", "mlbot"))
    assert server.requests == []


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (Answer(429, {}, {"Retry-After": "3600"}), PassingError, "too many requests"),
        (Answer(403, {}, {"Retry-After": "3600"}), PassingError, "too many requests"),
        (Answer(409, {"error": {"message": "locked"}}, {"Retry-After": "3600"}), PassingError, r"409 \(locked\)"),
        (Answer(404, {"error": {"message": "No"}}), PublishError, "the token cannot see octo/churn"),
        (Answer(301, "", {"Location": "https://elsewhere.example/"}), PublishError, r"another address \(301\)"),
        (Answer(410, {"error": {"message": "Gone"}}), GoneError, r"not found \(Gone\)"),
        (Answer(418, {"error": {"message": "Tea"}}), PublishError, r"418 \(Tea\)"),
        (Answer(200, {"values": [{"id": "x"}]}), PassingError, "not one of Bitbucket's"),
        (Answer(200, []), PassingError, "not one of Bitbucket's"),
        (Answer(200, {}), PassingError, "not one of Bitbucket's"),
    ],
)
def test_other_answers(server: BitbucketServer, answer: Answer, kind: type[PublishError], said: str) -> None:
    server.fail("GET", Fault(answer=answer), times=9)
    with pytest.raises(kind, match=said) as caught:
        put(reach(server))
    assert isinstance(caught.value, kind)
    assert server.sent("POST") == 0


def test_no_other_token_is_taken_from_netrc(
    server: BitbucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login rose password wrong\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert put(reach(server)).action == "created"
    assert {head["authorization"] for head in server.heads} == {f"Bearer {WRITER}"}


@pytest.mark.parametrize("token", [WRITER, OTHER])
def test_the_token_is_told_nowhere(server: BitbucketServer, token: str) -> None:
    forge = reach(server, token)
    put(forge)
    told = [repr(forge), repr(vars(forge)), repr(forge._line), *(path for _, path in server.requests)]
    secret = token.rpartition(":")[2]
    for fault in (Answer(400, {"error": {"message": f"no {secret} here"}}), Answer(500, secret), Answer(404, {})):
        server.fail("GET", Fault(answer=fault), times=9)
        with pytest.raises(PublishError) as caught:
            put(reach(server, token, seconds=0.3))
        server.faults.clear()
        told += traceback.format_exception(caught.value)
    assert "(token)" in "".join(told)
    assert not any(holds_token(text) for text in told)


@settings(max_examples=20)
@given(name=st.text(max_size=60))
def test_any_name_comes_back(name: str) -> None:
    with start_bitbucket() as server:
        assert put(reach(server), name=name).action == "created"
        assert put(reach(server), name=name).action == "unchanged"
        assert put(reach(server), name=f"{name}2").action == "created"
