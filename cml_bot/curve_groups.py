"""Which curves belong on one pair of axes: the same metric of training and validation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.goals import is_bookkeeping

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from cml_bot.model import Curve, Key

HELD_OUT = ("test", "testing", "holdout", "val", "valid", "validation", "dev", "eval", "evaluation")
TRAINING = ("train", "training", "learn")
"""What a name says of the examples that a metric was measured on, as its first or last word."""
_WORD = re.compile(r"[^/_.\- ]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A curve of a group."""

    key: Key
    """As the report knows it."""
    part: str
    """What it was measured on: ``val``, ``train``; empty where it is the only one or its name does not say."""
    curve: Curve


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveGroup:
    """What is drawn on one pair of axes."""

    name: str
    """Foreign text: of one curve its whole name, of several the metric."""
    members: tuple[Member, ...]
    """One or more; what was held out before what was trained on."""


def group_curves(curves: Mapping[Key, Curve], named: Mapping[Key, str]) -> tuple[CurveGroup, ...]:
    """Put the curves of one metric together that differ only in what they were measured on.

    Args:
        curves: in the order of the report.
        named: how each is called where it stands alone.
    """
    found: dict[tuple[object, ...], list[Member]] = {}
    for key, curve in curves.items():
        part, metric = split_part(key.name)
        one = curve.head or curve.base
        alike = (key.group, metric, one.x_label, one.unit) if one else (key,)
        found.setdefault(alike, []).append(Member(key=key, part=part, curve=curve))
    return tuple(group for members in found.values() for group in _make_groups(members, named))


def order_groups(groups: Iterable[CurveGroup], first: Collection[Key]) -> tuple[CurveGroup, ...]:
    """Put those first that a reader looks for, those of the training alone later, and what is no result last.

    Args:
        groups: in the order of the report.
        first: the metrics that got better or worse, or that are gated.
    """
    return tuple(sorted(groups, key=lambda group: _urgency(group, first)))


def _urgency(group: CurveGroup, first: Collection[Key]) -> int:
    if any(member.key in first for member in group.members):
        return 0
    if all(is_bookkeeping(member.key.name) for member in group.members):
        return 3
    return 2 if all(is_on_training(split_part(member.key.name)[0]) for member in group.members) else 1


def split_part(name: str) -> tuple[str, str]:
    """Split a name into what it was measured on and the metric.

    Example:
        >>> split_part("val/loss"), split_part("accuracy_train"), split_part("lr"), split_part("train")
        (('val', 'loss'), ('train', 'accuracy'), ('', 'lr'), ('', 'train'))
    """
    words = list(_WORD.finditer(name))
    for word, rest in ((words[0], name[words[0].end() :]), (words[-1], name[: words[-1].start()])) if words else ():
        metric = rest.strip("/_.- ")
        if word.group().lower() in HELD_OUT + TRAINING and metric:
            return word.group(), metric
    return "", name


def is_on_training(part: str) -> bool:
    """Whether a part of a name says that a metric was measured on what was trained on."""
    return part.lower() in TRAINING


def _make_groups(members: list[Member], named: Mapping[Key, str]) -> Iterable[CurveGroup]:
    if len(members) == 1 or len({member.part for member in members}) < len(members):
        # Alone, or of names that only seem to be parts of one.
        return [_alone(member, named) for member in members]
    ranked = sorted(members, key=lambda member: _rank(member.part))
    key, metric = members[0].key, split_part(members[0].key.name)[1]
    # Where a name alone is ambiguous it is told with its file.
    is_shared = named[key] != key.name
    return [CurveGroup(name=str(key._replace(name=metric)) if is_shared else metric, members=tuple(ranked))]


def _alone(member: Member, named: Mapping[Key, str]) -> CurveGroup:
    return CurveGroup(name=named[member.key], members=(Member(key=member.key, part="", curve=member.curve),))


def _rank(part: str) -> int:
    """Test before validation before what does not say, as Keras calls what it trained on, before training."""
    word = part.lower()
    return HELD_OUT.index(word) if word in HELD_OUT else len(HELD_OUT) + (word in TRAINING)
