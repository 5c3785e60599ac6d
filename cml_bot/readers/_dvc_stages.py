"""Stages of a dvc.yaml, with what DVC's templating writes once and means many times.

Source: https://dvc.org/doc/user-guide/project-structure/dvcyaml-files#templating
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_STAGES = 1_000
_HOLE = re.compile(r"\$\{\s*([^{}]+?)\s*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage that runs, and the values that its text may ask for."""

    body: Mapping[str, object]
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """All stages, loops unrolled, and the names of those that are not all among them."""

    stages: tuple[Stage, ...]
    unknown: tuple[str, ...]
    """Their loop goes over values from elsewhere."""
    beyond: tuple[str, ...]
    """What they mean is more than `MOST_STAGES` in all."""


def expand_stages(document: Mapping[str, object]) -> Stages:
    """Unroll the loops of a dvc.yaml, as far as they can be known from here."""
    values = literal_values(document.get("vars"))
    stages = document.get("stages")
    expanded: list[Stage] = []
    unknown: list[str] = []
    beyond: list[str] = []
    for name, body in stages.items() if isinstance(stages, dict) else ():
        if isinstance(body, dict):
            room = MOST_STAGES - len(expanded)
            found = list(islice(_expand(body, values), room + 1))
            expanded += found[:room]
            unknown += [] if found else [name]
            beyond += [name] if len(found) > room else []
    return Stages(stages=tuple(expanded), unknown=tuple(unknown), beyond=tuple(beyond))


def render(text: str, values: Mapping[str, object]) -> str | None:
    """Fill the ``${…}`` of a text; None when a value is not known here.

    Example:
        >>> render("out/${item.name}.json", {"item": {"name": "us"}}), render("${lr}", {})
        ('out/us.json', None)
    """
    found = {hole: _look_up(hole, values) for hole in _HOLE.findall(text)}
    if any(not isinstance(value, str) for value in found.values()):
        return None
    return _HOLE.sub(lambda match: str(found[match[1]]), text)


def _expand(body: Mapping[str, object], values: Mapping[str, object]) -> Iterator[Stage]:
    own = {**values, **literal_values(body.get("vars"))}
    if "foreach" in body:
        do = body.get("do")
        for key, item in _items(_resolve(body["foreach"], own)):
            yield Stage(body=do if isinstance(do, dict) else {}, values={**own, "key": key, "item": item})
    elif isinstance(matrix := body.get("matrix"), dict):
        axes = [[item for _, item in _items(_resolve(axis, own))] for axis in matrix.values()]
        for items in product(*axes):
            yield Stage(body=body, values={**own, "item": dict(zip(matrix, items, strict=True))})
    else:
        yield Stage(body=body, values=own)


def _items(loop: object) -> Iterator[tuple[str, object]]:
    if isinstance(loop, dict):
        yield from loop.items()
    elif isinstance(loop, list):
        yield from ((str(index), item) for index, item in enumerate(loop))


def _resolve(value: object, values: Mapping[str, object]) -> object:
    """Return what a loop goes over: itself, or the value that it names."""
    hole = _HOLE.fullmatch(value) if isinstance(value, str) else None
    return _look_up(hole[1], values) if hole else value


def _look_up(path: str, values: Mapping[str, object]) -> object:
    value: object = values
    for step in re.split(r"[.\[]", path.replace("]", "")):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def literal_values(section: object) -> dict[str, object]:
    """Return the values that dvc.yaml itself holds; those in other files, params.yaml among them, are not looked up."""
    values: dict[str, object] = {}
    for entry in section if isinstance(section, list) else ():
        if isinstance(entry, dict):
            values.update(entry)
    return values
