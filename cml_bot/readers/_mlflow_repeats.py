"""Which runs of MLflow repeat one training: those that differ in their seed or fold alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from cml_bot.model import Repeats
from cml_bot.readers._names import shorten
from cml_bot.readers._numbers import parse_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

One = TypeVar("One")

_SEED = re.compile(r"(?:.*[^a-z])?[a-z]*(?:seed|random_?state)|(?:.*[^a-z])?(?:repeat|replicate)", re.IGNORECASE)
_FOLD = re.compile(r"(?:.*[^a-z])?(?:cv_?)?fold(?:_?(?:id|idx|index|no|nr|num|number))?", re.IGNORECASE)
_NUMBERED = re.compile(r".*?(fold|seed|repeat|replicate|rep)[^0-9a-z]*([0-9]{1,9})", re.IGNORECASE)
"""A run's name that tells what is repeated, where no parameter does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated(Generic[One]):
    """Runs that repeat one training, by what tells them apart."""

    kind: Repeats
    runs: Mapping[str, One]


def is_seed(name: str) -> bool:
    """Whether a parameter tells repeated trainings apart, by its name.

    Example:
        >>> [is_seed(name) for name in ("seed", "model/random_state", "randomSeed", "seed_lr", "lr")]
        [True, True, True, False, False]
    """
    return _SEED.fullmatch(name[:300]) is not None


def is_fold(name: str) -> bool:
    """Whether a parameter tells the folds of a cross-validation apart, by its name.

    Example:
        >>> [is_fold(name) for name in ("fold", "cv_fold", "fold_idx", "n_folds", "scaffold")]
        [True, True, True, False, False]
    """
    return _FOLD.fullmatch(name[:300]) is not None


def is_alike(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two sets of parameters differ in a seed or fold, and in nothing else."""
    differing = {name for name in {**one, **other} if one.get(name) != other.get(name)}
    return bool(differing) and all(is_seed(name) or is_fold(name) for name in differing)


def find_repeats(
    runs: Sequence[tuple[One, str, Mapping[str, str]]], *, newest_only: bool = False
) -> Repeated[One] | list[str]:
    """Give the runs as repetitions of one training; where they are none, the parameters that differ.

    Args:
        runs: each with its name and parameters; newest first.
        newest_only: of several with one seed the newest counts; otherwise they are no repetitions.
    """
    each = [params for _, _, params in runs]
    names = list(dict.fromkeys(name for params in each for name in params))
    differing = [name for name in names if len({params.get(name) for params in each}) > 1]
    if differing and all(is_seed(name) or is_fold(name) for name in differing):
        labels = [", ".join(params.get(name, "") for name in differing) for params in each]
        kind = Repeats.FOLDS if any(map(is_fold, differing)) else Repeats.TRAININGS
    else:
        told = [_NUMBERED.fullmatch(name[:300]) for _, name, _ in runs]
        if differing or not all(told):
            return differing
        labels = [found[2] for found in told if found]
        is_folded = all(found[1].lower() == "fold" for found in told if found)
        kind = Repeats.FOLDS if is_folded else Repeats.TRAININGS
    found: dict[str, One] = {}
    for (run, _, _), label in zip(runs, labels, strict=True):
        found.setdefault(shorten(label, 60), run)
    if len(found) < 2 or (len(found) < len(runs) and not newest_only):
        return differing
    return Repeated(kind=kind, runs={label: found[label] for label in sorted(found, key=_order)})


def _order(label: str) -> tuple[bool, float, str]:
    number = parse_number(label)
    return number is None, float(number or 0) if number is None or abs(number) < 1e300 else 0.0, label
