from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cml_bot.escape import clean
from cml_bot.filters import (
    MISSING,
    NO_BREAK,
    THIN,
    Pair,
    format_number,
    format_pair,
    format_percent,
    format_ticks,
    plural,
    sparkline,
)

finite = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers())
any_number = st.one_of(st.floats(), st.integers(), st.none())
close_pairs = st.tuples(finite, st.floats(-1e-3, 1e-3)).map(lambda pair: (pair[0], float(pair[0]) * (1 + pair[1])))
pairs = st.one_of(st.tuples(finite, finite), close_pairs)


def ascii_of(text: str) -> str:
    """A formatted number as one types it, for tables that can be read."""
    return text.replace(NO_BREAK, " ").replace(THIN, "'").replace("−", "-").replace("–", "none")


def row(base: float | None, head: float | None, unit: str = "") -> tuple[str, str, str, str]:
    pair = format_pair(base, head, unit)
    return ascii_of(pair.base), ascii_of(pair.head), ascii_of(pair.change), ascii_of(pair.relative)


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        # The reference look.
        (0.842, 0.801, ("0.842", "0.801", "-0.041", "-4.9 %")),
        (0.8912, 0.9034, ("0.8912", "0.9034", "+0.0122", "+1.4 %")),
        (0.352, 0.310, ("0.352", "0.310", "-0.042", "-12 %")),
        (12.1, 12.9, ("12.1", "12.9", "+0.8", "+6.6 %")),
        (120_000, 131_500, ("120'000", "131'500", "+11'500", "+9.6 %")),
        # Two digits of the change however many the file holds, three after a leading one.
        (0.84212345, 0.80123456, ("0.842", "0.801", "-0.041", "-4.9 %")),
        (0.89123456, 0.90345678, ("0.8912", "0.9035", "+0.0122", "+1.4 %")),
        (0.9996, 0.9, ("0.9996", "0.9000", "-0.0996", "-10 %")),
        (0.1, 0.30000000000000004, ("0.10", "0.30", "+0.20", "+200 %")),
        (0.1, 0.10000000000000002, ("0.10000000000000000", "0.10000000000000002", "+2e-17", "+2e-14 %")),
        (0.5, 0.75, ("0.50", "0.75", "+0.25", "+50 %")),
        (12.0, 13.0, ("12", "13", "+1", "+8.3 %")),
        (3, 3.5, ("3.0", "3.5", "+0.5", "+17 %")),
        (123456.78, 234567.89, ("123'457", "234'568", "+111'111", "+90 %")),
        # Small and large ones.
        (1.2e-07, 2.4e-07, ("1.2e-07", "2.4e-07", "+1.2e-07", "+100 %")),
        (1e-7, 2e-7, ("1e-07", "2e-07", "+1e-07", "+100 %")),
        (3e-6, 8e-6, ("3e-06", "8e-06", "+5e-06", "+167 %")),
        (9.8e-08, 1.2e-07, ("9.8e-08", "1.20e-07", "+2.2e-08", "+22 %")),
        (0.3, 5e-07, ("0.30", "5e-07", "-0.30", "-99.9 %")),
        (5e-324, 0.0, ("5e-324", "0", "-5e-324", "-100 %")),
        (1.7976931348623157e308, -1.7976931348623157e308, ("1.8e+308", "-1.8e+308", "-3.6e+308", "")),
        (10**15 - 1, 10**15 - 3, ("999'999'999'999'999", "999'999'999'999'997", "-2", "-2.0e-13 %")),
        (10**20, 3 * 10**20, ("1e+20", "3e+20", "+2e+20", "+200 %")),
        (9_999, 10_001, ("9'999", "10'001", "+2", "+0.020 %")),
        # Zero, signs, and where a relative change means nothing.
        (0, 0.25, ("0.00", "0.25", "+0.25", "")),
        (0.0, 1.2e-07, ("0", "1.2e-07", "+1.2e-07", "")),
        (0.5, 0, ("0.5", "0.0", "-0.5", "-100 %")),
        (-5, -4, ("-5", "-4", "+1", "+20 %")),
        (5, -4, ("5", "-4", "-9", "")),
        (1, 10.9, ("1.0", "10.9", "+9.9", "+990 %")),
        (1, 1.125, ("1.000", "1.125", "+0.125", "+13 %")),
        (1, 11, ("1", "11", "+10", "")),
        # Two digits of the smaller side too, where they are not too far apart.
        (100, 1.4999, ("100.0", "1.5", "-98.5", "-99 %")),
        (1000, 1.2, ("1'000.0", "1.2", "-998.8", "-99.8 %")),
        (0.5, 0.695, ("0.500", "0.695", "+0.195", "+39 %")),
        # No change.
        (-0.0, 0.0, ("0", "0", "0", "")),
        (1, 1.0, ("1", "1", "0", "")),
        (0.8912345, 0.8912345, ("0.8912", "0.8912", "0", "")),
        (1234567, 1234567, ("1'234'567", "1'234'567", "0", "")),
        # What is no number.
        (None, 0.5, ("none", "0.5", "none", "")),
        (0.5, None, ("0.5", "none", "none", "")),
        (None, None, ("none", "none", "none", "")),
        (math.nan, 0.5, ("NaN", "0.5", "none", "")),
        (math.nan, math.nan, ("NaN", "NaN", "none", "")),
        (0.5, math.inf, ("0.5", "∞", "+∞", "")),
        (math.inf, 0.5, ("∞", "0.5", "-∞", "")),
        (0.5, -math.inf, ("0.5", "-∞", "-∞", "")),
        (math.inf, math.inf, ("∞", "∞", "none", "")),
        (10**400, 1, ("∞", "1", "-∞", "")),
        (True, False, ("1", "0", "-1", "-100 %")),
    ],
)
def test_pair(base: float | None, head: float | None, expected: tuple[str, str, str, str]) -> None:
    assert row(base, head) == expected


