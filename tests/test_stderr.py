"""Standard errors that tools write: what is one, what is none, and what a report makes of them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.model import Metric, Note
from cml_bot.readers._numbers import as_number
from cml_bot.readers._tree import flatten, observe_tree
from tests.test_cli import mlbot
from tests.test_readers import read, write

if TYPE_CHECKING:
    from pathlib import Path

Row = tuple[str, float, float | None]


def rows(tree: dict[str, object]) -> list[Row]:
    found = observe_tree(flatten(tree))
    return [(one.name, one.value, one.stderr) for one in found if isinstance(one, Metric)]


def errors(tree: dict[str, object]) -> dict[str, float | None]:
    return {name: stderr for name, _, stderr in rows(tree)}


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("acc", "acc_stderr"),
        ("acc", "acc_std_err"),
        ("acc", "acc_se"),
        ("acc", "acc.stderr"),
        ("acc", "acc/stderr"),
        ("acc,none", "acc_stderr,none"),
        ("acc_norm,none", "acc_norm_stderr,none"),
        ("exact_match,strict-match", "exact_match_stderr,strict-match"),
        ("top 5, acc", "top 5, acc_stderr"),
        ("mean", "stderr"),
        ("value", "std_err"),
        ("a\nb", "a\nb_se"),
    ],
)
def test_a_standard_error_is_no_metric_of_its_own(value: str, error: str) -> None:
    assert rows({value: 0.8, error: 0.01}) == rows({error: 0.01, value: 0.8}) == [(value, 0.8, 0.01)]
    assert rows({"t": {value: 1, error: "0"}}) == [(f"t.{value}", 1, 0.0)]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("acc", "f1_stderr"),
        ("acc", "acc_stderr,none"),
        ("acc,none", "acc_stderr"),
        ("acc,none", "acc_stderr,strict"),
        ("Acc", "acc_stderr"),
        ("acc ", "acc_se"),
        ("x", "use"),
        ("acc", "accse"),
        ("acc", "acc_std"),
        ("acc", "_stderr"),
        ("", "_stderr"),
        ("acc", "stderr"),
        ("acc", "acc_stderr_stderr"),
    ],
)
def test_without_its_partner_it_is_a_metric(value: str, error: str) -> None:
    assert [row[1:] for row in rows({value: 0.8, error: 0.01})] == [(0.8, None), (0.01, None)]


@pytest.mark.parametrize("odd", [-0.01, math.nan, math.inf, -math.inf, 10**400])
def test_an_odd_number_is_no_standard_error(odd: float) -> None:
    assert errors({"acc": 0.8, "acc_stderr": odd}) == {"acc": None, "acc_stderr": None}


@pytest.mark.parametrize("nothing", ["N/A", None, True, "", [], {}])
def test_what_is_no_number_says_nothing(nothing: object) -> None:
    found = list(observe_tree(flatten({"acc,none": 0.8, "acc_stderr,none": nothing})))
    assert found == [Metric(name="acc,none", values=(0.8,))]


def test_no_number_is_lost_where_it_is_not_plain_what_is_meant() -> None:
    assert errors({"acc": 0.8, "acc_se": 0.1, "acc_se_se": 0.01}) == {"acc": 0.1, "acc_se_se": None}
    assert errors({"acc": 0.8, "acc_stderr": 0.1, "acc_se": 0.2}) == {"acc": 0.2, "acc_stderr": None}
    assert errors({"value": 0.8, "mean": 0.7, "stderr": 0.1}) == {"value": None, "mean": None, "stderr": None}
    assert errors({"acc": 0.8, "t": {"acc_stderr": 0.1}}) == {"acc": None, "t.acc_stderr": None}
    assert errors({"acc": "high", "acc_stderr": 0.1}) == {"acc_stderr": None}


def test_sweden_is_no_standard_error_beside_other_countries() -> None:
    assert errors({"acc": 0.8, "acc_se": 0.7, "acc_de": 0.9}) == {"acc": None, "acc_se": None, "acc_de": None}
    assert errors({"acc": 0.8, "acc_se": 0.1, "acc_sd": 0.2, "f1_de": 1}) == {"acc": 0.1, "acc_sd": None, "f1_de": None}
    assert errors({"acc": 0.8, "acc_stderr": 0.1, "acc_de": 0.9}) == {"acc": 0.1, "acc_de": None}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.json", '{"a": {"acc": 0.8, "acc_stderr": 0.01}}'),
        ("m.yaml", "a:\n  acc: 0.8\n  acc_stderr: 0.01\n"),
        ("m.toml", "[a]\nacc = 0.8\nacc_stderr = 0.01\n"),
        ("m.jsonl", '{"a": {"acc": 0.8, "acc_stderr": 0.01}}\n'),
        ("m.csv", "a.acc,a.acc_stderr\n0.8,0.01\n"),
    ],
)
def test_every_format(tmp_path: Path, name: str, text: str) -> None:
    assert read(write(tmp_path, name, text)) == [Metric(name="a.acc", values=(0.8,), stderr=0.01)]


def test_curves_stay_what_they_are(tmp_path: Path) -> None:
    found = read(write(tmp_path, "m.csv", "epoch,acc,acc_stderr\n0,0.7,0.02\n1,0.8,0.01\n"))
    assert [one.name for one in found if not isinstance(one, Note)] == ["acc", "acc_stderr"]


def test_a_document_of_many_numbers() -> None:
    tree = {f"m{n}{ending}": n / 1e4 for n in range(5_000) for ending in ("", "_stderr")}
    found = list(observe_tree(flatten(tree)))
    assert len(found) == 5_000
    assert all(isinstance(one, Metric) and one.stderr == one.value for one in found)


names = st.lists(st.sampled_from(["acc", "a", "_", "/", "stderr", "se", "_se", "_stderr", "de", ",none", ",", ""])).map(
    "".join
)
leaves = st.floats() | st.integers() | st.sampled_from(["N/A", "0.1", 10**400, -(10**400), True, None])
keys = st.sampled_from(["results", "t", "mean", "value", "stderr"]) | names
trees = st.dictionaries(
    keys, st.recursive(leaves, lambda inner: st.dictionaries(keys, inner, max_size=5), max_leaves=20), max_size=6
)


@given(trees)
def test_no_number_is_lost(tree: dict[str, object]) -> None:
    """Each is a metric or the standard error of one."""
    flat = flatten(tree)
    found = [one for one in observe_tree(flat) if isinstance(one, Metric)]
    numbers = [leaf for leaf in flat.leaves if as_number(leaf.value) is not None]
    given = len(found) + sum(one.stderr is not None for one in found)
    assert given == len(numbers)
    assert len({one.name for one in found}) == len(found)
    assert all(one.stderr is None or 0 <= one.stderr < math.inf for one in found)


def test_a_report_is_weighed_by_them(tmp_path: Path) -> None:
    for folder, accuracy in (("head", 0.80), ("base", 0.60)):
        (tmp_path / folder).mkdir()
        text = json.dumps({"accuracy": accuracy, "accuracy_stderr": 0.002})
        write(tmp_path / folder, "metrics.json", text)
    done = mlbot(tmp_path / "head", "report", "--against", "../base", "--format", "json")
    assert done.returncode == 0, done.stderr
    [delta] = json.loads(done.stdout)["deltas"]
    assert (delta["name"], delta["head"]["stderr"], delta["base"]["stderr"]) == ("accuracy", 0.002, 0.002)
    assert (delta["evidence"]["method"], delta["trend"]) == ("standard errors", "better")
