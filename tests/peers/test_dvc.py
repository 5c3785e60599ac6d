"""DVC itself beside mlbot, on the same repositories: each row of its diffs is in our report, with the same values.

Run it by ``make peers``; it installs DVC in an environment of its own.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
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


METRICS: Files = {"dvc.yaml": "metrics: [out/odd.json]\nplots: [{out/loss.csv: {x: step, y: loss}}]\n"}


def ask_fails(dvc: Path, root: Path, what: str) -> subprocess.CompletedProcess[str]:
    return run(root, dvc, what, "diff", "base", "head", "--all", "--json")


def test_without_the_plugin_of_the_remote(dvc: Path, tmp_path: Path) -> None:
    remote = "[core]\n    remote = far\n['remote \"far\"']\n    url = s3://bucket/path\n"
    base: Files = {**METRICS, ".dvc/config": remote, "params.yaml": "lr: 1\n", "out/odd.json": '{"acc": 0.5}'}
    base["data.csv.dvc"] = "outs: [{md5: 0cc175b9c0f1b6a831c399e269772661, size: 1, path: data.csv}]\n"
    base["out/loss.csv"] = "step,loss\n0,1\n1,0.5\n"
    head: Files = {"params.yaml": "lr: 2\n", "out/odd.json": '{"acc": 0.6}', "out/loss.csv": "step,loss\n0,1\n1,0.4\n"}
    root = make(tmp_path, Case(base=base, head={**base, **head}))
    assert ask_fails(dvc, root, "params").stdout.strip() in ("", "{}"), "DVC no longer drops params.yaml"
    plots = run(root, dvc, "plots", "diff", "base", "head", "--json")
    assert "dvc-s3" in plots.stdout + plots.stderr
    rows = rows_of(ask_mlbot(root))
    assert (rows["params.yaml", "lr"], rows["out/odd.json", "acc"]) == (("1", "2"), (0.5, 0.6))


@pytest.mark.parametrize("side", ["base", "head"])
def test_with_a_broken_dvc_yaml_on_one_side(dvc: Path, tmp_path: Path, side: str) -> None:
    case = Case(base={**METRICS, "out/odd.json": '{"acc": 0.5}'}, head={**METRICS, "out/odd.json": '{"acc": 0.6}'})
    getattr(case, side)["dvc.yaml"] = "metrics: [out/odd.json\nparams: }\n"
    root = make(tmp_path, case)
    assert None in ask_dvc(dvc, root, "metrics")["out/odd.json", "acc"], "DVC no longer shows it as added or removed"
    assert rows_of(ask_mlbot(root))["out/odd.json", "acc"] == (0.5, 0.6)


def test_in_a_clone_of_one_commit(dvc: Path, tmp_path: Path) -> None:
    sides: Iterator[Files] = ({**METRICS, "out/odd.json": f'{{"acc": {acc}}}'} for acc in (0.5, 0.6))
    root = make(tmp_path, Case(base=next(sides), head=next(sides)))
    base = git(root, "rev-parse", "base")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-tags", root.as_uri(), str(clone))
    assert run(clone, dvc, "metrics", "diff", base, "HEAD", "--json").returncode == 255
    assert rows_of(ask_mlbot(clone, base, "HEAD"))["out/odd.json", "acc"] == (0.5, 0.6)


@pytest.mark.parametrize(
    ("base", "head", "ours"),
    [
        ('{"acc": 0.5}', b'\xef\xbb\xbf{"acc": 0.6}', (0.5, 0.6)),
        ('{"acc": NaN}', '{"acc": Infinity}', ("NaN", "Infinity")),
        ('{"acc": 1, "a.b": 1, "a": {"b": 2}}', '{"acc": 2, "a.b": 1, "a": {"b": 2}}', (1, 2)),
    ],
)
def test_files_that_dvc_does_not_read_or_write(
    dvc: Path, tmp_path: Path, base: str, head: str | bytes, ours: Pair
) -> None:
    root = make(tmp_path, Case(base={**METRICS, "out/odd.json": base}, head={**METRICS, "out/odd.json": head}))
    assert not is_sound(ask_fails(dvc, root, "metrics")), "DVC does it right by now"
    assert rows_of(ask_mlbot(root))["out/odd.json", "acc"] == ours


def is_sound(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether DVC shows both values, in JSON as others read it."""
    try:
        row = json.loads(done.stdout, parse_constant=lambda text: pytest.param(text))["out/odd.json"]["acc"]
    except (ValueError, KeyError):
        return False
    return all(isinstance(row[side], int | float) for side in ("old", "new"))


def test_a_template_of_nobody(dvc: Path, tmp_path: Path) -> None:
    plot = "plots: [{a.csv: {x: step, y: loss}}, {b.csv: {x: step, y: loss, template: nowhere}}]\n"
    csv = "step,loss\n0,1\n1,0.5\n"
    files: Files = {"dvc.yaml": plot, "a.csv": csv, "b.csv": csv}
    root = make(tmp_path, Case(base=files, head={**files, "a.csv": csv + "2,0.1\n"}))
    assert run(root, dvc, "plots", "diff", "base", "head", "--json").returncode != 0
    report = ask_mlbot(root)
    assert [one["name"] for one in report["deltas"]] == ["loss", "loss"]
    assert any("b.csv (nowhere)" in note for note in report["notes"])
