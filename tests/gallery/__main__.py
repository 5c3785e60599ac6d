"""`make gallery`: every kind of report as people see it, in pictures.

python -m tests.gallery                     all of them, into gallery/
python -m tests.gallery one_worse hostile   these
python -m tests.gallery --only page         one form of all of them
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from shutil import rmtree

from tests.gallery.cases import CASES
from tests.gallery.places import PLACES, write_pages
from tests.gallery.sheet import write_index, write_sheet
from tests.gallery.shots import Camera, open_camera, shoot


def main() -> int:
    """Make what was asked for; say what went wrong on the way, and end with 1 if anything did."""
    parser = argparse.ArgumentParser(prog="python -m tests.gallery", description="Pictures of reports.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CASES)}")
    parser.add_argument("--only", choices=("markdown", "page"), default="", help="one form of them")
    parser.add_argument("-o", type=Path, default=Path("gallery"), metavar="FOLDER", help="where they go")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    problems: list[str] = []
    with open_camera() as camera:
        for name in asked.names or CASES:
            try:
                problems += _make_case(camera, asked.o, name, asked.only)
            except Exception as error:  # one broken case must not take the others down
                problems.append(f"{name}: {type(error).__name__}: {error}")
    write_index(asked.o, {name: (make.__doc__ or "").strip() for name, make in CASES.items()})
    print(*problems, f"See {asked.o / 'index.html'}", sep="\n")
    return bool(problems)


def _make_case(camera: Camera, gallery: Path, name: str, only: str) -> list[str]:
    folder = gallery / name
    if not only:
        rmtree(folder, ignore_errors=True)
    shots: list[Path] = []
    problems: list[str] = []
    for place in write_pages(folder, name, CASES[name](), only):
        for look in PLACES[place].looks:
            shots.append(folder / "shots" / f"{place}.{look}.png")
            faults = shoot(camera, look, folder / f"{place}.html", shots[-1], PLACES[place].width)
            problems += [f"{name}, {place}.{look}: {fault}" for fault in faults]
    write_sheet(shots, gallery / f"{name}.png")
    print(name, flush=True)
    return problems


if __name__ == "__main__":
    sys.exit(main())
