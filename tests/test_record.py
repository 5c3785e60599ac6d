"""Writing records: real repositories, and git's own server over HTTP."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cml_bot.charts import MOST_CLASSES, MOST_POINTS, count_numbers
from cml_bot.config import Config
from cml_bot.errors import ForbiddenError, InputError, PublishError
from cml_bot.job import Job
from cml_bot.model import Build, Figure, Metric, Run, Series, Source
from cml_bot.records.log import branch_of
from cml_bot.records.write import POINTS, Kept, find_objection, record
from tests import repositories as real
from tests.baselines import CI, LAPTOP
from tests.charts import cloud, confusion
from tests.git_server import GitServer, serve
from tests.records import BRANCH, ci_variables, recorded
from tests.test_cli import mlbot

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RIGHT = r"contents: write.*persist-credentials"


def make_job(root: Path, build: Build = LAPTOP) -> Job:
    sha = real.git(root, "rev-parse", "HEAD")
    return Job(root=root, sha=sha, build=replace(build, sha=sha) if build.forge else build, now=NOW)


def make_run(job: Job, accuracy: float = 0.9, **more: object) -> Run:
    run = Run(sha=job.sha, created="2026-11-20T12:00:00Z", metrics=(Metric(name="accuracy", values=(accuracy,)),))
    return replace(run, **more)  # type: ignore[arg-type]


def keep(job: Job, accuracy: float = 0.9, name: str = "report", **more: object) -> Kept:
    return record(job, Config(name=name), make_run(job, accuracy, **more), seconds=20)


MAIN = replace(CI, on_main=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    repository = real.make_repository(tmp_path / "work")
    real.commit(repository, {"train.py": "x"})
    real.commit(repository, {"train.py": "y"})
    return repository


@pytest.fixture
def server(tmp_path: Path, repository: Path) -> Iterator[GitServer]:
    real.publish(repository, tmp_path / "remote.git")
    real.git(tmp_path / "remote.git", "config", "http.receivepack", "true")
    with serve(tmp_path) as server:
        yield server


@pytest.fixture
def clone(tmp_path: Path, server: GitServer) -> Path:
    return real.clone(server.address(), tmp_path / "clone", "--depth=1")


class TestInCi:
    def test_a_record_and_the_next(self, tmp_path: Path, clone: Path) -> None:
        before = real.read_state(clone)
        job = make_job(clone, MAIN)
        kept = [keep(job, 0.8), keep(job, 0.9)]
        remote = tmp_path / "remote.git"
        assert [run.metrics[0].value for run in recorded(remote)] == [0.8, 0.9]
        assert real.git(remote, "rev-list", BRANCH).split() == [kept[1].commit, kept[0].commit]
        assert real.git(remote, "ls-tree", "-r", "--name-only", BRANCH) == "run.json"
        assert real.read_state(clone) == before

    def test_the_message(self, tmp_path: Path, clone: Path) -> None:
        job = make_job(clone, MAIN)
        metrics = (Metric(name="f1\nRun-Of: 1\n@eve", values=(0.5, 0.7)), Metric(name="fixes #1", values=(131500,)))
        record(job, Config(), make_run(job, metrics=metrics, build_url="https://ci.example/1"), seconds=20)
        shown = real.git(tmp_path / "remote.git", "log", "--format=%an %ae %ad%n%B", "--date=iso-strict", BRANCH)
        who, subject, _, *lines = shown.split("\n")
        assert who == "mlbot mlbot@mlbot.invalid 2026-11-20T12:00:00+00:00"
        assert subject.startswith(f"{job.sha[:7]}: f1 Run-Of: 1 @")
        assert subject.endswith("[skip ci]")
        assert lines[1].replace("\u2060", "") == "  fixes #1 131\u202f500"
        assert "@eve" not in shown
        assert "#1" not in shown
        assert [line for line in lines if line.startswith("Run-Of: ")] == [f"Run-Of: {job.sha}"]
        assert "https://ci.example/1" in lines

    def test_an_identical_run_is_recorded_once(self, tmp_path: Path, clone: Path) -> None:
        job = make_job(clone, MAIN)
        first = keep(job, 0.8)
        again = keep(job, 0.8, created="2026-11-21T12:00:00Z", build_url="https://ci.example/2")
        assert (again.is_new, again.commit) == (False, first.commit)
        assert keep(job, 0.9).is_new
        # The last one of this commit says something else.
        assert keep(job, 0.8).is_new
        other = replace(job, sha="1" * 40)
        assert keep(other, 0.8).is_new
        assert not keep(job, 0.8).is_new
        assert len(recorded(tmp_path / "remote.git")) == 4

    def test_what_is_not_kept(self, tmp_path: Path, clone: Path) -> None:
        job = make_job(clone, MAIN)
        series = Series(name="loss", x=tuple(range(2000)), y=tuple(float(n % 7) for n in range(2000)))
        figures = (Figure(name="a.png", media="image/png", data=b"x"),)
        keep(job, series=(series,), charts=(cloud(2000, 1), confusion(300, 1)), figures=figures, metrics=())
        [run] = recorded(tmp_path / "remote.git")
        assert list(map(count_numbers, run.charts)) == [MOST_POINTS, MOST_CLASSES**2]
        assert run.figures == ()
        assert len(run.series[0].y) == POINTS
        assert run.series[0].mean == pytest.approx(sum(series.y) / 2000)
        with pytest.raises(InputError, match=r"9\.\d MiB, and a record may have 8"):
            keep(job, notes=("x" * 9_500_000,))
        with pytest.raises(InputError, match="no metrics and no curves"):
            keep(job, metrics=())
        assert len(recorded(tmp_path / "remote.git")) == 1

    def test_odd_names_have_their_own_branch(self, tmp_path: Path, clone: Path) -> None:
        job = make_job(clone, MAIN)
        name = "my model/ä..b.lock"
        assert keep(job, name=name).branch == branch_of(name)
        assert keep(job, name="my model").is_new
        assert len(recorded(tmp_path / "remote.git", branch_of(name))) == 1

    def test_another_was_quicker(self, tmp_path: Path, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A hook of the remote, which writes a record of its own at the last moment."""
        remote = tmp_path / "remote.git"
        keep(make_job(clone, MAIN), 0.7)
        tree = real.git(remote, "rev-parse", f"{BRANCH}^{{tree}}")
        other = real.git(remote, "commit-tree", tree, "-p", BRANCH, "-m", "theirs")
        hook = remote / "hooks" / "pre-receive"
        # Once; out of the quarantine in which a hook may not write.
        hook.write_text(
            f"#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit update-ref refs/heads/{BRANCH} {other}\nrm {hook}\n"
        )
        hook.chmod(0o755)
        kept = keep(make_job(clone, MAIN), 0.8)
        assert real.git(remote, "rev-list", BRANCH).split()[:2] == [kept.commit, other]

    def test_it_gives_up_after_its_time(self, tmp_path: Path, clone: Path) -> None:
        remote = tmp_path / "remote.git"
        (remote / "refs" / "heads" / "mlbot").mkdir()
        (remote / "refs" / "heads" / f"{BRANCH}.lock").touch()
        job = make_job(clone, MAIN)
        with pytest.raises(PublishError, match=r"mlbot/report: could not be written within 1 s.*record. again"):
            record(job, Config(), make_run(job), seconds=1)

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_token_that_may_not_push(self, server: GitServer, clone: Path, status: int) -> None:
        server.refusal = status
        with pytest.raises(ForbiddenError, match=RIGHT):
            keep(make_job(clone, MAIN))
        assert server.pushes <= 2

    def test_a_repository_that_is_called_like_a_refusal(self, tmp_path: Path, server: GitServer, clone: Path) -> None:
        (tmp_path / "remote.git").rename(tmp_path / "permission denied 403.git")
        remote = tmp_path / "permission denied 403.git"
        real.git(clone, "remote", "set-url", "origin", server.address("permission%20denied%20403.git"))
        job = make_job(clone, MAIN)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda n: keep(job, n / 10, name="not allowed"), range(3)))
        assert len(recorded(remote, "mlbot/not%20allowed")) == 3

    @pytest.mark.parametrize("said", ["GH006: Protected branch update failed", "no"])
    def test_a_branch_that_is_protected(self, tmp_path: Path, server: GitServer, clone: Path, said: str) -> None:
        hook = tmp_path / "remote.git" / "hooks" / "pre-receive"
        hook.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
        hook.chmod(0o755)
        with pytest.raises(ForbiddenError, match=f"hook declined: {said}.*{RIGHT}"):
            keep(make_job(clone, MAIN))

    def test_a_branch_that_is_in_the_way(self, tmp_path: Path, clone: Path) -> None:
        real.git(tmp_path / "remote.git", "branch", "mlbot", "main")
        with pytest.raises(PublishError, match=r"'refs/heads/mlbot' exists.*another name"):
            keep(make_job(clone, MAIN))

    def test_a_remote_that_is_gone(self, tmp_path: Path, clone: Path) -> None:
        real.git(clone, "remote", "set-url", "origin", (tmp_path / "gone").as_uri())
        with pytest.raises(PublishError, match=r"git fetch: .*gone"):
            keep(make_job(clone, MAIN))
        real.git(clone, "remote", "remove", "origin")
        with pytest.raises(PublishError, match="no remote called origin"):
            keep(make_job(clone, MAIN))

    def test_a_longer_history_than_is_fetched(self, tmp_path: Path, clone: Path) -> None:
        job = make_job(clone, MAIN)
        for n in range(3):
            keep(job, n / 10)
        remote = tmp_path / "remote.git"
        real.commit_many(remote, 120, BRANCH)
        keep(job, 0.9)
        assert real.git(remote, "rev-list", "--count", BRANCH) == "124"


