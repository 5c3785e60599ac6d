"""Charts in text, drawn by Mermaid itself as the forges do: no name breaks one, and its lines can be seen."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from cml_bot.mermaid import LONGEST, Chart, draw_bars, draw_chart
from cml_bot.model import Bars, Curve, Key, Series
from tests.browser.chromium import MODULES

NAMES: list[str] = json.loads((Path(__file__).parent.parent / "names.json").read_text(encoding="utf-8"))
LABELS = {"head_label": "this branch", "base_label": "main"}
FORGES = {
    "GitHub": ("mermaid", {"default": "#ffffff", "dark": "#0d1117"}),
    "GitLab": ("mermaid-11", {"neutral": "#ffffff", "dark": "#18171d"}),
}
"""The package, and its theme on a page of which colour."""
LEAST_CONTRAST = 3.0
"""Of what is no text, by WCAG 1.4.11."""
TAGS = {"svg", "g", "rect", "path", "text", "style", "title", "desc", "defs", "line", "tspan"}
"""All that a chart is made of. An element of HTML, a link or a script is none of it."""
_DRAW = """async (block) => {
  const source = block.replace(/^```mermaid\\n/, "").replace(/\\n```$/, "");
  const { svg } = await mermaid.render("chart", source);
  const root = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
  const overlaps = (drawn, selector) => {
    document.body.innerHTML = drawn;
    const boxes = [...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect());
    const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
    return boxes.some((box, place) => boxes.slice(place + 1).some((other) => !apart(box, other)));
  };
  const pen = document.createElement("canvas").getContext("2d");
  const hex = (colour) => { pen.fillStyle = colour; return pen.fillStyle; };
  const all = (selector) => [...root.querySelectorAll(selector)];
  return {
    lines: all("[class^=line-plot] path").map((path) => ({
      stroke: hex(path.getAttribute("stroke")), points: path.getAttribute("d").split(/[ML]/).length - 1,
    })),
    bars: all("[class^=bar-plot]").map((plot) => ({
      fill: hex(plot.querySelector("rect").getAttribute("fill")), count: plot.querySelectorAll("rect").length,
    })),
    back: hex(root.querySelector("rect.background").getAttribute("fill")),
    crowded: ["bottom-axis", "left-axis"].filter((side) => overlaps(svg, `g.${side} g.label text`)),
    labels: all("g.bottom-axis g.label text").length,
    texts: all("text").map((text) => text.textContent.trim()),
    tags: [...new Set([root, ...all("*")].map((one) => one.tagName.toLowerCase()))],
    asks: all("[href], [src], image, use, [onclick], [onerror], [onload]").length,
    broken: /NaN|undefined|Infinity/.test(svg),
  };
}"""

Draw = Callable[[Chart | None], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one forge shows a chart on a light or a dark page."""

    draw: Draw
    back: str


@pytest.fixture(
    scope="module",
    params=[(forge, theme) for forge, (_, themes) in FORGES.items() for theme in themes],
    ids=lambda param: " ".join(param),
)
def look(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Look]:
    forge, theme = request.param
    module, backs = FORGES[forge]
    page = browser.new_page()
    page.add_script_tag(path=MODULES / module / "dist" / "mermaid.min.js")
    page.evaluate(
        "theme => mermaid.initialize({ startOnLoad: false, securityLevel: 'strict', theme, logLevel: 'fatal' })", theme
    )
    yield Look(draw=lambda chart: _draw(page, chart), back=backs[theme])
    page.close()


def _draw(page: Page, chart: Chart | None) -> dict[str, Any]:
    assert chart is not None
    assert len(chart.block) <= LONGEST
    drawn: dict[str, Any] = page.evaluate(_DRAW, chart.block)
    assert set(drawn["tags"]) <= TAGS
    assert not drawn["asks"]
    assert not drawn["broken"]
    return drawn


def _course(ys: list[float], *, name: str = "loss", label: str = "step", unit: str = "", step: float = 1.0) -> Series:
    xs = tuple(step * place for place in range(len(ys)))
    return Series(name=name, x=xs, y=tuple(ys), x_label=label, unit=unit)


def _chart(head: Series | None, base: Series | None, name: str = "val/loss") -> Chart | None:
    return draw_chart(Curve(key=Key("history.csv", name), head=head, base=base), **LABELS)


def _noisy(count: int, seed: int, scale: float = 1.0, level: float = 0.0) -> list[float]:
    dice = random.Random(seed)
    return [scale * (math.exp(-4 * place / count) + 0.05 * dice.gauss()) + level for place in range(count)]


