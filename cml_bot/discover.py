"""Which files belong to a run: what the configuration names, else what dvc.yaml names, else the well-known names."""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cml_bot.copies import is_copy
from cml_bot.errors import ConfigError, InputError
from cml_bot.filters import list_some
from cml_bot.mlflow_source import is_experiment
from cml_bot.model import Part, Source
from cml_bot.newest import choose_newest
from cml_bot.readers import find_format, find_store
from cml_bot.readers._shapes import may_be_known
from cml_bot.readers._text import LARGEST, read_bytes
from cml_bot.repeats import find_repeats
from cml_bot.replicates import REPLICATE, find_replicate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.config import Config
    from cml_bot.model import Note
    from cml_bot.readers import Format
    from cml_bot.trees import Tree

PARAMS = ("params.yaml", "params.yml", "params.json", "params.toml", "hparams.yaml", "hparams.yml", "hparams.json")
"""Names of parameter files that are taken without configuration."""
_BRACES = re.compile(r"\{\w*\}")
_DVC = "dvc.yaml"
_MOST_NAMED = 5
"""Missing files that a note names before it counts them."""
DVC_CURE = "If DVC keeps it in its cache, run `dvc pull` before mlbot."


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The files of a run."""

    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Configured sources that matched nothing, one line each."""
    unread: tuple[str, ...] = ()
    """Each dvc.yaml that cannot be read, one line each."""
    folders: tuple[str, ...] = ()
    """Folders whose dvc.yaml says what is in them, so that nothing need be guessed there; "" is the top."""


def discover(tree: Tree, config: Config, told: Sequence[Source] = ()) -> Found:
    """Choose the files of a tree.

    Args:
        tree: the files.
        config: what the project wants.
        told: the other side's sources: what its dvc.yaml names counts where this one has none, or a broken one.

    Raises:
        ConfigError: a configured pattern leaves the workspace, or has more than one ``{replicate}``.
    """
    dvc = Found(sources=()) if config.sources else _from_dvc(tree, told)
    chosen, missing = _configured(tree, config.sources, Part.METRICS, "sources")
    if not config.sources:
        chosen = [one for one in dvc.sources if one.part is not Part.PARAMS]
        chosen += _well_known(tree, dvc.folders if chosen else ())
    chosen += _configured(tree, config.optional, Part.METRICS, "optional")[0]
    chosen = list(_gather(tree, chosen))
    if config.params:
        params, lost = _configured(tree, config.params, Part.PARAMS, "params")
        missing += lost
    else:
        params = [one for one in dvc.sources if one.part is Part.PARAMS] + list(_well_known_params(tree))
    every = _unique([*chosen, *params])
    kept, older = choose_newest(every, find_repeats(tree, every))
    return Found(sources=tuple(kept), notes=(*dvc.notes, *older), missing=tuple(missing), unread=dvc.unread)


def _gather(tree: Tree, sources: Iterable[Source]) -> Iterator[Source]:
    """Put one source for a store in place of its files."""
    stores: set[str] = set()
    for source in sources:
        found = find_store(source.path)
        if found is None or source.part is Part.PARAMS:
            yield source
        elif found[1] not in stores:
            stores.add(found[1])
            group = _group_of(source, found[1])
            yield replace(source, path=found[1], files=_files_of(tree, *found), group=group)


def _group_of(source: Source, store: str) -> str:
    """Give what a store has in common with those of repeated trainings, by that of its first file."""
    within = source.path if store == "." else source.path[len(store) :]
    return source.group.removesuffix(within) or store if source.group else ""


def _files_of(tree: Tree, row: Format, store: str) -> tuple[str, ...]:
    """List what belongs to a store, also what lies deeper than discovery looks."""
    below = tree.glob("*" if store == "." else f"{_plain(store)}/**") or [store]
    there = frozenset(tree.walk())
    own = [path for path in below if find_store(path) == (row, store)]
    # Unless there is nothing else: then somebody named them.
    own = [path for path in own if not is_copy(path, there)] or own
    return (*own, *_pictures_beside(tree, row, store))


