"""Reports that strain the layout: many of everything, names of strangers, pictures, and places with little room."""

from __future__ import annotations

import io
import json
import math
import random
from dataclasses import replace
from pathlib import Path

from cml_bot.model import Curve, Figure, FigurePair, Key, ParamDelta, Report, Run, Series, Source
from tests.gallery.courses import falling
from tests.gallery.reports import make, run_of, sources
from tests.making import make_metric

NAMES: list[str] = json.loads((Path(__file__).parent.parent / "names.json").read_text(encoding="utf-8"))


def two_hundred() -> Report:
    """F1 of two hundred classes, on both sides."""
    dice = random.Random(3)
    base = {f"class_{number:03}/f1": 0.5 + 0.45 * dice.random() for number in range(200)}
    head = {name: min(1.0, value + dice.choice((0, 0, 0, 0.01)) * dice.gauss()) for name, value in base.items()}
    runs = (Run(metrics=tuple(make_metric(name, value) for name, value in side.items())) for side in (head, base))
    return make(*runs, title="Product categories")


def hostile() -> Report:
    """Names that try to break out of every place they stand in."""

    def picture(name: str) -> Figure:
        return Figure(name=name, media="image/png", data=_draw_residuals(1, 0.1))

    head = Run(metrics=tuple(make_metric(name, 0.5 + number) for number, name in enumerate(NAMES)), notes=tuple(NAMES))
    base = Run(metrics=tuple(make_metric(name, 0.25) for name in NAMES))
    report = make(head, base, fail_on=tuple(f"{name} < 100" for name in NAMES[:3]), title=NAMES[-1])
    courses = {name: falling(name, start=1, end=0.2, count=20) for name in NAMES[6:14]}
    return replace(
        report,
        broken=tuple(NAMES[:4]),
        params=tuple(ParamDelta(key=Key("p", name), head=name, base=None) for name in NAMES),
        figures=tuple(FigurePair(name=name, head=picture(name), base=None) for name in NAMES[:3]),
        curves=tuple(Curve(key=Key("h", name), head=course, base=None) for name, course in courses.items()),
        sources=tuple(Source(path=name, why=name) for name in NAMES),
        base=replace(report.base, label=NAMES[8], source=NAMES[9]),
    )


def not_a_number() -> Report:
    """NaN and infinity wherever a number may stand; the gates say so."""
    nan, infinity = math.nan, math.inf
    head = run_of(loss=nan, accuracy=nan, perplexity=infinity, f1=0.87, mae=0.1)
    base = run_of(loss=0.3, accuracy=nan, perplexity=21.4, f1=nan, mae=-infinity)
    course = falling("loss", start=1, end=0.3)
    diverged = replace(course, y=(*course.y[:12], *(nan for _ in course.y[12:])))
    nothing = Series(name="accuracy", x=(1.0, 2.0), y=(nan, nan), group="history.csv", x_label="epoch")
    head, base = replace(head, series=(diverged, nothing)), replace(base, series=(course,))
    return make(head, base, fail_on=("loss < 1", "accuracy < 0.5", "perplexity change > 5%"))


def long_names() -> Report:
    """Names of a hundred characters, long units, and numbers of many digits."""
    layer = "encoder/block_{}/attention/self/query_key_value/projection/weight/gradient_norm_after_clipping"
    units = ("samples per second per device", "kg·m²/s³", "%", "ms")
    names = [layer.format(number) for number in range(3)] + ["eval/very_long_name_of_a_task,with_filter,strict-match"]
    rows = list(zip(names, units, (18234.125, 1.2345e-7, 71.23, 1234567.8), strict=True))
    path = "out/" + "deeply/" * 6 + "metrics.json"

    def side(by: float, end: float, seed: int) -> Run:
        course = replace(falling(names[0], start=9, end=end, seed=seed), unit=units[0])
        metrics = tuple(make_metric(name, value * by, unit=unit) for name, unit, value in rows)
        return Run(metrics=metrics, series=(course,), sources=sources(path))

    head, base = side(1.031, 2, 2), side(1.0, 2.4, 1)
    report = make(head, base, title="A model whose name somebody wrote out in full, with its purpose and its team")
    label = "release/2026-11-candidate-of-the-recommendation-team"
    return replace(report, base=replace(report.base, label=label))


def other_scripts() -> Report:
    """Names in Arabic, Hebrew, Chinese, Japanese, Korean and Russian."""
    names = ("الدقة", "דיוק", "精度", "検証損失", "정확도", "точность", "précision")
    head, base = (
        Run(
            metrics=tuple(make_metric(name, 0.8 + number / 100 + by) for number, name in enumerate(names)),
            series=tuple(falling(name, start=1, end=0.3 + by, seed=int(by * 100)) for name in names[:4]),
        )
        for by in (0.02, 0.0)
    )
    return make(head, base, title="نموذج 模型")


def fork() -> Report:
    """Measured by a fork's own job: its numbers are nobody's word."""
    report = make(
        replace(run_of(accuracy=0.9934, f1=0.991), series=(falling("val/loss", start=1, end=0.1),)),
        replace(run_of(accuracy=0.8912, f1=0.871), series=(falling("val/loss", start=1, end=0.35),)),
        fail_on=("accuracy < 0.85",),
    )
    return replace(report, is_trusted=False)


def own_pictures() -> Report:
    """The job's own plots: one of both sides, one that is new and one that is gone."""

    def figure(name: str, seed: int, noise: float) -> Figure:
        return Figure(name=name, media="image/png", data=_draw_residuals(seed, noise), caption=name)

    def side(seed: int, noise: float, other: str, rmse: float) -> Run:
        figures = (figure("plots/residuals.png", seed, noise), figure(other, seed + 2, 0.3))
        return replace(run_of(rmse=rmse), figures=figures)

    head = side(2, 0.12, "plots/by_region.png", 0.121)
    return make(head, side(1, 0.2, "plots/old.png", 0.203), title="Demand")


def _draw_residuals(seed: int, noise: float) -> bytes:
    """A plot as a job makes it by matplotlib's defaults."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Sheet

    dice = random.Random(seed)
    sheet = Sheet(figsize=(6.4, 4.8))
    FigureCanvasAgg(sheet)
    axes = sheet.add_subplot()
    xs = [dice.uniform(0, 3) for _ in range(150)]
    axes.scatter(xs, [x + noise * dice.gauss() for x in xs], s=9)
    axes.set(title="Predicted over true", xlabel="true", ylabel="predicted")
    out = io.BytesIO()
    sheet.savefig(out, format="png")
    return out.getvalue()