GAPS = [y if place % 3 else math.nan for place, y in enumerate(_noisy(40, 3))]
SHAPES = {
    "two points": ([1.0, 0.5], [0.9, 0.6]),
    "gaps": (GAPS, _noisy(40, 4)),
    "one that breaks off": ([*_noisy(20, 5), *[math.nan] * 20], _noisy(40, 6)),
    "thousands": (_noisy(4000, 1), _noisy(4000, 2)),
    "other lengths": (_noisy(30, 1), _noisy(50, 2)),
    "flat": ([0.5] * 10, [0.5] * 10),
    "zero": ([0.0] * 10, [0.0] * 10),
    "negative": (_noisy(50, 1, level=-200), _noisy(50, 2, level=-230)),
    "tiny": (_noisy(50, 1, 1e-9), _noisy(50, 2, 1e-9)),
    "tiny beside huge": (_noisy(50, 1, 1e-200), _noisy(50, 2, 1e200)),
    "huge": (_noisy(50, 1, 1e12), _noisy(50, 2, 1e12)),
    "spike": ([*_noisy(50, 1), 1e9, *_noisy(50, 2)], _noisy(101, 3)),
    "close together": (_noisy(100, 1, 1e-7, 1234.5), _noisy(100, 2, 1e-7, 1234.5)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_a_curve_is_drawn_as_two_lines(look: Look, shape: str) -> None:
    head, base = SHAPES[shape]
    lines = look.draw(_chart(_course(head), _course(base)))["lines"]
    assert len(lines) == 2
    assert all(2 <= line["points"] <= 100 for line in lines)


def test_what_is_drawn_is_said_in_the_chart(look: Look) -> None:
    course = _course(_noisy(30, 1), label="epoch", unit="nats")
    texts = look.draw(_chart(course, course))["texts"]
    assert {"epoch", "nats"} <= set(texts)


@pytest.mark.parametrize("side", ["head", "base"])
def test_a_side_alone_is_one_line(look: Look, side: str) -> None:
    one = _course(_noisy(30, 1))
    assert len(look.draw(_chart(one if side == "head" else None, one if side == "base" else None))["lines"]) == 1


@pytest.mark.parametrize("last", [1e-12, 0.5, 7, 99, 120, 999, 1000, 1250, 5000, 2e4, 1.2e5, 9.9e5, 1.2e6, 1e9, 1e15])
def test_steps_of_every_size_have_room_for_their_numbers(look: Look, last: float) -> None:
    step = last / 29
    drawn = look.draw(_chart(_course(_noisy(30, 1), step=step), _course(_noisy(30, 2), step=step)))
    assert len(drawn["lines"]) == 2
    assert drawn["labels"] > 4
    assert not drawn["crowded"]


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 0.0123, 0.9, 1.3, 42, 990, 12_345, 650_000, 1e6, 3e12])
def test_values_of_every_size_have_room_for_their_numbers(look: Look, scale: float) -> None:
    assert not look.draw(_chart(_course(_noisy(30, 1, scale)), _course(_noisy(30, 2, scale))))["crowded"]


def test_no_name_breaks_a_curve_or_becomes_anything_but_text(look: Look) -> None:
    for name in NAMES:
        side = _course(_noisy(12, 1), name=name, label=name, unit=name)
        drawn = look.draw(_chart(side, side, name))
        assert len(drawn["lines"]) == 2, name


def test_no_name_breaks_bars(look: Look) -> None:
    labels = tuple(dict.fromkeys(NAMES))
    for start in range(0, len(labels), 6):
        some = labels[start : start + 6]
        bars = Bars(name=some[0], labels=some, values=tuple(map(float, range(1, len(some) + 1))), unit=some[-1])
        drawn = look.draw(draw_bars(bars, bars, **LABELS))
        assert [one["count"] for one in drawn["bars"]] == [len(some)], some
        assert not drawn["crowded"], some
        assert len(drawn["lines"]) == 1, some


def test_bars_of_one_side_and_of_every_size(look: Look) -> None:
    for values in ((1.0,), (1e-9, 2e-9), (1e12, 3e11, 0.0), tuple(map(float, range(40)))):
        bars = Bars(name="gain", labels=tuple(f"feature_{place}" for place in range(len(values))), values=values)
        drawn = look.draw(draw_bars(bars, None, **LABELS))
        assert [one["count"] for one in drawn["bars"]] == [min(12, len(values))]
        assert not drawn["lines"]
        assert not drawn["crowded"]


def test_lines_and_bars_stand_out_from_the_page_and_the_chart(look: Look) -> None:
    bars = Bars(name="gain", labels=("a", "b"), values=(1.0, 2.0))
    curve = look.draw(_chart(_course(_noisy(30, 1)), _course(_noisy(30, 2))))
    barred = look.draw(draw_bars(bars, bars, **LABELS))
    colours = {line["stroke"] for line in (*curve["lines"], *barred["lines"])} | {one["fill"] for one in barred["bars"]}
    assert len(colours) == 2
    for back in {look.back, *(drawn["back"] for drawn in (curve, barred))}:
        for colour in colours:
            assert contrast(colour, back) >= LEAST_CONTRAST, (colour, back)


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart, by WCAG: from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
