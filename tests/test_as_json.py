from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.as_json import dump_report, dump_run, parse_run
from cml_bot.errors import InputError
from cml_bot.model import Figure, Metric, Param, Part, Run, Series, Source
from tests.making import make_report, make_run

TEXT = st.text(max_size=8).map(lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
NUMBER = st.floats() | st.integers(-(10**30), 10**30)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    xs = sorted(draw(st.sets(st.floats(allow_nan=False, allow_infinity=False), max_size=4)))
    return Run(
        sha=draw(TEXT),
        created=draw(TEXT),
        metrics=tuple(
            Metric(
                name=draw(TEXT),
                group=draw(TEXT),
                values=tuple(draw(st.lists(NUMBER, min_size=1, max_size=3))),
                stderr=draw(st.none() | st.floats(0, 1)),
                n_items=draw(st.none() | st.integers(0, 10**6)),
            )
            for _ in range(draw(st.integers(0, 3)))
        ),
        series=(Series(name=draw(TEXT), x=tuple(xs), y=tuple(draw(NUMBER) for _ in xs)),),
        params=(Param(name=draw(TEXT), value=draw(TEXT)),),
        notes=(draw(TEXT),),
        broken=(draw(TEXT),),
        unread=(draw(TEXT),),
        sources=(Source(path=draw(TEXT), why=draw(TEXT), part=draw(st.sampled_from(Part)), y=("a",)),),
    )


@given(runs())
def test_a_run_comes_back_as_it_was(run: Run) -> None:
    # By text, because NaN is not equal to itself.
    assert repr(parse_run(dump_run(run), "run.json")) == repr(run)


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
