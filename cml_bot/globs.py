"""Which files of a tree are looked at: the same rules for a folder on disk and for a commit."""

from __future__ import annotations

import math
import posixpath
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from heapq import heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.errors import ConfigError
from cml_bot.filters import format_number, plural
from cml_bot.own_folder import BUNDLE, MARK, REPORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

LEFT_OUT = frozenset(
    (
        REPORT,
        BUNDLE,
        "mlbot-demo",
        "node_modules",
        "bower_components",
        "site-packages",
        "dist-packages",
        "__pycache__",
        "vendor",
        "third_party",
        "thirdparty",
        "build",
        "dist",
        "tests",
        "fixtures",
    )
)
"""Folders that hold no results of the job, besides hidden ones."""
FOREIGN = frozenset((".git", MARK, "pyvenv.cfg", "conda-meta", "CACHEDIR.TAG"))
"""What lies in a folder that is another repository, a report of mlbot, an environment or a cache.

The metrics of another repository are somebody else's, most often samples. Whoever trains inside one names its files.
"""


class Row(NamedTuple):
    """One row of a folder."""

    name: str
    is_folder: bool


class Files(NamedTuple):
    """What was found."""

    paths: tuple[str, ...]
    """Sorted."""
    notes: tuple[str, ...]
    """What was not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far a walk goes."""

    depth: float
    """Folders below each other."""
    rows: int
    """Files and folders in all."""
    rows_of_folder: int
    """Files and folders in one folder: more than these are data, not results."""


DISCOVERY = Limits(depth=6, rows=50_000, rows_of_folder=10_000)
CURE = "Name what matters in sources"
MOST_ROWS = 1_000_000
"""How many files and folders a configured pattern may meet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A pattern of the configuration, understood."""

    parts: tuple[str, ...]
    start: str
    """The folder that its first parts name without a wildcard: reached even when it is hidden."""
    named: frozenset[str]
    """All parts without a wildcard: a folder of such a name is never left out."""
    path: str
    """The path that it names when there is no wildcard at all, else empty."""


class Listing:
    """What is looked at in one tree. Its methods take `rows`, which lists a folder."""

    def __init__(self) -> None:
        self._notes: dict[str, None] = {}
        self._walked: Files | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not looked at so far, and why."""
        return tuple(self._notes)

    def walk(self, rows: Callable[[str], Iterable[Row]]) -> Sequence[str]:
        """Return every file that discovery may look at; the folders are listed only once."""
        if self._walked is None:
            self._walked = find_files(rows)
        return self._noted(self._walked)

    def glob(self, rows: Callable[[str], Iterable[Row]], text: str, is_there: Callable[[str], bool]) -> Sequence[str]:
        """Return every file that a pattern means; `is_there` is asked for the one that it names outright.

        Raises:
            ConfigError: the pattern leaves the workspace.
        """
        pattern = parse_pattern(text)
        if pattern.path:
            return (pattern.path,) if is_there(pattern.path) else ()
        return self._noted(match_files(rows, pattern))

    def _noted(self, files: Files) -> Sequence[str]:
        self._notes.update(dict.fromkeys(files.notes))
        return files.paths


def parse_pattern(text: str) -> Pattern:
    """Read ``*``, ``?``, ``[..]`` within a name, and ``**`` across folders.

    Raises:
        ConfigError: it leaves the workspace, or means git's own files.

    Example:
        >>> parse_pattern("logs/*/metrics.json").start, parse_pattern("./eval.json").path
        ('logs', 'eval.json')
    """
    parts = _parts(text)
    names = [_find_name(part) for part in parts]
    before = next((n for n, name in enumerate(names) if name is None), len(parts) - 1)
    return Pattern(
        parts=tuple(parts),
        start="/".join(name for name in names[:before] if name),
        named=frozenset(name for name in names if name),
        path="" if None in names else "/".join(name for name in names if name),
    )


def _parts(text: str) -> list[str]:
    where = f"pattern {text}"
    if text.startswith("/") or re.match(r"[A-Za-z]:[\\/]", text):
        raise ConfigError(where, "is an absolute path", "Write it relative to the top of the workspace.")
    parts = [part for part in posixpath.normpath(text).split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ConfigError(where, "leaves the workspace", "Name files inside it.")
    if any(map(is_git, parts)):
        raise ConfigError(where, "lies among git's own files", "Name files that the job writes.")
    # As in a shell that knows them: two stars at the end are every file below.
    return [*parts, "*"] if parts[-1:] == ["**"] else parts


def _find_name(part: str) -> str | None:
    """Return the one name that a part means; None when it may mean several. ``[*]`` is a star."""
    escape = re.compile(r"\[([][*?])\]")
    return None if re.search(r"[*?[]", escape.sub("", part)) else escape.sub(r"\1", part)


def is_git(name: str) -> bool:
    """Whether a name is git's own folder, also where upper and lower case are the same."""
    return name.casefold() == ".git"


