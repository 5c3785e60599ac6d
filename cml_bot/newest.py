"""Of files that a tool writes anew for every run, those of this run: the newest, under a name that stays the same."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.filters import plural
from cml_bot.model import Part
from cml_bot.readers._patterns import join_patterns
from cml_bot.replicates import natural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cml_bot.model import Source

_DAY = r"(?:19|20)\d\d-?[01]\d-?[0-3]\d"
_TIME = rf"{_DAY}[T_-][0-2]\d[-:]?[0-5]\d(?:[-:]?[0-5]\d)?(?:[.,]\d+)?(?:Z|[-+]\d\d[-:]?\d\d)?"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = f"(?:{'|'.join(_MONTHS)})"
_STEP_OF_PICTURE = r"(?:^|/)plots/images/(?:[^/]+/)+(\d+)\.(?:gif|jpe?g|png)$"
"""DVCLive: a picture a step. Source: https://dvc.org/doc/user-guide/experiment-management/visualizing-plots"""
RUN_PARTS: tuple[str, ...] = (
    _STEP_OF_PICTURE,
    r"(?:^|/)version_(\d+)/",
    # Hugging Face's Trainer: the state at each checkpoint, told as the one of the whole training that is not there yet.
    r"(?:^|/)(checkpoint-\d+/)trainer_state\.json$",
    # Ultralytics: train, train2, since 8.4 train-2, also beside train9 of before: so any dash is newer than none.
    # YOLOv5: exp, exp2.
    r"(?:^|/)runs/[^/]+/(?:train|val|test|predict|exp)(-?\d*)/",
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

The first that is found in a path counts. Where it ends in a slash, all files of that folder belong to one run. What a
group holds becomes ``*``; a group that ends in a slash itself, and is a folder of copies, becomes nothing.
"""
_ALSO = (
    # lm-evaluation-harness: the folder is the model's path, which begins with the machine's own where it is absolute.
    r"(?:^|/)(__(?:[^/]+__)?)[^/]+/results_\*\.json$",
    # Inspect: the id, and which of its formats it is.
    r"(?:^|/)\*_[^/]+_([0-9A-Za-z]{22}\.(?:json|eval))$",
)
"""What differs as well in the paths that are left then, each with one group."""


class Place(NamedTuple):
    """Where a file lies, in words that are alike for every run."""

    path: str
    """Its path with ``*`` in place of what differs from run to run."""
    run: str
    """What stands there."""
    folder: str
    """The part of `path` that all files of one run have in common; all of it where a run is one file."""


_ANY = join_patterns(RUN_PARTS)


@lru_cache(maxsize=10_000)
def find_place(path: str) -> Place | None:
    """Return the place of a file or store, None where nothing in its path differs from run to run.

    The path may be that of a store, which is a folder.

    Example:
        >>> find_place("logs/churn/version_12/metrics.csv"), find_place("metrics.json")
        (Place(path='logs/churn/version_*/metrics.csv', run='12', folder='logs/churn/version_*/'), None)
    """
    # A store is a folder, whose path has no slash at its end.
    if not (_ANY.search(path) or _ANY.search(f"{path}/")):
        return None
    for part in RUN_PARTS:
        found = re.search(part, path) or re.search(part, f"{path}/")
        if found:
            start = f"{path[: found.start(1)]}{'' if found[1].endswith('/') else '*'}"
            whole = f"{start}{path[found.end(1) :]}"
            if found[0].endswith("/"):
                return Place(whole, found[1], f"{start}{found[0][found.end(1) - found.start() :]}")
            whole = _hide_more(whole)
            return Place(whole, found[1], whole)
    return None


def _hide_more(path: str) -> str:
    for part in _ALSO:
        found = re.search(part, path)
        path = f"{path[: found.start(1)]}*{path[found.end(1) :]}" if found else path
    return path


def choose_newest(
    sources: Iterable[Source], repeated: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[list[Source], list[str]]:
    """Leave out the files of earlier runs, and say so. What was named outright stays.

    Runs are in the order of the numbers and times in their paths. Of those whose files' names tell when they were
    begun, that counts: PyTorch's folders know no year.

    Args:
        sources: what was found.
        repeated: by a place's folder, the runs that are repeated trainings, with what tells each apart.
    """
    repeated = repeated or {}
    found = [(source, None if source.group else find_place(source.path)) for source in sources]
    newest = {folder: runs[-1] for folder, runs in order_runs(found).items()}
    kept: list[Source] = []
    for source, place in found:
        if place is None:
            kept.append(source)
        elif place.run in repeated.get(place.folder, ()):
            kept.append(replace(source, group=place.path, replicate=repeated[place.folder][place.run]))
        elif place.run == newest[place.folder] and place.folder not in repeated:
            kept.append(replace(source, group=place.path))
    return kept, [note for folder, run in newest.items() for note in _tell(folder, run, found, repeated)]


def order_runs(found: Iterable[tuple[Source, Place | None]]) -> dict[str, list[str]]:
    """Give the runs of each place's folder, the newest last: those with results, where some have.

    Of runs whose files' names tell when they were begun, that counts: PyTorch's folders know no year.
    """
    runs: dict[str, dict[str, list[Source]]] = {}
    for source, place in found:
        if place is not None:
            runs.setdefault(place.folder, {}).setdefault(place.run, []).append(source)
    return {folder: _in_order(known) for folder, known in runs.items()}


def _in_order(runs: Mapping[str, Sequence[Source]]) -> list[str]:
    with_results = {run for run, sources in runs.items() if any(one.part is Part.METRICS for one in sources)}
    begun = {run: min(filter(None, map(_begun, runs[run])), default=0) for run in with_results or runs}
    has_times = all(begun.values())
    return sorted(begun, key=lambda run: (begun[run] if has_times else 0, natural(run)))


def _begun(source: Source) -> int:
    """Give the second at which a store's first file was begun, as TensorBoard's names tell; 0 where none does."""
    times = (re.search(r"tfevents\.([0-9]{9,12})(?:\.|$)", path) for path in source.files)
    return min((int(found[1]) for found in times if found), default=0)


def _tell(
    folder: str,
    newest: str,
    found: Sequence[tuple[Source, Place | None]],
    repeated: Mapping[str, Mapping[str, str]],
) -> Iterator[str]:
    here = [(source, place) for source, place in found if place and place.folder == folder]
    taken = repeated.get(folder, {newest: ""})
    older = {place.run for _, place in here if place.run not in taken}
    # What one training left on its way is no other run.
    if not older or newest.endswith("/") or re.search(_STEP_OF_PICTURE, folder.replace("*", newest)):
        return
    source, place = next(pair for pair in here if pair[1].run == newest)
    count = plural(len(older), "earlier run")
    if folder in repeated:
        yield f"{folder}: {plural(len(taken), 'repeated training')} taken together; {count} beside them left out."
        return
    cure = f"If they are repeated trainings, name them in sources as {place.path.replace('*', '{replicate}')}."
    # Only one part of a pattern may tell them apart.
    cure = "Give every run a folder of its own." if place.path.count("*") > 1 else cure
    yield f"{source.path}: {count} beside it; the newest counts. {cure}"
