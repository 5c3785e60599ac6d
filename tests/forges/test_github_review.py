from __future__ import annotations

import logging
import socket
import traceback
from collections.abc import Callable, Iterator

import pytest

from cml_bot.errors import ForbiddenError, GoneError, PassingError, PublishError, RejectedError, TooLongError
from cml_bot.forges._patience import Patience
from cml_bot.forges.github import connect
from cml_bot.forges.github.review import GitHub
from cml_bot.publish import Published, publish
from cml_bot.review import Draft, Page
from tests.forges.github_server import APP, BOT, PULL, READ, REPO, ROSE, SHA, WRITE, GitHubServer, start_github
from tests.forges.wire import Answer, Fault

YAML = "permissions:\n  pull-requests: write"
LIST = ("GET", f"/repos/{REPO}/issues/{PULL}/comments?per_page=100")
MARKER = f"<!-- mlbot:v1 name=report sha={SHA} run=1.1 -->"


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with start_github() as server:
        yield server


def reach(server: GitHubServer, token: str = WRITE, seconds: float = 5, **changes: object) -> GitHub:
    return connect(server.build(**changes), token, Patience(seconds, pace=0.01))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def put(forge: GitHub, text: str = "### a", *, run_id: str = "1.1", name: str = "report") -> Published:
    page = Page(forms=(f"{text}\n\n<sub>mlbot 0.1.0 · run {run_id}</sub>\n", "short"))
    return publish(Draft(write=lambda addresses: page), forge, name=name, sha=SHA, run_id=run_id)


def refuse(status: int, message: str = "Server Error", headers: dict[str, str] | None = None) -> Fault:
    return Fault(answer=Answer(status, {"message": message}, headers or {}))


def test_two_pushes_one_comment_and_nothing_for_a_third(server: GitHubServer) -> None:
    assert put(reach(server)).action == "created"
    server.requests.clear()
    assert put(reach(server), "### b", run_id="2.1").action == "updated"
    assert server.requests == [LIST, ("PATCH", f"/repos/{REPO}/issues/comments/1001")]
    server.requests.clear()
    third = put(reach(server), "### b", run_id="3.1")
    assert (third.action, server.requests) == ("unchanged", [LIST])
    assert third.comment is not None
    assert third.comment.url == f"https://github.com/{REPO}/pull/{PULL}#issuecomment-1001"
    assert [stored.login for stored in server.comments] == [BOT]


def test_what_each_request_says_of_itself(server: GitHubServer) -> None:
    put(reach(server))
    for head in server.heads:
        assert head["accept"] == "application/vnd.github+json"
        assert head["x-github-api-version"] == "2022-11-28"
        assert head["user-agent"] == "mlbot"
        assert head["authorization"] == f"token {WRITE}"


def test_our_comment_is_found_behind_a_hundred_and_twenty_others(server: GitHubServer) -> None:
    for number in range(120):
        server.say("rose", f"comment {number}")
    assert put(reach(server)).action == "created"
    server.requests.clear()
    assert put(reach(server), "### b").action == "updated"
    assert [method for method, _ in server.requests] == ["GET", "GET", "PATCH"]
    assert len(server.comments) == 121


def test_other_authors_with_our_marker_are_left_alone(server: GitHubServer) -> None:
    report = f"{MARKER}\n### 2 better"
    quote = "".join(f"> {line}\n" for line in report.split("\n"))
    others = [
        server.say("rose", report),
        server.say("rose", f"{quote}\nLooks good\n{report}"),
        server.say("dependabot[bot]", report, kind="Bot"),
        server.say(BOT, report, kind="User"),
        server.say(BOT, f"A log said:\n{report}"),
        server.say("", report),
    ]
    before = [stored.body for stored in others]
    assert put(reach(server)).action == "created"
    assert [stored.body for stored in others] == before
    assert server.sent("PATCH") == 0


@pytest.mark.parametrize(("token", "asked"), [(APP, ("POST", "/graphql")), (ROSE, ("GET", "/user"))])
def test_other_tokens_ask_once_who_they_are(server: GitHubServer, token: str, asked: tuple[str, str]) -> None:
    server.say("dependabot[bot]", MARKER, kind="Bot")
    server.say("sam", MARKER)
    forge = reach(server, token)
    assert put(forge).action == "created"
    assert put(forge, "### b").action == "updated"
    assert server.requests.count(asked) == 1


@pytest.mark.parametrize("token", [APP, ROSE])
def test_nobody_is_asked_without_a_marker(server: GitHubServer, token: str) -> None:
    server.say("sam", "hello")
    reach(server, token).create(f"{MARKER}\nx")
    assert server.requests == [("POST", LIST[1].removesuffix("?per_page=100"))]


