"""What all pictures have in common: the sheet, its colours, its texts, and how it becomes a PNG.

No pyplot, and none of the workspace's settings: a ``matplotlibrc`` there does not change the picture.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib import get_data_path, rcParams, rcParamsDefault
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.font_manager import get_font

from cml_bot.bins import LARGEST
from cml_bot.draw_png import DENSITY, encode
from cml_bot.filters import format_ticks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure
    from matplotlib.typing import RcKeyType
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

DPI = 200
"""Units in an inch: sizes of letters and widths of lines are in points, of which an inch has 72."""
CARD, INK, FAINT = "#ffffff", "#24292f", "#d8dee4"
GUIDE = "#8c959f"
"""Of lines that are no side's and have to be seen: chance, and what would be right."""


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
    """Give an empty sheet of so many units, in mlbot's own style while it is drawn on."""
    # With axes and all that belongs to them: curves, which there are most of, do without.
    from matplotlib.figure import Figure

    use_own_style()
    yield Figure(figsize=(width / DPI, height / DPI), dpi=DPI * DENSITY, facecolor=CARD)


@cache
def use_own_style() -> None:
    """Take the settings that matplotlib itself comes with; and no text is a formula."""
    style: dict[RcKeyType, Any] = {key: value for key, value in rcParamsDefault.items() if key != "backend"}
    rcParams.update({**style, "text.parse_math": False})


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


def write_legend(
    sheet: Figure, drawn: Sequence[Artist | BarContainer], sides: Sequence[tuple[str, Pen]], *, columns: int = 2
) -> None:
    """Say below the title which side is which."""
    width, height = pixels_of(sheet)
    labels = [drawable(label) for label, _ in sides]
    sheet.legend(
        handles=drawn,
        labels=labels,
        labelcolor=[pen.text for _, pen in sides],
        fontsize=fit(6.5, sum(map(len, labels)) if columns > 1 else max(map(len, labels)), 50),
        loc="upper left",
        bbox_to_anchor=(11.52 / width, 1 - 37.8 / height),
        ncols=columns,
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
    """Give the width and height of a sheet, in units."""
    return sheet.get_figwidth() * DPI, sheet.get_figheight() * DPI


def fit(size: float, length: float, room: float) -> float:
    """Make a text smaller that is longer than there is room for."""
    return size * min(1.0, room / max(length, 1))


def drawable(text: str) -> str:
    """What the font can draw; a box stands for what it cannot."""
    font = get_font(find_letters())
    return "".join(char if font.get_char_index(ord(char)) else "□" for char in text)


def find_letters(*, bold: bool = False) -> str:
    """Find the letters that matplotlib brings along: a machine's own do not change a picture."""
    return str(PurePath(get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"))


def as_png(sheet: Figure) -> bytes:
    """Encode all that was drawn."""
    canvas = FigureCanvasAgg(sheet)
    canvas.draw()  # type: ignore[no-untyped-call]
    return encode(np.asarray(canvas.buffer_rgba()))  # type: ignore[no-untyped-call]
