"""A small file in memory that comes to disk only if somebody needs it there.

Readers take paths, and most of them only open what they are given: writing and deleting two thousand small files
takes longer than reading them.
"""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    _Concrete = Path
else:
    _Concrete = type(Path())

LARGEST = 64 * 1024
"""Bytes of a file that is kept in memory."""


class HeldFile(_Concrete):
    """A path whose content is known. Opened for reading bytes, or asked for its size, it stays in memory.

    All else finds it on disk.
    """

    held: bytes | None = None
    """The content, as long as it is not on disk; None for every path that is made of this one."""

    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> IO[Any]:  # type: ignore[override]
        """Open it, from memory where that is the same."""
        if mode == "rb" and self.held is not None:
            return io.BytesIO(self.held)
        return super().open(mode, *args, **kwargs)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Tell its size, and that it is a plain file; of one in memory nothing else is known."""
        if self.held is None:
            return super().stat(follow_symlinks=follow_symlinks)
        return os.stat_result((stat.S_IFREG | 0o600, 0, 0, 1, 0, 0, len(self.held), 0, 0, 0))

    def __repr__(self) -> str:
        """Return what it is called; to look at it is no reason to write it."""
        return f"{type(self).__name__}({super().__str__()!r})"

    def __str__(self) -> str:
        """Return where it lies, and see to it that it does."""
        place = super().__str__()
        if self.held is not None:
            data, self.held = self.held, None
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            Path(place).write_bytes(data)
        return place

    def __fspath__(self) -> str:
        """Return where it lies, for what opens files by their path."""
        return str(self)


def hold(place: str, data: bytes) -> HeldFile:
    """Give a path with its content.

    Args:
        place: where it would lie on disk.
        data: what it holds.
    """
    file = HeldFile(place)
    file.held = data
    return file
