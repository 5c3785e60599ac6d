"""Twenty curves drawn by a process that has imported nothing yet, as in a job.

Run it by ``.venv/bin/python -m tests.bench.drawing``. Two thirds of the curves have 200 points a side and one third
1,000; every second one has the band of main's last runs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from statistics import median

from cml_bot.model import Band, Build, Curve, Goal, Key, Report, Series, Side, Verdict

CURVES = 20
ROUNDS = 5
AT_MOST = 2.5
"""Seconds."""


def main() -> None:
    rows = [_run() for _ in range(ROUNDS)]
    wall, whole, importing, drawing = (median(row[at] for row in rows) for at in ("wall", "all", "import", "draw"))
    print(
        f"{CURVES} curves drawn in {wall:.2f} s, at most {AT_MOST} s. Of the processor: {whole:.2f} s, "
        f"importing matplotlib {importing:.2f} s, a picture {1000 * drawing / CURVES:.0f} ms; "
        f"the largest has {rows[0]['largest'] / 1000:.0f} KB"
    )


def _run() -> dict[str, float]:
    start = time.perf_counter()
    command = [sys.executable, "-m", "tests.bench.drawing", "--once"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent.parent)
    return {**json.loads(said.stdout), "wall": time.perf_counter() - start}


def draw_once() -> None:
    """Draw all of it, and say what each part took. Units: seconds of the processor, bytes."""
    report = make_report()
    from cml_bot.render import draw_figures

    start = time.process_time()
    import matplotlib.backends.backend_agg  # noqa: F401 - what it costs is measured

    imported = time.process_time()
    figures = draw_figures(report).figures
    end = time.process_time()
    largest = max(len(figure.data) for figure in figures)
    print(json.dumps({"import": imported - start, "draw": end - imported, "all": end, "largest": largest}))


def make_report() -> Report:
    """A report of curves, noisy as those of a training."""
    side = Side(sha="", source="here", label="main", kind="record")
    curves = tuple(_make_curve(number) for number in range(CURVES))
    return Report(
        name="report", title="", version="", created="", head=side, base=side, build=Build(), verdict=Verdict(),
        curves=curves,
    )  # fmt: skip


def _make_curve(number: int) -> Curve:
    count, dice = 1_000 if number % 3 == 0 else 200, Random(number)
    x = tuple(float(step) for step in range(count))
    sides = [
        tuple(level + 2 / (1 + 8 * step / count) + 0.02 * dice.gauss(0, 1) for step in range(count))
        for level in (0.3, 0.35)
    ]
    name = f"metric-{number}"
    head, base = (Series(name=name, x=x, y=y, group="log.csv", x_label="step") for y in sides)
    band = Band(x=x, low=tuple(y - 0.1 for y in base.y), high=tuple(y + 0.1 for y in base.y), count=20, is_history=True)
    has_band = number % 2 == 0
    return Curve(key=Key("log.csv", name), head=head, base=base, goal=Goal.LOWER, base_band=band if has_band else None)


if __name__ == "__main__":
    draw_once() if "--once" in sys.argv else main()