class TestOnALaptop:
    def test_a_branch_here_and_nothing_else(self, repository: Path) -> None:
        before = real.read_state(repository)
        job = make_job(repository)
        for value in (0.8, 0.8, 0.9):
            keep(job, value)
        assert [run.metrics[0].value for run in recorded(repository)] == [0.8, 0.9]
        assert changed(before, real.read_state(repository)) == {f".git/refs/heads/{BRANCH}"}

    def test_no_hook_runs(self, tmp_path: Path, repository: Path) -> None:
        for name in ("reference-transaction", "post-commit", "pre-push", "post-update"):
            hook = repository / ".git" / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran-{name}\n")
            hook.chmod(0o755)
        keep(make_job(repository))
        assert list(tmp_path.glob("ran-*")) == []

    def test_it_goes_on_from_origin(self, repository: Path) -> None:
        job = make_job(repository)
        first = keep(job, 0.8)
        real.git(repository, "update-ref", f"refs/remotes/origin/{BRANCH}", first.commit)
        real.git(repository, "update-ref", "-d", f"refs/heads/{BRANCH}")
        assert not keep(job, 0.8).is_new
        assert real.git(repository, "rev-parse", f"{keep(job, 0.9).commit}^") == first.commit

    def test_others_at_the_same_moment(self, repository: Path) -> None:
        job = make_job(repository)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: keep(job, n / 10), range(8)))
        assert sorted(run.metrics[0].value for run in recorded(repository)) == [n / 10 for n in range(8)]

    def test_a_branch_that_is_in_the_way(self, repository: Path) -> None:
        real.git(repository, "branch", "mlbot")
        with pytest.raises(PublishError, match=r"'refs/heads/mlbot' exists.*another name"):
            keep(make_job(repository))


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    """The files that differ, without new objects."""
    paths = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return {path for path in paths if path in before or not path.startswith(".git/objects/")}


