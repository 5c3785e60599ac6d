"""What tells repeated trainings apart: a seed, or a fold of a cross-validation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cml_bot.model import Repeats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FOLD = "fold "
"""Begins the label of a training that is one fold of a cross-validation."""
_FOLDS = re.compile(r"folds?[-_=./]?\{replicate\}", re.IGNORECASE)
_WHICH = r"(?:[_-]?(?:id|idx|index|no|nr|num|number))?"
_SEED = re.compile(
    rf"(?P<before>.*[^a-z])?(?:[a-z]*(?:seeds?|random_?state){_WHICH}|seed_everything|repeat|replicate)", re.IGNORECASE
)
_FOLD = re.compile(rf"(?P<before>.*[^a-z])?(?:cv_?)?fold{_WHICH}", re.IGNORECASE)
_COUNT = re.compile(r"(?:.*[^a-z])?(?:k|n|num|number|number[^a-z]of|max|total)[^a-z]", re.IGNORECASE)
"""Stands before what is counted: ``n_fold`` says how many there are, not which one this is."""


def find_kind(name: str) -> Repeats | None:
    """Say what a parameter tells apart by its name, trainings or folds; None where neither.

    Example:
        >>> [str(find_kind(name)) for name in ("model/random_state", "randomSeed", "scaffold_seed", "cv_fold")]
        ['trainings', 'trainings', 'trainings', 'folds']
        >>> [find_kind(name) for name in ("seed_lr", "n_fold", "num_folds", "scaffold")]
        [None, None, None, None]
    """
    for pattern, kind in ((_SEED, Repeats.TRAININGS), (_FOLD, Repeats.FOLDS)):
        found = pattern.fullmatch(name[:300])
        if found:
            return None if _COUNT.fullmatch(found["before"] or "") else kind
    return None


def make_label(told: Iterable[tuple[str, str]]) -> str:
    """Make the label of one training of what tells it apart; one of a fold begins with FOLD.

    Args:
        told: names that `find_kind` knows, with their values.

    Example:
        >>> make_label([("seed", "7")]), make_label([("seed", "7"), ("fold", "0")])
        ('7', 'fold 0, 7')
    """
    folds: list[str] = []
    others: list[str] = []
    for name, value in told:
        if find_kind(name) is Repeats.FOLDS:
            folds.append(f"{FOLD}{value}")
        else:
            others.append(value)
    # One number for all kinds of randomness is said once.
    return ", ".join([*_unless_alike(folds), *_unless_alike(others)])


def _unless_alike(values: Sequence[str]) -> Sequence[str]:
    return values[:1] if len(set(values)) == 1 else values


def are_folds(group: str, labels: Iterable[str]) -> bool:
    """Whether repeated trainings are the folds of one cross-validation, by what their pattern or labels say.

    Example:
        >>> are_folds("out/fold-{replicate}/eval.json", ["0", "1"]), are_folds("seed-{replicate}.json", ["0", "1"])
        (True, False)
    """
    return bool(_FOLDS.search(group)) or all(label.startswith(FOLD) for label in labels)
