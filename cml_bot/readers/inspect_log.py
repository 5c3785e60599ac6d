"""Inspect: the log of an evaluation as JSON, or the header of one in its own format.

Source: https://inspect.aisi.org.uk/eval-logs.html
"""

from __future__ import annotations

import hashlib
import json
import math
from itertools import islice
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import plural
from cml_bot.model import Fact, Metric, Note, Role
from cml_bot.readers._evals import as_count, as_error, as_text, observe_params
from cml_bot.readers._names import Names, shorten, tidy
from cml_bot.readers._numbers import as_double
from cml_bot.readers._parts import as_list, as_mapping
from cml_bot.readers._tree import MOST_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cml_bot.model import Observation

_MEANS = ("accuracy", "mean")
"""What the metric `stderr` of the same scorer is the standard error of."""
_STDERR = ("stderr", "bootstrap_stderr")
_SPREADS = frozenset(("std", "var", "stderr", "bootstrap_stderr"))
_CURE = "Look at the log with `inspect view`."


def observe(document: object, where: str) -> Iterator[Observation]:
    """Yield what one log holds.

    Raises:
        InputError: the evaluation ended without results.
    """
    header = as_mapping(document)
    if not as_mapping(header.get("results")):
        raise InputError(where, f"holds no results: {tell_end(header)}", _CURE)
    yield from observe_log(header, task_of(header))


def task_of(header: Mapping[str, object]) -> str:
    """Return the name of the task, as it was registered."""
    return tidy(as_text(as_mapping(header.get("eval")).get("task")))


def tell_end(header: Mapping[str, object]) -> str:
    """Say how an evaluation ended that has no results: ``task sums ended with an error (ValueError('no'))``."""
    status = header.get("status")
    message = shorten(as_text(as_mapping(header.get("error")).get("message")), 150)
    how = {
        "error": f"ended with an error{f' ({message})' if message else ''}",
        "cancelled": "was cancelled",
        "started": "was stopped before its end, or still runs",
    }
    said = how.get(status, "scored nothing") if isinstance(status, str) else "scored nothing"
    return f"task {shorten(task_of(header), 60)} {said}"


def observe_log(header: Mapping[str, object], label: str) -> Iterator[Observation]:
    """Yield the metrics of every scorer, settings and fingerprints of one evaluation.

    Args:
        header: the log; its samples are not needed.
        label: what its metrics begin with: the task, and what tells it from the task's other evaluations.
    """
    spec, results = as_mapping(header.get("eval")), as_mapping(header.get("results"))
    names = Names()
    yield from islice(_observe_scores(results, label, names), MOST_METRICS)
    usage = [as_mapping(one) for one in as_mapping(as_mapping(header.get("stats")).get("model_usage")).values()]
    tokens = sum(as_count(one.get("total_tokens")) or 0 for one in usage)
    if tokens:
        yield Metric(name=names.take(f"{label}/total_tokens"), values=(tokens,), role=Role.BOOKKEEPING)
    yield from _facts(spec, label)
    yield from _params(spec, label)
    yield from _notes(header, results, label)


def _observe_scores(results: Mapping[str, object], label: str, names: Names) -> Iterator[Metric]:
    scores = [as_mapping(one) for one in as_list(results.get("scores"))]
    headline = as_mapping(results.get("headline"))
    has_reducers = len({as_text(score.get("reducer")) for score in scores}) > 1
    completed = as_count(results.get("completed_samples"))
    for score in scores:
        name = _name(score, has_reducers=has_reducers)
        numbers = _numbers(score)
        n_items = as_count(score.get("scored_samples")) or completed
        errors = _errors(numbers)
        is_headline = all(headline.get(key) == score.get(of) for key, of in (("scorer", "scorer"), ("score", "name")))
        for metric, number in numbers.items():
            if metric in _STDERR and errors:
                continue
            role = Role.BOOKKEEPING if metric in _SPREADS else None
            yield Metric(
                name=names.take(f"{label}/{name}/{metric}"),
                values=(number,),
                stderr=errors.get(metric),
                n_items=n_items,
                role=Role.HEADLINE if is_headline and headline.get("metric") == metric else role,
            )


