"""Of files that a tool writes anew for every run, those of this run: the newest, under a name that stays the same."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.replicates import REPLICATE, natural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.model import Source

_DAY = r"(?:19|20)\d\d-?[01]\d-?[0-3]\d"
_TIME = rf"{_DAY}[T_-][0-2]\d[-:]?[0-5]\d(?:[-:]?[0-5]\d)?(?:[.,]\d+)?(?:Z|[-+]\d\d[-:]?\d\d)?"
RUN_PARTS: tuple[str, ...] = (
    r"(?:^|/)version_(\d+)/",
    # Hugging Face's Trainer: older copies of the state.
    r"(?:^|/)checkpoint-(\d+)/trainer_state\.json$",
    # Ultralytics: train, train2, train3.
    r"(?:^|/)runs/[^/]+/(?:train|val|test|predict)(\d*)/",
    # lm-evaluation-harness: the folder is the model's path, and what its absolute path begins with is the machine's.
    rf"(?:^|/)(__(?:[^/]+__)?)[^/]+/results_(?P<run>{_TIME})\.json$",
    # lm-evaluation-harness, deepeval.
    rf"_({_TIME})\.jsonl?$",
    # Inspect.
    rf"(?:^|/)(?P<run>{_TIME})_[^/]+_([0-9A-Za-z]{{22}}\.(?:json|eval))$",
)
"""What tells runs of one place apart, in groups; the rest of the path has to be alike.

The first that is found in a path counts. The group `run` orders the runs, else the first group does.
"""


def find_place(path: str) -> tuple[str, str] | None:
    """Return a path with ``*`` in place of what differs from run to run, and that; None where nothing does.

    Example:
        >>> find_place("logs/churn/version_12/metrics.csv"), find_place("metrics.json")
        (('logs/churn/version_*/metrics.csv', '12'), None)
    """
    found = _find_run(path)
    return None if found is None else (_put(found, path, "*"), found[_order(found)])


def _find_run(path: str) -> re.Match[str] | None:
    return next((found for part in RUN_PARTS if (found := re.search(part, path))), None)


def _order(found: re.Match[str]) -> int:
    """Return the group that runs are ordered by."""
    return found.re.groupindex.get("run", 1)


def _put(found: re.Match[str], path: str, sign: str) -> str:
    """Put a sign for the group that orders runs, and ``*`` for the others."""
    for group in reversed(range(1, len(found.regs))):
        start, end = found.span(group)
        path = path if start < 0 else f"{path[:start]}{sign if group == _order(found) else '*'}{path[end:]}"
    return path


def choose_newest(sources: Iterable[Source]) -> tuple[list[Source], list[str]]:
    """Leave out the files of earlier runs, and say so. What was named outright stays.

    Runs are in the order of the numbers and times in their paths.
    """
    kept: list[Source] = []
    places: dict[tuple[str, object], list[tuple[str, Source]]] = {}
    for source in sources:
        found = None if source.group or source.files else find_place(source.path)
        if found is None:
            kept.append(source)
            continue
        places.setdefault((found[0], source.part), []).append((found[1], replace(source, group=found[0])))
    notes: list[str] = []
    for runs in places.values():
        runs.sort(key=lambda pair: natural(pair[0]))
        kept.append(runs[-1][1])
        notes += list(_tell(runs))
    return kept, notes


def _tell(runs: Sequence[tuple[str, Source]]) -> Iterator[str]:
    newest = runs[-1][1].path
    found = _find_run(newest)
    if found and len(runs) > 1:
        older = plural(len(runs) - 1, "earlier run")
        cure = f"If they are repeated trainings, name them in sources as {_put(found, newest, REPLICATE)}."
        yield f"{newest}: {older} beside it; the newest counts. {cure}"
