"""The files that a dvc.yaml names as metrics, parameters and plots.

Source: https://dvc.org/doc/user-guide/project-structure/dvcyaml-files
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import plural
from cml_bot.model import Note, Part, Source
from cml_bot.readers._dvc_stages import MOST_STAGES, Stage, expand_stages, literal_values, render
from cml_bot.readers._names import find_metric_name, note_twice, some
from cml_bot.readers._text import decode
from cml_bot.readers._yaml import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PARAMS = "params.yaml"
_NO_CURVES = ("confusion", "bar_", "scatter")
"""Beginnings of DVC's templates that draw something else than lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A file as dvc.yaml names it."""

    path: str
    part: Part
    x: str | None = None
    y: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Found:
    """What was collected so far."""

    folder: str
    sources: dict[tuple[str, Part, str | None], Source] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    """Stages that are too many."""
    no_curves: list[str] = field(default_factory=list)

    def add(self, named: _Named, stage: Stage) -> None:
        """Take a file or folder, if it can be known from here and lies in the repository."""
        wdir = stage.body.get("wdir")
        folder = render(wdir, stage.values) if isinstance(wdir, str) else ""
        path = render(named.path, stage.values)
        if path is None or folder is None:
            self.unknown.append(named.path)
            return
        whole = _inside(posixpath.join(self.folder, folder, path))
        if whole is None:
            self.outside.append(path)
            return
        why = f"{posixpath.join(self.folder, 'dvc.yaml')} names it"
        y = _series_of(whole, named.y)
        self._merge(Source(path=whole, why=why, part=named.part, declared=True, x=named.x, y=y))

    def _merge(self, source: Source) -> None:
        """Join the columns of a file that is named twice; no column means all of them."""
        key = source.path, source.part, source.x
        first = self.sources.get(key, source)
        both = tuple(dict.fromkeys(first.y + source.y)) if first.y and source.y else ()
        self.sources[key] = replace(first, y=both)

    def notes(self) -> Iterator[Note]:
        """Yield what could not be taken."""
        if self.outside:
            text = f"names what is not in the repository: {some(self.outside)}; left out. Write it inside of it."
            yield Note(text=text)
        if self.unknown:
            cure = "Name those files as sources in mlbot.toml."
            yield Note(text=f"takes values from elsewhere: {some(self.unknown)}; left out. {cure}")
        if self.beyond:
            cure = "Name their files as sources in mlbot.toml."
            first = f"has more than {plural(MOST_STAGES, 'stage')}, too many from {some(self.beyond[:1])} on"
            yield Note(text=f"{first}; left out. {cure}")
        if self.no_curves:
            cure = "Save a picture to see it in the report."
            yield Note(text=f"plots that are no curves: {some(self.no_curves)}; left out. {cure}")


def parse_dvc(data: bytes, folder: str) -> tuple[tuple[Source, ...], tuple[Note, ...]]:
    """Return the files and folders that a dvc.yaml names, and what could not be taken.

    Args:
        data: the file.
        folder: where it lies, relative to the top of the tree; empty for the top.

    Raises:
        InputError: it is not YAML, or no mapping.

    Example:
        >>> sources, notes = parse_dvc(b"metrics: [eval.json]", "model")
        >>> sources[0].path, sources[0].why
        ('model/eval.json', 'model/dvc.yaml names it')
    """
    where = posixpath.join(folder, "dvc.yaml")
    document, twice = parse_yaml(decode(data, where), where) if data.strip() else ({}, [])
    if not isinstance(document, dict | None):
        raise InputError(where, "holds no sections", "Look what `dvc stage list` makes of it.")
    found = _Found(folder=folder)
    for stage, is_top in _stages(document or {}, found):
        for named in [*_metrics(stage), *_params(stage, is_top), *_plots(stage, found)]:
            found.add(named, stage)
    return tuple(found.sources.values()), (*found.notes(), *note_twice(twice))


def _stages(document: Mapping[str, object], found: _Found) -> Iterator[tuple[Stage, bool]]:
    """Yield the sections at the top, then every stage; at the top a bare parameter is a file."""
    expanded = expand_stages(document)
    found.unknown += [f"stage {name}" for name in expanded.unknown]
    found.beyond += expanded.beyond
    yield Stage(body=document, values=literal_values(document.get("vars"))), True
    yield from ((stage, False) for stage in expanded.stages)


def _metrics(stage: Stage) -> Iterator[_Named]:
    for path, _ in _entries(stage.body.get("metrics")):
        yield _Named(path=path, part=Part.METRICS)


def _params(stage: Stage, is_top: bool) -> Iterator[_Named]:
    for name, keys in _entries(stage.body.get("params")):
        # A bare entry of a stage is a key of the usual file.
        yield _Named(path=_PARAMS if keys is _BARE and not is_top else name, part=Part.PARAMS)


def _plots(stage: Stage, found: _Found) -> Iterator[_Named]:
    for name, written in _entries(stage.body.get("plots")):
        for options in written if isinstance(written, list) else [written]:
            wanted = options if isinstance(options, dict) else {}
            template = wanted.get("template")
            if isinstance(template, str) and template.startswith(_NO_CURVES):
                found.no_curves.append(f"{name} ({template})")
            else:
                yield from _axes(name, wanted.get("x"), wanted.get("y"))


def _axes(name: str, x: object, y: object) -> Iterator[_Named]:
    """Yield the files of one plot: its name is the file, unless `y` maps files to columns."""
    for path, columns in y.items() if isinstance(y, dict) else [(name, y)]:
        # An x of another file cannot be matched row by row: then the file's own step column decides.
        column = x.get(path) if isinstance(x, dict) else x
        yield _Named(
            path=path, part=Part.PLOTS, x=column if isinstance(column, str) else None, y=tuple(_texts(columns))
        )


_BARE = object()


def _entries(section: object) -> Iterator[tuple[str, object]]:
    """Yield the entries of a list of names, of which some are keys with options under them."""
    for entry in section if isinstance(section, list) else [section]:
        if isinstance(entry, dict):
            yield from entry.items()
        elif isinstance(entry, str) and entry:
            yield entry, _BARE


def _texts(columns: object) -> list[str]:
    return [column for column in (columns if isinstance(columns, list) else [columns]) if isinstance(column, str)]


def _series_of(path: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Add the name that the reader gives the one column of a file of DVCLive."""
    name = find_metric_name(PurePosixPath(path))
    return (*columns, name) if name and PurePosixPath(path).stem in columns and name not in columns else columns


def _inside(path: str) -> str | None:
    """Return the path without detours; None when it leaves the tree or is an address."""
    whole = posixpath.normpath(path)
    outside = whole.startswith(("../", "/")) or whole in {"..", "."} or "://" in path or "\0" in path
    return None if outside else whole
