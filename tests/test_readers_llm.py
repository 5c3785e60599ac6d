"""What tools for evaluating language models write, held against what the tools themselves report."""

from __future__ import annotations

import csv
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
from cml_bot.like_for_like import has_other_data, tell_differences
from cml_bot.model import Fact, Goal, Metric, Note, Observation, Param, Role, Run
from cml_bot.readers import inspect_eval, inspect_logs, lm_eval_runs, load_reader
from cml_bot.readers._document import observe_document
from cml_bot.readers._header import parse_header
from tests.reader_cases import CASES, file_of, read_case
from tests.test_collect import run_of

ZSTD = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
LM_EVAL = "results_2026-11-21T10-57-59.567050.json"


def case(module: str, name: str) -> list[Observation]:
    return list(read_case(module, CASES / module / name))


def document(module: str, name: str) -> Any:
    return json.loads(file_of(CASES / module / name).read_text(encoding="utf-8"))


def observe(found: object) -> list[Observation]:
    return list(observe_document(found, "x.json"))


def metrics(found: list[Observation]) -> dict[str, Metric]:
    return {one.name: one for one in found if isinstance(one, Metric)}


def params(found: list[Observation]) -> dict[str, str]:
    return {one.name: one.value for one in found if isinstance(one, Param)}


def facts(found: list[Observation]) -> dict[str, Fact]:
    return {one.name: one for one in found if isinstance(one, Fact)}


def notes(found: list[Observation]) -> str:
    return "\n".join(one.text for one in found if isinstance(one, Note))


def put(root: Path, path: str, source: Path) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, root / path)


# lm-evaluation-harness


def test_lm_eval_reports_what_its_table_shows() -> None:
    found = metrics(case("lm_eval", "tasks_and_group"))
    accuracy = found["add_mc/acc"]
    assert (accuracy.value, accuracy.stderr, accuracy.n_items) == (0.25, 0.1305582419667734, 12)
    perplexity = found["sky_ppl/word_perplexity"]
    assert (perplexity.value, perplexity.stderr, perplexity.goal) == (33.7561796935059, None, Goal.LOWER)
    assert found["add_gen/exact_match,strict-match"].goal is Goal.HIGHER
    group = found["arith/acc"]
    assert (group.value, group.n_items) == (0.20833333333333334, 24)
    assert not any("sample_len" in name or "stderr" in name for name in found)


def test_lm_eval_of_both_sides_has_the_same_names(tmp_path: Path) -> None:
    runs = []
    for side, folder in (("tasks_and_group", "__home__me__repo__model"), ("candidate", "__builds__x__model")):
        file = file_of(CASES / "lm_eval" / side)
        put(tmp_path / side, f"results/{folder}/{file.name}", file)
        put(tmp_path / side, f"results/{folder}/samples_add_mc_{file.name[8:-5]}.jsonl", file)
        runs.append(run_of(tmp_path / side))
    main, candidate = runs
    assert [one.key for one in main.metrics] == [one.key for one in candidate.metrics]
    assert {one.group for one in main.metrics} == {"results"}
    assert [one.key for one in main.params] == [one.key for one in candidate.params]
    assert main.notes == main.unread == ()
    assert not has_other_data(main, candidate)


def test_lm_eval_with_another_task_version_is_not_alike() -> None:
    head = document("lm_eval", "dummy")
    head["versions"]["add_mc"] = 2.0
    here, there = (Run(data=tuple(facts(found).values())) for found in (observe(head), case("lm_eval", "dummy")))
    assert tell_differences(here, there) == ("add_mc task version changed (version 1 → version 2)",)


def test_lm_eval_settings_are_params() -> None:
    found = params(case("lm_eval", "tasks_and_group"))
    assert (found["model"], found["model_args.pretrained"]) == ("hf", "/data/lmeval/model")
    assert (found["n-shot.add_mc_few"], found["batch_size"]) == ("2", "4")


