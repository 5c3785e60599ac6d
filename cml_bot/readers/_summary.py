"""Events of TensorBoard and their values: scalars in their many encodings, pictures, settings."""

from __future__ import annotations

import struct
from array import array
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.readers._protobuf import as_signed, bytes_of, int_of, read_fields, read_message, read_varint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cml_bot.readers._protobuf import Message

MOST_NUMBERS = 30_000
"""Numbers of one tensor that are read."""
_FLOAT = 1
"""The type of tensors of single precision, as the enum DataType numbers it."""
_FORMATS = {1: "f", 2: "d", 3: "i", 4: "B", 5: "h", 6: "b", 9: "q", 10: "?", 17: "H", 19: "e", 22: "I", 23: "Q"}
"""Types of numbers as `struct` names them, by the enum DataType.

Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/types.proto
"""
_BFLOAT16 = 14
_HALF_VALUES, _VALUES = 13, {5: "f", 6: "d", 7: "", 10: "", 11: "", 16: "", 17: ""}
"""The fields of a TensorProto that hold numbers: of floats their format, nothing for varints."""
_STRINGS = 8
_START = 1
_LARGEST_COUNT = 1e9


class Event(NamedTuple):
    """One record.

    Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto
    """

    step: int
    is_start: bool
    """Whether a writer begins at this step, so that what was written from here on counts no more."""
    values: list[Message]


class Scalar(NamedTuple):
    """One number at one step."""

    value: float
    is_double: bool
    """Whether it was stored in more than single precision."""


def parse_event(data: bytes) -> Event:
    """Read one record.

    Raises:
        ValueError: it is no event.
    """
    step, is_start = 0, False
    values: list[Message] = []
    for number, content in read_fields(data):
        if number == 2 and isinstance(content, int):
            step = as_signed(content)
        elif number == 5 and isinstance(content, bytes):
            found = (value for one, value in read_fields(content) if one == 1 and isinstance(value, bytes))
            values += map(read_message, found)
        elif number == 7 and isinstance(content, bytes):
            is_start = int_of(read_message(content), 1) == _START
    return Event(step, is_start, values)


def find_scalar(value: Message, plugin: bytes) -> Scalar | None:
    """Give the number of a value: as such, or as a tensor of the plugin scalars that holds one.

    Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/summary.proto

    Raises:
        ValueError: its tensor is broken.
    """
    simple = value.get(2)
    if isinstance(simple, bytes):
        return Scalar(struct.unpack("<f", simple)[0], is_double=False)
    if plugin == b"scalars" and 8 in value:
        tensor = bytes_of(value, 8)
        numbers = numbers_of(tensor)
        is_double = int_of(read_message(tensor), 1) != _FLOAT
        return Scalar(float(numbers[0]), is_double) if len(numbers) == 1 else None
    return None


def find_picture(value: Message, plugin: bytes) -> bytes:
    """Give the encoded picture of a value, the first of several; empty where it holds none."""
    if 4 in value:
        return bytes_of(read_message(bytes_of(value, 4)), 4)
    # Width and height as texts, then the pictures.
    return b"".join(texts_of(bytes_of(value, 8))[2:3]) if plugin == b"images" else b""


def numbers_of(tensor: bytes) -> list[float]:
    """Give the numbers of a TensorProto in their order; none where it holds something else.

    Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/tensor.proto

    Raises:
        ValueError: it is no such message.
    """
    fields = list(read_fields(tensor))
    kind = next((value for number, value in fields if number == 1 and isinstance(value, int)), 0)
    content = next((value for number, value in fields if number == 4 and isinstance(value, bytes)), b"")
    if content:
        return _unpack(content, kind)
    found: list[float] = []
    for number, value in fields:
        if number == _HALF_VALUES:
            # The bits of a half, as a whole number.
            found += (_from_bits(bits, kind) for bits in _varints(value))
        elif number in _VALUES and len(found) < MOST_NUMBERS:
            form = _VALUES[number]
            found += _floats(value, form) if form else map(as_signed, _varints(value))
    return found[:MOST_NUMBERS]


