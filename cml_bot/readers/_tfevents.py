"""TFRecord files of TensorBoard: records told apart, and the few protobuf messages in them taken to pieces."""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Message = dict[int, int | bytes]

LARGEST_RECORD = 32 << 20
"""Bytes; longer records are passed over: they hold graphs and embeddings."""
MOST_FIELDS = 100_000
"""Fields of one message that are read."""
_BLOCK = 1 << 20
_HEADER = struct.Struct("<QI")
HEAD, TAIL = _HEADER.size, 4
"""Bytes of a record before and after its content."""
_MOST_LENGTHS = 1 << 16
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MOST_VARINT_BITS = 63
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


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return an unsigned number, and where the next field begins.

    Raises:
        ValueError: it ends too late or never.
    """
    value = shift = 0
    while shift <= _MOST_VARINT_BITS:
        byte = data[at] if at < len(data) else 0x80
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
    raise ValueError("an endless number")


def signed(value: int) -> int:
    """Read a varint as protobuf's int64 and int32 are written.

    Example:
        >>> signed(5), signed(2**64 - 1)
        (5, -1)
    """
    return value - (1 << 64) if value >> 63 else value


def read_fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and content of every field of a message: a number, or the bytes.

    Source: https://protobuf.dev/programming-guides/encoding/

    Raises:
        ValueError: it is no message, or one of very many fields.
    """
    at, end, n = 0, len(data), 0
    while at < end:
        n += 1
        if n > MOST_FIELDS:
            raise ValueError("too many fields")
        key, at = read_varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = read_varint(data, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = read_varint(data, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError("no kind of field")
        if at + size > end:
            raise ValueError("a field that goes beyond its message")
        yield key >> 3, data[at : at + size]
        at += size


def read_message(data: bytes) -> Message:
    """Give the fields of a message by their number; of repeated ones the last.

    Raises:
        ValueError: it is no message.
    """
    return dict(read_fields(data))


def bytes_of(message: Message, number: int) -> bytes:
    """Give a field that is text or a message; empty where it is missing or something else."""
    value = message.get(number, b"")
    return value if isinstance(value, bytes) else b""


def int_of(message: Message, number: int) -> int:
    """Give a field that is a whole number; 0 where it is missing or something else."""
    value = message.get(number, 0)
    return value if isinstance(value, int) else 0


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