def test_lm_eval_before_it_had_filters() -> None:
    old = {
        "results": {"hellaswag": {"acc": 0.5, "acc_stderr": 0.1, "acc_norm": "N/A"}},
        "versions": {"hellaswag": 0},
        "config": {"model": "gpt2", "model_args": "pretrained=gpt2,dtype=float", "num_fewshot": 5, "limit": None},
    }
    found = observe(old)
    assert metrics(found) == {"hellaswag/acc": Metric(name="hellaswag/acc", values=(0.5,), stderr=0.1)}
    assert params(found) == {
        "model": "gpt2",
        "model_args.pretrained": "gpt2",
        "model_args.dtype": "float",
        "num_fewshot": "5",
    }


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "many", 10**30, None, [9]])
def test_lm_eval_with_an_odd_count_or_error(count: object) -> None:
    found = document("lm_eval", "dummy")
    found["n-samples"]["add_mc"]["effective"] = count
    del found["results"]["add_mc"]["sample_len"]
    found["results"]["add_mc"]["acc_stderr,none"] = "N/A"
    one = metrics(observe(found))["add_mc/acc"]
    assert (one.n_items, one.stderr) == (None, None)


def runs_of(tmp_path: Path, *runs: tuple[str, dict[str, Any]]) -> list[Observation]:
    """Read a folder of results, a model and a document each, the oldest first."""
    files = {}
    for number, (folder, whole) in enumerate(runs):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(whole))
        files[f"results/{folder}/results_2026-11-21T10-57-{number:02}.567050.json"] = path
    return list(lm_eval_runs.read_store(files, ""))


def lm_eval_of(task: str, acc: float, shots: int = 0, commit: str = "") -> dict[str, Any]:
    """What lm_eval writes of one task."""
    whole: dict[str, Any] = document("lm_eval", "dummy")
    for key in ("results", "versions", "n-shot", "n-samples", "higher_is_better"):
        whole[key] = {task: whole[key]["add_mc"]}
    whole["results"][task]["acc,none"] = acc
    whole["n-shot"][task] = shots
    return whole | {"git_hash": commit}


def test_lm_eval_tasks_that_were_run_one_by_one_all_count(tmp_path: Path) -> None:
    found = runs_of(tmp_path, ("m", lm_eval_of("a", 0.1)), ("m", lm_eval_of("b", 0.2, 5)), ("m", lm_eval_of("a", 0.3)))
    assert {name: one.value for name, one in metrics(found).items() if name.endswith("/acc")} == {
        "b/acc": 0.2,
        "a/acc": 0.3,
    }
    assert "1 earlier run of a beside the newest" in notes(found)
    assert params(found)["n-shot.b"] == "5"
    assert metrics(found)["evaluation_time"].value == pytest.approx(2 * 9.834117337999487)


def test_lm_eval_with_several_models_or_shots(tmp_path: Path) -> None:
    found = runs_of(tmp_path, ("__tmp__x__small", lm_eval_of("a", 0.1)), ("org__large", lm_eval_of("a", 0.2)))
    assert [name for name in metrics(found) if name.endswith("/acc")] == ["a (large)/acc", "a (small)/acc"]
    assert {"small/model", "large/model"} <= params(found).keys()
    alike = runs_of(tmp_path, ("__x__m", lm_eval_of("a", 0.1)), ("__y__m", lm_eval_of("a", 0.2)))
    assert {"a (__x__m)/acc", "a (__y__m)/acc"} <= metrics(alike).keys()
    shots = runs_of(tmp_path, ("m", lm_eval_of("a", 0.1, 0)), ("m", lm_eval_of("a", 0.2, 5)))
    assert {"a (0-shot)/acc", "a (5-shot)/acc"} <= metrics(shots).keys()
    assert not notes(shots)
    assert "a task version" not in facts(shots)


def test_lm_eval_of_an_earlier_commit_is_left_out(tmp_path: Path) -> None:
    found = runs_of(tmp_path, ("old", lm_eval_of("a", 0.1, commit="1")), ("new", lm_eval_of("a", 0.2, commit="2")))
    assert metrics(found)["a/acc"].value == 0.2
    assert "1 earlier run of a beside the newest" in notes(found)


