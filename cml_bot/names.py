"""What things are called in a report: metrics, curves and parameters, and what a test was made from."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Method

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cml_bot.model import Evidence, Key


def shared_names(keys: Iterable[Key]) -> frozenset[str]:
    """The names that more than one of these goes by, so that they need their group."""
    return frozenset(name for name, count in Counter(key.name for key in keys).items() if count > 1)


def name_of(key: Key, shared: frozenset[str]) -> str:
    """Name a metric: with its group only where another one is called the same."""
    return str(key) if key.name in shared else key.name


def tell_size(evidence: Evidence) -> str:
    """Say from how many runs, trainings or folds a change was told; empty where that is no number of these."""
    if evidence.method is Method.PAIRED:
        return plural(evidence.n_head, f"pair of {evidence.repeats}", f"pairs of {evidence.repeats}")
    if evidence.method is Method.FOLDS:
        return plural(evidence.n_head, "fold")
    if evidence.method.is_replicated:
        if evidence.n_head == evidence.n_base:
            return f"{plural(evidence.n_head, evidence.repeats.one)} a side"
        return f"{evidence.n_head} and {plural(evidence.n_base, evidence.repeats.one)}"
    return f"{plural(evidence.n_history, 'run')} of main" if evidence.n_history else ""
