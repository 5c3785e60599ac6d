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
from cml_bot.readers._dvc_stages import MOST_STAGES, Stage, expand_stages
from cml_bot.readers._dvc_values import USUAL, Values, as_value, render
from cml_bot.readers._names import find_metric_name, note_twice, some
from cml_bot.readers._text import decode
from cml_bot.readers._yaml import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TEMPLATES = frozenset(
    ("linear", "simple", "smooth", "scatter", "scatter_jitter", "confusion", "confusion_normalized")
) | {"bar_horizontal", "bar_horizontal_sorted"}
"""What DVC can draw by itself.

Source: https://dvc.org/doc/user-guide/experiment-management/visualizing-plots#plot-templates-data-series-only
"""
_LINES = "linear"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A file as dvc.yaml names it."""

    path: str
    part: Part
    x: str | None = None
    y: tuple[str, ...] = ()
    template: str = ""


@dataclass(slots=True, kw_only=True)
class _Found:
    """What was collected so far."""

    folder: str
    why: str
    sources: dict[tuple[str, Part, str | None, str], Source] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    """Stages that are too many."""
    odd: list[str] = field(default_factory=list)
    """Templates that only DVC can draw."""

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
        x = render(named.x, stage.values) if named.x else None
        y = _series_of(whole, tuple(render(one, stage.values) or one for one in named.y))
        self._merge(self._source(whole, named, x, y))

    def add_values(self, path: str) -> None:
        """Take a file that `vars` names: what it holds are parameters."""
        self._merge(self._source(path, _Named(path=path, part=Part.PARAMS), None, ()))

    def _source(self, path: str, named: _Named, x: str | None, y: tuple[str, ...]) -> Source:
        has_words = named.part is Part.METRICS
        return Source(
            path=path,
            why=self.why,
            part=named.part,
            declared=True,
            x=x,
            y=y,
            template=named.template,
            has_words=has_words,
        )

    def _merge(self, source: Source) -> None:
        """Join the columns of a file that is named twice; no column means all of them."""
        key = source.path, source.part, source.x, source.template
        first = self.sources.setdefault(key, source)
        if first is source:
            return
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
        if self.odd:
            cure = "Draw it yourself and save the picture, to see it as DVC shows it."
            yield Note(text=f"plots by templates of its own: {some(self.odd)}; drawn as lines. {cure}")


def parse_dvc(
    data: bytes, folder: str, read: Callable[[str], bytes | None] | None = None
) -> tuple[tuple[Source, ...], tuple[Note, ...]]:
    """Return the files and folders that a dvc.yaml names, and what could not be taken.

    Args:
        data: the file.
        folder: where it lies, relative to the top of the tree; empty for the top.
        read: gives the content of another file of the tree, for the values that the text asks for; None where nothing
            can be read there.

    Raises:
        InputError: it is not YAML, or no mapping.

    Example:
        >>> sources, notes = parse_dvc(b"metrics: [eval.json]", "model")
        >>> sources[0].path, sources[0].why
        ('model/eval.json', 'model/dvc.yaml names it')
    """
    where = posixpath.join(folder, "dvc.yaml")
    document, twice = parse_yaml(decode(data, where), where, as_value) if data.strip() else ({}, [])
    if not isinstance(document, dict | None):
        raise InputError(where, "holds no sections", "Look what `dvc stage list` makes of it.")
    found = _Found(folder=folder, why=f"{where} names it")
    # Other files are read only where the text asks for values.
    values = Values(read if b"${" in data or b"vars" in data else None)
    for stage, is_top in _stages(document or {}, found, values):
        for named in [*_metrics(stage), *_params(stage, is_top), *_plots(stage, found)]:
            found.add(named, stage)
    for path, held in values.files.items():
        if held is not None and _inside(path):
            found.add_values(path)
    return tuple(found.sources.values()), (*found.notes(), *note_twice(twice))


def _stages(document: Mapping[str, object], found: _Found, values: Values) -> Iterator[tuple[Stage, bool]]:
    """Yield the sections at the top, then every stage; at the top a bare parameter is a file."""
    section = document.get("vars")
    known = values.load([USUAL, *(section if isinstance(section, list) else ())], found.folder, {})
    expanded = expand_stages(document, known, values, found.folder)
    found.unknown += [f"stage {name}" for name in expanded.unknown]
    found.beyond += expanded.beyond
    yield Stage(body=document, values=known), True
    yield from ((stage, False) for stage in expanded.stages)


def _metrics(stage: Stage) -> Iterator[_Named]:
    for path, _ in _entries(stage.body.get("metrics")):
        yield _Named(path=path, part=Part.METRICS)


def _params(stage: Stage, is_top: bool) -> Iterator[_Named]:
    for name, keys in _entries(stage.body.get("params")):
        # A bare entry of a stage is a key of the usual file.
        yield _Named(path=USUAL if keys is _BARE and not is_top else name, part=Part.PARAMS)


def _plots(stage: Stage, found: _Found) -> Iterator[_Named]:
    for name, written in _entries(stage.body.get("plots")):
        for options in written if isinstance(written, list) else [written]:
            wanted = options if isinstance(options, dict) else {}
            yield from _axes(name, wanted.get("x"), wanted.get("y"), _template(wanted.get("template"), name, found))


def _template(wanted: object, name: str, found: _Found) -> str:
    """Return DVC's name of how to draw; a template of the project's own is drawn as lines, and said so."""
    if not isinstance(wanted, str) or not wanted:
        return ""
    if wanted in TEMPLATES:
        return wanted
    found.odd.append(f"{name} ({wanted})")
    return _LINES


def _axes(name: str, x: object, y: object, template: str) -> Iterator[_Named]:
    """Yield the files of one plot: its name is the file, unless `y` maps files to columns."""
    for path, columns in y.items() if isinstance(y, dict) else [(name, y)]:
        # An x of another file cannot be matched row by row: then the file's own step column decides.
        column = x.get(path) if isinstance(x, dict) else x
        axis = column if isinstance(column, str) else None
        yield _Named(path=path, part=Part.PLOTS, x=axis, y=tuple(_texts(columns)), template=template)


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
    name = find_metric_name(PurePosixPath(path)) if columns else None
    return (*columns, name) if name and PurePosixPath(path).stem in columns and name not in columns else columns


def _inside(path: str) -> str | None:
    """Return the path without detours; None when it leaves the tree or is an address."""
    whole = posixpath.normpath(path)
    outside = whole.startswith(("../", "/")) or whole in {"..", "."} or "://" in path or "\0" in path
    return None if outside else whole
