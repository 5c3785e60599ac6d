"""Step 1: the files of one side to a Run. One broken file never takes the others down."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cml_bot.charts import is_whole
from cml_bot.conditions import add_conditions
from cml_bot.copies import without_twins
from cml_bot.data_files import read_data
from cml_bot.discover import discover
from cml_bot.errors import InputError
from cml_bot.mlflow_source import is_experiment, read_experiment
from cml_bot.model import Chart, Fact, Figure, Metric, Note, Param, Part, Points, Run, Series
from cml_bot.placing import place
from cml_bot.progress import tell_each, tell_nothing, telling
from cml_bot.readers import find_format, find_store, load_reader, load_store_reader
from cml_bot.readers.dvc_plot import TEMPLATES, read_lines, read_plot
from cml_bot.replicates import join_replicates

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from cml_bot.config import Config
    from cml_bot.model import Observation, Source
    from cml_bot.progress import Tell
    from cml_bot.trees import Tree

Keyed = TypeVar("Keyed", Metric, Series, Chart, Param)
_ROWS = ("csv_file", "json_file", "yaml_file")
"""Readers of the formats whose rows a template of DVC may draw."""
_DOCUMENTS = frozenset(("json_file", "yaml_file", "toml_file"))
Seen = dict["Hashable", "tuple[Observation, ...]"]
"""What was read already, by path, group, git's id of the content, axes and purpose: equal files are read once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What is known beside the files of a tree, for sources that are no files."""

    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The environment of the job."""
    root: Path = Path()
    """The top of the workspace, whatever the tree."""
    tell: Tell = field(default=tell_nothing, repr=False)
    """Is told what is being read."""
    purpose: str = ""
    """What for, as the end of a sentence; empty for what is reported on."""


NOTHING_OUTSIDE = Outside()


def collect(
    tree: Tree,
    config: Config,
    *,
    created: str = "",
    build_url: str = "",
    seen: Seen | None = None,
    told: Sequence[Source] = (),
    outside: Outside = NOTHING_OUTSIDE,
    also: str = "",
) -> Run:
    """Read everything of a tree that belongs to the run.

    Args:
        tree: the files.
        config: what the project wants.
        created: when, ISO 8601 in UTC.
        build_url: the page of the build.
        seen: what was read already of the other side.
        told: the other side's sources, for where a dvc.yaml is missing or broken.
        outside: where to look for sources that are no files.
        also: a commit that stands for the tree's as well, where that is a merge made to test it.

    Raises:
        ConfigError: a configured pattern leaves the workspace.
    """
    with telling(f"looking for files{outside.purpose}", outside.tell):
        found = discover(tree, config, told)
    seen = {} if seen is None else seen
    # Asked for one by one, since a folder needs none of it.
    wanted = (source for source in found.sources if (key := _key_of(tree, source)) is None or key not in seen)
    with telling(f"fetching files{outside.purpose}", outside.tell):
        tree.fetch(path for source in wanted for path in source.files or (source.path,))
    data, unknown = read_data(tree, config.data)
    read: list[tuple[Source, Sequence[Observation]]] = []
    notes, broken, unread = [*tree.notes, *found.notes], list(found.missing), list(found.unread)
    for source in tell_each(found.sources, f"reading {{}} files{outside.purpose}", outside.tell):
        try:
            if is_experiment(source.path):
                read.append((source, _read_outside(source, outside, dict.fromkeys((tree.sha, also)))))
            else:
                read.append((source, read_source(tree, source, seen)))
        except InputError as error:
            line = _one_line(source, error)
            (broken if source.declared else unread).append(line)
    taken = _without_doubles(join_replicates(without_twins(read)))
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
    key = _key_of(tree, source)
    known = seen.get(key) if key is not None else None
    if known is None:
        found = _read_store(tree, source) if source.files else _read_file(tree, source)
        placed = (place(one, source.path, source.group, is_many=bool(source.files)) for one in add_conditions(found))
        known = tuple(_as_drawn(one, source.template) for one in placed)
        if key is not None:
            seen[key] = known
    return [one for one in known if not (isinstance(one, Series) and source.y and one.name not in source.y)]


def _key_of(tree: Tree, source: Source) -> Hashable:
    """Return what two sources have in common that read alike; None where that is not cheap to know."""
    # What a store says depends on the commit, and its files may be thousands: those that are not asked for are left.
    blob = "" if source.files else tree.blob_id(source.path)
    drawn = (source.template, source.y if source.template in TEMPLATES else ())
    placed = (source.path, source.group, source.part is Part.PARAMS)
    return (placed, blob, source.x, source.has_words, drawn) if blob else None


def _read_outside(source: Source, outside: Outside, shas: Collection[str]) -> Sequence[Observation]:
    found = read_experiment(source.path, outside.env, outside.root, shas)
    return [place(one, source.path, is_many=True) for one in found]


def _read_file(tree: Tree, source: Source) -> Iterator[Observation]:
    path, module = tree.file(source.path), _module(source)
    if source.template in TEMPLATES and module in _ROWS:
        return read_plot(path, source.template, source.x, source.y)
    found = load_reader(module).read(path, source.x)
    if source.part is not Part.PLOTS or source.x is not None or module not in _ROWS:
        return found
    known = list(found)
    is_drawn = any(isinstance(one, Series | Chart | Metric) for one in known)
    return iter(known) if is_drawn else read_lines(path, source.y)


def _read_store(tree: Tree, source: Source) -> Iterator[Observation]:
    row = find_store(source.files[0])
    return load_store_reader(row[0].module).read_store(_Files(tree, source.files), tree.sha) if row else iter(())


class _Files(Mapping[str, "Path"]):
    """Files of a tree by their path; each is looked at when it is asked for."""

    def __init__(self, tree: Tree, paths: Sequence[str]) -> None:
        self._tree = tree
        self._paths = dict.fromkeys(sorted(paths))

    def __getitem__(self, path: str) -> Path:
        """Return where the content lies.

        Raises:
            InputError: the tree does not give it.
        """
        if path not in self._paths:
            raise KeyError(path)
        return self._tree.file(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


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


def _as_drawn(one: Observation, template: str) -> Observation:
    """Say how a series is to be drawn, where dvc.yaml does."""
    return replace(one, is_smoothed=True) if isinstance(one, Series) and template == "smooth" else one


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
