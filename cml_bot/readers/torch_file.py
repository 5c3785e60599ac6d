"""Models that PyTorch saved, never unpickled: the shapes of their tensors are read off the pickle's opcodes.

Source: https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING

from cml_bot.model import Note
from cml_bot.readers._pickle_shapes import PickleError, find_tensors
from cml_bot.readers._text import unreadable
from cml_bot.readers._weights import Tensor, observe_weights, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cml_bot.model import Observation

_LARGEST = 64 * 1024 * 1024
"""Bytes of the pickle, which holds the shapes; the numbers lie beside it."""
_MOST_ENTRIES = 1_000_000
_BEGINNING = b"PK\x03\x04"


def read(path: Path, x: str | None = None) -> Iterator[Observation]:  # noqa: ARG001 - a model has no columns
    """Yield size, and number of parameters and types where the file tells them.

    Raises:
        InputError: it is empty or cannot be read.
    """
    size = size_of(path)
    tensors, reason = None, "is no archive of PyTorch"
    try:
        with path.open("rb") as file:
            if file.read(len(_BEGINNING)) == _BEGINNING:
                tensors, reason = _read_archive(path)
    except OSError as error:
        raise unreadable(path.name, error) from error
    yield from observe_weights(size, tensors)
    if tensors is None:
        yield Note(text=f"{reason}: its parameters are not counted. Save it with torch.save(model.state_dict(), …).")


def _read_archive(path: Path) -> tuple[list[Tensor] | None, str]:
    """Return the tensors, or the reason why they are not known."""
    try:
        with zipfile.ZipFile(path) as archive:
            named = [one for one in archive.infolist()[:_MOST_ENTRIES] if one.filename.endswith("/data.pkl")]
            if not named:
                return None, "is no archive of PyTorch"
            with archive.open(named[0]) as entry:
                data = entry.read(_LARGEST + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError):
        return None, "is an archive that is cut or damaged"
    if len(data) > _LARGEST:
        return None, "describes more than mlbot reads"
    try:
        return find_tensors(data), ""
    except PickleError as error:
        return None, f"is a pickle that mlbot does not follow ({error})"
