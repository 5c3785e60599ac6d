"""Files that somebody else may have laid down: read only where they are plain ones, and only up to a limit."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from cml_bot.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Not through a link, and without waiting for somebody to write to a pipe."""


def read_plain(path: Path, limit: int, where: str, cure: str = "") -> bytes:
    """Read a plain file; a link is not followed.

    Args:
        path: of the file. Links in the folders before it are followed.
        limit: bytes that it may have.
        where: what it is called in messages.
        cure: what to do about it; empty for words that fit any file.

    Raises:
        InputError: it is missing, no plain file or larger, or it cannot be read.
    """
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, PLAIN)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError(where, "is no plain file", cure or "Name a file.")
            data = file.read(limit + 1)
    except FileNotFoundError as error:
        usual = "Look how it is spelled, and from which folder it is meant."
        raise InputError(where, "was not found", cure or usual) from error
    except IsADirectoryError as error:
        raise InputError(where, "is a folder", cure or "Name a file.") from error
    except OSError as error:
        what = "is a link" if path.is_symlink() else f"cannot be read ({(error.strerror or str(error)).lower()})"
        raise InputError(where, what, cure or "Look whether the job may read it.") from error
    if len(data) > limit:
        raise InputError(
            where, f"has more than {limit / 2**20:.3g} MiB", cure or "Save it smaller, a picture at 150 dpi or less."
        )
    return data
