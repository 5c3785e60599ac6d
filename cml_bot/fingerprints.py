"""The fingerprint of one file's content: read once, in pieces, at any size."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import format_size, plural
from cml_bot.model import Fact
from cml_bot.trees import LARGEST_POINTER, POINTER

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

LARGEST_WHOLE = 2**30
"""Bytes of the largest file that is read as a whole; of a larger one `BLOCKS` pieces are, and its size."""
BLOCKS = 1024
BLOCK = 64 * 1024
_PIECE = 2**20
_ROWS = {".csv": "row", ".tsv": "row", ".jsonl": "row", ".ndjson": "row", ".txt": "line"}
"""What is counted in a file of this ending."""
_HEADED = (".csv", ".tsv")
"""Endings of files whose first line is no row."""
_KEPT_BY_LFS = re.compile(rb"^oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,19})$", re.MULTILINE)


def fingerprint(file: Path, path: str) -> Fact:
    """Tell a file's content from every other by a SHA-256, ``sha256:…``, with its rows and size.

    A file above 1 GiB is told by its size and 1024 blocks of 64 KiB at equal distances, the first and the last among
    them: ``sampled:…``. What a pointer of Git LFS stands for has the fingerprint of the file itself.

    Args:
        file: where its content lies.
        path: its name in the report.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with file.open("rb") as data:
            size = file.stat().st_size
            start = data.read(LARGEST_POINTER + 1) if size <= LARGEST_POINTER else b""
            if start.startswith(POINTER):
                return _of_pointer(start, path)
            data.seek(0)
            return _sample(data, size, path) if size > LARGEST_WHOLE else _whole(data, path)
    except OSError as error:
        raise InputError(
            path, f"cannot be read ({(error.strerror or str(error)).lower()})", "Check its rights."
        ) from error


def _whole(data: BinaryIO, path: str) -> Fact:
    import hashlib

    digest, size, lines, last = hashlib.sha256(), 0, 0, b"\n"
    while piece := data.read(_PIECE):
        digest.update(piece)
        size += len(piece)
        lines += piece.count(b"\n")
        last = piece[-1:]
    ending = PurePosixPath(path).suffix.lower()
    # The last line may lack its end.
    rows = lines + (last != b"\n") - (ending in _HEADED)
    counted = [plural(max(rows, 0), _ROWS[ending])] if ending in _ROWS else []
    return Fact(name=path, value=f"sha256:{digest.hexdigest()}", detail=", ".join([*counted, format_size(size)]))


def _sample(data: BinaryIO, size: int, path: str) -> Fact:
    import hashlib

    digest = hashlib.sha256(str(size).encode())
    for block in range(BLOCKS):
        data.seek((size - BLOCK) * block // (BLOCKS - 1))
        digest.update(data.read(BLOCK))
    return Fact(name=path, value=f"sampled:{digest.hexdigest()}", detail=format_size(size))


def _of_pointer(data: bytes, path: str) -> Fact:
    found = _KEPT_BY_LFS.search(data)
    if not found:
        raise InputError(path, "is a pointer of Git LFS without a hash", "Check out with `lfs: true`.")
    size = int(found[2])
    # A file of that size has no whole hash here, so that the two must not be held against each other.
    kind = "sha256" if size <= LARGEST_WHOLE else "lfs"
    return Fact(name=path, value=f"{kind}:{found[1].decode()}", detail=format_size(size))
