"""Opening text files, whatever wrote them: a byte order mark decides, else UTF-8."""

from __future__ import annotations

import codecs
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from cml_bot.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST = 64 * 1024 * 1024
"""Bytes of a document that is read as a whole."""
_SNIFFED = 64 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""The mark of UTF-16 begins that of UTF-32, so that must stand first."""
_UTF8_CURE = "Save it as UTF-8, in Python with `open(path, 'w', encoding='utf-8')`."


def read_text(path: Path, largest: int = LARGEST) -> str:
    """Read a whole document.

    Raises:
        InputError: it cannot be read, is empty, too large, or no text.
    """
    data = read_bytes(path, largest)
    if len(data) > largest:
        raise InputError(
            path.name, f"is larger than {largest >> 20} MB", "Write a smaller file with the results alone."
        )
    return decode(data, path.name)


def read_bytes(path: Path, largest: int = LARGEST) -> bytes:
    """Read a file, and one byte more than the largest size where it is larger.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(largest + 1)
    except OSError as error:
        raise unreadable(path.name, error) from error


def decode(data: bytes, where: str) -> str:
    """Turn the bytes of a document into text.

    Raises:
        InputError: it is empty or no text.
    """
    encoding = _encoding(data, where)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        n_before = data.count(b"\n", 0, error.start)
        place = f"{where}, line {n_before + 1}"
        raise not_utf8(place) from error
    if not text.strip():
        raise _empty(where)
    return text


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a file that is read row by row, at any size, with its line ends as they are.

    Bytes that are not UTF-8 come as lone surrogates: they do no harm unless they stand in a name.

    Raises:
        InputError: it cannot be read, is empty, or no text.
    """
    try:
        with path.open("rb") as file:
            encoding = _encoding(file.read(_SNIFFED), path.name)
            file.seek(0)
            errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
            with io.TextIOWrapper(file, encoding, errors, newline="") as text:
                yield text
    except OSError as error:
        raise unreadable(path.name, error) from error


def not_utf8(where: str) -> InputError:
    """Give the error for names with bytes that are not UTF-8."""
    return InputError(where, "is not UTF-8 text", _UTF8_CURE)


def _encoding(start: bytes, where: str) -> str:
    if not start.strip():
        raise _empty(where)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if b"\0" in start:
        raise InputError(where, "is not a text file", "Look whether its ending names what it holds.")
    return "utf-8"


def _empty(where: str) -> InputError:
    return InputError(where, "is empty", "Look whether the job was stopped before it wrote its results.")


def unreadable(where: str, error: OSError) -> InputError:
    reason = (error.strerror or str(error)).lower()
    return InputError(where, f"cannot be read ({reason})", "Check the path and its rights.")
