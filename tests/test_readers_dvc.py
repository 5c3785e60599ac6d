"""Repositories of DVC: what DVC itself shows wrongly or not at all, and what its files may ask for."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cml_bot.as_json import dump_report
from cml_bot.collect import collect
from cml_bot.config import Config
from cml_bot.errors import InputError
from cml_bot.model import Metric, Note, Param, Part, Report, Source, Trend
from cml_bot.pipeline import make_report
from cml_bot.readers import load_reader
from cml_bot.readers._python import LARGEST, parse_python
from cml_bot.readers.dvc_file import parse_dvc
from cml_bot.render import render
from cml_bot.trees import FolderTree
from cml_bot.workspace import open_job
from tests.repositories import commit, git, make_repository

Files = dict[str, str | bytes]
NOW = datetime(2026, 11, 24, tzinfo=UTC)
S3 = "[core]\n    remote = far\n['remote \"far\"']\n    url = s3://bucket/path\n"


def report_on(folder: Path, base: Files, head: Files) -> Report:
    root = make_repository(folder / "repository")
    commit(root, {".dvc/config": S3, **base})
    git(root, "tag", "base")
    commit(root, head)
    return make_report(open_job(root, {}, NOW, against="base", head="HEAD"), Config())[0]


def pairs(report: Report) -> dict[str, tuple[float | None, float | None]]:
    return {
        str(one.key): (one.base.value if one.base else None, one.head.value if one.head else None)
        for one in report.deltas
    }


def changes(report: Report) -> dict[str, tuple[str | None, str | None]]:
    return {str(one.key): (one.base, one.head) for one in report.params}


DVC_YAML = "metrics: [out/m.json]\nplots: [{out/loss.csv: {x: step, y: loss}}]\n"


def test_what_is_committed_needs_no_remote(tmp_path: Path) -> None:
    files: Files = {"dvc.yaml": DVC_YAML, "out/m.json": '{"acc": 0.5}', "out/loss.csv": "step,loss\n0,1\n1,0.5\n"}
    head: Files = {"out/m.json": '{"acc": 0.6}', "out/loss.csv": "step,loss\n0,1\n1,0.25\n", "params.yaml": "lr: 2\n"}
    report = report_on(tmp_path, {**files, "params.yaml": "lr: 1\n"}, head)
    assert [(curve.key.name, curve.head.y if curve.head else ()) for curve in report.curves] == [("loss", (1.0, 0.25))]
    assert changes(report) == {"params.yaml:lr": ("1", "2")}


@pytest.mark.parametrize("side", ["base", "head"])
def test_a_broken_dvc_yaml_on_one_side_hides_nothing(tmp_path: Path, side: str) -> None:
    good: Files = {"dvc.yaml": "metrics: [out/odd.json]\nparams: [conf/p.toml]\n"}
    broken: Files = {"dvc.yaml": "metrics: [out/odd.json\nparams: }\n"}
    base: Files = {"out/odd.json": '{"acc": 0.5}', "conf/p.toml": "lr = 1\n"}
    head: Files = {"out/odd.json": '{"acc": 0.6}', "conf/p.toml": "lr = 2\n"}
    sides = (broken, good) if side == "base" else (good, broken)
    report = report_on(tmp_path, {**base, **sides[0]}, {**head, **sides[1]})
    assert pairs(report) == {"out/odd.json:acc": (0.5, 0.6)}
    assert changes(report) == {"conf/p.toml:lr": ("1", "2")}
    assert any("dvc.yaml" in line and "not YAML" in line for line in (*report.notes, *report.unread))


def test_a_file_that_was_there_before_dvc_is_compared(tmp_path: Path) -> None:
    report = report_on(
        tmp_path, {"odd.json": '{"acc": 0.5}'}, {"odd.json": '{"acc": 0.6}', "dvc.yaml": "metrics: [odd.json]\n"}
    )
    assert pairs(report) == {"odd.json:acc": (0.5, 0.6)}


def test_files_that_dvc_cannot_read(tmp_path: Path) -> None:
    names = "metrics: [bom.json, cut.json, both.json, nan.json]\n"
    base: Files = {"bom.json": '{"acc": 0.5}', "cut.json": '{"f1": 0.5}', "both.json": '{"a.b": 1, "a": {"b": 2}}'}
    head: Files = {"bom.json": b'\xef\xbb\xbf{"acc": 0.6}', "cut.json": '{"f1": 0.', "nan.json": '{"loss": Infinity}'}
    report = report_on(tmp_path, {"dvc.yaml": names, "nan.json": '{"loss": NaN}', **base}, head)
    found = pairs(report)
    assert found["bom.json:acc"] == (0.5, 0.6)
    assert (found["both.json:a.b"], found["both.json:a.b (2)"]) == ((1, 1), (2, 2))
    assert any("cut.json" in line for line in report.broken)
    loss = next(one for one in json.loads(dump_report(report))["deltas"] if one["name"] == "loss")
    assert (loss["base"]["value"], loss["head"]["value"]) == ("NaN", "Infinity")


def test_the_same_commit_on_both_sides(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repository")
    commit(root, {"dvc.yaml": "metrics: [m.json]\n", "m.json": '{"loss": 0.001, "tiny": 1e-7}'})
    for _ in range(2):
        report, _ = make_report(open_job(root, {}, NOW, against="main", head="main"), Config())
        assert {delta.trend for delta in report.deltas} == {Trend.SAME}
        assert pairs(report)["m.json:loss"] == (0.001, 0.001)


def test_the_order_is_that_of_the_files_and_never_another(tmp_path: Path) -> None:
    names = [f"m{number}.json" for number in (3, 1, 2, 10)]
    base: Files = dict.fromkeys(names, '{"z": 1, "a": 2, "k": {"y": 3, "b": 4}}')
    head: Files = dict.fromkeys(names, '{"z": 2, "a": 3, "k": {"y": 4, "b": 5}}')
    report = report_on(tmp_path, {"dvc.yaml": f"metrics: [{', '.join(names)}]\n", **base}, head)
    assert list(pairs(report)) == [f"{name}:{key}" for name in names for key in ("z", "a", "k.y", "k.b")]
    job = open_job(tmp_path / "repository", {}, NOW, against="base", head="HEAD")
    assert dump_report(make_report(job, Config())[0]) == dump_report(report)


def test_a_change_is_never_rounded_away(tmp_path: Path) -> None:
    text = '{"tiny": 1e-7, "small": 3e-6}'
    head: Files = {"m.json": text.replace("1e-7", "2e-7").replace("3e-6", "8e-6")}
    report = report_on(tmp_path, {"dvc.yaml": "metrics: [m.json]\n", "m.json": text}, head)
    body = render(report, None, {}, whole=True).body
    assert all(shown in body for shown in ("1e-07", "2e-07", "3e-06", "8e-06"))


def test_texts_and_bools_of_a_metrics_file_show_when_they_change(tmp_path: Path) -> None:
    base: Files = {"m.json": '{"acc": 1, "ok": true, "best": "cnn", "same": "x"}', "flag.txt": "yes\n", "n.txt": "3\n"}
    head: Files = {"m.json": '{"acc": 1, "ok": false, "best": "vit", "same": "x"}', "flag.txt": "no\n", "n.txt": "4\n"}
    report = report_on(tmp_path, {"dvc.yaml": "metrics: [m.json, flag.txt, n.txt]\n", **base}, head)
    assert changes(report) == {
        "m.json:ok": ("true", "false"),
        "m.json:best": ("cnn", "vit"),
        "flag.txt:flag": ("yes", "no"),
    }
    assert pairs(report)["n.txt:n"] == (3, 4)
    assert "vit" in render(report, None, {}, whole=True).body
    table = json.loads(dump_report(report))
    assert table["same_params"] == [{"group": "m.json", "name": "same", "value": "x"}]


def test_texts_of_other_metrics_files_stay_out(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('{"acc": 1, "date": "2026-11-24", "ok": true}')
    assert collect(FolderTree(tmp_path), Config()).params == ()


def test_a_base_without_metrics_that_was_asked_for_keeps_its_parameters(tmp_path: Path) -> None:
    base: Files = {"dvc.yaml": "metrics: [m.json]\n", "params.yaml": "lr: 1\n"}
    report = report_on(tmp_path, base, {"m.json": '{"acc": 0.5}', "params.yaml": "lr: 2\n"})
    assert pairs(report) == {"m.json:acc": (None, 0.5)}
    assert changes(report) == {"params.yaml:lr": ("1", "2")}
    assert any("no metrics were found in" in note for note in report.notes)


def read_from(files: dict[str, bytes]) -> Any:
    return files.get


def sources_of(text: str, files: dict[str, bytes], folder: str = "") -> tuple[list[Source], list[Note]]:
    sources, notes = parse_dvc(text.encode(), folder, read_from(files))
    return list(sources), list(notes)


def test_values_of_the_usual_file_and_of_vars() -> None:
    text = """
    vars: [more.json, "part.toml:kept", {own: {deep: x}}]
    metrics: ["${dir}/${lr}-${kept}-${own.deep}-${flag}.json", "${left}.json", 'a\\${b}.json']
    stages:
      one:
        wdir: w
        vars: [inner.py]
        metrics: ["${width}.json"]
    """
    files = {
        "m/params.yaml": b"lr: 1e-3\nflag: True\n",
        "m/more.json": b'{"dir": "out"}',
        "m/part.toml": b"kept = 2.50\nleft = 1\n",
        "m/w/inner.py": b"width = 7\n",
    }
    sources, notes = sources_of(text, files, "m")
    assert [one.path for one in sources if one.part is Part.METRICS] == [
        "m/out/0.001-2.5-x-true.json",
        "m/a${b}.json",
        "m/w/7.json",
    ]
    assert [one.path for one in sources if one.part is Part.PARAMS] == list(files)
    assert [note.text.partition(";")[0] for note in notes] == ["takes values from elsewhere: ${left}.json"]


def test_loops_over_values_of_other_files() -> None:
    text = """
    stages:
      each: {foreach: "${models}", do: {metrics: ["${item.name}-${key}.json"]}}
      grid: {matrix: {size: [s, "${big}"], rate: "${rates}"}, metrics: ["${key}.json"]}
    """
    files = {"params.yaml": b"models: [{name: a}, {name: b}]\nbig: xl\nrates: [0.10, 1e-3]\n"}
    sources, notes = sources_of(text, files)
    assert [one.path for one in sources if one.part is Part.METRICS] == [
        *("a-0.json", "b-1.json"),
        *("s-0.1.json", "s-0.001.json", "xl-0.1.json", "xl-0.001.json"),
    ]
    assert not notes


def test_values_that_cannot_be_read_are_named_and_end_nothing() -> None:
    files = {"params.yaml": b"a: [", "deep.json": b"[" * 100_000, "list.yaml": b"- 1\n", "bad.py": b"x ="}
    text = "vars: [deep.json, list.yaml, bad.py, gone.yaml, ../../up.yaml]\nmetrics: ['${a}.json', b.json]\n"
    sources, notes = sources_of(text, files)
    assert [one.path for one in sources] == ["b.json"]
    assert "${a}.json" in notes[0].text


def test_templates_are_told() -> None:
    text = """
    plots:
      - cm.json: {template: confusion_normalized, x: actual, y: predicted}
      - imp.csv: {template: bar_horizontal, x: weight, y: feature}
      - own.csv: {template: ./mine.json, y: loss}
      - plain.csv
    """
    sources, notes = sources_of(text, {})
    assert [(one.path, one.template, one.x, one.y) for one in sources] == [
        ("cm.json", "confusion_normalized", "actual", ("predicted",)),
        ("imp.csv", "bar_horizontal", "weight", ("feature",)),
        ("own.csv", "linear", None, ("loss",)),
        ("plain.csv", "", None, ()),
    ]
    assert [note.text.partition(";")[0] for note in notes] == ["plots by templates of its own: own.csv (./mine.json)"]


PYTHON = """
lr = 1e-4
neg: float = -.5
names = ["a", 'b', (1, 2.50)]
table = {"x": {"y": 1}, 3: None}
made = open("secret").read()
first = second = 1
class Model:
    depth = 3
    class Head:
        act = "relu"
    def __init__(self, width=5):
        self.width = 64
        self.seed = width
        local = 9
