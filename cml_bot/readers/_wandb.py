"""The records of a W&B run: history, summary, settings and what was defined of metrics."""

from __future__ import annotations

import math
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Goal, Metric, Note, Param
from cml_bot.readers._courses import Courses, as_observation
from cml_bot.readers._names import LeftOut, Names, join_path, shorten, tidy
from cml_bot.readers._numbers import as_double, as_number
from cml_bot.readers._parts import parse_value
from cml_bot.readers._protobuf import WireError, read_fields
from cml_bot.readers._tree import MOST_METRICS, flatten
from cml_bot.readers.params_file import LONGEST, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cml_bot.model import Observation, Series

_HISTORY, _SUMMARY, _CONFIG, _METRIC, _RUN, _EXIT = 2, 3, 5, 12, 17, 18
"""Numbers of the fields of a Record."""
_GOALS = {1: Goal.LOWER, 2: Goal.HIGHER}
_OWN = frozenset({"_step", "_runtime", "_timestamp", "_wandb"})
"""What W&B keeps among the user's names."""
_MOST_PATTERNS = 100
_KIND = "_type"
"""Stands beside the parts of what is no number: a picture, a histogram, a table."""

Path = tuple[str, ...]


class History:
    """Takes the records of a run, in their order, and gives what they come to."""

    def __init__(self) -> None:
        self.commit = ""
        """The commit that the run says it is of."""
        self.has_ended = False
        """Whether the run was closed; a killed training is closed too, a killed machine is not."""
        self.pictures: dict[str, str] = {}
        """The place of the last picture under each name."""
        self._courses = Courses()
        self._summary: dict[str, object] = {}
        self._config: dict[str, object] = {}
        self._left = LeftOut(MOST_METRICS)
        """What is left out of these two."""
        self._goals: dict[str, Goal] = {}
        """By name, or pattern with a star."""
        self._media: set[Path] = set()
        self._n_broken = 0

    def take(self, record: bytes) -> None:
        """Take one record; one that is no message is counted and left out."""
        try:
            for number, value in read_fields(record):
                if isinstance(value, bytes):
                    self._take_field(number, value)
        except (WireError, UnicodeDecodeError):
            self._n_broken += 1

    def observations(self) -> Iterator[Observation]:
        """Yield metrics, curves and settings."""
        goals = {path: self._goal_of(join_path(path)) for path in self._courses.paths}
        courses = self._courses.series(goals)
        yield from map(as_observation, courses.values())
        yield from self._ends(courses)
        yield from self._params()
        if self._n_broken:
            yield Note(text=f"{plural(self._n_broken, 'record')} not understood; left out. Update mlbot, or tell us.")
        if self._left:
            most, left = plural(MOST_METRICS, "name"), self._left.tell("name")
            yield Note(text=f"summary or settings of more than {most}; {left} left out. Log fewer.")
        yield from self._courses.notes()

    def _take_field(self, number: int, value: bytes) -> None:
        if number == _HISTORY:
            self._take_row(value)
        elif number in (_SUMMARY, _CONFIG):
            _update(self._summary if number == _SUMMARY else self._config, value, self._left)
        elif number == _RUN:
            self._take_run(value)
        elif number == _METRIC:
            self._take_definition(value)
        elif number == _EXIT:
            self.has_ended = True

    def _take_row(self, data: bytes) -> None:
        row: dict[Path, object] = {}
        step: float | None = None
        for number, value in read_fields(data):
            if number == 1 and isinstance(value, bytes):
                path, found = _read_item(value)
                row |= _spread(path, found)
            elif number == 2 and isinstance(value, bytes):
                step = next((float(count) for n, count in read_fields(value) if n == 1 and isinstance(count, int)), 0.0)
        step = as_double(row.get(("_step",), step))
        self._note_media(row)
        for path, found in row.items():
            y = as_double(found) if path[0] not in _OWN and not self._is_media(path) else None
            if y is not None and step is not None:
                self._courses.add(path, step, y)

    def _note_media(self, row: dict[Path, object]) -> None:
        for path, found in row.items():
            if path[-1] == _KIND and len(path) > 1:
                self._media.add(path[:-1])
                place = row.get((*path[:-1], "path"))
                if found == "image-file" and isinstance(place, str):
                    self.pictures[tidy(join_path(path[:-1]))] = place

    def _is_media(self, path: Path) -> bool:
        return bool(self._media) and any(path[:n] in self._media for n in range(1, len(path) + 1))

    def _take_run(self, data: bytes) -> None:
        for number, value in read_fields(data):
            if number == 4 and isinstance(value, bytes):
                _update(self._config, value, self._left)
            elif number == 21 and isinstance(value, bytes):
                found = dict(read_fields(value)).get(2)
                self.commit = found.decode("ascii", "replace") if isinstance(found, bytes) else ""

    def _take_definition(self, data: bytes) -> None:
        found = dict(read_fields(data))
        name, goal = found.get(1) or found.get(2), found.get(8)
        if isinstance(name, bytes) and isinstance(goal, int) and goal in _GOALS and len(self._goals) < MOST_METRICS:
            self._goals[name.decode()] = _GOALS[goal]

    def _goal_of(self, name: str) -> Goal | None:
        if name in self._goals:
            return self._goals[name]
        patterns = islice((pattern for pattern in self._goals if "*" in pattern), _MOST_PATTERNS)
        return next((self._goals[one] for one in patterns if fnmatchcase(name, _star_alone(one))), None)

    def _leaves(self, kept: Mapping[str, object]) -> Iterator[tuple[Path, object]]:
        for place, leaf in enumerate(flatten(kept).leaves):
            if place < MOST_METRICS:
                yield leaf.path, leaf.value
            else:
                self._left.add(leaf.name)

    def _ends(self, courses: Mapping[Path, Series]) -> Iterator[Metric]:
        """Yield the summary where it says more than the last values of the history do."""
        for path, found in self._leaves(self._summary):
            value = _as_value(found)
            if value is None or path[0] in _OWN or self._is_media(path) or path[-1] == _KIND:
                continue
            series = courses.get(path)
            if series is None:
                goal = self._goal_of(join_path(path)) or self._goal_of(join_path(path[:-1]))
                yield Metric(name=self._courses.names.take(join_path(path)), values=(value,), goal=goal)
            elif repr(series.y[-1]) != repr(float(value)):
                yield Metric(name=series.name, values=(value,), goal=series.goal)

    def _params(self) -> Iterator[Param]:
        names = Names()
        for path, value in self._leaves(self._config):
            if path[0] not in _OWN:
                yield Param(name=names.take(join_path(path)), value=shorten(as_text(value), LONGEST))


