"""Lines to a PNG: the head strong, the base pale, on one axis.

No pyplot, and none of the workspace's settings: a ``matplotlibrc`` there does not change the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context, rcParamsDefault
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ticker import LogLocator, MaxNLocator
from PIL import Image

from cml_bot.filters import format_number, format_ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.lines import Line2D
    from matplotlib.typing import RcKeyType
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

INCHES = (3.2, 1.8)
DPI = 200
"""640 by 360 pixels: two for each of a phone's."""
BOTTOM, HEIGHT = 0.16, 0.6
COLOURS = 96
POINTS = 2_000
"""More cannot be told apart on so few pixels."""
SLAB = 200
"""A noisy line of so many points is a slab of colour that hides the other: then both are shown by their means."""
MEANS = 60
LARGEST = 1e150
"""Beyond it, axes overflow; such values are gaps, like infinities."""
CARD, INK, FAINT = "#ffffff", "#24292f", "#d8dee4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """How one side is drawn: blue and orange differ for every eye, and in brightness too."""

    line: str
    faint: str
    """For the values behind their means."""
    text: str
    width: float


HEAD = Pen(line="#0a4c9b", faint="#bdd0e8", text="#0a4c9b", width=1.5)
BASE = Pen(line="#e39f4b", faint="#f8e6cd", text="#8a5510", width=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One side of a picture."""

    x: Sequence[float]
    """Shape (n,), rising."""
    y: Sequence[float]
    """Shape (n,); what is not finite is a gap."""
    label: str
    pen: Pen


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is to be seen; its texts are foreign."""

    title: str
    x_label: str
    lines: tuple[Line, ...]
    """The most important one first: it lies on top."""
    best: tuple[float, float] | None = None
    best_text: str = ""


def paint(picture: Picture) -> bytes:
    """Draw a picture as PNG; the same picture gives the same bytes."""
    with rc_context(_own_style()):
        sheet = Figure(figsize=INCHES, dpi=DPI, facecolor=CARD)
        canvas = FigureCanvasAgg(sheet)
        axes = sheet.add_axes((0.1, BOTTOM, 0.87, HEIGHT))
        sides = [(line, *_finite(line)) for line in picture.lines]
        window = _window([y for _, _, y in sides])
        drawn = [_draw_line(axes, line, x, y, window) for line, x, y in reversed(sides)]
        _scale(axes, np.concatenate([np.empty(0), *(y for _, _, y in sides)]))
        _mark_best(axes, picture)
        _write(sheet, axes, picture, window)
        _write_legend(sheet, drawn[::-1], picture)
        return _as_png(canvas)


def find_best(line: Line, *, is_higher_better: bool) -> tuple[float, float] | None:
    """The point of the best value, the first of equals; None where all are equal."""
    x, y = _finite(line)
    if np.isnan(y).all() or np.nanmin(y) == np.nanmax(y):
        return None
    at = np.nanargmax(y) if is_higher_better else np.nanargmin(y)
    return float(x[at]), float(y[at])


def _own_style() -> dict[RcKeyType, Any]:
    """The settings that matplotlib itself comes with; and no text is a formula."""
    style: dict[RcKeyType, Any] = {key: value for key, value in rcParamsDefault.items() if key != "backend"}
    style["text.parse_math"] = False
    return style


def _finite(line: Line) -> tuple[Numbers, Numbers]:
    """Shapes: x and y (n,), y NaN where there is no number that an axis can hold; n may be 0."""
    x, y = _as_array(line.x), _as_array(line.y)
    return x[~np.isnan(x)], y[~np.isnan(x)]


def _as_array(values: Sequence[float]) -> Numbers:
    try:
        numbers = np.array(values, dtype=np.float64)
    except OverflowError:  # an integer of more than 308 digits
        numbers = np.array([value if abs(value) < LARGEST else math.nan for value in values], dtype=np.float64)
    numbers[~(np.abs(numbers) < LARGEST)] = np.nan
    return numbers


def _in_rows(values: Numbers, size: int) -> Numbers:
    """Shapes: (n,) to (ceil(n / size), size), filled up with NaN."""
    padded = np.full(math.ceil(len(values) / size) * size, np.nan)
    padded[: len(values)] = values
    return padded.reshape(-1, size)


def _thin(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Leave the lowest and the highest point of each of equal buckets, so that no spike and no long gap is lost.

    Shapes: (n,) to (m,), m <= POINTS.
    """
    if len(y) <= POINTS:
        return x, y
    size = math.ceil(len(y) / (POINTS // 2 - 1))
    rows = _in_rows(y, size)
    starts = np.arange(len(rows)) * size
    low = starts + np.where(np.isnan(rows), np.inf, rows).argmin(axis=1)
    high = starts + np.where(np.isnan(rows), -np.inf, rows).argmax(axis=1)
    kept = np.unique(np.concatenate([low, high, [0, len(y) - 1]]))
    return x[kept], y[kept]


def _means(values: Numbers, window: int) -> Numbers:
    """Shapes: (n,) to (round(n / window),): the mean of a few values left over at the end would be noise."""
    rows = _in_rows(values, window)[: max(1, round(len(values) / window))]
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nansum(rows, axis=1) / np.count_nonzero(~np.isnan(rows), axis=1))


def _window(sides: Sequence[Numbers]) -> int:
    """How many values to show by their mean: 1 unless a side is a slab."""
    longest = max(map(len, sides), default=0)
    return max(1, longest // MEANS) if any(map(_is_slab, sides)) else 1


def _is_slab(y: Numbers) -> bool:
    y = y[~np.isnan(y)]
    return len(y) >= SLAB and bool(np.median(np.abs(np.diff(y))) > 0.02 * np.ptp(y))


def _draw_line(axes: Axes, line: Line, x: Numbers, y: Numbers, window: int) -> Line2D:
    """Draw a line with gaps where there is no number; a value without neighbours becomes a dot."""
    few_x, few_y = _thin(x, y)
    if window > 1 and len(y) >= SLAB:
        axes.plot(few_x, few_y, color=line.pen.faint, linewidth=0.5, zorder=1)
        few_x, few_y = _means(x, window), _means(y, window)
    is_gap = np.isnan(np.concatenate([[np.nan], few_y, [np.nan]]))
    lonely = is_gap[:-2] & is_gap[2:] & ~is_gap[1:-1]
    axes.plot(few_x[lonely], few_y[lonely], ".", color=line.pen.line, markersize=2 + 3 * line.pen.width)
    (drawn,) = axes.plot(few_x, few_y, color=line.pen.line, linewidth=line.pen.width, zorder=2)
    return drawn


def _scale(axes: Axes, y: Numbers) -> None:
    """Choose scales, ticks and margins: a tick's number needs its room."""
    y = y[~np.isnan(y)]
    if not len(y):
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no number to draw", transform=axes.transAxes, ha="center", color=INK, fontsize=7)
        return
    is_log = bool(y.min() > 1 / LARGEST and y.max() / 100 > y.min())
    if is_log:
        axes.set_yscale("log")
    axes.margins(x=0.02, y=0.08)
    axes.yaxis.set_major_locator(LogLocator(numticks=5) if is_log else MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    left = 0.025 + 0.0175 * _number_ticks(axes.yaxis, is_log=is_log)
    right = min(0.97, 0.99 - 0.009 * _number_ticks(axes.xaxis))
    axes.set_position((left, BOTTOM, right - left, HEIGHT))


def _number_ticks(axis: Axis, *, is_log: bool = False) -> int:
    """Write the numbers of an axis; gives the length of the longest."""
    low, high = sorted(axis.get_view_interval())
    ticks = [float(tick) for tick in axis.get_majorticklocs() if low <= tick <= high]
    labels = [format_ticks([tick])[0] for tick in ticks] if is_log else format_ticks(ticks)
    axis.set_ticks(ticks, labels)
    return max(map(len, labels), default=0)


def _mark_best(axes: Axes, picture: Picture) -> None:
    if picture.best:
        x, y = picture.best
        axes.plot([x], [y], "o", color=CARD, mec=HEAD.line, mew=1.1, markersize=4.5, zorder=5)


def _write(sheet: Figure, axes: Axes, picture: Picture, window: int) -> None:
    """Write the name, what x is, and where the best is; leave no more ink than that needs."""
    title = _drawable(picture.title)
    sheet.text(0.025, 0.975, title, va="top", color=INK, fontsize=_fit(8, len(title), 42), weight="bold")
    manner = [f"lines are means of {format_number(window)}"] if window > 1 else []
    manner += ["log scale"] if axes.get_yscale() == "log" else []
    left = " · ".join([_drawable(picture.x_label), *manner])
    right = f"○ {_drawable(picture.best_text)}" if picture.best else ""
    size = _fit(6.5, len(left + right), 48)
    sheet.text(axes.get_position().x0, 0.02, left, va="bottom", color=INK, fontsize=size)
    sheet.text(0.97, 0.02, right, ha="right", va="bottom", color=HEAD.text, fontsize=size)
    axes.minorticks_off()
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=2, labelsize=6.5, labelcolor=INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)


def _write_legend(sheet: Figure, drawn: Sequence[Line2D], picture: Picture) -> None:
    labels = [_drawable(line.label) for line in picture.lines]
    sheet.legend(
        handles=drawn,
        labels=labels,
        labelcolor=[line.pen.text for line in picture.lines],
        fontsize=_fit(6.5, sum(map(len, labels)), 50),
        loc="upper left",
        bbox_to_anchor=(0.018, 0.895),
        ncols=2,
        frameon=False,
        handlelength=1.2,
        handletextpad=0.5,
        columnspacing=1.5,
        borderpad=0.2,
    )


def _fit(size: float, length: int, room: int) -> float:
    """Make a text smaller that is longer than there is room for."""
    return size * min(1.0, room / max(length, 1))


def _drawable(text: str) -> str:
    """What the font can draw; a box stands for what it cannot."""
    font = get_font(findfont("DejaVu Sans"))
    return "".join(char if font.get_char_index(ord(char)) else "□" for char in text)


def _as_png(canvas: FigureCanvasAgg) -> bytes:
    """Encode without date and program, and with few colours: a third of the size."""
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    picture = Image.fromarray(pixels).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    buffer = BytesIO()
    picture.save(buffer, format="png", optimize=True)
    return buffer.getvalue()
