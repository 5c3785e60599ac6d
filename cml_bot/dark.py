"""Pictures for dark pages: files of their own beside those for light ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cml_bot.model import Figure


def name_dark(name: str) -> str:
    """Name the file of a picture for dark pages.

    Example:
        >>> name_dark("01-loss.png")
        '01-loss-dark.png'
    """
    stem, dot, ending = name.rpartition(".")
    return f"{stem}-dark{dot}{ending}"


def add_dark(figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """Give figures, and behind each that has one the same for dark pages as a figure of its own."""
    return tuple(one for figure in figures for one in (figure, _dark(figure)) if one)


def _dark(figure: Figure) -> Figure | None:
    return replace(figure, name=name_dark(figure.name), data=figure.dark, dark=b"") if figure.dark else None
