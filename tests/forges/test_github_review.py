from __future__ import annotations

import logging
import socket
import traceback
from typing import TYPE_CHECKING

import pytest

from cml_bot.errors import ForbiddenError, PublishError
from cml_bot.forges.github import connect
from cml_bot.model import Build, Page
from cml_bot.publish import publish
from tests.forges.github_server import APP, PULL, READ, REPO, ROSE, WRITE, Answer, Broken, start_github

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cml_bot.forges.github_review import GitHub
    from cml_bot.publish import Published
    from tests.forges.github_server import GitHubServer

YAML = "permissions:\n  pull-requests: write"
LIST = ("GET", f"/repos/{REPO}/issues/{PULL}/comments?per_page=100")
MARKER = "<!-- mlbot:v1 name=report sha=a1 run=1.1 -->"


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with start_github() as server:
        yield server


def reach(api: str, token: str = WRITE, *, repo: str = REPO, is_fork: bool = False) -> GitHub:
    return connect(Build(forge="github", api=api, repo=repo, pull=PULL, is_fork=is_fork), token, patience=0)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def put(forge: GitHub, text: str = "### a", *, run_id: str = "1.1", name: str = "report") -> Published:
    page = Page(body=f"{text}\n\n<sub>run {run_id}</sub>\n", short="short")
    return publish(page, forge, name=name, sha="a1", run_id=run_id)


def test_two_pushes_one_comment_and_nothing_for_a_third(server: GitHubServer) -> None:
    assert put(reach(server.url)).action == "created"
    assert put(reach(server.url), "### b", run_id="2.1").action == "updated"
    assert server.requests == [
        LIST,
        ("POST", f"/repos/{REPO}/issues/{PULL}/comments"),
        LIST,
        ("PATCH", f"/repos/{REPO}/issues/comments/1001"),
    ]
    server.requests.clear()
    third = put(reach(server.url), "### b", run_id="3.1")
    assert (third.action, server.requests) == ("unchanged", [LIST])
    assert third.comment is not None
    assert third.comment.url == f"https://github.com/{REPO}/pull/{PULL}#issuecomment-1001"
    assert [stored.login for stored in server.comments] == ["github-actions[bot]"]


def test_our_comment_is_found_behind_a_hundred_and_twenty_others(server: GitHubServer) -> None:
    for number in range(120):
        server.say("rose", f"comment {number}")
    assert put(reach(server.url)).action == "created"
    server.requests.clear()
    assert put(reach(server.url), "### b").action == "updated"
    assert [method for method, _ in server.requests] == ["GET", "GET", "PATCH"]
    assert len(server.comments) == 121


def test_other_authors_with_our_marker_are_left_alone(server: GitHubServer) -> None:
    report = f"{MARKER}\n### 2 better"
    quote = "".join(f"> {line}\n" for line in report.split("\n"))
    others = [
        server.say("rose", report),
        server.say("rose", f"{quote}\nLooks good\n{report}"),
        server.say("dependabot[bot]", report, kind="Bot"),
        server.say("github-actions[bot]", report, kind="User"),
        server.say("github-actions[bot]", f"A log said:\n{report}"),
        server.say("", report),
    ]
    before = [stored.body for stored in others]
    assert put(reach(server.url)).action == "created"
    assert [stored.body for stored in others] == before
    assert server.sent("PATCH") == 0


@pytest.mark.parametrize(("token", "asked"), [(APP, ("POST", "/graphql")), (ROSE, ("GET", "/user"))])
def test_other_tokens_ask_once_who_they_are(server: GitHubServer, token: str, asked: tuple[str, str]) -> None:
    server.say("dependabot[bot]", MARKER, kind="Bot")
    server.say("sam", MARKER)
    forge = reach(server.url, token)
    assert put(forge).action == "created"
    assert put(forge, "### b").action == "updated"
    assert server.requests.count(asked) == 1


