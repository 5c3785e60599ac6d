"""Step 1: the files of one side to a Run. One broken file never takes the others down."""

from __future__ import annotations

import math
import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from cml_bot.charts import is_whole
from cml_bot.data_files import read_data
from cml_bot.discover import discover
from cml_bot.errors import InputError
from cml_bot.model import Chart, Fact, Figure, Metric, Note, Param, Part, Points, Run, Series
from cml_bot.readers import find_format, find_store, load_reader, load_store_reader
from cml_bot.readers.dvc_plot import TEMPLATES, read_plot
from cml_bot.replicates import join_replicates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.config import Config
    from cml_bot.model import Observation, Source
    from cml_bot.trees import Tree

Keyed = TypeVar("Keyed", Metric, Series, Chart, Param)
_ROWS = ("csv_file", "json_file", "yaml_file")
"""Readers of the formats whose rows a template of DVC may draw."""
_DOCUMENTS = frozenset(("json_file", "yaml_file", "toml_file"))
Seen = dict[tuple[object, ...], "tuple[Observation, ...]"]
"""What was read already, by path, git's id of the content, axes and purpose: equal files are read once."""


def collect(
    tree: Tree,
    config: Config,
    *,
    created: str = "",
    build_url: str = "",
    seen: Seen | None = None,
    told: Sequence[Source] = (),
) -> Run:
    """Read everything of a tree that belongs to the run.

    Args:
        tree: the files.
        config: what the project wants.
        created: when, ISO 8601 in UTC.
        build_url: the page of the build.
        seen: what was read already of the other side.
        told: the other side's sources, for where a dvc.yaml is missing or broken.

    Raises:
        ConfigError: a configured pattern leaves the workspace.
    """
    found = discover(tree, config, told)
    tree.fetch([path for source in found.sources for path in source.files or (source.path,)])
    data, unknown = read_data(tree, config.data)
    read: list[tuple[Source, Sequence[Observation]]] = []
    notes, broken, unread = [*tree.notes, *found.notes], list(found.missing), list(found.unread)
    for source in found.sources:
        try:
            read.append((source, read_source(tree, source, {} if seen is None else seen)))
        except InputError as error:
            line = _one_line(source, error)
            (broken if source.declared else unread).append(line)
    taken = _without_doubles(join_replicates(read))
    notes += [_plain(str(one)) for one in taken if isinstance(one, Note)]
    notes += map(_plain, unknown)
    return Run(
        sha=tree.sha,
        created=created,
        build_url=build_url,
        metrics=_first_of_each(one for one in taken if isinstance(one, Metric)),
        series=_first_of_each(one for one in taken if isinstance(one, Series)),
        charts=_first_of_each(one for one in taken if isinstance(one, Chart) and is_whole(one)),
        figures=tuple({one.name: one for one in taken if isinstance(one, Figure)}.values()),
        params=_first_of_each(one for one in taken if isinstance(one, Param)),
        data=(*data, *(one for one in taken if isinstance(one, Fact))),
        notes=tuple(notes),
        broken=tuple(broken),
        unread=tuple(unread),
        sources=found.sources,
    )


def read_source(tree: Tree, source: Source, seen: Seen) -> Sequence[Observation]:
    """Read one source of a tree, unless the same was read before.

    Raises:
        InputError: it cannot be read, or is not what it claims to be.
    """
    paths = source.files or (source.path,)
    blobs = [tree.blob_id(path) for path in paths]
    drawn = (source.template, source.y if source.template in TEMPLATES else ())
    key = (source.path, " ".join(blobs), source.x, source.part is Part.PARAMS, source.has_words, drawn)
    if not all(blobs) or key not in seen:
        found = _read_store(tree, source) if source.files else _read_file(tree, source)
        seen[key] = tuple(_place(one, source) for one in found)
    return [one for one in seen[key] if not (isinstance(one, Series) and source.y and one.name not in source.y)]


def _read_file(tree: Tree, source: Source) -> Iterator[Observation]:
    path, module = tree.file(source.path), _module(source)
    if source.template in TEMPLATES and module in _ROWS:
        return read_plot(path, source.template, source.x, source.y)
    return load_reader(module).read(path, source.x)


def _read_store(tree: Tree, source: Source) -> Iterator[Observation]:
    files = {path: tree.file(path) for path in source.files}
    row = find_store(source.files[0])
    return load_store_reader(row[0].module).read_store(files, tree.sha) if row else iter(())


def _module(source: Source) -> str:
    """Name the reader of a file: by what it is read for, then by its ending."""
    if source.part is Part.PARAMS:
        return "params_file"
    row = find_format(source.path)
    if source.has_words and (row is None or row.module in _DOCUMENTS):
        return "dvc_metrics"
    if row is None:
        cure = "Take it out of the sources, or write JSON, YAML, TOML, CSV or a picture."
        raise InputError(source.path, "is of no format that mlbot reads", cure)
    return row.module


def _place(one: Observation, source: Source) -> Observation:
    """Say where it came from: readers know only the content."""
    if isinstance(one, Note):
        return replace(one, source=source.path)
    group = source.group or source.path
    if isinstance(one, Figure):
        # A store holds many, a file one.
        name = posixpath.normpath(f"{group}/{one.name}") if source.files else group
        return replace(one, name=name, source=source.path)
    if isinstance(one, Fact):
        return replace(one, name=f"{group}:{one.name}")
    if isinstance(one, Series) and source.template == "smooth":
        one = replace(one, is_smoothed=True)
    return replace(one, group=group, source=source.path)


def _first_of_each(found: Iterable[Keyed]) -> tuple[Keyed, ...]:
    rows: dict[object, Keyed] = {}
    for one in found:
        rows.setdefault((one.key, getattr(one, "replicate", "")), one)
    return tuple(rows.values())


def _without_doubles(found: Sequence[Observation]) -> list[Observation]:
    """Leave out the area below a curve where another file tells the same number under that name."""
    curves = {one.group for one in found if isinstance(one, Points)}
    told = {(one.name, one.value) for one in found if isinstance(one, Metric) and one.group not in curves}

    def is_double(one: Observation) -> bool:
        if not isinstance(one, Metric) or one.group not in curves:
            return False
        return any(name == one.name and math.isclose(value, one.value, rel_tol=1e-9) for name, value in told)

    return [one for one in found if not is_double(one)]


def _one_line(source: Source, error: InputError) -> str:
    """Word an error with the path in place of the name that the reader knew; a line number stays."""
    place = error.where.partition(", ")[2]
    return _plain(f"{source.path}{', ' + place if place else ''}: {error.what}. {error.cure}")


def _plain(text: str) -> str:
    return " ".join(text.split())
