"""Charts in text: no name leaves its string, no block is too long, and the lines say what the curves say."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cml_bot.mermaid import BASE, HEAD, Chart, draw_chart
from cml_bot.model import Curve, Key, Series
from tests.test_escape import foreign_text

NAMES: list[str] = json.loads((Path(__file__).parent / "names.json").read_text())
NUMBER = r"-?\d+(?:\.\d+)?"
STRING = r'"[^"`{}\[\]<>#&;@|\\\n]+"'
BLOCK = re.compile(
    rf"""```mermaid
%%\{{init: \{{[\w":, {{}}#]+\}}\}}%%
xychart-beta
  x-axis (?:{STRING} )?(?P<x>{NUMBER} --> {NUMBER})
  y-axis (?:{STRING} )?(?P<y>{NUMBER} --> {NUMBER})
(?P<lines>(?:  line \[{NUMBER}(?:, {NUMBER})*\]
){{1,2}})```"""
)
"""All that a block may be: what Mermaid reads, and nothing else."""
numbers = st.floats(allow_nan=True, allow_infinity=True)
courses = st.lists(st.tuples(st.floats(-1e9, 1e9), numbers), max_size=300, unique_by=lambda pair: pair[0]).map(sorted)


def course(points: list[tuple[float, float]], label: str = "step") -> Series | None:
    xs, ys = zip(*points, strict=True) if points else ((), ())
    return Series(name="s", x=xs, y=ys, x_label=label, unit=label) if points else None


def chart(head: list[float], base: list[float], name: str = "loss", *, start: int = 0) -> Chart | None:
    sides = (course([(float(start + n), y) for n, y in enumerate(ys)]) for ys in (head, base))
    return draw(name, *sides)


def draw(name: str, head: Series | None, base: Series | None) -> Chart | None:
    return draw_chart(Curve(key=Key("g", name), head=head, base=base), head_label="this branch", base_label="main")


def lines_of(drawn: Chart | None) -> list[list[float]]:
    assert drawn is not None
    found = BLOCK.fullmatch(drawn.block)
    assert found, drawn.block
    assert len(drawn.block) <= 1_900  # GitLab asks for a click at 2,000
    lines = [json.loads(line.removeprefix("  line ")) for line in found["lines"].splitlines()]
    low, high = map(float, found["y"].split(" --> "))
    assert all(low <= y <= high for line in lines for y in line)
    assert all(2 <= len(line) <= 100 for line in lines)
    assert len(set(map(len, lines))) == 1
    return lines


def test_both_sides_are_drawn_point_by_point_the_head_over_the_base() -> None:
    drawn = chart([0.9, 0.6, 0.31], [0.9, 0.7, 0.352])
    assert lines_of(drawn) == [[0.9, 0.7, 0.352], [0.9, 0.6, 0.31]]
    assert drawn is not None
    assert f'"{BASE}, {HEAD}"' in drawn.block
    assert 'x-axis "step" 0 --> 2' in drawn.block
    assert drawn.legend == "blue: this branch, orange: main"


def test_a_side_alone_keeps_its_colour() -> None:
    head, base = chart([1.0, 2.0], []), chart([], [1.0, 2.0])
    assert head is not None
    assert base is not None
    assert (HEAD in head.block, BASE in head.block, head.legend) == (True, False, "blue: this branch")
    assert (HEAD in base.block, BASE in base.block, base.legend) == (False, True, "orange: main")


def test_what_only_one_side_has_is_not_stretched_over_the_other() -> None:
    drawn = chart([5.0, 4.0, 3.0, 2.0, 1.0], [6.0, 5.0, 4.0])
    assert lines_of(drawn) == [[6.0, 5.0, 4.0], [5.0, 4.0, 3.0]]
    assert drawn is not None
    assert drawn.legend.endswith("; drawn up to 2, where the shorter one ends")


def test_many_points_are_thinned_to_means() -> None:
    drawn = chart([float(n % 2) for n in range(5000)], [0.25] * 5000)
    base, head = lines_of(drawn)
    assert len(head) == 100
    assert set(base) == {0.25}
    assert all(abs(y - 0.5) < 0.03 for y in head)
    assert drawn is not None
    assert drawn.legend.endswith("; means of about 50 steps")


def test_what_is_no_number_is_left_out() -> None:
    assert lines_of(chart([1.0, math.nan, 3.0, math.inf, 5.0], [])) == [[1.0, 3.0, 5.0]]
    assert lines_of(chart([1.0, math.nan, 3.0], [2.0, 2.0, 2.0])) == [[2.0, 2.0, 2.0], [1.0, 2.0, 3.0]]


@pytest.mark.parametrize("values", [[], [1.0], [math.nan, 1.0, math.nan], [math.inf, math.inf]])
def test_there_is_no_chart_without_a_line(values: list[float]) -> None:
    assert chart(values, []) is None


def test_sides_without_a_step_in_common_have_no_chart() -> None:
    head, base = (course([(x, 1.0), (x + 1, 2.0)]) for x in (0.0, 5.0))
    assert draw("loss", head, base) is None


@pytest.mark.parametrize(("values", "power"), [([1.2e-7, 2.4e-7], -9), ([3e19, 6e19], 18), ([0.001, 0.002], 0)])
def test_numbers_are_written_without_exponents(values: list[float], power: int) -> None:
    drawn = chart(values, [])
    (line,) = lines_of(drawn)
    assert [y * 10.0**power for y in line] == pytest.approx(values, rel=1e-3)
    assert drawn is not None
    assert (f'"step x 1e{power}"' in drawn.block) == (power != 0)


@pytest.mark.parametrize("name", NAMES)
def test_no_name_leaves_its_string(name: str) -> None:
    side = course([(0.0, 1.0), (1.0, 2.0)], name)
    lines_of(draw(name, side, side))


@settings(max_examples=500, deadline=None)
@given(foreign_text, foreign_text)
def test_no_text_leaves_its_string(name: str, label: str) -> None:
    side = course([(0.0, 1.0), (1.0, 2.0)], label)
    lines_of(draw(name, side, side))


@settings(max_examples=300, deadline=None)
@given(courses, courses)
def test_whatever_the_numbers_the_block_is_one_that_mermaid_reads(
    head: list[tuple[float, float]], base: list[tuple[float, float]]
) -> None:
    drawn = draw("loss", course(head), course(base))
    if drawn is not None:
        lines_of(drawn)
