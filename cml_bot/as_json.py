"""The two JSON forms: a Run (records, bundles) and a Report (a public contract). The same input gives the same bytes.

Numbers that JSON cannot hold are the texts "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar

from cml_bot.errors import InputError
from cml_bot.model import Metric, Param, Part, Run, Series, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed import DataclassInstance

    from cml_bot.model import Check, Delta, Evidence, ParamDelta, Report, Side

SCHEMA = 1
"""Raised only when a field changes its meaning; new fields do not count."""

Noun = TypeVar("Noun")


def dump_run(run: Run) -> str:
    """Write a run as JSON, without its figures: those lie beside it as files."""
    table = {key: value for key, value in asdict(run).items() if key != "figures"}
    return _dump({"schema": SCHEMA, **table}, indent=None)


def parse_run(text: str, where: str) -> Run:
    """Read what `dump_run` wrote.

    Raises:
        InputError: it is not JSON, of a newer schema, or not a run.
    """
    cure = "Make it anew with `mlbot report`."
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(where, f"is not JSON ({error})", cure) from error
    if not isinstance(table, dict) or table.get("schema") != SCHEMA:
        found = table.get("schema") if isinstance(table, dict) else None
        raise InputError(where, f"is not a run of schema {SCHEMA} (it says {found!r})", cure)
    try:
        return _build_run(table)
    except KeyError as error:
        if "deltas" in table:
            raise InputError(where, "is a report, not a run", "Name the run.json that lies beside it.") from error
        raise InputError(where, f"is not a run (it lacks {error})", cure) from error
    except (TypeError, ValueError) as error:
        raise InputError(where, f"is not a run ({error})", cure) from error


def _build_run(table: Mapping[str, Any]) -> Run:
    return Run(
        sha=str(table["sha"]),
        created=str(table["created"]),
        build_url=str(table["build_url"]),
        metrics=_each(table["metrics"], _build_metric),
        series=_each(table["series"], _build_series),
        params=_each(table["params"], lambda row: Param(**_only(row, Param))),
        notes=tuple(map(str, table["notes"])),
        broken=tuple(map(str, table["broken"])),
        unread=tuple(map(str, table["unread"])),
        sources=_each(table["sources"], _build_source),
    )


def _each(rows: Iterable[Mapping[str, Any]], build: Callable[[Mapping[str, Any]], Noun]) -> tuple[Noun, ...]:
    return tuple(build(row) for row in rows)


def _only(row: Mapping[str, Any], noun: type[DataclassInstance]) -> dict[str, Any]:
    """Keep the fields this version knows: later versions may add some."""
    return {item.name: row[item.name] for item in fields(noun) if item.name in row}


def _build_metric(row: Mapping[str, Any]) -> Metric:
    values = tuple(map(_undo_number, row["values"]))
    return Metric(**{**_only(row, Metric), "values": values})


def _build_series(row: Mapping[str, Any]) -> Series:
    x, y = (tuple(map(_undo_number, row[axis])) for axis in ("x", "y"))
    return Series(**{**_only(row, Series), "x": x, "y": y})


def _build_source(row: Mapping[str, Any]) -> Source:
    return Source(**{**_only(row, Source), "part": Part(row["part"]), "y": tuple(row["y"])})


def dump_report(report: Report) -> str:
    """Write a report as JSON: the form that other programs may rely on."""
    return _dump(
        {
            "schema": SCHEMA,
            "name": report.name,
            "title": report.title,
            "outcome": report.verdict.outcome.word,
            "head": {"sha": report.head.sha, "source": report.head.source},
            "base": _side(report.base) if report.has_base else None,
            "like_for_like": report.like_for_like,
            "deltas": [_delta(delta) for delta in report.deltas],
            "checks": [_check(check) for check in report.verdict.checks],
            "params": [_param(param) for param in report.params],
            "history": {},
            "notes": [*report.broken, *report.unread, *report.notes],
            "created": report.created,
            "version": report.version,
        },
        indent=1,
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
    return {"value": metric.value, "values": metric.values, "stderr": metric.stderr}


def _evidence(evidence: Evidence) -> dict[str, object]:
    low, high = evidence.interval or (None, None)
    table = asdict(evidence)
    del table["interval"], table["is_real"]
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


def _param(param: ParamDelta) -> dict[str, object]:
    return {"group": param.key.group, "name": param.key.name, "head": param.head, "base": param.base}


def _dump(table: Mapping[str, object], indent: int | None) -> str:
    text = json.dumps(_strict(table), ensure_ascii=False, indent=indent, allow_nan=False)
    return text.translate(_LONE_HALVES) + "\n"


_LONE_HALVES = dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")
"""Half characters that a broken writer left in a name: no file can hold them."""


def _strict(value: object) -> object:
    """Put texts where JSON has no number."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    return value


def _undo_number(value: object) -> float:
    """Read a number as `_strict` wrote it; integers stay exact."""
    if isinstance(value, str):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    message = f"{value!r} is not a number"
    raise ValueError(message)
