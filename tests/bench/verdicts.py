"""How often the verdict is wrong: simulated histories of main, through the same `compare` and `judge` as a report.

Run with `python -m tests.bench.verdicts [--trials 20000] [--update]`; the numbers are the same each time, and --update
writes them into the README.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cml_bot.compare import compare
from cml_bot.config import Config
from cml_bot.judge import judge
from cml_bot.model import Goal, Metric, Outcome, Rule, Run, Trend

README, MARK = Path(__file__).parents[2] / "README.md", "verdicts"
Values = NDArray[np.float64]
TRIALS = 20_000
BATCH = 250
"""Trials of one call of `compare`: each is a metric of its own, and its p does not depend on the others."""
RULES = (Rule(pattern="*", goal=Goal.HIGHER),)
LEVEL, NOISE = 0.85, 0.004
"""An accuracy and its standard deviation from one training to the next: any others give the same."""
DROP = 2.5
"""The true change that has to be found, in standard deviations."""
LENGTHS = (5, 10, 20, 30)
LENGTHS_WITH_DROP = (10, 20)
FAMILY, FAMILY_LENGTHS = 20, (8, 20)
STABLE_SHARE, OTHER_SHARE = 4, 20
"""A family has so many times fewer trials, stable or of another history: each is twenty histories."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What main's history is like, and what the verdict on it has to reach, in percent."""

    name: str
    alarms: tuple[float, ...]
    """At most, for each of LENGTHS."""
    found: tuple[float, ...] = ()
    """At least, for each of LENGTHS_WITH_DROP."""


KINDS = {
    "normal": Kind("normal, stable", (6, 6, 6, 6), (68, 74)),
    "crash": Kind("one crashed run in it (10 sigma away)", (9, 7, 6, 6), (66, 73)),
    "shift": Kind("a level shift of 3 sigma somewhere in it", (10, 8, 7, 7), (58, 68)),
    "tails": Kind("heavy tails (t with 3 degrees of freedom)", (9, 8, 7, 7)),
    "autocorrelated": Kind("autocorrelated (AR 0.5)", (12, 10, 8, 7)),
    "ties": Kind("rounded to half a sigma", (8, 8, 8, 8)),
}


def draw(kind: str, n: int, trials: int, rng: np.random.Generator) -> Values:
    """Histories and the run after each, shape (trials, n + 1), in standard deviations around 0."""
    values = rng.standard_normal((trials, n + 1))
    rows = np.arange(trials)
    match kind:
        case "crash":
            values[rows, rng.integers(0, n, trials)] -= 10
        case "shift":
            # Up or down; at least the last run of the history, the base, is on the new level, and so is the head.
            starts, signs = rng.integers(1, n, trials), rng.choice([-1, 1], trials)
            values += 3 * signs[:, None] * (np.arange(n + 1) >= starts[:, None])
        case "tails":
            values = rng.standard_t(3, (trials, n + 1)) / np.sqrt(3)
        case "autocorrelated":
            for step in range(1, n + 1):
                values[:, step] = 0.5 * values[:, step - 1] + np.sqrt(0.75) * values[:, step]
        case "ties":
            values = np.round(values * 2) / 2
    return values


def count_alarms(kind: str, n: int, trials: int) -> tuple[float, float]:
    """The share of heads called worse at one-sided 0.05, without a change and with a drop."""
    rng = np.random.default_rng([list(KINDS).index(kind), n])
    alarms = finds = 0
    for start in range(0, trials, BATCH):
        values = draw(kind, n, min(BATCH, trials - start), rng)
        history, head = make_runs(values), values[:, -1]
        alarms += count_worse(history, head)
        if n in LENGTHS_WITH_DROP:
            finds += count_worse(history, head - DROP)
    return 100 * alarms / trials, 100 * finds / trials


def make_runs(values: Values) -> list[Run]:
    return [make_run(column) for column in values.T[:-1]]


def make_run(column: Values) -> Run:
    return Run(metrics=tuple(Metric(name=f"m{n}", values=(LEVEL + NOISE * x,)) for n, x in enumerate(column.tolist())))


def count_worse(history: list[Run], head: Values) -> int:
    deltas = compare(make_run(head), history[-1], RULES, history=history)
    return sum(d.is_wrong_way and d.evidence.p is not None and d.evidence.p / 2 <= 0.05 for d in deltas)


def count_families(kind: str, n: int, trials: int) -> tuple[float, float]:
    """The share of reports of FAMILY gated metrics without a change in which any gate fails, and any mark is set."""
    gates = Config(fail_on=("* regressed",)).gates
    rng = np.random.default_rng([99, list(KINDS).index(kind), n])
    failed = marked = 0
    for _ in range(trials):
        history = make_runs(values := draw(kind, n, FAMILY, rng))
        deltas = compare(make_run(values[:, -1]), history[-1], RULES, ["*"], history)
        failed += judge(deltas, gates, (), date(2026, 1, 1)).outcome is Outcome.FAIL
        marked += any(delta.trend in (Trend.BETTER, Trend.WORSE) for delta in deltas)
    return 100 * failed / trials, 100 * marked / trials


def measure(trials: int) -> Iterator[str]:
    """Print the tables as Markdown, by two processes."""
    with ProcessPoolExecutor(2) as pool:
        cells = {(kind, n): pool.submit(count_alarms, kind, n, trials) for kind in KINDS for n in reversed(LENGTHS)}
        families = {
            (kind, n): pool.submit(
                count_families, kind, n, trials // (STABLE_SHARE if kind == "normal" else OTHER_SHARE)
            )
            for kind in KINDS
            for n in reversed(FAMILY_LENGTHS)
        }
        yield "| main's history | false alarms after 5 / 10 / 20 / 30 runs | finds a drop of 2.5 sigma after 10 / 20 |"
        yield "|---|---|---|"
        for key, kind in KINDS.items():
            alarms = [cells[key, n].result()[0] for n in LENGTHS]
            found = [cells[key, n].result()[1] for n in LENGTHS_WITH_DROP]
            yield f"| {kind.name} | {tell(alarms)} | {tell(found)} |"
        yield ""
        yield f"| {FAMILY} gated metrics, none changed | any gate fails after 8 / 20 runs | any mark after them |"
        yield "|---|---|---|"
        for key, kind in KINDS.items():
            failed, marked = zip(*(families[key, n].result() for n in FAMILY_LENGTHS), strict=True)
            yield f"| {kind.name}, each | {tell(failed)} | {tell(marked)} |"


def tell(shares: Iterable[float]) -> str:
    return " / ".join(f"{share:.1f}" for share in shares) + " %"


def update(lines: list[str]) -> None:
    """Put the tables between the README's two comments."""
    text = README.read_text(encoding="utf-8")
    table = "\n".join(lines)
    part = re.compile(rf"(?<=<!-- {MARK} -->\n).*(?=<!-- end of {MARK} -->)", re.DOTALL)
    README.write_text(part.sub(lambda _: f"\n{table}\n\n", text), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--update", action="store_true")
    started = time.perf_counter()
    given = parser.parse_args()
    lines = []
    for line in measure(given.trials):
        print(line, flush=True)
        lines.append(line)
    if given.update:
        update(lines)
    print(f"\n{given.trials:,} trials a cell, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