def texts_of(tensor: bytes) -> list[bytes]:
    """Give the byte strings of a TensorProto.

    Raises:
        ValueError: it is no such message.
    """
    return [value for number, value in read_fields(tensor) if number == _STRINGS and isinstance(value, bytes)]


def settings_of(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield names and values of the settings that the hparams plugin says a session started with.

    Source: https://github.com/tensorflow/tensorboard/blob/master/tensorboard/plugins/hparams/plugin_data.proto

    Raises:
        ValueError: it is no such message.
    """
    for number, entry in read_fields(bytes_of(read_message(content), 3)):
        if number == 1 and isinstance(entry, bytes):
            pair = read_message(entry)
            yield _text(bytes_of(pair, 1)), _setting(bytes_of(pair, 2))


def metric_tags_of(content: bytes) -> Iterator[bytes]:
    """Yield the tags of the metrics by which the hparams plugin compares sessions.

    Raises:
        ValueError: it is no such message.
    """
    for number, entry in read_fields(bytes_of(read_message(content), 2)):
        if number == 5 and isinstance(entry, bytes):
            yield bytes_of(read_message(bytes_of(read_message(entry), 1)), 2)


def shorten_singles(values: Sequence[float]) -> list[float]:
    """Give the decimal with the fewest digits of each number that was stored in single precision; counts stay exact.

    Example:
        >>> shorten_singles([0.10000000149011612, 16777216.0, float("inf")])
        [0.1, 16777216.0, inf]
    """
    found = list(values)
    waiting = [place for place, value in enumerate(found) if not (abs(value) < _LARGEST_COUNT and value.is_integer())]
    for digits in (6, 7, 8, 9):
        short = [float(f"{values[place]:.{digits}g}") for place in waiting]
        singles = _as_singles(short)
        is_equal = [single == values[place] for single, place in zip(singles, waiting, strict=True)]
        for place, decimal, equal in zip(waiting, short, is_equal, strict=True):
            if equal:
                found[place] = decimal
        waiting = [place for place, equal in zip(waiting, is_equal, strict=True) if not equal]
    return found


def _as_singles(values: list[float]) -> array[float]:
    try:
        return array("f", values)
    except OverflowError:
        # A largest float32 that its first digits round up.
        return array("f", [value if abs(value) < 3.4028235e38 else float("inf") for value in values])


def _unpack(content: bytes, kind: int) -> list[float]:
    if kind == _BFLOAT16:
        return [_from_bits(bits, kind) for bits in _unpack(content, 17)]
    form = _FORMATS.get(kind)
    if form is None:
        return []
    n = min(len(content) // struct.calcsize(form), MOST_NUMBERS)
    return list(struct.unpack_from(f"<{n}{form}", content))


def _from_bits(bits: float, kind: int) -> float:
    bits = int(bits) & 0xFFFF
    if kind == _BFLOAT16:
        return float(struct.unpack("<f", struct.pack("<I", bits << 16))[0])
    return float(struct.unpack("<e", struct.pack("<H", bits))[0])


def _floats(value: int | bytes, form: str) -> list[float]:
    """Read one float, or many that are packed."""
    if isinstance(value, int):
        raise ValueError("a whole number where a float should be")  # noqa: TRY004 - of the file, not of the call
    n = min(len(value) // struct.calcsize(form), MOST_NUMBERS)
    return list(struct.unpack_from(f"<{n}{form}", value))


def _varints(value: int | bytes) -> Iterator[int]:
    """Read one whole number, or many that are packed."""
    if isinstance(value, int):
        yield value
        return
    at = n = 0
    while at < len(value) and n < MOST_NUMBERS:
        number, at = read_varint(value, at)
        n += 1
        yield number


def _setting(value: bytes) -> str:
    """Give a google.protobuf.Value as people write it: whole numbers without their point.

    Source: https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/struct.proto
    """
    for number, content in read_fields(value):
        if number == 2 and isinstance(content, bytes):
            double = float(struct.unpack("<d", content)[0]) if len(content) == 8 else float("nan")
            return f"{double:.0f}" if double.is_integer() and abs(double) < 1e15 else repr(double)
        if number == 3 and isinstance(content, bytes):
            return _text(content)
        if number == 4:
            return "true" if content else "false"
    return "null"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
