"""What the readers make of names: keys that stand twice, stages by the thousand, and DVCLive's files of one metric."""

from __future__ import annotations

from pathlib import Path

import pytest

from cml_bot.collect import collect
from cml_bot.commit_tree import CommitTree
from cml_bot.config import Config
from cml_bot.model import Metric, Note, Observation, Param, Series
from cml_bot.readers import load_reader
from cml_bot.readers.dvc_file import parse_dvc
from cml_bot.trees import FolderTree
from tests import repositories as real

TWICE = "keys that stand twice: lr; the last one counts. Write each key once."
ACC = "step\tacc\n0\t0.5\n1\t0.6\n"


def read(module: str, path: Path, text: str) -> list[Observation]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return list(load_reader(module).read(path))


@pytest.mark.parametrize(
    ("name", "text"),
    [("x.yaml", "lr: 1\nlr: 2\n"), ("x.yaml", "a: {lr: 1, lr: 3}\nlr: 2\n"), ("x.json", '{"lr": 1, "lr": 2}')],
)
@pytest.mark.parametrize("module", ["params_file", "metrics"])
def test_keys_that_stand_twice_are_noted(tmp_path: Path, module: str, name: str, text: str) -> None:
    reader = module if module == "params_file" else f"{name[2:]}_file"
    found = read(reader, tmp_path / name, text)
    assert [one.text for one in found if isinstance(one, Note)] == [TWICE]
    (last,) = (one for one in found if isinstance(one, Metric | Param) and one.name == "lr")
    assert last in (Metric(name="lr", values=(2,)), Param(name="lr", value="2"))


def test_merged_keys_do_not_stand_twice(tmp_path: Path) -> None:
    text = "a: &a {lr: 1}\nb: &b {lr: 2}\nc:\n  <<: *a\n  <<: *b\n  lr: 3\n"
    assert not any(isinstance(one, Note) for one in read("params_file", tmp_path / "params.yaml", text))


def test_dvc_yaml_with_a_key_twice() -> None:
    sources, notes = parse_dvc(b"metrics: [a.json]\nmetrics: [b.json]\n", "")
    assert [source.path for source in sources] == ["b.json"]
    assert [note.text for note in notes] == [TWICE.replace("lr", "metrics")]


def test_stages_beyond_ten_thousand_are_named_as_such() -> None:
    loop = f"{{foreach: {list(range(7000))}, do: {{metrics: ['${{key}}.json']}}}}"
    sources, notes = parse_dvc(f"stages: {{a: {loop}, b: {loop}, c: {{metrics: [c.json]}}}}".encode(), "")
    assert len(sources) == 7000
    (note,) = notes
    assert note.text.startswith("has more than 10\u202f000 stages, too many from b on; left out.")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("dvclive/plots/metrics/val/acc.tsv", "val/acc"),
        ("plots/metrics/a/plots/metrics/val/by/acc.csv", "val/by/acc"),
        ("dvclive/plots/metrics/acc.tsv", "acc"),
        ("metrics/val/acc.tsv", "acc"),
        ("plots/metrics/val/other.tsv", "acc"),
    ],
)
def test_a_metric_of_dvclive_is_called_by_its_path(tmp_path: Path, path: str, name: str) -> None:
    (found,) = read("csv_file", tmp_path / path, ACC)
    assert isinstance(found, Series)
    assert (found.name, found.y) == (name, (0.5, 0.6))


def test_several_series_keep_their_names(tmp_path: Path) -> None:
    found = read("csv_file", tmp_path / "plots/metrics/val/acc.tsv", "step\tacc\tf1\n0\t0.5\t0.4\n1\t0.6\t0.5\n")
    assert [one.name for one in found if isinstance(one, Series)] == ["acc", "f1"]


@pytest.mark.parametrize("y", ["", "plots: [{acc: {x: step, y: {dvclive/plots/metrics/val/acc.tsv: acc}}}]"])
def test_a_metric_of_dvclive_is_called_alike_in_a_commit(tmp_path: Path, y: str) -> None:
    root = real.make_repository(tmp_path)
    sha = real.commit(root, {"dvclive/plots/metrics/val/acc.tsv": ACC, "dvc.yaml": y})
    for tree in (FolderTree(root), CommitTree(root, sha)):
        assert [series.name for series in collect(tree, Config()).series] == ["val/acc"]
