"""DVC itself beside mlbot, on the same repositories: each row of its diffs is in our report, with the same values.

Run it by ``make peers``; it installs DVC in an environment of its own.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cml_bot.readers._numbers import parse_number
from tests.bench.turns import install
from tests.peers.dvc_cases import CASES, Case, Files, Row
from tests.repositories import CLEAN, commit, git, make_repository

DVC = "dvc==3.67.1"
Pair = tuple[Any, Any]
Rows = dict[Row, Pair]


@pytest.fixture(scope="module")
def dvc() -> Path:
    """The command."""
    return install("dvc", DVC).parent / "dvc"


def make(folder: Path, case: Case) -> Path:
    """A repository of DVC with both commits, tagged `base` and `head`."""
    root = make_repository(folder / "repository")
    ours: Files = {".dvc/config": "", ".dvc/.gitignore": "/tmp\n/cache\n/config.local\n", ".dvcignore": ""}
    commit(root, {**ours, **case.base})
    git(root, "tag", "base")
    for path in case.base.keys() - case.head.keys():
        (root / path).unlink()
    commit(root, case.head)
    git(root, "tag", "head")
    return root


def run(root: Path, *command: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    quiet = {"DVC_NO_ANALYTICS": "1", "DVC_TEST": "1", "HOME": str(root.parent), "CI": ""}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLBOT_", "GITHUB_", "GIT_"))}
    environment = kept | CLEAN | quiet | (env or {})
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def ask_dvc(dvc: Path, root: Path, what: str) -> Rows:
    """What ``dvc metrics diff`` or ``dvc params diff`` shows, unchanged rows too."""
    done = run(root, dvc, what, "diff", "base", "head", "--all", "--json")
    assert done.returncode == 0, done.stderr
    table = json.loads(done.stdout or "{}")
    return {(path, key): (row["old"], row["new"]) for path, rows in table.items() for key, row in rows.items()}


def ask_mlbot(root: Path, against: str = "base", head: str = "head") -> dict[str, Any]:
    command = [sys.executable, "-m", "cml_bot", "report", f"--against={against}", f"--head={head}", "--format=json"]
    done = run(root, *command)
    assert done.returncode in (0, 3), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def rows_of(report: dict[str, Any]) -> Rows:
    """Every metric and parameter of our report, with its value on both sides."""
    rows = {(one["group"], one["name"]): (_value(one["base"]), _value(one["head"])) for one in report["deltas"]}
    rows |= {(one["group"], one["name"]): (one["base"], one["head"]) for one in report["params"]}
    return rows | {(one["group"], one["name"]): (one["value"], one["value"]) for one in report["same_params"]}


def _value(side: dict[str, Any] | None) -> Any:
    return side["value"] if side else None


def is_same(theirs: Any, ours: Any) -> bool:
    """Whether a value of DVC is what we show: a parameter is text as written, null and missing are one for DVC."""
    if theirs is None or theirs == {}:
        return ours in (None, "null", "~", "", "Null", "{}")
    if isinstance(theirs, bool):
        return str(ours).lower() == str(theirs).lower()
    if isinstance(theirs, int | float):
        number = parse_number(ours) if isinstance(ours, str) else ours
        return number is not None and (number == theirs or (math.isnan(number) and math.isnan(theirs)))
    if str(theirs).startswith(("[", "(", "{")):
        # Lists are written as Python writes them there, as YAML does here.
        return plain_list(str(theirs)) == plain_list(str(ours))
    return bool(theirs == ours)


def plain_list(text: str) -> str:
    return text.translate(str.maketrans("({)}", "[[]]", "'\"")).replace(",]", "]").lower()


@pytest.mark.parametrize("name", CASES)
def test_every_row_of_dvc_is_in_the_report(dvc: Path, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    root = make(tmp_path, case)
    theirs = {**ask_dvc(dvc, root, "metrics"), **ask_dvc(dvc, root, "params")}
    ours = rows_of(ask_mlbot(root))
    assert theirs
    differs = {
        row: (pair, ours.get(row))
        for row, pair in theirs.items()
        if row not in ours or not all(map(is_same, pair, ours[row]))
    }
    assert {row: pair for row, pair in differs.items() if row not in case.differs} == {}
    assert set(differs) == set(case.differs), "what is listed as different no longer is"
