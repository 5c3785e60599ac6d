"""Inspect: logs as JSON and in its own packed format, alone and in folders of many."""

from __future__ import annotations

import json
import shutil
import struct
import sys
import zlib
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cml_bot.errors import InputError
from cml_bot.like_for_like import has_other_data
from cml_bot.model import Observation, Role
from cml_bot.readers import inspect_eval, inspect_logs, load_reader
from tests.reader_cases import CASES, file_of
from tests.test_collect import run_of
from tests.test_readers_llm import JUNK, case, check, document, metrics, notes, observe, params, places, put

ZSTD = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")


def log(**changes: object) -> dict[str, Any]:
    """A log of Inspect with other values for parts of its `eval`; at the top where names begin with ``top_``."""
    found: dict[str, Any] = document("inspect_log", "success")
    for name, value in changes.items():
        (found if name.startswith("top_") else found["eval"])[name.removeprefix("top_")] = value
    return found


def store(tmp_path: Path, *logs: dict[str, Any]) -> list[Observation]:
    """Read a folder of logs, the oldest first."""
    files = {}
    for number, one in enumerate(logs):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(one, indent=2))
        files[f"logs/2026-11-21T10-58-{number:02}-00-00_task_Y4kbUTjwJVuLmWYtKwtj{number:02}.json"] = path
    return list(inspect_logs.read_store(files, ""))


def test_inspect_reports_what_its_log_shows() -> None:
    for module in ("inspect_log", "inspect_eval"):
        found = metrics(case(module, "success"))
        accuracy = found["sums/match/accuracy"]
        assert (accuracy.value, accuracy.stderr, accuracy.n_items) == (0.6, 0.24494897427831783, 5)
        assert accuracy.role is Role.HEADLINE
        assert [one.name for one in found.values() if one.role is Role.HEADLINE] == ["sums/match/accuracy"]
        assert found["sums/rubric/tone/mean"].value == 0.64
        assert found["sums/rubric/tone/mean"].stderr is None
        assert params(case(module, "success"))["sums/model"] == "mockllm/model"


def test_inspect_with_two_models_of_which_some_samples_failed() -> None:
    found = case("inspect_logs", "two_models")
    accuracies = {name: one for name, one in metrics(found).items() if name.endswith("/accuracy")}
    # As `read_eval_log` of Inspect tells.
    assert {name: (one.value, one.n_items) for name, one in accuracies.items()} == {
        f"{task} (mockllm/{model})/match/accuracy": (1.0, 4) for task in ("caps", "flaky") for model in "ab"
    }
    assert "flaky (mockllm/a) scored 4 of 5 samples" in notes(found)
    assert params(found)["caps (mockllm/a)/args.n"] == "4"


def test_inspect_logs_are_found_in_both_formats(tmp_path: Path) -> None:
    runs = []
    for side in ("two_tasks", "candidate"):
        shutil.copytree(CASES / "inspect_logs" / side / "logs", tmp_path / side / "logs")
        runs.append(run_of(tmp_path / side))
    main, candidate = runs
    assert [one.key for one in main.metrics] == [one.key for one in candidate.metrics]
    assert {one.group for one in main.metrics} == {"logs"}
    assert not has_other_data(main, candidate)
    assert any("task broken ended with an error" in note for note in main.notes)


def test_inspect_logs_in_no_folder_are_found_too(tmp_path: Path) -> None:
    for file in (CASES / "inspect_logs" / "two_tasks" / "logs").glob("*sums*"):
        put(tmp_path, file.name, file)
    run = run_of(tmp_path)
    assert {one.group for one in run.metrics} == {"*_sums_*"}
    assert "sums/match/accuracy" in {one.name for one in run.metrics}


def test_one_evaluation_in_two_formats_is_one(tmp_path: Path) -> None:
    found = store(tmp_path, log(), log())
    assert metrics(found) == metrics(case("inspect_log", "success"))
    assert not notes(found)


def test_several_models_all_count(tmp_path: Path) -> None:
    found = store(tmp_path, log(eval_id="a", model="org/a"), log(eval_id="b", model="org/b"))
    assert {"sums (org/a)/match/accuracy", "sums (org/b)/match/accuracy"} <= metrics(found).keys()
    assert not notes(found)
    found = store(tmp_path, log(eval_id="a", task_args_passed={"n": 1}), log(eval_id="b", task_args_passed={"n": 2}))
    assert {"sums (n=1)/match/accuracy", "sums (n=2)/match/accuracy"} <= metrics(found).keys()


def test_another_model_at_an_earlier_commit_is_left_out(tmp_path: Path) -> None:
    logs = (log(eval_id=name, model=f"org/{name}", revision={"commit": name}) for name in ("old", "new"))
    found = store(tmp_path, *logs)
    assert "sums/match/accuracy" in metrics(found)
    assert params(found)["sums/model"] == "org/new"
    assert "1 earlier log of sums beside the newest" in notes(found)


