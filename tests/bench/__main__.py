"""All measurements, one after the other; with --readme their tables go between the README's comments.

Run it by ``.venv/bin/python -m tests.bench [--readme] [NAME ...]``. Each is a program of its own, so that none is
measured beside what another has left in memory.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent
README, MARK = FOLDER.parent.parent / "README.md", "bench"
NO_PROGRAMS = {"__init__", "__main__", "turns"}
HEADER = ("| work | the tool's own way | mlbot | ratio | at most |", "|---|---|---|---|---|")
"""Of the rows that `turns.row` makes: another tool beside mlbot."""


def main() -> None:
    names = sorted({path.stem for path in FOLDER.glob("*.py")} - NO_PROGRAMS)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}; all by default")
    parser.add_argument("--readme", action="store_true", help="write the tables into the README")
    given = parser.parse_args()
    wanted = given.names or names
    if not set(wanted) <= set(names):
        parser.error(f"no such measurement; there are {', '.join(names)}")
    said = {name: list(run(name, update=given.readme)) for name in wanted}
    peers = [line for name in wanted for line in said[name] if is_row_of_peers(line)]
    growth = [line for line in said.get("growth", ()) if line.startswith("|")]
    tables = "\n".join([*((*HEADER, *peers) if peers else ()), "", *growth]).strip()
    print(f"\n{tables}")
    if given.readme:
        write(tables)


def run(name: str, *, update: bool) -> Iterator[str]:
    """Give what a program says, line by line and at once."""
    # That one has a part of the README to itself.
    options = ["--update"] if name == "verdicts" and update else []
    command = [sys.executable, "-m", f"tests.bench.{name}", *options]
    print(f"\n{name}", flush=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            yield line.rstrip("\n")
    if process.returncode:
        sys.exit(f"{name} left {process.returncode}")


def is_row_of_peers(line: str) -> bool:
    """Whether it ends in a ratio, and the ratio that is wanted."""
    return bool(re.fullmatch(r"\|.*\| [\d.]+ \| [\d.]+ \|", line))


def write(tables: str) -> None:
    """Put the tables between the README's two comments."""
    text = README.read_text(encoding="utf-8")
    part = re.compile(rf"(?<=<!-- {MARK} -->\n).*(?=<!-- end of {MARK} -->)", re.DOTALL)
    if not part.search(text):
        sys.exit(f"the README has no place for the tables: write <!-- {MARK} --> and <!-- end of {MARK} -->")
    README.write_text(part.sub(lambda _: f"\n{tables}\n\n", text), encoding="utf-8")


if __name__ == "__main__":
    main()
