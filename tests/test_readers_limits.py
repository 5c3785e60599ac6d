"""What has no end, cannot be had or is too much costs time and memory within limits, and nothing else that is read."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from cml_bot.collect import Seen, collect, read_source
from cml_bot.config import Config
from cml_bot.errors import InputError
from cml_bot.filters import plural
from cml_bot.model import Bars, Goal, Matrix, Metric, Source
from cml_bot.readers import asv, catboost, csv_file, junit, predictions, trackio_db
from cml_bot.readers._courses import Courses
from cml_bot.readers._curves import observe_table
from cml_bot.readers._event_log import MOST_CURVES
from cml_bot.readers._pickle_shapes import PickleError, find_tensors
from cml_bot.readers._sqlite import open_database
from cml_bot.readers._table import MOST_COLUMNS, Table
from cml_bot.readers._tree import MOST_METRICS
from cml_bot.readers._wandb import History
from cml_bot.trees import FolderTree
from tests.reader_cases import CASES
from tests.test_readers import metrics, notes, read, series, write
from tests.test_readers_tensorboard import VERSION, event
from tests.test_readers_tensorboard import read_bytes as read_events
from tests.test_readers_wandb import field, item, row

if TYPE_CHECKING:
    from pathlib import Path

    from cml_bot.model import Run

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"


def run_of(root: Path) -> Run:
    return collect(FolderTree(root), Config())


def put(case: str, root: Path) -> Path:
    return shutil.copytree(CASES / case, root, ignore=shutil.ignore_patterns("expected.json"))


# Reports of tests.


@pytest.mark.parametrize("encoding", ["gbk", "shift_jis", "utf-7", "no-such-encoding"])
def test_an_encoding_that_is_not_read(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, "junit.xml", f'<?xml version="1.0" encoding="{encoding}"?><testsuite></testsuite>')
    with pytest.raises(InputError, match=r"is in an encoding that is not read\. Write it as UTF-8"):
        list(junit.read(path))


def test_properties_of_all_tests_are_limited(tmp_path: Path) -> None:
    noted = "".join(f'<property name="p{number}" value="{number}"/>' for number in range(MOST_METRICS + 7))
    path = write(tmp_path, "junit.xml", f"<testsuite><properties>{noted}</properties></testsuite>")
    found = list(junit.read(path))
    assert len(metrics(found)) == MOST_METRICS + len(("passed", "failed", "skipped"))
    assert "7 properties of all tests left out" in notes(found)


def test_too_many_tests_and_too_deep_ones_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(junit, "_MOST_TESTS", 2)
    path = write(tmp_path, "junit.xml", f"<testsuite>{'<testcase/>' * 4}</testsuite>")
    with pytest.raises(InputError, match="holds more than 2 tests"):
        list(junit.read(path))
    path = write(tmp_path, "junit.xml", "<testsuite>" * 200)
    with pytest.raises(InputError, match="nested more than 100 elements deep"):
        list(junit.read(path))


# Tables.


def test_times_of_a_table_in_parquet(tmp_path: Path) -> None:
    moments = pa.array([1_700_000_000_123_456_789, 1_700_000_000_123_456_790], pa.timestamp("ns", tz="UTC"))
    table = pa.table({"step": [0, 1], "loss": [0.5, 0.4], "at": moments})
    pq.write_table(table, tmp_path / "metrics.parquet")
    found = read(tmp_path / "metrics.parquet")
    assert series(found)["loss"].y == (0.5, 0.4)
    nested = pa.table({"step": [0, 1], "loss": [0.5, 0.4], "at": pa.array([[one] for one in moments])})
    pq.write_table(nested, tmp_path / "metrics.parquet")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read(tmp_path / "metrics.parquet")


@pytest.mark.parametrize("rest", ["1" * 9_000_000, '"' + "x" * 9_000_000, "1,2\n" * 100_000 + "1" * 9_000_000])
def test_a_line_without_an_end(tmp_path: Path, rest: str) -> None:
    with pytest.raises(InputError, match=r"metrics\.csv: has a line of more than 8 million characters"):
        list(csv_file.read(write(tmp_path, "metrics.csv", f"step,loss\n0,1\n1,1\n{rest}")))


def test_columns_and_names_beyond_the_most_are_counted_within_limits() -> None:
    table, courses = Table(), Courses()
    table.add_row([("step", 1)])
    for number in range(3 * MOST_COLUMNS):
        table.add_row([(f"c{number}", 1)])
        courses.add((f"c{number}",), 0, 1)
    said = notes(list(observe_table(table)))
    assert f"{plural(MOST_COLUMNS, 'column')} or more left out" in said
    assert f"{plural(MOST_METRICS, 'name')} or more left out" in notes(list(courses.notes()))


def test_classes_that_are_called_like_no_number() -> None:
    rows = [("nan", "inf"), ("a", "nan"), ("inf", "a")]
    [matrix] = predictions.observe(("actual", "predicted"), rows)
    assert isinstance(matrix, Matrix)


# Documents.


def test_an_evaluation_of_promptfoo_reads_alike_as_yaml(tmp_path: Path) -> None:
    document = json.loads((CASES / "promptfoo" / "two_models" / "results.json").read_text(encoding="utf-8"))
    as_json = write(tmp_path, "results.json", json.dumps(document))
    as_yaml = write(tmp_path, "results.yaml", yaml.safe_dump(document, allow_unicode=True))
    assert metrics(read(as_yaml)) == metrics(read(as_json))
    assert notes(read(as_yaml)) == notes(read(as_json))
    assert "holds no test" not in notes(read(as_yaml))


def test_an_evaluation_in_toml_may_hold_dates(tmp_path: Path) -> None:
    text = "[results.stats]\nsuccesses = 1\nfailures = 0\n[results.stats.tokenUsage]\ntotal = 3\n"
    text += "[[results.results]]\nsuccess = true\n[results.results.testCase.vars]\nday = 2026-11-21\n"
    assert metrics(read(write(tmp_path, "results.toml", text)))["pass_rate"] == 1.0


def test_metrics_in_a_file_on_importance_stay_metrics(tmp_path: Path) -> None:
    path = write(tmp_path, "feature_importance_metrics.json", '{"accuracy": 0.9, "f1": 0.8}')
    assert metrics(read(path)) == {"accuracy": 0.9, "f1": 0.8}
    path = write(tmp_path, "feature_importance.json", '{"age": 3.0, "income": 2.0, "error_rate": 1.0}')
    [bars] = read(path)
    assert isinstance(bars, Bars)


# Pickles.

_BOMB = b")" + b"2\x86" * 80
"""A tuple of a tuple twice, and so on: its text would be longer than any memory."""


def pickled(key: bytes, offset: bytes) -> bytes:
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\n" + key + b"X\x03\x00\x00\x00cpuK\x06tQ"
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storage + offset + b"K\x02K\x03\x86K\x03K\x01\x86\x89NtR."


def test_tuples_of_tuples_are_never_written_out() -> None:
    key, offset = b"X\x01\x00\x00\x000", b"K\x00"
    [tensor] = find_tensors(pickled(key, offset))
    assert tensor.shape == (2, 3)
    assert find_tensors(pickled(_BOMB, offset)) == []
    assert find_tensors(pickled(key, _BOMB)) == []
    with pytest.raises(PickleError, match="cannot be named"):
        find_tensors(b"\x80\x04" + _BOMB + b"X\x01\x00\x00\x00a\x93.")


# Databases.


def test_a_database_with_a_journal_and_no_place_for_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.db").write_bytes(b"SQLite format 3\0" + b"\0" * 100)
    (tmp_path / "a.db-wal").write_bytes(b"x")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(InputError, match=r"a\.db: cannot be read"), open_database(tmp_path / "a.db"):
        pass


def test_rows_beyond_the_most_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = put("trackio_db/two_runs", tmp_path / "run")
    files = {str(path.relative_to(root)): path for path in root.rglob("*.db")}
    assert "left out. Log less often" not in notes(list(trackio_db.read_store(files, "")))
    monkeypatch.setattr(trackio_db, "_MOST_ROWS", 2)
    assert "has more than 2 rows; later ones left out" in notes(list(trackio_db.read_store(files, "")))


# Weights & Biases.


def test_many_keys_of_a_summary_take_no_square_of_time() -> None:
    history, begin = History(), time.perf_counter()
    for number in range(16_000):
        history.take(field(3, field(1, item(f"k{number}", "1"))))
        nested = field(2, b"a") + field(2, b"%d" % number) + field(16, b"1")
        history.take(field(5, field(1, nested)))
    found = list(history.observations())
    assert time.perf_counter() - begin < 5
    assert len(metrics(found)) == MOST_METRICS
    assert f"{plural(MOST_METRICS, 'name')} or more left out" in notes(found)


def test_parts_of_a_summary_that_are_set_and_removed() -> None:
    history = History()
    history.take(field(3, field(1, item("a", '{"x": 1, "y": 2}')) + field(1, item("b", "3"))))
    history.take(field(3, field(2, field(2, b"a") + field(2, b"x")) + field(2, field(2, b"no") + field(2, b"x"))))
    history.take(field(3, field(1, field(2, b"b") + field(2, b"z") + field(16, b"4"))))
    assert metrics(list(history.observations())) == {"a.y": 2, "b.z": 4}


def test_a_metric_with_brackets_is_itself_and_no_pattern() -> None:
    history = History()
    history.take(field(12, field(1, b"acc[top1]") + field(8, 2)))
    history.take(field(12, field(2, b"loss[a]/*") + field(8, 1)))
    history.take(row(_step="0", **{"acc[top1]": "1", "acct": "1", "loss[a]/x": "1"}))
    found = {one.name: one.goal for one in history.observations() if isinstance(one, Metric)}
    assert found == {"acc[top1]": Goal.HIGHER, "acct": None, "loss[a]/x": Goal.LOWER}


# What cannot be had of a store.


def test_a_picture_that_cannot_be_had_costs_no_run(tmp_path: Path) -> None:
    root = put("wandb_run/offline", tmp_path / "run")
    whole = run_of(root)
    [picture, *_] = root.rglob("*.png")
    picture.write_text(POINTER, encoding="utf-8")
    run = run_of(root)
    assert not run.unread
    assert len(run.metrics) == len(whole.metrics)
    assert len(run.figures) == len(whole.figures) - 1
    assert any("not here, too large or none; left out" in note for note in run.notes)


def test_events_that_cannot_be_had_cost_no_others(tmp_path: Path) -> None:
    root = put("tensorboard/resumed", tmp_path / "runs")
    first, second = sorted(root.iterdir())
    first.write_text(POINTER, encoding="utf-8")
    run = run_of(tmp_path)
    assert run.series
    assert any("is left out: it is kept by Git LFS" in note for note in run.notes)
    second.write_text(POINTER, encoding="utf-8")
    assert any("is kept by Git LFS" in line for line in run_of(tmp_path).unread)


def test_results_of_asv_that_cannot_be_had_cost_no_others(tmp_path: Path) -> None:
    root = put("asv/results", tmp_path / "bench")
    whole = len(run_of(root).metrics)
    [machine] = {path.parent for path in root.rglob("machine.json")}
    write(machine, "0123abcd-env.json", POINTER)
    run = run_of(root)
    assert len(run.metrics) == whole
    assert any("1 file not read: 0123abcd-env.json" in note for note in run.notes)


def test_a_training_of_catboost_without_its_json(tmp_path: Path) -> None:
    root = put("catboost/whole", tmp_path / "catboost_info")
    (root / "catboost_training.json").write_text(POINTER, encoding="utf-8")
    (root / "learn_error.tsv").write_text(POINTER, encoding="utf-8")
    run = run_of(tmp_path)
    assert {one.name.partition(".")[0] for one in run.series} == {"validation_0", "validation_1"}
    assert any(catboost.TRAINING in note for note in run.notes)
    assert any("learn_error.tsv: is kept by Git LFS" in note for note in run.notes)


# Too much of a store.


def test_of_many_commits_the_wanted_one_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {}
    for number in range(6):
        sha = f"{number:x}" * 40
        result = {"commit_hash": sha, "date": number, "result_columns": ["result"], "results": {"time_x": [[number]]}}
        name = f"asv/results/vm/{sha[:8]}-env.json"
        files[name] = write(tmp_path, f"{number}.json", json.dumps(result))
    files["asv/results/vm/99999999-env.json"] = write(tmp_path, "broken.json", "{")
    monkeypatch.setattr(asv, "MOST_FILES", 4)
    found = list(asv.read_store(files, "5" * 40))
    assert metrics(found) == {"time_x": 5}
    assert notes(found) == ""
    found = list(asv.read_store(files, "a" * 40))
    assert metrics(found) == {"time_x": 3}
    assert "3 files beyond 4 on vm not read" in notes(found)
    assert "no results of commit aaaaaaa on vm" in notes(found)


def test_curves_beyond_the_most_are_counted(tmp_path: Path) -> None:
    plugin = field(9, field(1, field(1, b"pr_curves")))
    values = [field(1, b"pr%d" % number) + plugin for number in range(MOST_CURVES + 3)]
    found = read_events(tmp_path, VERSION + event(0, *values))
    assert f"3 PR curves beyond {MOST_CURVES} left out" in notes(found)


# Which files, and read how often.


def test_a_folder_of_events_that_dvc_names(tmp_path: Path) -> None:
    put("tensorboard/exp1", tmp_path / "logs")
    write(tmp_path, "dvc.yaml", "plots:\n  - logs\n")
    run = run_of(tmp_path)
    assert run.series
    assert not any("not here" in note for note in run.notes)


def test_one_file_in_two_groups_is_placed_in_each(tmp_path: Path) -> None:
    write(tmp_path, "metrics.json", '{"accuracy": 0.9}')
    seen: Seen = {}
    groups = [
        one.group
        for group in ("a", "b")
        for one in read_source(FolderTree(tmp_path), Source(path="metrics.json", why="", group=group), seen)
        if isinstance(one, Metric)
    ]
    assert groups == ["a", "b"]
