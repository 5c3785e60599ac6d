"""What there is to say of a model's file: its size, how many numbers its tensors hold, and of which types."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.errors import InputError
from cml_bot.model import Metric, Param, Role
from cml_bot.readers._text import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from cml_bot.model import Observation

LARGEST_HEADER = 100 * 1024 * 1024
"""Bytes of what describes the tensors."""
_LARGEST_PRODUCT = 1 << 100
"""More numbers than any model holds, and few enough that their sum is a float."""
CURE = "Save the model again, or take it out of the sources."


class Tensor(NamedTuple):
    """A tensor as its file describes it."""

    dtype: str
    shape: tuple[int, ...]


def observe_weights(size: int, tensors: Sequence[Tensor] | None) -> Iterator[Observation]:
    """Yield the size in bytes, and the number of parameters, buffers of layers among them, where it is known."""
    yield Metric(name="size", values=(size,), unit="bytes", role=Role.BOOKKEEPING, is_exact=True)
    if tensors is not None:
        count = sum(math.prod(tensor.shape) for tensor in tensors)
        yield Metric(name="parameters", values=(count,), role=Role.BOOKKEEPING, is_exact=True)
        if tensors:
            yield Param(name="dtype", value=", ".join(_most_first(tensors)))


def _most_first(tensors: Iterable[Tensor]) -> list[str]:
    counts: dict[str, int] = {}
    for tensor in tensors:
        counts[tensor.dtype] = counts.get(tensor.dtype, 0) + math.prod(tensor.shape)
    return sorted(counts, key=lambda dtype: (-counts[dtype], dtype))


def as_shape(value: object) -> tuple[int, ...] | None:
    """Return a list of whole numbers that are not negative as a shape; None for anything else, and what no disk holds.

    Example:
        >>> as_shape([16, 64]), as_shape([]), as_shape([-1]), as_shape("16"), as_shape([2**47] * 60)
        ((16, 64), (), None, None, None)
    """
    if not isinstance(value, list | tuple) or len(value) > 64:
        return None
    sizes = tuple(each for each in value if type(each) is int and 0 <= each < 1 << 48)
    return sizes if len(sizes) == len(value) and math.prod(sizes) < _LARGEST_PRODUCT else None


def size_of(path: Path) -> int:
    """Return the bytes of a file.

    Raises:
        InputError: it cannot be looked at, or is empty.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise unreadable(path.name, error) from error
    if not size:
        raise InputError(path.name, "is empty", CURE)
    return size
