"""Where an observation came from is said on it."""

from __future__ import annotations

import pytest

from cml_bot.model import Bars, Fact, Figure, Matrix, Metric, Note, Observation, Param, Points, Series
from cml_bot.placing import place

METRIC = Metric(name="acc", values=(0.5,))
SERIES = Series(name="loss", x=(0,), y=(1.0,))
MATRIX = Matrix(name="m", rows=("a",), columns=("a",), values=((1.0,),))
FIGURE = Figure(name="val/roc.png", media="image/png", data=b"")


@pytest.mark.parametrize(
    "one",
    [
        METRIC,
        SERIES,
        MATRIX,
        Bars(name="b", labels=("a",), values=(1.0,)),
        Points(name="p", x=(0,), y=(1,)),
        Param(name="lr", value="1"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_group_and_source(one: Metric | Series | Matrix | Bars | Points | Param) -> None:
    alone = place(one, "run1/m.json")
    shared = place(one, "run1/m.json", "run*/m.json")
    for placed, group in ((alone, "run1/m.json"), (shared, "run*/m.json")):
        assert not isinstance(placed, Note | Fact | Figure)
        assert (placed.group, placed.source, placed.name) == (group, "run1/m.json", one.name)


def test_what_a_source_keeps_apart_stays_apart() -> None:
    placed = place(Metric(name="acc", values=(0.5,), group="churn"), "mlruns/0", "mlruns")
    assert isinstance(placed, Metric)
    assert placed.group == "mlruns/churn"


def test_a_note_has_a_source_and_no_group() -> None:
    assert place(Note(text="cut."), "a/m.json", "*/m.json") == Note(text="cut.", source="a/m.json")


def test_a_fact_is_known_by_its_group() -> None:
    placed = place(Fact(name="task", value="recorded:1"), "a/m.json", "*/m.json")
    assert placed == Fact(name="*/m.json:task", value="recorded:1")


@pytest.mark.parametrize(
    ("is_many", "name"),
    [(False, "plots/*.png"), (True, "plots/*.png/val/roc.png")],
)
def test_a_picture_has_a_name_of_its_own_only_among_many(is_many: bool, name: str) -> None:
    placed: Observation = place(FIGURE, "plots/1.png", "plots/*.png", is_many=is_many)
    assert isinstance(placed, Figure)
    assert (placed.name, placed.source) == (name, "plots/1.png")
