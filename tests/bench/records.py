"""Measure records of main over smart HTTP: twenty jobs at once, and a history of 100 against one of 10,000.

Run it by ``.venv/bin/python -m tests.bench.records``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from cml_bot.as_json import dump_run
from cml_bot.baselines import record as baseline
from cml_bot.model import Base, Build, Metric, Run
from tests import repositories as real
from tests.baselines import CI, read
from tests.git_server import GitServer, serve
from tests.records import ci_variables

JOBS = 20
LENGTHS = (100, 10_000)
ROUNDS = 9


def main() -> None:
    with tempfile.TemporaryDirectory() as name, serve(Path(name)) as server:
        folder = Path(name)
        race(folder, server)
        histories(folder, server)


def race(folder: Path, server: GitServer) -> None:
    clones, sha = make_clones(folder, server, JOBS)
    start = time.monotonic()
    with ThreadPoolExecutor(JOBS) as pool:
        times = list(pool.map(lambda clone: run_job(clone, sha, folder), clones))
    count = real.git(folder / "remote.git", "rev-list", "--count", "mlbot/report")
    print(
        f"{JOBS} jobs at once: {count} records, slowest {max(times):.2f} s, median {statistics.median(times):.2f} s, "
    )
    print(f"  all within {time.monotonic() - start:.2f} s, {server.pushes} requests to push")


def make_clones(folder: Path, server: GitServer, count: int) -> tuple[list[Path], str]:
    """Depth-1 checkouts of main, each with numbers of its own."""
    source = real.make_repository(folder / "source")
    real.commit(source, {"readme.txt": "x"})
    sha = real.commit(source, {"train.py": "y"})
    real.publish(source, folder / "remote.git")
    real.git(folder / "remote.git", "config", "http.receivepack", "true")
    clones = []
    for number in range(count):
        clone = real.clone(server.address(), folder / f"job-{number}", "--depth=1")
        (clone / "metrics.json").write_text(f'{{"accuracy": {0.5 + number / 1000}}}')
        clones.append(clone)
    return clones, sha


def run_job(clone: Path, sha: str, folder: Path) -> float:
    start = time.monotonic()
    env = ci_variables(sha, folder)
    done = subprocess.run(
        [sys.executable, "-m", "cml_bot", "record"], cwd=clone, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return time.monotonic() - start


def histories(folder: Path, server: GitServer) -> None:
    medians = []
    for length in LENGTHS:
        place = folder / f"history-{length}"
        place.mkdir()
        tip = import_history(place, length)
        clone = real.clone(server.address(f"{place.name}/remote.git"), place / "clone", "--depth=1", "--branch=main")
        build = replace(CI, on_main=True, sha=tip)
        times = []
        for _ in range(ROUNDS):
            start = time.monotonic()
            found = load(clone, build)
            times.append(time.monotonic() - start)
            assert len(found.history) == 50, len(found.history)
        medians.append(statistics.median(times))
        print(f"history of {length} records: the last 50 in {medians[-1]:.3f} s (median of {ROUNDS})")
    print(f"ratio {medians[1] / medians[0]:.2f}")


def load(clone: Path, build: Build) -> Base:
    found = baseline.load(clone, build, "", read, "report")
    assert isinstance(found, Base), found
    return found


def import_history(place: Path, length: int) -> str:
    """Put that many commits on main, a record of each on the branch, and one more commit; give the last."""
    remote = place / "remote.git"
    real.git(place, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    real.git(remote, "config", "uploadpack.allowFilter", "true")
    real.git(remote, "config", "uploadpack.allowAnySHA1InWant", "true")
    who = "committer Ada <ada@example.com>"
    lines = [f"commit refs/heads/main\n{who} {1_700_000_000 + n} +0000\ndata 1\nx\n" for n in range(length + 1)]
    real.git(remote, "fast-import", "--quiet", given="".join(lines))
    line = real.git(remote, "rev-list", "--reverse", "main").split()
    lines = []
    for n, sha in enumerate(line[:-1]):
        made = Run(sha=sha, created="2026-11-20T12:00:00Z", metrics=(Metric(name="accuracy", values=(n,)),))
        text = dump_run(made)
        lines.append(f"commit refs/heads/mlbot/report\n{who} {1_700_000_000 + n} +0000\ndata 1\nx\n")
        lines.append(f"M 100644 inline run.json\ndata {len(text)}\n{text}\n")
    real.git(remote, "fast-import", "--quiet", given="".join(lines))
    real.git(remote, "repack", "-adq")
    return line[-1]


if __name__ == "__main__":
    main()
