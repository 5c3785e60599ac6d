"""The history of main: what is said of each metric, and its four forms."""

from __future__ import annotations

import csv
import io
import json
import math
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import cmarkgfm
import pytest

from cml_bot.history_forms import describe, dump_history, render_history, write_csv
from cml_bot.history_table import History, HistoryRow, make_history
from cml_bot.model import Goal, Param, Rule, Run
from cml_bot.terminal import render_history_terminal
from tests.making import make_metric

HOSTILE = '=cmd|\x1b[31m @ada #1 <img src=x onerror=1> `a`\n::error::x | "y"'


def make_runs(values: Sequence[float | None], name: str = "accuracy", **more: float) -> list[Run]:
    """Runs of main with these values of one metric; None where a run lacks it."""
    return [
        Run(
            sha=f"{number:07x}" + "0" * 33,
            created=f"2026-11-{number:02}T12:00:00Z",
            metrics=tuple(make_metric(one, y) for one, y in {name: value, **more}.items() if y is not None),
        )
        for number, value in enumerate(values, start=1)
    ]


def noisy(count: int, level: float = 0.84, sd: float = 0.004, seed: int = 3) -> list[float]:
    dice = random.Random(seed)
    return [level + sd * dice.gauss() for _ in range(count)]


def one_row(runs: Sequence[Run]) -> tuple[HistoryRow, str, str]:
    """The only row, its small line and what is special of it."""
    history = make_history("report", runs)
    [row], [cells] = history.rows, describe(history).rows
    return row, cells.course, cells.words


def test_an_outlier_is_a_sign_and_no_part_of_the_band() -> None:
    values = noisy(20, seed=8)
    row, course, words = one_row(make_runs([*values[:8], 0.1, *values[8:]]))
    assert (row.n, row.outliers) == (20, (f"{9:07x}" + "0" * 33,))
    assert (course[8], course.count("×"), len(course)) == ("×", 1, 21)
    assert words == "outlier at 0000009"
    assert row.low is not None
    assert row.high is not None
    assert 0.82 < row.low < 0.84 < row.high < 0.86


def test_a_shift_stands_between_its_bars_and_the_level_is_the_last() -> None:
    row, course, words = one_row(make_runs([*noisy(12, 0.80), *noisy(9, 0.90, seed=4)]))
    assert row.level == pytest.approx(0.90, abs=0.005)
    assert [shift.sha[:7] for shift in row.shifts] == ["000000d"]
    assert (course.index("|"), len(course)) == (12, 22)
    assert re.fullmatch(r"level shifted at 000000d \(0\.80\d* → 0\.90\d*\)", words)


def test_many_shifts_are_counted() -> None:
    values = [value for level in range(5) for value in noisy(6, level, seed=level)]
    _, _, words = one_row(make_runs(values))
    assert words.count("level shifted") == 3
    assert words.endswith("; 1 shift before that")


def test_values_that_do_not_scatter() -> None:
    row, course, words = one_row(make_runs([0.5] * 6))
    assert (row.level, row.noise, row.low, row.high, words) == (0.5, 0.0, 0.5, 0.5, "deterministic")
    assert course == "▄" * 6
    [cells] = describe(make_history("report", make_runs([0.5] * 6))).rows
    assert (cells.last, cells.band) == ("0.5", "0.5")


@pytest.mark.parametrize(("count", "says"), [(1, "4 more runs"), (3, "2 more runs"), (4, "1 more run")])
def test_too_few_runs(count: int, says: str) -> None:
    row, _, words = one_row(make_runs(noisy(count)))
    assert (row.level, row.noise, row.n) == (None, None, count)
    assert words == f"{says} until there is a band"


def test_a_number_that_is_none_is_left_out_and_named() -> None:
    values: list[float | None] = [*noisy(10)]
    values[2], values[4], values[-1] = math.nan, None, math.inf
    row, course, words = one_row(make_runs(values))
    assert (row.n, len(row.values), row.values[4]) == (7, 10, None)
    assert [place for place, sign in enumerate(course) if sign == "·"] == [2, 4, 9]
    assert words == "left out: NaN at 0000003, ∞ at 000000a"
    assert "· is no number that counts" in describe(make_history("r", make_runs(values))).legend


def test_runs_that_repeated_their_training_otherwise_are_left_out() -> None:
    runs = make_runs(noisy(9))
    runs[3] = replace(runs[3], metrics=(make_metric("accuracy", 0.8, 0.9, 0.85),))
    row, _, words = one_row(runs)
    assert (row.n, words) == (8, "left out: 1 run of another number of trainings")