def test_an_app_that_takes_over_leaves_the_old_comment_and_makes_its_own(server: GitHubServer) -> None:
    put(reach(server))
    assert put(reach(server, APP), "### b").action == "created"
    assert [stored.login for stored in server.comments] == [BOT, "mlbot-app[bot]"]
    forge = reach(server, APP)
    assert put(forge, "### c").action == "updated"
    assert "### c" in server.comments[1].body
    assert not forge.is_mine(next(iter(forge.comments())))


def test_deleting_anothers_comment_is_no_question_of_rights_either(server: GitHubServer) -> None:
    server.say(BOT, MARKER)
    forge = reach(server, APP)
    with pytest.raises(GoneError, match=r"written by github-actions\[bot\]"):
        forge.delete(next(iter(forge.comments())))
    assert len(server.comments) == 1


def test_delete(server: GitHubServer) -> None:
    forge = reach(server)
    comment = forge.create("x")
    forge.delete(comment)
    assert server.comments == []
    forge.delete(comment)
    with pytest.raises(ForbiddenError):
        reach(server, READ).delete(comment)


def test_enterprise_server() -> None:
    with start_github("/api/v3") as server:
        for number in range(120):
            server.say("rose", str(number))
        server.say("dependabot[bot]", MARKER, kind="Bot")
        assert put(reach(server, APP)).action == "created"
        assert put(reach(server, APP), "### b").action == "updated"
        assert ("POST", "/api/graphql") in server.requests


@pytest.mark.parametrize("name", ["train_model", 'a & "b" --> c\nd', "модель 🚀"])
def test_any_name_comes_back_from_the_forge(server: GitHubServer, name: str) -> None:
    assert put(reach(server), name=name).action == "created"
    assert put(reach(server), name=name).action == "unchanged"
    assert put(reach(server), name=name + "2").action == "created"


def test_report_over_the_limit_goes_out_short(server: GitHubServer) -> None:
    assert put(reach(server), "🚀" * 64_999).action == "created"
    assert server.comments[0].body == f"{MARKER}\nshort"


def test_longest_text_is_accepted(server: GitHubServer) -> None:
    forge = reach(server)
    forge.create("🚀" * forge.limit)
    assert len(server.comments[0].body) == 65_000


@pytest.mark.parametrize("fault", [None, refuse(413, "Payload Too Large")])
def test_too_long_a_text_is_told_without_repeating_it(server: GitHubServer, fault: Fault | None) -> None:
    if fault:
        server.fail("POST", fault)
    with pytest.raises(TooLongError) as caught:
        reach(server).create("x" * 66_000)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("is_fork", [True, False])
def test_read_only_token_names_the_right(server: GitHubServer, is_fork: bool) -> None:
    with pytest.raises(ForbiddenError, match="Resource not accessible by integration") as caught:
        put(reach(server, READ, is_fork=is_fork))
    assert YAML in caught.value.cure
    assert ("In other builds" in caught.value.cure) is is_fork
    assert server.comments == []


def test_read_only_token_before_its_own_comment(server: GitHubServer) -> None:
    put(reach(server))
    with pytest.raises(ForbiddenError, match="Resource not accessible"):
        put(reach(server, READ), "### b")


@pytest.mark.parametrize(
    ("message", "cure"),
    [
        ("Resource not accessible by personal access token", "Pull requests: Read and write"),
        ("Unable to create comment because issue is locked.", "Unlock it"),
        ("Repository was archived so is read-only.", "--no-publish"),
        ("Something new", YAML),
    ],
)
def test_other_refusals_have_other_cures(server: GitHubServer, message: str, cure: str) -> None:
    server.fail("POST", refuse(403, message))
    with pytest.raises(ForbiddenError, match=message.rstrip(".")) as caught:
        put(reach(server, ROSE))
    assert cure in caught.value.cure


@pytest.mark.parametrize("status", [500, 502, 503])
def test_failed_look_up_creates_nothing(server: GitHubServer, status: int) -> None:
    server.fail("GET", refuse(status), times=99)
    with pytest.raises(PassingError, match=rf"listing comments .*answered {status}"):
        put(reach(server))
    assert server.sent("POST") == 0


def test_failed_second_page_creates_nothing(server: GitHubServer) -> None:
    for number in range(120):
        server.say("rose", str(number))
    forge = reach(server)
    seen = forge.comments()
    next(seen)
    server.fail("GET", refuse(500), times=99)
    with pytest.raises(PassingError):
        list(seen)


def test_failure_to_learn_who_we_are_creates_nothing(server: GitHubServer) -> None:
    server.say("dependabot[bot]", MARKER, kind="Bot")
    server.fail("POST", refuse(500), times=99)
    with pytest.raises(PassingError, match="whose token"):
        put(reach(server, APP))
    assert len(server.comments) == 1


