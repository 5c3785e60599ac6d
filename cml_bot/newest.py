"""Of files that a tool writes anew for every run, those of this run: the newest, under a name that stays the same."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.replicates import natural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.model import Source

_DAY = r"(?:19|20)\d\d-?[01]\d-?[0-3]\d"
_TIME = rf"{_DAY}[T_-][0-2]\d[-:]?[0-5]\d(?:[-:]?[0-5]\d)?(?:[.,]\d+)?(?:Z|[-+]\d\d[-:]?\d\d)?"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = f"(?:{'|'.join(_MONTHS)})"
RUN_PARTS: tuple[str, ...] = (
    r"(?:^|/)version_(\d+)/",
    # Hugging Face's Trainer: older copies of the state.
    r"(?:^|/)checkpoint-(\d+)/trainer_state\.json$",
    # Ultralytics: train, train2, train3.
    r"(?:^|/)runs/[^/]+/(?:train|val|test|predict)(\d*)/",
    # Weights & Biases: a folder for each run.
    r"(?:^|/)wandb/((?:offline-)?run-\d{8}_\d{6}-[^/]+)(?=$|/)",
    # Great Expectations: the run's name and time.
    rf"(?:^|/)validations/.+/([^/]+/{_TIME})/[^/]+\.json$",
    # lm-evaluation-harness, deepeval.
    rf"_({_TIME})\.jsonl?$",
    # Inspect, where a log lies in no folder of its own.
    rf"(?:^|/)({_TIME})_[^/]+_[0-9A-Za-z]{{22}}\.(?:json|eval)$",
    # TensorBoard: a folder named by the time alone or beside other words, as PyTorch's writer does, and by the seconds.
    rf"(?:^|/)({_MONTH}[0-3]\d_[0-2]\d-[0-5]\d-[0-5]\d_[^/]*)/",
    rf"(?:^|/)(?:[^/]*[^/\d])?({_TIME})(?:[^/\d][^/]*)?/",
    r"(?:^|/)(1\d{9}(?:\.\d+)?)/",
    # Stable-Baselines3: PPO_1, PPO_2.
    r"(?:^|/)(?:A2C|ARS|CrossQ|DDPG|DQN|MaskablePPO|PPO|QRDQN|RecurrentPPO|SAC|TD3|TQC|TRPO)_(\d+)/",
)
"""What tells runs of one place apart, each with one group; the rest of the path has to be alike.

The first that is found in a path counts.
"""
_ALSO = (
    # lm-evaluation-harness: the folder is the model's path, which begins with the machine's own where it is absolute.
    r"(?:^|/)(__(?:[^/]+__)?)[^/]+/results_\*\.json$",
    # Inspect: the id, and which of its formats it is.
    r"(?:^|/)\*_[^/]+_([0-9A-Za-z]{22}\.(?:json|eval))$",
)
"""What differs as well in the paths that are left then, each with one group."""


def find_place(path: str) -> tuple[str, str] | None:
    """Return a path with ``*`` in place of what differs from run to run, and that; None where nothing does.

    The path may be that of a store, which is a folder.

    Example:
        >>> find_place("logs/churn/version_12/metrics.csv"), find_place("metrics.json")
        (('logs/churn/version_*/metrics.csv', '12'), None)
    """
    for part in RUN_PARTS:
        found = re.search(part, path) or re.search(part, f"{path}/")
        if found:
            return _hide_more(f"{path[: found.start(1)]}*{path[found.end(1) :]}"), found[1]
    return None


def _hide_more(path: str) -> str:
    for part in _ALSO:
        found = re.search(part, path)
        path = f"{path[: found.start(1)]}*{path[found.end(1) :]}" if found else path
    return path


def choose_newest(sources: Iterable[Source]) -> tuple[list[Source], list[str]]:
    """Leave out the files of earlier runs, and say so. What was named outright stays.

    Runs are in the order of the numbers and times in their paths. Of those whose files' names tell when they were
    begun, that counts: PyTorch's folders know no year.
    """
    kept: list[Source] = []
    places: dict[tuple[str, object], list[tuple[str, Source]]] = {}
    for source in sources:
        found = None if source.group else find_place(source.path)
        if found is None:
            kept.append(source)
            continue
        places.setdefault((found[0], source.part), []).append((found[1], replace(source, group=found[0])))
    notes: list[str] = []
    for (place, _), runs in places.items():
        has_times = all(_begun(source) for _, source in runs)
        runs.sort(key=lambda pair: (_begun(pair[1]) if has_times else 0, natural(pair[0])))
        kept.append(runs[-1][1])
        notes += list(_tell(place, runs))
    return kept, notes


def _begun(source: Source) -> int:
    """Give the second at which a store's first file was begun, as TensorBoard's names tell; 0 where none does."""
    begun = (re.search(r"tfevents\.([0-9]{9,12})(?:\.|$)", path) for path in source.files)
    return min((int(found[1]) for found in begun if found), default=0)


def _tell(place: str, found: Sequence[tuple[str, Source]]) -> Iterator[str]:
    if len(found) > 1:
        older = plural(len(found) - 1, "earlier run")
        cure = f"If they are repeated trainings, name them in sources as {place.replace('*', '{replicate}')}."
        # Only one part of a pattern may tell them apart.
        cure = "Give every run a folder of its own." if place.count("*") > 1 else cure
        yield f"{found[-1][1].path}: {older} beside it; the newest counts. {cure}"
