"""The whole command in a job of every forge: a process of its own, the library for real, the forge on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cml_bot.forges import FORGES
from tests.forges.every import Case, start
from tests.forges.github_server import start_github
from tests.forges.gitlab_server import start_gitlab
from tests.forges.jobs import job_of
from tests.repositories import commit, git, make_repository, switch
from tests.secrets import NEEDLE
from tests.test_cli import mlbot, write_run

pytestmark = pytest.mark.slow


@pytest.fixture(params=FORGES)
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    with start(request.param) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pull request that is checked out: a run on main, and another on the branch."""
    folder = make_repository(tmp_path / "churn")
    write_run(folder, accuracy=0.89)
    commit(folder)
    switch(folder, "wider")
    write_run(folder, accuracy=0.90)
    commit(folder)
    return folder


def job(case: Case, folder: Path, number: int, **more: str) -> dict[str, str]:
    sha, base = git(folder, "rev-parse", "HEAD"), git(folder, "rev-parse", "main")
    return job_of(case, folder.parent, sha, base, number) | more


def test_two_runs_one_comment_one_mark_each(case: Case, folder: Path) -> None:
    for number, accuracy in ((5001, 0.91), (5002, 0.92), (5003, 0.92)):
        write_run(folder, accuracy=accuracy)
        done = mlbot(folder, "report", "--pictures", "none", **job(case, folder, number))
        assert done.returncode == 0, done.stderr
    assert len(case.bodies) == 1
    assert "**0.92**" in case.bodies[0]
    assert "comment unchanged" in done.stderr
    assert case.server.statuses
    assert [method for method in case.writes() if method in ("PATCH", "PUT")] == case.writes()[2:3]


def test_a_failed_gate_marks_the_commit_and_leaves_1(case: Case, folder: Path) -> None:
    done = mlbot(folder, "report", "--fail-on", "accuracy < 0.99", **job(case, folder, 5001))
    assert done.returncode == 1, done.stderr
    assert "1 gate failed" in case.bodies[0]
    assert "marked as failed" in done.stderr
    assert any("fail" in str(value).lower() for value in case.server.statuses[-1].values())


def test_nothing_is_told_where_nothing_is_wanted(case: Case, folder: Path) -> None:
    done = mlbot(folder, "report", "--comment", "on-failure", "--status", "never", **job(case, folder, 5001))
    assert done.returncode == 0, done.stderr
    assert (case.bodies, case.server.statuses) == ([], [])


def test_a_token_that_may_only_read_costs_the_comment_and_the_mark(case: Case, folder: Path) -> None:
    done = mlbot(folder, "report", **job(case, folder, 5001, MLBOT_TOKEN=case.server.READER))
    assert done.returncode == 0, done.stderr
    assert (case.bodies, case.server.statuses) == ([], [])
    assert "may not" in done.stderr or "scope" in done.stderr
    assert (folder / "mlbot-report" / "report.md").is_file()


def test_a_token_that_is_none_any_more_is_no_missing_right(case: Case, folder: Path) -> None:
    done = mlbot(folder, "report", **job(case, folder, 5001, MLBOT_TOKEN=f"nobody-{NEEDLE}"))
    assert done.returncode == 5, done.stderr
    assert done.stderr.count("the token was not accepted") == 1
    assert (folder / "mlbot-report" / "report.md").is_file()


def test_without_a_token_the_cure_is_told(case: Case, folder: Path) -> None:
    done = mlbot(folder, "report", **job(case, folder, 5001, MLBOT_TOKEN=""))
    assert done.returncode == 0, done.stderr
    assert f"{case.name.upper()}_TOKEN" in done.stderr
    assert case.server.requests == []


def test_a_file_as_a_comment(case: Case, folder: Path) -> None:
    (folder / "notes.md").write_text("# Notes\n\n![confusion](plots/confusion.png)\n")
    for number in (5001, 5002):
        done = mlbot(folder, "comment", "notes.md", "--pictures", "none", **job(case, folder, number))
        assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("http")
    assert case.bodies[0].endswith("# Notes\n\n![confusion](plots/confusion.png)\n")
    assert len(case.writes()) == 1


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_a_review_that_is_named_in_a_ci_that_mlbot_does_not_know(folder: Path, name: str) -> None:
    """On servers of one's own; the commit is asked for."""
    begin = start_github("/api/v3") if name == "github" else start_gitlab()
    with begin as server:
        build = server.build()
        address = f"{server.url.partition('/api/')[0]}/{build.repo}"
        named = {"MLBOT_FORGE": name, "MLBOT_REPO": address, "MLBOT_PULL": "7", "MLBOT_TOKEN": server.WRITER}
        done = mlbot(folder, "report", **named)
        assert done.returncode == 0, done.stderr
        assert f"sha={build.sha}" in server.comments[0].body
        # What is checked out here is not its head.
        assert "under review is" in server.comments[0].body
        assert "not marked" in done.stderr
        assert server.statuses == []


def test_doctor_tells_what_the_token_may_do_and_leaves_nothing(case: Case, folder: Path) -> None:
    for token, answer in ((case.server.WRITER, "yes"), (case.server.READER, "no")):
        done = mlbot(folder, "doctor", **job(case, folder, 5001, MLBOT_TOKEN=token))
        assert done.returncode == 0, done.stderr
        [line] = [line for line in done.stdout.splitlines() if line.startswith("right") and "comment" in line]
        assert f": {answer}" in line, done.stdout
    assert (case.bodies, case.server.statuses, case.server.pictures) == ([], [], {})
