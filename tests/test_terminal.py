"""The report on terminals of many widths, colours and sets of signs."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from cml_bot.console import shorten
from cml_bot.filters import MISSING, NO_BREAK, THIN
from cml_bot.history_table import make_history
from cml_bot.model import ChartPair, Key, ParamDelta, Report, Trend
from cml_bot.terminal import render_history_terminal, render_terminal, wrap_lines
from cml_bot.wording_rows import UNCLEAR, sort_rows
from tests.making import make_report, make_run
from tests.test_golden import CASES
from tests.test_history_table import make_runs, noisy

if TYPE_CHECKING:
    from collections.abc import Iterator

CODES = re.compile(r"\x1b\[([0-9;]*)m")
WIDTHS = (20, 40, 60, 80, 120)
HUES = {"30", "31", "32", "33", "34", "35", "36", "37"} | {str(code) for code in range(90, 98)}
HOSTILE = "loss\x1b[2J\x1b[31m\u202egnp.exe\u2066\r\x07\x9b1A\x08\n::error::x"


class Terminal(io.StringIO):
    """What looks like a terminal to whoever asks."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return True


def show(report: Report, columns: int = 80, *, encoding: str = "utf-8", **env: str) -> str:
    return render_terminal(report, Terminal(encoding), {"COLUMNS": str(columns), "TERM": "xterm", **env})


def plain(text: str) -> str:
    return CODES.sub("", text)


def hues(text: str) -> set[str]:
    return {code for codes in CODES.findall(text) for code in codes.split(";")} & HUES


def numbers(report: Report) -> Iterator[str]:
    """Every number of the first table as it is written, with its unit."""
    for row in sort_rows(report).first:
        yield from (row.pair.head, *([row.pair.base, row.pair.change] if report.has_base else []))


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("case", ["verdicts", "hostile", "charts", "stranger", "first_run"])
def test_nothing_is_wider_than_the_terminal(case: str, columns: int) -> None:
    lines = plain(show(CASES[case](), columns)).splitlines()
    assert max(map(cell_len, lines)) <= columns
    assert not any(line.endswith(" ") for line in lines)


@pytest.mark.parametrize("columns", WIDTHS[1:])
@pytest.mark.parametrize("case", ["verdicts", "gates", "first_run", "many"])
def test_no_number_breaks_and_none_is_lost(case: str, columns: int) -> None:
    report = CASES[case]()
    lines = plain(show(report, columns)).splitlines()
    for number in numbers(report):
        assert number == MISSING or any(number in line for line in lines), number


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_every_row_is_one_line_of_a_table(columns: int) -> None:
    report = CASES["verdicts"]()
    lines = plain(show(report, columns)).splitlines()
    for row in sort_rows(report).first:
        [line] = [line for line in lines if row.pair.head in line and f" {row.name} " in line and " · " not in line][:1]
        assert row.delta.trend.value in line


def test_the_noise_goes_first_and_then_the_table() -> None:
    report = CASES["verdicts"]()
    wide, usual, narrow, phone = (plain(show(report, columns)) for columns in (140, 80, 60, 40))
    assert "▄▃▅▅▂█▇▃▂▁▂▆ 0.840\u00a0±0.010" in wide
    assert "gate failed, worse  recall ↑" in wide
    assert "±0.010" in usual
    assert "▄▃▅▅▂█▇▃▂▁▂▆" not in usual
    assert "  noise\n" not in narrow
    assert re.search(r"❌ worse +recall ↑ +0\.843 +0\.801", narrow)
    assert "❌ recall ↑ · gate failed, worse\n   0.843 → 0.801 (−0.042, −5.0\u00a0%)\n" in phone


def test_the_commits_are_named_where_the_heads_have_no_room() -> None:
    for columns in (200, 80, 40):
        text = " ".join(plain(show(CASES["verdicts"](), columns)).split())
        assert text.count("main 9f8e7d6") == 1


def test_long_names_are_cut_in_the_middle_unless_two_become_one() -> None:
    one = make_run(very_long_name_of_a_group_of_metrics__and_the_name_itself=0.5, b=0.4)
    other = make_run(very_long_name_of_a_group_of_metrics__and_the_name_itself=0.6, b=0.3)
    assert re.search(r"very_\w+….*itself", plain(show(make_report(one, other), 80)))
    alike = [f"very_long_name_of_a_group__{middle}__and_then_the_name_of_the_metric_itself" for middle in "ab"]
    sides = [make_run(**dict.fromkeys(alike, value)) for value in (0.5, 0.6)]
    text = plain(show(make_report(*sides), 60))
    table = text[text.index("metric") : text.index("could be noise")]
    assert "…" not in table


def test_names_are_measured_in_cells() -> None:
    assert cell_len(shorten("精度" * 20, 11)) <= 11
    assert shorten("精度", 4) == "精度"
    run, base = make_run(精度の平均値=0.5, accuracy=0.4), make_run(精度の平均値=0.6, accuracy=0.3)
    rows = [
        line for line in plain(show(make_report(run, base), 80)).splitlines() if line.startswith(f"{UNCLEAR} unclear")
    ]
    assert len({cell_len(line[: line.index("0.")]) for line in rows}) == 1


def test_a_pipe_gets_whole_lines_without_codes_and_the_same_each_time() -> None:
    for case, make in CASES.items():
        text = render_terminal(make(), io.StringIO(), {"COLUMNS": "40", "TERM": "xterm-256color"})
        assert "\x1b" not in text
        assert text == render_terminal(make(), io.StringIO(), {}), case
        assert not re.search("[│─┃━|+]{2}", text)


