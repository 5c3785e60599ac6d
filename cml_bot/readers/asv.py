"""Results of airspeed velocity: one metric for each benchmark and combination of its parameters.

Source: https://asv.readthedocs.io/en/latest/dev.html#benchmark-suite-layout-and-file-formats
"""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import plural
from cml_bot.model import Goal, Metric, Note, Role
from cml_bot.readers._names import Names, some
from cml_bot.readers._numbers import as_number
from cml_bot.readers._parts import as_list
from cml_bot.readers._text import read_text
from cml_bot.readers._tree import MOST_METRICS
from cml_bot.readers.json_file import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cml_bot.model import Observation

_BENCHMARKS = "benchmarks.json"
_MACHINE = "machine.json"
MOST_FILES = 500
"""Results of a machine that are read to find the newest."""
_SHORT_SHA = 8
_UNITS = {"seconds": "s"}
_KINDS = {"time": "s", "timeraw": "s", "peakmemory": "bytes", "memory": "bytes", "track": ""}
"""How names begin, and what such a benchmark is measured in; smaller is better, but nobody knows of what is tracked."""


def read_store(files: Mapping[str, Path], sha: str) -> Iterator[Observation]:
    """Yield the results of a commit on each machine; of the newest one where there is none of it.

    Raises:
        InputError: there is no result in it that can be read.
    """
    broken: list[str] = []
    described = next((name for name in files if name.endswith(f"/{_BENCHMARKS}")), None)
    table = (_load(files, described, broken) or {}) if described else {}
    by_machine: dict[str, list[str]] = {}
    for name in files:
        if not name.endswith((f"/{_BENCHMARKS}", f"/{_MACHINE}")):
            by_machine.setdefault(name.split("/")[-2], []).append(name)
    found = {machine: _choose(files, paths, sha, broken) for machine, paths in by_machine.items()}
    results = {machine: result for machine, result in found.items() if result is not None}
    if not results:
        where = next(iter(files), "results")
        raise InputError(where, "there are no results of asv that can be read", "Run `asv run`.")
    names = Names()
    for machine, chosen in results.items():
        before = f"{machine}/" if len(results) > 1 else ""
        yield from _observe(chosen, table, names, before)
        if not sha or chosen.get("commit_hash") != sha:
            yield from _tell_other(machine, sha, len(by_machine[machine]))
    if broken:
        yield Note(text=f"{plural(len(broken), 'file')} not read: {some(broken)}. Run `asv run` again.")


def _tell_other(machine: str, sha: str, count: int) -> Iterator[Note]:
    """Yield what to say where the results are not those of a wanted commit."""
    if sha:
        yield Note(text=f"no results of commit {sha[:7]} on {machine}; the newest ones count. Run `asv run HEAD^!`.")
    if count > MOST_FILES:
        left = plural(count - MOST_FILES, "file")
        yield Note(text=f"{left} beyond {MOST_FILES} on {machine} not read. Keep the results of fewer commits.")


def _load(files: Mapping[str, Path], name: str, broken: list[str]) -> Mapping[str, object] | None:
    """Read a file; None where it cannot be read, and a line in `broken`."""
    try:
        document, _ = parse_json(read_text(files[name]), name)
        if not isinstance(document, dict):
            raise InputError(name, "is not a file of asv", "Run `asv run` again.")
    except InputError as error:
        broken.append(f"{name.rpartition('/')[2]} ({error.what})")
        return None
    return document


def _choose(
    files: Mapping[str, Path], paths: Sequence[str], sha: str, broken: list[str]
) -> Mapping[str, object] | None:
    """Read the newest result of a commit, or of all where there is none of it: names begin with the commit."""
    chosen: tuple[tuple[bool, float], Mapping[str, object]] | None = None
    named = {path for path in paths if sha and path.rpartition("/")[2].startswith(sha[:_SHORT_SHA])}
    for path in sorted(paths, key=lambda path: path not in named)[:MOST_FILES]:
        if chosen and chosen[0][0] and path not in named:
            break
        result = _load(files, path, broken)
        if result is None:
            continue
        rank = (bool(sha) and result.get("commit_hash") == sha, as_number(result.get("date")) or 0)
        if chosen is None or rank > chosen[0]:
            chosen = rank, result
    return chosen[1] if chosen else None


def _observe(
    result: Mapping[str, object], table: Mapping[str, object], names: Names, before: str
) -> Iterator[Observation]:
    failed: list[str] = []
    count = 0
    rows = result.get("results")
    columns = result.get("result_columns")
    conditions = _tell_machine(result.get("params"))
    for name, row in rows.items() if isinstance(rows, dict) else ():
        cells = dict(zip(columns if isinstance(columns, list) else ("result", "params"), as_list(row), strict=False))
        kind = _kind_of(name)
        unit = _unit_of(table.get(name), kind)
        for label, value in _values(cells.get("result"), cells.get("params")):
            number = as_number(value)
            if number is None:
                failed.append(f"{name}{label}")
            elif count < MOST_METRICS:
                count += 1
                yield Metric(
                    name=names.take(f"{before}{name}{label}"),
                    values=(number,),
                    unit=unit,
                    goal=None if kind == "track" else Goal.LOWER,
                    role=Role.QUALITY,
                    conditions=conditions,
                )
    if failed:
        yield Note(text=f"{plural(len(failed), 'benchmark')} failed: {some(failed)}. Look into the log of the job.")


def _values(result: object, params: object) -> Iterator[tuple[str, object]]:
    """Yield each value with its parameters: the results are in the order of the product of all."""
    axes = [as_list(axis) for axis in as_list(params)]
    if not axes:
        values = as_list(result)
        yield "", values[0] if values else None
        return
    values = as_list(result)
    # Without a list all combinations failed.
    for place, cell in enumerate(product(*axes)):
        if place >= MOST_METRICS:
            return
        label = ", ".join(part.strip("'\"") if isinstance(part, str) else json.dumps(part) for part in cell)
        yield f"({label})", values[place] if place < len(values) else None


def _kind_of(name: str) -> str:
    last = name.rpartition(".")[2]
    begins = {"time_": "time", "timeraw_": "timeraw", "peakmem_": "peakmemory", "mem_": "memory", "track_": "track"}
    return next((kind for start, kind in begins.items() if last.startswith(start)), "track")


def _unit_of(described: object, kind: str) -> str:
    unit = described.get("unit") if isinstance(described, dict) else None
    # What is tracked has the unit "unit" where nobody named one.
    return _UNITS.get(unit, unit) if isinstance(unit, str) and unit != "unit" else _KINDS[kind]


def _tell_machine(params: object) -> str:
    table = params if isinstance(params, dict) else {}
    parts = (table.get("cpu"), table.get("num_cpu") and f"{table['num_cpu']} cores")
    return ", ".join(str(part)[:100] for part in parts if part)
