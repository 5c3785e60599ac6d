"""Profiles of whylogs: sketches, which only whylogs can read. What to write in their place is said.

Source: https://docs.whylabs.ai/docs/whylogs-writers
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.model import Note
from cml_bot.readers._text import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cml_bot.model import Observation

_MAGIC = b"WHY1"
_CURE = 'In the job: profile.view().to_pandas().to_csv("whylogs_summary.csv").'


def read(path: Path, x: str | None = None) -> Iterator[Observation]:
    """Say what to write in place of a profile: it is made of sketches that only whylogs can read.

    Raises:
        InputError: it is no profile of whylogs.
    """
    del x
    if not read_bytes(path, len(_MAGIC)).startswith(_MAGIC):
        raise InputError(path.name, "is no profile of whylogs, and nothing else that mlbot reads", "Name another file.")
    yield Note(text=f"a profile of whylogs, which only whylogs can read. {_CURE}")
