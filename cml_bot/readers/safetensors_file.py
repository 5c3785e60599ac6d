"""Models in safetensors: only the header is read, which describes every tensor.

Source: https://huggingface.co/docs/safetensors/index#format
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.readers._text import unreadable
from cml_bot.readers._weights import CURE, LARGEST_HEADER, Tensor, as_shape, observe_weights, size_of
from cml_bot.readers.json_file import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cml_bot.model import Observation

_METADATA = "__metadata__"


def read(path: Path, x: str | None = None) -> Iterator[Observation]:  # noqa: ARG001 - a model has no columns
    """Yield size, number of parameters and types.

    Raises:
        InputError: it is no safetensors file, or cut.
    """
    size = size_of(path)
    header, _ = parse_json(_read_header(path, size), path.name)
    if not isinstance(header, dict):
        raise InputError(path.name, "is no safetensors file", CURE)
    tensors, end = [], 0
    for name, entry in header.items():
        if name != _METADATA:
            shape = as_shape(entry.get("shape")) if isinstance(entry, dict) else None
            offsets = as_shape(entry.get("data_offsets")) if isinstance(entry, dict) else None
            if shape is None or offsets is None or len(offsets) != 2:
                raise InputError(path.name, f"describes no tensor under {name[:60]}", CURE)
            tensors.append(Tensor(str(entry.get("dtype"))[:20], shape))
            end = max(end, offsets[1])
    if end > size:
        raise InputError(path.name, "ends in the middle of a tensor", "Look whether the job was stopped.")
    yield from observe_weights(size, tensors)


def _read_header(path: Path, size: int) -> str:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(size - 8, LARGEST_HEADER):
                raise InputError(path.name, "is no safetensors file, or cut", CURE)
            return file.read(length).decode("utf-8", "replace")
    except OSError as error:
        raise unreadable(path.name, error) from error
