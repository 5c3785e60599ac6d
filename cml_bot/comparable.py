"""Which runs of main say how large noise is: those of the same data and amount of training, the last of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.filters import plural
from cml_bot.like_for_like import has_other_amount, has_other_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.model import Run

WINDOW = 30
"""Runs: more make the band no narrower, and older ones are of another project."""
OTHER_DATA, UNKNOWN_DATA = "of other data", "of unknown data, from before the data changed"
OTHER_AMOUNT, EARLIER = "of another amount of training", "earlier than the last"


class Comparable(NamedTuple):
    """The runs that a run can be held against."""

    runs: tuple[Run, ...]
    """Oldest first."""
    told: tuple[str, ...]
    """Which they are, and which were left out; one line each."""


def choose_comparable(like: Run, history: Sequence[Run], *, with_data: bool = True) -> Comparable:
    """Choose the runs of main that say how large the noise of a run is.

    Args:
        like: the run that they have to be like.
        history: runs of main, one a commit, oldest first.
        with_data: whether runs of other data are left out.
    """
    reasons = _find_reasons(like, history, with_data=with_data)
    alike = [run for run, reason in zip(history, reasons, strict=True) if not reason]
    kept = tuple(alike[-WINDOW:])
    left_out = Counter(reason for reason in reasons if reason)
    if len(alike) > len(kept):
        left_out[f"{EARLIER} {WINDOW}"] = len(alike) - len(kept)
    return Comparable(kept, tuple(_tell(kept, left_out)))


def _find_reasons(like: Run, history: Sequence[Run], *, with_data: bool) -> list[str]:
    """Say why each run is not alike; empty where it is.

    A run whose data nobody knows counts until, on the way back, there is one of other data.
    """
    reasons: list[str] = []
    is_known_alike = True
    for run in reversed(history):
        if with_data and has_other_data(like, run):
            is_known_alike = False
            reasons.append(OTHER_DATA)
        elif not is_known_alike and not run.data:
            reasons.append(UNKNOWN_DATA)
        else:
            reasons.append(OTHER_AMOUNT if has_other_amount(like, run) else "")
    return reasons[::-1]


def _tell(kept: Sequence[Run], left_out: Counter[str]) -> list[str]:
    if not kept and not left_out:
        return []
    said = "noise is taken from no run of main"
    if kept:
        ends = list(dict.fromkeys((kept[0].sha[:7], kept[-1].sha[:7])))
        said = f"noise is taken from {plural(len(kept), 'run')} of main, {' to '.join(ends)}"
    return [said, *(f"left out of it: {plural(count, 'run')} {reason}" for reason, count in left_out.items())]
