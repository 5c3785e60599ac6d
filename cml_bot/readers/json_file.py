"""JSON: metrics by name, a table of rows, or a history of columns. NaN and Infinity are taken as Python writes them."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.readers._document import observe_document, too_deep
from cml_bot.readers._names import note_twice
from cml_bot.readers._text import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cml_bot.model import Observation


def read(path: Path, x: str | None = None) -> Iterator[Observation]:
    """Yield what a JSON document holds.

    Raises:
        InputError: it is not JSON, or holds nothing with a name.
    """
    document, twice = parse_json(read_text(path), path.name)
    yield from observe_document(document, path.name, x)
    yield from note_twice(twice)


def parse_json(text: str, where: str, number: Callable[[str], object] | None = None) -> tuple[object, list[str]]:
    """Return the document, and the keys that stand twice in one object.

    Args:
        text: the document.
        where: the file's name.
        number: what to make of a number as written; Python's own choice when None.

    Raises:
        InputError: it is not JSON.
    """
    twice: list[str] = []

    def build(pairs: list[tuple[str, object]]) -> dict[str, object]:
        built = dict(pairs)
        if len(built) < len(pairs):
            twice.extend(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        return built

    try:
        document = json.loads(
            text, object_pairs_hook=build, parse_float=number, parse_int=number, parse_constant=number
        )
    except json.JSONDecodeError as error:
        raise _not_json(error, where) from error
    except RecursionError as error:
        raise too_deep(where) from error
    except ValueError as error:
        raise InputError(where, "holds a number with too many digits", "Write it as a float.") from error
    return document, twice


def _not_json(error: json.JSONDecodeError, where: str) -> InputError:
    place = f"{where}, line {error.lineno}"
    if error.msg == "Extra data":
        cure = "Write one, or one a line in a file that ends in .jsonl."
        return InputError(place, "more than one JSON document", cure)
    if not error.doc[error.pos :].strip() or error.msg.startswith("Unterminated"):
        return InputError(place, "ends in the middle", "Look whether the job was stopped while it wrote the file.")
    before = error.doc[: error.pos].rstrip()
    # Python 3.13 and later point to the comma, earlier ones to the bracket behind it.
    if error.msg.startswith("Illegal trailing comma") or (error.doc[error.pos] in "}]" and before.endswith(",")):
        line = before.count("\n") + 1
        return InputError(f"{where}, line {line}", "not JSON (a comma before the closing bracket)", "Remove the comma.")
    reason = error.msg[:1].lower() + error.msg[1:]
    return InputError(place, f"not JSON ({reason})", "Write the file with json.dump.")
