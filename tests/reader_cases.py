"""Captured files and what the readers make of them: `tests/readers/FORMAT/CASE/` with the file and expected.json."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from cml_bot.errors import InputError
from cml_bot.model import Fact, Figure, Metric, Note, Observation, Param, Series
from cml_bot.readers import load_reader
from cml_bot.readers.dvc_file import parse_dvc

CASES = Path(__file__).parent / "readers"


def observed(module: str, path: Path, x: str | None = None) -> str:
    """What a reader makes of a file, as the text of expected.json: one observation a line."""
    try:
        rows = _sources(path) if module == "dvc_file" else [_row(one) for one in load_reader(module).read(path, x)]
    except InputError as error:
        rows = [{"error": str(error)}]
    given = [{"x": x}] if x else []
    lines = ",\n".join(f"  {json.dumps(row, ensure_ascii=False, allow_nan=False)}" for row in given + rows)
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def _row(one: Observation) -> dict[str, Any]:
    assert isinstance(one, Note | Fact) or (one.source == "" and getattr(one, "group", "") == "")
    match one:
        case Metric():
            known = {"stderr": one.stderr, "n_items": one.n_items}
            more = {name: value for name, value in known.items() if value is not None}
            return {"metric": one.name, "values": [_number(value) for value in one.values], **more}
        case Series():
            ys = [_number(y) for y in one.y]
            return {"series": one.name, one.x_label: [_number(x) for x in one.x], "y": ys}
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
        for one in sources
    ] + [{"note": note.text} for note in notes]


def _number(value: float) -> float | str:
    """Write what JSON cannot hold as text, and a whole number of a table without its point."""
    if not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    return value