def _pictures_beside(tree: Tree, row: Format, store: str) -> Iterator[str]:
    folder = store.rpartition("/")[0]
    for pattern in row.beside:
        for path in tree.glob(f"{_plain(folder)}/{pattern}" if folder else pattern):
            found = find_format(path)
            if found and found.module == "image_file":
                yield path


def _configured(tree: Tree, patterns: Sequence[str], part: Part, key: str) -> tuple[list[Source], list[str]]:
    chosen: list[Source] = []
    missing: list[str] = []
    for pattern in patterns:
        if is_experiment(pattern):
            chosen.append(Source(path=pattern, why=f"{key} names it", part=part, declared=True))
            continue
        if pattern.count(REPLICATE) > 1:
            raise ConfigError(f"{key}, {pattern}", f"has more than one {REPLICATE}", "Write * for the others.")
        paths = _match(tree, pattern.replace(REPLICATE, "?*"))
        there, last = frozenset(paths), PurePosixPath(pattern).name
        for path in paths:
            if PurePosixPath(path).name != last and is_copy(path, there):
                continue
            is_params = part is Part.METRICS and path != pattern and PurePosixPath(path).name in PARAMS
            here = Part.PARAMS if is_params else part
            group, replicate = find_replicate(pattern, path) or (path if path == pattern else "", "")
            why = f"{key} names {pattern}"
            chosen.append(Source(path=path, why=why, part=here, declared=True, group=group, replicate=replicate))
        if not paths:
            missing.append(f"{key}: {pattern} matches no file. {_cure(pattern, key)}")
    return chosen, missing


def _cure(pattern: str, key: str) -> str:
    brace = _BRACES.search(pattern)
    if brace and brace[0] != REPLICATE:
        return f"If {brace[0]} stands for what tells repeated trainings apart, write {REPLICATE}."
    also = ", or move it to optional if it may match nothing" if key == "sources" else ""
    return f"Correct the pattern{also}."


def _match(tree: Tree, pattern: str) -> list[str]:
    """Give the files that a pattern means: of a folder those below it, of a wildcard those that mlbot can read."""
    named = list(tree.glob(pattern))
    if named == [pattern]:
        return named
    return [path for path in named or tree.glob(f"{pattern}/**") if _can_be_read(path)]


def _can_be_read(path: str) -> bool:
    return bool(find_format(path) or find_store(path))


def _well_known(tree: Tree, told: Sequence[str]) -> Iterator[Source]:
    """Yield what lies under a well-known name, but not in folders that were told of otherwise."""
    guessed: list[str] = []
    there = frozenset(tree.walk())
    for path in tree.walk():
        store = find_store(path)
        row = store[0] if store else find_format(path)
        is_told = any(not folder or path.startswith(f"{folder}/") for folder in told)
        if row is None or is_told:
            continue
        if (store and not row.is_named) or _is_named(path, row.names):
            part = Part.PLOTS if row.module == "image_file" else Part.METRICS
            if not is_copy(path, there):
                yield Source(path=path, why="a well-known name", part=part)
        elif _is_named(path, row.guesses):
            guessed.append(path)
    tree.fetch(guessed)
    yield from (Source(path=path, why="what a tool writes") for path in guessed if _may_be_known(tree, path))


def _may_be_known(tree: Tree, path: str) -> bool:
    try:
        with tree.file(path).open("rb") as file:
            return may_be_known(file.read(LARGEST), PurePosixPath(path).name)
    except (InputError, OSError):
        return False


def _well_known_params(tree: Tree) -> Iterator[Source]:
    there = frozenset(tree.walk())
    for path in tree.walk():
        folder, _, name = path.rpartition("/")
        # Ultralytics' settings; elsewhere args.yaml may be anybody's.
        if name in PARAMS or (name == "args.yaml" and f"{folder}/results.csv" in there):
            yield Source(path=path, why="a well-known name", part=Part.PARAMS)


def _is_named(path: str, names: Iterable[str]) -> bool:
    """Whether a glob means the file's name, or as many last folders and name as the glob has parts."""
    parts = path.split("/")
    return any(fnmatchcase("/".join(parts[-(name.count("/") + 1) :]).lower(), name) for name in names)


