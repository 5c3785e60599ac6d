"""Main's run as it was recorded: which record is the base, and what of the log is its history."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cml_bot.as_json import dump_run
from cml_bot.baselines import record as baseline
from cml_bot.errors import BaselineError
from cml_bot.model import Base, Build, Metric, Run
from tests import repositories as real
from tests.baselines import CI, LAPTOP, accuracy, make_pull, read
from tests.records import BRANCH
from tests.test_cli import mlbot

DAY = "2026-11-20T12:00:00Z"


def write_records(repository: Path, rows: Sequence[tuple[str, float]], branch: str = BRANCH) -> list[str]:
    """Record values of commits, in this order; give the commits of the branch."""
    return write_texts(repository, [dump_run(make_run(sha, value)) for sha, value in rows], branch)


def make_run(sha: str, value: float) -> Run:
    return Run(sha=sha, created=DAY, metrics=(Metric(name="accuracy", group="metrics.json", values=(value,)),))


def write_texts(repository: Path, texts: Sequence[str], branch: str = BRANCH) -> list[str]:
    made = []
    for text in texts:
        blob = real.git(repository, "hash-object", "-w", "--stdin", given=text)
        tree = real.git(repository, "mktree", given=f"100644 blob {blob}\trun.json\n")
        ref = f"refs/heads/{branch}"
        tip = real.git(repository, "for-each-ref", "--format=%(objectname)", ref)
        made.append(real.git(repository, "commit-tree", tree, *(("-p", tip) if tip else ()), "-m", "x"))
        real.git(repository, "update-ref", ref, made[-1])
    return made


def load(root: Path, build: Build = LAPTOP, wanted: str = "") -> tuple[str, float, list[float]]:
    """How the base was found, its value, and those of its history."""
    found = baseline.load(root, build, wanted, read, "report")
    assert isinstance(found, Base), found
    assert found.side.kind == "record"
    assert found.side.sha == found.run.sha == found.history[-1].sha
    assert found.run == found.history[-1]
    return found.side.source, found.run.metrics[0].value, [run.metrics[0].value for run in found.history]


def load_nothing(root: Path, build: Build = LAPTOP, wanted: str = "") -> str:
    found = baseline.load(root, build, wanted, read, "report")
    assert isinstance(found, str), found
    return found


@pytest.fixture
def line(tmp_path: Path) -> list[str]:
    """Ten commits of main."""
    repository = real.make_repository(tmp_path / "work")
    real.commit(repository)
    real.commit_many(repository, 9)
    return real.git(repository, "rev-list", "--reverse", "main").split()


@pytest.fixture
def repository(tmp_path: Path, line: list[str]) -> Path:
    """A branch that left main at its seventh commit is checked out."""
    repository = tmp_path / "work"
    real.git(repository, "reset", "--quiet", "--hard")
    real.switch(repository, "topic", line[6])
    real.commit(repository, {"x": "y"})
    return repository


@pytest.fixture(params=["laptop", "full", "shallow", "shallow on a laptop"])
def place(request: pytest.FixtureRequest, tmp_path: Path, repository: Path) -> Iterator[tuple[Path, Build]]:
    """Where the branch is checked out: the repository itself, and clones of it in CI; left as it was."""
    if request.param == "laptop":
        yield repository, LAPTOP
        return
    address = real.publish(repository, tmp_path / "remote.git")
    options = ["--depth=1"] if request.param.startswith("shallow") else []
    clone = real.clone(address, tmp_path / "clone", "--branch=topic", "--single-branch", *options)
    before = real.read_state(clone)
    yield clone, LAPTOP if request.param.endswith("laptop") else CI
    assert real.read_state(clone) == before


def publish_records(repository: Path, place: tuple[Path, Build]) -> None:
    if place[0] != repository:
        real.git(repository, "push", "--quiet", "--force", str(repository.parent / "remote.git"), BRANCH)


class TestBase:
    def test_the_merge_base(self, repository: Path, line: list[str], place: tuple[Path, Build]) -> None:
        write_records(repository, [(sha, n / 10) for n, sha in enumerate(line)])
        publish_records(repository, place)
        words = "the merge base with main, recorded 2026-11-20"
        assert load(*place) == (words, 0.6, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])

    def test_the_nearest_recorded_ancestor(self, repository: Path, line: list[str], place: tuple[Path, Build]) -> None:
        write_records(repository, [(line[n], n / 10) for n in (0, 1, 3, 8, 9)])
        publish_records(repository, place)
        words = f"the nearest recorded ancestor of the merge base with main ({line[6][:7]}), 3 commits before it"
        assert load(*place) == (f"{words}, recorded 2026-11-20", 0.3, [0.0, 0.1, 0.3])

    def test_jobs_that_ended_out_of_order(self, repository: Path, line: list[str], place: tuple[Path, Build]) -> None:
        """Later commits stand before the base in the log, and earlier ones behind it."""
        write_records(repository, [(line[n], n / 10) for n in (2, 1, 8, 5, 7, 6, 9, 4, 3)])
        publish_records(repository, place)
        assert load(*place)[1:] == (0.6, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])

    def test_of_several_runs_of_a_commit_the_last(
        self, repository: Path, line: list[str], place: tuple[Path, Build]
    ) -> None:
        write_records(repository, [(line[5], 0.1), (line[6], 0.2), (line[6], 0.3), (line[5], 0.4), (line[7], 0.5)])
        publish_records(repository, place)
        assert load(*place)[1:] == (0.3, [0.4, 0.3])

    def test_none_before_it(self, repository: Path, line: list[str], place: tuple[Path, Build]) -> None:
        write_records(repository, [(line[8], 0.8), ("1" * 40, 0.1)])
        publish_records(repository, place)
        expected = f"no record is of the merge base with main ({line[6][:7]}), nor of a commit before it"
        assert load_nothing(*place) == expected

    def test_no_branch(self, place: tuple[Path, Build]) -> None:
        assert load_nothing(*place) == "no run of main is recorded yet on mlbot/report"

    def test_only_the_last_fifty_count(self, repository: Path, line: list[str], place: tuple[Path, Build]) -> None:
        write_records(repository, [(line[0], 0.1), (line[6], 0.2)] + [("1" * 40, 0.3)] * 49)
        publish_records(repository, place)
        assert load(*place)[1:] == (0.2, [0.2])

    def test_bad_records_are_named_and_left_out(
        self, repository: Path, line: list[str], place: tuple[Path, Build]
    ) -> None:
        good = dump_run(make_run(line[6], 0.6))
        newer = good.replace('"schema": 1', '"schema": 2')
        nobody = dump_run(make_run("", 0.6))
        texts = [good.replace(line[6], line[4]), good, newer, good[: len(good) // 2], "x", nobody]
        assert newer != good
        write_texts(repository, texts)
        tree = real.git(repository, "mktree", given="")
        tip = real.git(repository, "commit-tree", tree, "-p", BRANCH, "-m", "x")
        real.git(repository, "update-ref", f"refs/heads/{BRANCH}", tip)
        publish_records(repository, place)
        found = baseline.load(*place, "", read, "report")
        assert isinstance(found, Base)
        assert [run.sha for run in found.history] == [line[4], line[6]]
        [note] = found.notes
        assert note.startswith("left out of the records on mlbot/report: ")
        assert note.endswith(" and 2 more")
        assert "is not a run of schema 1 (it says 2)" in note

    def test_a_base_that_cannot_be_read(self, repository: Path, line: list[str], place: tuple[Path, Build]) -> None:
        write_records(repository, [(line[4], 0.4), (line[6], 0.6)])
        write_texts(repository, ["{"])
        publish_records(repository, place)
        assert load(*place)[1:] == (0.6, [0.4, 0.6])

    def test_nothing_that_can_be_read(self, repository: Path, place: tuple[Path, Build]) -> None:
        write_texts(repository, ["{", "["])
        publish_records(repository, place)
        with pytest.raises(BaselineError, match=r"mlbot/report: no record can be read: .*mlbot record"):
            load(*place)

    def test_a_huge_record(self, repository: Path, line: list[str], place: tuple[Path, Build]) -> None:
        write_records(repository, [(line[6], 0.6)])
        write_texts(repository, ["x" * (17 << 20)])
        publish_records(repository, place)
        found = baseline.load(*place, "", read, "report")
        assert isinstance(found, Base)
        assert "(has 17 MiB)" in found.notes[0]


class TestAskedFor:
    def test_the_record_of_a_commit(self, repository: Path, line: list[str], place: tuple[Path, Build]) -> None:
        write_records(repository, [(sha, n / 10) for n, sha in enumerate(line) if n != 5])
        publish_records(repository, place)
        words = "the revision that was asked for, recorded 2026-11-20"
        assert load(*place, line[3]) == (words, 0.3, [0.0, 0.1, 0.2, 0.3])
        assert load(*place, "main")[1] == 0.9
        assert load_nothing(*place, line[5]) == f"there is no record of {line[5]}"
        assert "no commit here is called nothing" in load_nothing(*place, "nothing")

    @pytest.mark.parametrize("wanted", ["mlbot/report~2", "origin/mlbot/report~2", "id"])
    def test_a_record_itself(self, repository: Path, line: list[str], place: tuple[Path, Build], wanted: str) -> None:
        made = write_records(
            repository, [(line[1], 0.0), (line[7], 0.1), (line[1], 0.2), (line[8], 0.3), (line[9], 0.4)]
        )
        publish_records(repository, place)
        name = made[2] if wanted == "id" else wanted
        assert load(*place, name) == (f"the record {name}, recorded 2026-11-20", 0.2, [0.1, 0.2])

    def test_a_record_itself_that_cannot_be_read(
        self, repository: Path, line: list[str], place: tuple[Path, Build]
    ) -> None:
        write_records(repository, [(line[6], 0.6)])
        write_texts(repository, ["{"])
        publish_records(repository, place)
        with pytest.raises(BaselineError, match=r"mlbot/report: the record \w{7} is not JSON"):
            load(*place, BRANCH)


class TestInCi:
    def test_the_merge_commit_of_a_pull_request(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        pull = make_pull(real.make_repository(tmp_path / "work"))
        remote = tmp_path / "remote.git"
        line = real.git(remote, "rev-list", "--reverse", pull.tip).split()
        write_records(remote, [(sha, float(n)) for n, sha in enumerate(line)])
        clone = real.check_out_pull(pull.address, tmp_path / "clone")
        before = real.read_state(clone)
        source, value, history = load(clone, pull.build)
        assert source == "the commit of main that this build was merged with, recorded 2026-11-20"
        assert (value, history) == (float(len(line) - 1), [float(n) for n in range(len(line) - 50, len(line))])
        assert real.read_state(clone) == before

    def test_history_is_not_fetched_where_nothing_is_to_decide(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pull = make_pull(real.make_repository(tmp_path / "work"))
        write_records(tmp_path / "remote.git", [(pull.tip, 0.1), ("1" * 40, 0.2)])
        clone = real.check_out_pull(pull.address, tmp_path / "clone")
        monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
        assert load(clone, pull.build)[1:] == (0.1, [0.1])
        assert (tmp_path / "trace").read_text().count("built-in: git fetch") == 1

    def test_beyond_what_is_fetched_the_log_counts(
        self, tmp_path: Path, repository: Path, line: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cml_bot.records.ancestry.CAP", 50)
        real.git(repository, "switch", "--quiet", "main")
        late = real.commit_many(repository, 100)
        address = real.publish(repository, tmp_path / "remote.git")
        rows = [(line[3], 0.1), (late[5], 0.2), (late[98], 0.3), (late[99], 0.4), (line[4], 0.5)]
        write_records(tmp_path / "remote.git", rows)
        clone = real.clone(address, tmp_path / "clone", "--depth=1", "--branch=main")
        assert load(clone, replace(CI, on_main=True, sha=late[99]))[1:] == (0.3, [0.1, 0.2, 0.3])

    def test_a_remote_that_cannot_be_reached(self, tmp_path: Path, repository: Path) -> None:
        clone = real.clone(real.publish(repository, tmp_path / "remote.git"), tmp_path / "clone")
        real.git(clone, "remote", "set-url", "origin", (tmp_path / "gone").as_uri())
        with pytest.raises(BaselineError, match="git fetch"):
            load(clone, CI)
        assert "could not be fetched" in load_nothing(clone, CI, "main")
        real.git(clone, "remote", "remove", "origin")
        assert load_nothing(clone, CI) == "no run of main is recorded yet on mlbot/report"

    def test_a_partial_clone(self, tmp_path: Path, repository: Path, line: list[str]) -> None:
        write_records(repository, [(sha, n / 10) for n, sha in enumerate(line)])
        address = real.publish(repository, tmp_path / "remote.git")
        clone = real.clone(address, tmp_path / "clone", "--filter=tree:0", "--branch=topic")
        before = real.read_state(clone)
        for build in (CI, LAPTOP):
            assert load(clone, build)[1:] == (0.6, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
        assert real.read_state(clone) == before


class TestOnALaptop:
    def test_what_is_here_and_what_origin_had(self, repository: Path, line: list[str]) -> None:
        theirs = write_records(repository, [(line[2], 0.2), (line[6], 0.6)])
        real.git(repository, "update-ref", f"refs/remotes/origin/{BRANCH}", theirs[-1])
        real.git(repository, "update-ref", f"refs/heads/{BRANCH}", theirs[0])
        write_records(repository, [(line[3], 0.3)])
        assert load(repository)[1:] == (0.6, [0.2, 0.3, 0.6])

    def test_a_side_branch_is_no_nearer_than_main(self, repository: Path, line: list[str]) -> None:
        """Records of what was merged into main later do not count for a base before that."""
        real.git(repository, "switch", "--quiet", "--create", "side", line[2])
        side = real.commit(repository, {"side": "1"})
        real.git(repository, "switch", "--quiet", "main")
        real.git(repository, "merge", "--quiet", "--no-ff", "--message=M", "side")
        merged = real.git(repository, "rev-parse", "main")
        real.switch(repository, "late", merged)
        real.commit(repository, {"late": "1"})
        write_records(repository, [(line[2], 0.2), (side, 0.3), (line[9], 0.9)])
        source, value, history = load(repository)
        assert "1 commit before it" in source
        assert (value, history) == (0.9, [0.2, 0.9])


class TestWhichBaseline:
    """Through the command, where the configuration says which are asked."""

    def write(self, repository: Path, line: list[str]) -> None:
        real.commit(repository, accuracy(0.77))
        real.git(repository, "switch", "--quiet", "main")
        real.git(repository, "reset", "--quiet", "--hard", line[6])
        base = real.commit(repository, accuracy(0.66))
        write_records(repository, [(base, 0.5)])
        real.switch(repository, "next")
        real.commit(repository, accuracy(0.7))

    def base(self, repository: Path, *arguments: str, baseline: str = "auto") -> tuple[str, float]:
        env = {**real.CLEAN, "MLBOT_BASELINE": baseline}
        done = mlbot(repository, "report", "--format", "json", *arguments, **env)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        return report["base"]["kind"], report["deltas"][0]["base"]["value"]

    def test_each(self, repository: Path, line: list[str]) -> None:
        self.write(repository, line)
        assert self.base(repository) == ("record", 0.5)
        assert self.base(repository, baseline="record") == ("record", 0.5)
        assert self.base(repository, baseline="git") == ("git_files", 0.66)
        assert self.base(repository, "--against", "main") == ("record", 0.5)
        assert self.base(repository, "--against", "topic") == ("git_files", 0.77)
        assert self.base(repository, "--against", "main", "--head", "topic") == ("git_files", 0.66)
        assert self.base(repository, "--against", BRANCH) == ("record", 0.5)

    def test_records_that_cannot_be_read(self, repository: Path, line: list[str]) -> None:
        self.write(repository, line)
        real.git(repository, "branch", "--quiet", "--delete", "--force", BRANCH)
        write_texts(repository, ["{"])
        done = mlbot(repository, "report", "--format", "json", **real.CLEAN)
        assert "no record can be read" in json.loads(done.stdout)["notes"][0]
        assert json.loads(done.stdout)["base"]["kind"] == "git_files"
        for arguments, baseline_key in (([], "record"), (["--against", BRANCH], "auto")):
            done = mlbot(repository, "report", *arguments, **real.CLEAN, MLBOT_BASELINE=baseline_key)
            assert done.returncode == 4, done.stderr
            assert "Record main anew" in done.stderr
