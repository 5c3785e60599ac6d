"""The first row of a table: which columns there are, and which of them count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.model import Note
from cml_bot.readers._names import Names, some
from cml_bot.readers._numbers import as_number

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

_RANGES = ("__MIN", "__MAX")
"""Columns that an export of W&B's charts puts beside each metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The columns of a table, by position."""

    cells: tuple[str, ...]
    """The row as it stands in the file, without blanks around its names."""
    names: tuple[str, ...]
    """The names; no two are equal."""
    dropped: frozenset[str] = frozenset()
    """Names of columns that hold no results."""
    notes: tuple[Note, ...] = ()


def parse_header(row: Sequence[str]) -> Header | None:
    """Read the names of the columns; None when the row holds numbers, so that there is no header.

    Example:
        >>> header = parse_header(["", " loss", "loss "])
        >>> header.names, sorted(header.dropped)
        (('(no name)', 'loss', 'loss (2)'), ['(no name)'])
    """
    cells = tuple(cell.strip() for cell in row)
    if all(as_number(cell) is not None for cell in cells if cell):
        return None
    taken = Names()
    known = frozenset(cells)
    names = tuple(taken.take(name) for name in _without_run(cells))
    twice = f"columns of one name: {some(taken.numbered)}; numbered. Give each column a name of its own."
    return Header(
        cells=cells,
        names=names,
        dropped=frozenset(
            name
            for index, (cell, name) in enumerate(zip(cells, names, strict=True))
            if _is_range(cell, known) or (index == 0 and _is_index(cell))
        ),
        notes=(Note(text=twice),) if taken.numbered else (),
    )


def is_boosted(names: Sequence[str]) -> bool:
    """Whether it heads the mean and spread of each metric over folds, one row a round of boosting.

    Source: ``cv`` of https://xgboost.readthedocs.io, https://lightgbm.readthedocs.io and https://catboost.ai

    Example:
        >>> is_boosted(["valid auc-mean", "valid auc-stdv"]), is_boosted(["loss-mean", "loss"])
        (True, False)
    """
    known = frozenset(names)
    return any(name.endswith("-mean") and not known.isdisjoint(_spreads(name)) for name in names)


def _spreads(mean: str) -> tuple[str, str]:
    stem = mean.removesuffix("-mean")
    return f"{stem}-std", f"{stem}-stdv"


def _is_index(cell: str) -> bool:
    """Whether it heads the index that pandas writes before the first column."""
    return cell in {"", "Unnamed: 0"}


def _is_range(cell: str, cells: Container[str]) -> bool:
    return cell.endswith(_RANGES) and cell[: -len(_RANGES[0])] in cells


def _without_run(cells: Sequence[str]) -> tuple[str, ...]:
    """Take the run's name off ``run - metric``, where W&B exported one run: it is another one next time."""
    plain = {cell.removesuffix(_RANGES[0]) for cell in cells if cell.endswith(_RANGES[0])} & set(cells)
    runs = {cell.partition(" - ")[0] for cell in plain if " - " in cell}
    if len(runs) != 1:
        return tuple(cells)
    prefix = f"{runs.pop()} - "
    return tuple(cell.removeprefix(prefix) for cell in cells)
