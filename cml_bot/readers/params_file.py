"""Parameters, as text as they are written: ``1e-4`` stays ``1e-4``, and a list is one value."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import format_number
from cml_bot.model import Note, Param
from cml_bot.readers._any_document import parse_any
from cml_bot.readers._names import Names, note_twice, shorten, some
from cml_bot.readers._text import read_text
from cml_bot.readers._tree import DEEPEST, MOST_METRICS, flatten

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cml_bot.model import Observation

LARGEST = 4 * 1024 * 1024
ULTRALYTICS = "args.yaml"
"""All settings of a training by Ultralytics, where it ran among them."""
_RUN_KEYS = frozenset(("name", "project", "save_dir"))
LONGEST = 1_000
"""Characters of a value that are kept."""


def read(path: Path, x: str | None = None) -> Iterator[Observation]:  # noqa: ARG001 - parameters have no columns
    """Yield every parameter, keys in keys joined by dots.

    Raises:
        InputError: it is not what its ending says (JSON, TOML, Python; YAML for all others), or has no names.
    """
    document, twice = parse_any(read_text(path, LARGEST), path.name, number=str)
    if not isinstance(document, dict):
        raise InputError(path.name, "holds no named parameters", "Write one a line, such as lr: 0.1.")
    flat, names = flatten(document), Names()
    is_of_run = path.name == ULTRALYTICS
    for leaf in flat.leaves[:MOST_METRICS]:
        if is_of_run and leaf.name in _RUN_KEYS:
            continue
        value = shorten(as_text(leaf.value), LONGEST)
        yield Param(name=names.take(leaf.name), value=_name_of_path(value) if is_of_run else value)
    if names.numbered:
        yield Note(text=f"several keys come to one name: {some(names.numbered)}; numbered. Rename one of them.")
    left = len(flat.leaves) - MOST_METRICS
    if left > 0:
        most = format_number(MOST_METRICS)
        yield Note(text=f"has more than {most} parameters; {format_number(left)} were left out. Name a smaller file.")
    yield from note_twice(twice)
    yield from flat.notes


def _name_of_path(value: str) -> str:
    """Give the last part of an absolute path, whose others are the machine's; any other value as it is.

    Example:
        >>> _name_of_path("/home/runner/data/coco8.yaml"), _name_of_path("C:/data/coco8.yaml"), _name_of_path("a/b")
        ('coco8.yaml', 'coco8.yaml', 'a/b')
    """
    is_absolute = PurePosixPath(value).is_absolute() or PureWindowsPath(value).is_absolute()
    return PureWindowsPath(value).name if is_absolute else value


def as_text(value: object, depth: int = 0) -> str:
    """Write a value as a file of parameters would.

    Example:
        >>> as_text(["1e-4", True, None, {"a": 1}])
        '[1e-4, true, null, {a: 1}]'
    """
    if isinstance(value, list | dict) and depth >= DEEPEST:
        return "…"
    if isinstance(value, list):
        return f"[{', '.join(as_text(each, depth + 1) for each in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {as_text(each, depth + 1)}' for key, each in value.items())}}}"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value).encode("utf-8", "replace").decode("utf-8")