def find_files(rows: Callable[[str], Iterable[Row]]) -> Files:
    """Find every file that discovery may look at: none that are hidden."""
    found = _walk(rows, DISCOVERY)
    return Files(tuple(path for path in found.paths if not _name(path).startswith(".")), found.notes)


def match_files(rows: Callable[[str], Iterable[Row]], pattern: Pattern) -> Files:
    """Find every file that a pattern means.

    A wildcard means neither hidden names nor folders that are left out, a name without one does.
    """
    depth = math.inf if "**" in pattern.parts else len(pattern.parts) - 1
    limits = Limits(depth=depth, rows=MOST_ROWS, rows_of_folder=MOST_ROWS)
    found = _walk(rows, limits, pattern.start, pattern.named)
    return Files(tuple(path for path in found.paths if _is_match(pattern.parts, path.split("/"))), found.notes)


def _is_match(wanted: Sequence[str], parts: Sequence[str]) -> bool:
    # All places in the pattern that the path may have come to: many ``**`` would take for ever one by one.
    at = _passed(wanted, {0})
    for part in parts:
        stays = {n for n in at if n < len(wanted) and wanted[n] == "**" and not part.startswith(".")}
        goes = {n + 1 for n in at if n < len(wanted) and wanted[n] != "**" and _is_name_match(wanted[n], part)}
        at = _passed(wanted, stays | goes)
    return len(wanted) in at


def _passed(wanted: Sequence[str], at: set[int]) -> set[int]:
    """Add the places after each ``**``, which may mean no folder at all."""
    for n, part in enumerate(wanted):
        if n in at and part == "**":
            at.add(n + 1)
    return at


def _is_name_match(part: str, name: str) -> bool:
    if name.startswith(".") and not part.startswith("."):
        return False
    return name == part or fnmatchcase(name, part)


def _walk(
    rows: Callable[[str], Iterable[Row]], limits: Limits, start: str = "", named: frozenset[str] = frozenset()
) -> Files:
    """Give every file from a folder on.

    Folders are opened in the order of how much lies beside them and beside what leads to them: so a few results are
    found before a limit is spent on thousands of folders of images.

    Args:
        rows: lists a folder; raises PermissionError where it may not.
        limits: how far to go.
        start: the folder to begin with, never left out.
        named: names of folders that are never left out.
    """
    found: list[str] = []
    notes: list[str] = []
    met = 0
    queue = [(0, start)]
    while queue:
        cost, folder = heappop(queue)
        try:
            listed = sorted(islice(rows(folder), limits.rows_of_folder + 1))
        except PermissionError:
            notes.append(f"{folder or 'the top'} may not be listed")
            continue
        if folder != start and _name(folder) not in named and not FOREIGN.isdisjoint(row.name for row in listed):
            continue
        met += len(listed)
        if met > limits.rows:
            notes.append(f"stopped looking after {format_number(limits.rows)} files and folders. {CURE}")
            break
        if len(listed) > limits.rows_of_folder:
            most = plural(limits.rows_of_folder, "file")
            notes.append(f"{folder or 'the top'} holds more than {most}: not looked at. {CURE}")
            continue
        if any(not _is_text(row.name) for row in listed):
            notes.append(f"{folder or 'the top'} holds names that are not UTF-8: not looked at")
        found += [path for path, row in _below(folder, listed) if not row.is_folder]
        for path, row in _below(folder, listed):
            if row.is_folder and path.count("/") < limits.depth and (row.name in named or not _is_left_out(row.name)):
                heappush(queue, (cost + len(listed), path))
    return Files(tuple(sorted(found)), tuple(notes))


def _below(folder: str, listed: Iterable[Row]) -> Iterator[tuple[str, Row]]:
    for row in listed:
        if _is_text(row.name) and not is_git(row.name):
            yield (f"{folder}/{row.name}" if folder else row.name), row


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _is_text(name: str) -> bool:
    try:
        return name.isascii() or bool(name.encode())
    except UnicodeEncodeError:
        return False


def _is_left_out(folder: str) -> bool:
    return folder.startswith(".") or folder in LEFT_OUT or folder.endswith((".dist-info", ".egg-info"))