def test_a_metric_that_is_gone() -> None:
    [_, row] = make_history("report", make_runs([*noisy(8), None], loss=0.3)).rows
    assert row.values[-1] is None
    [_, cells] = describe(make_history("report", make_runs([*noisy(8), None], loss=0.3))).rows
    assert (cells.last, cells.words) == ("–", "not in the last run")


def test_runs_of_another_training_are_in_no_band_and_that_is_said() -> None:
    runs = make_runs([*noisy(4, 0.5), *noisy(8)])
    runs = [
        replace(run, params=(Param(name="epochs", value="3" if place < 4 else "9"),)) for place, run in enumerate(runs)
    ]
    history = make_history("report", runs)
    assert (history.rows[0].n, len(history.rows[0].values), len(history.rows[0].course)) == (8, 12, 8)
    assert "left out of it: 4 runs of another amount of training" in history.notes


def test_a_drift_is_told_of_what_is_shown_alone() -> None:
    values = [0.85 - 0.004 * n + 0.001 * y for n, y in enumerate(noisy(20, 0, 1))]
    [line] = describe(make_history("report", make_runs(values))).drifts
    assert line.startswith("main has slid: accuracy was 0.8")
    assert not make_history("report", make_runs(values, loss=1.0), wanted=["loss"]).drifts


def test_which_metrics_are_told_of() -> None:
    runs = make_runs(noisy(6), val__loss=0.3, n_test=100.0, seconds=3.0)

    def names(*wanted: str, rules: Sequence[Rule] = (), gated: Sequence[str] = ()) -> list[str]:
        return [row.key.name for row in make_history("r", runs, wanted=wanted, rules=rules, gated=gated).rows]

    assert names() == ["accuracy", "val__loss"]
    assert names("n_*", "acc*") == ["accuracy", "n_test"]
    assert names("metrics.json:seconds") == ["seconds"]
    assert names(gated=["seconds"]) == ["accuracy", "val__loss", "seconds"]
    assert names(rules=[Rule(pattern="n_test", goal=Goal.HIGHER)]) == ["accuracy", "val__loss", "n_test"]
    assert "no metric of these runs matches nope*" in make_history("r", runs, wanted=["nope*"]).notes
    counts = make_history("r", make_runs([100.0] * 3, name="n_test"))
    assert "no metric but bookkeeping" in counts.notes[-1]


@pytest.mark.parametrize(
    ("unit", "last", "band"),
    [("", "0.840", "0.841 ±0.017"), ("ms", "0.840 ms", "0.841 ±0.017 ms"), ("%", "84.0 %", "84.1 % ±1.7 pp")],
)
def test_both_numbers_have_the_decimals_of_the_noise(unit: str, last: str, band: str) -> None:
    scale = 100 if unit == "%" else 1
    runs = make_runs([scale * value for value in (0.83, 0.85, 0.841, 0.846, 0.836, 0.843, 0.84)])
    [cells] = describe(make_history("r", runs, rules=[Rule(pattern="*", unit=unit)])).rows
    assert (cells.last.replace("\u00a0", " "), cells.band.replace("\u00a0", " ")) == (last, band)


def in_json(history: History) -> str:
    return dump_history(history)


def in_terminal(history: History) -> str:
    return render_history_terminal(history, io.StringIO())


def test_json_has_one_value_a_run_and_is_the_same_each_time() -> None:
    values: list[float | None] = [*noisy(9), None, math.nan]
    values[3] = 0.1
    runs = make_runs(values)
    table = json.loads(in_json(make_history("report", runs)))
    assert in_json(make_history("report", runs)) == in_json(make_history("report", runs))
    assert list(table) == ["schema", "name", "runs", "metrics", "drifts", "notes"]
    assert table["runs"][0] == {"sha": runs[0].sha, "created": runs[0].created, "build_url": ""}
    [metric] = table["metrics"]
    assert metric["values"] == [*values[:9], None, "NaN"]
    assert (metric["n"], metric["outliers"], metric["shifts"], metric["goal"]) == (8, [runs[3].sha], [], "higher")
    assert metric["low"] < metric["level"] < metric["high"]
    assert metric["high"] - metric["level"] == pytest.approx(metric["noise"])


