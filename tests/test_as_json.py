from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cml_bot.as_json import dump_report, dump_run, parse_run
from cml_bot.errors import InputError
from cml_bot.model import Figure, Metric, Param, Part, Run, Series, Source
from tests.making import make_report, make_run

TEXT = st.text(max_size=8).map(lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
NUMBER = st.floats() | st.integers(-(10**30), 10**30)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    xs = sorted(draw(st.sets(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=4)))
    return Run(
        sha=draw(st.sampled_from(["", "a1b2c3d" + "0" * 33])),
        created=draw(TEXT),
        metrics=tuple(
            Metric(
                name=draw(TEXT),
                group=draw(TEXT),
                values=tuple(draw(st.lists(NUMBER, min_size=1, max_size=3))),
                stderr=draw(st.none() | st.floats()),
                n_items=draw(st.none() | st.integers(0, 10**6)),
            )
            for _ in range(draw(st.integers(0, 3)))
        ),
        series=(Series(name=draw(TEXT), x=tuple(xs), y=tuple(draw(NUMBER) for _ in xs)),),
        params=(Param(name=draw(TEXT), value=draw(TEXT)),),
        notes=(draw(TEXT),),
        broken=(draw(TEXT),),
        unread=(draw(TEXT),),
        sources=(
            Source(
                path=draw(TEXT),
                why=draw(TEXT),
                part=draw(st.sampled_from(Part)),
                declared=draw(st.booleans()),
                x=draw(st.none() | TEXT),
                y=("a",),
            ),
        ),
    )


@given(runs())
def test_a_run_comes_back_as_it_was(run: Run) -> None:
    # By text, because NaN is not equal to itself.
    assert repr(parse_run(dump_run(run), "run.json")) == repr(run)


def the_long_way(run: Run) -> str:
    """A run as JSON by copying everything: slow, but there is nothing to get wrong."""

    def strict(value: object) -> object:
        if isinstance(value, dict):
            return {key: strict(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return list(map(strict, value))
        is_odd = isinstance(value, float) and not math.isfinite(value)
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)] if is_odd else value

    table = {key: value for key, value in asdict(run).items() if key != "figures"}
    return json.dumps(strict({"schema": 1, **table}), ensure_ascii=False) + "\n"


@given(runs())
def test_the_bytes_do_not_depend_on_the_way(run: Run) -> None:
    assert dump_run(run) == the_long_way(run)


@pytest.mark.parametrize("last", [0.25, 7, math.nan, math.inf, -math.inf])
def test_the_quick_way_and_the_strict_way_give_the_same_bytes(last: float) -> None:
    run = Run(series=(Series(name="verlust é", x=(1, 2.5), y=(0.1, last)),), sources=(Source(path="a", why="b"),))
    assert dump_run(run) == the_long_way(run)


@given(runs())
def test_the_json_is_strict(run: Run) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads(dump_run(run), parse_constant=refuse)


def test_figures_lie_beside_it() -> None:
    run = Run(figures=(Figure(name="a.png", media="image/png", data=b"\x89PNG"),))
    assert parse_run(dump_run(run), "run.json").figures == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "not a run of schema 1"),
        ('{"schema": 2}', "it says 2"),
        ('{"schema": 1}', "is not a run (it lacks"),
        ('{"schema": 1, "deltas": []}', "is a report, not a run. Name the run.json"),
        ('{"schema": 1, "sha": "", "created": "", "build_url": "", "metrics": 3}', "is not a run"),
    ],
)
def test_what_is_no_run_is_named(text: str, says: str) -> None:
    with pytest.raises(InputError, match=r"run\.json") as caught:
        parse_run(text, "run.json")
    assert says in str(caught.value)


def valid() -> dict[str, Any]:
    """The JSON of a run that has one of everything."""
    run = Run(
        sha="a1b2c3d",
        created="2026-11-21T12:00:00Z",
        metrics=(Metric(name="acc", values=(0.5, math.nan), stderr=0.1, n_items=9),),
        series=(Series(name="loss", x=(1, 2, 3), y=(0.5, math.inf, 0.25)),),
        params=(Param(name="lr", value="1e-4"),),
        notes=("one note",),
        sources=(Source(path="metrics.json", why="a well-known name", y=("a",)),),
    )
    table: dict[str, Any] = json.loads(dump_run(run))
    return table


Path = tuple[str | int, ...]


def paths(value: object, here: Path = ()) -> Iterator[Path]:
    """The place of every node of a document."""
    yield here
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in rows:
        yield from paths(item, (*here, key))


