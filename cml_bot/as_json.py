"""The two JSON forms: a Run (records, bundles) and a Report (a public contract). The same input gives the same bytes.

Numbers that JSON cannot hold are the texts "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import json
import math
import re
import reprlib
import sys
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import partial
from operator import lt
from typing import TYPE_CHECKING, TypeVar, cast

from cml_bot.charts import is_whole
from cml_bot.errors import InputError
from cml_bot.model import (
    Bars,
    Fact,
    Goal,
    Histogram,
    Matrix,
    Metric,
    Param,
    Part,
    Points,
    Repeats,
    Role,
    Run,
    Series,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import Field

    from _typeshed import DataclassInstance

    from cml_bot.model import Chart, ChartPair, Check, Delta, Drift, Evidence, ParamDelta, Report, Side

SCHEMA = 1
"""Raised only when a field changes its meaning; new fields do not count."""

_MAY_LACK = ("figures", "charts")
"""Parts of a run that lie beside it, or that earlier versions did not write."""

Noun = TypeVar("Noun")
Word = TypeVar("Word", bound=StrEnum)


def dump_run(run: Run) -> str:
    """Write a run as JSON, without its figures: those lie beside it as files."""
    table = {key: value for key, value in _fields(run).items() if key != "figures"}
    return _dump({"schema": SCHEMA, **table}) + "\n"


def parse_run(text: str, where: str) -> Run:
    """Read what `dump_run` wrote.

    Raises:
        InputError: it is not JSON, of a newer schema, or not a run.
    """
    cure = "Make it anew with `mlbot report`."
    try:
        table = json.loads(text)
    except RecursionError as error:
        raise InputError(where, "is not JSON of ours (nested too deeply)", cure) from error
    except ValueError as error:
        raise InputError(where, f"is not JSON ({error})", cure) from error
    schema = table.get("schema") if isinstance(table, dict) else None
    if type(schema) is not int or schema != SCHEMA:
        raise InputError(where, f"is not a run of schema {SCHEMA} (it says {_short(schema)})", cure)
    lacks = next((item.name for item in fields(Run) if item.name not in table and item.name not in _MAY_LACK), "")
    if lacks and "deltas" in table:
        raise InputError(where, "is a report, not a run", "Name the run.json that lies beside it.")
    if lacks:
        raise InputError(where, f"is not a run (it lacks {lacks!r})", cure)
    try:
        return _run(table)
    except ValueError as error:
        raise InputError(where, f"is not a run ({error})", cure) from error


def _run(table: dict[str, object]) -> Run:
    run = _build(Run, {**table, "figures": []})
    if not _SHA.fullmatch(run.sha):
        raise _odd(run.sha, "a commit")
    return run


def _build(noun: Callable[..., Noun], value: object) -> Noun:
    """Make a noun of a table, each field by its annotation. Fields of later versions are passed over."""
    if not isinstance(value, dict):
        raise _odd(value, f"a {noun.__name__.lower()}")
    table = {}
    for item in fields(cast("type[DataclassInstance]", noun)):
        if item.name in value:
            table[item.name] = _parse_field(item, value[item.name])
        elif item.default is MISSING:
            message = f"a {noun.__name__.lower()} lacks {item.name!r}"
            raise ValueError(message)
    return noun(**table)


def _parse_field(item: Field[object], value: object) -> object:
    try:
        return _PARSERS[str(item.type)](value)
    except ValueError as error:
        message = f"{item.name}: {error}"
        raise ValueError(message) from error


def _each(parse: Callable[[object], Noun]) -> Callable[[object], tuple[Noun, ...]]:
    def parse_list(value: object) -> tuple[Noun, ...]:
        if not isinstance(value, list):
            raise _odd(value, "a list")
        return tuple(map(parse, value))

    return parse_list


def _or_none(parse: Callable[[object], Noun]) -> Callable[[object], Noun | None]:
    return lambda value: None if value is None else parse(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise _odd(value, "a text")


def _one_of(words: type[Word]) -> Callable[[object], Word]:
    def parse(value: object) -> Word:
        if isinstance(value, str) and value in list(words):
            return words(value)
        raise _odd(value, f"one of {', '.join(words)}")

    return parse


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _odd(value, "true or false")


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _odd(value, "a whole number")


def _number(value: object) -> float:
    """Read a number as `_strict` wrote it; integers stay exact."""
    if isinstance(value, str) and value in _SPECIAL:
        return _SPECIAL[value]
    # Not above what a double holds: 1e999 is no way to write infinity, and 10**400 none to write a number.
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return value
    raise _odd(value, "a number")


def _numbers(value: object) -> tuple[float, ...]:
    found = _each(_number)(value)
    if not found:
        message = "there are no numbers"
        raise ValueError(message)
    return found


def _series(value: object) -> Series:
    series = _build(Series, value)
    if len(series.x) != len(series.y):
        message = f"x has {len(series.x)} numbers and y has {len(series.y)}"
        raise ValueError(message)
    if not (math.isfinite(series.x[0]) and math.isfinite(series.x[-1]) and all(map(lt, series.x, series.x[1:]))):
        message = "x does not rise"
        raise ValueError(message)
    return series


def _chart(value: object) -> Chart:
    """Read a matrix, a histogram, bars or points: told by what only one of them has, or the first."""
    for mark, parse in _CHARTS.items():
        if isinstance(value, dict) and mark in value:
            chart = parse(value)
            if is_whole(chart):
                return chart
            message = f"the chart {_short(chart.name)} has numbers without labels, or labels without numbers"
            raise ValueError(message)
    raise _odd(value, "a chart")


_CHARTS: Mapping[str, Callable[[object], Chart]] = {
    "columns": partial(_build, Matrix),
    "edges": partial(_build, Histogram),
    "labels": partial(_build, Bars),
    "x_label": partial(_build, Points),
}
_SHA = re.compile("[0-9a-f]*")
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

_PARSERS: Mapping[str, Callable[[object], object]] = {
    "str": _text,
    "str | None": _or_none(_text),
    "bool": _flag,
    "int | None": _or_none(_count),
    "float | None": _or_none(_number),
    "tuple[float, ...]": _numbers,
    "tuple[str, ...]": _each(_text),
    "tuple[tuple[float, ...], ...]": _each(_numbers),
    "Part": _one_of(Part),
    "Goal | None": _or_none(_one_of(Goal)),
    "Role | None": _or_none(_one_of(Role)),
    "Repeats": _one_of(Repeats),
    "tuple[Chart, ...]": _each(_chart),
    "tuple[Metric, ...]": _each(partial(_build, Metric)),
    "tuple[Series, ...]": _each(_series),
    "tuple[Figure, ...]": lambda _: (),
    "tuple[Param, ...]": _each(partial(_build, Param)),
    "tuple[Fact, ...]": _each(partial(_build, Fact)),
    "tuple[Source, ...]": _each(partial(_build, Source)),
}
"""How a field is read, by its annotation in `model.py`."""


def _odd(value: object, wanted: str) -> ValueError:
    return ValueError(f"{_short(value)} is not {wanted}")


def _short(value: object) -> str:
    """Show a value that may be huge or deep."""
    return reprlib.repr(value)


def dump_report(report: Report) -> str:
    """Write a report as JSON: the form that other programs may rely on."""
    return lay_out(
        {
            "schema": SCHEMA,
            "name": report.name,
            "title": report.title,
            "outcome": report.verdict.outcome.word,
            "trusted": report.is_trusted,
            "head": {"sha": report.head.sha, "source": report.head.source},
            "base": _side(report.base) if report.has_base else None,
            "like_for_like": report.like_for_like,
            "deltas": [_delta(delta) for delta in report.deltas],
            "checks": [_check(check) for check in report.verdict.checks],
            "charts": [_chart_pair(pair) for pair in report.charts],
            "params": [_param(param) for param in report.params],
            "same_params": [_same_param(param) for param in report.same_params],
            "history": {str(delta.key): delta.history for delta in report.deltas if delta.history},
            "drifts": [drift_table(drift) for drift in report.drifts],
            "notes": [*report.broken, *report.unread, *report.notes],
            "created": report.created,
            "version": report.version,
        }
    )


def _side(side: Side) -> dict[str, object]:
    return {"sha": side.sha, "kind": side.kind, "why": side.source}


def _delta(delta: Delta) -> dict[str, object]:
    return {
        "group": delta.key.group,
        "name": delta.key.name,
        "unit": delta.unit,
        "head": _metric(delta.head),
        "base": _metric(delta.base),
        "change": delta.change,
        "relative": delta.relative,
        "goal": delta.goal,
        "tolerance": delta.tolerance,
        "role": delta.role,
        "trend": delta.trend,
        "evidence": _evidence(delta.evidence),
    }


def _metric(metric: Metric | None) -> dict[str, object] | None:
    if metric is None:
        return None
    labels = {"labels": metric.labels} if metric.labels else {}
    return {"value": metric.value, "values": metric.values, **labels, "stderr": metric.stderr}


def _evidence(evidence: Evidence) -> dict[str, object]:
    low, high = evidence.interval or (None, None)
    table = _fields(evidence)
    del table["interval"], table["is_real"]
    if evidence.repeats is Repeats.TRAININGS:
        del table["repeats"]
    return {"method": table.pop("method"), "low": low, "high": high, **table}


def _check(check: Check) -> dict[str, object]:
    waiver = check.waiver
    return {
        "gate": check.gate.text,
        "group": check.key.group if check.key else None,
        "name": check.key.name if check.key else None,
        "outcome": check.outcome.word,
        "reason": check.reason,
        "waived": {"reason": waiver.reason, "until": waiver.until.isoformat()} if waiver else None,
    }


def drift_table(drift: Drift) -> dict[str, object]:
    """Give a drift as JSON has it."""
    table = _fields(drift)
    key = drift.key
    del table["key"]
    return {"group": key.group, "name": key.name, **table}


def _param(param: ParamDelta) -> dict[str, object]:
    return {"group": param.key.group, "name": param.key.name, "head": param.head, "base": param.base}


def _chart_pair(pair: ChartPair) -> dict[str, object]:
    """Name a chart: its numbers are in the run.json of either side."""
    kind = type(pair.head or pair.base).__name__.lower()
    change = "new" if pair.base is None else "gone" if pair.head is None else "changed"
    return {"group": pair.key.group, "name": pair.key.name, "kind": kind, "change": change}


def _same_param(param: Param) -> dict[str, object]:
    return {"group": param.group, "name": param.name, "value": param.value}


def lay_out(table: Mapping[str, object]) -> str:
    """Write one key a line, and one row of a list a line: for people, and ten times as fast as json's own indent."""
    parts = []
    for key, value in table.items():
        rows = [_dump(row) for row in value] if isinstance(value, list) else []
        listed = "[\n  " + ",\n  ".join(rows) + "\n ]"
        parts.append(f' "{key}": {listed if rows else _dump(value)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _dump(value: object) -> str:
    write = partial(json.dumps, ensure_ascii=False, allow_nan=False, default=_fields)
    try:
        text = write(value)
    except ValueError:
        # Only now is it worth walking through every number.
        text = write(_strict(value))
    return _LONE_HALF.sub("\N{REPLACEMENT CHARACTER}", text)


def _fields(noun: DataclassInstance) -> dict[str, object]:
    """Give the fields as they are: `asdict` would copy every number of every series."""
    return {item.name: getattr(noun, item.name) for item in fields(noun)}


_LONE_HALF = re.compile("[\ud800-\udfff]")
"""Half characters that a broken writer left in a name: no file can hold them."""


def _strict(value: object) -> object:
    """Put texts where JSON has no number."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    return _strict(_fields(value)) if is_dataclass(value) and not isinstance(value, type) else value
