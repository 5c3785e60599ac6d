"""Which labels count a training: the one list of them, for columns of tables and axes of curves."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS = {
    "step": ("step", "steps"),
    "iteration": ("iteration", "iterations"),
    "iter": ("iteration", "iterations"),
    "round": ("round", "rounds"),
    "epoch": ("epoch", "epochs"),
    "batch": ("batch", "batches"),
}
"""One and many of what is counted, the best axis first."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^\W_]")
_STEP = re.compile(
    r"""(?:(?:global|trainer|train|training|val|valid|validation|eval|test|optimizer|gradient|boosting|env|update
        |current|total|num|n|number|of)\ )*+
    (?: (?P<unit>step|iteration|iter|round|epoch|batch)(?:e?s)?
        | timesteps? | (?:examples|samples|tokens|images|frames)(?=\ seen) )
    (?:\ (?:seen|count|number|num|no|index|idx))?""",
    re.VERBOSE,
)


def is_step(label: str) -> bool:
    """Whether a column or axis of this label counts the training. Words are told apart: ``criterion`` is no ``iter``.

    Example:
        >>> is_step("trainer/global_step"), is_step("batches_seen"), is_step("ground_truth"), is_step("loss_epoch")
        (True, True, False, False)
    """
    return _find(label) is not None


def find_unit(label: str) -> tuple[str, str] | None:
    """Return one and many of what an axis counts, None where it says nothing.

    Example:
        >>> find_unit("trainer/global_step"), find_unit("iter"), find_unit("fpr")
        (('step', 'steps'), ('iteration', 'iterations'), None)
    """
    found = _find(label)
    return _UNITS.get(found["unit"] or "") if found else None


def find_axis(names: Iterable[str]) -> str | None:
    """Choose the column to draw over. Totals such as ``epochs`` are none: they stand beside results too.

    Example:
        >>> find_axis(["epoch", "_step", "global_step"]), find_axis(["epochs", "acc"])
        ('global_step', None)
    """
    ranks = {name: rank for name in names if (rank := _rank(name)) is not None}
    return min(ranks, key=ranks.__getitem__, default=None)


def _rank(name: str) -> tuple[int, bool, bool] | None:
    """The best is lowest: by the unit, then ``step``, ``global_step`` and, as W&B counts its own calls, ``_step``."""
    last = _words(name).rpartition(" ")[2]
    if last not in _UNITS or not is_step(name):
        return None
    return list(_UNITS).index(last), name.strip().lower() != last, _words(name) == last


@lru_cache(maxsize=1 << 12)
def _find(label: str) -> re.Match[str] | None:
    return _STEP.fullmatch(_words(label))


def _words(label: str) -> str:
    return " ".join(_WORD.findall(label)).lower()
