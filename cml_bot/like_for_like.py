"""Whether two runs can be held against each other: what differs of their data, environment and amount of training."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from cml_bot.filters import format_number, list_some, plural
from cml_bot.model import Repeats
from cml_bot.seeds import FOLD, are_folds
from cml_bot.steps import find_unit, is_step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cml_bot.model import Fact, Key, Run

MOST_TOLD = 5
"""Files that get a sentence each."""
FARTHER = 0.25
"""The share by which one training has to be longer than another to be told by its curves alone."""
_RECORDED = "recorded"
"""The kind of a hash that a tool wrote into its results."""
_CONTENT = frozenset(("sha256", "sampled"))
"""The two kinds of a file's content: one of each is of two sizes, so never the same."""
_AMOUNTS = frozenset(
    (
        *("epochs", "num_epochs", "n_epochs", "nb_epochs", "num_train_epochs", "train_epochs", "max_epochs", "epoch"),
        *("steps", "max_steps", "n_steps", "num_steps", "total_steps", "train_steps", "num_train_steps"),
        *("max_iter", "max_iters", "iterations", "num_iterations", "n_iter", "n_iters", "total_iters"),
        *("n_estimators", "num_boost_round", "num_rounds", "nrounds", "num_round"),
        *("total_timesteps", "timesteps", "max_train_steps", "total_iterations", "max_iterations"),
    )
)
"""Names of parameters that say how long to train, in lower case with ``_`` between words."""


def tell_differences(head: Run, base: Run, *, with_data: bool = True) -> tuple[str, ...]:
    """Say what makes two runs hard to compare, one part of a sentence each; empty when they are alike.

    Args:
        head: the run under review.
        base: the run to compare with.
        with_data: whether differing data are told of.
    """
    found = [*(_tell_data(head, base) if with_data else ()), *_tell_environment(head, base)]
    return (*found, *_tell_amount(head, base), *_tell_lost(head, base))


def has_other_data(one: Run, other: Run) -> bool:
    """Whether it is known that two runs were not trained and evaluated on the same data. The order does not matter."""
    # What concerns some metrics alone stands with them as their conditions.
    return any(fact.of is None for _, here, there in _differing(one, other) if (fact := here or there))


def has_other_amount(one: Run, other: Run) -> bool:
    """Whether two runs were trained for another time, by their parameters, else by how far their curves go.

    Curves have to differ by more than a quarter: where a training stops early by itself, no two are of one length.
    The order does not matter.
    """
    return bool(_amounts(one, other))


def _tell_data(head: Run, base: Run) -> Iterator[str]:
    told: dict[str, str] = {}
    for name, here, there in _differing(head, base):
        told.setdefault(name, _tell_file(name, here, there))
    yield from list(told.values())[:MOST_TOLD]
    if len(told) > MOST_TOLD:
        yield f"{plural(len(told) - MOST_TOLD, 'more piece')} of the data differ"


def _differing(one: Run, other: Run) -> Iterator[tuple[str, Fact | None, Fact | None]]:
    """Yield the data that differ; those that only one run knows where the other would know them."""
    ones, others = _by_kind(one), _by_kind(other)
    for key in {**ones, **others}:
        here, there = ones.get(key), others.get(key)
        if here and there:
            if here.value != there.value:
                yield key[1], here, there
        elif here and _would_know(one, other, key, others):
            yield key[1], here, None
        elif there and _would_know(other, one, key, ones):
            yield key[1], None, there


def _by_kind(run: Run) -> dict[tuple[str, str], Fact]:
    """Give the facts by kind and name: a hash of DVC and one of the content say nothing of each other."""
    found: dict[tuple[str, str], Fact] = {}
    for fact in run.data:
        kind = fact.value.partition(":")[0]
        found.setdefault(("content" if kind in _CONTENT else kind, fact.name), fact)
    return found


def _would_know(knows: Run, lacks: Run, key: tuple[str, str], others: Mapping[tuple[str, str], Fact]) -> bool:
    """Whether a run that lacks a file would know it if it had been there.

    What was read at a commit has no environment, and holds only what is committed: there a file counts as missing
    only where its neighbours are known, since a folder of data is most often left out of git as a whole.
    """
    kind, name = key
    if kind == "files":
        # So many files that they have one fingerprint; fewer of them have one each, of another kind.
        return bool(others)
    if kind == _RECORDED or not any(other == kind for other, _ in others) or any(name == path for _, path in others):
        return False
    if kind != "content":
        return True
    if lacks.environment or not knows.environment:
        return True
    return any(other == kind and _place(path) == _place(name) for other, path in others)


def _place(path: str) -> tuple[str, str]:
    """Return the folder and the ending of a path."""
    folder, _, name = path.rpartition("/")
    return folder, name.rpartition(".")[2]


def _tell_file(name: str, head: Fact | None, base: Fact | None) -> str:
    if head is None or base is None:
        side = head or base
        detail = f" ({side.detail})" if side and side.detail else ""
        return f"{name} is {'new' if head else 'gone'}{detail}"
    change = _tell_change(base.detail, head.detail)
    return f"{name} changed{f' ({change})' if change else ''}"


