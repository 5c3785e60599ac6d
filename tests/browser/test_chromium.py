from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.browser.chromium import Watched


def test_what_a_page_asks_for_and_says_is_seen(open_page: Callable[..., Watched], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<title>t</title><script>console.log(1)</script><img src='http://127.0.0.1:8009/x.png'>")
    watched = open_page()
    assert watched.open(page).title() == "t"
    assert watched.asked == ["http://127.0.0.1:8009/x.png"]
    assert "log: 1" in watched.said
