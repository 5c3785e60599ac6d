"""Standard output and error whose reader may leave: `mlbot report 2>&1 | head` must still record and judge."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def tell(stream: TextIO, text: str) -> None:
    """Write a text at once; where the reader has gone, nobody is told, and all else goes on."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        mute(stream)


def mute(stream: TextIO) -> None:
    """Let all that is still written to a stream go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
