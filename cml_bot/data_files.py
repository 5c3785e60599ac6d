"""Fingerprints of the data of one side: of the files that the configuration names, else of what DVC tracks."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import plural
from cml_bot.fingerprints import fingerprint
from cml_bot.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cml_bot.trees import Tree

MOST_FACTS = 200
"""Files of one pattern, or of one file of DVC, that get a fingerprint each; more of them get one together."""
LOCK, POINTER = "dvc.lock", ".dvc"
_CODE = re.compile(
    r"""(?:.*/)?(?:
        [^/]*\.(?:py|pyx|pyi|ipynb|sh|bash|ps1|r|rmd|qmd|jl|c|h|cc|cpp|hpp|cu|rs|go|java|kt|scala|js|ts|rb|pl|lua|swift
            |sql|proto|yaml|yml|toml|ini|cfg|conf|lock|md)
        | [^/]*(?:config|params|requirements|environment)[^/]*\.(?:json|txt)
        | package\.json | makefile | dockerfile
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""What a pipeline needs beside data: source code and settings. JSON and text are data unless so called."""
_CODE_FOLDERS = frozenset(("src", "code", "scripts", "lib", "notebooks", "conf", "config", "configs"))
_PROGRAMS = (".py", ".r", ".R", ".jl")
_MODEL = re.compile(
    r"""(?:.*/)?(?:
        (?:models?|checkpoints?|ckpts?|weights)(?:\.[^/]*)?
        | (?:models|checkpoints|ckpts|weights)/[^/]*
        | [^/]*\.(?:pt|pth|ckpt|safetensors|onnx|keras|tflite|gguf|joblib|cbm)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""What `dvc add` keeps besides data: models, which a training makes anew."""


def read_data(tree: Tree, patterns: Sequence[str]) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    """Return the fingerprints of a side's data, and one line for each file or pattern that has none.

    Without patterns these are the raw inputs of every dvc.lock and what every NAME.dvc stands for, models left out.
    A value begins with its kind, as in ``sha256:…``; only values of one kind can be held against each other.

    Raises:
        ConfigError: a pattern leaves the workspace.
        BaselineError: git cannot read the files of a commit.
    """
    chosen = {pattern: _match(tree, pattern) for pattern in patterns} if patterns else _find_tracked(tree)
    tree.fetch([path for paths in chosen.values() for path in paths])
    facts: dict[tuple[str, str], Fact] = {}
    notes: list[str] = []
    for name, paths in chosen.items():
        if not paths:
            cure = "Where DVC keeps it, name its dvc.lock or NAME.dvc."
            notes.append(f"data: {name} matches no file here, so nobody can say whether it changed. {cure}")
        found, lost = _read_each(tree, paths)
        if not patterns and name.endswith(POINTER):
            found = [fact for fact in found if not _MODEL.fullmatch(fact.name)]
        for fact in _bundle(found, name):
            facts.setdefault((fact.name, fact.value.partition(":")[0]), fact)
        notes += lost
    return tuple(facts.values()), tuple(dict.fromkeys(notes))


def _match(tree: Tree, pattern: str) -> list[str]:
    """Give the files that a pattern means; of a folder all that lie below it."""
    return list(tree.glob(pattern) or tree.glob(f"{pattern}/**"))


def _find_tracked(tree: Tree) -> dict[str, list[str]]:
    """Give every file of DVC; a dvc.lock stands first, because it tells what a training was run on."""
    found = [path for path in tree.walk() if path.endswith(POINTER) or PurePosixPath(path).name == LOCK]
    return {path: [path] for path in sorted(found, key=lambda path: (path.endswith(POINTER), path))}


def _read_each(tree: Tree, paths: Iterable[str]) -> tuple[list[Fact], list[str]]:
    found: list[Fact] = []
    notes: list[str] = []
    for path in paths:
        try:
            found += _read(tree, path)
        except InputError as error:
            # With the path in place of the name that a reader knew.
            place = error.where.partition(", ")[2]
            notes.append(f"{path}{', ' + place if place else ''}: {error.what}. {error.cure}")
    return found, notes


def _read(tree: Tree, path: str) -> Sequence[Fact]:
    is_lock = PurePosixPath(path).name == LOCK
    if not is_lock and not path.endswith(POINTER):
        return [fingerprint(tree.file(path, pointer=True), path)]
    # Pays for YAML only where there is some.
    from cml_bot.readers.dvc_lock import parse_lock, parse_pointer

    data = _read_bytes(tree, path)
    if not is_lock:
        return parse_pointer(data, path)
    return _without_code(tree, parse_lock(data, path, _stage_folders(tree, path)))


def _read_bytes(tree: Tree, path: str) -> bytes:
    from cml_bot.readers._text import read_bytes
    from cml_bot.readers._yaml import LARGEST

    data = read_bytes(tree.file(path), LARGEST)
    if len(data) > LARGEST:
        raise InputError(path, f"is larger than {LARGEST >> 20} MB", "Name the data itself.")
    return data


def _stage_folders(tree: Tree, lock: str) -> Mapping[str, object]:
    from cml_bot.readers.dvc_lock import stage_folders

    path = f"{lock.removesuffix(LOCK)}dvc.yaml"
    try:
        data = _read_bytes(tree, path)
        return stage_folders(data, path) if b"wdir" in data else {}
    except InputError:
        # It is told of where its metrics are looked for.
        return {}


def _without_code(tree: Tree, facts: Sequence[Fact]) -> Sequence[Fact]:
    """Leave out source code and settings; a folder is either when it is called so, or holds a program."""
    has_folders = any(fact.value.endswith(".dir") for fact in facts)
    folders = _program_folders(tree.walk()) if has_folders else set()
    return [
        fact
        for fact in facts
        if not _CODE.fullmatch(fact.name)
        and not (fact.value.endswith(".dir") and (fact.name in folders or _is_called_code(fact.name)))
    ]


def _program_folders(paths: Iterable[str]) -> set[str]:
    places = (PurePosixPath(path) for path in paths if path.endswith(_PROGRAMS))
    return {str(folder) for place in places for folder in place.parents}


def _is_called_code(folder: str) -> bool:
    return folder.rpartition("/")[2].lower() in _CODE_FOLDERS


def _bundle(facts: Sequence[Fact], name: str) -> Sequence[Fact]:
    """Make one fingerprint of very many."""
    if len(facts) <= MOST_FACTS:
        return facts
    import hashlib

    rows = sorted(f"{fact.name} {fact.value}" for fact in facts)
    digest = hashlib.sha256(repr(rows).encode("utf-8", "replace")).hexdigest()
    return [Fact(name=name, value=f"files:{digest}", detail=plural(len(facts), "file"))]
