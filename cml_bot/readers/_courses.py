"""The courses of one training by their names, as trackers log them: some numbers at each step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Goal, Metric, Note
from cml_bot.readers._course import Course
from cml_bot.readers._names import LeftOut, Names, join_path
from cml_bot.readers._tree import MOST_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cml_bot.model import Series

Path = tuple[str, ...]


class Courses:
    """Takes numbers by name and step, and gives them as series: a single value is a metric."""

    def __init__(self) -> None:
        self.names = Names()
        """The names that are given; what else is read of the training takes its own from here."""
        self._courses: dict[Path, Course] = {}
        self._refused = LeftOut(MOST_METRICS)

    def add(self, path: Path, step: float, value: float) -> None:
        """Add the value of a name at a step; names beyond the most are counted."""
        course = self._courses.get(path)
        if course is None:
            if len(self._courses) >= MOST_METRICS:
                self._refused.add(join_path(path))
                return
            course = self._courses[path] = Course()
        course.add(step, value)

    def series(self, goals: Mapping[Path, Goal | None] | None = None) -> dict[Path, Series]:
        """Give every course under the name that its path comes to."""
        found: dict[Path, Series] = {}
        for path, course in self._courses.items():
            if course.n:
                series = course.series(self.names.take(join_path(path)), "step")
                found[path] = replace(series, goal=(goals or {}).get(path))
        return found

    @property
    def paths(self) -> tuple[Path, ...]:
        """What was added so far."""
        return tuple(self._courses)

    def notes(self) -> Iterator[Note]:
        """Yield what was left out."""
        if self._refused:
            left = self._refused.tell("name")
            yield Note(text=f"has more than {plural(MOST_METRICS, 'metric')}; {left} left out. Log fewer.")


def as_observation(series: Series) -> Series | Metric:
    """Return a series, or a metric where it has one value alone."""
    return series if len(series.y) > 1 else Metric(name=series.name, values=series.y, goal=series.goal)
