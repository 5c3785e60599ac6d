"""A curve, or bars, as a Mermaid chart: for comments where no picture can be hosted.

Mermaid spreads the points of a line evenly over the axis, whatever their number, and knows no legend and no gaps. So
both sides are put on one even grid over the steps that both have, and the legend is words.

Source:
    https://mermaid.js.org/syntax/xyChart.html
    https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/assets/javascripts/behaviors/markdown/render_sandboxed_mermaid.js
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.charts import choose_bars, is_drawable
from cml_bot.escape import clean
from cml_bot.filters import format_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.model import Bars, Curve, Series

LONGEST = 1_900
"""Characters of a block; from 2,000 on GitLab shows a chart only after a click."""
POINTS = (100, 60, 30, 15)
"""How many points a line has at most; fewer where the block gets too long."""
HEAD, BASE = "#2f81f7", "#d27d0e"
"""Blue and orange; both stand out from white and from black."""
LABEL = 22
STYLE = (
    '%%{{init: {{"xyChart": {{"width": 400, "height": {height}, {axes}}}, '
    '"themeVariables": {{"xyChart": {{"plotColorPalette": "{palette}"}}}}}}}}%%'
)
"""On a phone a chart is shrunk to 280 pixels: a wider one could not be read there. Its name stands above it."""
CURVE_AXES = '"xAxis": {"labelFontSize": 15}, "yAxis": {"labelFontSize": 16}'
BAR_AXES = '"xAxis": {"labelFontSize": 15}, "yAxis": {"showLabel": false, "showTick": false, "showAxisLine": false}'
"""Of bars that lie: Mermaid would write the numbers over each other."""
CURVE_HEIGHT, BAR_HEIGHT, BARS_AT_LEAST = 300, 24, 100

MOST_BARS = 12
"""More labels run into each other."""
BAR_LABEL = 16

# All that a name may bring into a string of Mermaid: no quote, fence, bracket, brace, entity or line end.
_STRANGE = re.compile(r"[^\w .,+\-/()=:'%±°·…²³µμ]+")

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart and what its lines mean."""

    block: str
    """Fenced Markdown; no foreign character in it can do anything."""
    legend: str
    """Foreign text, to be escaped where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What part of the steps is drawn, and of which points."""

    sides: tuple[tuple[Points, str], ...]
    """With their colours, the base first: the head is drawn over it."""
    start: float
    end: float


def draw_chart(curve: Curve, *, head_label: str, base_label: str) -> Chart | None:
    """Both sides of a curve as one chart; None where there is no line to draw, or none short enough.

    Units: the steps that both sides have; at most 100 points a line, each the mean of those around it.
    """
    frame = _find_frame(curve)
    if frame is None:
        return None
    longest = max(sum(frame.start <= x <= frame.end for x, _ in points) for points, _ in frame.sides)
    counts = sorted({max(2, min(most, longest)) for most in POINTS}, reverse=True)
    blocks = ((count, _write(curve, frame, count)) for count in counts)
    count, block = next(((count, block) for count, block in blocks if block and len(block) <= LONGEST), (0, ""))
    if not block:
        return None
    names = {HEAD: f"blue: {head_label}", BASE: f"orange: {base_label}"}
    legend = ", ".join(names[colour] for _, colour in reversed(frame.sides))
    ends = [points[-1][0] for points, _ in frame.sides]
    cut = f"; drawn up to {format_number(frame.end)}, where the shorter one ends" if max(ends) > frame.end else ""
    thinned = f"; means of about {longest / count:.0f} steps" if longest >= 1.5 * count else ""
    return Chart(block=block, legend=f"{legend}{cut}{thinned}")


def draw_bars(head: Bars | None, base: Bars | None, *, head_label: str, base_label: str) -> Chart | None:
    """Give the largest bars of both sides as one chart, the base as a line over them; None where some are below 0.

    Mermaid lays the bars of a second side over the first, and begins every bar at the end of the axis.
    """
    labels = choose_bars(head, base, MOST_BARS)
    sides = [(side, kind, colour) for side, kind, colour in ((head, "bar", HEAD), (base, "line", BASE)) if side]
    rows = [
        [dict(zip(side.labels, side.values, strict=True)).get(label, 0.0) for label in labels] for side, *_ in sides
    ]
    values = [value for row in rows for value in row]
    if not all(is_drawable(value) and value >= 0 for value in values) or not any(values):
        return None
    power = _find_power(values)
    rows = [[value / 10.0**power for value in row] for row in rows]
    high = max(max(row) for row in rows)
    height = max(BARS_AT_LEAST, BAR_HEIGHT * len(labels))
    block = "\n".join(
        (
            "```mermaid",
            STYLE.format(height=height, axes=BAR_AXES, palette=", ".join(colour for *_, colour in sides)),
            "xychart-beta horizontal",
            f"  x-axis [{', '.join(_quote(label, BAR_LABEL) for label in labels)}]",
            f"  y-axis {_axis('', 0, 0.0, high * 1.05)}",
            *(
                f"  {kind} [{', '.join(_plain(value, high) for value in row)}]"
                for (_, kind, _), row in zip(sides, rows, strict=True)
            ),
            "```",
        )
    )
    names = {HEAD: f"blue bars: {head_label}", BASE: f"orange line: {base_label}"}
    total = len({label for side, *_ in sides for label in side.labels})
    cut = f"; the {len(labels)} largest of {format_number(total)}" if total > len(labels) else ""
    return Chart(block=block, legend=f"{', '.join(names[colour] for *_, colour in sides)}{cut}")