def test_integers_of_thirty_digits_differ_where_they_differ() -> None:
    pair = format_pair(123456789012345678901234567890, 123456789012345678901234567891)
    assert (pair.base[-6:], pair.head[-6:], pair.change) == ("90e+29", "91e+29", "+1")


def test_units_stand_once_beside_each_number_and_never_break_off() -> None:
    assert format_pair(12.1, 12.9, " ms ") == Pair(
        base="12.1\u00a0ms", head="12.9\u00a0ms", change="+0.8\u00a0ms", relative="+6.6\u00a0%"
    )
    assert format_number(3, "images per s") == "3\u00a0images\u00a0per\u00a0s"
    assert format_pair(None, math.nan, "ms") == Pair(base=MISSING, head="NaN", change=MISSING, relative="")


def test_percentages_change_in_points() -> None:
    assert row(84.23, 80.1, "%") == ("84.2 %", "80.1 %", "-4.1 pp", "")


def test_signs_and_separators_are_the_typographic_ones() -> None:
    assert format_pair(-1234, -2345) == Pair(
        base="−1\u202f234", head="−2\u202f345", change="−1\u202f111", relative="−90\u00a0%"
    )


@settings(max_examples=1000)
@given(pairs)
@example((1e300, 1e-300))
@example((0.0049, 0.3))
@example((-5e-324, 5e-324))
def test_two_numbers_that_differ_look_different(pair: tuple[float, float]) -> None:
    assume(pair[0] != pair[1] and all(map(math.isfinite, pair)))
    shown = format_pair(*pair)
    assert shown.base != shown.head
    assert shown.change[0] in "+−"
    assert re.search("[1-9]", shown.change)


@settings(max_examples=1000)
@given(pairs)
def test_no_number_but_zero_looks_like_zero(pair: tuple[float, float]) -> None:
    shown = format_pair(*pair)
    for value, text in zip(pair, (shown.base, shown.head), strict=True):
        assert (value == 0) == (re.search("[1-9∞]", text.split("e")[0]) is None)


@settings(max_examples=1000)
@given(st.one_of(pairs, st.tuples(any_number, any_number)))
def test_swapping_the_sides_negates_the_change(pair: tuple[float | None, float | None]) -> None:
    there, back = format_pair(pair[0], pair[1]), format_pair(pair[1], pair[0])
    opposite = {"+": "−", "−": "+"}.get(there.change[0], there.change[0])
    assert back.change == opposite + there.change[1:]
    assert (there.base, there.head) == (back.head, back.base)


@settings(max_examples=1000)
@given(any_number, any_number, st.text())
def test_no_result_can_break_over_two_lines(base: float | None, head: float | None, unit: str) -> None:
    pair = format_pair(base, head, unit)
    for text in (pair.base, pair.head, pair.change, pair.relative, format_number(base, unit), format_percent(base)):
        assert not any(letter.isspace() and letter not in (NO_BREAK, THIN) for letter in text)


@settings(max_examples=500)
@given(any_number, any_number)
def test_numbers_pass_the_cleaning_of_foreign_text_whole(base: float | None, head: float | None) -> None:
    pair = format_pair(base, head, "ms")
    for text in (pair.base, pair.head, pair.change):
        assert clean(text, limit=500) == text


@settings(max_examples=500)
@given(st.floats(-1e14, 1e14), st.floats(-1e14, 1e14))
def test_both_sides_have_the_same_decimals(base: float, head: float) -> None:
    pair = format_pair(base, head)
    assume(base != head and "e" not in pair.base + pair.head)
    places = [len(text.partition(".")[2]) for text in (pair.base, pair.head)]
    smaller = min(abs(base), abs(head))
    assert places[0] == places[1] or smaller < 10 ** -min(places)


