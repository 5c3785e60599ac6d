"""Models in ONNX: the shapes of their initializers, found by walking over the file without reading the weights.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, BinaryIO

from cml_bot.errors import InputError
from cml_bot.readers._protobuf import BYTES, VARINT, WireError, read_varint
from cml_bot.readers._text import unreadable
from cml_bot.readers._weights import CURE, Tensor, as_shape, observe_weights, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cml_bot.model import Observation

_GRAPH, _INITIALIZER = 7, 5
_DIMS, _TYPE, _LOCATION = 1, 2, 14
_EXTERNAL = 1
_TYPES = {
    1: "F32",
    2: "U8",
    3: "I8",
    4: "U16",
    5: "I16",
    6: "I32",
    7: "I64",
    9: "BOOL",
    10: "F16",
    11: "F64",
    16: "BF16",
}
_BITS = {"F64": 64, "I64": 64, "F32": 32, "I32": 32, "F16": 16, "BF16": 16, "I16": 16, "U16": 16}
"""How many each number takes where it lies in another file; of other types 8."""
_SIZES = {1: 8, 5: 4}
_LARGEST_SHAPE = 640
"""Bytes of a shape."""
_MOST = 1_000_000
"""Fields of a model or graph that are looked at."""

Span = tuple[int, int]


def read(path: Path, x: str | None = None) -> Iterator[Observation]:  # noqa: ARG001 - a model has no columns
    """Yield size, number of parameters and types. A constant that was folded into the graph is none of them.

    The size is that with the weights that lie in another file.

    Raises:
        InputError: it is no model in ONNX, or cut.
    """
    size = size_of(path)
    try:
        with path.open("rb") as file:
            graphs = [span for number, span in _walk(file, (0, size)) if number == _GRAPH and isinstance(span, tuple)]
            described = [
                _tensor(file, span)
                for graph in graphs
                for number, span in _walk(file, graph)
                if number == _INITIALIZER and isinstance(span, tuple)
            ]
    except OSError as error:
        raise unreadable(path.name, error) from error
    except WireError as error:
        raise InputError(path.name, f"is no model in ONNX, or cut ({error})", CURE) from error
    if not graphs:
        raise InputError(path.name, "is no model in ONNX", CURE)
    # That other file may be missing on one side, as it is too large for git: its size has to be alike on both.
    elsewhere = sum(_bytes_of(tensor) for tensor, is_external in described if is_external)
    yield from observe_weights(size + elsewhere, [tensor for tensor, _ in described])


def _bytes_of(tensor: Tensor) -> int:
    return math.prod(tensor.shape) * _BITS.get(tensor.dtype, 8) // 8


def _walk(file: BinaryIO, span: Span) -> Iterator[tuple[int, int | Span]]:
    """Yield number and value of each field: a whole number, or the place of what has a length."""
    at, end = span
    for _ in range(_MOST):
        if at >= end:
            return
        file.seek(at)
        head = file.read(min(20, end - at))
        tag, used = read_varint(head, 0)
        wire = tag & 7
        if wire == VARINT:
            value, used = read_varint(head, used)
            yield tag >> 3, value
        elif wire == BYTES:
            size, used = read_varint(head, used)
            if size > end - at - used:
                raise WireError("a field is cut")
            yield tag >> 3, (at + used, at + used + size)
            used += size
        elif wire in _SIZES:
            used += _SIZES[wire]
        else:
            raise WireError(f"there is no kind {wire}")
        at += used
    raise WireError("it has too many fields")


def _tensor(file: BinaryIO, span: Span) -> tuple[Tensor, bool]:
    """Return shape and type of a tensor, and whether its numbers lie in another file."""
    dims: list[int] = []
    kind = location = 0
    for number, value in _walk(file, span):
        if number == _DIMS:
            dims += [value] if isinstance(value, int) else _read_packed(file, value)
        elif number == _TYPE and isinstance(value, int):
            kind = value
        elif number == _LOCATION and isinstance(value, int):
            location = value
    shape = as_shape(dims)
    if shape is None:
        raise WireError("a tensor has no shape")
    return Tensor(_TYPES.get(kind, f"type {kind}"), shape), location == _EXTERNAL


def _read_packed(file: BinaryIO, span: Span) -> list[int]:
    start, end = span
    if end - start > _LARGEST_SHAPE:
        raise WireError("a tensor has no shape")
    file.seek(start)
    data = file.read(end - start)
    found, at = [], 0
    while at < len(data):
        value, at = read_varint(data, at)
        found.append(value)
    return found
