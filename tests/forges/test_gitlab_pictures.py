from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.forges._patience import Patience
from cml_bot.forges.gitlab.pictures import ADDRESS, host_pictures
from cml_bot.model import Figure
from cml_bot.publish import publish
from cml_bot.review import Draft, Page
from tests.forges.gitlab_server import GitLabServer, start_gitlab
from tests.forges.test_gitlab_review import reach
from tests.forges.wire import Answer, Fault

PNG = b"\x89PNG\r\n\x1a\n\r\n--boundary\x00"
LOSS = Figure(name="val/loss.png", media="image/png", data=PNG)
ROC = Figure(name="roc", media="image/webp", data=b"RIFF....WEBP")
UPLOAD = "POST .*uploads"


@pytest.fixture
def server() -> Iterator[GitLabServer]:
    with start_gitlab() as server:
        yield server


def digest(figure: Figure) -> str:
    return hashlib.sha256(figure.data).hexdigest()[:12]


def test_each_is_uploaded_once(server: GitLabServer) -> None:
    again = Figure(name="the same", media="image/png", data=PNG)
    hosted = reach(server).host([LOSS, ROC, again], "")
    assert hosted.problems == ()
    assert server.pictures == {f"val-loss-{digest(LOSS)}.png": PNG, f"roc-{digest(ROC)}.webp": ROC.data}
    assert hosted.addresses["val/loss.png"] == hosted.addresses["the same"]
    assert re.fullmatch(rf"/uploads/[0-9a-f]{{32}}/roc-{digest(ROC)}\.webp", hosted.addresses["roc"])
    shown = "\n".join(f"![a]({address})" for address in hosted.addresses.values())
    server.requests.clear()
    assert reach(server).host([LOSS, ROC], shown).addresses.items() <= hosted.addresses.items()
    assert server.requests == []
    other = Figure(name="roc", media="image/webp", data=b"RIFF..!.WEBP")
    assert reach(server).host([other], shown).addresses["roc"] != hosted.addresses["roc"]


def test_a_second_report_uploads_what_is_new(server: GitLabServer) -> None:
    def write(addresses: object) -> Page:
        return Page(forms=(f"{addresses}",))

    publish(Draft(write=write, figures=(LOSS,)), reach(server), name="report", sha="a1", run_id="5001")
    publish(Draft(write=write, figures=(LOSS, ROC)), reach(server), name="report", sha="b2", run_id="5002")
    assert server.sent("POST") == 3  # a note and two files
    assert all(f"-{digest(one)}." in server.comments[0].body for one in (LOSS, ROC))


@pytest.mark.parametrize("fault", [Fault(), Fault("reset", carried_out=True), Fault("page"), Fault("truncated")])
def test_one_that_may_have_been_stored_is_not_sent_again(server: GitLabServer, fault: Fault) -> None:
    server.fail(UPLOAD, fault)
    hosted = reach(server).host([LOSS, ROC], "")
    assert list(hosted.addresses) == ["roc"]
    (problem,) = hosted.problems
    assert "uploading val-loss-" in problem
    assert server.sent("POST") == 2


def test_one_that_was_refused_for_now_is_sent_again(server: GitLabServer) -> None:
    server.fail(UPLOAD, Fault(answer=Answer(429, {"message": "Too many"}, {"Retry-After": "0"})), times=2)
    assert reach(server).host([LOSS], "").problems == ()
    assert server.sent("POST") == 3


def test_no_right_is_said_once(server: GitLabServer) -> None:
    hosted = reach(server, server.READER).host([LOSS, ROC], "")
    assert (hosted.addresses, len(hosted.problems), server.sent("POST")) == ({}, 1, 1)
    assert "scope `api`" in hosted.problems[0]


def test_too_large_costs_one(server: GitLabServer) -> None:
    server.fail(UPLOAD, Fault(answer=Answer(413, "too large", {"Content-Type": "text/plain"})))
    hosted = reach(server).host([LOSS, ROC], "")
    assert (list(hosted.addresses), len(hosted.problems)) == (["roc"], 1)


def test_a_hanging_upload_leaves_time_for_the_comment(server: GitLabServer) -> None:
    server.fail(UPLOAD, Fault("hang"))
    forge = reach(server, seconds=2)
    assert len(forge.host([LOSS], "").problems) == 1
    assert forge.create("hello").body == "hello"


@pytest.mark.parametrize(
    "url", ["", "https://example.com/a.png", "/uploads/../../x", "/uploads/0123456789ab/a) ![b](http://c", None, 5]
)
def test_an_address_that_is_none(server: GitLabServer, url: object) -> None:
    server.fail(UPLOAD, Fault(answer=Answer(201, {"url": url})))
    hosted = reach(server).host([LOSS], "")
    assert (hosted.addresses, len(hosted.problems)) == ({}, 1)


def test_svg_is_not_shown(server: GitLabServer) -> None:
    hosted = reach(server).host([Figure(name="a", media="image/svg+xml", data=b"<svg/>")], "")
    assert hosted.problems == ("picture 'a': comments show no pictures of the type image/svg+xml. Save it as PNG.",)
    assert server.requests == []


@given(st.text(), st.binary())
def test_any_name_and_bytes_are_found_again(name: str, data: bytes) -> None:
    sent: list[str] = []

    def upload(as_name: str, _: bytes) -> object:
        sent.append(as_name)
        return f"/uploads/{'a1' * 16}/{as_name}"

    figure = Figure(name=name, media="image/png", data=data)
    first = host_pictures([figure], "", Patience(1), upload)
    assert re.fullmatch(rf"{ADDRESS}[A-Za-z0-9_.-]+\.png", first.addresses[name])
    assert host_pictures([figure], f"<img src={first.addresses[name]}>", Patience(1), upload) == first
    assert len(sent) == 1
