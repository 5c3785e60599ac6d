"""The wire format of protocol buffers: numbered fields of a message, whatever its schema.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    Message = dict[int, int | bytes]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZES = {FIXED64: 8, FIXED32: 4}
_LARGEST_NUMBER = (1 << 29) - 1
_LARGEST_VALUE = (1 << 64) - 1
MOST_FIELDS = 100_000
"""Fields of one message that are read."""


class WireError(ValueError):
    """What is read is no message."""


def read_fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field: a whole number of a varint, else its bytes, which are a copy.

    Raises:
        WireError: it is no message, or cut, or one of very many fields.

    Example:
        >>> list(read_fields(bytes([0x08, 0x96, 0x01, 0x12, 0x02, 0x68, 0x69])))
        [(1, 150), (2, b'hi')]
    """
    at, end, n = 0, len(data), 0
    while at < end:
        n += 1
        if n > MOST_FIELDS:
            raise WireError("it has too many fields")
        tag, at = read_varint(data, at)
        number, wire = tag >> 3, tag & 7
        if not 0 < number <= _LARGEST_NUMBER:
            raise WireError(f"there is no field {number}")
        if wire == VARINT:
            value, at = read_varint(data, at)
            yield number, value
            continue
        size, at = read_varint(data, at) if wire == BYTES else (_SIZES.get(wire, end), at)
        if size > end - at:
            raise WireError(f"field {number} is cut")
        yield number, data[at : at + size]
        at += size


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a whole number of up to 64 bits, and where the next one begins.

    Raises:
        WireError: it is longer, or cut.
    """
    value = shift = 0
    for place in range(at, min(at + 10, len(data))):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _LARGEST_VALUE, place + 1
        shift += 7
    raise WireError("a number has no end")


def as_signed(value: int) -> int:
    """Give a varint as the int64 or int32 that it stands for.

    Example:
        >>> as_signed(2**64 - 1), as_signed(7)
        (-1, 7)
    """
    return value - (1 << 64) if value >> 63 else value


def read_message(data: bytes) -> Message:
    """Give the fields of a message by their number; of repeated ones the last.

    Raises:
        WireError: it is no message.
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
