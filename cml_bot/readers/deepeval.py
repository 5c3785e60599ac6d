"""DeepEval: a test run, or what `evaluate` returned, as JSON. A metric is the mean of its scores.

Source: https://github.com/confident-ai/deepeval/blob/main/deepeval/test_run/test_run.py
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Fact, Goal, Metric, Note, Role
from cml_bot.readers._evals import (
    add_digest,
    as_text,
    mean_metric,
    observe_params,
    rate_metric,
    samples_fact,
)
from cml_bot.readers._names import Names, some, tidy
from cml_bot.readers._numbers import as_double
from cml_bot.readers._parts import as_list, as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cml_bot.model import Observation

_MOST_METRICS = 1_000
_CURE = "Look at their reasons in the file."


@dataclass(slots=True, kw_only=True)
class _Judged:
    """What one metric of DeepEval came to over the test cases."""

    scores: list[float] = field(default_factory=list)
    n_passed: int = 0
    n_failed: int = 0
    errors: list[str] = field(default_factory=list)
    goals: set[Goal] = field(default_factory=set)

    def add(self, found: Mapping[str, object]) -> None:
        """Take in what it said of one test case."""
        score, limit, success = as_double(found.get("score")), as_double(found.get("threshold")), found.get("success")
        if score is None or not isinstance(success, bool):
            self.errors.append(as_text(found.get("error")) or "no score")
            return
        self.scores.append(score)
        self.n_passed += success
        self.n_failed += not success
        if limit is not None and score != limit:
            # To pass above what was asked for, or to fail below it, is how a score is where more is better.
            self.goals.add(Goal.HIGHER if (score > limit) == success else Goal.LOWER)

    @property
    def goal(self) -> Goal | None:
        """Which way is good, where all test cases agree."""
        return next(iter(self.goals)) if len(self.goals) == 1 else None


def observe(document: object, where: str) -> Iterator[Observation]:
    """Yield each metric's mean and share of passes, the share of test cases that passed, and settings."""
    del where
    whole = as_mapping(document)
    run = as_mapping(whole.get("testRunData")) or whole
    # A key as the file of a test run has it, and as `evaluate` names it.
    cases = [
        as_mapping(case)
        for key in ("testCases", "conversationalTestCases", "test_results")
        for case in as_list(run.get(key))
    ]
    judged = _judge(cases)
    names = Names()
    n_passed = sum(case.get("success") is True for case in cases)
    if cases:
        yield rate_metric(names.take("pass_rate"), n_passed, len(cases), Goal.HIGHER)
    for name, found in judged.items():
        if found.scores:
            yield mean_metric(names.take(name), found.scores, found.goal)
            passed = found.n_passed
            yield rate_metric(names.take(f"{name}/pass_rate"), passed, passed + found.n_failed, Goal.HIGHER)
    cost = as_double(run.get("evaluationCost"))
    if cost:
        yield Metric(name=names.take("evaluation_cost"), values=(cost,), unit="USD", role=Role.BOOKKEEPING)
    yield from _facts(cases)
    yield from observe_params(as_mapping(run.get("hyperparameters")))
    yield from _notes(cases, judged)


def _facts(cases: Sequence[Mapping[str, object]]) -> Iterator[Fact]:
    """Yield the fingerprint of what was asked; conversations are other ones every time."""
    total = n = 0
    for case in cases:
        if "input" in case:
            wanted = case.get("expectedOutput", case.get("expected_output"))
            total, n = add_digest(total, f"{case['input']}\n{wanted}"), n + 1
    if n:
        yield samples_fact("test cases", total, n, "test case")


def _judge(cases: Sequence[Mapping[str, object]]) -> dict[str, _Judged]:
    judged: dict[str, _Judged] = {}
    for case in cases:
        for part in as_list(case.get("metricsData", case.get("metrics_data"))):
            found = as_mapping(part)
            name = tidy(as_text(found.get("name")))
            if name in judged or len(judged) < _MOST_METRICS:
                judged.setdefault(name, _Judged()).add(found)
    return judged


def _notes(cases: Sequence[Mapping[str, object]], judged: Mapping[str, _Judged]) -> Iterator[Note]:
    failed = [_name(case) for case in cases if case.get("success") is not True]
    if failed:
        yield Note(text=f"{len(failed)} of {plural(len(cases), 'test case')} failed: {some(failed)}. {_CURE}")
    errors = [
        f"{name} ({plural(len(found.errors), 'time')}: {found.errors[0][:80]})"
        for name, found in islice(judged.items(), _MOST_METRICS)
        if found.errors
    ]
    if errors:
        yield Note(text=f"metrics that gave no score: {'; '.join(errors[:5])}; left out of the means. {_CURE}")
    if len(judged) >= _MOST_METRICS:
        yield Note(text=f"has more than {plural(_MOST_METRICS, 'metric')}; the others were left out. Use fewer.")
    if not judged:
        yield Note(text="holds no test case with a metric. Look whether the run was stopped before its first one.")


def _name(case: Mapping[str, object]) -> str:
    """Name a test case for people: by its input where its name is only a number."""
    name, given = as_text(case.get("name")), as_text(case.get("input"))
    return tidy(given if given and (not name or name.startswith("test_case_")) else name)
