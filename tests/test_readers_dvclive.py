"""What DVCLive leaves in a repository, found once and called alike on both sides: two real trainings."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cml_bot.collect import collect
from cml_bot.config import Config
from cml_bot.job import Job
from cml_bot.model import Build, Report, Run, Trend
from cml_bot.pipeline import make_report
from cml_bot.trees import FolderTree
from tests.repositories import commit, git, make_repository

RUNS = Path(__file__).parent / "runs" / "dvclive"
PICTURES = "dvclive/plots/images"


@pytest.fixture(params=[True, False], ids=["dvc.yaml", "without"])
def runs(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Both trainings, with dvc.yaml and as `Live(dvcyaml=None)` leaves them."""
    shutil.copytree(RUNS, tmp_path / "runs")
    if not request.param:
        for path in (tmp_path / "runs").rglob("dvc.yaml"):
            path.unlink()
    return tmp_path / "runs"


def read(root: Path) -> Run:
    return collect(FolderTree(root, ""), Config())


def compare(root: Path, runs: Path) -> Report:
    make_repository(root)
    for side in ("main", "candidate"):
        shutil.copytree(runs / side, root, dirs_exist_ok=True)
        commit(root)
        git(root, "switch", "--quiet", "--create", f"after-{side}")
    return make_report(Job(root=root, sha="", build=Build(), now=datetime(2026, 11, 24, tzinfo=UTC)), Config())[0]


def test_what_it_says_itself(runs: Path) -> None:
    run = read(runs / "main")
    said = json.loads((RUNS / "main/dvclive/metrics.json").read_text())
    found = {one.name: one.value for one in run.metrics}
    assert found["val.acc"] == said["val"]["acc"]
    assert found["step"] == said["step"]
    courses = {one.name: one for one in run.series}
    assert sorted(courses) == ["train/loss", "val/acc", "val/loss"]
    assert courses["val/acc"].y[-1] == pytest.approx(said["val"]["acc"])
    assert {one.name for one in run.params} >= {"lr", "model.hidden", "train.lr"}
    assert run.broken == ()


def test_each_curve_is_drawn_once(runs: Path) -> None:
    """Its report and the pictures in `static` show the curves again."""
    run = read(runs / "main")
    assert not any("static" in source.path or source.path.endswith("report.md") for source in run.sources)
    assert [one.name for one in run.figures] == [f"{PICTURES}/steps/*.png", f"{PICTURES}/weights.png"]


def test_of_the_pictures_of_each_step_the_last(runs: Path) -> None:
    folder = runs / "main" / PICTURES
    first, last = (folder / "steps/0.png").read_bytes(), (folder / "weights.png").read_bytes()
    for step, data in ((2, first), (9, first), (10, last)):
        (folder / f"steps/{step}.png").write_bytes(data)
    run = read(runs / "main")
    assert {one.name: one.data for one in run.figures}[f"{PICTURES}/steps/*.png"] == last
    assert not any("steps" in note for note in run.notes)


def test_both_sides_have_the_same_names(runs: Path, tmp_path: Path) -> None:
    (runs / "candidate" / PICTURES / "steps/0.png").rename(runs / "candidate" / PICTURES / "steps/7.png")
    report = compare(tmp_path / "work", runs)
    assert not {delta.key for delta in report.deltas if delta.trend in (Trend.NEW, Trend.GONE)}
    # val.acc of metrics.json, val/acc of its course.
    assert [delta.key.name for delta in report.deltas if "acc" in delta.key.name] == ["val.acc"]
    assert all(curve.head and curve.base for curve in report.curves)
    assert all(chart.head and chart.base for chart in report.charts)
    assert all(figure.head and figure.base for figure in report.figures)
    assert {"lr", "model.hidden"} <= {param.key.name for param in report.params if param.head and param.base}


def test_what_both_sides_leave_out_is_said_once(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    shutil.copytree(RUNS, runs)
    for path in runs.rglob("dvc.yaml"):
        path.unlink()
    (note,) = (note for note in compare(tmp_path / "work", runs).notes if "importance" in note)
    assert note.startswith("on both sides: dvclive/plots/custom/importance.json: 20 rows")