def _tell_change(base: str, head: str) -> str:
    """Say what changed of two details, ``120 000 → 131 500 rows``: the first part that both have and that differs.

    Example:
        >>> _tell_change("12 rows, 4.0 MB", "13 rows, 4.1 MB"), _tell_change("12 rows, 4.0 MB", "4.1 MB")
        ('12 → 13 rows', '4.0 → 4.1 MB')
        >>> _tell_change("12 rows", "12 rows"), _tell_change("", "4.1 MB"), _tell_change("980 kB", "1.0 MB")
        ('still 12 rows', '', '980 kB → 1.0 MB')
    """
    if not (base and head):
        return ""
    if base == head:
        return f"still {head}"
    bases, heads = base.split(", "), head.split(", ")
    for old in bases:
        for new in heads:
            if _unit(old) == _unit(new) and old != new:
                return f"{_number(old)} → {new}"
    return f"{bases[-1]} → {heads[-1]}"


def _unit(part: str) -> str:
    """Return what a part counts, one or many: ``rows``."""
    return part.split()[-1].removesuffix("s") if part.split() else ""


def _number(part: str) -> str:
    return re.split(r"[ \u00a0]", part)[0]


def _tell_environment(head: Run, base: Run) -> Iterator[str]:
    heads, bases = ({fact.name: fact.value for fact in run.environment} for run in (head, base))
    if not (heads and bases):
        return
    names = [name for name in heads if name in bases or name == "GPU"]
    names += ["GPU"] if "GPU" in bases and "GPU" not in heads else []
    changes = [
        f"{name} {bases.get(name, 'none')} → {heads.get(name, 'none')}"
        for name in names
        if heads.get(name) != bases.get(name)
    ]
    if changes:
        yield f"the environment differs: {', '.join(changes)}"


def _tell_amount(head: Run, base: Run) -> Iterator[str]:
    changes = _amounts(head, base)
    if changes:
        yield f"the amount of training differs: {', '.join(changes)}"


def _tell_lost(head: Run, base: Run) -> Iterator[str]:
    """Tell the repeated trainings that main has and that are not here: their jobs may have crashed."""
    heads, bases = _repeats(head), _repeats(base)
    told: dict[str, None] = {}
    for key in heads.keys() & bases.keys():
        (here, kind), (there, _) = heads[key], bases[key]
        if here and set(here) < set(there):
            lost = [label.removeprefix(FOLD) for label in there if label not in here]
            which = f"{kind.one if len(lost) == 1 else kind} {list_some(lost, MOST_TOLD)}"
            verb = "is" if len(lost) == 1 else "are"
            told[f"{len(here)} of {len(there)} repeated {kind} are here; {which} {verb} missing"] = None
    yield from sorted(told)[:MOST_TOLD]


def _repeats(run: Run) -> Mapping[Key, tuple[Sequence[str], Repeats]]:
    """Give what tells the repeated trainings apart that a number is of, and what kind they are."""
    found: dict[Key, tuple[Sequence[str], Repeats]] = {}
    for series in filter(lambda one: one.replicate, run.series):
        labels = (*found.get(series.key, ((), Repeats.TRAININGS))[0], series.replicate)
        found[series.key] = labels, Repeats.FOLDS if are_folds(series.group, labels) else Repeats.TRAININGS
    return found | {metric.key: (metric.labels, metric.repeats) for metric in run.metrics}


def _amounts(head: Run, base: Run) -> Sequence[str]:
    """Tell the settings that differ; else the curves, which would only say it again."""
    return _settings(head, base) or _courses(head, base)


def _settings(head: Run, base: Run) -> Sequence[str]:
    bases = {param.key: number for param in base.params if (number := _amount(param.name, param.value)) is not None}
    heads = {param.key: number for param in head.params if (number := _amount(param.name, param.value)) is not None}
    told = {
        f"{key.name} {format_number(bases[key])} → {format_number(number)}": None
        for key, number in heads.items()
        if key in bases and bases[key] != number
    }
    return list(told)


def _amount(name: str, value: str) -> float | None:
    """Read a parameter that says how long to train; None for every other."""
    last = re.split(r"[./:]", name)[-1]
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[-\s]+", "_", last).lower()
    if words not in _AMOUNTS:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _courses(head: Run, base: Run) -> Sequence[str]:
    heads, bases = _last_steps(head), _last_steps(base)
    told = {
        f"the curves end at {_axis(key[1])} {format_number(bases[key])} → {format_number(end)}": None
        for key, end in heads.items()
        if key in bases and abs(end - bases[key]) > FARTHER * max(abs(end), abs(bases[key]))
    }
    return list(told)


def _last_steps(run: Run) -> dict[tuple[str, str], float]:
    """Return how far the longest curve of each file goes, for each way to count a training.

    What kept its best step stopped by itself, or could have: there the length says nothing of the amount.
    """
    ends: dict[tuple[str, str], float] = {}
    kept = {series.group for series in run.series if series.best is not None}
    for series in run.series:
        if series.group in kept:
            continue
        key = series.group, series.x_label
        if series.x and is_step(series.x_label) and math.isfinite(series.x[-1]):
            ends[key] = max(series.x[-1], ends.get(key, -math.inf))
    return ends


def _axis(label: str) -> str:
    unit = find_unit(label)
    return unit[0] if unit else label
