"""Pictures of pages in one browser, light and dark, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from tests.browser.chromium import open_chromium

SIZES = {"wide": (1280, 800, 1), "phone": (360, 800, 2)}
"""Width and height in CSS pixels, and how many pixels each has."""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TALLEST = 6_000
"""CSS pixels of a picture; nobody scrolls farther."""
OPEN = "open-"
_SCROLL = """async () => {
  for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight) {
    scrollTo(0, top);
    await new Promise(requestAnimationFrame);
  }
  scrollTo(0, 0);
}"""
"""What is drawn when somebody comes to it is drawn then."""

Camera = dict[str, Page]


@contextmanager
def open_camera() -> Iterator[Camera]:
    """Give a page for each look, ``dark-phone`` for one."""
    with open_chromium() as browser:
        yield {f"{scheme}-{size}": _open(browser, scheme, size) for scheme in SCHEMES for size in SIZES}


def _open(browser: Browser, scheme: Literal["light", "dark"], size: str) -> Page:
    width, height, scale = SIZES[size]
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": height}, device_scale_factor=scale
    )
    return context.new_page()


def shoot(camera: Camera, look: str, html: Path, png: Path, width: int) -> list[str]:
    """Take a picture of a whole page; give what went wrong on it.

    Args:
        camera: an open one.
        look: how; with everything unfolded where it begins so.
        html: the file.
        png: where the picture goes.
        width: of the window on a desk in CSS pixels, where that is not the usual one.
    """
    page = camera[look.removeprefix(OPEN)]
    usual, tall, _ = SIZES[look.rpartition("-")[2]]
    wide = width or usual if look.endswith("wide") else usual
    page.set_viewport_size({"width": wide, "height": tall})
    page.goto(html.resolve().as_uri(), wait_until="load")
    if page.query_selector("pre.mermaid, .mermaid-drawn, .mermaid-asked"):
        page.wait_for_selector("html[data-drawn]", timeout=20_000)
    if look.startswith(OPEN):
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.evaluate(_SCROLL)
    height = page.evaluate("document.documentElement.scrollHeight")
    png.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=png, full_page=True, clip={"x": 0, "y": 0, "width": wide, "height": min(height, TALLEST)})
    return _look_for_faults(page)


def _look_for_faults(page: Page) -> list[str]:
    """Give what nobody would want to see: lost pictures, charts that cannot be drawn, a page wider than its screen."""
    lost = page.evaluate("[...document.images].filter(one => one.complete && !one.naturalWidth).map(one => one.alt)")
    undrawn = page.locator(".mermaid-drawn", has_text="Unable to render").all_text_contents()
    width, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    too_wide = [f"{width} CSS pixels wide, and the screen has {room}"] if width > room else []
    return [*(f"no picture: {alt}" for alt in lost), *(f"Mermaid: {text}" for text in undrawn), *too_wide]