def test_csv_has_all_digits_and_no_formula() -> None:
    runs = make_runs([1 / 3, -0.5, None, math.nan], name="@SUM(1+1)*cmd|' /C calc'!A0", loss=1e-17)
    runs[0] = replace(runs[0], created="=1+1")
    head, *rows = csv.reader(io.StringIO(write_csv(make_history("r", runs))))
    assert head == ["sha", "created", "'@SUM(1+1)*cmd|' /C calc'!A0", "loss"]
    assert [row[2] for row in rows] == ["0.3333333333333333", "-0.5", "", "nan"]
    assert [row[3] for row in rows] == ["1e-17"] * 4
    assert rows[0][1] == "'=1+1"
    lines = write_csv(make_history("r", runs)).splitlines()
    assert lines[1] == f'"{runs[0].sha}","\'=1+1",0.3333333333333333,1e-17'
    assert lines[3] == f'"{runs[2].sha}","{runs[2].created}",,1e-17'


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "＝", "\t=", "\n@", "\u200b="])
def test_no_name_begins_a_formula(first: str) -> None:
    head = next(csv.reader(io.StringIO(write_csv(make_history("r", make_runs([0.5], name=f"{first}A1"))))))
    assert head[2].startswith("'")


@pytest.mark.parametrize(
    "name", ["; =1+1", "x; =1+1", "x,-1", 'x;"=1+1";', "x;\u200b\n@A1", ";;=1", 'x ",+1', "x;\u00a0＝1"]
)
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_NONE])
def test_no_formula_where_other_signs_separate(name: str, delimiter: str, quoting: Literal[0, 3]) -> None:
    text = write_csv(make_history("r", make_runs([0.5], name=name)))
    for row in csv.reader(io.StringIO(text), delimiter=delimiter, quoting=quoting):
        assert not any(re.match(r"""[\s"]*[=+\-@＝]""", cell) for cell in row)


@pytest.mark.parametrize("name", ["top-1", "a + b", "f(x)=1", "loss, val", 'he said "x"', "a;b", "mAP@50"])
def test_csv_keeps_a_harmless_name(name: str) -> None:
    head = next(csv.reader(io.StringIO(write_csv(make_history("r", make_runs([0.5], name=name))))))
    assert head[2] == name


def test_csv_names_the_group_where_the_name_is_not_enough() -> None:
    run = make_runs([0.5])[0]
    run = replace(run, metrics=(*run.metrics, make_metric("accuracy", 0.6, group="other.json")))
    head = write_csv(make_history("r", [run])).splitlines()[0]
    assert head == '"sha","created","metrics.json:accuracy","other.json:accuracy"'


def test_markdown_is_one_table() -> None:
    runs = make_runs([*noisy(8, 0.80), 0.2, *noisy(9, 0.90, seed=4)], loss=0.3)
    text = render_history(make_history("report", runs))
    html = cmarkgfm.github_flavored_markdown_to_html(text)
    assert html.count("<table>") == 1
    assert html.count("<tr>") == 3
    assert html.count("<td") == 12
    assert "<td>|" not in html
    assert "× is an outlier, left out of the band; | is a shift of the level" in html
    assert "outlier" not in render_history(make_history("report", make_runs([0.5] * 6)))


@pytest.mark.parametrize("form", [in_terminal, render_history, write_csv])
def test_a_hostile_name_is_text(form: Callable[[History], str]) -> None:
    runs = [replace(run, created=HOSTILE) for run in make_runs(noisy(8), name=HOSTILE)]
    text = form(make_history(HOSTILE, runs))
    assert "\x1b" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    if form is render_history:
        html = cmarkgfm.github_flavored_markdown_to_html(text)
        assert "<img" not in html
        assert "@ada" not in text
        assert html.count("<td") == 6
    if form is write_csv:
        assert len(text.splitlines()) == 9


class Narrow(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_narrow_terminal_keeps_the_numbers_and_the_last_bars() -> None:
    values = noisy(28)
    values[5] = 0.1
    env = {"COLUMNS": "64", "TERM": "dumb"}
    text = render_history_terminal(make_history("report", make_runs(values)), Narrow(), env)
    assert max(map(len, text.splitlines())) <= 64
    assert "\naccuracy ↑: outlier at 0000006\n" in text
    [row] = [line for line in text.splitlines() if line.startswith("accuracy ↑ ")]
    assert "±" in row
    assert len(row.split("…")[1].strip()) == 19
