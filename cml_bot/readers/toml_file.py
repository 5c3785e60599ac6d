"""TOML: metrics by name, in tables."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.readers._document import observe_document, too_deep
from cml_bot.readers._text import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cml_bot.model import Observation

LARGEST = 16 * 1024 * 1024
_DEEP = re.compile(r"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){100}")
"""A key of a hundred parts: tomllib takes seconds for a line of some thousand."""
_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")


def read(path: Path, x: str | None = None) -> Iterator[Observation]:
    """Yield what a TOML document holds.

    Raises:
        InputError: it is not TOML.
    """
    yield from observe_document(parse_toml(read_text(path, LARGEST), path.name), path.name, x)


def parse_toml(text: str, where: str, number: Callable[[str], object] = float) -> dict[str, object]:
    """Return the tables of a document; `number` makes something of a float as written.

    Raises:
        InputError: it is not TOML.
    """
    if _DEEP.search(text):
        raise too_deep(where)
    try:
        return tomllib.loads(text, parse_float=number)
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.search(str(error))
        place = f"{where}, line {found['line']}" if found and found["line"] else where
        reason = _PLACE.sub("", str(error))
        what = f"not TOML ({reason[:1].lower() + reason[1:]})"
        raise InputError(place, what, "Write text in quotes, and each key once.") from error
    except RecursionError as error:
        raise too_deep(where) from error
    except ValueError as error:
        raise InputError(where, "holds a number with too many digits", "Write it as a float.") from error
