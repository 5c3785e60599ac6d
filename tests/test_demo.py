from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cml_bot import demo, demo_train
from cml_bot.demo import BRANCH, build_demo
from cml_bot.errors import ConfigError


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], float]:
    folder = tmp_path_factory.mktemp("demo") / "made" / "here"
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_DIR", str(folder.parent / "elsewhere"))
        patch.setenv("GIT_AUTHOR_NAME", "Somebody Else")
        patch.setenv("GITHUB_TOKEN", "secret")
        start = time.monotonic()
        assert build_demo(folder, said.append) == folder
    return folder, said, time.monotonic() - start


@pytest.mark.slow
class TestBuilt:
    def test_branch_is_checked_out_and_clean(self, built: tuple[Path, list[str], float]) -> None:
        folder, said, _ = built
        assert git(folder, "branch", "--show-current") == BRANCH
        assert git(folder, "status", "--porcelain") == ""
        assert git(folder, "rev-list", "--count", "main") == "10"
        assert git(folder, "rev-list", "--count", f"main..{BRANCH}") == "1"
        assert len(said) == 11

    def test_commits_are_dated_and_by_nobody(self, built: tuple[Path, list[str], float]) -> None:
        days = git(built[0], "log", "--format=%an %cn %aI").splitlines()
        assert days[0] == "mlbot demo mlbot demo 2026-01-20T09:00:00+00:00"
        assert len(set(days)) == 11
        assert git(built[0], "config", "--local", "--list").count("user.") == 0

    def test_every_commit_has_its_own_real_numbers(self, built: tuple[Path, list[str], float]) -> None:
        commits = git(built[0], "rev-list", "HEAD").splitlines()
        metrics = [json.loads(git(built[0], "show", f"{commit}:metrics.json")) for commit in commits]
        assert len({one["val_accuracy"] for one in metrics}) > 8
        assert all(0.3 < one["val_accuracy"] < 1 and 0 < one["worst_digit"]["f1"] < 1 for one in metrics)
        assert metrics[0]["val_accuracy"] > metrics[-1]["val_accuracy"]
        assert metrics[0]["n_parameters"] > metrics[1]["n_parameters"]

    def test_outputs_are_what_trainings_write(self, built: tuple[Path, list[str], float]) -> None:
        folder = built[0]
        files = git(folder, "ls-files").splitlines()
        assert files == ["history.csv", "metrics.json", "params.yaml", "plots/confusion_matrix.png", "train.py"]
        rows = (folder / "history.csv").read_text().splitlines()
        assert rows[0] == "epoch,train_loss,train_accuracy,val_loss,val_accuracy"
        assert len(rows) == 31
        assert (folder / "plots/confusion_matrix.png").read_bytes().startswith(b"\x89PNG")
        changed = git(folder, "diff", "--name-only", "main").splitlines()
        assert changed == [name for name in files if name != "train.py"]

    def test_every_run_of_main_is_recorded(self, built: tuple[Path, list[str], float]) -> None:
        subjects = git(built[0], "log", "--reverse", "--format=%s", "mlbot/report").splitlines()
        commits = git(built[0], "rev-list", "--reverse", "main").splitlines()
        assert [subject[:7] for subject in subjects] == [commit[:7] for commit in commits]

    def test_it_takes_seconds(self, built: tuple[Path, list[str], float]) -> None:
        assert built[2] < 30  # 6 s on two idle cores


def test_children_see_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "CI_JOB_TOKEN", "AWS_SECRET_ACCESS_KEY", "GIT_DIR", "GIT_CONFIG_COUNT"):
        monkeypatch.setenv(name, "x")
    seen = demo._environment()
    assert "x" not in {seen[name] for name in seen if "TOKEN" in name or "GIT" in name or "KEY" in name}
    assert seen["PATH"] == os.environ["PATH"]
    assert seen["OMP_NUM_THREADS"] == "1"


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"not an empty folder\. Choose another one"):
        build_demo(tmp_path)
    with pytest.raises(ConfigError, match="not an empty folder"):
        build_demo(tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_without_scikit_learn_the_cure_is_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ConfigError) as caught:
        build_demo(tmp_path / "new")
    assert "`pip install scikit-learn`" in caught.value.cure
    assert not (tmp_path / "new").exists()


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="git is not installed"):
        build_demo(tmp_path / "new")


def test_a_training_that_fails_is_told(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("raise SystemExit('no data')")
    with pytest.raises(ConfigError, match=r"the training failed\. See why"), demo._open_trainer(tmp_path) as train:
        train()


def test_the_script_knows_nothing_of_mlbot() -> None:
    tree = ast.parse(Path(demo_train.__file__).read_text())
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert not any(module.startswith("cml_bot") for module in modules)
