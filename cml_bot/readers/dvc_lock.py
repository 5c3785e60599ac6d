"""Hashes of data as DVC keeps them: what went into a pipeline (dvc.lock), and what was added by hand (NAME.dvc).

Sources: https://dvc.org/doc/user-guide/project-structure/dvcyaml-files#dvclock-file and
https://dvc.org/doc/user-guide/project-structure/dvc-files
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import format_size, plural
from cml_bot.model import Fact
from cml_bot.readers._names import shorten, tidy
from cml_bot.readers._parts import as_mappings
from cml_bot.readers._text import decode
from cml_bot.readers._yaml import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_HASHES = ("md5", "etag", "checksum")
"""The keys of a hash: of a file here, in a bucket or behind an address, on HDFS."""
_LONGEST = 1_000
"""Characters of a path: longer ones lead nowhere."""
_SECRETS = re.compile(r"(?<=://)[^/@]*@|[?#].*", re.DOTALL)
"""What an address may hold that nobody else should read."""


def parse_pointer(data: bytes, where: str) -> tuple[Fact, ...]:
    """Return what a NAME.dvc stands for.

    Args:
        data: the file.
        where: its path, relative to the top of the tree.

    Raises:
        InputError: it is not YAML, or names no data with a hash.

    Example:
        >>> parse_pointer(b"outs: [{path: a.csv, md5: 12ab, size: 4100000}]", "data/a.csv.dvc")[0].value
        'md5:12ab'
    """
    document = _parse(data, where)
    found = tuple(_facts(_entries(document, "outs"), where, document.get("wdir")))
    if not found:
        raise InputError(where, "holds no hash of data", "Run `dvc commit`, or delete the file.")
    return found


def parse_lock(data: bytes, where: str, folders: Mapping[str, object]) -> tuple[Fact, ...]:
    """Return what the stages of a dvc.lock were run on and none of them made, source code included.

    Args:
        data: the file.
        where: its path, relative to the top of the tree.
        folders: the working folder of each stage that has one, as dvc.yaml says.

    Raises:
        InputError: it is not YAML.
    """
    document = _parse(data, where)
    # Before DVC 2 the stages stood at the top.
    stages = document.get("stages", {}) if "schema" in document else document
    made: set[str] = set()
    needed: list[Fact] = []
    for name, stage in stages.items() if isinstance(stages, dict) else ():
        folder = folders.get(name.partition("@")[0])
        made |= {_place(entry["path"], where, folder) for entry in _entries(stage, "outs")}
        needed += _facts(_entries(stage, "deps"), where, folder)
    ordered = sorted(made)
    raw: dict[str, Fact] = {}
    for fact in needed:
        # A folder with something in it that a stage made changes with every run.
        if made.isdisjoint((fact.name, *_above(fact.name))) and not _is_below(ordered, f"{fact.name}/"):
            raw.setdefault(fact.name, fact)
    return tuple(raw.values())


def parse_outputs(data: bytes, where: str, folders: Mapping[str, object]) -> dict[str, str]:
    """Return the MD5 of each file that a dvc.lock or a NAME.dvc says was made, by its path in the tree.

    Args:
        data: the file.
        where: its path, relative to the top of the tree.
        folders: the working folder of each stage that has one, as dvc.yaml says.

    Raises:
        InputError: it is not YAML.

    Example:
        >>> parse_outputs(b"outs: [{path: eval.json, md5: 12ab}]", "model/eval.json.dvc", {})
        {'model/eval.json': '12ab'}
    """
    document = _parse(data, where)
    stages = document.get("stages", {}) if "schema" in document else document
    rows = [(document.get("wdir"), entry) for entry in _entries(document, "outs")]
    for name, stage in stages.items() if isinstance(stages, dict) else ():
        rows += [(folders.get(name.partition("@")[0]), entry) for entry in _entries(stage, "outs")]
    return {
        _place(entry["path"], where, folder): md5 for folder, entry in rows if isinstance(md5 := entry.get("md5"), str)
    }


def stage_folders(data: bytes, where: str) -> dict[str, object]:
    """Return the working folder of each stage of a dvc.yaml that has one: its lock does not repeat it.

    Raises:
        InputError: it is not YAML.

    Example:
        >>> stage_folders(b"stages: {train: {wdir: src, cmd: x}, test: {cmd: x}}", "dvc.yaml")
        {'train': 'src'}
    """
    stages = _parse(data, where).get("stages")
    rows = stages.items() if isinstance(stages, dict) else ()
    bodies = {name: body.get("do", body) for name, body in rows if isinstance(body, dict)}
    return {name: body["wdir"] for name, body in bodies.items() if isinstance(body, dict) and "wdir" in body}


def _parse(data: bytes, where: str) -> dict[str, object]:
    document, _ = parse_yaml(decode(data, where), where)
    if not isinstance(document, dict):
        raise InputError(where, "holds no sections", "Let DVC write it anew.")
    return document


def _entries(section: object, key: str) -> list[dict[str, object]]:
    """Return the rows of a list that name a path."""
    rows = section.get(key) if isinstance(section, dict) else None
    return [
        row
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and isinstance(row.get("path"), str) and len(row["path"]) <= _LONGEST
    ]


def _facts(entries: Iterable[dict[str, object]], where: str, folder: object) -> Iterator[Fact]:
    for entry in entries:
        value = _find_hash(entry)
        if value:
            yield Fact(name=_place(entry["path"], where, folder), value=value, detail=_detail(entry))


def _find_hash(entry: Mapping[str, object]) -> str:
    """Return the hash of an entry with its kind; of a folder in a versioned bucket, that of all its files."""
    for kind in _HASHES:
        value = entry.get(kind)
        if isinstance(value, str) and value:
            return f"{kind}:{shorten(value, 200)}"
    files = entry.get("files")
    import hashlib

    rows = sorted(f"{one.get('relpath')} {_find_hash(one)}" for one in as_mappings(files))
    return f"files:{hashlib.sha256(repr(rows).encode('utf-8', 'replace')).hexdigest()}" if rows else ""


def _detail(entry: Mapping[str, object]) -> str:
    files, size = _count(entry.get("nfiles")), _count(entry.get("size"))
    parts = ["" if files is None else plural(files, "file"), "" if size is None else format_size(size)]
    return ", ".join(filter(None, parts))


def _count(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 20 else None


def _place(path: object, where: str, folder: object) -> str:
    """Return a path relative to the top of the tree; an address or absolute path stays, without what is secret."""
    text = str(path)
    if "://" in text:
        return tidy(_SECRETS.sub("", text))
    # What a template fills in is not known here.
    below = folder if isinstance(folder, str) and "${" not in folder else ""
    return tidy(posixpath.normpath(posixpath.join(posixpath.dirname(where), below, text)))


def _is_below(ordered: Sequence[str], folder: str) -> bool:
    """Whether one of the sorted paths lies in a folder."""
    place = bisect_left(ordered, folder)
    return place < len(ordered) and ordered[place].startswith(folder)


def _above(path: str) -> list[str]:
    """Return the folders that a path lies in."""
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]