class TestWhoMay:
    @pytest.mark.parametrize(
        "build",
        [
            replace(CI, pull=1),
            replace(CI, pull=1, is_fork=True),
            replace(CI, on_main=True, is_fork=True),
            replace(CI, on_main=True, pull=1),
            replace(CI, branch="topic"),
        ],
    )
    def test_only_builds_of_main(self, repository: Path, build: Build) -> None:
        assert "only runs of the default branch" in objection_to(make_job(repository, build))
        assert find_objection(make_job(repository, MAIN)) is None

    def test_another_commit_than_the_build_is_of(self, repository: Path) -> None:
        job = make_job(repository, MAIN)
        assert "is checked out" in objection_to(replace(job, build=replace(job.build, sha="1" * 40)))

    def test_on_a_laptop(self, repository: Path) -> None:
        job = make_job(repository)
        assert find_objection(job) is None
        assert "another revision" in objection_to(replace(job, head="HEAD~1"))
        assert "no commit" in objection_to(replace(job, sha=""))
        (repository / "new.txt").write_text("x")
        assert find_objection(job) is None
        (repository / "train.py").write_text("z")
        assert "train.py differs from the commit" in objection_to(job)
        real.switch(repository, "topic")
        assert "this is topic" in objection_to(job)
        real.git(repository, "switch", "--quiet", "--detach")
        assert "this is no branch" in objection_to(job)

    def test_numbers_that_another_branch_left_lying(self, repository: Path) -> None:
        job = make_job(repository)
        (repository / ".gitignore").write_text("metrics.json\n")
        real.commit(repository)
        left = Run(sha=job.sha, sources=(Source(path="metrics.json", why="x"), Source(path="train.py", why="x")))
        (repository / "metrics.json").write_text("{}")
        assert find_objection(job, left) is None
        os.utime(repository / "metrics.json", (0, 0))
        found = find_objection(job, left)
        assert found is not None
        assert "metrics.json is older than this checkout" in found.what

    def test_a_report_on_main_says_why_it_keeps_nothing(self, repository: Path) -> None:
        (repository / "metrics.json").write_text('{"accuracy": 0.9}')
        (repository / "train.py").write_text("z")
        done = mlbot(repository, "report")
        assert (done.returncode, "not recorded: train.py differs from the commit" in done.stderr) == (0, True)


