from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from cml_bot.baselines import folder, git_files
from cml_bot.errors import BaselineError, ConfigError
from cml_bot.model import Base, Metric
from tests import repositories as real
from tests.baselines import CI, LAPTOP, accuracy, load, load_nothing, read


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return real.make_repository(tmp_path / "work")


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Git writes there what it is asked, one line a process."""
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    return tmp_path / "trace"


class TestOnALaptop:
    def test_a_branch_of_several_commits(self, repository: Path, trace: Path) -> None:
        base = real.commit(repository, accuracy(0.5))
        real.switch(repository, "topic")
        for value in (0.6, 0.7, 0.8):
            real.commit(repository, accuracy(value))
        before = real.read_state(repository)
        assert load(repository) == (base, "the merge base with main", 0.5)
        assert real.read_state(repository) == before
        # With one more to find the top: six for a whole report.
        assert len(re.findall("built-in: git", trace.read_text())) <= 5

    def test_what_the_side_says(self, repository: Path) -> None:
        real.commit(repository, accuracy(0.5))
        real.switch(repository, "topic")
        real.commit(repository, accuracy(0.6))
        found = git_files.load(repository, CI, "", read, "report")
        assert isinstance(found, Base)
        assert found.side.label == "main"

    def test_on_main(self, repository: Path, trace: Path) -> None:
        first = real.commit(repository, accuracy(0.5))
        second = real.commit(repository, accuracy(0.6))
        assert load(repository) == (first, "the commit before, on main", 0.5)
        (repository / "untracked.txt").write_text("does not count")
        assert load(repository) == (first, "the commit before, on main", 0.5)
        (repository / "metrics.json").write_text('{"accuracy": 0.7}')
        trace.unlink()
        assert load(repository) == (second, "the last commit, on main", 0.6)
        assert len(re.findall("built-in: git", trace.read_text())) <= 6

    def test_in_ci_a_trained_model_is_no_reason_to_compare_with_itself(self, repository: Path) -> None:
        first = real.commit(repository, accuracy(0.5))
        real.commit(repository, accuracy(0.6))
        (repository / "metrics.json").write_text('{"accuracy": 0.7}')
        assert load(repository, replace(CI, on_main=True)) == (first, "the commit before, on main", 0.5)

    def test_commits_of_main_that_are_not_pushed(self, repository: Path) -> None:
        pushed = real.commit(repository, accuracy(0.5))
        real.git(repository, "update-ref", "refs/remotes/origin/main", pushed)
        local = real.commit(repository, accuracy(0.6))
        real.commit(repository, accuracy(0.7))
        assert load(repository)[0] == local

    def test_a_detached_head(self, repository: Path) -> None:
        base = real.commit(repository, accuracy(0.5))
        real.git(repository, "switch", "--quiet", "--detach")
        real.commit(repository, accuracy(0.6))
        assert load(repository) == (base, "the merge base with main", 0.5)

    def test_a_default_branch_of_another_name(self, tmp_path: Path) -> None:
        repository = real.make_repository(tmp_path / "work", "release/next")
        base = real.commit(repository, accuracy(0.5))
        clone = real.clone(real.publish(repository, tmp_path / "remote.git"), tmp_path / "clone")
        real.switch(clone, "topic")
        real.commit(clone, accuracy(0.6))
        assert load(clone) == (base, "the merge base with release/next", 0.5)

    def test_a_folder_below_the_top(self, repository: Path) -> None:
        base = real.commit(repository, {"a/metrics.json": '{"x": 1}', "b c/metrics.json": '{"x": 2}'})
        real.switch(repository, "topic")
        real.commit(repository, {"a/metrics.json": '{"x": 3}', "new/metrics.json": '{"x": 4}'})
        assert load(repository / "b c") == (base, "the merge base with main", 2)
        assert "nothing to report on is committed" in load_nothing(repository / "new")

    def test_names_with_spaces_and_letters_of_all_kinds(self, repository: Path) -> None:
        path = "ergebnisse für Ü/σ 1/my metrics.json"
        real.commit(repository, {path: '{"x": 1}'})
        real.switch(repository, "ветка")
        real.commit(repository, {path: '{"x": 2}'})
        found = git_files.load(repository, LAPTOP, "", read, "report")
        assert isinstance(found, Base)
        assert found.run.metrics == (Metric(name="x", group=path, values=(1,)),)

    def test_a_thousand_files_by_one_process(self, repository: Path, trace: Path) -> None:
        real.commit(repository, {f"{n // 100}/{n}-metrics.json": json.dumps({"x": n}) for n in range(1000)})
        real.switch(repository, "topic")
        real.commit(repository)
        found = git_files.load(repository, LAPTOP, "", read, "report")
        assert isinstance(found, Base)
        assert len(found.run.metrics) == 1000
        assert trace.read_text().count("git cat-file") == 1


class TestNoBase:
    def test_no_repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
        assert load_nothing(tmp_path) == "this is not a git repository"
        with pytest.raises(ConfigError, match="main cannot be looked for: this is not a git repository"):
            load(tmp_path, wanted="main")

    def test_no_commit(self, repository: Path) -> None:
        assert load_nothing(repository) == "the repository has no commit yet"

    def test_one_commit(self, repository: Path) -> None:
        real.commit(repository, accuracy(0.5))
        assert load_nothing(repository) == "this is the first commit of main"
        assert load_nothing(repository, replace(CI, on_main=True)) == "this is the first commit of main"

    def test_no_main(self, tmp_path: Path) -> None:
        repository = real.make_repository(tmp_path / "work", "odd")
        real.commit(repository, accuracy(0.5))
        assert load_nothing(repository) == (
            "there is no branch main or master, and origin names no other; name one with --against"
        )

    def test_nothing_committed_there(self, repository: Path) -> None:
        base = real.commit(repository, {"a": "1"})
        real.switch(repository, "topic")
        real.commit(repository, accuracy(0.5))
        words = "the merge base with main"
        assert load_nothing(repository) == f"nothing to report on is committed at {words} ({base[:7]})"

    def test_histories_that_do_not_meet(self, repository: Path) -> None:
        base = real.commit(repository, accuracy(0.5))
        real.git(repository, "switch", "--quiet", "--orphan", "topic")
        real.commit(repository, accuracy(0.6))
        assert load_nothing(repository) == "this branch and main have no commit in common"
        named = replace(CI, pull=1, base_sha=base)
        assert load(repository, named) == (base, "the base that the pull request names", 0.5)
        assert load(repository, replace(named, pull=None))[1] == "the base that the build names"
        assert load_nothing(repository, replace(named, base_sha="0" * 40)).endswith("in common")

    def test_a_branch_that_nobody_has(self, repository: Path) -> None:
        real.commit(repository, accuracy(0.5))
        assert load_nothing(repository, replace(CI, base_branch="gone")) == (
            "gone is not here and could not be fetched (there is no remote called origin). "
            "In CI, check out the whole history (`fetch-depth: 0`)"
        )

    def test_a_broken_repository_is_an_error(self, repository: Path) -> None:
        base = real.commit(repository, accuracy(0.5))
        real.switch(repository, "topic")
        real.commit(repository, accuracy(0.6))
        tree = real.git(repository, "rev-parse", f"{base}^{{tree}}")
        (repository / ".git/objects" / tree[:2] / tree[2:]).unlink()
        with pytest.raises(BaselineError, match="git ls-tree: "):
            load(repository)


class TestFolder:
    def test_relative_and_absolute(self, tmp_path: Path) -> None:
        other = tmp_path / "runs" / "best"
        other.mkdir(parents=True)
        (other / "metrics.json").write_text('{"accuracy": 0.5}')
        for wanted in ("runs/best", "runs/best/", str(other), "./runs/../runs/best"):
            found = folder.load(tmp_path, LAPTOP, wanted, read, "report")
            assert isinstance(found, Base)
            assert found.run.metrics[0].value == 0.5
            assert (found.side.kind, found.side.label, found.side.sha) == ("folder", "best", "")
            assert found.side.source == f"the folder {wanted}"

    def test_outside_the_workspace(self, tmp_path: Path) -> None:
        (tmp_path / "work").mkdir()
        (tmp_path / "metrics.json").write_text('{"accuracy": 0.5}')
        assert isinstance(folder.load(tmp_path / "work", LAPTOP, "..", read, "report"), Base)

    def test_missing(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(ConfigError, match="baseline: runs does not exist"):
            folder.load(tmp_path, LAPTOP, "runs", read, "report")
        with pytest.raises(BaselineError, match="file: is not JSON"):
            folder.load(tmp_path, LAPTOP, "file", read, "report")
        assert folder.load(tmp_path, LAPTOP, "", read, "report") == "no folder was named"
