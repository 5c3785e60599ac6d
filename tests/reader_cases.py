"""Captured files and what the readers make of them: `tests/readers/FORMAT/CASE/` with the file and expected.json."""

from __future__ import annotations

import json
import math
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cml_bot.errors import InputError
from cml_bot.model import (
    Bars,
    Fact,
    Figure,
    Histogram,
    Matrix,
    Metric,
    Note,
    Observation,
    Param,
    Points,
    Repeats,
    Series,
)
from cml_bot.readers import find_format, find_store, load_reader, load_store_reader
from cml_bot.readers.dvc_file import parse_dvc
from cml_bot.readers.dvc_plot import read_plot

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = Path(__file__).parent / "readers"


def file_of(folder: Path) -> Path:
    """The captured file of a case."""
    return next(path for path in folder.iterdir() if path.name not in ("expected.json", "how.json"))


def observed(module: str, folder: Path, x: str | None = None) -> str:
    """What a reader makes of a case, as the text of expected.json: one observation a line."""
    try:
        if module == "dvc_file":
            rows = _sources(file_of(folder))
        else:
            rows = [_row(one) for one in read_case(module, folder, x)]
    except InputError as error:
        rows = [{"error": str(error)}]
    given = [{"x": x}] if x else []
    lines = ",\n".join(f"  {json.dumps(row, ensure_ascii=False, allow_nan=False)}" for row in given + rows)
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def read_case(module: str, folder: Path, x: str | None = None) -> Iterator[Observation]:
    """Read the file of a case, or all its files where they make a store; the file `sha` names the commit wanted.

    How a file is drawn by a template of DVC says `how.json`.
    """
    reader = import_module(f"cml_bot.readers.{module}")
    if hasattr(reader, "read_store"):
        sha = folder / "sha"
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "expected.json")
        every = {path.relative_to(folder).as_posix(): path for path in files}
        rows = {path: find_store(path) for path in every}
        # Of a folder of many: else all of them are its own.
        named = {path: every[path] for path, row in rows.items() if row and row[0].module == module}
        named = named or {path: file for path, file in every.items() if file != sha}
        return load_store_reader(module).read_store(named, sha.read_text().strip() if sha.exists() else "")
    path = file_of(folder)
    if hasattr(reader, "read_plot"):
        how = json.loads((folder / "how.json").read_text(encoding="utf-8"))
        return read_plot(path, how["template"], how["x"], how["y"])
    if hasattr(reader, "read"):
        return load_reader(module).read(path, x)
    # A tool's shape within a format that many write.
    row = find_format(path.name)
    assert row is not None
    return load_reader(row.module).read(path, x)


def _row(one: Observation) -> dict[str, Any]:
    assert isinstance(one, Fact) or one.source == ""
    # Of a store alone: what it keeps apart.
    group = getattr(one, "group", "")
    return _row_of(one) | ({"group": group} if group else {})


def _row_of(one: Observation) -> dict[str, Any]:
    match one:
        case Metric():
            known: dict[str, Any] = {"stderr": one.stderr, "n_items": one.n_items, "goal": one.goal, "role": one.role}
            known |= {"labels": one.labels or None, "unit": one.unit or None, "is_exact": one.is_exact or None}
            known |= {"is_detail": one.is_detail or None}
            known |= {"conditions": one.conditions or None}
            known |= {"repeats": one.repeats if one.repeats is not Repeats.TRAININGS else None}
            more = {name: value for name, value in known.items() if value is not None}
            return {"metric": one.name, "values": [_number(value) for value in one.values], **more}
        case Series():
            ys = [_number(y) for y in one.y]
            known = {"goal": one.goal, "best": one.best, "mean": one.mean, "unit": one.unit or None}
            known |= {"replicate": one.replicate or None}
            more = {name: value for name, value in known.items() if value is not None}
            return {"series": one.name, one.x_label: [_number(x) for x in one.x], "y": ys, **more}
        case Matrix():
            more = {"is_shares": True} if one.is_shares else {}
            return {"matrix": one.name, "rows": one.rows, "columns": one.columns, "values": one.values, **more}
        case Bars():
            more = {"is_ordered": True} if one.is_ordered else {}
            return {"bars": one.name, "labels": one.labels, "values": [_number(value) for value in one.values], **more}
        case Points():
            xs, ys = ([_number(value) for value in side] for side in (one.x, one.y))
            more = {"is_jittered": True} if one.is_jittered else {}
            return {"points": one.name, one.x_label: xs, one.y_label: ys, "is_line": one.is_line, **more}
        case Histogram():
            return {"histogram": one.name, one.x_label: one.edges, "counts": one.counts}
        case Figure():
            return {"figure": one.name, "media": one.media, "bytes": len(one.data), "caption": one.caption}
        case Fact():
            return {"fact": one.name, "value": one.value, "detail": one.detail}
        case Param():
            return {"param": one.name, "value": one.value}
        case Note():
            return {"note": one.text}


def _sources(path: Path) -> list[dict[str, Any]]:
    sources, notes = parse_dvc(path.read_bytes(), "")
    return [
        {"source": one.path, "part": one.part, "x": one.x, "y": one.y, "why": one.why, "declared": one.declared}
        | ({"template": one.template} if one.template else {})
        for one in sources
    ] + [{"note": note.text} for note in notes]


def _number(value: float) -> float | str:
    """Write what JSON cannot hold as text, and a whole number of a table without its point."""
    if not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    return value
