"""Whole commands in real terminals: what a person sees, and what is left when they press Ctrl-C."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.ptys import Shown, run_mlbot
from tests.repositories import commit, make_repository

pytestmark = pytest.mark.slow
CURSOR = re.compile(r"\x1b\[\?25[lh]")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Main and a branch of it, with a gate that fails."""
    folder = make_repository(tmp_path / "churn")
    toml = 'fail-on = ["recall < 0.82"]\n'
    commit(folder, {"metrics.json": '{"accuracy": 0.89, "recall": 0.84, "latency_ms": 12.1}', "mlbot.toml": toml})
    (folder / "metrics.json").write_text('{"accuracy": 0.91, "recall": 0.81, "latency_ms": 12.9}')
    return folder


@pytest.fixture
def slow_git(tmp_path: Path) -> dict[str, str]:
    """A git that takes its time, first of all in the search path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f'#!/bin/sh\nsleep "$SLOWLY"\nexec {shutil.which("git")} "$@"\n')
    (folder / "git").chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "SLOWLY": "0.2"}


def of_report(shown: Shown) -> list[str]:
    """The lines of the report; the address of the page behind them may be of any length."""
    return shown.lines[: next(place for place, line in enumerate(shown.lines) if line.startswith("The whole report"))]


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_a_report_fits_the_terminal(repository: Path, columns: int) -> None:
    shown = run_mlbot(repository, "report", columns=columns)
    assert shown.code == 1, shown.text
    lines = of_report(shown)
    assert max(map(cell_len, lines)) <= columns
    assert "\x1b[31m" in shown.text
    assert any("recall ↑" in line for line in lines)
    assert ("   0.84 → 0.81 (−0.03, −3.6\u00a0%)" in lines) is (columns == 40)


def test_a_terminal_that_knows_few_signs(repository: Path) -> None:
    shown = run_mlbot(repository, "report", env={"PYTHONIOENCODING": "ascii", "NO_COLOR": "1"})
    assert shown.code == 1
    assert shown.text.isascii()
    assert any(line.startswith("x gate failed  recall ^ ") for line in shown.lines)
    assert not re.search(r"\x1b\[3", shown.text)


def test_waiting_is_told_and_nothing_of_it_is_left(repository: Path, slow_git: dict[str, str]) -> None:
    shown = run_mlbot(repository, "report", "--format", "terminal", env=slow_git)
    assert shown.code == 1, shown.text
    assert "\rlooking for the run to compare with ..." in shown.text
    assert not any(" ..." in line for line in shown.lines)
    assert shown.lines[1].startswith("❌ churn: 1 gate failed")
    ci = run_mlbot(repository, "report", "--format", "terminal", env={**slow_git, "CI": "true"})
    assert " ..." not in ci.text
    assert "\x1b" not in ci.text


def test_ctrl_c_leaves_a_clean_terminal(repository: Path, slow_git: dict[str, str]) -> None:
    slow = {**slow_git, "SLOWLY": "1"}
    shown = run_mlbot(repository, "report", env=slow, stop_after="looking for the run to compare with ...")
    assert shown.code == 130, shown.text
    assert not CURSOR.search(shown.text)
    assert shown.lines[-2:] == ["mlbot: interrupted.", ""]
    assert not any(" ..." in line for line in shown.lines)


def test_doctor_fits_the_terminal(repository: Path) -> None:
    shown = run_mlbot(repository, "doctor", columns=60)
    assert shown.code == 0
    assert max(map(cell_len, shown.lines)) <= 60
    assert any(line.startswith("records     none on mlbot/report") for line in shown.lines)
    place = next(place for place, line in enumerate(shown.lines) if line.startswith("records"))
    assert shown.lines[place + 1].startswith(" " * 12)
