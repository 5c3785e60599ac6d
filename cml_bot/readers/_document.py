"""A parsed document of any format, told by its shape: metrics, a table of rows, or a table of columns."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from pathlib import PurePath
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import plural
from cml_bot.goals import find_goal
from cml_bot.model import Goal, Note, Series
from cml_bot.readers._curves import observe_table
from cml_bot.readers._names import Names, join_path
from cml_bot.readers._numbers import as_number, is_missing
from cml_bot.readers._shapes import (
    IMPORTANCE,
    find_document_shape,
    find_table_shape,
    load_document_shape,
    load_table_shape,
)
from cml_bot.readers._table import Table, find_step
from cml_bot.readers._tree import MOST_METRICS, NOTHING, Leaf, flatten, observe_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cml_bot.model import Observation

_CURE = 'Write results under a name: {"accuracy": 0.9}.'
_FEWEST_FEATURES = 2
_MOST_POINTS = 10_000_000
_CURVE = {"precision", "recall", "threshold", "thresholds"}


def observe_document(
    document: object,
    where: str,
    x: str | None = None,
    *,
    has_words: bool = False,
    typed: Callable[[], object] | None = None,
) -> Iterator[Observation]:
    """Yield what a document holds.

    Args:
        document: what was parsed.
        where: the file's name.
        x: the column to draw over, where somebody named one.
        has_words: whether texts and bools are parameters, and a bare value goes by the file's name.
        typed: gives the document as its tool wrote it, with numbers and bools, where the one given has texts alone.

    Raises:
        InputError: it is neither a mapping nor a list.
    """
    rows = find_rows(document)
    shape = find_document_shape(document, where)
    if shape:
        yield from load_document_shape(shape).observe(typed() if typed else document, where)
    elif rows:
        yield from observe_rows(rows, x, where)
    elif isinstance(document, dict):
        yield from _observe_mapping(document, where, x, has_words=has_words)
    elif isinstance(document, list):
        what = f"holds a list of {plural(len(document), 'value')} without names. {_CURE}"
        yield Note(text=what if document else NOTHING)
    elif has_words and not is_missing(document):
        yield from observe_tree(flatten({PurePath(where).stem: document}), has_words=True)
    else:
        raise _bare(document, where)


def find_rows(document: object) -> list[dict[str, object]]:
    """Return the rows of a list of mappings, bare or under one key as DVC writes it; none for anything else.

    Example:
        >>> find_rows({"roc": [{"fpr": 0, "tpr": 1}]}), find_rows([0.9, 0.8])
        ([{'fpr': 0, 'tpr': 1}], [])
    """
    if isinstance(document, dict) and len(document) == 1:
        only = next(iter(document.values()))
        return find_rows(only) if isinstance(only, list) else []
    rows = [row for row in document if isinstance(row, dict)] if isinstance(document, list) else []
    return rows if isinstance(document, list) and len(rows) == len(document) else []


def observe_rows(rows: Sequence[dict[str, object]], x: str | None, where: str) -> Iterator[Observation]:
    """Yield what rows show: one without a step is a set of metrics, many are a table."""
    shape = find_table_shape(tuple(rows[0]), x, where)
    if shape:
        columns = tuple(rows[0])
        yield from load_table_shape(shape).observe(columns, ([row.get(name) for name in columns] for row in rows))
        return
    if len(rows) == 1 and find_step(rows[0], x) is None:
        yield from observe_tree(flatten(rows[0]))
        return
    table = Table(x)
    for row in rows:
        table.add_row(cells_of(row))
    yield from observe_table(table)


def cells_of(row: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the cells of a row, keys in keys joined."""
    for key, value in row.items():
        if isinstance(value, dict):
            yield from ((join_path((key, *leaf.path)), leaf.value) for leaf in flatten(value).leaves)
        else:
            yield key, value


def _observe_mapping(
    document: Mapping[str, object], where: str, x: str | None, *, has_words: bool
) -> Iterator[Observation]:
    flat = flatten(document)
    if flat.notes and not flat.leaves:
        raise too_deep(where)
    columns = _columns(flat.leaves)
    if not has_words and _is_importance(flat.leaves, where):
        rows = ((leaf.name, leaf.value) for leaf in flat.leaves)
        yield from load_table_shape(IMPORTANCE).observe(IMPORTANCE.columns, rows)
    elif not columns:
        yield from observe_tree(flat, has_words=has_words)
    elif shape := find_table_shape(tuple(columns), x, where):
        yield from load_table_shape(shape).observe(tuple(columns), zip_longest(*columns.values()))
    else:
        yield from _observe_columns(columns, where, x)


def _is_importance(leaves: Sequence[Leaf], where: str) -> bool:
    """Whether it is one number a feature, as XGBoost's get_score gives it: only the name of the file can tell."""
    if "importance" not in where.lower() or len(leaves) < _FEWEST_FEATURES:
        return False
    if not all(len(leaf.path) == 1 and as_number(leaf.value) is not None for leaf in leaves):
        return False
    # A feature may be called as a metric is, but hardly most of them.
    n_metrics = sum(find_goal(leaf.name) is not Goal.NONE for leaf in leaves)
    return 2 * n_metrics <= len(leaves)


def _observe_columns(columns: Mapping[str, list[object]], where: str, x: str | None) -> Iterator[Observation]:
    table = Table(x)
    for name, values in columns.items():
        table.add_column(name, values)
    for one in observe_table(table):
        # What XGBoost, LightGBM and CatBoost measure after each iteration.
        is_boosted = where.startswith("evals_result")
        yield replace(one, x_label="iteration") if is_boosted and isinstance(one, Series) else one


def _columns(leaves: Sequence[Leaf]) -> dict[str, list[object]]:
    """Return the lists of a document that holds nothing but lists of one length, as Keras writes its history."""
    lists = [leaf.value for leaf in leaves if isinstance(leaf.value, list)]
    length = max(map(len, lists), default=0)
    if not length or not 2 <= len(lists) == len(leaves) <= MOST_METRICS or length * len(lists) > _MOST_POINTS:
        return {}
    # scikit-learn's thresholds are one fewer than the points of a curve of precision over recall.
    lengths = {length, length - 1} if _CURVE.issuperset(leaf.path[-1] for leaf in leaves) else {length}
    if not all(len(values) in lengths and _is_numeric(values) for values in lists):
        return {}
    names = Names()
    return {names.take(leaf.name): values for leaf, values in zip(leaves, lists, strict=True)}


def _is_numeric(values: Sequence[object]) -> bool:
    return all(value is None or as_number(value) is not None for value in values) and any(
        value is not None for value in values
    )


def too_deep(where: str) -> InputError:
    """Word it alike whether a parser gave up, which depends on its version, or we did."""
    return InputError(where, "is nested too deeply", "Write results as a flat list of names.")


def _bare(value: object, where: str) -> InputError:
    if is_missing(value):
        return InputError(where, "holds nothing", _CURE)
    kind = "a bare number" if as_number(value) is not None else "a bare text" if isinstance(value, str) else "no result"
    return InputError(where, f"holds {kind}", _CURE)
