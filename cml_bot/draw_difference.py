"""A picture of what differs between two: one faded to grey, and what changed over it in the colours of both sides."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageDraw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

WIDEST, TALLEST = 1000, 2000
"""Pixels of a picture of differences."""
HEAVIEST = 60_000
"""Bytes that it should have at most; while it has more it is made smaller, though no smaller than is of use."""
NARROWEST = 400

GREYS = 9
STRENGTHS = (0.55, 0.75, 1.0)
"""Shares of full colour. Nine greys, three blues, three oranges and the frame are sixteen: a pixel takes four bits."""
FAINTEST = 150
"""The grey that black fades to."""
BLUE, ORANGE, FRAME = (0x0A, 0x4C, 0x9B), (0xE3, 0x9F, 0x4B), (0x57, 0x60, 0x6A)
"""The colours of head and base, as in curves."""
STRONG = 96
"""A difference of so many steps, or more, is drawn in full colour."""
SMALL = 0.1
"""Of the picture's area: changes that lie closer together get a frame, so that they are found."""
MARGIN = 6


def draw_difference(change: Bytes, head: Image.Image, base: Image.Image) -> bytes:
    """Draw what differs over a faded head, as PNG: blue where the head has ink, orange where the base has.

    Shapes: the change is (height, width), as both pictures are; it is 0 where nothing changed, and not 0 everywhere.
    """
    factor = max(1, -(-head.width // WIDEST), -(-head.height // TALLEST))
    layers = _reduce(head.convert("L"), *_split(change, head, base), factor)
    while True:
        found = _encode(_paint(*layers))
        if len(found) <= HEAVIEST or layers[0].width < 2 * NARROWEST:
            return found
        layers = _reduce(*layers, 2)


def _reduce(faded: Image.Image, here: Bytes, there: Bytes, factor: int) -> tuple[Image.Image, Bytes, Bytes]:
    """Make all layers smaller; where many pixels of a change become one, the strongest stays: no thin line is lost."""
    return faded.reduce(factor), _largest_of_blocks(here, factor), _largest_of_blocks(there, factor)


def _paint(head: Image.Image, here: Bytes, there: Bytes) -> Image.Image:
    faded = np.asarray(head)
    level = np.maximum(here, there)
    steps = len(STRENGTHS)
    strength = np.minimum((level.astype(np.uint16) * steps) // STRONG, steps - 1)
    coloured = GREYS + strength + np.where(here >= there, 0, steps)
    indices = np.where(level > 0, coloured, (faded.astype(np.uint16) * GREYS) // 256).astype(np.uint8)
    image = _indexed(indices)
    _frame(image, level)
    return image


def _indexed(indices: Bytes) -> Image.Image:
    image = Image.new("P", (indices.shape[1], indices.shape[0]))
    image.putpalette(_palette())
    image.frombytes(indices.tobytes())
    return image


def _palette() -> bytes:
    greys = [FAINTEST + round((255 - FAINTEST) * number / (GREYS - 1)) for number in range(GREYS)]
    rows = [(grey, grey, grey) for grey in greys]
    rows += [_mix(hue, share) for hue in (BLUE, ORANGE) for share in STRENGTHS]
    return bytes(channel for row in (*rows, FRAME) for channel in row)


def _mix(hue: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    """A colour with so much of a hue, the rest of it white."""
    red, green, blue = (round(255 - (255 - channel) * share) for channel in hue)
    return red, green, blue


def _largest_of_blocks(values: Bytes, factor: int) -> Bytes:
    """Reduce an array of shape (height, width) by a whole number, rounded up; the largest of each block is kept."""
    if factor == 1:
        return values
    height, width = values.shape
    whole = np.pad(values, ((0, -height % factor), (0, -width % factor)))
    # First of rows, since those lie together in memory.
    of_rows = whole.reshape(-1, factor, whole.shape[1]).max(axis=1)
    found: Bytes = of_rows.reshape(of_rows.shape[0], -1, factor).max(axis=2)
    return found


def _frame(image: Image.Image, level: Bytes) -> None:
    """Draw a frame around changes that lie close together."""
    left, top, right, bottom = _bounds(level)
    if (right - left) * (bottom - top) > SMALL * image.width * image.height:
        return
    box = (left - MARGIN, top - MARGIN, right + MARGIN - 1, bottom + MARGIN - 1)
    ImageDraw.Draw(image).rectangle(box, outline=GREYS + 2 * len(STRENGTHS), width=2)


def _bounds(level: Bytes) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what is not 0; the last two are just outside."""
    rows, columns = (np.flatnonzero(level.any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _encode(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def _split(change: Bytes, head: Image.Image, base: Image.Image) -> tuple[Bytes, Bytes]:
    """Divide the change: where the head has ink and where the base has, each of shape (height, width).

    Ink is what stands out from the ground, which is taken for what most of the picture's edge shows.
    """
    here, there = (_ink(image) for image in (head, base))
    is_here = here >= there
    return np.where(is_here, change, np.uint8(0)), np.where(is_here, np.uint8(0), change)


def _ink(image: Image.Image) -> Bytes:
    pixels = np.asarray(image)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    ground = tuple(int(channel) for channel in np.median(edge, axis=0))
    return np.asarray(brightest(*ImageChops.difference(image, Image.new("RGB", image.size, ground)).split()))


def brightest(first: Image.Image, *others: Image.Image) -> Image.Image:
    """Give the largest value that any of several channels has at each pixel."""
    for other in others:
        first = ImageChops.lighter(first, other)
    return first
