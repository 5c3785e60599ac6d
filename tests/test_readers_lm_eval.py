"""lm-evaluation-harness: one file of results, and folders of many runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cml_bot.like_for_like import has_other_data, tell_differences
from cml_bot.model import Goal, Metric, Observation, Run
from cml_bot.readers import lm_eval_runs
from tests.reader_cases import CASES, file_of
from tests.test_collect import run_of
from tests.test_readers_llm import case, document, facts, metrics, notes, observe, params, put

LM_EVAL = "results_2026-11-21T10-57-59.567050.json"


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
    ],
)
def test_groups_are_alike_on_every_machine(tmp_path: Path, path: str, place: str) -> None:
    put(tmp_path, path, file_of(CASES / "lm_eval" / "dummy"))
    assert {one.group for one in run_of(tmp_path).metrics} == {place}
