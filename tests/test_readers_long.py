"""Long tables and logs: read in pieces, thinned on the way, and with the same values as the careful way gives."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.model import Series
from cml_bot.readers._course import MOST_KEPT
from cml_bot.readers._header import Header
from cml_bot.readers._sheet import Sheet
from cml_bot.readers._table import Table
from tests.test_readers import metrics, notes, read, series, write

NAMES = ("step", "loss", "note")
NUMBERS = st.floats(allow_nan=True, allow_infinity=True).map(repr) | st.integers(-(10**30), 10**30).map(str)
ODD = st.sampled_from(
    [
        *(
            "",
            " ",
            " 1 ",
            "1 2",
            "1_0",
            "٣",
            "nan",
            "-inf",
            "NaN",
            ".nan",
            "1e400",
            "1e5",
            "1.",
            ".5",
            "+1",
            "-0",
            "007",
        ),
        *("007", "true", "null", "n/a", "~", "[1", "1]", "{}", "97.3%", "2026-01-01", "text", "1-2", "0x10", "\x1c1"),
    ]
)
CELLS = NUMBERS | ODD
N = 140_000
"""Rows, more than wait in one go: the table is drawn while it is read."""
MIDDLE = N // 2


def sheet_of(rows: list[list[str]], delimiter: str = "") -> Sheet | None:
    """Add rows as one piece of text, or one by one where no delimiter is given; None where the piece is refused."""
    sheet = Sheet(Header(cells=NAMES, names=NAMES))
    text = "".join(f"{delimiter.join(row)}\n" for row in rows)
    if not delimiter:
        sheet.add_rows(rows)
    elif not sheet.add_block(text, delimiter):
        return None
    sheet.end()
    return sheet


def values_of(table: Table) -> object:
    return [
        (
            name,
            repr(column.values.tolist()),
            list(column.rows if column.rows is not None else range(len(column.values))),
        )
        for name, column in table.columns.items()
    ]


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6), st.sampled_from(",;\t"))
def test_a_piece_of_text_gives_what_its_rows_give(rows: list[list[str]], delimiter: str) -> None:
    piece, careful = sheet_of(rows, delimiter), sheet_of(rows)
    assert careful is not None
    if piece is not None:
        assert (piece.table.texts, piece.table.for_people) == (careful.table.texts, careful.table.for_people)
        # JSON knows no negative zero among its integers.
        wanted = repr(values_of(careful.table)).replace("-0.0", "0.0")
        assert repr(values_of(piece.table)).replace("-0.0", "0.0") == wanted


@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=6))
def test_a_piece_of_numbers_is_never_refused(rows: list[list[str]]) -> None:
    assert sheet_of(rows, ",") is not None


@pytest.mark.parametrize("text", ["1,2\n1,2,3,4\n", "1,2,3\n4,5\n6\n", "1,2,3\n\n", '1,2,"3"\n', "1,2,3\r4,5,6\n"])
def test_a_piece_of_uneven_rows_is_refused(text: str) -> None:
    assert not Sheet(Header(cells=NAMES, names=NAMES)).add_block(text, ",")


@cache
def wave() -> dict[float, float]:
    noise = random.Random(7)
    return {step: math.exp(-step / N) + noise.gauss(0, 0.05) for step in range(N)}


def csv(lines: Iterable[str]) -> str:
    return "step,loss\n" + "".join(f"{line}\n" for line in lines)


def hold(found: Series, y: Mapping[float, float], *, is_thinned: bool = True) -> None:
    """Hold a series to the values at all steps: what is kept of them is exact, and ends and extremes are kept."""
    assert len(found.x) <= MOST_KEPT
    assert (found.mean is not None) == is_thinned
    assert all(left < right for left, right in pairwise(found.x))
    assert (found.x[0], found.x[-1]) == (min(y), max(y))
    assert {x: y[x] for x in found.x} == dict(zip(found.x, found.y, strict=True))
    assert (min(found.y), max(found.y)) == (min(y.values()), max(y.values()))
    if found.mean is not None:
        assert found.mean == pytest.approx(math.fsum(y.values()) / len(y))


def test_a_long_table_and_a_long_log_are_the_same_series(tmp_path: Path) -> None:
    text = csv(f"{step},{value!r}" for step, value in wave().items())
    log = "".join(f'{{"step": {step}, "loss": {value!r}}}\n' for step, value in wave().items())
    table = series(read(write(tmp_path, "history.csv", text)))
    hold(table["loss"], wave())
    assert table == series(read(write(tmp_path, "log.jsonl", log)))
    assert not notes(read(tmp_path / "history.csv"))


ODD_LINES = {
    "quotes": ('70000,"0.5"', 0.5),
    "a quote over many lines": ('70000,0.5,"' + "\n" * 5 + '"', 0.5),
    "spaces": ("  70000 , 0.5", 0.5),
    "a cell too many": ("70000,0.5,9", 0.5),
    "other line ends": ("70000,0.5\r", 0.5),
    "text": ("70000,oops", None),
    "nothing": ("70000,", None),
    "a cell too few": ("70000", None),
    "the header again": ("step,loss", None),
    "a blank line": ("", None),
}


@pytest.mark.parametrize("kind", ODD_LINES)
def test_one_odd_line_in_the_middle_of_a_long_table(tmp_path: Path, kind: str) -> None:
    line, value = ODD_LINES[kind]
    lines = [line if step == MIDDLE else f"{step},{one!r}" for step, one in wave().items()]
    found = series(read(write(tmp_path, "history.csv", csv(lines))))["loss"]
    wanted = {step: one for step, one in wave().items() if step != MIDDLE}
    if value is not None:
        wanted[MIDDLE] = value
    hold(found, wanted)


def test_not_a_number_in_the_middle_is_a_gap(tmp_path: Path) -> None:
    wanted = wave() | dict.fromkeys(range(MIDDLE, MIDDLE + 900), math.nan)
    found = series(read(write(tmp_path, "history.csv", csv(f"{step},{one!r}" for step, one in wanted.items()))))["loss"]
    gaps = [x for x, one in zip(found.x, found.y, strict=True) if math.isnan(one)]
    assert (gaps[0], gaps[-1]) == (MIDDLE, MIDDLE + 899)


def test_rows_with_gaps_as_two_loops_log_them(tmp_path: Path) -> None:
    rows = [f"{step},{step / 8},{step / 4 if step % 100 == 99 else ''}" for step in range(N)]
    found = series(read(write(tmp_path, "metrics.csv", "step,train,val\n" + "\n".join(rows))))
    hold(found["train"], {step: step / 8 for step in range(N)})
    hold(found["val"], {step: step / 4 for step in range(99, N, 100)}, is_thinned=False)


def test_a_step_that_is_missing_in_some_rows_is_noted(tmp_path: Path) -> None:
    rows = [f"{step if step % 3 else ''},{step / 8}" for step in range(N)]
    found = read(write(tmp_path, "history.csv", csv(rows)))
    assert series(found)["loss"].x[0] == 1
    assert "46\u202f667 rows without a step left out" in notes(found)


def test_a_training_that_was_started_again_counts_as_the_last_wrote_it(tmp_path: Path) -> None:
    first: dict[float, float] = {step: 1 + step / N for step in range(N)}
    again: dict[float, float] = {step: step / N for step in range(MIDDLE, N + 1_000)}
    rows = [f"{step},{value!r}" for run in (first, again) for step, value in run.items()]
    found = read(write(tmp_path, "history.csv", csv(rows)))
    loss, wanted = series(found)["loss"], first | again
    assert {x: wanted[x] for x in loss.x} == dict(zip(loss.x, loss.y, strict=True))
    assert (loss.x[0], loss.x[-1]) == (0, N + 999)
    assert "step comes again: the last row of each counts" in notes(found)


def test_a_table_that_is_cut_in_its_last_row(tmp_path: Path) -> None:
    found = read(write(tmp_path, "history.csv", csv(f"{step},{step / 7!r}" for step in range(N)) + "140000"))
    assert series(found)["loss"].x[-1] == N - 1
    assert "the last row is cut" in notes(found)


@pytest.mark.parametrize("kind", ["cut", "broken", "two in one", "nan", "other names", "text", "nested", "blank"])
def test_one_odd_line_in_a_long_log(tmp_path: Path, kind: str) -> None:
    y = dict(wave())
    lines = [f'{{"step": {step}, "loss": {value!r}}}' for step, value in y.items()]
    odd = {
        "cut": (N - 1, '{"step": 139999, "lo', f"line {N} is cut"),
        "broken": (7, "oops", "1 line not a JSON object, the first is line 8"),
        "two in one": (7, '{"step": 7, "loss": 0.1}, {"step": 7, "loss": 0.2}', "1 line not a JSON object"),
        "nan": (7, '{"step": 7, "loss": NaN}', ""),
        "other names": (7, '{"step": 7, "val_loss": 1}', ""),
        "text": (7, '{"step": 7, "loss": "n/a"}', ""),
        "nested": (7, '{"step": 7, "val": {"loss": 3}}', ""),
        "blank": (7, "", ""),
    }
    place, lines[place], said = odd[kind]
    found = read(write(tmp_path, "log.jsonl", "\n".join(lines)))
    assert said in notes(found)
    assert bool(said) == bool(notes(found))
    loss = series(found)["loss"]
    del y[place]
    at = dict(zip(loss.x, loss.y, strict=True))
    if kind == "nan":
        assert math.isnan(at.pop(place))
        loss = Series(name="loss", x=tuple(at), y=tuple(at.values()), mean=loss.mean)
    hold(loss, y)
    assert set(series(found)) == {"loss"} | {"other names": {"val_loss"}, "nested": {"val.loss"}}.get(kind, set())


def test_a_bool_in_a_log_is_no_number(tmp_path: Path) -> None:
    log = "".join(json.dumps({"step": step, "loss": step / 8, "is_best": step % 2 == 0}) + "\n" for step in range(50))
    assert set(series(read(write(tmp_path, "log.jsonl", log)))) == {"loss"}


def test_a_log_of_one_line_keeps_its_integers_exact(tmp_path: Path) -> None:
    found = read(write(tmp_path, "log.jsonl", '{"n": 9007199254740993, "huge": 123456789012345678901234567890}\n'))
    assert metrics(found) == {"n": 9007199254740993, "huge": 123456789012345678901234567890}
