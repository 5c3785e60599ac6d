"""Which files say again what another one says: those are left alone, so that no number stands twice."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from cml_bot.model import Fact, Metric, Note, Param

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from cml_bot.model import Observation, Source

    Read = tuple[Source, Sequence[Observation]]

COPIES: tuple[tuple[str, str], ...] = (
    # Hugging Face's Trainer: the same numbers in one file, in many, in older states and as events.
    (r"((?:.*/)?)(?:train|eval|predict)_results\.json", "all_results.json"),
    (r"((?:.*/)?)checkpoint-\d+/trainer_state\.json", "trainer_state.json"),
    (r"((?:.*/)?)runs/(?:.*/)?[^/]*tfevents[^/]*", "trainer_state.json"),
    (r"((?:.*/)?)checkpoint-\d+/runs/(?:.*/)?[^/]*tfevents[^/]*", "trainer_state.json"),
    # whylogs: the profile that only whylogs can read, and what it says as a table.
    (r"((?:.*/)?)profile[^/]*\.bin", "summary.csv"),
    (r"((?:.*/)?)profile[^/]*\.bin", "summary.json"),
    (r"((?:.*/)?)[^/]*\.bin", "whylogs_summary.csv"),
)
"""What repeats what: a regular expression over whole paths, and the file beside its group 1 that says it better."""


_ENDINGS = (".json", ".jsonl", ".csv", ".tsv", ".yaml", ".yml", ".toml", ".parquet")
"""Formats that the same numbers are written in."""


def is_copy(path: str, there: Container[str]) -> bool:
    """Whether another file that is there says all that this one does.

    Example:
        >>> is_copy("out/eval_results.json", {"out/all_results.json"}), is_copy("eval_results.json", {"metrics.json"})
        (True, False)
    """
    return any((found := re.fullmatch(copy, path)) and f"{found[1]}{better}" in there for copy, better in COPIES)


def without_twins(read: Sequence[Read]) -> list[Read]:
    """Leave out a file that says in another format what one of the same name says: scores.csv beside scores.json.

    It tells metrics alone, all of which are in the other one too. What somebody named stays.
    """
    stems: dict[str, list[Read]] = {}
    for one in read:
        stem, ending = posixpath.splitext(one[0].path)
        if ending.lower() in _ENDINGS and not one[0].files:
            stems.setdefault(stem, []).append(one)
    copies = {one[0].path for alike in stems.values() for one in alike if _has_twin(one, alike)}
    return [one for one in read if one[0].path not in copies]


def _has_twin(one: Read, alike: Sequence[Read]) -> bool:
    source, found = one
    if source.declared or len(alike) < 2 or not all(isinstance(each, Metric | Param | Fact | Note) for each in found):
        return False
    names, at = _names(found), alike.index(one)
    others = [(_names(other), place) for place, (told, other) in enumerate(alike) if told.path != source.path]
    # Of two that say the same, the first counts.
    return bool(names) and any(names < other or (names == other and place < at) for other, place in others)


def _names(found: Sequence[Observation]) -> set[str]:
    return {each.name for each in found if isinstance(each, Metric)}
