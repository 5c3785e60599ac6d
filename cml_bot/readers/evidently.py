"""Reports of Evidently 0.7 and later: metrics, tests that passed or failed, and drift of columns.

Source: https://docs.evidentlyai.com/docs/library/output_formats
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.model import Goal, Metric, Note, Outcome, Role
from cml_bot.readers._checks import (
    Checked,
    count,
    label,
    number_twins,
    observe_checks,
    statistic,
    tell_not_run,
    text,
    word,
)
from cml_bot.readers._drift import Drift, Rows, drift_rows, tell_worth
from cml_bot.readers._names import some
from cml_bot.readers._numbers import as_double, parse_number
from cml_bot.readers._parts import as_mapping, as_mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cml_bot.model import Observation

OUTCOMES = {"SUCCESS": Outcome.PASS, "WARNING": Outcome.WARN, "FAIL": Outcome.FAIL, "ERROR": Outcome.FAIL}
DRIFT = "ValueDrift"
DRIFTED = "DriftedColumnsCount"
UNIQUE = "UniqueValueCount"
NAMES = {DRIFTED: "drifted columns"}
_SIGNED = "MeanError"
"""Errors of both signs, of which less is not better."""
_FAULTS = ("Missing", "DatasetMissing", "Duplicated", "AlmostDuplicated", "Empty", "Constant", "AlmostConstant")
"""Counts of what is wrong with data."""
_NO_NAME = {
    *("type", "column", "tests", "share_tests", "count_tests", "mean_tests", "std_tests", "drift_share", "method"),
    *("threshold", "classification_name", "regression_name", "conf_matrix", "pr_curve", "pr_table", "lift_table"),
}
"""Settings that say nothing of what was measured, or stand elsewhere in the name."""
_CALL = re.compile(r"(\w+)\((.*)\)", re.DOTALL)
_NEXT = re.compile(r",(?=\w+=)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """One metric of a report."""

    kind: str
    """``ValueDrift``, ``Accuracy``."""
    config: Mapping[str, object]
    value: object
    key: str
    """What tests know it by."""

    @property
    def name(self) -> str:
        return _name(self.kind, self.config)

    @property
    def is_of_data(self) -> bool:
        """Whether it describes data, or a dummy model, and not how good a model is."""
        return "column" in self.config or self.kind.endswith("Count") or self.kind.startswith("Dummy")


def observe(document: object, where: str) -> Iterator[Observation]:
    """Yield the metrics of a report, the drift of its columns, and what its tests came to.

    Counts of single values and descriptions of tests hold values of the data, and are not read.

    Units:
        Shares are fractions of rows or columns.
    """
    del where
    measured = list(_measured(as_mapping(document).get("metrics")))
    yield from number_twins(_observe(measured, as_mappings(as_mapping(document).get("tests"))))


def _observe(measured: Sequence[_Measured], tests: Sequence[dict[str, object]]) -> Iterator[Observation]:
    verdicts = {_metric_of(test): test.get("status") for test in tests if not as_mapping(test.get("test_config"))}
    drifts = [drift for one in measured if one.kind == DRIFT for drift in _drift(one, verdicts.get(one.key))]
    rows = next((as_double(one.value) for one in measured if one.kind == "RowCount"), None)
    if tests:
        yield from observe_tests([(_test_name(test), text(test.get("status"))) for test in tests])
    else:
        yield from observe_drifted(drifts)
    left = []
    for one in measured:
        if one.kind != DRIFT:
            found = list(_values(one))
            yield from found
            left += [] if found else [one.name]
    yield from drift_rows(drifts)
    yield from tell_worth(drifts, Rows(current=rows))
    if left:
        yield Note(text=f"no plain numbers: {some(left)}; left out. Look at them in Evidently's own report.")


def observe_drifted(drifts: Sequence[Drift]) -> Iterator[Metric | Note]:
    """Yield whether each column drifted as a check of its own, where there are no tests that say so."""
    known = [
        Checked(name=label(DRIFT, one.column), outcome=Outcome.FAIL if one.is_drifted else Outcome.PASS)
        for one in drifts
        if one.is_drifted is not None
    ]
    if known:
        yield from observe_checks(known)


def _measured(entries: object) -> Iterator[_Measured]:
    for entry in as_mappings(entries):
        config = as_mapping(entry.get("config")) or _parse_call(
            text(entry.get("metric_id") or entry.get("metric_name"))
        )
        kind = _kind(config.get("type"))
        if kind:
            yield _Measured(kind=kind, config=config, value=entry.get("value"), key=text(entry.get("id")))


def _parse_call(call: str) -> dict[str, object]:
    """Read what Evidently before 0.7.3 writes in place of a config.

    Example:
        >>> _parse_call("ValueDrift(column=age,method=K-S p_value)")
        {'type': 'ValueDrift', 'column': 'age', 'method': 'K-S p_value'}
    """
    found = _CALL.fullmatch(call)
    if not found:
        return {}
    pairs = (part.partition("=") for part in _NEXT.split(found[2]) if part)
    return {"type": found[1]} | {key: value for key, sign, value in pairs if sign}


def _kind(name: object) -> str:
    return text(name).rpartition(":")[2]


def _name(kind: str, config: Mapping[str, object]) -> str:
    """Name a metric by its settings: the name in the file holds limits that change with the data."""
    more = [f"{key}={setting}" for key, value in config.items() if key not in _NO_NAME and (setting := _setting(value))]
    return label(NAMES.get(kind, kind), word(config.get("column")), *more)


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return ""
    return "|".join(word(one) or "" for one in value[:5]) if isinstance(value, list) else word(value) or ""


def _drift(one: _Measured, status: object) -> Iterator[Drift]:
    score, limit = as_double(one.value), one.config.get("threshold")
    if score is not None:
        yield Drift(
            column=text(one.config.get("column")) or "(no name)",
            method=text(one.config.get("method")),
            score=score,
            limit=parse_number(limit) if isinstance(limit, str) else as_double(limit),
            said={"FAIL": True, "SUCCESS": False}.get(text(status)),
        )


def _values(one: _Measured) -> Iterator[Metric]:
    """Yield what a metric's value holds: a number, a count with its share, or a number a label."""
    number = as_double(one.value)
    if number is not None:
        yield _metric(one, "", number)
        return
    parts = as_mapping(one.value)
    if one.kind == UNIQUE or "counts" in parts:
        # The labels are values of the data.
        yield count(one.name, len(as_mapping(parts.get("counts"))))
        return
    for key, value in parts.items():
        number = as_double(value)
        if number is not None:
            yield _metric(one, key, number)


