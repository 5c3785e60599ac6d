"""Timings of pytest-benchmark: one metric a benchmark, whose values tell how much its rounds scatter.

Source: https://pytest-benchmark.readthedocs.io/en/latest/usage.html (``--benchmark-json``)
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Goal, Metric, Note, Repeats, Role
from cml_bot.readers._names import Names, some, tidy
from cml_bot.readers._numbers import as_double, as_number
from cml_bot.readers._parts import as_list
from cml_bot.readers._tree import MOST_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cml_bot.model import Observation

_BATCHES = 20
"""Rounds that follow one another share what else the machine did. So each value is the median of many neighbours, and
the values are nearly independent: the method of batch means.

Source: https://doi.org/10.1287/opre.30.3.556 (Schmeiser, Batch size effects in the analysis of simulation output)
"""


def observe(document: object, where: str) -> Iterator[Observation]:  # noqa: ARG001 - its benchmarks have names
    """Yield the timings in seconds, and the numbers that benchmarks noted beside them."""
    table = document if isinstance(document, dict) else {}
    found = [one for one in as_list(table.get("benchmarks")) if isinstance(one, dict)][:MOST_METRICS]
    machine = _tell_machine(table.get("machine_info"))
    taken = Counter(_text(one.get("name")) for one in found)
    names, empty = Names(), []
    for one in found:
        short = _text(one.get("name"))
        name = names.take(short if taken[short] == 1 else _text(one.get("fullname")) or short)
        values = _timings(one.get("stats"))
        if values:
            yield Metric(
                name=name,
                values=values,
                unit="s",
                goal=Goal.LOWER,
                role=Role.QUALITY,
                repeats=Repeats.TIMINGS,
                conditions=machine,
            )
        else:
            empty.append(name)
        extra = one.get("extra_info")
        for key, value in extra.items() if isinstance(extra, dict) else ():
            number = as_number(value)
            if number is not None:
                yield Metric(name=names.take(f"{name}/{key}"), values=(number,))
    if empty:
        yield Note(text=f"{plural(len(empty), 'benchmark')} without timings: {some(empty)}; left out. Run them again.")


def _timings(stats: object) -> tuple[float, ...]:
    """Give the medians of consecutive batches of all rounds; the median alone where the rounds were not kept."""
    table = stats if isinstance(stats, dict) else {}
    rounds = [y for value in as_list(table.get("data")) if (y := as_double(value)) is not None and math.isfinite(y)]
    if not rounds:
        middle = as_double(table.get("median"))
        return () if middle is None else (middle,)
    if len(rounds) < 2 * _BATCHES:
        return tuple(rounds)
    ends = [len(rounds) * batch // _BATCHES for batch in range(_BATCHES + 1)]
    return tuple(median(rounds[start:end]) for start, end in pairwise(ends))


def _tell_machine(machine: object) -> str:
    """Say what has to be alike for timings to be comparable: processor, its number of cores, and Python.

    Example:
        >>> _tell_machine({"cpu": {"brand_raw": "EPYC", "count": 2}, "python_version": "3.11.7"})
        'EPYC, 2 cores, Python 3.11'
    """
    table = machine if isinstance(machine, dict) else {}
    cpu = table.get("cpu")
    cpu = cpu if isinstance(cpu, dict) else {}
    python = ".".join(_text(table.get("python_version")).split(".")[:2])
    cores = cpu.get("count")
    parts = (
        _text(cpu.get("brand_raw")),
        plural(cores, "core") if isinstance(cores, int) and not isinstance(cores, bool) else "",
        f"Python {python}" if python else "",
    )
    return ", ".join(filter(None, parts))


def _text(value: object) -> str:
    return tidy(value) if isinstance(value, str) and value else ""