@pytest.mark.parametrize(
    ("status", "message", "headers", "wait"),
    [
        (403, "API rate limit exceeded for installation", {"X-RateLimit-Remaining": "0"}, None),
        (403, "You have exceeded a secondary rate limit", {"X-RateLimit-Reset": "9999999999"}, 60.0),
        (403, "Slow down", {"Retry-After": "3600"}, 3600.0),
        (429, "Too many", {"Retry-After": "7"}, 7.0),
        (429, "Too many", {}, None),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_rate_limits_are_no_question_of_rights(
    server: GitHubServer, method: str, status: int, message: str, headers: dict[str, str], wait: float | None
) -> None:
    forge = reach(server)
    comment = forge.create("x")
    server.fail(method, refuse(status, message, headers), times=99)
    calls: dict[str, Callable[[], object]] = {
        "GET": lambda: list(forge.comments()),
        "POST": lambda: forge.create("y"),
        "PATCH": lambda: forge.update(comment, "y"),
    }
    with pytest.raises(PassingError, match="rate limit is used up") as caught:
        calls[method]()
    assert (caught.value.wait, caught.value.took_no) == (wait, True)


@pytest.mark.parametrize("status", [401, 404, 422])
def test_lasting_refusals_are_not_repeated(server: GitHubServer, status: int) -> None:
    server.fail("GET", refuse(status, "No"), times=99)
    with pytest.raises(PublishError, match=r"\(No\)"):
        put(reach(server))
    assert server.sent("GET") == 1


def test_wrong_token(server: GitHubServer) -> None:
    with pytest.raises(RejectedError, match=r"not accepted \(Bad credentials\)"):
        put(reach(server, "ghp_unknown"))


def test_unknown_repository(server: GitHubServer) -> None:
    with pytest.raises(PublishError, match="the token cannot see octo/other"):
        put(reach(server, repo="octo/other"))


def test_comment_that_went_away(server: GitHubServer) -> None:
    forge = reach(server)
    comment = forge.create("x")
    server.comments.clear()
    with pytest.raises(GoneError, match=r"updating comment 1001 .*not found"):
        forge.update(comment, "y")


def test_without_a_pull_request(server: GitHubServer) -> None:
    forge = reach(server, pull=None)
    with pytest.raises(PublishError, match="no pull request"):
        forge.create("x")
    with pytest.raises(PublishError, match="no pull request"):
        list(forge.comments())
    assert server.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "<html>Please log in</html>"),
        Answer(200, "{broken"),
        Answer(200, ""),
        Answer(200, [{"id": "x"}]),
        Answer(301, "", {"Location": "https://elsewhere.example/"}),
        Answer(307, {"message": "Moved"}),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_answers_that_are_not_githubs(server: GitHubServer, method: str, answer: Answer) -> None:
    server.fail(method, Fault(answer=answer), times=99)
    with pytest.raises(PublishError):
        put(reach(server))
    assert server.comments == []


def test_next_page_elsewhere_is_not_asked_for(server: GitHubServer) -> None:
    link = {"Link": '<https://elsewhere.example/page2>; rel="next"'}
    server.fail("GET", Fault(answer=Answer(200, [], link)))
    with pytest.raises(PublishError, match="another server"):
        put(reach(server))


def test_nobody_there(server: GitHubServer) -> None:
    port = closed_port()
    with pytest.raises(PassingError, match=rf"127\.0\.0\.1:{port} could not be reached \(.*Connection refused\)"):
        put(reach(server, api=f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("token", [WRITE, ROSE])
def test_token_is_told_nowhere(server: GitHubServer, token: str, caplog: pytest.LogCaptureFixture) -> None:
    forge = reach(server, token)
    for name in ("github", "urllib3"):
        caplog.set_level(logging.DEBUG, name)
    put(forge)
    server.fail("GET", refuse(500), times=99)
    with pytest.raises(PublishError) as caught:
        put(forge)
    assert "oauth token removed" in caplog.text
    assert "GET /repos/octo/churn" in caplog.text
    told = "".join(traceback.format_exception(caught.value)) + repr(forge) + repr(vars(forge)) + caplog.text
    assert token not in told


def test_nothing_is_printed_on_the_way(server: GitHubServer, capfd: pytest.CaptureFixture[str]) -> None:
    server.fail("GET", refuse(403, "API rate limit exceeded", {"Retry-After": "99"}))
    with pytest.raises(PublishError):
        put(reach(server))
    with pytest.raises(PublishError):
        put(reach(server, api=f"http://127.0.0.1:{closed_port()}"))
    assert capfd.readouterr() == ("", "")


def test_token_that_the_forge_repeats_is_told_nowhere(server: GitHubServer) -> None:
    server.fail("GET", refuse(400, f"No use for {WRITE} and ghp_somebodyelses00 here"))
    with pytest.raises(PublishError, match="No use for") as caught:
        put(reach(server))
    assert "No use for (token) and (token) here" in str(caught.value)
    assert WRITE not in "".join(traceback.format_exception(caught.value))
