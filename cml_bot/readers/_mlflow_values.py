"""What MLflow logs of one metric, as a number or as a course."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.filters import format_number, plural
from cml_bot.model import Metric, Note, Repeats, Role, mean_of
from cml_bot.readers._course import Course

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cml_bot.model import Series
    from cml_bot.readers._names import Names

Point = tuple[int, int, float]
"""Step, milliseconds since 1970, and value."""
MOST_METRICS = 5_000
MOST_POINTS = 500_000
"""Of all metrics of a run."""
_SYSTEM = "system/"
"""How the metrics begin that MLflow takes of the machine by itself, every ten seconds.

Source: https://mlflow.org/docs/latest/ml/tracking/system-metrics/
"""
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def course_of(points: Iterable[Point]) -> Course:
    """Give the value of each step; of several at one step the last, in MLflow's own order.

    Example:
        >>> course = course_of([(5, 30, 7.5), (0, 10, 0.0), (1, 20, 1.0), (1, 21, 1.5)]).series("loss")
        >>> course.x, course.y
        ((0.0, 1.0, 5.0), (0.0, 1.5, 7.5))
    """
    course = Course()
    for step, _, value in sorted(points, key=_order):
        course.add(step, value)
    return course


def is_of_machine(name: str) -> bool:
    """Whether MLflow takes a metric of the machine by itself.

    Example:
        >>> is_of_machine("system/cpu_utilization_percentage"), is_of_machine("val/loss")
        (True, False)
    """
    return name.startswith(_SYSTEM)


def _order(point: Point) -> Point:
    step, moment, value = point
    return step, moment, -math.inf if math.isnan(value) else value


def whole(value: object) -> int:
    """Read a step or a moment; 0 for what is none.

    Example:
        >>> whole("12"), whole(7), whole(None), whole("1e3"), whole(10**30)
        (12, 7, 0, 0, 0)
    """
    return int(str(value)) if isinstance(value, int | str) and _WHOLE.fullmatch(str(value)[:20]) else 0


def unfold(value: float) -> float:
    """Give infinity back, which databases hold as the largest number.

    Source: https://github.com/mlflow/mlflow/blob/master/mlflow/store/tracking/sqlalchemy_store.py
    """
    return math.copysign(math.inf, value) if abs(value) >= sys.float_info.max else value


def _mean_of(course: Series) -> float:
    return mean_of([y for y in course.y if math.isfinite(y)]) if course.mean is None else course.mean


def observe_courses(
    found: Mapping[str, Mapping[str, Course]], names: Names, kind: Repeats | None = None
) -> Iterator[Metric | Series | Note]:
    """Yield each metric of a training, or of repeated ones: one point as a number, more as a course.

    Args:
        found: the courses of each training by name, by what tells the trainings apart.
        names: gives every name out once.
        kind: what is repeated, where something is.
    """
    wanted = list(dict.fromkeys(name for courses in found.values() for name in courses))
    for wish in wanted[:MOST_METRICS]:
        courses = {label: one[wish].series(wish) for label, one in found.items() if wish in one}
        each = {label: course for label, course in courses.items() if course.y}
        if not each:
            continue
        name, labels = names.take(wish), tuple(each) if kind else ()
        repeats = kind or Repeats.TRAININGS
        if is_of_machine(wish):
            means = tuple(map(_mean_of, each.values()))
            yield Metric(name=name, values=means, labels=labels, repeats=repeats, role=Role.BOOKKEEPING)
        elif all(len(course.y) == 1 for course in each.values()):
            values = tuple(course.y[0] for course in each.values())
            yield Metric(name=name, values=values, labels=labels, repeats=repeats)
        else:
            for label, course in each.items():
                yield replace(course, name=name, replicate=label if kind else "")
    if len(wanted) > MOST_METRICS:
        left = format_number(len(wanted) - MOST_METRICS)
        yield Note(text=f"has more than {plural(MOST_METRICS, 'metric')}; {left} were left out. Log fewer.")
