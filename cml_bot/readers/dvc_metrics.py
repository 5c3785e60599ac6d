"""A metrics file as DVC reads it: its ending decides, and texts and bools count beside numbers.

A file of any other ending than JSON, TOML and Python is YAML, so that a text file with one number in it is a metric.
Source: https://dvc.org/doc/command-reference/metrics
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cml_bot.readers._any_document import parse_any
from cml_bot.readers._document import observe_document
from cml_bot.readers._dvc_values import as_value
from cml_bot.readers._names import note_twice
from cml_bot.readers._text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cml_bot.model import Observation

LARGEST = 16 * 1024 * 1024
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def read(path: Path, x: str | None = None) -> Iterator[Observation]:
    """Yield numbers as metrics, texts and bools as parameters; a bare value goes by the name of the file.

    Raises:
        InputError: it is not what its ending says, or holds nothing.
    """
    text = read_text(path, LARGEST)
    document, twice = parse_any(text, path.name, plain=_value_of)
    typed = partial(parse_any, text, path.name, plain=as_value)
    yield from observe_document(document, path.name, x, has_words=True, typed=lambda: typed()[0])
    yield from note_twice(twice)


def _value_of(text: str) -> str | None:
    return None if text in _NULLS else text
