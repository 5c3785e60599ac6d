"""The wire format of protocol buffers, which TensorBoard, W&B and ONNX write."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.readers._protobuf import (
    MOST_FIELDS,
    WireError,
    as_signed,
    bytes_of,
    int_of,
    read_fields,
    read_message,
    read_varint,
)


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    with suppress(WireError):
        assert len(list(read_fields(data))) <= len(data)


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (b"\x08", "no end"),
        (b"\x08" + b"\xff" * 11, "no end"),
        (b"\x00\x01", "no field 0"),
        (b"\x12\x05hi", "field 2 is cut"),
        (b"\x12\xff\xff\xff\xff\x7fhi", "field 2 is cut"),
        (b"\x0d\x01", "field 1 is cut"),
        (b"\x0b", "field 1 is cut"),
        (b"\x08\x01" * (MOST_FIELDS + 1), "too many fields"),
    ],
)
def test_what_is_no_message(data: bytes, flaw: str) -> None:
    with pytest.raises(WireError, match=flaw):
        list(read_fields(data))


def test_numbers_have_64_bits() -> None:
    largest, _ = read_varint(b"\xff" * 9 + b"\x7f", 0)
    assert largest == 2**64 - 1
    assert as_signed(largest) == -1
    assert as_signed(2**63 - 1) == 2**63 - 1


def test_a_field_of_another_kind_is_as_good_as_none() -> None:
    message = read_message(b"\x08\x05\x12\x02hi\x08\x07")
    assert (int_of(message, 1), bytes_of(message, 2)) == (7, b"hi")
    assert (int_of(message, 2), bytes_of(message, 1)) == (0, b"")
    assert (int_of(message, 3), bytes_of(message, 3)) == (0, b"")
