"""Reports and test suites of Evidently before 0.7, and of `evidently.legacy`: `as_dict()`, `json()`, `save_json()`.

Source: https://docs-old.evidentlyai.com/user-guide/tests-and-reports/output_formats
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.model import Goal, Metric, Outcome, Role
from cml_bot.readers._checks import (
    Checked,
    check_row,
    count,
    label,
    number_twins,
    statistic,
    text,
)
from cml_bot.readers._drift import Drift, Rows, drift_rows, tell_worth
from cml_bot.readers._numbers import as_double
from cml_bot.readers._parts import as_mapping, as_mappings
from cml_bot.readers.evidently import DRIFTED, NAMES, observe_drifted, observe_tests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cml_bot.model import Observation

_OF_MODELS = ("Classification", "Regression")
"""How metrics begin that say how good a model is."""
_SIGNED = "mean_error"
"""Errors of both signs, of which less is not better."""
_DRIFTED = NAMES[DRIFTED]


def observe(document: object, where: str) -> Iterator[Observation]:
    """Yield the metrics of a report with the drift of its columns, and what the tests of a suite came to."""
    del where
    entries = as_mappings(as_mapping(document).get("metrics"))
    tests = as_mappings(as_mapping(document).get("tests"))
    yield from number_twins(_observe(entries, tests))


def _observe(entries: Sequence[dict[str, object]], tests: Sequence[dict[str, object]]) -> Iterator[Observation]:
    results = [(text(entry.get("metric")), as_mapping(entry.get("result"))) for entry in entries]
    # Two metrics of one report often tell of the same column.
    told = [*(result for _, result in results), *(as_mapping(test.get("parameters")) for test in tests)]
    drifts = list({(one.column, one.method): one for result in told for one in _drifts(result)}.values())
    if tests:
        yield from observe_tests([(_test_name(test), text(test.get("status"))) for test in tests])
    else:
        yield from observe_drifted(drifts)
    yield from _drifted(results)
    for name, result in results:
        yield from _numbers(name, result)
    yield from drift_rows(drifts)
    yield from tell_worth(drifts, _rows(results))


def _drifts(told: Mapping[str, object]) -> Iterator[Drift]:
    """Yield the drift of the columns in a table, or of the one column that a metric or test is of."""
    for name, one in {**as_mapping(told.get("drift_by_columns")), "": told}.items():
        entry = as_mapping(one)
        score = as_double(_either(entry, "drift_score", "score"))
        column = text(entry.get("column_name")) or name
        method = text(_either(entry, "stattest_name", "stattest"))
        said = _either(entry, "drift_detected", "detected")
        if score is not None and column and method:
            yield Drift(
                column=column,
                method=method,
                score=score,
                limit=as_double(_either(entry, "stattest_threshold", "threshold")),
                said=said if isinstance(said, bool) else None,
            )


def _either(entry: Mapping[str, object], metric: str, test: str) -> object:
    """Give a part of a drift, which metrics and tests call by different names."""
    return entry.get(metric, entry.get(test))


def _drifted(results: Sequence[tuple[str, Mapping[str, object]]]) -> Iterator[Metric]:
    """Yield how many columns drifted, once: the table and the summary of a report both say so."""
    told = next((result for _, result in results if as_double(result.get("number_of_drifted_columns")) is not None), {})
    n_drifted, said = as_double(told.get("number_of_drifted_columns")), told.get("dataset_drift")
    if n_drifted is not None:
        yield count(_DRIFTED, n_drifted, Goal.LOWER, role=Role.QUALITY)
        yield from statistic(f"{_DRIFTED} share", told.get("share_of_drifted_columns"), Goal.LOWER)
    if isinstance(said, bool):
        yield check_row(Checked(name="dataset drift", outcome=Outcome.FAIL if said else Outcome.PASS))


def _numbers(name: str, result: Mapping[str, object]) -> Iterator[Metric]:
    """Yield the plain numbers of the current data; those of the reference are no result of this run."""
    is_of_model = name.startswith(_OF_MODELS) and "Dummy" not in name
    for key, value in as_mapping(result.get("current")).items():
        number = as_double(value)
        if number is None:
            continue
        if is_of_model:
            yield Metric(name=key, values=(number,), goal=Goal.NONE if key == _SIGNED else None)
        else:
            yield from statistic(label(key, result.get("column_name")), number)


def _rows(results: Sequence[tuple[str, Mapping[str, object]]]) -> Rows:
    for _, result in results:
        current, reference = as_mapping(result.get("current")), as_mapping(result.get("reference"))
        n = as_double(current.get("number_of_rows"))
        if n is not None:
            return Rows(current=n, reference=as_double(reference.get("number_of_rows")))
    return Rows()


def _test_name(test: Mapping[str, object]) -> str:
    parameters = as_mapping(test.get("parameters"))
    column = text(parameters.get("column_name")) or text(parameters.get("feature_name"))
    return label(text(test.get("name")) or "(no name)", column)
