"""A canvas for pictures that are drawn by the dozen: lines, areas, dots and texts, straight to pixels.

Matplotlib's axes lay out ticks, legends and texts several times before they draw; twenty pictures of those take two
seconds. Its renderer and its letters are what is used here. Places are in units of the modules that draw: from the
top left, 640 of them on a picture that is shown 400 pixels wide.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as Outline
from matplotlib.transforms import Affine2D

from cml_bot.draw_png import DENSITY, encode
from cml_bot.draw_sheet import DPI, find_letters, use_own_style

if TYPE_CHECKING:
    from matplotlib.backend_bases import GraphicsContextBase

    from cml_bot.draw_sheet import Numbers


class Canvas:
    """An empty picture of a size in units, to be drawn on from the back to the front."""

    def __init__(self, width: float, height: float, card: str) -> None:
        """Lay the card out."""
        use_own_style()
        self.width, self.height = width, height
        self._renderer = RendererAgg(round(width * DENSITY), round(height * DENSITY), DPI * DENSITY)  # type: ignore[no-untyped-call]
        # The renderer counts from below.
        self._transform = Affine2D().scale(DENSITY, -DENSITY).translate(0, round(height * DENSITY))
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]])
        self._fill(Outline(corners, closed=False), card)

    def line(self, x: Numbers, y: Numbers, colour: str, width: float, dashes: tuple[float, ...] = ()) -> None:
        """Draw a line with gaps where a place is NaN. Shapes: x and y (n,). Units: width and dashes in points."""
        if len(x):
            self._draw(Outline(np.column_stack([x, y])), self._pen(colour, width, dashes))

    def area(self, x: Numbers, low: Numbers, high: Numbers, colour: str, alpha: float) -> None:
        """Fill what lies between two lines, which have no gaps. Shapes: (n,) each."""
        corners = np.column_stack([np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]])])
        self._fill(Outline(corners), colour, alpha)

    def dot(self, x: float, y: float, size: float, colour: str, edge: str = "", width: float = 0.0) -> None:
        """Draw a dot, with an edge where one is asked for. Units: size and width in points."""
        circle = Outline.circle((x, y), size / 2 * DPI / 72)
        self._draw(circle, self._pen(edge or colour, width), colour)

    def text(self, x: float, y: float, text: str, size: float, colour: str, *, bold: bool = False) -> None:
        """Write a line that begins at `x` and stands on `y`. Units: size in points."""
        if text:
            pen = self._pen(colour, 0)
            place = (round(x * DENSITY), round(y * DENSITY))
            self._renderer.draw_text(pen, *place, text, _letters(size, bold=bold), 0)  # type: ignore[no-untyped-call]

    def encode(self) -> bytes:
        """Give all that was drawn as PNG."""
        return encode(np.asarray(self._renderer.buffer_rgba()))  # type: ignore[no-untyped-call]

    def _fill(self, outline: Outline, colour: str, alpha: float = 1.0) -> None:
        pen = self._pen(colour, 0)
        pen.set_alpha(alpha)
        self._draw(outline, pen, colour)

    def _draw(self, outline: Outline, pen: GraphicsContextBase, colour: str = "") -> None:
        face = to_rgb(colour) if colour else None
        self._renderer.draw_path(pen, outline, self._transform, face)  # type: ignore[no-untyped-call]

    def _pen(self, colour: str, width: float, dashes: tuple[float, ...] = ()) -> GraphicsContextBase:
        """Make a pen. Units: width and dashes in points."""
        pen: GraphicsContextBase = self._renderer.new_gc()
        pen.set_linewidth(width)
        pen.set_foreground(colour)
        pen.set_joinstyle("round")
        pen.set_capstyle("butt")
        if dashes:
            pen.set_dashes(0, dashes)
        return pen


@lru_cache(maxsize=1 << 12)
def measure(text: str, size: float, *, bold: bool = False) -> float:
    """Say how wide a text is. Units: size in points."""
    widths: Any = _ruler().get_text_width_height_descent
    return float(widths(text, _letters(size, bold=bold), False)[0]) / DENSITY if text else 0.0


@cache
def _ruler() -> RendererAgg:
    use_own_style()
    return RendererAgg(1, 1, DPI * DENSITY)  # type: ignore[no-untyped-call]


@cache
def _letters(size: float, *, bold: bool) -> FontProperties:
    return FontProperties(family="DejaVu Sans", size=size, fname=find_letters(bold=bold))
