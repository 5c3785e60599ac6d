"""TFRecord files of TensorBoard: records told apart, and what is known of the first bytes of an event."""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LARGEST_RECORD = 32 << 20
"""Bytes; longer records are passed over: they hold graphs and embeddings."""
_BLOCK = 1 << 20
_HEADER = struct.Struct("<QI")
HEAD, TAIL = _HEADER.size, 4
"""Bytes of a record before and after its content."""
_MOST_LENGTHS = 1 << 16
WALL_TIME, STEP, SUMMARY, SESSION_LOG = 0x09, 0x10, 0x2A, 0x3A
"""The first bytes of an event's fields 1, 2, 5 and 7; every writer writes them in this order."""
AT_STEP, MOST_STEP_BYTES, VALUE_BYTES = 9, 9, 4
SHORTEST_FRAMED, LONGEST_FRAMED = 24, 4_096
"""Bytes of a record that may be read by its frame: with any step, no byte that is looked at is beyond its end."""

CUT = "ends in the middle of a record: whoever wrote it was stopped. What is whole counts."
DAMAGED = "is damaged; what comes after is left out. Train again, or see how the file was copied."


def read_blocks(file: BinaryIO, size: int, tell: Callable[[str], None]) -> Iterator[tuple[bytes, list[int]]]:
    """Yield stretches of a file, each with where its whole records begin and the last of them ends.

    A record is its length, the CRC of that, its content, and the CRC of that. The first CRC is checked, so that no
    damaged length is ever followed; the second is not.

    Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/lib/io/record_writer.h

    Args:
        file: opened to read bytes, at its start.
        size: of the whole file, in bytes.
        tell: takes a line on what is wrong with the file.
    """
    lengths: dict[bytes, int] = {}
    block, want, done = b"", _BLOCK, 0
    while more := file.read(want):
        block += more
        edges, at, flaw = _walk(block, lengths, size - done)
        yield block, edges
        if flaw:
            tell(flaw)
            return
        want = max(_BLOCK, at - len(block))
        if at - edges[-1] > LARGEST_RECORD + HEAD + TAIL:
            tell(f"holds a record of more than {LARGEST_RECORD >> 20} MB; left out.")
            done, block, want = done + at, b"", _BLOCK
            file.seek(done)
            continue
        done += edges[-1]
        block = block[edges[-1] :]
    if block:
        tell(CUT)


def _walk(block: bytes, lengths: dict[bytes, int], left: int) -> tuple[list[int], int, str]:
    """Go from record to record.

    Args:
        block: begins with a record.
        lengths: those that were met already, by their bytes with their CRC; more are added.
        left: bytes from the start of the block to the end of the file.

    Returns:
        Where whole records begin and the last ends, where the next one ends, and why there is none.
    """
    edges, at, end = [0], 0, len(block)
    while at + HEAD <= end:
        header = block[at : at + HEAD]
        length = lengths.get(header)
        if length is None:
            length, crc = _HEADER.unpack(header)
            if crc != _masked_crc(header[:8]):
                return edges, at, DAMAGED
            if len(lengths) < _MOST_LENGTHS:
                lengths[header] = length
        at += length + HEAD + TAIL
        if at > end:
            return edges, at, CUT if at > left else ""
        edges.append(at)
    return edges, at, ""


@cache
def _table() -> tuple[int, ...]:
    """The CRC-32C of every byte."""
    rows = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        rows.append(crc)
    return tuple(rows)


def _masked_crc(data: bytes) -> int:
    table, crc = _table(), 0xFFFF_FFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFF_FFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFF_FFFF