def test_files_that_are_only_named_as_those_of_lm_eval(tmp_path: Path) -> None:
    found = runs_of(tmp_path, ("m", {"accuracy": 0.1}), ("m", {"accuracy": 0.2}))
    assert metrics(found)["accuracy"].value == 0.2
    assert "1 earlier file beside the newest" in notes(found)
    both = runs_of(tmp_path, ("m", lm_eval_of("a", 0.1)), ("m", {"accuracy": 0.2}))
    assert "a/acc" in metrics(both)
    assert "1 file of no results of lm_eval left out" in notes(both)


def test_a_killed_run_of_lm_eval_beside_a_good_one(tmp_path: Path) -> None:
    killed, good = (file_of(CASES / "lm_eval" / name) for name in ("killed", "candidate"))
    put(tmp_path, "out/model/results_2026-11-22T10-57-59.567050.json", killed)
    with_one = run_of(tmp_path)
    assert with_one.unread
    assert not with_one.metrics
    put(tmp_path, f"out/model/{good.name}", good)
    run = run_of(tmp_path)
    assert {one.group for one in run.metrics} == {"out"}
    assert any(
        "results_2026-11-22T10-57-59.567050.json, line 232: ends in the middle; left out" in one for one in run.notes
    )


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (f"__a__b__model/{LM_EVAL}", "*model/results_*.json"),
        (f"__model/{LM_EVAL}", "*model/results_*.json"),
        (f"org__model/{LM_EVAL}", "org__model/results_*.json"),
        (f"out/deep/__a__model/{LM_EVAL}", "out/deep"),
        ("2026-11-21T10-58-47-00-00_sums_Y4kbUTjwJVuLmWYtKwtjN6.eval", "*_sums_*"),
    ],
)
def test_groups_are_alike_on_every_machine(tmp_path: Path, path: str, place: str) -> None:
    module = "inspect_eval" if path.endswith(".eval") else "lm_eval"
    put(tmp_path, path, file_of(CASES / module / ("success" if module == "inspect_eval" else "dummy")))
    assert {one.group for one in run_of(tmp_path).metrics} == {place}


# Inspect


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
    assert "sums: 4 samples of 9 ended with an error or were not run" in said
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
    with pytest.raises(InputError, match=r'Run pip install "cml-bot\[inspect\]"'):
        case("inspect_eval", "success")
    found = case("inspect_logs", "two_tasks")
    assert "sums/match/accuracy" in metrics(found)
    assert 'Run pip install "cml-bot[inspect]"' in notes(found)


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


# promptfoo


def test_promptfoo_reports_what_its_summary_says() -> None:
    whole, found = document("promptfoo", "two_models"), metrics(case("promptfoo", "two_models"))
    stats = whole["results"]["stats"]
    assert (found["pass_rate"].value, found["pass_rate"].n_items) == (stats["successes"] / 12, 12)
    for prompt in whole["results"]["prompts"]:
        name, said = f"{prompt['provider']}/{prompt['label']}", prompt["metrics"]
        assert found[f"{name}/pass_rate"].value == pytest.approx(said["testPassCount"] / 3)
        assert found[f"{name}/score"].value == pytest.approx(said["score"] / 3)
        assert found[f"{name}/score"].stderr is not None
        assert found[f"{name}/length"].value == said["namedScores"]["length"]
        assert found[f"{name}/latency"].value == pytest.approx(said["totalLatencyMs"] / 3)


def test_promptfoo_as_a_table_tells_the_same() -> None:
    whole, table = metrics(case("promptfoo", "two_models")), metrics(case("promptfoo_table", "two_models"))
    assert whole.keys() - table.keys() == {name for name in whole if name.endswith(("latency", "cost", "total_tokens"))}
    for name, one in table.items():
        assert one.value == pytest.approx(whole[name].value, abs=0.01)
    assert notes(case("promptfoo", "two_models")) in notes(case("promptfoo_table", "two_models"))