def _from_dvc(tree: Tree, told: Sequence[Source]) -> Found:
    """Read every dvc.yaml of the tree; a broken one is a note, and the others still count."""
    found: list[Source] = []
    notes: list[str] = []
    folders: list[str] = []
    unread: list[str] = []
    lost, walked = _by_dvc_file(told), frozenset(tree.walk())
    # What the other side has is probably wanted of this one too: all in one go.
    tree.fetch([*filter(_is_dvc, walked), *(path for source in told for path in source.files or (source.path,))])
    for path in tree.walk():
        if _is_dvc(path):
            try:
                named, said = _read_dvc(tree, path)
            except InputError as error:
                unread.append(f"{path}: {error.what}. {error.cure}")
                continue
            lost.pop(path, None)
            folders.append(path.rpartition("/")[0])
            notes += [str(replace(note, source=path)) for note in said]
            absent: list[Source] = []
            for source in named:
                here = [source] if source.path in walked else _expand(tree, source)
                found += here
                absent += [] if here else [source]
            cached = _take_cached(tree, path, [source.path for source in absent])
            found += (source for source in absent if source.path in cached)
            missing = [source.path for source in absent if source.path not in cached]
            if missing:
                are = "is named there, and is" if len(missing) == 1 else "are named there, and are"
                notes.append(f"{path}: {list_some(missing, _MOST_NAMED)} {are} not here. {DVC_CURE}")
    for path, named in lost.items():
        here = [one for source in named for one in _expand(tree, source)]
        found += here
        folders += [path.rpartition("/")[0]] if here else []
    return Found(sources=tuple(found), notes=tuple(notes), folders=tuple(folders), unread=tuple(unread))


def _is_dvc(path: str) -> bool:
    return path.rpartition("/")[2] == _DVC


def _by_dvc_file(told: Iterable[Source]) -> dict[str, list[Source]]:
    """Sort the sources that a dvc.yaml names by its path."""
    named: dict[str, list[Source]] = {}
    for source in told:
        path, _, rest = source.why.rpartition(" names it")
        if not rest and _is_dvc(path):
            named.setdefault(path, []).append(source)
    return named


def _read_dvc(tree: Tree, path: str) -> tuple[Sequence[Source], Sequence[Note]]:
    # Pays for YAML only where there is a dvc.yaml.
    from cml_bot.readers.dvc_file import parse_dvc

    folder = posixpath.dirname(path)
    try:
        data = tree.file(path).read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "Check its rights.") from error
    return parse_dvc(data, folder, partial(_find_content, tree))


def _take_cached(tree: Tree, dvc_path: str, paths: Sequence[str]) -> Sequence[str]:
    """Take outputs that lie in DVC's cache alone, by the hashes beside their dvc.yaml; give those that are here now."""
    if not paths:
        return ()
    from cml_bot.readers.dvc_lock import parse_outputs, stage_folders

    hashes: dict[str, str] = {}
    folders = stage_folders(_find_content(tree, dvc_path) or b"{}", dvc_path)
    for lock in (posixpath.join(posixpath.dirname(dvc_path), "dvc.lock"), *(f"{path}.dvc" for path in paths)):
        data = _find_content(tree, lock)
        # A lock that is broken costs its outputs alone: those are named as missing.
        with suppress(InputError):
            hashes |= parse_outputs(data, lock, folders) if data else {}
    return tree.take_cached({path: hashes[path] for path in paths if path in hashes})


def _find_content(tree: Tree, path: str) -> bytes | None:
    """Return what a file holds whose values a dvc.yaml may ask for; None where nothing can be read."""
    try:
        return read_bytes(tree.file(path), LARGEST)
    except InputError:
        return None


def _expand(tree: Tree, source: Source) -> list[Source]:
    """Turn a folder into the files that lie in it, as DVC does."""
    plain = _plain(source.path)
    paths = tree.glob(plain) or list(filter(_can_be_read, tree.glob(f"{plain}/**")))
    return [replace(source, path=path) for path in paths]


def _plain(path: str) -> str:
    """Return the pattern that means a path and nothing else."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in path)


def _unique(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Drop what was named twice for the same purpose, keeping the first."""
    seen: dict[tuple[object, ...], Source] = {}
    for source in sources:
        seen.setdefault((source.path, source.part is Part.PARAMS, source.x, source.y, source.template), source)
    return tuple(seen.values())
