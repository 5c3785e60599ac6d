"""What all pictures have in common: the sheet, its colours, its texts, and how it becomes a PNG.

No pyplot, and none of the workspace's settings: a ``matplotlibrc`` there does not change the picture.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib import rc_context, rcParamsDefault
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from PIL import Image

from cml_bot.charts import LARGEST
from cml_bot.filters import format_ticks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.container import BarContainer
    from matplotlib.typing import RcKeyType
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

DPI = 200
COLOURS = 96
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


@contextmanager
def open_sheet(width: int, height: int) -> Iterator[Figure]:
    """Give an empty sheet of so many pixels, in mlbot's own style while it is drawn on."""
    with rc_context(_own_style()):
        yield Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=CARD)


def _own_style() -> dict[RcKeyType, Any]:
    """The settings that matplotlib itself comes with; and no text is a formula."""
    style: dict[RcKeyType, Any] = {key: value for key, value in rcParamsDefault.items() if key != "backend"}
    style["text.parse_math"] = False
    return style


def number_ticks(axis: Axis, *, is_log: bool = False) -> int:
    """Write the numbers of an axis; gives the length of the longest."""
    low, high = sorted(axis.get_view_interval())
    ticks = [float(tick) for tick in axis.get_majorticklocs() if low <= tick <= high]
    labels = [format_ticks([tick])[0] for tick in ticks] if is_log else format_ticks(ticks)
    axis.set_ticks(ticks, labels)
    return max(map(len, labels), default=0)


def as_array(values: Sequence[float]) -> Numbers:
    """Give numbers as an array of shape (n,), NaN where there is none that an axis can hold."""
    try:
        numbers = np.array(values, dtype=np.float64)
    except OverflowError:  # an integer of more than 308 digits
        numbers = np.array([value if abs(value) < LARGEST else math.nan for value in values], dtype=np.float64)
    numbers[~(np.abs(numbers) < LARGEST)] = np.nan
    return numbers


def write_title(sheet: Figure, title: str) -> None:
    """Write what is to be seen, at the top."""
    text, (width, height) = drawable(title), pixels_of(sheet)
    size = fit(8, len(text), round(42 * width / 640))
    sheet.text(16 / width, 1 - 9 / height, text, va="top", color=INK, fontsize=size, weight="bold")


def write_foot(sheet: Figure, left: str, x: float, right: str = "") -> None:
    """Write a line below the axes: what they are from `x` on, and what stands out at the right."""
    width, height = pixels_of(sheet)
    left, right = drawable(left), drawable(right) if right else ""
    size = fit(6.5, len(left + right), round(48 * width / 640))
    sheet.text(x, 7.2 / height, left, va="bottom", color=INK, fontsize=size)
    sheet.text(1 - 19.2 / width, 7.2 / height, right, ha="right", va="bottom", color=HEAD.text, fontsize=size)


def write_legend(sheet: Figure, drawn: Sequence[Artist | BarContainer], sides: Sequence[tuple[str, Pen]]) -> None:
    """Say below the title which side is which."""
    width, height = pixels_of(sheet)
    labels = [drawable(label) for label, _ in sides]
    sheet.legend(
        handles=drawn,
        labels=labels,
        labelcolor=[pen.text for _, pen in sides],
        fontsize=fit(6.5, sum(map(len, labels)), 50),
        loc="upper left",
        bbox_to_anchor=(11.52 / width, 1 - 37.8 / height),
        ncols=2,
        frameon=False,
        handlelength=1.2,
        handletextpad=0.5,
        columnspacing=1.5,
        borderpad=0.2,
    )


def style_axes(axes: Axes, grid: Literal["x", "y", "both"]) -> None:
    """Leave no more ink than the numbers need."""
    axes.minorticks_off()
    axes.grid(axis=grid, color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=2, labelsize=6.5, labelcolor=INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)


def pixels_of(sheet: Figure) -> tuple[float, float]:
    """Give the width and height of a sheet."""
    return sheet.get_figwidth() * DPI, sheet.get_figheight() * DPI


def fit(size: float, length: int, room: int) -> float:
    """Make a text smaller that is longer than there is room for."""
    return size * min(1.0, room / max(length, 1))


def drawable(text: str) -> str:
    """What the font can draw; a box stands for what it cannot."""
    font = get_font(findfont("DejaVu Sans"))
    return "".join(char if font.get_char_index(ord(char)) else "□" for char in text)


def as_png(sheet: Figure) -> bytes:
    """Encode without date and program, and with few colours: a third of the size."""
    canvas = FigureCanvasAgg(sheet)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    picture = Image.fromarray(pixels).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    buffer = BytesIO()
    picture.save(buffer, format="png", optimize=True)
    return buffer.getvalue()
