"""promptfoo: the results of an evaluation as JSON, for every prompt with every model that it was given to.

Source: https://www.promptfoo.dev/docs/configuration/reference/#evaluatesummary
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import islice
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Fact, Goal, Metric, Note, Role
from cml_bot.readers._evals import (
    add_digest,
    as_count,
    as_text,
    mean_metric,
    observe_params,
    rate_metric,
    samples_fact,
)
from cml_bot.readers._names import Names, shorten, some
from cml_bot.readers._numbers import as_double
from cml_bot.readers._parts import as_list, as_mapping
from cml_bot.readers._tree import MOST_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cml_bot.model import Observation

_MOST_COLUMNS = 500
_LONGEST_LABEL = 60
_CURE = "See them with `promptfoo view`."
ERROR = 2
"""The `failureReason` of a test that could not be asked: no answer, not a wrong one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One prompt with one model, and its tests."""

    model: str
    prompt: str
    text: str
    metrics: Mapping[str, object]
    rows: list[Mapping[str, object]] = field(default_factory=list)


def observe(document: object, where: str) -> Iterator[Observation]:
    """Yield the share of tests that passed, scores, costs and latency, and which tests failed."""
    del where
    whole = as_mapping(document)
    results = as_mapping(whole.get("results"))
    stats = as_mapping(results.get("stats"))
    rows = [as_mapping(row) for row in as_list(results.get("results"))]
    columns = _columns(results, rows)
    names = Names()
    n_passed, n_other = _counted(stats, "successes"), _counted(stats, "failures", "errors")
    if n_passed + n_other:
        yield rate_metric(names.take("pass_rate"), n_passed, n_passed + n_other, Goal.HIGHER)
    is_one = len(columns) == 1
    found = (one for column in columns for one in _observe_column(column, _prefix(column, columns), is_only=is_one))
    yield from (replace(one, name=names.take(one.name)) for one in islice(found, MOST_METRICS))
    tokens = as_count(as_mapping(stats.get("tokenUsage")).get("total"))
    if tokens:
        yield Metric(name=names.take("total_tokens"), values=(tokens,), role=Role.BOOKKEEPING)
    yield from _fact(rows)
    yield from _params(whole, columns)
    yield from _notes(rows, n_passed + n_other)
    if len(columns) >= _MOST_COLUMNS:
        what = f"has more than {plural(_MOST_COLUMNS, 'pair')} of a prompt and a model"
        yield Note(text=f"{what}; the others were left out. Evaluate fewer at once.")


def _columns(results: Mapping[str, object], rows: Sequence[Mapping[str, object]]) -> list[_Column]:
    # Before version 3 of the format they were the head of a table.
    head = as_mapping(as_mapping(results.get("table")).get("head"))
    prompts = [as_mapping(one) for one in as_list(results.get("prompts")) or as_list(head.get("prompts"))]
    prompts = prompts[:_MOST_COLUMNS]
    labels = _label(prompts)
    columns = [
        _Column(
            model=shorten(as_text(prompt.get("provider")), _LONGEST_LABEL),
            prompt=label,
            text=as_text(prompt.get("raw")),
            metrics=as_mapping(prompt.get("metrics")),
        )
        for prompt, label in zip(prompts, labels, strict=True)
    ]
    for row in rows:
        place = row.get("promptIdx")
        if isinstance(place, int) and 0 <= place < len(columns):
            columns[place].rows.append(row)
    return columns


def _label(prompts: Sequence[Mapping[str, object]]) -> list[str]:
    """Name prompts by their labels; those from files by the file, unless it holds several."""
    texts = [as_text(prompt.get("label")) or as_text(prompt.get("raw")) for prompt in prompts]
    files: dict[str, set[str]] = {}
    for text in texts:
        files.setdefault(_file(text), set()).add(text)
    return [file if (file := _file(text)) and len(files[file]) == 1 else _short(text, file) for text in texts]


def _file(label: str) -> str:
    """Return the name of the file that a label of promptfoo begins with.

    Example:
        >>> _file("prompts/main.txt: You are"), _file("Write: a.b"), _file("Say cats")
        ('main.txt', '', '')
    """
    path, colon, _ = label.partition(": ")
    name = path.replace("\\", "/").rpartition("/")[2]
    return name if colon and "." in name and " " not in path else ""


def _short(label: str, file: str) -> str:
    return shorten(f"{file}: {label.partition(': ')[2]}" if file else label, _LONGEST_LABEL)


def _prefix(column: _Column, columns: Sequence[_Column]) -> str:
    """Return what tells a column from the others: only that is part of a metric's name."""
    parts = [column.model] if len({one.model for one in columns}) > 1 else []
    parts += [column.prompt] if len({one.prompt for one in columns}) > 1 else []
    return "".join(f"{part}/" for part in parts)


