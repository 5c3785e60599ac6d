"""DVC beside mlbot: two revisions with one small metrics file, and with two thousand of them.

Run it by ``.venv/bin/python -m tests.bench.dvc``; it installs DVC in an environment of its own. Both programs are
compiled beforehand, as they are where they were installed.
"""

from __future__ import annotations

import compileall
import json
import sys
import tempfile
from pathlib import Path

from tests.bench.turns import Took, install, middle, own, row, run
from tests.repositories import CLEAN, commit, git, make_repository

DVC = "dvc==3.67.1"
ROUNDS = 5
MANY = 2_000
QUIET = {**CLEAN, "DVC_NO_ANALYTICS": "1"}
PACKAGE = Path(__file__).parent.parent.parent / "cml_bot"


def main() -> None:
    dvc = install("dvc", DVC).parent / "dvc"
    for folder in (PACKAGE, Path(sys.prefix), dvc.parent.parent):
        compileall.compile_dir(folder, quiet=2)
    with tempfile.TemporaryDirectory() as name:
        few, many = make_few(Path(name) / "few"), make_many(Path(name) / "many")
        for work, root, at_most in (("metrics, 1 file", few, 0.25), (f"metrics, {MANY} files", many, 0.08)):
            peer, mine = measure(dvc, root)
            print(row(work, peer, mine, at_most), flush=True)


def measure(dvc: Path, root: Path) -> tuple[Took, Took]:
    """Time both in turns, so that what else the machine does hits both."""
    theirs, ours = [], []
    for _ in range(ROUNDS):
        theirs.append(run([dvc, "metrics", "diff", "base", "head", "--json"], root, QUIET))
        ours.append(run(own("report", "--against=base", "--head=head", "--format=json"), root, QUIET))
    return middle(theirs), middle(ours)


def make_few(root: Path) -> Path:
    names = {"dvc.yaml": "metrics: [metrics.json]\n", "params.yaml": "lr: 0.1\nmodel: {depth: 3}\n"}
    return _make(root, names, {"metrics.json": '{"accuracy": 0.9, "f1": 0.8}'}, {"metrics.json": '{"accuracy": 0.91}'})


def make_many(root: Path) -> Path:
    paths = [f"eval/{number // 100}/m{number}.json" for number in range(MANY)]
    names = {"dvc.yaml": "metrics:\n" + "".join(f"- {path}\n" for path in paths)}
    sides = ({path: json.dumps({"acc": place / MANY + more}) for place, path in enumerate(paths)} for more in (0, 1))
    return _make(root, names, *sides)


def _make(root: Path, both: dict[str, str], base: dict[str, str], head: dict[str, str]) -> Path:
    make_repository(root)
    commit(root, {".dvc/config": "", ".dvc/.gitignore": "/tmp\n/cache\n", **both, **base})
    git(root, "tag", "base")
    commit(root, head)
    git(root, "tag", "head")
    return root


if __name__ == "__main__":
    main()
