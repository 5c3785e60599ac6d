"""Whole reports, as a person has looked at them. `make golden` writes them anew; look at the difference."""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cml_bot.as_json import dump_report
from cml_bot.chart_words import describe_chart
from cml_bot.curve_views import group_titled
from cml_bot.draw import describe_group
from cml_bot.model import (
    Bars,
    Build,
    Chart,
    ChartPair,
    Curve,
    Drift,
    Figure,
    FigurePair,
    Goal,
    Histogram,
    Key,
    Matrix,
    ParamDelta,
    Part,
    Points,
    Report,
    Rule,
    Run,
    Series,
    Source,
    Waiver,
)
from cml_bot.page import render_html
from cml_bot.render import Drawn, draw_figures, make_draft, render
from cml_bot.review import Dialect
from cml_bot.terminal import render_terminal
from cml_bot.views import titled_charts
from tests.making import HEAD_SHA, make_history, make_metric, make_report, make_run

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
                difference=picture("plots/confusion.png"),
                told="0.8\xa0% of the pixels differ, most in the lower left",
            ),
        ),
        sources=(
            Source(path="metrics.json", why="a well-known name"),
            Source(path="params.yaml", why="a well-known name", part=Part.PARAMS),
        ),
    )


def verdicts() -> Report:
    """Every trend there is, and every way to tell a change from noise."""
    levels = {"recall": (0.842, 0.005), "accuracy": (0.891, 0.002), "log_loss": (0.35, 0.02), "drift": (0.2, 0.01)}
    history = [
        replace(run, metrics=(*run.metrics, make_metric("n_features", 128.0), make_metric("rmse", 3.0 + n % 2)))
        for n, run in enumerate(make_history(21, levels))
    ]
    crashed = replace(history[4], metrics=(make_metric("recall", 0.11), *history[4].metrics[1:]))
    history[4] = crashed
    base = replace(
        history[-1],
        metrics=(
            *history[-1].metrics,
            make_metric("brier", 0.1),
            make_metric("old", 2.0),
            make_metric("latency_ms", 12.1, 12.3, 12.2, unit="ms"),
            make_metric("auc", 0.91, 0.93),
            replace(make_metric("hellaswag/acc", 0.630), stderr=0.0068, n_items=5000),
            replace(make_metric("mmlu/acc", 0.500), stderr=0.0068, n_items=5000),
        ),
    )
    head = Run(
        sha=HEAD_SHA,
        metrics=(
            make_metric("recall", 0.801),
            make_metric("accuracy", 0.9034),
            make_metric("log_loss", 0.353),
            make_metric("drift", 0.3),
            make_metric("n_features", 130.0),
            make_metric("rmse", 3.2),
            make_metric("brier", 0.1),
            make_metric("new", 1.0),
            make_metric("latency_ms", 13.9, 14.1, 14.2, unit="ms"),
            make_metric("auc", 0.92, 0.95),
            replace(make_metric("hellaswag/acc", 0.655), stderr=0.0067, n_items=5000),
            replace(make_metric("mmlu/acc", 0.512), stderr=0.0067, n_items=5000),
        ),
    )
    report = make_report(
        head,
        base,
        fail_on=("recall regressed", "accuracy < 0.8", "log_loss regressed"),
        rules=(Rule(pattern="drift", goal=Goal.NONE),),
        build=BUILD,
        history=[*history[:-1], base],
    )
    drift = Drift(
        key=Key("metrics.json", "accuracy"),
        best=0.8912,
        level=0.8841,
        noise=0.0021,
        n_best=9,
        n_level=7,
        last_good="0c0ffee" + "0" * 33,
        first_bad="0badcab" + "0" * 33,
    )
    band = ("noise is taken from 21 runs of main; 2 more were left out, being of other data",)
    return replace(report, drifts=(drift,), band=band, like_for_like=("data/train.csv changed (12 → 13 rows)",))