def _observe_column(column: _Column, prefix: str, *, is_only: bool) -> Iterator[Metric]:
    said = column.metrics
    n_passed, n = _counted(said, "testPassCount"), _counted(said, *_COUNTS)
    if not n:
        return
    if not is_only:
        yield rate_metric(f"{prefix}pass_rate", n_passed, n, Goal.HIGHER)
    scores = [score for row in column.rows if (score := as_double(row.get("score"))) is not None]
    yield from _mean(f"{prefix}score", scores, said.get("score"), n)
    counts = as_mapping(said.get("namedScoresCount"))
    for name, total in as_mapping(said.get("namedScores")).items():
        given = (as_double(as_mapping(row.get("namedScores")).get(name)) for row in column.rows)
        scores = [score for score in given if score is not None]
        yield from _mean(f"{prefix}{name}", scores, total, as_count(counts.get(name)) or 0)
    cost, latency = as_double(said.get("cost")), as_double(said.get("totalLatencyMs"))
    if cost:
        yield Metric(name=f"{prefix}cost", values=(cost,), unit="USD", role=Role.BOOKKEEPING)
    if latency is not None:
        yield Metric(name=f"{prefix}latency", values=(latency / n,), unit="ms", n_items=n, role=Role.BOOKKEEPING)


_COUNTS = ("testPassCount", "testFailCount", "testErrorCount")


def _mean(name: str, scores: Sequence[float], total: object, count: int) -> Iterator[Metric]:
    """Yield the mean of a score, which the file holds as a sum: of the single tests where they are all there."""
    number = as_double(total)
    if scores and len(scores) == count:
        yield mean_metric(name, scores, Goal.HIGHER)
    elif number is not None and count:
        yield Metric(name=name, values=(number / count,), n_items=count, goal=Goal.HIGHER)


def _counted(said: Mapping[str, object], *keys: str) -> int:
    return sum(as_count(said.get(key)) or 0 for key in keys)


def _fact(rows: Sequence[Mapping[str, object]]) -> Iterator[Fact]:
    """Yield the fingerprint of the test cases: a rate over other tests is another rate."""
    found = set()
    for row in rows:
        case = as_mapping(row.get("testCase"))
        asked = {"vars": case.get("vars"), "assert": case.get("assert")}
        found.add(json.dumps(asked, sort_keys=True, default=str))
    if found:
        yield samples_fact("test cases", reduce(add_digest, found, 0), len(found), "test")


def _params(whole: Mapping[str, object], columns: Sequence[_Column]) -> Iterator[Observation]:
    models = list(dict.fromkeys(column.model for column in columns if column.model))
    prompts = {column.prompt: column.text for column in columns if column.text and column.prompt != column.text}
    if len({column.text for column in columns}) == 1:
        prompts = {"": columns[0].text}
    settings = {"providers": models, "promptfoo": as_mapping(whole.get("metadata")).get("promptfooVersion")}
    yield from observe_params(settings)
    yield from observe_params({f"prompt {label}".strip(): text for label, text in prompts.items()})


def _notes(rows: Sequence[Mapping[str, object]], n_tests: int) -> Iterator[Note]:
    failed = [row for row in rows if row.get("success") is False and row.get("failureReason") != ERROR]
    errors = [row for row in rows if row.get("success") is False and row.get("failureReason") == ERROR]
    if failed:
        what = f"{len(failed)} of {plural(n_tests or len(rows), 'test')} failed"
        yield Note(text=f"{what}: {some(map(_name, failed))}. {_CURE}")
    if errors:
        first = shorten(as_text(errors[0].get("error")) or "no reason given", 100)
        what = f"{plural(len(errors), 'test')} got no answer ({first})"
        yield Note(text=f"{what}: {some(map(_name, errors))}; counted as not passed. {_CURE}")
    if not n_tests:
        yield Note(text="holds no test. Look whether the evaluation was stopped before its first one.")


def _name(row: Mapping[str, object]) -> str:
    """Name a test for people: by its description, else by what was asked."""
    case = as_mapping(row.get("testCase"))
    asked = as_mapping(row.get("vars")) or as_mapping(case.get("vars"))
    values = ", ".join(as_text(value) for value in islice(asked.values(), 3))
    number = row.get("testIdx")
    return as_text(case.get("description")) or values or f"test {number if isinstance(number, int) else '?'}"
