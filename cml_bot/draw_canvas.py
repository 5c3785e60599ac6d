"""A canvas for pictures that are drawn by the dozen: lines, areas, dots and texts, straight to pixels.

Matplotlib's axes lay out ticks, legends and texts several times before they draw; twenty pictures of those take two
seconds. Its renderer and its letters are what is used here. Places are in units of the modules that draw: from the
top left, 640 of them on a picture that is shown 400 pixels wide.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg, get_hinting_flag
from matplotlib.colors import to_rgb
from matplotlib.font_manager import get_font
from matplotlib.path import Path as Outline
from matplotlib.transforms import Affine2D

from cml_bot.draw_png import DENSITY, encode
from cml_bot.draw_sheet import DPI, find_letters, use_own_style

if TYPE_CHECKING:
    from matplotlib.backend_bases import GraphicsContextBase

    from cml_bot.draw_png import Pixels
    from cml_bot.draw_sheet import Numbers


class Canvas:
    """An empty picture of a size in units, to be drawn on from the back to the front."""

    def __init__(self, width: float, height: float, card: str, down: float = 0.0) -> None:
        """Lay the card out; all that is drawn later stands lower by some units."""
        self._down = down
        use_own_style()
        self._texts: list[tuple[float, float, _Written, str]] = []
        self._renderer = RendererAgg(round(width * DENSITY), round(height * DENSITY), DPI * DENSITY)  # type: ignore[no-untyped-call]
        # The renderer counts from below.
        self._transform = Affine2D().scale(DENSITY, -DENSITY).translate(0, round(height * DENSITY))
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]])
        self._fill(Outline(corners, closed=False), card)
        self._transform = self._transform.translate(0, -DENSITY * down)

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
        """Write a line that begins at `x` and stands on `y`, before all that is drawn. Units: size in points."""
        if text:
            self._texts.append((x * DENSITY, (y + self._down) * DENSITY, _write(text, size, bold=bold), colour))

    def encode(self) -> bytes:
        """Give all that was drawn as PNG."""
        pixels = np.array(self._renderer.buffer_rgba())  # type: ignore[no-untyped-call]
        for text in self._texts:
            _lay_over(pixels, *text)
        return encode(pixels)

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


class _Written(NamedTuple):
    """A line of letters."""

    mask: Pixels
    """Shape (height, width): how much of each pixel is covered, of 255."""
    width: float
    """In pixels, with the room behind the last letter."""
    left: float
    """Pixels from where the line begins to the mask."""
    descent: float
    """Pixels of the mask below what the letters stand on."""


def measure(text: str, size: float, *, bold: bool = False) -> float:
    """Say how wide a text is. Units: size in points."""
    return _write(text, size, bold=bold).width / DENSITY if text else 0.0


@lru_cache(maxsize=1 << 10)
def _write(text: str, size: float, *, bold: bool) -> _Written:
    """Draw a line of letters; tables of numbers, such as those of axes, come again on many pictures."""
    use_own_style()
    font = get_font(find_letters(bold=bold))
    font.set_size(size, DPI * DENSITY)
    font.set_text(text, 0.0, flags=get_hinting_flag())  # type: ignore[no-untyped-call]
    font.draw_glyphs_to_bitmap(antialiased=True)
    width, _ = font.get_width_height()
    left, _ = font.get_bitmap_offset()
    return _Written(np.array(font.get_image()), width / 64, left / 64, font.get_descent() / 64)


def _lay_over(pixels: Pixels, x: float, y: float, written: _Written, colour: str) -> None:
    """Lay letters over a picture, as far as they are on it. Shapes: pixels (height, width, 4)."""
    height, width = written.mask.shape
    top, left = round(y + written.descent) - height, round(x + written.left)
    rows, columns = slice(max(top, 0), max(top + height, 0)), slice(max(left, 0), max(left + width, 0))
    place = pixels[rows, columns, :3]
    mask = written.mask[max(-top, 0) :, max(-left, 0) :][: place.shape[0], : place.shape[1]]
    change = (np.array(to_rgb(colour)) * 255 - place) * (mask[..., None] / 255)
    pixels[rows, columns, :3] = np.rint(place + change)
