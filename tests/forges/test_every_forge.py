"""What holds on every forge: one comment whatever goes wrong, in time, and no token in anything that is said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cml_bot.errors import ForbiddenError, PassingError, PublishError
from cml_bot.forges import FORGES, Forge, load_forge
from cml_bot.model import Figure, Outcome
from cml_bot.reach import tell_token
from cml_bot.review import Status
from tests.forges.every import Case, start
from tests.forges.wire import Answer, Fault

WAIT = {"Retry-After": "0"}
FAULTS = {
    "429": Fault(answer=Answer(429, {"message": "slow down"}, WAIT)),
    "500": Fault(answer=Answer(500, {"message": "oops"})),
    "502": Fault(answer=Answer(502, "<html>Bad Gateway</html>", {"Content-Type": "text/html"})),
    "503 that asks to wait": Fault(answer=Answer(503, "", WAIT)),
    "504": Fault(answer=Answer(504, "")),
    "502 though it was done": Fault(answer=Answer(502, {"message": "oops"}), carried_out=True),
    "connection cut": Fault("reset"),
    "connection cut though it was done": Fault("reset", carried_out=True),
    "half an answer": Fault("truncated"),
    "the page of a proxy": Fault("page"),
    "JSON of something else": Fault(answer=Answer(200, {"hello": 1})),
    "JSON of something else though it was done": Fault(answer=Answer(200, {"hello": 1}), carried_out=True),
    "JSON of nothing": Fault(answer=Answer(201, {})),
}
LIST, CREATE, UPDATE, DELETE, STATUS = "list", "create", "update", "delete", "status"
CALLS = {
    "github": {
        LIST: r"GET .*/comments",
        CREATE: r"POST .*/comments",
        UPDATE: r"PATCH .*/comments/",
        DELETE: r"DELETE .*/comments/",
        STATUS: r"POST .*/(check-runs|statuses)",
    },
    "gitlab": {
        LIST: r"GET .*/notes",
        CREATE: r"POST .*/notes",
        UPDATE: r"PUT .*/notes/",
        DELETE: r"DELETE .*/notes/",
        STATUS: r"POST .*/statuses/",
    },
    "bitbucket": {
        LIST: r"GET .*/comments",
        CREATE: r"POST .*/comments",
        UPDATE: r"PUT .*/comments/",
        DELETE: r"DELETE .*/comments/",
        STATUS: r"POST .*/statuses/build",
    },
}
UPLOADS = {"github": r"GET .*/info/refs", "gitlab": r"POST .*/uploads", "bitbucket": r"POST .*/downloads"}
READ = {"github": r"GET .*/pulls/7$", "gitlab": r"GET .*/merge_requests/7$", "bitbucket": r"GET .*/pullrequests/7$"}
LOSS = Figure(name="loss", media="image/png", data=b"\x89PNG\r\n\x1a\n")
PASSED = Status(name="mlbot / report", outcome=Outcome.PASS, line="2 better", url="https://ci.example/1")


@pytest.fixture(params=FORGES)
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    with start(request.param) as running:
        yield running


def make(case: Case, call: str, forge: Forge) -> None:
    """Do what makes a call."""
    if call == STATUS:
        forge.tell_status(PASSED)
    else:
        case.publish("### after", forge=forge)


def test_two_pushes_one_comment_and_nothing_written_when_nothing_changed(case: Case) -> None:
    assert case.publish("### 2 better").action == "created"
    case.server.requests.clear()
    assert case.publish("### 1 worse", "5002.1").action == "updated"
    assert len(case.writes()) == 1
    update = list(case.server.requests)
    case.server.requests.clear()
    assert case.publish("### 1 worse", "5003.1").action == "unchanged"
    assert case.writes() == []
    assert len(case.bodies) == 1
    # What each costs: listing, who we are where the comment does not tell, and the write.
    known = {"github": (2, 1), "gitlab": (3, 2), "bitbucket": (2, 1)}
    assert (len(update), len(case.server.requests)) == known[case.name]


def test_an_older_run_leaves_a_newer_report_alone(case: Case) -> None:
    case.publish("### new", "5002.1")
    assert case.publish("### old", "5001.1").action == "older"
    assert "### new" in case.bodies[0]


def test_the_comment_is_found_behind_hundreds_of_others(case: Case) -> None:
    for number in range(130):
        case.server.say("rose", f"comment {number}")
    case.publish("### a")
    for number in range(130):
        case.server.say("rose", f"comment {number}")
    assert case.publish("### b", "5002.1").action == "updated"


def test_somebody_elses_copy_of_our_comment_is_left_alone(case: Case) -> None:
    case.publish("### a")
    body = case.server.comments.pop().body
    case.server.say("rose", body)
    assert case.publish("### b", "5002.1").action == "created"
    assert case.bodies[0] == body


def test_names_live_side_by_side(case: Case) -> None:
    for text in ("### a", "### b"):
        for name in ("one", "two"):
            case.publish(f"{text} {name}", name=name)
    assert len(case.bodies) == 2
    assert all(f"### b {name}" in body for name, body in zip(("one", "two"), case.bodies, strict=True))


def test_without_a_token_it_is_said_how_to_make_one(case: Case) -> None:
    cure = load_forge(case.name).NO_TOKEN
    with pytest.raises(ForbiddenError, match="there is no token") as caught:
        case.connect(" ")
    assert caught.value.cure == cure
    assert tell_token(case.server.build(), {"MLBOT_TOKEN": " "}) == f"none: {cure}"
    assert tell_token(case.server.build(), {"MLBOT_TOKEN": case.server.WRITER}) == "found in MLBOT_TOKEN"


def test_a_token_that_may_only_read_is_told_so(case: Case) -> None:
    with pytest.raises(ForbiddenError) as caught:
        case.publish("### a", forge=case.connect(case.server.READER))
    assert case.server.READER not in str(caught.value)
    assert case.bodies == []


def test_too_long_a_report_goes_out_shorter(case: Case) -> None:
    forge = case.connect()
    case.publish("x" * (forge.limit - 100), forge=forge)
    assert "short" in case.bodies[0]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", [LIST, CREATE, UPDATE, DELETE])
def test_one_comment_whatever_goes_wrong(case: Case, call: str, fault: str) -> None:
    if call != CREATE:
        case.publish("### before", "5000.1")
    if call == DELETE:
        case.server.say(case.server.ME, case.bodies[0])
    case.server.fail(CALLS[case.name][call], FAULTS[fault])
    begun = time.monotonic()
    case.publish("### after")
    assert time.monotonic() - begun < 5
    assert len(case.bodies) == 1
    assert "### after" in case.bodies[0]
    assert case.server.faults == []


@pytest.mark.parametrize("fault", FAULTS)
def test_one_status_whatever_goes_wrong(case: Case, fault: str) -> None:
    case.server.fail(CALLS[case.name][STATUS], FAULTS[fault])
    case.connect().tell_status(PASSED)
    assert case.server.faults == []
    # Where a forge replaces a status of the same name, sending it twice leaves one.
    assert len(case.server.statuses) == 1 or case.name != "gitlab"
    assert all(one == case.server.statuses[0] for one in case.server.statuses)
    assert case.server.statuses


@pytest.mark.parametrize("body", [{"hello": 1}, {}, [], [1], "3"])
def test_a_pull_request_that_is_somebody_elses_json_is_none(case: Case, body: Any) -> None:
    case.server.fail(READ[case.name], Fault(answer=Answer(200, body)), times=99)
    with pytest.raises(PassingError, match="the answer is not one of"):
        case.connect(sha="").find_review()
    reading = next(right for right in case.connect().probe() if right.name.startswith("read"))
    assert (reading.is_given, "the answer is not one of" in reading.cure) == (None, True)


@pytest.mark.parametrize("call", [LIST, CREATE, UPDATE, STATUS])
@pytest.mark.parametrize("fault", ["429", "502", "connection cut", "the page of a proxy", "JSON of something else"])
def test_what_never_ends_is_given_up_in_time(case: Case, call: str, fault: str) -> None:
    if call == UPDATE:
        case.publish("### before", "5000.1")
    case.server.fail(CALLS[case.name][call], FAULTS[fault], times=100)
    begun = time.monotonic()
    with pytest.raises(PublishError) as caught:
        make(case, call, case.connect())
    assert time.monotonic() - begun < 5
    assert case.server.WRITER not in str(caught.value)
    assert len(case.bodies) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("call", [LIST, CREATE, UPDATE, STATUS])
def test_a_forge_that_dribbles_is_left_at_the_deadline(case: Case, call: str) -> None:
    if call == UPDATE:
        case.publish("### before", "5000.1")
    case.server.fail(CALLS[case.name][call], Fault("hang"), times=9)
    forge = case.connect(seconds=1.0)
    begun = time.monotonic()
    with pytest.raises(PassingError):
        make(case, call, forge)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    "fault",
    [Fault("hang"), Fault("reset"), Fault(), Fault("page"), Fault(answer=Answer(403))],
    ids=["hangs", "cut", "502", "a page", "403"],
)
def test_pictures_that_hang_or_fail_do_not_cost_the_comment(case: Case, fault: Fault) -> None:
    case.server.fail(UPLOADS[case.name], fault, times=99)
    case.server.fail(CALLS[case.name][CREATE], FAULTS["502"])  # the comment still has tries of its own
    begun = time.monotonic()
    # Pushed to where the forge is; the same place for all of them.
    forge = case.connect(seconds=3.0, server=case.server.url)
    done = case.publish("### a", forge=forge, figures=(LOSS,))
    assert time.monotonic() - begun < 3
    assert (done.action, len(done.problems), len(case.bodies)) == ("created", 1, 1)
    assert case.server.WRITER not in done.problems[0]


@pytest.mark.parametrize("api", ["https://[", "https://", "https://host:port/api/v4", "http://host/api/v4", "host"])
def test_no_token_goes_to_what_is_no_safe_address(case: Case, api: str) -> None:
    with pytest.raises(PublishError, match="no token is sent"):
        case.connect(api=api)


def test_a_wait_beyond_the_deadline_is_not_waited_for(case: Case) -> None:
    answer = Answer(429, {"message": "slow down"}, {"Retry-After": "3600"})
    case.server.fail(CALLS[case.name][LIST], Fault(answer=answer))
    begun = time.monotonic()
    with pytest.raises(PassingError):
        case.publish("### after")
    assert time.monotonic() - begun < 2


@pytest.mark.slow
def test_twenty_first_posts_at_once_leave_one_comment(case: Case) -> None:
    case.server.delay = 0.3
    with ThreadPoolExecutor(20) as pool:
        forges = [case.connect(seconds=60) for _ in range(20)]
        posts = [pool.submit(case.publish, f"### {n}", f"{6000 + n}.1", forge=forges[n]) for n in range(20)]
        done = [post.result() for post in posts]
    assert len(case.bodies) == 1
    assert {published.comment.id for published in done if published.comment} == {str(case.server.comments[0].id)}
    assert "### 19" in case.bodies[0]


@pytest.mark.slow
def test_twenty_updates_at_once_end_with_one_comment(case: Case) -> None:
    case.publish("### before", "5000.1")
    case.server.delay = 0.1
    with ThreadPoolExecutor(20) as pool:
        forges = [case.connect(seconds=60) for _ in range(20)]
        list(pool.map(lambda forge: case.publish("### same", "6000.1", forge=forge), forges))
    assert len(case.bodies) == 1
    assert "### same" in case.bodies[0]
