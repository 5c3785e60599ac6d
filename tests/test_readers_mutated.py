"""Every reader on a few damaged real files; `tests/fuzz` has ten thousand."""

from __future__ import annotations

import json
import shutil
import zlib
from random import Random
from typing import TYPE_CHECKING

import pytest

from cml_bot.as_json import dump_run, parse_run
from cml_bot.errors import InputError
from cml_bot.model import Chart, Fact, Metric, Param, Run, Series
from tests.mutations import mutate
from tests.reader_cases import CASES, read_case

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = sorted(path.parent for path in CASES.glob("*/*/expected.json") if path.parent.parent.name != "dvc_file")
FEW = 3


def check_mutation(folder: Path, place: Path, random: Random) -> None:
    """Damage one file of a case, and read the case: what comes can be recorded, or is an InputError."""
    copy = place / "case"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("expected.json"))
    file = random.choice(
        sorted(path for path in copy.rglob("*") if path.is_file() and path.name not in ("sha", "how.json"))
    )
    file.write_bytes(mutate(file.read_bytes(), random))
    x = json.loads((folder / "expected.json").read_text())[0].get("x")
    try:
        found = list(read_case(folder.parent.name, copy, x))
    except InputError:
        return
    run = Run(
        metrics=tuple(one for one in found if isinstance(one, Metric)),
        series=tuple(one for one in found if isinstance(one, Series) and one.x),
        charts=tuple(one for one in found if isinstance(one, Chart)),
        params=tuple(one for one in found if isinstance(one, Param)),
        data=tuple(one for one in found if isinstance(one, Fact)),
    )
    text = dump_run(run)
    assert dump_run(parse_run(text, "run.json")) == text


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_damaged_file(folder: Path, tmp_path: Path) -> None:
    for number in range(FEW):
        check_mutation(folder, tmp_path, Random(zlib.crc32(f"few {folder.name} {number}".encode())))