"""


def test_python_is_parsed_and_never_run(tmp_path: Path) -> None:
    (tmp_path / "params.py").write_text(PYTHON)
    found = list(load_reader("params_file").read(tmp_path / "params.py"))
    assert [(one.name, one.value) for one in found if isinstance(one, Param)] == [
        ("lr", "1e-4"),
        ("neg", "-.5"),
        ("names", "[a, b, [1, 2.50]]"),
        ("table.x.y", "1"),
        ("table.3", "null"),
        ("Model.depth", "3"),
        ("Model.Head.act", "relu"),
        ("Model.width", "64"),
    ]
    scores = list(load_reader("dvc_metrics").read(tmp_path / "params.py"))
    assert {one.name: one.value for one in scores if isinstance(one, Metric)}["lr"] == 1e-4


@pytest.mark.parametrize(
    "text",
    [
        *("x =", "x = (" * 500, "x = " + "-" * 50_000 + "1", "x = " + "[" * 150 + "]" * 150, "x = 1\0", "\ud800 = 1"),
        *("x" + ".a" * 50_000 + " = 1", "x = 1" + "+1" * 50_000, "x = " + "9" * 5_000, "#" * (LARGEST + 1)),
        "".join(f"{' ' * depth}class A:\n" for depth in range(90)) + " " * 90 + "x = 1\n",
    ],
)
def test_python_that_is_none(text: str) -> None:
    with suppress(InputError):
        assert isinstance(parse_python(text, "params.py", str), dict)