def test_an_evaluation_that_failed_is_never_silent(tmp_path: Path) -> None:
    failed = document("inspect_log", "error")
    found = store(tmp_path, failed, log())
    assert "sums/match/accuracy" in metrics(found)
    assert "task broken ended with an error (ValueError('custom_outputs ran out of values')): no results" in notes(
        found
    )
    with pytest.raises(InputError, match="holds no results: task broken ended with an error"):
        store(tmp_path, failed)
    # Its own earlier success is of another run.
    later = log(eval_id="z", run_id="z", top_status="cancelled", top_results=None)
    with pytest.raises(InputError, match="task sums was cancelled"):
        store(tmp_path, log(), later)


def test_what_was_not_scored_is_told() -> None:
    found = log(top_status="cancelled")
    found["results"] |= {"total_samples": 9, "completed_samples": 5}
    found["results"]["scores"][0]["unscored_samples"] = 2
    said = notes(observe(found))
    assert "task sums was cancelled; its results are of the samples before that" in said
    assert "sums scored 5 of 9 samples; the others ended with an error or were not run" in said
    assert "samples that a scorer gave no score: match 2" in said


def test_secrets_among_arguments_are_not_shown() -> None:
    found = params(observe(log(model_args={"api_key": "sk-1", "temperature": 0.5, "max_tokens": 9})))
    assert found["sums/model_args.api_key"] == "(not shown)"
    assert (found["sums/model_args.temperature"], found["sums/model_args.max_tokens"]) == ("0.5", "9")


def test_samples_of_a_large_log_are_not_read(tmp_path: Path) -> None:
    text = json.dumps(log(), indent=2)
    start = text.index('"samples": [\n    {')
    cut = text[:start] + '"samples": [\n' + "    {broken\n"
    path = tmp_path / "log.json"
    path.write_text(cut)
    files = {"logs/2026-11-21T10-58-47-00-00_sums_Y4kbUTjwJVuLmWYtKwtjN6.json": path}
    assert metrics(list(inspect_logs.read_store(files, ""))) == metrics(case("inspect_log", "success"))


def pack(data: bytes, name: str = "header.json", *, method: int = 93, size: int | None = None) -> bytes:
    """A ZIP of one entry, packed by Zstandard."""
    packed = ZSTD.compress(data) if method == 93 else data
    told = len(packed) if size is None else size
    common = (0, method, 0, 0, zlib.crc32(data), told, len(data), len(name), 0)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, *common) + name.encode() + packed
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, *common, 0, 0, 0, 0, 0) + name.encode()
    return local + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)


def read_eval(tmp_path: Path, data: bytes) -> list[Observation]:
    path = tmp_path / "log.eval"
    path.write_bytes(data)
    return list(load_reader("inspect_eval").read(path))


def test_eval_files_that_are_packed_otherwise(tmp_path: Path) -> None:
    data = json.dumps(log()).encode()
    for found in (pack(data), pack(data, method=0)):
        assert metrics(read_eval(tmp_path, found)) == metrics(case("inspect_log", "success"))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "no whole log|cannot be read"),
        (b"PK\5\6" + bytes(18), "is a ZIP without a header"),
        (pack(b"{}"), "is no log of Inspect"),
        (pack(b"[" * 100_000), "nested too deeply"),
        (pack(b" " * (inspect_eval.LARGEST + 1)), "has a header of more than 16 MB"),
        (pack(b"{}", size=0xFFFFFFF0), "cannot be|has another|is damaged|ends in the middle|no log"),
        (pack(b'{"eval": {"task": "t"}}', name="_journal/start.json"), "task t was stopped before its end"),
        (pack(b"{}", name="other.json"), "is a ZIP without a header"),
        (pack(b'{"eval": 1}').replace(b"\x28\xb5\x2f\xfd", b"\0\0\0\0"), "cannot be unpacked"),
        (pack(b"{}", method=12), "cannot be read as a log"),
    ],
)
def test_eval_files_that_are_none(tmp_path: Path, data: bytes, what: str) -> None:
    with pytest.raises(InputError, match=rf"^log\.eval[^:]*: .*({what})"):
        read_eval(tmp_path, data)


def test_without_zstandard_the_cure_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, ZSTD.__name__, None)
    with pytest.raises(InputError, match=r"Run pip install backports\.zstd"):
        case("inspect_eval", "success")
    found = case("inspect_logs", "two_tasks")
    assert "sums/match/accuracy" in metrics(found)
    assert "Run pip install backports.zstd" in notes(found)


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 16_900), place=st.integers(0, 16_800), byte=st.integers(0, 255))
def test_no_damage_breaks_the_reader_of_eval_files(
    tmp_path_factory: pytest.TempPathFactory, cut: int, place: int, byte: int
) -> None:
    data = bytearray(file_of(CASES / "inspect_eval" / "success").read_bytes())
    data[place] = byte
    for found in (bytes(data), bytes(data[:cut])):
        said = "log.eval"
        try:
            assert read_eval(tmp_path_factory.getbasetemp(), found)
        except InputError as error:
            said = str(error)
        assert said.startswith("log.eval")


def test_whatever_is_odd_in_a_log_of_a_folder(tmp_path: Path) -> None:
    whole = log()
    whole["samples"] = whole["reductions"] = []
    for node, key in places(whole, depth=2):
        before = node[key]
        for junk in JUNK:
            node[key] = junk
            with suppress(InputError):
                check(store(tmp_path, whole))
        node[key] = before
