"""Every reader on thousands of damaged real files: only `InputError`, in bounded time and memory."""

from __future__ import annotations

import resource
import time
import zlib
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.test_readers_mutated import FOLDERS, check_mutation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MUTATIONS = 10_000
MEMORY = 3 * 2**30
SECONDS = 5.0


@pytest.fixture(scope="module", autouse=True)
def _bounded_memory() -> Iterator[None]:
    """An allocation beyond the bound fails the test, and leaves the machine alone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_mutations(folder: Path, tmp_path: Path) -> None:
    for number in range(-(-MUTATIONS // len(FOLDERS))):
        start = time.perf_counter()
        check_mutation(folder, tmp_path, Random(zlib.crc32(f"{folder.name} {number}".encode())))
        took = time.perf_counter() - start
        assert took < SECONDS, f"mutation {number} took {took:.1f} s"
