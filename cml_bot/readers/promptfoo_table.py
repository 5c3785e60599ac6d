"""promptfoo: the results of an evaluation as CSV, a row a test and several columns for each prompt with each model.

Source: https://www.promptfoo.dev/docs/configuration/outputs/#csv-output
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from cml_bot.model import Note
from cml_bot.readers._numbers import as_double
from cml_bot.readers.promptfoo import ERROR
from cml_bot.readers.promptfoo import observe as observe_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cml_bot.model import Observation

_MOST_ROWS = 100_000
_STATUS = re.compile(r"Status(?: \(\d+\))?")
_OUTPUT = re.compile(r"\[(?P<model>[^\]]*)\] (?P<prompt>.*)", re.DOTALL)
_METRIC = re.compile(r"Metric: (?P<name>.*?)(?: \(\d+\))?", re.DOTALL)
_END = re.compile(r"(?:Grader Reason|Comment)(?: \(\d+\))?")


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield what the same evaluation gives as JSON, but for costs and latency, which the table does not have."""
    places = [n for n in range(1, len(columns)) if _STATUS.fullmatch(columns[n])]
    kept = list(islice(rows, _MOST_ROWS + 1))
    tests = [
        {"promptIdx": index, **_test(columns, row, place, first=places[0] - 1)}
        for row in kept[:_MOST_ROWS]
        for index, place in enumerate(places)
    ]
    prompts = [
        _prompt(columns[place - 1], [one for one in tests if one["promptIdx"] == n]) for n, place in enumerate(places)
    ]
    stats = {
        "successes": sum(one["success"] is True for one in tests),
        "failures": sum(one["success"] is False for one in tests),
    }
    yield from observe_document({"results": {"stats": stats, "prompts": prompts, "results": tests}}, "")
    if len(kept) > _MOST_ROWS:
        yield Note(text=f"has more than {_MOST_ROWS} rows; the others were left out. Write the results as JSON.")


def _test(columns: Sequence[str], row: Sequence[object], place: int, *, first: int) -> Mapping[str, object]:
    """Read what a row says of one prompt; `first` is where the outputs begin, before it stand description and vars."""
    status = row[place]
    given: dict[str, object] = {name: row[n] for n, name in enumerate(columns[:first]) if name != "Description"}
    said = row[0] if columns[0] == "Description" else ""
    return {
        "success": True if status == "PASS" else False if status in ("FAIL", "ERROR") else None,
        "failureReason": ERROR if status == "ERROR" else 0,
        "score": row[place + 1] if place + 1 < len(row) else None,
        "namedScores": _named_scores(columns, row, place),
        "vars": given,
        "testCase": {"vars": given, "description": said},
    }


def _named_scores(columns: Sequence[str], row: Sequence[object], place: int) -> Mapping[str, float]:
    found = {}
    for n in range(place + 1, len(columns)):
        if _END.fullmatch(columns[n]):
            break
        name, number = _METRIC.fullmatch(columns[n]), as_double(row[n])
        if name and number is not None:
            found[name["name"]] = number
    return found


def _prompt(output: str, tests: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    """Sum up the tests of one prompt with one model, as the JSON does."""
    found = _OUTPUT.fullmatch(output)
    named: dict[str, list[float]] = {}
    for test in tests:
        scores = test["namedScores"]
        for name, number in scores.items() if isinstance(scores, dict) else ():
            named.setdefault(name, []).append(number)
    return {
        "provider": found["model"] if found else "",
        "label": found["prompt"] if found else output,
        "metrics": {
            "testPassCount": sum(test["success"] is True for test in tests),
            "testFailCount": sum(test["success"] is False for test in tests),
            "score": sum(as_double(test["score"]) or 0.0 for test in tests),
            "namedScores": {name: sum(numbers) for name, numbers in named.items()},
            "namedScoresCount": {name: len(numbers) for name, numbers in named.items()},
        },
    }
