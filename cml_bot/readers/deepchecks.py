"""Suites of deepchecks: conditions that passed or did not, scores, drift and confusion matrices.

What `to_json` writes as values is made by jsonpickle, and is read as plain data alone.

Source: https://docs.deepchecks.com/stable/general/usage/export_save_results.html
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Goal, Matrix, Metric, Note, Outcome, Role
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
from cml_bot.readers._drift import Drift, drift_rows
from cml_bot.readers._numbers import as_double
from cml_bot.readers._parts import as_mapping, as_mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cml_bot.model import Observation

_OUTCOMES = {"PASS": Outcome.PASS, "WARN": Outcome.WARN, "FAIL": Outcome.FAIL, "ERROR": Outcome.FAIL}
_LARGEST_TEXT = 1 << 20
"""Characters of a value that is JSON once more."""
_MOST_LABELS = 50
_SCORE = ("Dataset", "Metric", "Value")
_INFERENCE = "Model Inference Time"
_LABELLED = {"ROC Report": "AUC", "Calibration Metric": "Brier score"}
"""Checks with a number a class, and what that is."""


def observe(document: object, where: str) -> Iterator[Observation]:
    """Yield what the conditions of a suite, or of one check, came to, and the numbers of known checks.

    A check that does not apply (`CheckFailure`) is no failure: it has no conditions.

    Units:
        Scores as deepchecks gives them; seconds a sample for the time of inference.
    """
    del where
    whole = as_mapping(document)
    results = list(_results(as_mappings(whole.get("results")) if "results" in whole else [whole]))
    yield from number_twins(_observe(results))


def _results(found: Sequence[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Yield the results of a suite, and of suites in it."""
    for one in found:
        yield from as_mappings(one.get("results")) if "results" in one else [one]


def _observe(results: Sequence[dict[str, object]]) -> Iterator[Observation]:
    yield from observe_checks([check for one in results for check in _checks(one)])
    missing = [_header(one) for one in results if text(one.get("type")) == "CheckFailure"]
    yield from tell_not_run(missing)
    left = 0
    for one in results:
        if text(one.get("type")) != "CheckFailure":
            found = list(_numbers(_header(one), _plain(one.get("value"))))
            yield from found
            left += not found
    if left:
        yield Note(
            text=f"values of {plural(left, 'check')} left out; their conditions count all the same. "
            "Look at the report of deepchecks."
        )


def _header(one: Mapping[str, object]) -> str:
    return text(one.get("header")) or text(as_mapping(one.get("check")).get("name")) or "(no name)"


def _checks(one: Mapping[str, object]) -> Iterator[Checked]:
    conditions = as_mappings(one.get("conditions_results"))
    for condition in conditions:
        outcome = _OUTCOMES.get(text(condition.get("Status")))
        if outcome is not None:
            more = f": {text(condition.get('Condition'))}" if len(conditions) > 1 else ""
            yield Checked(name=f"{_header(one)}{more}", outcome=outcome)


def _plain(value: object) -> object:
    """Unfold what is JSON in a text once more."""
    if isinstance(value, str) and value[:1] in {"[", "{"} and len(value) <= _LARGEST_TEXT:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value


def _number(value: object) -> float | None:
    """Read a number, bare or as NumPy's is written: ``{"dtype": "float64", "value": 0.5}``."""
    return as_double(as_mapping(value).get("value")) if isinstance(value, dict) else as_double(value)


def _numbers(header: str, value: object) -> Iterator[Metric | Matrix]:
    name, _, dataset = header.partition(" - ")
    dataset = dataset.removesuffix(" Dataset")
    rows, parts = as_mappings(value), as_mapping(value)
    number = _number(value)
    if number is not None and name == _INFERENCE:
        yield Metric(name=label(name, dataset), values=(number,), unit="s", goal=Goal.LOWER, role=Role.BOOKKEEPING)
    elif number is not None:
        # The check itself goes by the plain name.
        yield from statistic(f"{header} value", number)
    elif rows and all(key in rows[0] for key in _SCORE):
        yield from _scores(rows)
    elif rows and name == "Confusion Matrix Report":
        yield from _matrix(header, rows)
    elif name in _LABELLED:
        for key, one in parts.items():
            score = _number(one)
            if score is not None:
                yield Metric(name=f"{dataset or name}/{_LABELLED[name]}/{key}", values=(score,), role=_role(dataset))
    elif name.endswith("Drift"):
        columns = {name: parts} if "Drift score" in parts else parts
        drifts = [drift for column, one in columns.items() for drift in _drift(column, as_mapping(one))]
        # Of every method it gives a distance: KS is the statistic here, not its p value.
        yield from drift_rows(drifts, Goal.LOWER)


def _drift(column: str, one: Mapping[str, object]) -> Iterator[Drift]:
    score = _number(one.get("Drift score"))
    if score is not None:
        yield Drift(column=column, method=text(one.get("Method")), score=score)


def _scores(rows: Sequence[dict[str, object]]) -> Iterator[Metric]:
    """Yield the scores of a model by data set and class."""
    for row in rows:
        score, n_items = _number(row.get("Value")), _number(row.get("Number of samples"))
        if score is None:
            continue
        dataset, which = text(row.get("Dataset")), word(row.get("Class"))
        of = f"/{which}" if which else ""
        size = int(n_items) if n_items and math.isfinite(n_items) else None
        name = f"{dataset}/{text(row.get('Metric'))}{of}"
        yield Metric(name=name, values=(score,), n_items=size, role=_role(dataset))


def _role(dataset: str) -> Role | None:
    """Fold away what a model reaches on the data that it was trained on."""
    return Role.BOOKKEEPING if dataset.lower().startswith("train") else None


def _matrix(header: str, rows: Sequence[dict[str, object]]) -> Iterator[Matrix]:
    labels = tuple(rows[0])
    values = [[_number(row.get(name)) for name in labels] for row in rows[: len(labels)]]
    if len(values) == len(labels) <= _MOST_LABELS and all(value is not None for row in values for value in row):
        counts = tuple(tuple(value for value in row if value is not None) for row in values)
        yield Matrix(name=header, rows=labels, columns=labels, values=counts)
