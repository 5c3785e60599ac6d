"""Where an observation came from, said on it: readers know only the content."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.model import Fact, Figure, Note

if TYPE_CHECKING:
    from cml_bot.model import Observation


def place(one: Observation, source: str, group: str = "", *, is_many: bool = False) -> Observation:
    """Give an observation with its source and group.

    Args:
        one: what a reader yielded.
        source: the path that it was read from.
        group: what the path has in common with those of other runs; the path itself when empty.
        is_many: whether the source holds many pictures, so that their own names tell them apart.
    """
    group = group or source
    if isinstance(one, Note):
        return replace(one, source=source)
    if isinstance(one, Figure):
        return replace(one, name=posixpath.normpath(f"{group}/{one.name}") if is_many else group, source=source)
    if isinstance(one, Fact):
        return replace(one, name=f"{group}:{one.name}")
    # What one source keeps apart stays apart.
    return replace(one, group=f"{group}/{one.group}" if one.group else group, source=source)
