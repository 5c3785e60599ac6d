"""Charts from a run to the report: made whole, paired, kept in records and bundles, told in words."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.as_json import dump_run, parse_run
from cml_bot.bins import Bins, is_rising, share_edges
from cml_bot.bundle import dump_bundle
from cml_bot.bundle_paths import Bundle
from cml_bot.chart_numbers import number_chart, tabulate_chart
from cml_bot.chart_text import draw_text
from cml_bot.chart_words import describe_chart
from cml_bot.charts import (
    MOST_BARS,
    MOST_CLASSES,
    MOST_POINTS,
    bound_chart,
    choose_labels,
    count_numbers,
    is_whole,
    make_grid,
)
from cml_bot.errors import InputError
from cml_bot.join_runs import join
from cml_bot.mermaid import draw_bars
from cml_bot.model import Bars, Chart, ChartPair, Histogram, Key, Matrix, Points, Run
from cml_bot.pairs import pair_charts
from tests.charts import BASE, HEAD, bars, cloud, confusion, histogram, line, matrix, pair

NAN = math.nan


def run(*charts: Chart) -> Run:
    return Run(charts=charts)


def tell(drawn: ChartPair) -> str:
    return describe_chart(drawn, head_label=HEAD, base_label=BASE)


class TestPairs:
    @pytest.mark.parametrize(
        "chart", [confusion(4, 1), bars(a=1.0, b=NAN), line(0.0, NAN, 1.0)], ids=lambda one: one.name
    )
    def test_what_is_equal_is_left_out(self, chart: Chart) -> None:
        again = replace(chart, source="elsewhere")
        assert pair_charts(run(chart), run(again)) == ()
        assert [one.base for one in pair_charts(run(chart), None)] == [None]

    def test_what_differs_is_new_or_gone_is_kept_in_order(self) -> None:
        found = pair_charts(run(confusion(4, 1), bars(a=1.0)), run(confusion(4, 2), line(0.0, 1.0)))
        assert [one.key.name for one in found] == ["cm", "importance", "roc"]
        assert [(one.head is None, one.base is None) for one in found] == [(False, False), (False, True), (True, False)]

    def test_another_kind_under_the_same_name_is_new(self) -> None:
        (found,) = pair_charts(
            run(bars(a=1.0)), run(replace(line(0.0, 1.0), name="importance", group="importance.json"))
        )
        assert (type(found.head), found.base) == (Bars, None)

    def test_a_record_that_holds_a_part_is_held_against_that_part(self) -> None:
        whole = confusion(300, 1)
        assert pair_charts(run(whole), run(bound_chart(whole))) == ()
        (found,) = pair_charts(run(confusion(300, 2)), run(bound_chart(whole)))
        known = bound_chart(whole)
        assert isinstance(found.head, Matrix)
        assert isinstance(found.base, Matrix)
        assert isinstance(known, Matrix)
        assert found.head.rows == found.base.rows == known.rows


class TestBounds:
    @pytest.mark.parametrize(
        "chart",
        [
            confusion(MOST_CLASSES * 3, 1),
            bars(**{f"f{n}": float(n % 97) for n in range(MOST_BARS * 2)}),
            cloud(3_000, 1),
            Matrix(name="m", rows=("a",), columns=tuple(map(str, range(500))), values=(tuple(map(float, range(500))),)),
        ],
        ids=["matrix", "bars", "points", "oblong"],
    )
    def test_large_ones_are_cut_once(self, chart: Chart) -> None:
        short = bound_chart(chart)
        assert count_numbers(short) < count_numbers(chart)
        assert is_whole(short)
        assert bound_chart(short) == short

    def test_points_keep_their_ends(self) -> None:
        long = cloud(12_345, 1)
        short = bound_chart(long)
        assert isinstance(short, Points)
        assert len(short.x) == MOST_POINTS
        assert (short.x[0], short.x[-1]) == (long.x[0], long.x[-1])

    def test_a_line_keeps_its_shape(self) -> None:
        # All that it does, it does in its first hundredth.
        y = tuple(min(n / 100, 1.0) for n in range(10_000))
        long = Points(name="PR", x=tuple(n / 10_000 for n in range(10_000)), y=y, is_line=True)
        short = bound_chart(long)
        assert isinstance(short, Points)
        assert len(short.x) <= MOST_POINTS
        assert (short.x[0], short.x[-1]) == (long.x[0], long.x[-1])
        assert max(abs(after - before) for before, after in pairwise(short.y)) < 0.02
        bent = bound_chart(replace(long, is_line=False))
        assert isinstance(bent, Points)
        assert max(abs(after - before) for before, after in pairwise(bent.y)) > 0.1

    @pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, 1e308, -1e308])
    def test_a_line_with_what_is_no_length_is_cut_as_well(self, odd: float) -> None:
        long = Points(name="PR", x=tuple(map(float, range(2_000))), y=(odd,) * 1_999 + (0.5,), is_line=True)
        short = bound_chart(long)
        assert isinstance(short, Points)
        assert len(short.x) == MOST_POINTS
        assert short.y[-1] == 0.5

    def test_the_most_confused_classes_stay(self) -> None:
        grid = make_grid(matrix((9, 0, 0, 0), (0, 5, 4, 0), (0, 1, 8, 0), (1, 0, 0, 8)), None)
        assert choose_labels(grid, 2).rows == ("b", "c")

    @given(st.lists(st.lists(st.floats() | st.integers(-5, 5), min_size=0, max_size=3), min_size=0, max_size=3))
    def test_what_has_gaps_is_not_whole(self, values: list[list[float]]) -> None:
        chart = Matrix(name="m", rows=("a", "b"), columns=("a", "b"), values=tuple(map(tuple, values)))
        assert is_whole(chart) == (list(map(len, values)) == [2, 2])

    def test_sides_of_other_classes_are_put_over_all_of_them(self) -> None:
        head, base = matrix((3, 1), (0, 4)), replace(matrix((2, 0), (1, 5)), rows=("b", "z"), columns=("b", "z"))
        grid = make_grid(head, base)
        assert [grid.rows, grid.columns] == [("a", "b", "z")] * 2
        assert list(grid.sides) == [((3, 1, 0), (0, 4, 0), (0, 0, 0)), ((0, 0, 0), (0, 2, 0), (0, 1, 5))]


class TestKept:
    CHARTS = (
        confusion(3, 1),
        histogram(1, 2.5, NAN),
        replace(line(0.0, 1.0), name="known", score=0.75),
        bars(a=1.5, b=NAN),
        line(0.0, 0.5, 1.0),
        replace(cloud(4, 1, is_jittered=True), group="x"),
    )

    def test_a_run_comes_back_with_its_charts(self) -> None:
        shown = replace(confusion(2, 1), is_shares=True, group="other")
        ordered = replace(bars(a=1.0), is_ordered=True, group="other")
        before = run(*self.CHARTS, shown, ordered)
        assert repr(parse_run(dump_run(before), "run.json")) == repr(before)

    @pytest.mark.parametrize("broken", [{"rows": ["a"]}, {"values": [[1.0], [2.0]]}, {"values": "x"}, {"columns": 3}])
    def test_a_chart_with_gaps_is_refused(self, broken: dict[str, object]) -> None:
        table = json.loads(dump_run(run(matrix((1, 2), (3, 4)))))
        table["charts"][0] |= broken
        with pytest.raises(InputError, match="is not a run"):
            parse_run(json.dumps(table), "run.json")

    def test_a_run_of_an_earlier_version_has_none(self) -> None:
        table = json.loads(dump_run(run()))
        del table["charts"]
        assert parse_run(json.dumps(table), "run.json") == Run()

    def test_a_bundle_holds_charts_of_a_bounded_size(self) -> None:
        texts, _ = dump_bundle(run(confusion(300, 1), cloud(5_000, 1)))
        kept = parse_run(texts["run.json"], "run.json").charts
        assert [count_numbers(chart) for chart in kept] == [MOST_CLASSES**2, MOST_POINTS]


class TestJoined:
    def bundle(self, name: str, chart: Chart, group: str = "", replicate: str = "") -> Bundle:
        return Bundle(name=name, run=run(chart), is_one_of_many=not group, group=group, replicate=replicate)

    def test_shards_keep_their_charts_under_their_names(self) -> None:
        joined = join([self.bundle("a", confusion(3, 1)), self.bundle("b", confusion(3, 2))], sha="").run
        assert [str(one.key) for one in joined.charts] == ["a/cm.json:cm", "b/cm.json:cm"]

    def test_the_chart_of_the_first_training_stands_for_all(self) -> None:
        group = "seed-{replicate}"
        seeds = [self.bundle("seed", confusion(3, seed), group, str(seed)) for seed in (1, 2)]
        joined = join(seeds, sha="").run
        assert joined.charts == (confusion(3, 1),)
        assert any("the chart of 1 stands for those of 2 repeated trainings" in note for note in joined.notes)


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        (
            pair(matrix((9, 1), (0, 10)), matrix((7, 3), (0, 10))),
            (
                "cm, confusion matrix of 2 classes: 19 of 20 right on this branch, 2 more than on main, "
                "most confused: a as b (1 on this branch and 3 on main)"
            ),
        ),
        (
            pair(matrix((9, 1), (0, 10)), matrix((5, 0), (1, 10))),
            (
                "cm, confusion matrix of 2 classes: 19 of 20 right on this branch and 15 of 16 on main, "
                "most confused: a as b (1 on this branch and 0 on main)"
            ),
        ),
        (
            pair(matrix((9, 1), (1, 9)), matrix((8, 2), (0, 10))),
            (
                "cm, confusion matrix of 2 classes: 18 of 20 right on this branch, as many as on main, "
                "most confused: a as b (1 on this branch and 2 on main)"
            ),
        ),
        (
            pair(matrix((5, 0), (0, 5)), None),
            "cm, confusion matrix of 2 classes: 10 of 10 right on this branch; it is not there on main",
        ),
        (
            pair(matrix((0.9, 0.1), (0.25, 0.75)), matrix((0.8, 0.2), (0.5, 0.5))),
            "cm, confusion matrix of 2 classes: most confused: b as a (0.25 on this branch and 0.50 on main)",
        ),
        (
            pair(Matrix(name="m", rows=("x",), columns=("p", "q"), values=((1.0, 3.0),)), None),
            "m, matrix of 1 × 2: largest: x, q (3 on this branch); it is not there on main",
        ),
        (
            pair(replace(matrix((5, 0), (0, 5)), name="test confusion_matrix"), None),
            "test confusion_matrix, 2 classes: 10 of 10 right on this branch; it is not there on main",
        ),
        (
            pair(matrix((0, 0), (0, 0)), None),
            "cm, confusion matrix of 2 classes: 0 of 0 right on this branch; it is not there on main",
        ),
        (
            pair(bars(a=3.0, b=1.0), bars(a=2.9, b=2.0, c=0.5)),
            (
                "importance, 2 bars (3 on main): largest a (3.0 on this branch and 2.9 on main), "
                "most changed b (1 on this branch and 2 on main)"
            ),
        ),
        (pair(None, bars(a=3.0)), "importance, 1 bar: largest a (3 on main); it is not there on this branch"),
        (pair(bars(a=NAN), bars(a=1.0)), "importance, 1 bar: largest a (NaN on this branch and 1 on main)"),
        (
            pair(line(0.0, 0.9, 1.0), line(0.0, 0.5, 1.0)),
            "roc, true positive rate over false positive rate: area under it 0.7 on this branch and 0.5 on main",
        ),
        (
            pair(line(0.0, 0.9, 1.0), line(0.0, 0.5, 1.0, 1.0, x=[0.0, 0.5, 0.2, 1.0])),
            (
                "roc, true positive rate over false positive rate: "
                "true positive rate from 0 to 1 on this branch and 0 to 1 on main"
            ),
        ),
        (
            pair(line(NAN, NAN), None),
            (
                "roc, true positive rate over false positive rate: "
                "true positive rate from no number on this branch; it is not there on main"
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_words_say_what_is_to_be_seen(drawn: ChartPair, said: str) -> None:
    assert tell(drawn).startswith(said)


def test_what_was_not_there_before() -> None:
    assert describe_chart(pair(bars(a=1.0), None), head_label=HEAD, base_label="before").endswith(
        "it was not there before"
    )
    assert describe_chart(pair(bars(a=1.0), None), head_label=HEAD, base_label="").endswith(
        "largest a (1 on this branch)"
    )


def test_a_small_table_names_the_most_confused_and_the_largest() -> None:
    found = tabulate_chart(
        pair(matrix((9, 1, 0), (4, 6, 0), (0, 2, 8)), matrix((9, 0, 1), (0, 9, 1), (0, 0, 10))),
        base_label="main",
        most=3,
    )
    assert found == (
        ("true", "taken for", "main", "here"),
        (("b", "a", "0", "4"), ("c", "b", "0", "2"), ("a", "b", "0", "1")),
    )
    found = tabulate_chart(pair(bars(a=1.0, b=-2.5), None), base_label="main", most=5)
    assert found == (("bar", "here"), (("b", "−2.5"), ("a", "1")))
    assert tabulate_chart(pair(line(0.0, 1.0), None), base_label="main", most=5) is None
    assert tabulate_chart(pair(matrix((1, 0), (0, 1)), None), base_label="main", most=5) is None


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        (
            pair(histogram(2, 8, 2), histogram(6, 2, 4)),
            (
                "scores, histogram of 12 numbers: half of them from 1.13 to 1.88, the middle at 1.5, on this branch "
                "and from 0.50 to 2.25, the middle at 1.0, on main"
            ),
        ),
        (
            pair(histogram(1, 3), histogram(1, 2)),
            (
                "scores, histogram of 4 numbers (3 on main): half of them from 1.00 to 1.667, the middle at 1.333, "
                "on this branch and from 0.75 to 1.625, the middle at 1.250, on main"
            ),
        ),
        (pair(histogram(0, NAN), None), "scores, histogram of 0 numbers: nothing in it; it is not there on main"),
        (
            pair(
                replace(line(1.0, 0.8, 0.4), x_label="recall", y_label="precision"),
                replace(line(1.0, 0.6, 0.4), x_label="recall", y_label="precision"),
            ),
            "roc, precision over recall: average precision 0.6 on this branch and 0.5 on main",
        ),
        (
            pair(replace(line(0.0, 0.5, 1.0), score=0.912), replace(line(0.0, 0.5, 1.0), score=0.905)),
            "roc, true positive rate over false positive rate: area under it 0.912 on this branch and 0.905 on main",
        ),
        (
            pair(matrix((9, 1, 0), (4, 6, 0), (0, 2, 8)), matrix((9, 0, 1), (4, 6, 0), (3, 0, 7))),
            (
                "cm, confusion matrix of 3 classes: 23 of 30 right on this branch, 1 more than on main, "
                "most confused: b as a (4 on this branch and 4 on main), "
                "most changed: c as a (0 on this branch and 3 on main)"
            ),
        ),
    ],
    ids=["histogram", "other numbers", "nothing", "average precision", "score", "most changed"],
)
def test_words_of_known_curves_and_histograms(drawn: ChartPair, said: str) -> None:
    assert tell(drawn) == said


class TestNumbers:
    def test_a_small_matrix_stands_as_it_is(self) -> None:
        assert number_chart(pair(matrix((9, 1), (0, 10)), matrix((7, 3), (0, 10))), base_label="main") == (
            ("true, by what it was taken for (main → here where they differ)", "a", "b"),
            (("a", "7 → 9", "3 → 1"), ("b", "0", "10")),
        )

    def test_of_a_large_one_what_changed_most(self) -> None:
        told = number_chart(pair(confusion(30, 1), confusion(30, 2)), base_label="main")
        assert told is not None
        assert told.heads == ("true", "taken for", "main", "here", "change")
        assert len(told.rows) == 20
        sizes = [abs(int(row[-1].replace("−", "-"))) for row in told.rows]
        assert sizes == sorted(sizes, reverse=True)

    def test_bars_up_to_thirty(self) -> None:
        many = {f"f{number}": float(100 - number) for number in range(64)}
        told = number_chart(pair(bars(**many), bars(**{**many, "f1": 50.0})), base_label="main")
        assert told is not None
        assert len(told.rows) == 30
        assert told.rows[1] == ("f1", "50", "99", "+49")

    def test_a_curve_at_even_places(self) -> None:
        told = number_chart(pair(line(0.0, 0.9, 1.0), line(0.0, 0.5, 1.0)), base_label="main")
        assert told is not None
        assert told.heads == ("true positive rate at false positive rate", "main", "here", "change")
        assert told.rows[0] == ("0", "0", "0", "0")
        assert told.rows[5] == ("0.5", "0.5", "0.9", "+0.4")
        assert told.rows[-1] == ("area", "0.5", "0.7", "+0.2")

    def test_points_by_how_they_are_spread(self) -> None:
        told = number_chart(pair(cloud(101, 1), cloud(50, 2)), base_label="main")
        assert told is not None
        assert told.rows[0] == ("points", "how many", "50", "101")
        assert [row[:2] for row in told.rows[1:6]] == [
            ("actual", name)
            for name in ("smallest", "a quarter below", "half below", "three quarters below", "largest")
        ]

    def test_bins_of_both_sides(self) -> None:
        told = number_chart(pair(histogram(1, 2), histogram(3, 4, edges=(1, 2, 3))), base_label="main")
        assert told == (
            ("score", "main", "here", "change"),
            (("0 to 1", "0", "1", "+1"), ("1 to 2", "3", "2", "−1"), ("2 to 3", "4", "0", "−4")),
        )
        told = number_chart(pair(histogram(1, 2), histogram(3, 4, edges=(0.1, 2, 3))), base_label="main")
        assert told is not None
        assert told.rows[0] == ("how many", "7", "3")

    def test_one_side_has_no_change(self) -> None:
        told = number_chart(pair(histogram(1, 2), None), base_label="main")
        assert told == (("score", "here"), (("0 to 1", "1"), ("1 to 2", "2")))
        told = number_chart(pair(None, histogram(1, 2)), base_label="main")
        assert told == (("score", "main"), (("0 to 1", "1"), ("1 to 2", "2")))


class TestBins:
    @given(
        st.lists(st.integers(0, 50), min_size=1, max_size=8),
        st.lists(st.integers(0, 50), min_size=1, max_size=8),
        st.integers(-9, 9),
        st.sampled_from([1, 2, 3]),
    )
    def test_even_bins_are_put_over_each_other_and_nothing_is_lost(
        self, ours: list[int], theirs: list[int], start: int, times: int
    ) -> None:
        head = histogram(*ours, edges=[0.1 * place for place in range(len(ours) + 1)])
        base = histogram(*theirs, edges=[0.1 * (start + place * times) for place in range(len(theirs) + 1)])
        shared = share_edges(head, base)
        assert shared is not None
        assert (sum(shared.head), sum(shared.base)) == (sum(ours), sum(theirs))
        assert is_rising(shared.edges)

    def test_edges_that_nearly_agree_are_the_same(self) -> None:
        assert share_edges(histogram(1, 2, 3, edges=(0, 1, 5, 6)), histogram(3, 2, 1, edges=(0, 1.01, 5, 6))) == Bins(
            edges=(0, 1, 5, 6), head=(1, 2, 3), base=(3, 2, 1)
        )
        assert share_edges(histogram(1, 2), histogram(1, 2, edges=(0, 1.5, 2))) is None
        assert share_edges(histogram(1, 2), histogram(1, 2, edges=(1e9, 1e9 + 1, 1e9 + 2))) is None

    def test_many_bins_are_merged(self) -> None:
        many = histogram(*map(float, range(1_000)))
        short = bound_chart(many)
        assert isinstance(short, Histogram)
        assert len(short.counts) == 100
        assert sum(short.counts) == sum(many.counts)
        assert (short.edges[0], short.edges[-1]) == (0, 1_000)

    @pytest.mark.parametrize("edges", [(0, 0), (1, 0), (0, NAN), (-math.inf, 0), (0,), (0, 1, 2)])
    def test_edges_have_to_rise(self, edges: tuple[float, ...]) -> None:
        assert not is_whole(replace(histogram(1.0), edges=edges))


HUGE = [10**400, -(10**400), 1e308, -1e308, NAN, math.inf, 5e-324, 0, 1]


@given(st.data())
def test_any_numbers_can_be_told(data: st.DataObject) -> None:
    number = st.floats() | st.sampled_from(HUGE)
    four = [data.draw(st.lists(number, min_size=2, max_size=2)) for _ in range(4)]
    kinds = (
        pair(matrix(*four[:2]), matrix(*four[2:])),
        pair(bars(a=four[0][0], b=four[0][1]), bars(a=four[1][0], c=four[1][1])),
        pair(line(*four[0]), line(*four[1], x=four[2])),
        pair(histogram(*four[0]), histogram(*four[1], edges=(-1e149, 0, 1e-300))),
    )
    for drawn in kinds:
        assert tell(drawn)
        tabulate_chart(drawn, base_label=BASE, most=5)
        draw_text(drawn, head_label=HEAD, base_label=BASE)
        assert number_chart(drawn, base_label=BASE) or isinstance(drawn.head, Points)
        assert pair_charts(run(drawn.head or drawn.base or bars(a=1)), None)


class TestMermaid:
    def test_bars_with_main_as_a_line(self) -> None:
        chart = draw_bars(bars(a=3.0, b=1e-3), bars(a=2.0), head_label=HEAD, base_label=BASE)
        assert chart is not None
        assert 'x-axis ["a", "b"]\n  y-axis 0 --> 3.15\n  bar [3, 0.001]\n  line [2, 0]' in chart.block
        assert chart.legend == "blue bars: this branch, orange line: main"

    def test_the_largest_of_many(self) -> None:
        chart = draw_bars(bars(**{f"f{n}": float(n) for n in range(100)}), None, head_label=HEAD, base_label=BASE)
        assert chart is not None
        assert chart.legend == "blue bars: this branch; the 12 largest of 100"
        assert len(chart.block) < 1_000

    @pytest.mark.parametrize("value", [-1.0, NAN, math.inf, 0.0])
    def test_none_where_mermaid_cannot(self, value: float) -> None:
        assert draw_bars(bars(a=value), None, head_label=HEAD, base_label=BASE) is None

    def test_few_bins_of_a_histogram(self) -> None:
        chart = draw_text(pair(histogram(*[1.0] * 30), histogram(*[2.0] * 30)), head_label=HEAD, base_label=BASE)
        assert chart is not None
        assert 'x-axis ["0", "3", "6", "9", "12", "15", "18", "21", "24", "27"]' in chart.block
        assert "  bar [10, 10, 10" in chart.block
        assert chart.legend == "blue bars: this branch, orange line: main; % of all, score from each number on"
        torn = pair(histogram(1, 2), histogram(1, 2, edges=(0, 1.5, 2)))
        assert draw_text(torn, head_label=HEAD, base_label=BASE) is None

    def test_known_curves_are_lines(self) -> None:
        chart = draw_text(pair(line(0.0, 0.9, 1.0), line(0.0, 0.5, 1.0)), head_label=HEAD, base_label=BASE)
        assert chart is not None
        assert 'x-axis "fpr" 0 --> 1' in chart.block
        assert chart.block.count("  line [") == 2
        for other in (cloud(9, 1), matrix((1, 2), (3, 4)), replace(line(0.0, 1.0), x_label="x")):
            assert draw_text(pair(other, None), head_label=HEAD, base_label=BASE) is None


def test_ten_thousand_labels_take_less_than_a_second(tmp_path: Path) -> None:
    many = Bars(name="b", labels=tuple(map(str, range(10_000))), values=tuple(map(float, range(10_000))))
    (found,) = pair_charts(run(many), run(replace(many, values=tuple(reversed(many.values)))))
    assert found.key == Key("", "b")
    assert tell(found)


def test_a_bar_that_is_on_one_side_alone_is_not_the_most_changed() -> None:
    head = Bars(name="importance", labels=("a", "b"), values=(0.9, 0.1))
    base = Bars(name="importance", labels=("a", "b", "c"), values=(0.9, 0.2, 0.5))
    said = describe_chart(ChartPair(key=head.key, head=head, base=base), head_label="this branch", base_label="main")
    assert "most changed b (" in said