def _as_value(found: object) -> float | None:
    """Read a value of the summary: whole numbers stay whole, beyond what a double holds they are infinite."""
    double = as_double(found)
    return double if double is None or math.isinf(double) else as_number(found)


def _star_alone(pattern: str) -> str:
    """Give the pattern of `fnmatch` in which the star alone has a meaning.

    Example:
        >>> _star_alone("acc[top?]/*")
        'acc[[]top[?]]/*'
    """
    return pattern.replace("[", "[[]").replace("?", "[?]")


def _update(kept: dict[str, object], data: bytes, left: LeftOut) -> None:
    """Apply to a tree what a record sets and removes; names beyond the most go to `left`."""
    for number, value in read_fields(data):
        if number in (1, 2) and isinstance(value, bytes):
            path, found = _read_item(value)
            node = kept
            for key in path[:-1]:
                below = node.get(key)
                # What is no mapping makes room for one, unless something is removed that is not there.
                node = below if isinstance(below, dict) else _open(node, key, is_kept=number == 1)
            if number == 2:
                node.pop(path[-1], None)
            elif path[-1] in node or len(node) < MOST_METRICS:
                node[path[-1]] = found
            else:
                left.add(join_path(path))


def _open(node: dict[str, object], key: str, *, is_kept: bool) -> dict[str, object]:
    below: dict[str, object] = {}
    if is_kept and (key in node or len(node) < MOST_METRICS):
        node[key] = below
    return below


def _spread(path: Path, value: object) -> dict[Path, object]:
    """Give a value by its path, or all that is in a mapping by theirs."""
    if not isinstance(value, dict):
        return {path: value}
    return {(*path, *leaf.path): leaf.value for leaf in flatten(value).leaves}


def _read_item(data: bytes) -> tuple[Path, object]:
    """Return the path and the value of an item of a history, a summary or the settings."""
    key, nested, text = "", [], b""
    for number, value in read_fields(data):
        if isinstance(value, bytes):
            if number == 1:
                key = value.decode()
            elif number == 2:
                nested.append(value.decode())
            elif number == 16:
                text = value
    return tuple(nested) or (key,), _parse(text)


def _parse(text: bytes) -> object:
    """Read a value; numbers stay the text that they are."""
    if text[:1] not in b'{["tfn':
        return text.decode()
    return parse_value(text)