def _name(score: Mapping[str, object], *, has_reducers: bool) -> str:
    """Name a score: by its scorer, and by its key where the scorer gives several."""
    name, scorer, reducer = (as_text(score.get(key)) for key in ("name", "scorer", "reducer"))
    full = name if name == scorer or not scorer else f"{scorer}/{name}"
    return f"{full} ({reducer})" if has_reducers and reducer else full


def _numbers(score: Mapping[str, object]) -> dict[str, float]:
    found = {key: as_double(as_mapping(one).get("value")) for key, one in as_mapping(score.get("metrics")).items()}
    return {key: number for key, number in found.items() if number is not None}


def _errors(numbers: Mapping[str, float]) -> dict[str, float]:
    """Tell which metrics of a score the standard error belongs to; none where that is not certain."""
    error = next((error for key in _STDERR if (error := as_error(numbers.get(key))) is not None), None)
    others = [key for key in numbers if key not in _SPREADS]
    means = [key for key in _MEANS if key in numbers] or (others if len(others) == 1 else [])
    return {} if error is None else {key: error for key in means if math.isfinite(numbers[key])}


def _facts(spec: Mapping[str, object], label: str) -> Iterator[Fact]:
    """Yield what has to be alike: the task's version, and how many and which samples."""
    version, dataset = spec.get("task_version"), as_mapping(spec.get("dataset"))
    if isinstance(version, int | str):
        value, detail = f"recorded:{version!s:.100}", f"version {version!s:.60}"
        yield Fact(name=f"{label} task version", value=value, detail=detail, of=f"{label}/")
    ids = as_list(dataset.get("sample_ids"))
    count = as_count(dataset.get("samples"))
    if ids or count:
        said = json.dumps([count, sorted(map(str, ids))])
        digest = hashlib.sha256(said.encode()).hexdigest()
        detail = plural(count or len(ids), "sample")
        yield Fact(name=f"{label} samples", value=f"recorded:{digest}", detail=detail, of=f"{label}/")


def _params(spec: Mapping[str, object], label: str) -> Iterator[Observation]:
    config = as_mapping(spec.get("config"))
    settings = {
        "model": spec.get("model"),
        "solver": spec.get("solver"),
        "args": as_mapping(spec.get("task_args_passed") or spec.get("task_args")),
        "solver_args": spec.get("solver_args_passed") or spec.get("solver_args"),
        "model_args": spec.get("model_args"),
        "generate": spec.get("model_generate_config"),
        **{key: config.get(key) for key in ("epochs", "limit", "message_limit", "token_limit", "time_limit")},
        "inspect_ai": as_mapping(spec.get("packages")).get("inspect_ai"),
    }
    yield from observe_params(settings, f"{label}/")


def _notes(header: Mapping[str, object], results: Mapping[str, object], label: str) -> Iterator[Note]:
    status = header.get("status")
    if isinstance(status, str) and status != "success":
        yield Note(text=f"{tell_end(header)}; its results are of the samples before that. {_CURE}")
    if header.get("invalidated") is True:
        yield Note(text=f"{label} was marked as invalid; its results are shown all the same. Run it again.")
    total, completed = as_count(results.get("total_samples")), results.get("completed_samples")
    if total and isinstance(completed, int) and completed < total:
        of = f"{completed} of {plural(total, 'sample')}"
        yield Note(text=f"{label} scored {of}; the others ended with an error or were not run. {_CURE}")
    scores = [as_mapping(one) for one in as_list(results.get("scores"))]
    unscored = [f"{as_text(one.get('name'))} {n}" for one in scores if (n := as_count(one.get("unscored_samples")))]
    if unscored:
        some_of = ", ".join(unscored[:5])
        yield Note(text=f"{label}: samples that a scorer gave no score: {some_of}; left out of its metrics. {_CURE}")
    if not any(map(_numbers, scores)):
        yield Note(text=f"{label} has no metric. Name metrics in its scorers.")