def odd_base() -> Report:
    """The run of main that the branch left from crashed: main's level stands for it."""
    history = make_history(12, {"recall": (0.842, 0.005), "val_loss": (0.3, 0.01)})
    crashed = replace(history[-1], metrics=(make_metric("recall", 0.1), make_metric("val_loss", 2.3)))
    head = make_run(recall=0.81, val_loss=0.301)
    return make_report(head, crashed, fail_on=("recall regressed",), build=BUILD, history=[*history[:-1], crashed])


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
            FigurePair(
                name=name,
                head=picture(name),
                base=picture(name) if number % 2 else None,
                told=f"64 × 48 pixels on {name}, 80 × 60 here" if number % 2 else "",
                is_base_lost=number % 4 == 0,
            )
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


def stranger() -> Report:
    """Measured by a fork's own job; with more curves than charts are drawn, and sides of other lengths."""
    curves = tuple(
        Curve(
            key=Key("history.csv", f"val/loss_{number}"),
            head=course(f"val/loss_{number}", *(1 / (1 + n) + number for n in range(30))),
            base=course(f"val/loss_{number}", *(1.1 / (1 + n) + number for n in range(20 + 5 * number))),
        )
        for number in range(8)
    )
    return replace(plain(), is_trusted=False, curves=curves)


def charts() -> Report:
    """Each kind of chart: on both sides, on one, with labels that need room."""
    confusion = [
        Matrix(name="confusion", rows=("cat", "dog", "owl"), columns=("cat", "dog", "owl"), values=values)
        for values in (
            ((50.0, 3.0, 1.0), (6.0, 44.0, 0.0), (0.0, 2.0, 48.0)),
            ((48.0, 5.0, 1.0), (9.0, 40.0, 1.0), (0.0, 2.0, 48.0)),
        )
    ]
    importance = [
        Bars(name="importance", labels=("tenure", "monthly_charges", "contract"), values=values)
        for values in ((0.41, 0.33, 0.26), (0.38, 0.35, 0.27))
    ]
    weights = Bars(name="weights", labels=("bias", "age"), values=(-0.5, 1.25), unit="log odds")
    roc = [
        Points(name="roc", x=(0.0, 0.1, 0.5, 1.0), y=(0.0, *values, 1.0), x_label="fpr", y_label="tpr", is_line=True)
        for values in ((0.8, 0.97), (0.7, 0.95))
    ]
    scores = [
        Histogram(name="scores", edges=(0.0, 0.25, 0.5, 0.75, 1.0), counts=counts, x_label="score")
        for counts in ((60.0, 12.0, 8.0, 70.0), (50.0, 20.0, 22.0, 58.0))
    ]
    pairs: list[tuple[Chart | None, Chart | None]] = [
        (confusion[0], confusion[1]),
        (importance[0], importance[1]),
        (weights, None),
        (roc[0], roc[1]),
        (None, roc[0]),
        (scores[0], scores[1]),
    ]
    return replace(
        plain(),
        charts=tuple(
            ChartPair(key=Key(f"plots/{number}.json", (head or base or weights).name), head=head, base=base)
            for number, (head, base) in enumerate(pairs)
        ),
    )


CASES: dict[str, Callable[[], Report]] = {
    case.__name__: case
    for case in (plain, verdicts, odd_base, gates, first_run, nothing_found, all_same, hostile, many, stranger, charts)
}


PICTURED = ("plain", "gates", "first_run", "hostile", "charts")
CHARTED = ("plain", "stranger", "charts")
BITBUCKET = ("plain", "verdicts", "gates", "hostile", "stranger", "charts")
MIDDLE = ("many", "hostile")