@settings(max_examples=500)
@given(st.floats(1e-300, 1e300), st.integers(-99, 99).filter(bool))
def test_what_is_shown_is_near_what_is_meant(base: float, percent: int) -> None:
    head = base * (1 + percent / 100)
    pair = format_pair(base, head)
    change = float(ascii_of(pair.change).replace("'", ""))
    assert change == pytest.approx(head - base, rel=0.05)
    assert float(ascii_of(pair.relative).removesuffix(" %")) == pytest.approx(percent, rel=0.05)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"), (math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "-∞"), (0, "0"), (-0.0, "0"), (7, "7"),
        (0.5, "0.5"), (0.123456, "0.1235"), (0.99996, "1.000"), (9.9996, "10.00"), (1234.567, "1'235"),
        (123456.7, "123'457"), (1234567, "1'234'567"), (999_999_999_999_999, "999'999'999'999'999"), (10**15, "1e+15"),
        (123456789012345678, "1.235e+17"), (0.0001234567, "0.0001235"), (0.00001, "1e-05"), (1.234567e-07, "1.235e-07"),
        (0.000099996, "1.000e-04"), (5e-324, "5e-324"), (-1.5, "-1.5"), (1e16, "1e+16"), (-(10**400), "-∞"),
    ],
)  # fmt: skip
def test_number(value: float | None, text: str) -> None:
    assert ascii_of(format_number(value)) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0, "0 %"), (0.05, "5 %"), (0.0487, "4.9 %"), (-0.0487, "-4.9 %"), (0.12, "12 %"), (0.1234, "12 %"),
        (0.5, "50 %"), (0.994, "99 %"), (0.995, "99.5 %"), (0.9999999, "99.9 %"), (1, "100 %"), (1.004, "100 %"),
        (12.345, "1'235 %"), (0.00123, "0.12 %"), (0.099964, "10 %"), (1e-09, "1e-07 %"), (None, "none"),
        (math.nan, "NaN"), (math.inf, "∞ %"),
    ],
)  # fmt: skip
def test_percent(fraction: float | None, text: str) -> None:
    assert ascii_of(format_percent(fraction)) == text


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        ([], ""),
        ([3.0], "▄"),
        ([2, 2, 2], "▄▄▄"),
        ([1, 2, 3, 4, 5, 6, 7, 8], "▁▂▃▄▅▆▇█"),
        ([0.0, 1.0], "▁█"),
        ([1.0, math.nan, 2.0, math.inf, 1.5], "▁·█·▅"),
        ([math.nan, math.nan], "··"),
        ([-1.7e308, 0.0, 1.7e308], "▁▅█"),
        ([5e-324, 0.0], "▄▄"),
        ([10**400, 1, 2], "·▁█"),
    ],
)
def test_sparkline(values: list[float], bars: str) -> None:
    assert sparkline(values) == bars


def test_a_long_row_is_averaged_in_groups() -> None:
    assert sparkline(range(1000), width=8) == "▁▂▃▄▅▆▇█"
    assert sparkline([0, 0, 4, 4, 0, math.nan], width=3) == "▁█▁"


@settings(max_examples=500)
@given(st.lists(st.one_of(st.floats(), st.integers())), st.integers(1, 40))
def test_a_sparkline_has_a_bar_for_each_group(values: list[float], width: int) -> None:
    bars = sparkline(values, width)
    assert len(bars) == min(len(values), width)
    assert set(bars) <= set("▁▂▃▄▅▆▇█·")


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=20))
def test_higher_values_never_get_lower_bars(values: list[float]) -> None:
    bars = sparkline(sorted(values))
    assert all(left <= right for left, right in pairwise(bars))


def test_plural() -> None:
    assert [plural(n, "metric") for n in (0, 1, 2)] == ["0 metrics", "1 metric", "2 metrics"]
    assert plural(2, "analysis", "analyses") == "2 analyses"
    assert plural(1900, "example") == f"1{THIN}900 examples"


@pytest.mark.parametrize(
    ("ticks", "texts"),
    [
        ([0.1, 0.2, 0.1 + 0.2], ["0.1", "0.2", "0.3"]),
        ([-0.25, 0.0, 0.25], ["−0.25", "0.00", "0.25"]),
        ([1e-17, 2.5, 5.0], ["0.0", "2.5", "5.0"]),
        ([0.0, 20000.0], ["0", "20\u202f000"]),
        ([0.981, 0.982], ["0.981", "0.982"]),
        ([1e9, 2e9], ["1e+09", "2e+09"]),
        ([0.0, 5e-324], ["0", "5e-324"]),
        ([0.0], ["0"]),
        ([100.0], ["100"]),
        ([0.0001], ["0.0001"]),
        ([], []),
    ],
)
def test_ticks_of_an_axis(ticks: list[float], texts: list[str]) -> None:
    assert format_ticks(ticks) == texts
