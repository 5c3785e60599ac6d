"""Two programs on the same work, in turns: medians, ratio and largest memory of whole processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PEERS = Path(os.environ.get("MLBOT_BENCH_PEERS", Path.home() / ".cache" / "mlbot-bench"))
"""Where the peers' environments are kept from one run to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one run of a program cost."""

    seconds: float
    mebibytes: float
    """The largest resident memory of the process, or of one it waited for."""


def install(name: str, *packages: str) -> Path:
    """Give the Python of an environment that holds a peer; make it where it is not there."""
    folder = PEERS / name
    python = folder / "bin" / "python"
    done = folder / "installed"
    if not done.exists() or done.read_text() != "\n".join(packages):
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True
        )
        done.write_text("\n".join(packages))
    return python


def run(
    command: Sequence[str | Path], folder: Path, env: Mapping[str, str] | None = None, out: Path | None = None
) -> Took:
    """Run a program to its end, its output to a file or nowhere. It has to leave 0."""
    with Path(out or os.devnull).open("wb") as sink, (folder / "stderr.txt").open("wb") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command], cwd=folder, env={**os.environ, **(env or {})}, stdout=sink, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]} left {process.returncode}: {(folder / 'stderr.txt').read_text()[-2000:]}")
    return Took(seconds=took, mebibytes=usage.ru_maxrss / 1024)


def middle(runs: Sequence[Took]) -> Took:
    """Give the median of the seconds, and the most memory."""
    return Took(seconds=statistics.median(one.seconds for one in runs), mebibytes=max(one.mebibytes for one in runs))


def own(*arguments: str | Path) -> list[str | Path]:
    """Give the command line of mlbot as it is installed here."""
    return [Path(sys.executable).parent / "mlbot", *arguments]


def row(work: str, peer: Took, mine: Took, at_most: float) -> str:
    """Give a row of the README's table: work, peer, mlbot, ratio, and the ratio wanted."""
    ratio = mine.seconds / peer.seconds
    sides = (f"{one.seconds:.2f} s, {one.mebibytes:.0f} MiB" for one in (peer, mine))
    return f"| {work} | {' | '.join(sides)} | {ratio:.3f} | {at_most} |"
