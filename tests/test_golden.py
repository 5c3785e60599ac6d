"""Whole reports, as a person has looked at them. `make golden` writes them anew; look at the difference."""

from __future__ import annotations

import json
import math
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cml_bot.as_json import dump_report
from cml_bot.draw import describe_curve
from cml_bot.model import (
    Build,
    Curve,
    Evidence,
    Figure,
    FigurePair,
    Goal,
    Key,
    ParamDelta,
    Part,
    Report,
    Rule,
    Run,
    Series,
    Source,
    Waiver,
)
from cml_bot.render import Drawn, draw_figures, render, render_html
from cml_bot.terminal import render_terminal
from tests.making import make_metric, make_report, make_run

PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
"""One pixel: what matplotlib draws differs between its versions."""
GOLDEN = Path(__file__).parent / "golden"
NAMES = json.loads((Path(__file__).parent / "names.json").read_text())
BUILD = Build(
    forge="github",
    server="https://github.com",
    repo="acme/churn",
    sha="a1b2c3d" + "0" * 33,
    pull=7,
    url="https://github.com/acme/churn/actions/runs/812345",
    run_id="812345.1",
)


def picture(name: str) -> Figure:
    return Figure(name=name, media="image/png", data=PNG)


def course(name: str, *ys: float) -> Series:
    return Series(name=name, x=tuple(map(float, range(len(ys)))), y=ys, group="history.csv", x_label="epoch")


def plain() -> Report:
    head = make_run(accuracy=0.9034, f1=0.871, val_loss=0.310, train_seconds=71.2, n_test=2000)
    base = make_run(accuracy=0.8912, f1=0.871, val_loss=0.352, train_seconds=70.1, n_test=2000)
    report = make_report(head, base, build=BUILD)
    return replace(
        report,
        params=(ParamDelta(key=Key("params.yaml", "lr"), head="0.003", base="1e-2"),),
        curves=(
            Curve(
                key=Key("history.csv", "val/loss"),
                head=course("val/loss", 0.9, 0.6, 0.4, 0.31),
                base=course("val/loss", 0.9, 0.7, 0.5, 0.352),
            ),
        ),
        figures=(
            FigurePair(
                name="plots/confusion.png",
                head=picture("plots/confusion.png"),
                base=picture("plots/confusion.png"),
            ),
        ),
        sources=(
            Source(path="metrics.json", why="a well-known name"),
            Source(path="params.yaml", why="a well-known name", part=Part.PARAMS),
        ),
    )


def verdicts() -> Report:
    """Every trend there is, as the noise band will give them."""
    report = make_report(
        make_run(recall=0.801, accuracy=0.9034, latency_ms=12.9, brier=0.1, drift=0.3, new=1.0),
        make_run(recall=0.842, accuracy=0.8912, latency_ms=12.1, brier=0.1, drift=0.2, old=2.0),
        fail_on=("recall regressed", "accuracy < 0.8"),
        rules=(Rule(pattern="drift", goal=Goal.NONE),),
        build=BUILD,
    )
    real = {
        "recall": "outside the noise of the last 20 runs on main (±0.011)",
        "accuracy": "outside the noise of the last 20 runs on main (±0.0040)",
        "drift": "",
    }
    deltas = tuple(
        replace(delta, evidence=Evidence(method="prediction interval", is_real=True, note=real[delta.key.name]))
        if delta.key.name in real
        else delta
        for delta in report.deltas
    )
    from cml_bot.judge import judge
    from tests.making import TODAY

    gates = [check.gate for check in report.verdict.checks]
    return replace(report, deltas=deltas, verdict=judge(deltas, gates, (), TODAY))


def gates() -> Report:
    return make_report(
        make_run(recall=0.801, accuracy=0.9034, loss=math.nan),
        make_run(recall=0.842, accuracy=0.8912, loss=0.3),
        fail_on=("recall < 0.85", "loss < 1", "f1 < 0.5", "accuracy < 0.5"),
        warn_on=("accuracy change > 1%",),
        waivers=(Waiver(gate="recall < 0.85", reason="new label policy, see #41", until=date(2026, 12, 31)),),
        build=BUILD,
    )


