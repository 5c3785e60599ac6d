"""What the metrics of one source were measured under, as the facts beside them tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.model import Fact, Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cml_bot.model import Observation


def add_conditions(found: Iterable[Observation]) -> Iterator[Observation]:
    """Yield what was read of a source, its metrics with the facts that concern some of them alone.

    So another version of one task leaves the other tasks comparable.
    """
    known = list(found)
    facts = [one for one in known if isinstance(one, Fact) and one.of is not None]
    for one in known:
        if facts and isinstance(one, Metric):
            told = [f"{fact.name} {fact.value}" for fact in facts if one.name.startswith(fact.of or "")]
            yield replace(one, conditions="; ".join(filter(None, (one.conditions, *told))))
        else:
            yield one
