"""Pixels to a small PNG of few colours, the same for dark pages, and how wide it is to be shown.

A palette holds all colours of such a picture, so that it is recoloured by rewriting a few hundred bytes.
"""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

DENSITY = 1.25
"""Pixels for each unit that the modules draw in: 640 units are 800 pixels, shown 400 wide on a dense screen."""
SHOWN = 2
"""Pixels for each that a page is laid out by."""
COLOURS = (96, 48, 24, 12)
"""At most so many; fewer where the file gets too large."""
EXACT = 48
"""Colours that stay as they are: the most frequent ones. The others become the nearest of few."""
LARGEST = 60_000
"""Bytes of a file: a comment of twenty pictures must open on a phone."""
CARD_DARK = (0x0D, 0x11, 0x17)
SIGNATURE = 8
"""Bytes before the first part of a PNG."""


def encode(pixels: Pixels) -> bytes:
    """Write a picture as PNG, without date and program; the same pixels give the same bytes.

    Shapes: pixels (height, width, 4), opaque.
    """
    data = b""
    for most in COLOURS:
        data = _encode(pixels, most)
        if len(data) <= LARGEST:
            break
    return data


def darken(png: bytes) -> bytes:
    """Give the same picture for dark pages: what was light is dark, and every hue stays.

    Lines stay as far from the card as they were, for mixing with white keeps a hue.
    """
    out = [png[:SIGNATURE]]
    at = SIGNATURE
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        if kind == b"PLTE":
            content = bytes(part for first in range(0, size, 3) for part in _turn(*content[first : first + 3]))
        out.append(struct.pack(">I", size) + kind + content + struct.pack(">I", zlib.crc32(kind + content)))
        at += size + 12
    return b"".join(out)


def shown_width(png: bytes) -> int:
    """Say how wide a picture of ours is to be shown, in CSS pixels."""
    return round(int.from_bytes(png[16:20]) / SHOWN)


def _turn(*colour: int) -> tuple[int, ...]:
    """Turn the lightness of a colour over, by adding the same to its three parts, and lay it on the dark card."""
    shift = 255 - max(colour) - min(colour)
    return tuple(
        round(dark + (part + shift) * (255 - dark) / 255) for part, dark in zip(colour, CARD_DARK, strict=True)
    )


def _encode(pixels: Pixels, most: int) -> bytes:
    packed = np.ascontiguousarray(pixels).view("<u4").ravel()
    # Nearly all is the card's colour, and sorting the rest alone is what makes this fast.
    card = packed[0]
    drawn = np.flatnonzero(packed != card)
    values, places, counts = np.unique(packed[drawn], return_inverse=True, return_counts=True)
    palette, of_values = _choose_palette(values, counts, most - 1)
    indices = np.zeros(packed.shape, dtype=np.uint8)
    indices[drawn] = of_values[places] + 1
    picture = Image.fromarray(indices.reshape(pixels.shape[:2]))
    picture.putpalette(np.concatenate([_unpack(card[None]), palette]).tobytes())
    buffer = BytesIO()
    picture.save(buffer, format="png", compress_level=6)
    return buffer.getvalue()


def _choose_palette(values: NDArray[Any], counts: NDArray[Any], most: int) -> tuple[Pixels, Pixels]:
    """Choose few colours of many. Shapes: values (n,) to a palette (m, 3), m <= most, and its indices (n,)."""
    colours = _unpack(values)
    if len(values) <= most:
        return colours, np.arange(len(values), dtype=np.uint8)
    kept = min(EXACT, most // 2)
    order = np.argsort(-counts, kind="stable")
    exact, rest = order[:kept], np.sort(order[kept:])
    few = Image.fromarray(colours[rest][None]).quantize(most - kept, dither=Image.Dither.NONE)
    others = np.array(few.getpalette("RGB"), dtype=np.uint8).reshape(-1, 3)[: most - kept]
    indices = np.empty(len(values), dtype=np.uint8)
    indices[exact] = np.arange(kept)
    indices[rest] = np.asarray(few)[0] + kept
    return np.concatenate([colours[exact], others]), indices


def _unpack(values: NDArray[Any]) -> Pixels:
    """Shapes: (n,) to (n, 3)."""
    return np.ascontiguousarray(values.astype("<u4")).view(np.uint8).reshape(-1, 4)[:, :3]
