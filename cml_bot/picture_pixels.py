"""What differs between two pictures of one name: their pixels, as a screen shows them, at eight bits a channel.

The files come from strangers. So only four decoders are used, each for what the first bytes are of; the size that a
file claims is looked at before anything is decoded; and whatever goes wrong costs the comparison alone.

Profiles of colours are passed over. Two pictures are the same where no channel of any pixel differs by more than
UNSEEN: one pixel that differs by more makes them two.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageOps

from cml_bot.draw_difference import brightest, draw_difference
from cml_bot.filters import format_percent, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cml_bot.model import Figure

    Bytes = NDArray[np.uint8]

DECODERS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
LARGEST = 16_000_000
"""Pixels of a picture that is decoded, such as 4,000 by 4,000."""
UNSEEN = 2
"""Of 255 steps of a channel. Nobody sees so small a difference; other versions of an encoder and of a font make it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What can be said of two pictures."""

    is_same: bool = False
    """Whether nobody could tell one from the other."""
    told: str = ""
    """What a reader should know, without a full stop."""
    png: bytes = b""
    """What differs, where that can be drawn."""


def compare_pixels(head: Figure, base: Figure, label: str) -> Compared:
    """Compare two pictures whose bytes differ; what cannot be decoded is said to be so.

    Args:
        head: one of them.
        base: the other.
        label: how the base's side is called.
    """
    media = {head.media, base.media}
    if not media <= set(DECODERS):
        return Compared()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _compare(_open(head), _open(base), label)
    except Exception:
        # Decoders raise whatever they like: OSError, SyntaxError, ValueError, struct.error, MemoryError.
        return Compared(told="their pixels could not be compared: one of them cannot be decoded")


def count_pixels(figure: Figure) -> int:
    """Return how many pixels of a picture would be decoded; 0 where nobody can tell, and where there are too many."""
    if figure.media not in DECODERS:
        return 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            width, height = _open(figure).size
    except Exception:
        return 0
    return width * height if width * height <= LARGEST else 0


def _open(figure: Figure) -> Image.Image:
    """Read what a picture says of itself, and decode nothing yet."""
    return Image.open(BytesIO(figure.data), formats=(DECODERS[figure.media],))


def _compare(head: Image.Image, base: Image.Image, label: str) -> Compared:
    if max(image.width * image.height for image in (head, base)) > LARGEST:
        return Compared(told=f"not compared: one has more than {LARGEST // 1_000_000} million pixels")
    if any(getattr(image, "is_animated", False) for image in (head, base)):
        return Compared(told="not compared, since it moves")
    head, base = ImageOps.exif_transpose(head), ImageOps.exif_transpose(base)
    if head.size != base.size:
        sizes = [f"{image.width} × {image.height}" for image in (base, head)]
        return Compared(told=f"{sizes[0]} pixels on {label}, {sizes[1]} here")
    shown = _on_grounds(head, base)
    change = _change(shown)
    if not change.any():
        return Compared(is_same=True)
    return Compared(told=_tell(change), png=draw_difference(change, *shown[0]))


def _on_grounds(*images: Image.Image) -> Sequence[tuple[Image.Image, ...]]:
    """Lay pictures on white, as a page does; and on black as well where one can be seen through."""
    if not any(image.has_transparency_data for image in images):
        return [tuple(_at_eight_bits(image).convert("RGB") for image in images)]
    whole = [_at_eight_bits(image).convert("RGBA") for image in images]
    return [
        tuple(Image.alpha_composite(Image.new("RGBA", one.size, ground), one).convert("RGB") for one in whole)
        for ground in ("white", "black")
    ]


def _at_eight_bits(image: Image.Image) -> Image.Image:
    """Pillow's own conversion cuts off what is brighter than 255 of 65,535."""
    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)) if image.mode.startswith("I;16") else image


def _change(shown: Sequence[tuple[Image.Image, ...]]) -> Bytes:
    """Give the largest difference of any channel, on any ground, of shape (height, width); 0 where nobody sees it."""
    found = np.asarray(brightest(*(brightest(*ImageChops.difference(*pair).split()) for pair in shown)))
    return np.where(found > UNSEEN, found, np.uint8(0))


def _tell(change: Bytes) -> str:
    """Say how much differs, and where."""
    count = int(np.count_nonzero(change))
    if count == change.size:
        return "every pixel differs"
    share = count / change.size
    few = f"{plural(count, 'pixel')} differ{'s' if count == 1 else ''}"
    much = f"{format_percent(share)} of the pixels differ"
    return (few if share < 0.001 else much) + _place(change)


_ROWS, _COLUMNS = ("upper", "", "lower"), ("left", "", "right")
_ALONE = {"upper": "at the top", "lower": "at the bottom", "left": "at the left", "right": "at the right"}


def _place(change: Bytes) -> str:
    """Say in which ninth, or third, of the picture most of the changes lie; empty where they lie all over."""
    cells = np.array(
        [[np.count_nonzero(cell) for cell in np.array_split(row, 3, axis=1)] for row in np.array_split(change, 3)]
    )
    total = cells.sum()
    row, column = (int(number) for number in np.unravel_index(cells.argmax(), cells.shape))
    if cells[row, column] * 2 >= total:
        return _word(int(cells[row, column]), int(total), _ROWS[row], _COLUMNS[column])
    for axis, names in ((1, _ROWS), (0, _COLUMNS)):
        third = cells.sum(axis=axis)
        if third.max() * 3 >= total * 2:
            return _word(int(third.max()), int(total), names[int(third.argmax())], "")
    return ""


def _word(part: int, total: int, row: str, column: str) -> str:
    where = f"in the {row} {column}" if row and column else _ALONE.get(row or column, "in the middle")
    return f", {where}" if part == total else f", most {where}"
