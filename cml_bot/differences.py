"""Pairs of pictures, looked at pixel by pixel: those that look alike are dropped, the others show what differs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.model import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cml_bot.model import FigurePair

MOST_PIXELS = 60_000_000
"""Of all pictures of a report that are looked at, some three seconds; those after are told apart by bytes alone."""
PLAIN = "image/png"
"""The one kind that is decoded where it comes from a stranger: the job may have rights, and PNG takes little code."""


def add_differences(pairs: Sequence[FigurePair], label: str, *, is_strange: bool = False) -> tuple[FigurePair, ...]:
    """Drop the pairs that look alike, and add to the others what differs.

    Args:
        pairs: pictures whose bytes differ, or that are on one side alone.
        label: how the base's side is called.
        is_strange: whether the head's come from a stranger.
    """
    return tuple(_compare_all(pairs, label, is_strange=is_strange))


def _compare_all(pairs: Sequence[FigurePair], label: str, *, is_strange: bool) -> Iterator[FigurePair]:
    left = MOST_PIXELS
    for pair in pairs:
        if pair.head is None or pair.base is None or (is_strange and not {pair.head.media, pair.base.media} <= {PLAIN}):
            yield pair
            continue
        # Only here: to load Pillow and numpy takes a tenth of a second.
        from cml_bot.picture_pixels import compare_pixels, count_pixels

        left -= count_pixels(pair.head) + count_pixels(pair.base)
        if left < 0:
            yield replace(pair, told="not compared: there are too many large pictures")
            continue
        found = compare_pixels(pair.head, pair.base, label)
        if not found.is_same:
            yield replace(pair, told=found.told, difference=_as_figure(pair.name, found.png, found.told))


def _as_figure(name: str, png: bytes, told: str) -> Figure | None:
    return Figure(name=name, media="image/png", data=png, caption=told) if png else None