def first_run() -> Report:
    report = make_report(make_run(accuracy=0.9, val_loss=0.3), None, build=BUILD)
    source = "nothing to report on is committed at the merge base with main (9f8e7d6)"
    return replace(report, base=replace(report.base, source=source))


def nothing_found() -> Report:
    return make_report(Run(), None, build=BUILD)


def all_same() -> Report:
    run = make_run(accuracy=0.9, recall=0.8, val_loss=0.3)
    return make_report(run, run, build=BUILD)


def hostile() -> Report:
    """Names that try to break out; the same list that the escaping is tested with."""
    head = Run(metrics=tuple(make_metric(name, 0.5 + number) for number, name in enumerate(NAMES)))
    base = Run(metrics=tuple(make_metric(name, 0.25) for name in NAMES))
    report = make_report(head, base, fail_on=tuple(f"{name} < 100" for name in NAMES[:3]), title=NAMES[-1], build=BUILD)
    return replace(
        report,
        notes=tuple(NAMES),
        broken=tuple(NAMES[:4]),
        params=tuple(ParamDelta(key=Key("p", name), head=name, base=None) for name in NAMES),
        figures=tuple(
            FigurePair(name=name, head=picture(name), base=picture(name) if number % 2 else None)
            for number, name in enumerate(NAMES)
        ),
        curves=tuple(Curve(key=Key("h", name), head=course(name, 0.5, 0.25), base=None) for name in NAMES[6:9]),
        sources=tuple(Source(path=name, why=name) for name in NAMES),
        base=replace(report.base, label=NAMES[8], source=NAMES[9]),
    )


def many() -> Report:
    head = Run(metrics=tuple(make_metric(f"class_{number:03}/f1", 0.5 + number / 1000) for number in range(200)))
    base = Run(metrics=tuple(make_metric(f"class_{number:03}/f1", 0.5) for number in range(200)))
    return make_report(head, base, build=BUILD)


CASES: dict[str, Callable[[], Report]] = {
    case.__name__: case for case in (plain, verdicts, gates, first_run, nothing_found, all_same, hostile, many)
}


PICTURED = ("plain", "gates", "first_run", "hostile")


def drawn_by_hand(report: Report) -> Drawn:
    """The pictures of a report as they are named and told in earnest, with one pixel in place of every curve."""
    curves = {
        curve.key: replace(
            picture(f"{number + 1:02}-curve.png"),
            caption=describe_curve(curve, head_label="this branch", base_label=report.base.label or "before"),
        )
        for number, curve in enumerate(report.curves)
    }
    return Drawn(curves=curves, pairs=draw_figures(replace(report, curves=())).pairs)


def hold(path: Path, text: str, update: bool) -> None:
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8"), f"{path} differs: run `make golden` and look at the difference"


@pytest.mark.parametrize("case", CASES)
def test_markdown(case: str, update_golden: bool) -> None:
    page = render(CASES[case](), None)
    hold(GOLDEN / case / "comment.md", page.body, update_golden)
    hold(GOLDEN / case / "short.md", page.short, update_golden)
    assert len(page.short) <= len(page.body) or case in ("nothing_found", "first_run", "all_same")


@pytest.mark.parametrize("case", PICTURED)
def test_markdown_with_pictures(case: str, update_golden: bool) -> None:
    report = CASES[case]()
    page = render(report, drawn_by_hand(report))
    hold(GOLDEN / case / "comment-pictures.md", page.body, update_golden)
    assert page.body.count("](cid:") == len(page.figures)


@pytest.mark.parametrize("case", PICTURED)
def test_html(case: str, update_golden: bool) -> None:
    report = CASES[case]()
    hold(GOLDEN / case / "page.html", render_html(report, drawn_by_hand(report)), update_golden)


@pytest.mark.parametrize("case", CASES)
def test_terminal(case: str, update_golden: bool, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as file:
        text = render_terminal(CASES[case](), file)
    hold(GOLDEN / case / "terminal.txt", "".join(f"{line.rstrip()}\n" for line in text.splitlines()), update_golden)


@pytest.mark.parametrize("case", CASES)
def test_json(case: str, update_golden: bool) -> None:
    hold(GOLDEN / case / "report.json", dump_report(CASES[case]()), update_golden)