@pytest.mark.parametrize("token", [APP, ROSE])
def test_nobody_is_asked_without_a_marker(server: GitHubServer, token: str) -> None:
    server.say("sam", "hello")
    put(reach(server.url, token))
    assert [path for _, path in server.requests] == [LIST[1], f"/repos/{REPO}/issues/{PULL}/comments"]


def test_enterprise_server() -> None:
    with start_github("/api/v3") as server:
        for number in range(120):
            server.say("rose", str(number))
        server.say("dependabot[bot]", MARKER, kind="Bot")
        assert put(reach(server.url, APP)).action == "created"
        assert put(reach(server.url, APP), "### b").action == "updated"
        assert ("POST", "/api/graphql") in server.requests


@pytest.mark.parametrize("name", ["train_model", 'a & "b" --> c\nd', "модель 🚀"])
def test_any_name_comes_back_from_the_forge(server: GitHubServer, name: str) -> None:
    assert put(reach(server.url), name=name).action == "created"
    assert put(reach(server.url), name=name).action == "unchanged"
    assert put(reach(server.url), name=name + "2").action == "created"


def test_report_over_the_limit_goes_out_short(server: GitHubServer) -> None:
    assert put(reach(server.url), "🚀" * 64_999).action == "created"
    assert server.comments[0].body == f"{MARKER}\nshort"


def test_longest_report_is_accepted(server: GitHubServer) -> None:
    rest = len(f"{MARKER}\n\n\n<sub>run 1.1</sub>\n")
    put(reach(server.url), "🚀" * (65_000 - rest))
    assert len(server.comments[0].body) == 65_000


def test_refused_text_is_told_without_repeating_it(server: GitHubServer) -> None:
    with pytest.raises(PublishError, match=r"too long \(maximum is 65536") as caught:
        reach(server.url).create("x" * 66_000)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("is_fork", [True, False])
def test_read_only_token_names_the_right(server: GitHubServer, is_fork: bool) -> None:
    with pytest.raises(ForbiddenError, match="Resource not accessible by integration") as caught:
        put(reach(server.url, READ, is_fork=is_fork))
    assert YAML in caught.value.cure
    assert ("In other builds" in caught.value.cure) is is_fork
    assert server.comments == []


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
    server.fail("POST", 403, message)
    with pytest.raises(ForbiddenError, match=message.rstrip(".")) as caught:
        put(reach(server.url, ROSE))
    assert cure in caught.value.cure


@pytest.mark.parametrize("status", [500, 502, 503])
def test_failed_look_up_creates_nothing(server: GitHubServer, status: int) -> None:
    server.fail("GET", status, times=4)
    with pytest.raises(PublishError, match=rf"listing comments .*answered {status}"):
        put(reach(server.url))
    assert server.sent("POST") == 0
    assert server.sent("GET") == 4


def test_failed_second_page_creates_nothing(server: GitHubServer) -> None:
    for number in range(120):
        server.say("rose", str(number))
    forge = reach(server.url)
    seen = forge.comments()
    next(seen)
    server.fail("GET", 500, times=4)
    with pytest.raises(PublishError):
        list(seen)


def test_failure_to_learn_who_we_are_creates_nothing(server: GitHubServer) -> None:
    server.say("dependabot[bot]", MARKER, kind="Bot")
    server.fail("POST", 500)
    with pytest.raises(PublishError, match="whose token"):
        put(reach(server.url, APP))
    assert len(server.comments) == 1


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_what_may_be_sent_twice_is_sent_again(server: GitHubServer, method: str) -> None:
    put(reach(server.url))
    server.fail(method, 502)
    assert put(reach(server.url), "### b").action == "updated"


def test_a_comment_is_never_posted_twice(server: GitHubServer) -> None:
    server.fail("POST", 502, carried_out=True)
    with pytest.raises(PublishError, match="answered 502"):
        put(reach(server.url))
    assert server.sent("POST") == 1
    assert put(reach(server.url)).action == "unchanged"
    assert len(server.comments) == 1


