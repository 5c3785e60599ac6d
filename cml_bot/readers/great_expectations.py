"""Validation results of Great Expectations, and descriptions of its checkpoints.

Source: https://docs.greatexpectations.io/docs/core/run_validations/run_a_validation_definition
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Goal, Metric, Note, Outcome
from cml_bot.readers._checks import (
    Checked,
    label,
    number_twins,
    observe_checks,
    statistic,
    tell_not_run,
    text,
    word,
)
from cml_bot.readers._names import some
from cml_bot.readers._numbers import as_double
from cml_bot.readers._parts import as_mapping, as_mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cml_bot.model import Observation

_MILD = {"warning", "info"}
"""Severities of expectations that are not meant to stop anything."""
_MOST = 1_000_000
"""Expectations that a count of them may tell of."""
_OF = ("column", "column_A", "column_B", "column_list", "column_set")
"""Arguments that say which columns are meant; others are bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    """One expectation, and what came of it."""

    name: str
    outcome: Outcome | None
    """None where the file does not say."""
    result: Mapping[str, object]
    has_raised: bool


def observe(document: object, where: str) -> Iterator[Observation]:
    """Yield what the expectations of one or many validations came to, and the numbers that they saw.

    Values of the data (`partial_unexpected_list` and the like) and messages of exceptions are never read.

    Units:
        What is unexpected is in percent of the rows.
    """
    del where
    validations = _validations(document)
    found = [one for validation in validations for one in _expected(validation)]
    yield from number_twins(_observe(found, _unseen(found, validations)))


def _validations(document: object) -> list[dict[str, object]]:
    """Return the validations of a checkpoint, or the one that the document is."""
    whole = as_mapping(document)
    runs = [as_mapping(run).get("validation_result") for run in as_mapping(whole.get("run_results")).values()]
    return as_mappings(runs) or as_mappings(whole.get("validation_results")) or [whole]


def _expected(validation: Mapping[str, object]) -> Iterator[_Expected]:
    for entry in as_mappings(validation.get("results")) or as_mappings(validation.get("expectations")):
        # A description of a checkpoint has the config's parts in the entry itself.
        config = as_mapping(entry.get("expectation_config")) or entry
        arguments = as_mapping(config.get("kwargs"))
        kind = text(config.get("type")) or text(config.get("expectation_type")) or "(no name)"
        yield _Expected(
            name=label(kind, *(_columns(arguments.get(key)) for key in _OF)),
            outcome=_outcome(entry.get("success"), config.get("severity")),
            result=as_mapping(entry.get("result")),
            has_raised=_has_raised(as_mapping(entry.get("exception_info"))),
        )


def _columns(value: object) -> str | None:
    return ", ".join(word(one) or "" for one in value[:10]) if isinstance(value, list) else word(value)


def _unseen(found: Sequence[_Expected], validations: Sequence[Mapping[str, object]]) -> dict[Outcome, int]:
    """Count the expectations that statistics alone tell of, as where only failures are returned."""
    told = [as_mapping(validation.get("statistics")) for validation in validations]
    met = sum(one.outcome is Outcome.PASS for one in found)
    return {
        Outcome.PASS: max(0, _total(told, "successful_expectations") - met),
        Outcome.FAIL: max(0, _total(told, "unsuccessful_expectations") - (len(found) - met)),
    }


def _total(told: Sequence[Mapping[str, object]], name: str) -> int:
    numbers = [one.get(name) for one in told]
    return sum(number for number in numbers if isinstance(number, int) and 0 <= number < _MOST)


def _outcome(success: object, severity: object) -> Outcome | None:
    if not isinstance(success, bool):
        return None
    return Outcome.PASS if success else Outcome.WARN if text(severity) in _MILD else Outcome.FAIL


def _has_raised(told: Mapping[str, object]) -> bool:
    """Whether an expectation could not be held against the data; that is told once, or once a metric it needs."""
    return any(as_mapping(one).get("raised_exception") is True for one in (told, *told.values()))


def _observe(found: Sequence[_Expected], unseen: Mapping[Outcome, int]) -> Iterator[Observation]:
    checks = [Checked(name=one.name, outcome=one.outcome) for one in found if one.outcome is not None]
    yield from observe_checks(checks, unseen=unseen)
    raised = [one.name for one in found if one.has_raised]
    if raised:
        yield Note(
            text=f"{plural(len(raised), 'expectation')} could not be held against the data, and so not met: "
            f"{some(raised)}. Look for the exception in the file, such as a column that is not there."
        )
    if unknown := [one.name for one in found if one.outcome is None]:
        yield from tell_not_run(unknown)
    for one in found:
        yield from _numbers(one)


def _numbers(one: _Expected) -> Iterator[Metric]:
    n_items = as_double(one.result.get("element_count"))
    size = int(n_items) if n_items is not None and 0 < n_items < float("inf") else None
    for metric in statistic(f"{one.name} unexpected", one.result.get("unexpected_percent"), Goal.LOWER, "%"):
        yield replace(metric, n_items=size)
    yield from statistic(f"{one.name} observed", one.result.get("observed_value"))