def objection_to(job: Job) -> str:
    found = find_objection(job)
    return found.what if found else ""


@pytest.mark.slow
class TestCommands:
    def test_report_on_main_records_by_itself(self, tmp_path: Path, server: GitServer, clone: Path) -> None:
        (clone / "metrics.json").write_text('{"accuracy": 0.9}')
        env = ci_variables(real.git(clone, "rev-parse", "HEAD"), tmp_path)
        done = mlbot(clone, "report", **env)
        assert done.returncode == 0, done.stderr
        assert re.search(r"mlbot: recorded as [0-9a-f]{7} on mlbot/report\n", done.stderr)
        assert [run.metrics[0].value for run in recorded(tmp_path / "remote.git")] == [0.9]
        done = mlbot(clone, "record", **env)
        assert re.fullmatch(r"recorded already as \w{7} on mlbot/report: 1 metric, 0 curves of \w{7}\n", done.stdout)
        (clone / "metrics.json").write_text('{"accuracy": 0.8}')
        assert mlbot(clone, "report", "--no-record", **env).returncode == 0
        assert len(recorded(tmp_path / "remote.git")) == 1
        assert "records     mlbot/report: 1 record, the last of" in mlbot(clone, "doctor", **env).stdout

    def test_a_refusal_costs_a_line_unless_it_was_asked_for(
        self, tmp_path: Path, server: GitServer, clone: Path
    ) -> None:
        (clone / "metrics.json").write_text('{"accuracy": 0.9}')
        env = ci_variables(real.git(clone, "rev-parse", "HEAD"), tmp_path)
        server.refusal = 403
        done = mlbot(clone, "report", **env)
        assert done.returncode == 0
        assert re.search(rf"^mlbot: not recorded: .*403.*{RIGHT}", done.stderr, re.MULTILINE)
        for command in (["record"], ["report", "--record"]):
            done = mlbot(clone, *command, **env)
            assert done.returncode == 5
            assert re.search(RIGHT, done.stderr)

    @pytest.mark.parametrize("is_fork", [True, False])
    def test_a_pull_request_never_writes(self, tmp_path: Path, server: GitServer, clone: Path, is_fork: bool) -> None:
        (clone / "metrics.json").write_text('{"accuracy": 0.9}')
        sha = real.git(clone, "rev-parse", "HEAD")
        repo = {"repo": {"id": 2 if is_fork else 1}}
        pull = {"number": 1, "head": {"sha": sha, "ref": "x", **repo}, "base": {"ref": "main", "repo": {"id": 1}}}
        (tmp_path / "event.json").write_text(json.dumps({"number": 1, "pull_request": pull}))
        env = ci_variables(sha, tmp_path, event="pull_request", GITHUB_REF="refs/pull/1/merge")
        done = mlbot(clone, "report", "--no-publish", **env)
        assert done.returncode == 0, done.stderr
        for command in (["record"], ["report", "--record", "--no-publish"]):
            done = mlbot(clone, *command, **env)
            assert done.returncode == 2
            assert "only runs of the default branch are recorded" in done.stderr
        assert server.pushes == 0
        assert BRANCH not in real.git(tmp_path / "remote.git", "for-each-ref")

    def test_by_hand_on_a_laptop(self, repository: Path) -> None:
        done = mlbot(repository, "record", **real.CLEAN)
        assert (done.returncode, "no metrics and no curves" in done.stderr) == (3, True)
        (repository / "metrics.json").write_text('{"accuracy": 0.9}')
        assert mlbot(repository, "record", "--name", "a b", **real.CLEAN).stdout.startswith("recorded as ")
        assert len(recorded(repository, "mlbot/a%20b")) == 1
        real.switch(repository, "topic")
        done = mlbot(repository, "record", **real.CLEAN)
        assert (done.returncode, "this is topic" in done.stderr) == (2, True)

    def test_a_reader_that_leaves_costs_no_record(self, repository: Path) -> None:
        (repository / "metrics.json").write_text('{"accuracy": 0.9}')
        command = f"{sys.executable} -m cml_bot report --record 2>&1 | true; exit ${{PIPESTATUS[0]}}"
        assert subprocess.run(["bash", "-c", command], cwd=repository, env={**os.environ, **real.CLEAN}).returncode == 0
        assert len(recorded(repository)) == 1

    def test_what_is_broken_is_said_and_the_rest_recorded(self, repository: Path) -> None:
        (repository / "mlbot.toml").write_text('sources = ["metrics.json", "gone.json"]')
        (repository / "metrics.json").write_text('{"accuracy": 0.9}')
        done = mlbot(repository, "record", **real.CLEAN)
        assert (done.returncode, "gone.json" in done.stderr) == (3, True)
        [run] = recorded(repository)
        assert run.broken


