"""The tokens of the tests, and the search for what is left of them."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

NEEDLE = "0s3cr3t9"
"""Part of every token that a test gives to mlbot, and of nothing else."""
LARGEST = 4 * 1024 * 1024


@cache
def has_tokens(module: Path) -> bool:
    """Whether the tests of a module can have any: all tokens come from here, mostly by way of a forge's server."""
    return re.search(r"tests\.(?:forges|secrets|test_pipeline)", module.read_text()) is not None


def find_tokens(folder: Path) -> list[str]:
    """Name the files below a folder that hold a token, in the open, in base64, or packed by git."""
    return [str(path.relative_to(folder)) for path in _files(folder) if holds_token(path.read_bytes())]


def holds_token(data: bytes | str) -> bool:
    """Whether a text holds a token, as it is or in base64."""
    raw = data.encode(errors="replace") if isinstance(data, str) else data
    if raw[:1] == b"x":
        with suppress(zlib.error):
            raw += zlib.decompress(raw)
    return any(one in raw for one in _spellings())


def _spellings() -> Iterator[bytes]:
    """Give the needle as it is, and as base64 writes it, wherever in three bytes it begins."""
    needle = NEEDLE.encode()
    yield needle
    for before in range(3):
        code = base64.b64encode(b"\0" * before + needle)
        # The letters that depend on neither what stands before nor behind.
        yield code[-(-before * 8 // 6) : (before + len(needle)) * 8 // 6]


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < LARGEST:
            yield path
