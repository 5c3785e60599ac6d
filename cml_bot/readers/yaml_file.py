"""YAML, read as YAML 1.2 writes numbers: ``1e-4`` is one; ``12:30:45``, ``1_000`` and dates are text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.readers._document import observe_document
from cml_bot.readers._dvc_values import as_value
from cml_bot.readers._names import note_twice
from cml_bot.readers._text import read_text
from cml_bot.readers._yaml import LARGEST, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cml_bot.model import Observation


def read(path: Path, x: str | None = None) -> Iterator[Observation]:
    """Yield what a YAML document holds.

    Raises:
        InputError: it is not YAML, or holds nothing with a name.
    """
    text = read_text(path, LARGEST)
    document, twice = parse_yaml(text, path.name)
    yield from observe_document(document, path.name, x, typed=lambda: parse_yaml(text, path.name, as_value)[0])
    yield from note_twice(twice)
