"""Which files say again what another one says: those are left alone, so that no number stands twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

COPIES: tuple[tuple[str, str], ...] = (
    # Hugging Face's Trainer: the same numbers in one file, in many, in older states and as events.
    (r"((?:.*/)?)(?:train|eval|predict)_results\.json", "all_results.json"),
    (r"((?:.*/)?)checkpoint-\d+/trainer_state\.json", "trainer_state.json"),
    (r"((?:.*/)?)runs/(?:.*/)?[^/]*tfevents[^/]*", "trainer_state.json"),
    (r"((?:.*/)?)checkpoint-\d+/runs/(?:.*/)?[^/]*tfevents[^/]*", "trainer_state.json"),
)
"""What repeats what: a regular expression over whole paths, and the file beside its group 1 that says it better."""


def is_copy(path: str, there: Container[str]) -> bool:
    """Whether another file that is there says all that this one does.

    Example:
        >>> is_copy("out/eval_results.json", {"out/all_results.json"}), is_copy("eval_results.json", {"metrics.json"})
        (True, False)
    """
    return any((found := re.fullmatch(copy, path)) and f"{found[1]}{better}" in there for copy, better in COPIES)