def drawn_by_hand(report: Report) -> Drawn:
    """The pictures of a report as they are named and told in earnest, with one pixel in place of every curve."""
    curves = {
        group.members[0].key: replace(
            picture(f"{number:02}-curve.png"),
            caption=describe_group(group, head_label="this branch", base_label=report.base.label or "before"),
            width=400,
            dark=PNG,
        )
        for number, group in enumerate(group_titled(report), 1)
    }
    labels = {"head_label": "this branch", "base_label": report.base.label or "before"}
    charts = {
        key: replace(picture(f"chart-{number + 1:02}.png"), caption=describe_chart(pair, **labels), width=400, dark=PNG)
        for number, (key, pair) in enumerate(titled_charts(report).items())
    }
    pairs = draw_figures(replace(report, curves=(), charts=())).pairs
    return Drawn(curves=curves, charts=charts, pairs=pairs)


def leave_out_pieces(page: str) -> str:
    """A page without the styles and scripts that all pages have, and without their hashes."""
    page = re.sub("'sha256-[^']+'", "'sha256-…'", page)
    return re.sub(r"(<(style|script)>).*?(</\2>)", r"\1…\3", page, flags=re.DOTALL)


def hold(path: Path, text: str, update: bool) -> None:
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8"), f"{path} differs: run `make golden` and look at the difference"


@pytest.mark.parametrize("case", CASES)
def test_markdown(case: str, update_golden: bool) -> None:
    full, *_, middle, short = render(CASES[case](), None, {}).forms
    hold(GOLDEN / case / "comment.md", full, update_golden)
    hold(GOLDEN / case / "short.md", short, update_golden)
    assert len(short) <= len(full) or case in ("nothing_found", "first_run", "all_same")
    if case in MIDDLE:
        hold(GOLDEN / case / "middle.md", middle, update_golden)
        assert len(short) < len(middle) < len(full)


@pytest.mark.parametrize("case", PICTURED)
def test_markdown_with_pictures(case: str, update_golden: bool) -> None:
    """As it lies in the folder, beside its pictures."""
    report = CASES[case]()
    drawn = drawn_by_hand(report)
    text = render(report, drawn, {figure.name: f"figures/{figure.name}" for figure in drawn.figures}).body
    hold(GOLDEN / case / "comment-pictures.md", text, update_golden)
    assert len(re.findall(r"(?:\]\(|=\")figures/", text)) == len(drawn.figures)


@pytest.mark.parametrize("case", CHARTED)
def test_markdown_with_charts(case: str, update_golden: bool) -> None:
    report = CASES[case]()
    hold(GOLDEN / case / "comment-charts.md", render(report, None, {}, charts=True).body, update_golden)


@pytest.mark.parametrize("case", BITBUCKET)
def test_markdown_for_bitbucket(case: str, update_golden: bool) -> None:
    report = CASES[case]()
    drawn = drawn_by_hand(report)
    draft = make_draft(report, drawn, Dialect.BITBUCKET, charts=True)
    page = draft.write({figure.name: f"https://bitbucket.org/acme/f/{figure.name}" for figure in draft.figures})
    hold(GOLDEN / case / "bitbucket.md", page.body, update_golden)
    hold(GOLDEN / case / "bitbucket-short.md", page.forms[-1], update_golden)


@pytest.mark.parametrize("case", PICTURED)
def test_html(case: str, update_golden: bool) -> None:
    report = CASES[case]()
    page = render_html(report, drawn_by_hand(report))
    hold(GOLDEN / case / "page.html", leave_out_pieces(page), update_golden)
    assert page == render_html(report, drawn_by_hand(report))


@pytest.mark.parametrize("case", CASES)
def test_terminal(case: str, update_golden: bool, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as file:
        text = render_terminal(CASES[case](), file)
    hold(GOLDEN / case / "terminal.txt", "".join(f"{line.rstrip()}\n" for line in text.splitlines()), update_golden)


@pytest.mark.parametrize("case", CASES)
def test_json(case: str, update_golden: bool) -> None:
    hold(GOLDEN / case / "report.json", dump_report(CASES[case]()), update_golden)