def put(table: object, path: Path, value: object) -> object:
    """A copy of a document with another node in one place."""
    if not path:
        return value
    key, *rest = path
    if isinstance(table, dict):
        return {name: put(item, tuple(rest), value) if name == key else item for name, item in table.items()}
    assert isinstance(table, list)
    return [put(item, tuple(rest), value) if number == key else item for number, item in enumerate(table)]


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("schema",), True, "it says True"),
        (("schema",), 1.0, "it says 1.0"),
        (("sha",), 7, "sha: 7 is not a text"),
        (("sha",), "a|<b>", "'a|<b>' is not a commit"),
        (("created",), None, "created: None is not a text"),
        (("notes",), "one note", "notes: 'one note' is not a list"),
        (("broken",), [1], "broken: 1 is not a text"),
        (("metrics",), {"acc": 1}, "is not a list"),
        (("metrics", 0), "acc", "metrics: 'acc' is not a metric"),
        (("metrics", 0), {"values": [1]}, "a metric lacks 'name'"),
        (("metrics", 0, "name"), None, "metrics: name: None is not a text"),
        (("metrics", 0, "group"), ["a"], "group: ['a'] is not a text"),
        (("metrics", 0, "values"), [], "values: there are no numbers"),
        (("metrics", 0, "values"), "12", "values: '12' is not a list"),
        (("metrics", 0, "values"), {"1": 2}, "is not a list"),
        (("metrics", 0, "values", 0), True, "values: True is not a number"),
        (("metrics", 0, "values", 0), None, "values: None is not a number"),
        (("metrics", 0, "values", 0), "0.5", "values: '0.5' is not a number"),
        (("metrics", 0, "values", 0), 10**400, "is not a number"),
        (("metrics", 0, "values", 0), -(10**400), "is not a number"),
        (("metrics", 0, "values", 0), math.inf, "inf is not a number"),
        (("metrics", 0, "stderr"), False, "stderr: False is not a number"),
        (("metrics", 0, "n_items"), 2.5, "n_items: 2.5 is not a whole number"),
        (("metrics", 0, "n_items"), True, "n_items: True is not a whole number"),
        (("series", 0, "x"), [1, 2], "series: x has 2 numbers and y has 3"),
        (("series", 0, "x"), [1, 3, 3], "series: x does not rise"),
        (("series", 0, "x"), [3, 2, 1], "series: x does not rise"),
        (("series", 0, "x"), [1, "NaN", 3], "series: x does not rise"),
        (("series", 0, "x"), [1, 2, "Infinity"], "series: x does not rise"),
        (("series", 0, "y"), [], "y: there are no numbers"),
        (("params", 0, "value"), 1e-4, "params: value: 0.0001 is not a text"),
        (("sources", 0, "part"), "x" * 999, "is not one of metrics, params, plots"),
        (("sources", 0, "part"), None, "None is not one of metrics"),
        (("sources", 0, "declared"), 1, "declared: 1 is not true or false"),
        (("sources", 0, "x"), 1, "x: 1 is not a text"),
        (("sources", 0, "y"), "abc", "y: 'abc' is not a list"),
    ],
)
def test_odd_shapes_are_named_and_nothing_is_invented(path: Path, value: object, says: str) -> None:
    assert path in set(paths(valid()))
    with pytest.raises(InputError, match=r"run\.json") as caught:
        parse_run(json.dumps(put(valid(), path, value)), "run.json")
    assert says in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("depth", [100, 900, 100_000])
@pytest.mark.parametrize("key", ["schema", "sha", "metrics", "notes"])
def test_a_deep_document_is_no_run(key: str, depth: int) -> None:
    text = json.dumps(put(valid(), (key,), "DEEP")).replace('"DEEP"', "[" * depth + "]" * depth)
    with pytest.raises(InputError):
        parse_run(text, "run.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | TEXT | st.just("NaN"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=500)
@given(st.sampled_from(sorted(paths(valid()), key=str)), JSON)
def test_any_document_is_a_run_or_an_input_error(path: Path, value: object) -> None:
    text = json.dumps(put(valid(), path, value))
    try:
        run = parse_run(text, "run.json")
    except InputError:
        return
    assert repr(parse_run(dump_run(run), "run.json")) == repr(run)
    assert all(metric.values for metric in run.metrics)
    for metric in run.metrics:
        assert isinstance(metric.value, int | float)
        math.isfinite(metric.value)


def test_later_versions_may_add_fields() -> None:
    table = json.loads(dump_run(make_run(acc=0.5)))
    table["later"] = table["metrics"][0]["later"] = 1
    assert parse_run(json.dumps(table), "run.json") == make_run(acc=0.5)


def test_the_report_is_the_contract() -> None:
    report = make_report(
        make_run(recall=0.801, loss=math.nan), make_run(recall=0.842, loss=0.5), fail_on=("recall < 0.9",)
    )
    table = json.loads(dump_report(report))
    assert table["schema"] == 1
    assert table["outcome"] == "fail"
    assert table["base"] == {"sha": report.base.sha, "kind": "git_files", "why": "the merge base with main"}
    recall, loss = table["deltas"]
    assert recall["head"] == {"value": 0.801, "values": [0.801], "stderr": None}
    assert recall["change"] == pytest.approx(-0.041)
    assert recall["relative"] == pytest.approx(-0.0487, abs=1e-4)
    assert (recall["goal"], recall["trend"]) == ("higher", "unclear")
    assert set(recall["evidence"]) >= {"method", "low", "high", "p", "n_head", "n_base", "n_history", "noise", "note"}
    assert (loss["head"]["value"], loss["trend"]) == ("NaN", "worse")
    assert table["checks"][0]["gate"] == "recall < 0.9"
    assert table["checks"][0]["outcome"] == "fail"
    assert table["checks"][0]["waived"] is None


def test_no_base_is_null() -> None:
    assert json.loads(dump_report(make_report(make_run(recall=0.8), None)))["base"] is None


def test_the_same_input_gives_the_same_bytes() -> None:
    made = [dump_report(make_report(make_run(b=1, a=2), make_run(a=1, c=3))) for _ in range(2)]
    assert made[0] == made[1]


def test_half_a_character_in_a_name_can_be_written() -> None:
    run = replace(make_run(), params=(Param(name="\ud800", value="1"),))
    assert dump_run(run).encode()
