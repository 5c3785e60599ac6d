"""Many records of TensorBoard at once: those that differ in time, step and value alone, by arrays.

Imports numpy, and is imported on use, for large files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cml_bot.readers._tfevents import (
    AT_STEP,
    HEAD,
    LONGEST_FRAMED,
    MOST_STEP_BYTES,
    SHORTEST_FRAMED,
    STEP,
    SUMMARY,
    TAIL,
    VALUE_BYTES,
    WALL_TIME,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Places = NDArray[np.intp]

_ODD, _MOST = 0x9E3779B97F4A7C15, 2**64 - 1
_FEWEST = 8
"""Records of equal length for which arrays are worth it."""


class Framed(NamedTuple):
    """Records of which all bytes between step and value are the same."""

    frame: bytes
    """Those bytes."""
    places: Places
    """Shape (n,): which records they are, rising."""
    steps: NDArray[np.float64]
    values: NDArray[np.float64]
    """Shape of both (n,): what stands before the frame, and what their last four bytes are as a float32."""


def find_frames(block: bytes, edges: Sequence[int], known: Container[bytes]) -> tuple[list[Framed], list[int]]:
    """Give the records of a block whose frames are known, and the places of all others.

    Args:
        block: whole records, one after the other.
        edges: where each begins, and the last ends.
        known: frames of scalars.
    """
    data, at = np.frombuffer(block, dtype=np.uint8), np.asarray(edges)
    lengths = np.diff(at) - HEAD - TAIL
    is_left = np.ones(len(lengths), dtype=bool)
    found: list[Framed] = []
    for length in np.flatnonzero(np.bincount(np.minimum(lengths, LONGEST_FRAMED + 1))):
        places = np.flatnonzero(lengths == length)
        if SHORTEST_FRAMED <= length <= LONGEST_FRAMED and len(places) >= _FEWEST:
            rows = np.lib.stride_tricks.sliding_window_view(data, int(length))[at[places] + HEAD]
            for one in _by_step(rows, places, known):
                is_left[one.places] = False
                found.append(one)
    return found, np.flatnonzero(is_left).tolist()


def _by_step(rows: Bytes, places: Places, known: Container[bytes]) -> Iterator[Framed]:
    """Tell records of one length, shape (n, length), apart by how many bytes their step has."""
    ends = rows[:, AT_STEP + 1 : AT_STEP + 1 + MOST_STEP_BYTES] < 0x80
    n_bytes = np.where(rows[:, AT_STEP] == STEP, ends.argmax(axis=1) + 1, 0)
    is_known = (rows[:, 0] == WALL_TIME) & ((n_bytes > 0) & ends.any(axis=1) | (rows[:, AT_STEP] == SUMMARY))
    for n in np.unique(n_bytes[is_known]):
        own = is_known & (n_bytes == n)
        yield from _by_frame(rows[own], places[own], known, int(n))


def _by_frame(rows: Bytes, places: Places, known: Container[bytes], n: int) -> Iterator[Framed]:
    """Tell records with steps of n bytes apart by their frames."""
    begin = AT_STEP + 1 + n if n else AT_STEP
    frames = np.zeros((len(rows), -(-(rows.shape[1] - begin - VALUE_BYTES) // 8) * 8), dtype=np.uint8)
    frames[:, : rows.shape[1] - begin - VALUE_BYTES] = rows[:, begin:-VALUE_BYTES]
    # Shape (words, records): numpy is slow along short axes.
    words = np.ascontiguousarray(frames.view(np.uint64).T)
    sums = np.zeros(len(rows), dtype=np.uint64)
    for number, word in enumerate(words, 1):
        sums += word * np.uint64(number * _ODD & _MOST)
    # Equal frames have equal sums; whether equal sums have equal frames is looked up.
    _, firsts, kinds = np.unique(sums, return_index=True, return_inverse=True)
    is_equal = np.ones(len(rows), dtype=bool)
    for word in words:
        is_equal &= word == word[firsts[kinds]]
    steps = np.zeros(len(rows), dtype=np.uint64)
    for place in range(n):
        steps |= (rows[:, AT_STEP + 1 + place] & np.uint64(0x7F)) << np.uint64(7 * place)
    values = np.ascontiguousarray(rows[:, -VALUE_BYTES:]).view("<f4").ravel().astype(np.float64)
    order = np.argsort(kinds, kind="stable")
    bounds = np.searchsorted(kinds[order], np.arange(len(firsts) + 1)).tolist()
    for kind, first in enumerate(firsts.tolist()):
        frame = rows[first, begin:-VALUE_BYTES].tobytes()
        if frame in known:
            own = order[bounds[kind] : bounds[kind + 1]]
            own = own[is_equal[own]]
            yield Framed(frame, places[own], steps[own].astype(np.float64), values[own])
