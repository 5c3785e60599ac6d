"""The log of LevelDB: records in blocks of 32 KiB, each piece with its checksum. W&B keeps a run in one.

Source: https://github.com/google/leveldb/blob/main/doc/log_format.md
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 32 * 1024
_PIECE = struct.Struct("<IHB")
"""Checksum, length and kind of a piece."""
_FULL, _FIRST, _MIDDLE, _LAST = range(1, 5)
LARGEST = 64 * 1024 * 1024
"""Bytes of a record."""


class LogReader:
    """Reads records from where the file stands, which counts as place `start` of the first block.

    What is damaged is left out: reading goes on with the next block.
    """

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self._start = start
        self.n_damaged = 0
        """Blocks of which something could not be read."""
        self.is_cut = False
        """Whether the file ends within a record."""

    def records(self) -> Iterator[bytes]:
        """Yield all whole records."""
        waiting: list[bytes] | None = None
        size = 0
        for kind, data in self._pieces():
            if kind == _FULL:
                yield data
            if kind == _FIRST:
                waiting, size = [], 0
            if kind in (_FIRST, _MIDDLE, _LAST) and waiting is not None:
                waiting.append(data)
                size += len(data)
            if kind == _LAST and waiting is not None:
                yield b"".join(waiting)
            if kind not in (_FIRST, _MIDDLE) or size > LARGEST:
                # Also what lost its beginning or its middle to a damaged block.
                waiting = None
        self.is_cut = self.is_cut or waiting is not None

    def _pieces(self) -> Iterator[tuple[int, bytes]]:
        at = self._start
        while block := self._file.read(_BLOCK - at):
            yield from self._pieces_of(block, is_last=len(block) < _BLOCK - at)
            at = 0

    def _pieces_of(self, block: bytes, *, is_last: bool) -> Iterator[tuple[int, bytes]]:
        at = 0
        while len(block) - at >= _PIECE.size:
            checksum, length, kind = _PIECE.unpack_from(block, at)
            data = block[at + _PIECE.size : at + _PIECE.size + length]
            if is_last and len(data) < length:
                self.is_cut = True
                return
            if not _FULL <= kind <= _LAST or zlib.crc32(data, zlib.crc32(bytes([kind]))) != checksum:
                self.n_damaged += 1
                yield 0, b""
                return
            yield kind, data
            at += _PIECE.size + length
        if is_last and at < len(block):
            self.is_cut = True
