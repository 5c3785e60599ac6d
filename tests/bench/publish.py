"""Measure the whole command in a job of each forge, on loopback: requests, and seconds beside what Python itself takes.

Run it by ``.venv/bin/python -m tests.bench.publish``.
"""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cml_bot.forges import FORGES
from tests.forges.every import Case, start
from tests.forges.jobs import job_of
from tests.repositories import commit, git, make_repository, switch

ROUNDS = 15
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}
LIBRARIES = {"github": "github", "gitlab": "gitlab", "bitbucket": "requests"}


def main() -> None:
    compileall.compile_dir(Path(__file__).parent.parent.parent / "cml_bot", quiet=1)
    for name in FORGES:
        with tempfile.TemporaryDirectory() as folder, start(name) as case:
            measure(case, Path(folder))


def measure(case: Case, folder: Path) -> None:
    repository = make_repository(folder / "churn")
    write(repository, 0.89)
    commit(repository)
    switch(repository, "wider")
    write(repository, 0.90)
    commit(repository)
    sha, base = git(repository, "rev-parse", "HEAD"), git(repository, "rev-parse", "main")
    plain: list[float] = []
    library: list[float] = []
    update: list[float] = []
    unchanged: list[float] = []
    report(case, repository, sha, base, 5000)
    costs: dict[str, Counter[str]] = {}
    for number in range(1, ROUNDS + 1):
        plain.append(run(repository, {}, "-c", "pass"))
        library.append(run(repository, {}, "-c", f"import {LIBRARIES[case.name]}"))
        write(repository, 0.90 + number / 1000)
        for kind, times in (("update", update), ("unchanged", unchanged)):
            case.server.requests.clear()
            times.append(report(case, repository, sha, base, 5000 + number))
            costs[kind] = Counter(method for method, _ in case.server.requests)
    told = ", ".join(f"{kind} {dict(cost)}" for kind, cost in costs.items())
    print(f"{case.name}: requests, of which one POST marks the commit: {told}")
    for kind, times in (("update", update), ("unchanged", unchanged)):
        seconds = statistics.median(times)
        ratio = seconds / statistics.median(library)
        print(f"  {kind}: {seconds:.2f} s, slowest {max(times):.2f} s; {ratio:.1f} times importing its library alone")
    print(f"  Python {statistics.median(plain):.2f} s, with its library {statistics.median(library):.2f} s")


def write(repository: Path, accuracy: float) -> None:
    (repository / "metrics.json").write_text(f'{{"accuracy": {accuracy}, "f1": 0.8}}')
    (repository / "params.yaml").write_text("lr: 0.01\n")


def report(case: Case, repository: Path, sha: str, base: str, number: int) -> float:
    job = job_of(case, repository.parent, sha, base, number)
    return run(repository, job, "-m", "cml_bot", "report")


def run(folder: Path, env: dict[str, str], *arguments: str) -> float:
    command: Sequence[str] = (sys.executable, *arguments)
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, env=ENVIRONMENT | env, check=True, capture_output=True, timeout=60)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
