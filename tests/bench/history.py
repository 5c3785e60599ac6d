"""Measure the page of main's history: how large it is, how long it takes to make, and to open in Chromium.

Run it by ``.venv/bin/python -m tests.bench.history``; `make browser` installs what it needs.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from cml_bot.history_page import render_history_page
from tests.browser.chromium import Watched, open_chromium
from tests.test_history_page import many

SIZES = ((30, 10), (50, 200))
"""Runs, and metrics of each."""
ROUNDS = 5
COMMITS = "https://github.example/ada/net/commit/"
OPENED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
SHOWN = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        for runs, metrics in SIZES:
            measure(Path(name) / "history.html", runs, metrics)


def measure(path: Path, runs: int, metrics: int) -> None:
    history = many(runs, metrics)
    start = time.perf_counter()
    text = render_history_page(history, COMMITS, "Churn model", datetime(2026, 11, 20, tzinfo=UTC))
    made = time.perf_counter() - start
    path.write_text(text)
    opened, shown = open_often(path)
    size = len(text.encode()) / 1000
    print(
        f"{runs} runs of {metrics} metrics: {size:.0f} kB, made in {made:.2f} s; "
        f"first seen after {shown:.0f} ms, ready after {opened:.0f} ms (medians of {ROUNDS})"
    )


def open_often(path: Path) -> tuple[float, float]:
    opened, shown = [], []
    with open_chromium() as browser:
        for _ in range(ROUNDS):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            Watched(page).open(path)
            opened.append(page.evaluate(OPENED))
            shown.append(page.evaluate(SHOWN))
            page.close()
    return statistics.median(opened), statistics.median(shown)


if __name__ == "__main__":
    main()
