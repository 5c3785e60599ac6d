from __future__ import annotations

from collections.abc import Iterator

import pytest

from cml_bot.errors import ForbiddenError, PassingError, PublishError
from cml_bot.forges._patience import Patience
from cml_bot.forges.github import artifacts as github_artifacts
from cml_bot.forges.github import connect
from tests.forges.github_server import COMMENTS, WRITE, GitHubServer, start_github
from tests.forges.wire import Answer, Fault


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with start_github() as server:
        yield server


def read(server: GitHubServer, name: str = "mlbot", run_id: str = "5001.2", token: str = WRITE) -> dict[str, bytes]:
    return dict(connect(server.build(), token, Patience(5, pace=0.01)).read_artifacts(run_id, name))


def test_one_name_and_its_parts_the_newest_of_each(server: GitHubServer) -> None:
    server.keep("mlbot-2", b"old")
    server.keep("mlbot-2", b"two")
    server.keep("mlbot", b"one")
    server.keep("mlbots", b"x")
    server.keep("other", b"x")
    server.keep("mlbot-3", b"x", expired=True)
    server.keep("mlbot-4", b"x", run=4000)
    server.keep("mlbot-5", b"x", workflow_run=None)
    assert list(read(server).items()) == [("mlbot", b"one"), ("mlbot-2", b"two")]


def test_the_storage_never_sees_the_token(server: GitHubServer) -> None:
    server.keep("mlbot", b"one")
    read(server)
    asked = dict(zip((path for _, path in server.requests), server.heads, strict=True))
    assert [("authorization" in head) for head in asked.values()] == [True, True, False]


def test_pages(server: GitHubServer) -> None:
    for number in range(150):
        server.keep(f"other-{number}", b"x")
    server.keep("mlbot", b"one")
    assert read(server) == {"mlbot": b"one"}


def test_too_many(server: GitHubServer) -> None:
    for number in range(257):
        server.keep(f"mlbot-{number}", b"x")
    with pytest.raises(PublishError, match="more than 256"):
        read(server)


@pytest.mark.parametrize("told", [None, 5])
def test_too_large_whatever_is_told_of_its_size(
    server: GitHubServer, monkeypatch: pytest.MonkeyPatch, told: int | None
) -> None:
    monkeypatch.setattr(github_artifacts, "LARGEST_ZIP", 200_000)
    server.keep("mlbot", bytes(200_001), **({} if told is None else {"size_in_bytes": told}))
    with pytest.raises(PublishError, match="more than 200,000 bytes"):
        read(server)
    assert any("/storage/" in path for _, path in server.requests) is (told is not None)


def test_a_missing_right_is_named(server: GitHubServer) -> None:
    with pytest.raises(ForbiddenError) as caught:
        read(server, token=COMMENTS)
    assert "actions: read" in caught.value.cure


@pytest.mark.parametrize("fault", [Fault("truncated"), Fault("reset"), Fault()])
@pytest.mark.parametrize("path", ["/zip", "/storage/", "/artifacts"])
def test_what_passes_is_asked_again(server: GitHubServer, path: str, fault: Fault) -> None:
    server.keep("mlbot", b"0123456789")
    server.fail(f"GET .*{path}", fault)
    assert read(server) == {"mlbot": b"0123456789"}


@pytest.mark.parametrize(
    "answer", [Answer(200, "x"), Answer(302, ""), Answer(302, "", {"Location": "http://files.example/1"})]
)
def test_no_honest_place_to_read_from(server: GitHubServer, answer: Answer) -> None:
    server.keep("mlbot", b"one")
    server.fail("/zip", Fault(answer=answer), times=9)
    with pytest.raises(PublishError):
        read(server)


def test_a_storage_that_is_down(server: GitHubServer) -> None:
    server.keep("mlbot", b"one")
    server.fail("/storage/", Fault(), times=9)
    with pytest.raises(PassingError, match="storage answered 502"):
        read(server)


@pytest.mark.parametrize("run_id", ["", "x", "5001/../6", "5001.1.1"])
def test_what_is_no_run_is_not_asked_for(server: GitHubServer, run_id: str) -> None:
    with pytest.raises(PublishError, match="is no run"):
        read(server, run_id=run_id)
    assert server.requests == []


def test_a_run_that_kept_nothing(server: GitHubServer) -> None:
    assert read(server) == {}
