from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cml_bot.forges._patience import Patience
from cml_bot.forges.github import connect
from cml_bot.model import Build, Figure
from cml_bot.review import Hosted
from tests import git_server
from tests.forges.github_server import WRITE
from tests.git_server import GitServer
from tests.repositories import git
from tests.secrets import find_tokens

PNG = b"\x89PNG\r\n\x1a\n"
LOSS, MATRIX = (Figure(name=name, media="image/png", data=PNG + name.encode()) for name in ("loss", "Matrix 1.png"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "octo" / "churn.git"
    path.mkdir(parents=True)
    git(path, "init", "--quiet", "--bare", ".")
    return path


@pytest.fixture
def server(repository: Path) -> Iterator[GitServer]:
    with git_server.serve(repository.parent.parent) as running:
        running.password = WRITE
        yield running


def host(
    running: GitServer, *figures: Figure, shown: str = "", token: str = WRITE, name: str = "", **changes: object
) -> Hosted:
    usual: dict[str, object] = {"forge": "github", "server": running.url, "api": running.url, "repo": "octo/churn"}
    build = Build(**{**usual, "pull": 7, "sha": "a1" * 20, **changes})  # type: ignore[arg-type]
    return connect(build, token, Patience(10, pace=0.01)).host(figures, shown, name)


def test_pictures_lie_on_a_reference_of_their_own(server: GitServer, repository: Path) -> None:
    hosted = host(server, LOSS, MATRIX)
    assert hosted.problems == ()
    assert list(hosted.addresses) == ["loss", "Matrix 1.png"]
    assert git(repository, "for-each-ref", "--format=%(refname)") == "refs/mlbot/pull-7"
    sha = git(repository, "rev-parse", "refs/mlbot/pull-7")
    assert all(address.startswith(f"{server.url}/octo/churn/blob/{sha}/") for address in hosted.addresses.values())
    files = git(repository, "ls-tree", "--name-only", sha).split("\n")
    assert files == [
        address.rpartition("/")[2].removesuffix("?raw=true") for address in sorted(hosted.addresses.values())
    ]
    assert re.fullmatch(r"Matrix-1-[0-9a-f]{12}\.png", files[0])
    assert git(repository, "cat-file", "-s", f"{sha}:{files[1]}") == str(len(LOSS.data))


def test_pictures_of_one_comment_replace_none_of_another(server: GitServer, repository: Path) -> None:
    for name in ("report", "segmenter / large", "Segmenter", "\udce9"):
        assert host(server, LOSS, name=name).problems == ()
    refs = git(repository, "for-each-ref", "--format=%(refname)").split("\n")
    assert "refs/mlbot/pull-7" in refs
    assert len(refs) == 4


def test_the_same_pictures_are_pushed_once(server: GitServer) -> None:
    first = host(server, LOSS, MATRIX)
    pushes = server.pushes
    shown = "\n".join(f"![x]({address})" for address in first.addresses.values())
    again = host(server, LOSS, MATRIX, shown=shown)
    assert again == first
    assert server.pushes == pushes


def test_the_same_pictures_have_the_same_address_everywhere(server: GitServer) -> None:
    assert host(server, LOSS).addresses == host(server, LOSS).addresses


def test_new_pictures_take_the_place_of_the_old(server: GitServer, repository: Path) -> None:
    first = host(server, LOSS)
    second = host(server, LOSS, MATRIX, shown=first.addresses["loss"])
    assert git(repository, "rev-list", "--all", "--count") == "1"
    assert len(set(first.addresses.values()) & set(second.addresses.values())) == 0
    assert len(second.addresses) == 2


def test_without_a_pull_request_they_belong_to_the_commit(server: GitServer, repository: Path) -> None:
    host(server, LOSS, pull=None)
    assert git(repository, "for-each-ref", "--format=%(refname)") == "refs/mlbot/commit-a1a1a1a1a1a1"


def test_nothing_known_to_keep_them_for(server: GitServer) -> None:
    hosted = host(server, LOSS, pull=None, sha="")
    assert (hosted.addresses, len(hosted.problems)) == ({}, 1)


@pytest.mark.parametrize("refusal", [403, 401])
def test_a_missing_right_is_named(server: GitServer, refusal: int) -> None:
    server.refusal = refusal
    hosted = host(server, LOSS)
    assert hosted.addresses == {}
    assert "contents: write" in hosted.problems[0]


def test_a_wrong_token_is_a_problem_and_no_question(server: GitServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_ASKPASS", "/bin/false")
    hosted = host(server, LOSS, token="ghs_wrong0s3cr3t9")
    assert "contents: write" in hosted.problems[0]
    assert "ghs_wrong" not in repr(hosted)


def test_a_busy_server_is_asked_again(server: GitServer) -> None:
    server.refusal = 503
    hosted = host(server, LOSS)
    assert server.pushes > 1
    assert "503" in hosted.problems[0]


def test_what_is_no_picture_is_told(server: GitServer) -> None:
    hosted = host(server, LOSS, Figure(name="x", media="image/svg+xml", data=b"<svg/>"))
    assert list(hosted.addresses) == ["loss"]
    assert "image/svg+xml" in hosted.problems[0]


def test_the_token_goes_to_the_server_alone(server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What actions/checkout leaves behind, in the settings of the user and in the environment.
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[http "{server.url}/"]\n\textraheader = Authorization: Basic eHg6eHg=\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE", str(trace))
    monkeypatch.setenv("GIT_TRACE2", str(trace))
    monkeypatch.setenv("GIT_TRACE_CURL", str(trace))
    monkeypatch.setenv("GIT_TRACE_REDACT", "0")
    hosted = host(server, LOSS)
    secret = base64.b64encode(f"x-access-token:{WRITE}".encode()).decode()
    assert hosted.problems == ()
    assert server.credentials == [[f"Basic {secret}"]] * len(server.credentials)
    left = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(WRITE.encode() in data or secret.encode() in data for data in left)


def test_a_proxy_of_the_user_is_kept(server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text("[http]\n\tproxy = http://127.0.0.1:9\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    hosted = host(server, LOSS)
    assert hosted.addresses == {}
    assert server.requests == []


def test_no_token_is_pushed_with_in_the_open(server: GitServer) -> None:
    hosted = host(server, LOSS, server="http://github.example")
    assert "not https" in hosted.problems[0]


def test_what_traces_git_is_off_where_it_is_given_the_token(
    server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(("GIT_TRACE", "GIT_TRACE_CURL", "GIT_TRACE2", "GIT_TRACE2_EVENT", "GIT_TRACE2_PERF")):
        monkeypatch.setenv(name, str(tmp_path / f"trace-{number}"))
    monkeypatch.setenv("GIT_TRACE2_CONFIG_PARAMS", "http.*")
    assert host(server, LOSS).problems == ()
    assert find_tokens(tmp_path) == []
