"""Ragas: the scores of an evaluation, one row a sample. A metric is the mean of its column.

Source: https://docs.ragas.io/en/stable/concepts/components/eval_dataset/
"""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Note
from cml_bot.readers._evals import add_digest, mean_metric, samples_fact
from cml_bot.readers._names import Names, some, tidy
from cml_bot.readers._numbers import as_double, is_missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.model import Observation

_MOST_COLUMNS = 500
_SAMPLE = frozenset(
    (
        *("user_input", "response", "reference", "retrieved_contexts", "reference_contexts", "multi_responses"),
        *("retrieved_context_ids", "reference_context_ids", "reference_topics", "reference_tool_calls", "rubrics"),
        *("rubric", "persona_name", "query_style", "query_length", "synthesizer_name", "metadata"),
        *("question", "answer", "contexts", "ground_truth", "ground_truths", "episode_done", "evolution_type"),
        *("id", "index", "idx", "sample_id", "row", "(no name)", "unnamed: 0", ""),
    )
)
"""Columns that are of the sample and no score."""
_ASKED = frozenset(("user_input", "question", "reference", "ground_truth"))
"""Those that are not what the application under test answered."""


class _Column:
    """What one column holds so far."""

    __slots__ = ("has_text", "n_failed", "scores")

    def __init__(self) -> None:
        self.scores = array("d")
        self.n_failed = 0
        """Cells without a number: the judge gave none."""
        self.has_text = False

    def add(self, cell: object) -> None:
        """Take in one more cell."""
        score = (1.0 if cell else 0.0) if isinstance(cell, bool) else as_double(cell)
        if is_missing(cell) if score is None else math.isnan(score):
            self.n_failed += 1
        elif score is None:
            self.has_text = True
        else:
            self.scores.append(score)


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield the mean of every column of scores, and for how many samples there is none."""
    places = [n for n, name in enumerate(columns) if name.strip().lower() not in _SAMPLE][:_MOST_COLUMNS]
    found = {place: _Column() for place in places}
    asked = [n for n, name in enumerate(columns) if name in _ASKED]
    n_rows = total = 0
    for row in rows:
        n_rows += 1
        total = add_digest(total, "\n".join(str(row[place]) for place in asked))
        for place, column in found.items():
            if not column.has_text:
                column.add(row[place])
    scored = {columns[place]: column for place, column in found.items() if not column.has_text}
    names = Names()
    for name, column in scored.items():
        if column.scores:
            yield mean_metric(names.take(name), column.scores)
    if n_rows and asked:
        yield samples_fact("samples", total, n_rows)
    yield from _notes(scored, n_rows)


def _notes(scored: dict[str, _Column], n_rows: int) -> Iterator[Note]:
    failed = [f"{tidy(name)} ({column.n_failed} of {n_rows})" for name, column in scored.items() if column.n_failed]
    if failed:
        what = f"samples without a score, where the judge failed: {some(failed)}"
        yield Note(text=f"{what}; left out of the means. Look in the log of ragas.")
    if not any(column.scores for column in scored.values()):
        yield Note(text=f"{plural(n_rows, 'sample')} and no column of scores. Write them with the result's to_pandas.")