@pytest.mark.slow
def test_twenty_jobs_at_once(tmp_path: Path, server: GitServer, clone: Path) -> None:
    job = make_job(clone, MAIN)
    code = "import sys; from tests.test_record import *; keep(make_job(Path(sys.argv[1]), MAIN), float(sys.argv[2]))"
    commands = [[sys.executable, "-c", code, str(clone), str(n / 100)] for n in range(20)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    for one in running:
        assert one.wait(timeout=90) == 0, one.stderr and one.stderr.read()
        assert one.stderr is not None
        one.stderr.close()
    remote = tmp_path / "remote.git"
    assert sorted(run.metrics[0].value for run in recorded(remote)) == [n / 100 for n in range(20)]
    assert real.git(remote, "rev-list", "--min-parents=2", "--count", BRANCH) == "0"
    assert job.sha == recorded(remote)[0].sha


@pytest.mark.slow
def test_an_end_at_any_moment_leaves_all_else_as_it_was(repository: Path) -> None:
    """Killed 25 times, at random moments of its half a second."""
    dice = random.Random(20261120)
    (repository / "metrics.json").write_text('{"accuracy": 0.0}')
    before = real.read_state(repository)
    ours = f".git/refs/heads/{BRANCH}"
    for n in range(25):
        (repository / "metrics.json").write_text(f'{{"accuracy": {n}}}')
        before["metrics.json"] = (repository / "metrics.json").read_bytes()
        old = real.git(repository, "for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}")
        one = subprocess.Popen([sys.executable, "-m", "cml_bot", "record"], cwd=repository, env=os.environ | real.CLEAN)
        time.sleep(dice.uniform(0.1, 0.6))
        one.send_signal(signal.SIGKILL)
        one.wait()
        # A git that it had started ends by itself.
        time.sleep(0.2)
        assert changed(before, real.read_state(repository)) <= {ours}
        new = real.git(repository, "for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}")
        assert new == old or real.git(repository, "rev-list", "--max-count=1", "--skip=1", new) == old
        real.git(repository, "fsck", "--strict")
    assert mlbot(repository, "record", **real.CLEAN).returncode == 0
