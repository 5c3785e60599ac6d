"""Regular expressions of a table as one: most texts match none, and one look is enough to know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def join_patterns(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that matches where any of them does; it has no groups.

    Example:
        >>> join_patterns(["run-(a|b)", "(?:c)"]).pattern
        'run-(?:a|b)|(?:c)'
    """
    return re.compile("|".join(re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern) for pattern in patterns))
