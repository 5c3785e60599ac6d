"""How time and memory of a report grow with the number of files, and with the rows of one.

Run it by ``.venv/bin/python -m tests.bench.growth``. The power is of the last tenfold, where starting Python hardly
counts any more: 1 is in proportion.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.curves import write_csv, write_jsonl
from tests.bench.turns import Took, middle, own, run

FILES = (1, 10, 100, 1_000)
ROWS = (10_000, 100_000, 1_000_000, 10_000_000)
ROUNDS = 3
HEADER = ("| a report of | takes | grows by the power | largest memory |", "|---|---|---|---|")


def main() -> None:
    print(*HEADER, sep="\n")
    measure("files of metrics", FILES, write_files)
    measure("rows of CSV, drawn", ROWS, lambda folder, n: write_csv(folder / "history.csv", n))
    measure("rows of JSON lines, drawn", ROWS, lambda folder, n: write_jsonl(folder / "history.jsonl", n))


def measure(what: str, sizes: tuple[int, ...], write: Callable[[Path, int], None]) -> None:
    took = []
    for n in sizes:
        with tempfile.TemporaryDirectory() as name:
            write(Path(name), n)
            took.append(middle([run(own("report", "-o", "out"), Path(name)) for _ in range(ROUNDS)]))
    print(row(what, sizes, took), flush=True)


def row(what: str, sizes: tuple[int, ...], took: list[Took]) -> str:
    power = math.log(took[-1].seconds / took[-2].seconds) / math.log(sizes[-1] / sizes[-2])
    sides = " / ".join(f"{one.seconds:.2f}" for one in took), " / ".join(f"{one.mebibytes:.0f}" for one in took)
    return f"| {' / '.join(f'{n:,}' for n in sizes)} {what} | {sides[0]} s | {power:.2f} | {sides[1]} MiB |"


def write_files(folder: Path, n: int) -> None:
    """Write so many files of five metrics."""
    for number in range(n):
        place = folder / f"model_{number}"
        place.mkdir()
        (place / "metrics.json").write_text(json.dumps({f"m{one}": one / 7 + number for one in range(5)}))


if __name__ == "__main__":
    main()
