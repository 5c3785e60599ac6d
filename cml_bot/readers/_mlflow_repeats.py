"""Which runs of MLflow repeat one training: those that differ in their seed or fold alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from cml_bot.model import Repeats
from cml_bot.readers._names import shorten
from cml_bot.readers._numbers import parse_number
from cml_bot.seeds import FOLD, are_folds, find_kind, make_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

One = TypeVar("One")

_NUMBERED = re.compile(r"(?:.*?[^a-z])?(?:cv|k)?(fold|seed|repeat|replicate|rep)[^0-9a-z]*([0-9]{1,9})", re.IGNORECASE)
"""A run's name that tells what is repeated, where no parameter does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated(Generic[One]):
    """Runs that repeat one training, by what tells them apart."""

    kind: Repeats
    runs: Mapping[str, One]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared(Generic[One]):
    """What runs beside each other have in common."""

    repeated: Repeated[One] | None = None
    """None where they do not repeat one training."""
    differing: Sequence[str] = ()
    """The parameters that differ."""


def is_alike(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two sets of parameters differ in a seed or fold, and in nothing else."""
    differing = {name for name in {**one, **other} if one.get(name) != other.get(name)}
    return bool(differing) and all(map(find_kind, differing))


def compare_runs(runs: Sequence[tuple[One, str, Mapping[str, str]]], *, newest_only: bool = False) -> Compared[One]:
    """Give the runs as repetitions of one training, where they are that, and the parameters that differ.

    Args:
        runs: each with its name and parameters; newest first.
        newest_only: of several with one seed the newest counts; otherwise they are no repetitions.
    """
    each = [params for _, _, params in runs]
    names = list(dict.fromkeys(name for params in each for name in params))
    differing = [name for name in names if len({params.get(name) for params in each}) > 1]
    if differing and all(map(find_kind, differing)):
        labels = [make_label((name, params.get(name, "")) for name in differing) for params in each]
    elif differing:
        labels = []
    else:
        labels = [make_label([(told[1], told[2])]) for _, name, _ in runs if (told := _NUMBERED.fullmatch(name[:300]))]
    if len(labels) < len(runs):
        return Compared(differing=differing)
    found: dict[str, One] = {}
    for (run, _, _), label in zip(runs, labels, strict=True):
        found.setdefault(shorten(label, 60), run)
    if len(found) < 2 or (len(found) < len(runs) and not newest_only):
        return Compared(differing=differing)
    kind = Repeats.FOLDS if are_folds("", found) else Repeats.TRAININGS
    repeated = Repeated(kind=kind, runs={label: found[label] for label in sorted(found, key=_order)})
    return Compared(repeated=repeated, differing=differing)


def _order(label: str) -> tuple[bool, float, str]:
    number = parse_number(label.removeprefix(FOLD))
    return number is None, float(number or 0) if number is None or abs(number) < 1e300 else 0.0, label
