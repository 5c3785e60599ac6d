"""Beside the comment: build statuses, pictures, which pull request it is, and what the token may do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cml_bot.errors import ForbiddenError, PassingError, PublishError
from cml_bot.model import Figure, Outcome
from cml_bot.review import Status
from tests.forges.bitbucket_server import BASE, HEAD, REPO, BitbucketServer, endpoint, review, start_bitbucket
from tests.forges.test_bitbucket_review import calls, reach
from tests.forges.wire import Answer, Fault

HOME = f"/repositories/{REPO}"
PNG = b"\x89PNG\r\n\x1a\n"
PASSED = Status(name="mlbot / report", outcome=Outcome.PASS, line="2 better", url="https://bitbucket.org/octo/churn/1")


@pytest.fixture
def server() -> Iterator[BitbucketServer]:
    with start_bitbucket() as server:
        yield server


@pytest.mark.parametrize(
    ("outcome", "state"), [(Outcome.PASS, "SUCCESSFUL"), (Outcome.WARN, "SUCCESSFUL"), (Outcome.FAIL, "FAILED")]
)
def test_one_request_marks_the_commit(server: BitbucketServer, outcome: Outcome, state: str) -> None:
    address = reach(server, pull=None).tell_status(replace(PASSED, outcome=outcome))
    assert address == f"https://bitbucket.org/{REPO}/commits/{HEAD}"
    assert calls(server) == [f"POST {HOME}/commit/{HEAD}/statuses/build"]
    (status,) = server.statuses
    assert status == {
        "type": "build",
        "key": f"mlbot-{hashlib.sha256(b'mlbot / report').hexdigest()[:32]}",
        "state": state,
        "name": "mlbot / report",
        "description": "2 better",
        "url": PASSED.url,
    }


def test_a_status_replaces_the_one_of_its_name(server: BitbucketServer) -> None:
    forge = reach(server)
    for outcome in (Outcome.PASS, Outcome.FAIL):
        forge.tell_status(replace(PASSED, outcome=outcome))
    forge.tell_status(replace(PASSED, name="mlbot / other"))
    assert [(one["name"], one["state"]) for one in server.statuses] == [
        ("mlbot / report", "FAILED"),
        ("mlbot / other", "SUCCESSFUL"),
    ]


@pytest.mark.parametrize(
    ("url", "build", "shown"),
    [
        ("", "https://ci.example/1", "https://ci.example/1"),
        ("", "", f"https://bitbucket.org/{REPO}/commits/{HEAD}"),
        ("https://x.example/" + "y" * 450, "https://ci.example/1", "https://ci.example/1"),
        ("https://x.example/{commit.hash}", "", "https://x.example/%7Bcommit.hash%7D"),
    ],
)
def test_a_status_leads_somewhere(server: BitbucketServer, url: str, build: str, shown: str) -> None:
    reach(server, url=build).tell_status(replace(PASSED, url=url))
    assert server.statuses[0]["url"] == shown


def test_a_commit_too_long_for_a_link(server: BitbucketServer) -> None:
    sha = "b5" * 300
    server.commits = {sha}
    reach(server, sha=sha, url="").tell_status(replace(PASSED, url=""))
    assert server.statuses[0]["url"] == f"https://bitbucket.org/{REPO}"


def test_long_lines_are_cut_between_words(server: BitbucketServer) -> None:
    reach(server).tell_status(replace(PASSED, line="word " * 100, name="mlbot / " + "name " * 100))
    assert server.statuses[0]["description"].endswith("word …")
    assert max(len(server.statuses[0][key]) for key in ("name", "description")) <= 255


def test_statuses_that_cannot_be(server: BitbucketServer) -> None:
    with pytest.raises(PublishError, match="no commit is known"):
        reach(server, sha="").tell_status(PASSED)
    with pytest.raises(ForbiddenError, match="the scope `repository:write`"):
        reach(server, server.READER).tell_status(PASSED)


def picture(name: str, data: bytes = PNG, media: str = "image/png") -> Figure:
    return Figure(name=name, media=media, data=data)


def test_pictures_are_uploaded_once(server: BitbucketServer) -> None:
    figures = [
        picture("loss.png"),
        picture("été 1", PNG + b"2"),
        picture("again", PNG),
        picture("j", b"j", "image/jpeg"),
    ]
    hosted = reach(server).host(figures, "")
    digest = hashlib.sha256(PNG).hexdigest()[:12]
    address = f"https://bitbucket.org/{REPO}/downloads/loss-{digest}.png"
    assert hosted.problems == ()
    assert hosted.addresses["loss.png"] == hosted.addresses["again"] == address
    assert server.pictures[f"loss-{digest}.png"] == PNG
    assert {one.rpartition("/")[2] for one in hosted.addresses.values()} == set(server.pictures)
    assert [name for name in server.pictures if name.endswith(".jpg")]

    server.requests.clear()
    shown = "\n".join(f"![a]({one})" for one in hosted.addresses.values())
    assert reach(server).host(figures, shown) == hosted
    assert server.requests == []


def test_addresses_elsewhere_do_not_count(server: BitbucketServer) -> None:
    digest = hashlib.sha256(PNG).hexdigest()[:12]
    for shown in (f"https://evil.example/loss-{digest}.png", f"https://bitbucket.org/octo/x/downloads/a-{digest}.png"):
        hosted = reach(server).host([picture("loss")], shown)
        assert hosted.addresses["loss"].startswith(f"https://bitbucket.org/{REPO}/downloads/loss-")


def test_a_picture_that_fails_costs_itself_alone(server: BitbucketServer) -> None:
    server.fail("POST .*downloads", Fault(answer=Answer(400, {"error": {"message": "Quota exceeded"}})))
    hosted = reach(server).host([picture("a"), picture("b", PNG + b"b"), picture("c", b"<svg", "image/svg+xml")], "")
    assert list(hosted.addresses) == ["b"]
    assert ["Quota exceeded" in hosted.problems[0], "image/svg+xml" in hosted.problems[1]] == [True, True]


def test_pictures_are_sent_again_when_nobody_knows(server: BitbucketServer) -> None:
    for fault in (Fault("reset", carried_out=True), Fault("page"), Fault(answer=Answer(503, ""))):
        server.fail("POST .*downloads", fault)
    assert reach(server).host([picture("a")], "").problems == ()
    assert len(server.pictures) == 1


def test_pictures_without_the_right_are_asked_for_once(server: BitbucketServer) -> None:
    hosted = reach(server, server.READER).host([picture("a"), picture("b", b"b")], "")
    assert (hosted.addresses, len(hosted.problems), len(server.requests)) == ({}, 1, 1)
    assert "`repository:write`" in hosted.problems[0]


def test_nothing_is_asked_of_a_build_that_knows_all(server: BitbucketServer) -> None:
    build = server.build()
    assert reach(server).find_review() == build
    assert reach(server, pull=None, on_main=True).find_review() == server.build(pull=None, on_main=True)
    assert server.requests == []


def test_a_pull_request_fills_in_its_head_and_base(server: BitbucketServer) -> None:
    found = reach(server, sha="", branch="", base_branch="").find_review()
    assert found == server.build(base_sha=BASE[:12])
    assert calls(server) == [f"GET {HOME}/pullrequests/7", f"GET {HOME}/commit/{HEAD[:12]}"]


@pytest.mark.parametrize(
    "changes",
    [{"state": "MERGED"}, {"state": "DECLINED"}, {"destination": endpoint("main", BASE[:12], "octo/fork")}],
    ids=["merged", "declined", "into another repository"],
)
def test_a_number_that_is_not_open_here_is_none(server: BitbucketServer, changes: dict[str, Any]) -> None:
    server.reviews = [review(**changes)]
    for known in ({"sha": ""}, {"is_fork": True}):
        assert reach(server, **known).find_review() == server.build(**known, pull=None)


def test_somebody_elses_word_is_looked_up(server: BitbucketServer) -> None:
    known: dict[str, Any] = {"is_fork": True}
    assert reach(server, **known).find_review() == server.build(**known | {"is_fork": False, "base_sha": BASE[:12]})
    assert reach(server, sha="c7" * 20, **known).find_review().pull is None
    server.reviews[0]["source"] = endpoint("topic", HEAD[:12], "")
    assert reach(server, **known).find_review().is_fork


@pytest.mark.parametrize("branch", ["topic", 'a"b', "a\\", '" OR state="MERGED'])
def test_a_branch_finds_its_pull_request(server: BitbucketServer, branch: str) -> None:
    server.reviews = [
        review(source=endpoint(branch, HEAD[:12])),
        review(id=8, source=endpoint(branch, "c7" * 6)),
        review(id=9, source=endpoint(branch, HEAD[:12]), state="MERGED"),
        review(id=10, source=endpoint("else", HEAD[:12])),
    ]
    found = reach(server, pull=None, branch=branch, base_branch="").find_review()
    assert (found.pull, found.base_branch, found.base_sha, found.sha) == (7, "main", BASE[:12], HEAD)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("reviews", "changes"),
    [
        ([], {}),
        ([review(), review(id=8)], {}),
        ([review(source=endpoint("topic", "c7" * 6))], {}),
        ([review(destination=endpoint("main", BASE[:12], "octo/fork"))], {}),
        ([review(source=endpoint("topic", HEAD[:12], "rose/churn"))], {"sha": ""}),
    ],
    ids=["none", "two", "another head", "into another repository", "a fork's of the same name"],
)
def test_no_pull_request_is_no_error(
    server: BitbucketServer, reviews: list[dict[str, Any]], changes: dict[str, Any]
) -> None:
    server.reviews = reviews
    assert reach(server, pull=None, **changes).find_review() == server.build(pull=None, **changes)


@pytest.mark.parametrize("answer", [{}, {"values": [{}]}, {"values": [review(source=None)]}, {"values": [3]}])
def test_lists_that_are_none(server: BitbucketServer, answer: dict[str, Any]) -> None:
    server.fail("GET", Fault(answer=Answer(200, answer)), times=9)
    with pytest.raises(PassingError, match="not one of Bitbucket's"):
        reach(server, pull=None).find_review()


def test_probing_leaves_nothing_behind(server: BitbucketServer) -> None:
    rights = {right.name: right.is_given for right in reach(server).probe()}
    assert rights == {
        "read the pull request": True,
        "comment on the pull request": True,
        "mark the commit": True,
        "upload pictures": True,
    }
    assert (server.comments, server.statuses, server.pictures) == ([], [], {})


def test_probing_names_what_is_missing(server: BitbucketServer) -> None:
    rights = list(reach(server, server.READER).probe())
    assert [right.is_given for right in rights] == [True, False, False, False]
    assert "`pullrequest:write`" in rights[1].cure
    assert "`repository:write`" in rights[2].cure


@pytest.mark.parametrize(("token", "is_given"), [(BitbucketServer.OTHER, True), (BitbucketServer.SILENT, False)])
def test_a_persons_token_has_to_tell_whose_it_is(server: BitbucketServer, token: str, is_given: bool) -> None:
    first, *others = reach(server, token).probe()
    assert (first.name, first.is_given) == ("tell whose token it is", is_given)
    assert is_given or "read:user:bitbucket" in first.cure
    assert all(right.is_given for right in others)


def test_probing_what_nobody_can_tell(server: BitbucketServer) -> None:
    rights = list(reach(server, pull=None, sha="").probe())
    assert [right.is_given for right in rights] == [True, None, None, True]
    server.fail("POST .*comments", Fault(answer=Answer(400, "<html>", {"Content-Type": "text/html"})))
    server.fail("POST .*downloads", Fault(answer=Answer(404, {})))
    assert [right.is_given for right in reach(server).probe()] == [True, None, True, None]


def test_an_empty_comment_that_is_taken_after_all_is_taken_back(server: BitbucketServer) -> None:
    stored = server.say(server.ME, "")
    server.fail("POST .*comments", Fault(answer=Answer(201, {"id": stored.id})))
    server.fail("DELETE", Fault(answer=Answer(502, "")))
    assert [right.is_given for right in reach(server).probe()] == [True, None, True, True]
    assert server.comments == []
    assert len([path for path in calls(server) if path.endswith("/comments")]) == 1