def test_promptfoo_of_both_sides_has_the_same_names() -> None:
    main, candidate = (case("promptfoo", side) for side in ("two_models", "candidate"))
    assert list(metrics(main)) == list(metrics(candidate))
    # What the candidate's tests ask for is another length.
    assert facts(main)["test cases"] != facts(candidate)["test cases"]


def test_promptfoo_with_one_prompt_and_one_model_has_plain_names() -> None:
    whole = document("promptfoo", "two_models")
    whole["results"]["prompts"] = whole["results"]["prompts"][:1]
    found = observe(whole)
    assert list(metrics(found)) == ["pass_rate", "score", "length", "format/answer", "latency", "total_tokens"]
    assert params(found)["prompt"] == "Say {{topic}}"


def test_promptfoo_names_prompts_of_files_by_the_file() -> None:
    whole = document("promptfoo", "two_models")
    prompts = whole["results"]["prompts"]
    for prompt in prompts:
        prompt["provider"] = "echo"
    prompts[0]["label"] = "/home/me/prompts/short.txt: You are brief."
    prompts[1]["label"] = "many.txt: one\ntwo"
    prompts[2]["label"] = "many.txt: " + "long " * 50
    names = [name for name in metrics(observe(whole)) if name.endswith("/score")]
    assert names[:2] == ["short.txt/score", "many.txt: one two/score"]
    assert names[2].startswith("many.txt: long long")
    assert len(names[2]) == len("/score") + 60


def test_promptfoo_tests_without_an_answer() -> None:
    whole = document("promptfoo", "two_models")
    row = whole["results"]["results"][0]
    row |= {"success": False, "failureReason": 2, "error": "429\nToo many"}
    said = notes(observe(whole))
    assert "1 test got no answer (429 Too many): cats; counted as not passed" in said


# DeepEval


@pytest.mark.parametrize("name", ["test_run", "latest", "model_dump"])
def test_deepeval_reports_what_its_summary_says(name: str) -> None:
    found = metrics(case("deepeval", name))
    for said in document("deepeval", "test_run")["metricsScores"]:
        one, rate = found[said["metric"]], found[f"{said['metric']}/pass_rate"]
        assert one.value == pytest.approx(sum(said["scores"]) / 3)
        assert (one.n_items, one.goal, rate.value) == (3, Goal.HIGHER, said["passes"] / 3)
    assert found["pass_rate"].value == pytest.approx(2 / 3)


def test_deepeval_tells_which_way_is_good_by_what_passed() -> None:
    whole = document("deepeval", "test_run")
    for case_ in whole["testCases"]:
        case_["metricsData"] = [
            {"name": "Bias", "score": 0.1, "threshold": 0.5, "success": True},
            {"name": "Odd", "score": 0.1, "threshold": 0.5, "success": case_["order"] == 0},
            {"name": "Failed", "score": None, "threshold": 0.5, "success": None, "error": "no key"},
        ]
    found = observe(whole)
    assert [metrics(found)[name].goal for name in ("Bias", "Odd")] == [Goal.LOWER, None]
    assert "Failed" not in metrics(found)
    assert "metrics that gave no score: Failed (3 times: no key); left out of the means" in notes(found)


def test_deepeval_is_found_and_its_newest_run_counts(tmp_path: Path) -> None:
    file = file_of(CASES / "deepeval" / "test_run")
    for day in (20, 21):
        put(tmp_path, f"results/test_run_202611{day}_105905.json", file)
    put(tmp_path, ".deepeval/.latest_test_run.json", file_of(CASES / "deepeval" / "latest"))
    run = run_of(tmp_path)
    assert [one.path for one in run.sources] == ["results/test_run_20261121_105905.json"]
    assert {one.group for one in run.metrics} == {"results/test_run_*.json"}


# Ragas


