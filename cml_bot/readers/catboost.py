"""CatBoost's folder of a training: every metric by iteration, on the training data and on each test set.

The same stands in one JSON file, in tables and as TensorBoard events. The JSON says which way of a metric is good as
well, but is whole only once the training has ended.
Source: https://catboost.ai/docs/en/features/visualization_jupyter-notebook and
    https://catboost.ai/docs/en/concepts/output-data_training-log
"""

from __future__ import annotations

import math
import re
from array import array
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.model import Goal, Note, Param, Series
from cml_bot.readers._names import Names
from cml_bot.readers._numbers import as_double
from cml_bot.readers._text import read_text
from cml_bot.readers._tree import MOST_METRICS
from cml_bot.readers.csv_file import read
from cml_bot.readers.json_file import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cml_bot.model import Observation

TRAINING = "catboost_training.json"
TABLES = {"learn_error.tsv": "learn", "test_error.tsv": "test"}
_VALIDATION = "validation"
"""What CatBoost's own evals_result and best_score call a test set; of several ``validation_0`` is the first."""
_GOALS = {"Max": Goal.HIGHER, "Min": Goal.LOWER}
_LABEL = "iteration"
_SET = re.compile(r"(?P<metric>.+):(?P<number>\d{1,6})", re.DOTALL)


def read_store(files: Mapping[str, Path], sha: str) -> Iterator[Observation]:  # noqa: ARG001 - it holds one training
    """Yield the series of every data set, from the JSON file or where that is cut or missing from the tables.

    Raises:
        InputError: the JSON file is not whole, and there is no table.
    """
    named = {PurePosixPath(path).name: path for path in files}
    tables = [name for name in TABLES if name in named]
    if TRAINING in named:
        try:
            document, _ = parse_json(read_text(files[named[TRAINING]]), TRAINING)
        except InputError as error:
            if not tables:
                raise
            yield Note(text=f"{TRAINING} is not whole ({error.what}); its tables count. Look if the job was stopped.")
        else:
            yield from _observe(document)
            return
    if not tables:
        yield Note(text=f"holds neither {TRAINING} nor a table of errors. Train with allow_writing_files=True.")
    lost: list[InputError] = []
    for name in tables:
        try:
            found = list(read(files[named[name]]))
        except InputError as error:
            lost.append(error)
        else:
            yield from _name_table(found, TABLES[name])
    if lost and len(lost) == len(tables):
        raise lost[0]
    yield from (Note(text=f"{one.where}: {one.what}; left out. {one.cure}") for one in lost)


def _observe(document: object) -> Iterator[Observation]:
    known = document if isinstance(document, dict) else {}
    meta, rows = known.get("meta"), known.get("iterations")
    meta = meta if isinstance(meta, dict) else {}
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    sets = {"learn": ["learn"], "test": _texts(meta.get("test_sets"))}
    series = [
        one
        for kind, known_as in sets.items()
        for place, name in enumerate(known_as)
        for one in _series(name, _set_name(kind, place, len(known_as)), meta.get(f"{kind}_metrics"), rows)
    ]
    names = Names()
    yield from (replace(one, name=names.take(one.name)) for one in series[:MOST_METRICS])
    if not series:
        yield Note(text=f"{TRAINING} holds no iterations. Look if the job was stopped.")
    count = meta.get("iteration_count")
    if isinstance(count, int):
        yield Param(name="iterations", value=str(count))


def _set_name(kind: str, place: int, count: int) -> str:
    return kind if kind != "test" else f"{_VALIDATION}_{place}" if count > 1 else _VALIDATION


def _series(data_set: str, name: str, metrics: object, rows: Sequence[Mapping[str, object]]) -> Iterator[Series]:
    """Yield what was measured on one data set; AUC and others are not computed on the training data."""
    for place, metric in enumerate(metrics[:MOST_METRICS] if isinstance(metrics, list) else ()):
        if not isinstance(metric, dict) or not isinstance(metric.get("name"), str):
            continue
        points: dict[float, float] = {}
        for row in rows:
            step, values = as_double(row.get("iteration")), row.get(data_set)
            if isinstance(values, list) and place < len(values) and step is not None and math.isfinite(step):
                number = as_double(values[place])
                points |= {} if number is None else {step: number}
        if points:
            x, y = (array("d", side) for side in zip(*sorted(points.items()), strict=True))
            goal = _GOALS.get(str(metric.get("best_value")))
            yield Series(name=f"{name}.{metric['name']}", x=tuple(x), y=tuple(y), x_label=_LABEL, goal=goal)


def _texts(value: object) -> list[str]:
    return [text for text in value[:MOST_METRICS] if isinstance(text, str)] if isinstance(value, list) else []


def _name_table(found: Sequence[Observation], kind: str) -> Iterator[Observation]:
    columns = {one.name for one in found if isinstance(one, Series)}
    for one in found:
        if isinstance(one, Series):
            yield replace(one, name=_name(one.name, kind, columns), x_label=_LABEL)
        else:
            yield one


def _name(column: str, kind: str, columns: set[str]) -> str:
    """Name a column as the JSON file's: of several test sets the first end in a number, and the last is bare.

    Example:
        >>> [_name(column, "test", {"AUC:0", "AUC"}) for column in ("AUC:0", "AUC")], _name("AUC", "test", {"AUC"})
        (['validation_0.AUC', 'validation_1.AUC'], 'validation.AUC')
    """
    found = _SET.fullmatch(column)
    metric = found["metric"] if found and found["metric"] in columns else column
    numbered = sum(other["metric"] == metric for name in columns if (other := _SET.fullmatch(name)))
    place = int(found["number"]) if found and metric != column else numbered
    return f"{_set_name(kind, place, numbered + 1)}.{metric}"
