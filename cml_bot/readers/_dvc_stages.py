"""Stages of a dvc.yaml, with what DVC's templating writes once and means many times.

Source: https://dvc.org/doc/user-guide/project-structure/dvcyaml-files#templating
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING

from cml_bot.readers._dvc_values import as_text, render, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cml_bot.readers._dvc_values import Values

MOST_STAGES = 10_000


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


def expand_stages(document: Mapping[str, object], known: Mapping[str, object], values: Values, folder: str) -> Stages:
    """Unroll the loops of a dvc.yaml, as far as they can be known from here.

    Args:
        document: the file, parsed.
        known: what its own `vars` say.
        values: gives what the `vars` of a stage name.
        folder: where the file lies.
    """
    stages = document.get("stages")
    expanded: list[Stage] = []
    unknown: list[str] = []
    beyond: list[str] = []
    for name, body in stages.items() if isinstance(stages, dict) else ():
        if isinstance(body, dict):
            room = MOST_STAGES - len(expanded)
            found = list(islice(_expand(body, known, values, folder), room + 1))
            expanded += found[:room]
            unknown += [] if found else [name]
            beyond += [name] if len(found) > room else []
    return Stages(stages=tuple(expanded), unknown=tuple(unknown), beyond=tuple(beyond))


def _expand(body: Mapping[str, object], known: Mapping[str, object], values: Values, folder: str) -> Iterator[Stage]:
    if "foreach" in body:
        do = body.get("do")
        one = do if isinstance(do, dict) else {}
        for key, item in _items(resolve(body["foreach"], known)):
            yield _stage(one, {**known, "key": key, "item": item}, values, folder)
    elif isinstance(matrix := body.get("matrix"), dict):
        axes = [list(enumerate(item for _, item in _items(resolve(axis, known)))) for axis in matrix.values()]
        for places in product(*axes):
            item = {name: value for name, (_, value) in zip(matrix, places, strict=True)}
            key = "-".join(_part_of_key(name, *place) for name, place in zip(matrix, places, strict=True))
            yield _stage(body, {**known, "key": key, "item": item}, values, folder)
    else:
        yield _stage(body, known, values, folder)


def _stage(body: Mapping[str, object], known: Mapping[str, object], values: Values, folder: str) -> Stage:
    section, wdir = body.get("vars"), body.get("wdir")
    if section:
        below = render(wdir, known) if isinstance(wdir, str) else ""
        known = values.load(section, posixpath.join(folder, below or ""), known)
    return Stage(body=body, values=known)


def _items(loop: object) -> Iterator[tuple[str, object]]:
    if isinstance(loop, dict):
        yield from loop.items()
    elif isinstance(loop, list):
        yield from ((str(index), item) for index, item in enumerate(loop))


def _part_of_key(name: str, place: int, value: object) -> str:
    """Return what one value of a matrix adds to its key: itself, or where it stands when it is no text."""
    text = as_text(value)
    return f"{name}{place}" if text is None else text