def test_ragas_means_are_its_own() -> None:
    found = metrics(case("ragas", "json"))
    assert found == metrics(case("ragas", "csv"))
    # What the result of `evaluate` shows.
    assert {name: one.value for name, one in found.items()} == {
        "exact_match": pytest.approx(0.6666666666666666),
        "non_llm_string_similarity": pytest.approx(0.8533333333333333),
    }
    assert found["exact_match"].n_items == 3


def test_ragas_is_found_without_configuration(tmp_path: Path) -> None:
    put(tmp_path, "out/scores.csv", file_of(CASES / "ragas" / "csv"))
    (tmp_path / "other_scores.csv").write_text("name,score\na,1\n")
    text = file_of(CASES / "ragas" / "json").read_text().replace("France?", "France?\\n" * 9)
    (tmp_path / "out" / "ragas.json").write_text(text)
    run = run_of(tmp_path)
    assert sorted(one.path for one in run.sources) == ["out/ragas.json", "out/scores.csv"]
    assert len(run.metrics) == 4


def test_a_row_that_is_cut_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes(file_of(CASES / "ragas" / "csv").read_bytes()[:-12])
    assert metrics(list(load_reader("csv_file").read(path)))["exact_match"].n_items == 2


def test_ragas_tables_that_hold_no_scores(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    for text in ("user_input,response\na,b\n", "user_input,response,faithfulness\na,b,\n", "user_input,response\n"):
        path.write_text(text)
        found = list(load_reader("csv_file").read(path))
        assert not metrics(found)
        assert "no column of scores" in notes(found)
    assert "faithfulness (1 of 1)" in notes(
        list(observe_document([{"user_input": "a", "response": "b", "faithfulness": float("nan")}], ""))
    )


# Bad input


JUNK: tuple[object, ...] = (None, True, -1, 10**400, float("nan"), "", "\ud800 x", [], [[]], [{}], {}, {"": {"": [1]}})
DOCUMENTS = (
    *(("lm_eval", "dummy"), ("inspect_log", "success"), ("inspect_log", "error"), ("promptfoo", "two_models")),
    *(("deepeval", "test_run"), ("deepeval", "latest"), ("deepeval", "model_dump"), ("ragas", "json")),
)


def places(node: object, depth: int = 6) -> list[tuple[Any, Any]]:
    """Every part of a document as a container and its key; of a list only the first."""
    keys: list[Any] = list(node) if isinstance(node, dict) else [0] if isinstance(node, list) and node else []
    found = [(node, key) for key in keys]
    return found + [one for key in keys if depth for one in places(node[key], depth - 1)]  # type: ignore[index]


def check(found: list[Observation]) -> None:
    for one in found:
        str(one).encode()
        assert not isinstance(one, Metric) or one.values
        assert not isinstance(one, Metric | Param | Fact) or len(one.name) <= 310


@pytest.mark.parametrize(("module", "name"), DOCUMENTS)
def test_whatever_is_odd_in_a_document_it_is_read_or_refused(module: str, name: str) -> None:
    whole = document(module, name)
    for node, key in places(whole):
        before = node[key]
        for junk in JUNK:
            node[key] = junk
            with suppress(InputError):
                check(observe(whole))
        node[key] = before


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


@pytest.mark.parametrize("module", ["ragas", "promptfoo_table"])
@given(cells=st.lists(st.lists(st.sampled_from(["", "PASS", "ERROR", "1", "nan", "x", '"', "\ud800"]), max_size=20)))
def test_whatever_is_odd_in_a_table(module: str, cells: list[list[str]]) -> None:
    name = {"ragas": "csv", "promptfoo_table": "two_models"}[module]
    with file_of(CASES / module / name).open(encoding="utf-8", newline="") as file:
        header = parse_header(next(csv.reader(file)))
    assert header is not None
    width = len(header.names)
    rows = [(row + [""] * width)[:width] for row in cells]
    check(list(import_module(f"cml_bot.readers.{module}").observe(header.names, rows)))