@pytest.mark.parametrize(
    ("env", "has_colours"),
    [
        ({}, True),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "0"}, False),
        ({"TERM": "dumb"}, False),
        ({"CI": "true"}, False),
        ({"CI": "true", "FORCE_COLOR": "1"}, True),
        ({"CI": "true", "CLICOLOR_FORCE": "1"}, True),
        ({"CLICOLOR_FORCE": "0"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "3", "NO_COLOR": "1"}, False),
    ],
)
def test_colours_are_where_they_are_wanted(env: dict[str, str], has_colours: bool) -> None:
    text = show(CASES["verdicts"](), 80, **env)
    assert bool(hues(text)) is has_colours
    assert plain(text) == plain(show(CASES["verdicts"]()))


def test_colours_can_be_forced_into_a_pipe() -> None:
    text = render_terminal(CASES["verdicts"](), io.StringIO(), {"FORCE_COLOR": "1"})
    assert hues(text)
    assert plain(text) == render_terminal(CASES["verdicts"](), io.StringIO(), {})


def test_colours_can_be_read_on_light_and_dark_and_only_what_is_sure_has_one() -> None:
    text = show(CASES["verdicts"](), 120)
    assert hues(text) == {"31", "32", "35"}
    for line in text.splitlines():
        if plain(line).startswith((UNCLEAR, "🔸", "🆕", "   same")):
            assert not hues(line)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
@pytest.mark.parametrize("case", ["verdicts", "charts", "stranger"])
def test_few_signs_are_enough(case: str, encoding: str) -> None:
    text = show(CASES[case](), 80, encoding=encoding)
    text.encode(encoding)
    assert max(map(len, plain(text).splitlines())) <= 80
    unclear = sum(row.delta.trend is Trend.UNCLEAR for row in sort_rows(CASES[case]()).first)
    assert plain(text).count("?") <= unclear + 3


def test_small_lines_and_symbols_have_plain_forms() -> None:
    text = plain(show(CASES["verdicts"](), 120, encoding="ascii"))
    assert "x Churn model: 1 gate failed, 2 worse, 2 better" in text
    assert re.search(r"x gate failed, worse +recall \^ .* =-\+\+:@#-:_:\* 0\.840 \+/-0\.010", text)
    assert "  same" in text
    foreign = plain(show(make_report(make_run(精度=0.5), make_run(精度=0.6)), 80, encoding="ascii"))
    assert "?? " in foreign


def test_signs_take_two_cells_in_every_terminal() -> None:
    """Whether one with a variation selector takes one or two is another matter in each of them."""
    for make in CASES.values():
        assert "\ufe0f" not in show(make())


def test_names_cannot_move_the_cursor() -> None:
    run, base = make_run(**{HOSTILE: 0.5}), make_run(**{HOSTILE: 0.6})
    report = make_report(run, base, title=HOSTILE, fail_on=("loss* < 1",))
    report = replace(
        report,
        base=replace(report.base, label=HOSTILE, source=HOSTILE),
        notes=(HOSTILE,),
        broken=(HOSTILE,),
        unread=(HOSTILE,),
        like_for_like=(HOSTILE,),
        params=(ParamDelta(key=Key(HOSTILE, HOSTILE), head=HOSTILE, base=HOSTILE),),
        curves=tuple(replace(curve, key=Key(HOSTILE, HOSTILE)) for curve in CASES["plain"]().curves),
        charts=tuple(replace_key(pair) for pair in CASES["charts"]().charts),
    )
    for columns in WIDTHS:
        said = plain(show(report, columns)).replace(NO_BREAK, " ").replace(THIN, " ")
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", said)


def replace_key(pair: ChartPair) -> ChartPair:
    return replace(pair, key=Key(HOSTILE, HOSTILE))


def test_parameters_are_named_up_to_five() -> None:
    report = replace(
        CASES["plain"](),
        params=tuple(
            ParamDelta(key=Key("p", f"p{number}"), head=None if number == 1 else str(number), base=base)
            for number, base in enumerate(("1", "2", None, "4", "5", "6", "7"))
        ),
    )
    said = "7 parameters changed: p0 1 → 0, p1 2 (gone), p2 2 (new), p3 4 → 3, p4 5 → 4 and 2 more"
    assert said in plain(show(report, 120))


def test_both_lines_of_a_curve_are_of_one_scale_and_one_time() -> None:
    lines = plain(show(CASES["stranger"](), 120)).splitlines()
    here, main = [line.split()[-1] for line in lines if line.startswith(("  here", "  main"))][:2]
    assert (len(here), len(main)) == (30, 20)


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_history_fits_and_loses_nothing(columns: int) -> None:
    runs = make_runs([*noisy(14, 0.80), 0.2, *noisy(15, 0.90, seed=4)], loss=0.3)
    history = make_history("report", runs)
    text = render_history_terminal(history, Terminal(), {"COLUMNS": str(columns), "TERM": "dumb"})
    assert max(map(cell_len, text.splitlines())) <= columns
    for part in ("accuracy ↑", "0.9020", "0.9005 ±0.0063", "deterministic"):
        assert part in text
    assert "level shifted at 0000010" in " ".join(text.split())


def test_rows_of_words_keep_their_column() -> None:
    lines = ["mlbot 1", "folder      /a", f"token       {'word ' * 30}", "  a.json  (metrics: named)"]
    wrapped = wrap_lines(lines, 12, Terminal(), {"COLUMNS": "60", "TERM": "dumb"}).splitlines()
    assert [line for line in wrapped if not line.startswith((" ", "token"))] == ["mlbot 1", "folder      /a"]
    assert wrapped[2].startswith("token       word")
    assert all(line.startswith(" " * 12 + "word") for line in wrapped[3:-1])
    assert wrapped[-1] == "  a.json  (metrics: named)"
    assert max(map(len, wrapped)) <= 60
