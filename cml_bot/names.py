"""What a metric, curve or parameter is called in a report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cml_bot.model import Key


def shared_names(keys: Iterable[Key]) -> frozenset[str]:
    """The names that more than one of these goes by, so that they need their group."""
    return frozenset(name for name, count in Counter(key.name for key in keys).items() if count > 1)


def name_of(key: Key, shared: frozenset[str]) -> str:
    """Name a metric: with its group only where another one is called the same."""
    return str(key) if key.name in shared else key.name
