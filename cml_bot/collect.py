"""Step 1: the files of one side to a Run. One broken file never takes the others down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cml_bot.data_files import read_data
from cml_bot.discover import discover
from cml_bot.errors import InputError
from cml_bot.mlflow_source import is_experiment, read_experiment
from cml_bot.model import Chart, Fact, Figure, Metric, Note, Param, Part, Run, Series
from cml_bot.placing import place
from cml_bot.readers import find_format, find_store, load_reader, load_store_reader
from cml_bot.replicates import join_replicates

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from cml_bot.config import Config
    from cml_bot.model import Observation, Source
    from cml_bot.trees import Tree

Keyed = TypeVar("Keyed", Metric, Series, Chart, Param)
Seen = dict[tuple[str, str, str | None, bool], "tuple[Observation, ...]"]
"""What was read already, by path, git's id of the content, axis and purpose: equal files are read once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What is known beside the files of a tree, for sources that are no files."""

    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The environment of the job."""
    root: Path = Path()
    """The top of the workspace, whatever the tree."""


NOTHING_OUTSIDE = Outside()


def collect(
    tree: Tree,
    config: Config,
    *,
    created: str = "",
    build_url: str = "",
    seen: Seen | None = None,
    outside: Outside = NOTHING_OUTSIDE,
    also: str = "",
) -> Run:
    """Read everything of a tree that belongs to the run.

    Args:
        tree: the files.
        config: what the project wants.
        created: when that is, for the run.
        build_url: the page of the job, for the run.
        seen: what was read before, of this and other trees.
        outside: where to look for sources that are no files.
        also: a commit that stands for the tree's as well, where that is a merge made to test it.

    Raises:
        ConfigError: a configured pattern leaves the workspace.
    """
    found = discover(tree, config)
    tree.fetch([path for source in found.sources for path in source.files or (source.path,)])
    data, unknown = read_data(tree, config.data)
    read: list[tuple[Source, Sequence[Observation]]] = []
    notes, broken, unread = [*tree.notes, *found.notes], list(found.missing), list(found.unread)
    for source in found.sources:
        try:
            if is_experiment(source.path):
                read.append((source, _read_outside(source, outside, dict.fromkeys((tree.sha, also)))))
            else:
                read.append((source, _read(tree, source, {} if seen is None else seen)))
        except InputError as error:
            line = _one_line(source, error)
            (broken if source.declared else unread).append(line)
    taken = join_replicates(read)
    notes += [_plain(str(one)) for one in taken if isinstance(one, Note)]
    notes += map(_plain, unknown)
    return Run(
        sha=tree.sha,
        created=created,
        build_url=build_url,
        metrics=_first_of_each(one for one in taken if isinstance(one, Metric)),
        series=_first_of_each(one for one in taken if isinstance(one, Series)),
        charts=_first_of_each(one for one in taken if isinstance(one, Chart)),
        figures=tuple({one.name: one for one in taken if isinstance(one, Figure)}.values()),
        params=_first_of_each(one for one in taken if isinstance(one, Param)),
        data=(*data, *(one for one in taken if isinstance(one, Fact))),
        notes=tuple(notes),
        broken=tuple(broken),
        unread=tuple(unread),
        sources=found.sources,
    )


def _read(tree: Tree, source: Source, seen: Seen) -> Sequence[Observation]:
    # What a store says depends on the commit, and its files may be thousands: those that are not asked for are left.
    blob = "" if source.files else tree.blob_id(source.path)
    key = (source.path, blob, source.x, source.part is Part.PARAMS)
    if not blob or key not in seen:
        found = _read_store(tree, source) if source.files else _read_file(tree, source)
        seen[key] = tuple(place(one, source.path, source.group, is_many=bool(source.files)) for one in found)
    return [one for one in seen[key] if not (isinstance(one, Series) and source.y and one.name not in source.y)]


def _read_outside(source: Source, outside: Outside, shas: Collection[str]) -> Sequence[Observation]:
    found = read_experiment(source.path, outside.env, outside.root, shas)
    return [place(one, source.path, is_many=True) for one in found]


def _read_file(tree: Tree, source: Source) -> Iterator[Observation]:
    path = tree.file(source.path)
    return load_reader(_module(source)).read(path, source.x)


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
    row = find_format(source.path)
    if row is None:
        cure = "Take it out of the sources, or write JSON, YAML, TOML, CSV or a picture."
        raise InputError(source.path, "is of no format that mlbot reads", cure)
    return "params_file" if source.part is Part.PARAMS else row.module


def _first_of_each(found: Iterable[Keyed]) -> tuple[Keyed, ...]:
    rows: dict[object, Keyed] = {}
    for one in found:
        rows.setdefault((one.key, getattr(one, "replicate", "")), one)
    return tuple(rows.values())


def _one_line(source: Source, error: InputError) -> str:
    """Word an error with the path in place of the name that the reader knew; a line number stays."""
    place = error.where.partition(", ")[2]
    return _plain(f"{source.path}{', ' + place if place else ''}: {error.what}. {error.cure}")


def _plain(text: str) -> str:
    return " ".join(text.split())
