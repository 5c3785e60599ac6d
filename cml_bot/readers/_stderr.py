"""Standard errors that tools write beside their numbers.

Source: https://github.com/EleutherAI/lm-evaluation-harness (``acc,none``, ``acc_stderr,none``)
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.readers._numbers import as_double

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Path = tuple[str, ...]

_ENDING = re.compile(r"(?P<stem>.+)[_./-](?:stderr|std_err|se)(?P<filter>,.*)?", re.DOTALL)
"""What follows the comma is lm-evaluation-harness' filter; it is part of both names."""
_ALONE = frozenset({"stderr", "std_err", "se"})
_VALUES = ("value", "mean")
"""What an error that has no other name belongs to."""
_SHORT = re.compile(r"(?P<stem>.+)[_./-]se(?P<filter>,.*)?", re.DOTALL)
_LAND = re.compile(r"(?P<stem>.+)[_./-](?!se|sd|ci)[a-z]{2}(?P<filter>,.*)?", re.DOTALL)
"""Where ``acc_de`` stands beside it, ``acc_se`` is Sweden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """What the numbers of a tree say of one another, by the keys that lead to them."""

    errors: Mapping[Path, float]
    """The standard error of a number."""
    taken: frozenset[Path]
    """The numbers that say this of others, and are none of their own then."""


def pair_numbers(numbers: Mapping[Path, float]) -> Paired:
    """Find the numbers that say how sure others are.

    Example:
        >>> pair_numbers({("acc",): 0.8, ("acc_stderr",): 0.01}).errors
        {('acc',): 0.01}
    """
    if len(numbers) < 2:
        return Paired(errors={}, taken=frozenset())
    errors: dict[Path, float] = {}
    taken: set[Path] = set()
    lands = {partner for path in numbers if (partner := _cut(_LAND, path))}
    # Short names first: of acc, acc_se and acc_se_se the last is nobody's, and that is known when its turn comes.
    for path in sorted(numbers, key=lambda path: len(path[-1])):
        partner = _find_partner(path, numbers, lands)
        error = as_double(numbers[path])
        if partner and error is not None and 0 <= error < math.inf and partner not in taken and partner not in errors:
            errors[partner] = error
            taken.add(path)
    return Paired(errors=errors, taken=frozenset(taken))


def _find_partner(path: Path, numbers: Collection[Path], lands: Collection[Path]) -> Path | None:
    """Return the number of the same mapping that this one would be the standard error of; None if there is none."""
    if path[-1] in _ALONE:
        found = [partner for name in _VALUES if (partner := (*path[:-1], name)) in numbers]
        return found[0] if len(found) == 1 else None
    stem = _cut(_ENDING, path)
    is_land = stem in lands and _cut(_SHORT, path) is not None
    return stem if stem in numbers and not is_land else None


def _cut(ending: re.Pattern[str], path: Path) -> Path | None:
    """Return the path without the ending of its name; None if it has none."""
    match = ending.fullmatch(path[-1])
    return (*path[:-1], f"{match['stem']}{match['filter'] or ''}") if match else None