def _metric(one: _Measured, part: str, value: float) -> Metric:
    if one.kind == DRIFTED:
        role = Role.QUALITY if part == "count" else Role.BOOKKEEPING
        return count(_part_name(one.name, part), value, Goal.LOWER, role=role)
    if one.is_of_data:
        goal = Goal.LOWER if one.kind.startswith(_FAULTS) else Goal.NONE
        return next(statistic(_part_name(one.name, part), value, goal))
    return Metric(name=_part_name(one.name, part), values=(value,), goal=Goal.NONE if one.kind == _SIGNED else None)


def _part_name(name: str, part: str) -> str:
    """Name a part of a value; a count goes by the metric's own name.

    Example:
        >>> _part_name("drifted columns", "share"), _part_name("F1ByLabel", "0"), _part_name("drifted columns", "count")
        ('drifted columns share', 'F1ByLabel/0', 'drifted columns')
    """
    if part in ("", "count"):
        return name
    return f"{name} {part}" if part in ("share", "mean", "std") else f"{name}/{part}"


def observe_tests(found: Sequence[tuple[str, str]]) -> Iterator[Metric | Note]:
    """Yield what tests came to, given by name and status."""
    checks = [Checked(name=name, outcome=OUTCOMES[status]) for name, status in found if status in OUTCOMES]
    yield from observe_checks(checks)
    if broken := [name for name, status in found if status == "ERROR"]:
        yield Note(text=f"ended in an error, and count as failed: {some(broken)}. Look at Evidently's own report.")
    if skipped := [name for name, status in found if status not in OUTCOMES]:
        yield from tell_not_run(skipped)


def _metric_of(test: Mapping[str, object]) -> str:
    return text(as_mapping(test.get("metric_config")).get("metric_id"))


def _test_name(test: Mapping[str, object]) -> str:
    """Name a test by its metric and its kind, without bounds: those are often taken from the reference."""
    config = as_mapping(as_mapping(test.get("metric_config")).get("params"))
    kind = _kind(config.get("type"))
    if not kind:
        return text(test.get("name")) or text(test.get("id")) or "(no name)"
    bound = as_mapping(test.get("bound_test"))
    named = _name(kind, config)
    part = "share" if bound.get("is_count") is False else bound.get("label")
    named = _part_name(named, str(part)) if isinstance(part, str | int) and not isinstance(part, bool) else named
    how = _kind(as_mapping(test.get("test_config")).get("type")).removesuffix("Test").removesuffix("Metric")
    return f"{named}: {how}" if how else named