@pytest.mark.parametrize(
    ("status", "message", "headers", "method"),
    [
        (403, "API rate limit exceeded for installation", {"X-RateLimit-Reset": "9999999999"}, "GET"),
        (403, "You have exceeded a secondary rate limit", {}, "PATCH"),
        (403, "Slow down", {"Retry-After": "3600"}, "POST"),
        (403, "Slow down", {"Retry-After": "3600"}, "GET"),
        (429, "Too many", {}, "POST"),
        (429, "Too many", {}, "GET"),
    ],
)
def test_rate_limits_are_no_question_of_rights(
    server: GitHubServer, status: int, message: str, headers: dict[str, str], method: str
) -> None:
    if method == "PATCH":
        put(reach(server.url))
    server.fail(method, status, message, times=4, headers=headers)
    with pytest.raises(PublishError, match="rate limit is used up") as caught:
        put(reach(server.url), "### b")
    assert not isinstance(caught.value, ForbiddenError)


def test_wrong_token(server: GitHubServer) -> None:
    with pytest.raises(PublishError, match=r"not accepted \(Bad credentials\)"):
        put(reach(server.url, "ghp_unknown"))


def test_unknown_repository(server: GitHubServer) -> None:
    with pytest.raises(PublishError, match="the token cannot see octo/other"):
        put(reach(server.url, repo="octo/other"))


def test_comment_that_went_away(server: GitHubServer) -> None:
    forge = reach(server.url)
    comment = forge.create("x")
    server.comments.clear()
    with pytest.raises(PublishError, match=r"updating comment 1001 .*not found"):
        forge.update(comment, "y")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "<html>Please log in</html>"),
        Answer(200, "{broken"),
        Answer(200, [{"id": "x"}]),
        Answer(301, "", {"Location": "https://elsewhere.example/"}),
        Answer(307, {"message": "Moved"}),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_answers_that_are_not_githubs(server: GitHubServer, method: str, answer: Answer) -> None:
    server.broken[method] = [Broken(answer)] * 3
    with pytest.raises(PublishError):
        put(reach(server.url))
    assert server.comments == []


def test_nobody_there() -> None:
    port = closed_port()
    with pytest.raises(PublishError, match=rf"127\.0\.0\.1:{port} could not be reached \(.*Connection refused\)"):
        put(reach(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("token", [WRITE, ROSE])
def test_token_is_told_nowhere(server: GitHubServer, token: str, caplog: pytest.LogCaptureFixture) -> None:
    forge = reach(server.url, token)
    for name in ("github", "urllib3"):
        caplog.set_level(logging.DEBUG, name)
    put(forge)
    server.fail("GET", 500, times=4)
    with pytest.raises(PublishError) as caught:
        put(forge)
    assert "oauth token removed" in caplog.text
    assert "GET /repos/octo/churn" in caplog.text
    told = "".join(traceback.format_exception(caught.value)) + repr(forge) + repr(vars(forge)) + caplog.text
    assert token not in told


def test_nothing_is_printed_on_the_way(server: GitHubServer, capfd: pytest.CaptureFixture[str]) -> None:
    server.fail("GET", 403, "API rate limit exceeded", headers={"X-RateLimit-Reset": "9999999999"})
    with pytest.raises(PublishError):
        put(reach(server.url))
    with pytest.raises(PublishError):
        put(reach(f"http://127.0.0.1:{closed_port()}"))
    assert capfd.readouterr() == ("", "")


def test_token_that_the_forge_repeats_is_told_nowhere(server: GitHubServer) -> None:
    server.fail("GET", 400, f"No use for {WRITE} and ghp_somebodyelses00 here")
    with pytest.raises(PublishError, match="No use for") as caught:
        put(reach(server.url))
    assert "No use for (token) and (token) here" in str(caught.value)
    assert WRITE not in "".join(traceback.format_exception(caught.value))
