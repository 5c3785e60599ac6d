"""Which runs beside each other are one training repeated: with the same parameters but for the seed or the fold.

Runs without a seed in their parameters are not taken for that: with equal parameters they may as well be of other code.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.errors import InputError
from cml_bot.model import Param, Part
from cml_bot.newest import find_place, order_runs
from cml_bot.seeds import find_kind, make_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cml_bot.model import Source
    from cml_bot.trees import Tree

MOST_RUNS = 100
"""The newest runs of a place that are looked at."""


class _Training(NamedTuple):
    """One run's parameters, apart from what tells it from its repetitions."""

    params: Mapping[tuple[str, str], str]
    told: Mapping[str, str]
    """Its seeds and folds."""


def find_repeats(tree: Tree, sources: Iterable[Source]) -> dict[str, dict[str, str]]:
    """Give, by a place's folder, the runs that are one training repeated, and the seed or fold of each.

    From the newest run back, as long as parameters are alike and no seed comes again: what lies before that is an
    earlier state of the work. A place with one such run is not in it.
    """
    found = [(source, None if source.group else find_place(source.path)) for source in sources]
    repeats: dict[str, dict[str, str]] = {}
    for folder, runs in order_runs(found).items():
        files: dict[str, list[str]] = {}
        for source, place in found:
            if place and place.folder == folder and source.part is Part.PARAMS:
                files.setdefault(place.run, []).append(source.path)
        if len(runs) > 1 and files:
            taken = _walk_back(tree, runs[-MOST_RUNS:], files)
            repeats |= {folder: taken} if len(taken) > 1 else {}
    return repeats


def _walk_back(tree: Tree, runs: Sequence[str], files: Mapping[str, Sequence[str]]) -> dict[str, str]:
    taken: dict[str, _Training] = {}
    first: _Training | None = None
    tree.fetch([path for run in runs for path in files.get(run, ())])
    for run in reversed(runs):
        training = _read(tree, files.get(run, ()))
        first = first or training
        is_like = training.params == first.params and training.told.keys() == first.told.keys()
        if not training.told or not is_like or training in taken.values():
            break
        taken[run] = training
    each = [training.told for training in taken.values()]
    # What all have alike tells nothing, such as the one seed of all folds.
    differing = [name for name in dict.fromkeys(chain(*each)) if len({told.get(name) for told in each}) > 1]
    labels = [make_label((name, told[name]) for name in differing if name in told) for told in each]
    return dict(zip(taken, labels, strict=True)) if all(labels) and len(set(labels)) == len(labels) else {}


def _read(tree: Tree, paths: Sequence[str]) -> _Training:
    # Pays for YAML only where there are several runs.
    from cml_bot.readers import params_file

    params: dict[tuple[str, str], str] = {}
    told: dict[str, str] = {}
    for path in paths:
        name = path.rpartition("/")[2]
        try:
            for one in params_file.read(tree.file(path)):
                if isinstance(one, Param) and find_kind(one.name):
                    told[one.name] = one.value
                elif isinstance(one, Param):
                    params[name, one.name] = one.value
        except (InputError, OSError):
            return _Training({}, {})
    return _Training(params, told)
