"""Stages of a dvc.yaml: what loops mean, and what they do not."""

from __future__ import annotations

from typing import Any

import pytest

from cml_bot.readers._dvc_stages import MOST_STAGES, Stages, expand_stages
from cml_bot.readers._dvc_values import Values


def expand(stages: object, known: dict[str, Any] | None = None) -> Stages:
    return expand_stages({"stages": stages}, known or {}, Values(), "")


def test_a_stage_without_a_loop_is_one() -> None:
    found = expand({"train": {"cmd": "x"}}, {"lr": 1})
    assert [(stage.body, stage.values) for stage in found.stages] == [({"cmd": "x"}, {"lr": 1})]
    assert found.unknown == found.beyond == ()


def test_a_loop_over_a_list_and_over_a_mapping() -> None:
    body = {"cmd": "x"}
    found = expand({"a": {"foreach": ["u", "v"], "do": body}, "b": {"foreach": {"k": 1}, "do": body}})
    assert [(stage.values["key"], stage.values["item"]) for stage in found.stages] == [("0", "u"), ("1", "v"), ("k", 1)]
    assert all(stage.body == body for stage in found.stages)


def test_a_loop_over_a_value_of_the_file() -> None:
    found = expand({"a": {"foreach": "${models}", "do": {"cmd": "x"}}}, {"models": ["cnn", "rnn"]})
    assert [stage.values["item"] for stage in found.stages] == ["cnn", "rnn"]


def test_a_matrix_is_every_pair_and_its_key_names_them() -> None:
    found = expand({"a": {"matrix": {"model": ["cnn", "rnn"], "size": [{"n": 1}, 2]}, "cmd": "x"}})
    assert [stage.values["key"] for stage in found.stages] == ["cnn-size0", "cnn-2", "rnn-size0", "rnn-2"]
    assert found.stages[0].values["item"] == {"model": "cnn", "size": {"n": 1}}


@pytest.mark.parametrize("loop", ["${elsewhere}", "text", 3, None, [], {}])
def test_a_loop_over_what_is_not_known_is_named_and_no_stage(loop: object) -> None:
    found = expand({"a": {"foreach": loop, "do": {"cmd": "x"}}, "b": {"cmd": "y"}})
    assert (len(found.stages), found.unknown) == (1, ("a",))


def test_a_matrix_with_an_axis_that_is_not_known_is_no_stage() -> None:
    found = expand({"a": {"matrix": {"model": ["cnn"], "size": "${elsewhere}"}, "cmd": "x"}})
    assert (found.stages, found.unknown) == ((), ("a",))


@pytest.mark.parametrize("stages", [None, 3, "train", [], ["train"], {"train": None}, {"train": "x"}, {"train": []}])
def test_what_is_no_stage(stages: object) -> None:
    assert expand(stages) == Stages(stages=(), unknown=(), beyond=())


@pytest.mark.parametrize("do", [None, "x", []])
def test_a_loop_that_does_nothing_has_stages_of_nothing(do: object) -> None:
    assert [stage.body for stage in expand({"a": {"foreach": [1, 2], "do": do}}).stages] == [{}, {}]


def test_more_than_the_most_are_cut_and_named() -> None:
    axis = list(range(1_000))
    found = expand({"a": {"matrix": {"x": axis, "y": axis, "z": axis}, "cmd": "x"}, "b": {"cmd": "y"}})
    assert len(found.stages) == MOST_STAGES
    assert found.beyond == ("a", "b")