def _find_frame(curve: Curve) -> _Frame | None:
    both = ((_points(curve.base), BASE), (_points(curve.head), HEAD))
    sides = tuple((points, colour) for points, colour in both if len(points) > 1)
    if not sides:
        return None
    start = max(points[0][0] for points, _ in sides)
    end = min(points[-1][0] for points, _ in sides)
    return _Frame(sides=sides, start=start, end=end) if start < end and math.isfinite(end - start) else None


def _points(series: Series | None) -> Points:
    pairs = zip(series.x, series.y, strict=True) if series else ()
    return tuple((x, y) for x, y in pairs if math.isfinite(x) and math.isfinite(y))


def _write(curve: Curve, frame: _Frame, count: int) -> str:
    """Write the block with so many points a line; empty where its numbers are beyond all bounds."""
    lines = [_spread(points, frame, count) for points, _ in frame.sides]
    power = _find_power([y for line in lines for y in line])
    lines = [[y / 10.0**power for y in line] for line in lines]
    ys = [y for line in lines for y in line]
    low, high = min(ys), max(ys)
    if not math.isfinite(high - low):
        return ""
    pad = (high - low) / 20 or abs(high) / 10 or 1.0
    series = curve.head or curve.base
    palette = ", ".join(colour for _, colour in frame.sides)
    steps = _find_power((frame.start, frame.end), most=1e3)
    start, end = (edge / 10.0**steps for edge in (frame.start, frame.end))
    numbers = (f"  line [{', '.join(_plain(y, high - low) for y in line)}]" for line in lines)
    return "\n".join(
        (
            "```mermaid",
            STYLE.format(height=CURVE_HEIGHT, axes=CURVE_AXES, palette=palette),
            "xychart-beta",
            f"  x-axis {_axis(series.x_label if series else '', steps, start, end)}",
            f"  y-axis {_axis(series.unit if series else '', power, low - pad, high + pad)}",
            *numbers,
            "```",
        )
    )


def _spread(points: Points, frame: _Frame, count: int) -> list[float]:
    """Put a line on an even grid: the mean of what lies around each place, else what lies between its neighbours."""
    step = (frame.end - frame.start) / (count - 1)
    groups: dict[int, list[float]] = {}
    for x, y in points:
        if frame.start <= x <= frame.end:
            groups.setdefault(round((x - frame.start) / step), []).append(y)
    ends = {0.0: _between(points, frame.start), count - 1.0: _between(points, frame.end)}
    means = {float(place): sum(y / len(group) for y in group) for place, group in groups.items()}
    known = tuple(sorted((ends | means).items()))
    return [_between(known, float(place)) for place in range(count)]


def _between(points: Points, x: float) -> float:
    """Read a line at a place within its ends."""
    at = next(place for place, (right, _) in enumerate(points) if right >= x)
    right, high = points[at]
    if right == x or at == 0:
        return high
    left, low = points[at - 1]
    share = (x - left) / (right - left)
    return low * (1 - share) + high * share


def _find_power(numbers: Sequence[float], *, most: float = 1e6) -> int:
    """Choose the power of ten that numbers are given in: Mermaid reads no exponents.

    From `most` on, numbers as they are would run into each other.
    """
    largest = max(map(abs, numbers))
    if largest == 0 or 1e-3 <= largest < most:
        return 0
    return max(-300, 3 * math.floor(math.log10(largest) / 3))


def _plain(number: float, span: float) -> str:
    """Write a number without an exponent, in digits that show a thousandth of the span."""
    decimals = min(12, max(0, 3 - math.floor(math.log10(span)))) if span > 0 else 6
    text = f"{number:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _axis(label: str, power: int, low: float, high: float) -> str:
    """Write an axis in numbers of a power of ten, which is named behind the label."""
    scale = {0: "", 3: "in thousands", 6: "in millions"}.get(power, f"x 1e{power}")
    words = _words(label, LABEL) if label.strip() else ""
    name = " ".join(part for part in (words, scale) if part)
    quoted = f'"{name}" ' if name else ""
    return f"{quoted}{_plain(low, high - low)} --> {_plain(high, high - low)}"


def _quote(text: str, limit: int) -> str:
    """Foreign text as a string of Mermaid.

    Example:
        >>> _quote('a"] %%{init: {}}%% `b`', 60)
        '"a % init: % b"'
    """
    return f'"{_words(text, limit) or "curve"}"'


def _words(text: str, limit: int) -> str:
    """Leave out whatever could end a string of Mermaid, or start a comment or a directive."""
    return " ".join(re.sub("%+", "%", _STRANGE.sub(" ", clean(text, limit))).split())
