"""A long curve of two revisions, drawn: DVC beside mlbot, on one CSV of a million rows.

Run it by ``.venv/bin/python -m tests.bench.curves``; it installs DVC in an environment of its own. Both programs are
compiled beforehand, as they are where they were installed.
"""

from __future__ import annotations

import compileall
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.bench.turns import Took, install, middle, own, row, run
from tests.repositories import CLEAN, commit, git, make_repository

DVC = "dvc==3.67.1"
"""As in the other measurement of DVC: both use one environment."""
ROWS = 1_000_000
ROUNDS = 3
AT_MOST = 0.3
QUIET = {**CLEAN, "DVC_NO_ANALYTICS": "1", "PYTHONDONTWRITEBYTECODE": ""}
PACKAGE = Path(__file__).parent.parent.parent / "cml_bot"


def main() -> None:
    dvc = install("dvc", DVC).parent / "dvc"
    for folder in (PACKAGE, Path(os.__file__).parent, *dvc.parent.parent.glob("lib/*/site-packages")):
        compileall.compile_dir(folder, quiet=2)
    theirs: list[Took] = []
    ours: list[Took] = []
    with tempfile.TemporaryDirectory() as name:
        root, out = make(Path(name) / "work"), Path(name)
        target = ("--targets", "history.csv", "-x", "step", "-y", "loss")
        for _ in range(ROUNDS):
            theirs.append(run([dvc, "plots", "diff", "base", "head", *target, "-o", out / "dvc"], root, QUIET))
            ours.append(run(own("report", "--against=base", "--head=head", "-o", out / "own"), root, QUIET))
            assert list((out / "own" / "figures").glob("*loss*.png"))
        megabytes = (root / "history.csv").stat().st_size / 1e6
    print(row(f"curve of {ROWS:,} rows, {megabytes:.0f} MB a side, drawn", middle(theirs), middle(ours), AT_MOST))


def make(root: Path) -> Path:
    """A repository with one history at two revisions."""
    make_repository(root)
    for revision, seed in (("base", 1), ("head", 2)):
        write_csv(root / "history.csv", ROWS, seed)
        commit(root, {".dvc/config": "", ".dvc/.gitignore": "/tmp\n/cache\n"})
        git(root, "tag", revision)
    return root


def write_csv(path: Path, n: int, seed: int = 1) -> None:
    """Write so many steps of a loss and an accuracy."""
    with path.open("w") as file:
        file.write("step,loss,accuracy\n")
        for columns in make_steps(n, seed):
            file.writelines(f"{step},{loss!r},{accuracy!r}\n" for step, loss, accuracy in zip(*columns, strict=True))


def write_jsonl(path: Path, n: int, seed: int = 1) -> None:
    """Write the same as lines of JSON."""
    with path.open("w") as file:
        for columns in make_steps(n, seed):
            file.writelines(
                f'{{"step": {step}, "loss": {loss!r}, "accuracy": {accuracy!r}}}\n'
                for step, loss, accuracy in zip(*columns, strict=True)
            )


def make_steps(n: int, seed: int, piece: int = 100_000) -> Iterator[tuple[list[int], list[float], list[float]]]:
    """Give steps, losses and accuracies in pieces, noisy as those of a training."""
    noise = np.random.default_rng(seed)
    for start in range(0, n, piece):
        steps = np.arange(start, min(start + piece, n))
        loss = 2 * np.exp(-4 * steps / n) + 0.3 + 0.05 * noise.standard_normal(len(steps))
        accuracy = 1 - np.exp(-3 * steps / n) + 0.01 * noise.standard_normal(len(steps))
        yield steps.tolist(), loss.tolist(), accuracy.tolist()


if __name__ == "__main__":
    main()
