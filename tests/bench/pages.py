"""How large a page of many curves is, and how soon it is there: in Chromium, from a file.

Run it by ``.venv/bin/python -m tests.bench.pages``. Beside it stands how long mlbot takes to write the page.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from cml_bot.model import Report
from cml_bot.page import render_html
from cml_bot.render import Drawn
from tests.browser.chromium import Watched, open_chromium
from tests.browser.reports import with_curves, with_metrics

ROUNDS = 5


def main() -> None:
    with tempfile.TemporaryDirectory() as name, open_chromium() as browser:
        folder = Path(name)
        for title, report in (
            ("100 curves of 1,000 noisy points a side", with_curves(100, 1_000)),
            ("1,000 curves of 100 points a side", with_curves(1_000, 100)),
            ("20,000 metrics", with_metrics(20_000)),
        ):
            page = folder / "page.html"
            written = write(page, report)
            opened = sorted(open_page(browser, page, bool(report.curves)) for _ in range(ROUNDS))[ROUNDS // 2]
            megabytes = page.stat().st_size / 1e6
            print(f"{title}: {megabytes:.2f} MB, written in {written:.2f} s, first chart or table after {opened:.2f} s")


def write(page: Path, report: Report) -> float:
    start = time.perf_counter()
    page.write_text(render_html(report, Drawn(curves={}, pairs=())), encoding="utf-8")
    return time.perf_counter() - start


def open_page(browser: Browser, page: Path, has_curves: bool) -> float:
    """Seconds until the page is loaded and its first chart, if there are any, is drawn."""
    context = browser.new_context()
    watched = Watched(context.new_page())
    start = time.perf_counter()
    opened = watched.open(page)
    if has_curves:
        opened.evaluate("document.querySelector('[data-chart]').scrollIntoView()")
        opened.wait_for_selector("[data-chart] canvas")
    took = time.perf_counter() - start
    assert not watched.said, watched.said
    context.close()
    return took


if __name__ == "__main__":
    main()
