"""Pictures, told by their first bytes and not by their name; they are not decoded here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.model import ENDINGS, Figure, Note
from cml_bot.readers._text import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cml_bot.model import Observation

LARGEST = 10 * 1024 * 1024
"""Bytes; forges show no larger picture in a comment."""
MOST_PICTURES = 20
"""Of what one tool logged: more is no report."""
_MAGIC = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
_SVG = re.compile(
    rb"""(?:\xef\xbb\xbf)?\s*+
    (?: <\?xml [^>]*+ > | <!-- .*? --> | <!DOCTYPE\s [^>\[]*+ (?:\[ [^\]]*+ \])? \s*+ > | \s )*+
    <svg[\s>/]""",
    re.DOTALL | re.VERBOSE,
)
"""By its root element. Possessive throughout: nothing is tried twice, however the file is made."""


def read(path: Path, x: str | None = None) -> Iterator[Observation]:  # noqa: ARG001 - a picture has no columns
    """Yield the picture; one that is too large is left out.

    Raises:
        InputError: it is no picture that forges show.
    """
    data = read_bytes(path, LARGEST)
    media = find_media(data)
    if media is None:
        what = "is not a picture" if data else "is empty"
        raise InputError(path.name, what, "Save it as PNG, JPEG, GIF, WebP or SVG.")
    if len(data) > LARGEST:
        yield Note(text=f"is a picture of more than {LARGEST >> 20} MB; left out. Save it smaller, at 150 dpi or less.")
        return
    ending = path.suffix.lower().removeprefix(".")
    if ending not in ENDINGS[media] and any(ending in endings for endings in ENDINGS.values()):
        kind = media.partition("/")[2].partition("+")[0]
        yield Note(text=f"is named .{ending} and holds {kind.upper()}; taken as what it holds. Rename it.")
    yield Figure(name=path.name, media=media, data=data, caption=_caption(path.stem))


def find_media(data: bytes) -> str | None:
    """Tell the media type of a picture; None when it is none.

    Example:
        >>> find_media(b"GIF89a..."), find_media(b"<svg/>"), find_media(b"<html>")
        ('image/gif', 'image/svg+xml', None)
    """
    for magic, media in _MAGIC:
        if magic.match(data):
            return media
    return "image/svg+xml" if _SVG.match(data[:4096]) else None


def _caption(stem: str) -> str:
    return re.sub(r"[_\-\s]+", " ", stem).strip() or stem
