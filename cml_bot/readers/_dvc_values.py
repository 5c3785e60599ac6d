"""Values that a dvc.yaml's text may ask for: of its `vars`, and of the files that those name.

Source: https://dvc.org/doc/user-guide/project-structure/dvcyaml-files#variables
"""

from __future__ import annotations

import math
import posixpath
import re
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.readers._any_document import parse_any
from cml_bot.readers._numbers import parse_number
from cml_bot.readers._text import LARGEST, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

USUAL = "params.yaml"
"""The file whose values count though nobody names it, and that a bare parameter of a stage means."""
_DEEPEST = 32
_BOOLS = {"true": True, "false": False}
_NULLS = frozenset({"", "~", "null"})
_HOLE = re.compile(r"(?<!\\)\$\{\s*([^{}]+?)\s*\}")


class Values:
    """Other files of the tree as values, each read once."""

    def __init__(self, read: Callable[[str], bytes | None] | None = None) -> None:
        """Begin with none.

        Args:
            read: gives the content of a path of the tree, None where nothing can be read there.
        """
        self.files: dict[str, dict[str, object] | None] = {}
        """What each path was found to hold, in the order they were asked for."""
        self._read = read

    def load(self, section: object, folder: str, known: Mapping[str, object]) -> dict[str, object]:
        """Return what is known with what a section `vars` adds.

        Args:
            section: its entries: values, files, and files with the keys that are wanted of them.
            folder: where files are looked for, relative to the top of the tree.
            known: the values so far.
        """
        values = dict(known)
        for entry in section if isinstance(section, list) else ():
            if isinstance(entry, dict):
                values = _merge(values, entry)
            elif isinstance(entry, str):
                path, _, keys = entry.partition(":")
                document = self.document(posixpath.normpath(posixpath.join(folder, path))) or {}
                wanted = [key for key in keys.split(",") if key] or list(document)
                values = _merge(values, {key: document[key] for key in wanted if key in document})
        return values

    def document(self, path: str) -> dict[str, object] | None:
        """Return what a file holds; None where it is missing, broken or has no names."""
        if path not in self.files:
            self.files[path] = self._parse(path)
        return self.files[path]

    def _parse(self, path: str) -> dict[str, object] | None:
        data = self._read(path) if self._read else None
        if data is None or len(data) > LARGEST:
            return None
        try:
            document, _ = parse_any(decode(data, path), path, plain=as_value)
        except InputError:
            # Whoever reads it as parameters says what is wrong with it.
            return None
        return document if isinstance(document, dict) else None


def as_value(text: str) -> object:
    """Read a scalar without quotes as YAML 1.2 does, where that changes how it is written into a text.

    Example:
        >>> as_value("1e-3"), as_value("True"), as_value("us"), as_value("~")
        (0.001, True, 'us', None)
    """
    if text[:1].isalpha() or not text:
        return _BOOLS.get(text.lower(), None if text.lower() in _NULLS else text)
    if text == "~":
        return None
    number = parse_number(text)
    return text if number is None or not math.isfinite(number) else number


def render(text: str, values: Mapping[str, object]) -> str | None:
    r"""Fill the ``${…}`` of a text; None when a value is not known here.

    Example:
        >>> render("out/${item.name}.json", {"item": {"name": "us"}}), render("${lr}", {})
        ('out/us.json', None)
    """
    if "${" not in text:
        return text
    found = {hole: as_text(look_up(hole, values)) for hole in _HOLE.findall(text)}
    if None in found.values():
        return None
    return _HOLE.sub(lambda match: str(found[match[1]]), text).replace(r"\${", "${")


def resolve(value: object, values: Mapping[str, object], depth: int = 0) -> object:
    """Return a value with the ``${…}`` in it filled; one that is nothing else is what it names.

    Example:
        >>> resolve(["${a}", "b"], {"a": {"x": 1}})
        [{'x': 1}, 'b']
    """
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        return [resolve(item, values, depth + 1) for item in value]
    if isinstance(value, dict):
        return {key: resolve(item, values, depth + 1) for key, item in value.items()}
    if not isinstance(value, str) or "${" not in value:
        return value
    hole = _HOLE.fullmatch(value)
    return look_up(hole[1], values) if hole else render(value, values)


def look_up(path: str, values: Mapping[str, object]) -> object:
    """Return the value that a path such as ``models[0].name`` leads to; None where it leads nowhere."""
    value: object = values
    for step in re.split(r"[.\[]", path.replace("]", "")):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def as_text(value: object) -> str | None:
    """Write a value into a text, as DVC does; None for what has no such form."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


def _merge(into: Mapping[str, object], more: Mapping[str, object], depth: int = 0) -> dict[str, object]:
    """Lay values over others, key by key where both are mappings."""
    merged = dict(into)
    for key, value in more.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and depth < _DEEPEST:
            merged[key] = _merge(old, value, depth + 1)
        else:
            merged[key] = value
    return merged
