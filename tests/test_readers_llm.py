"""What tools for evaluating language models write, held against what the tools themselves report."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.errors import InputError
from cml_bot.model import Fact, Goal, Metric, Note, Observation, Param
from cml_bot.readers import load_reader
from cml_bot.readers._document import observe_document
from cml_bot.readers._evals import observe_params
from cml_bot.readers._header import parse_header
from tests.reader_cases import CASES, file_of, read_case
from tests.test_collect import run_of


def case(module: str, name: str) -> list[Observation]:
    return list(read_case(module, CASES / module / name))


def document(module: str, name: str) -> Any:
    return json.loads(file_of(CASES / module / name).read_text(encoding="utf-8"))


def observe(found: object) -> list[Observation]:
    return list(observe_document(found, "x.json"))


def metrics(found: Sequence[Observation]) -> dict[str, Metric]:
    return {one.name: one for one in found if isinstance(one, Metric)}


def params(found: Sequence[Observation]) -> dict[str, str]:
    return {one.name: one.value for one in found if isinstance(one, Param)}


def facts(found: Sequence[Observation]) -> dict[str, Fact]:
    return {one.name: one for one in found if isinstance(one, Fact)}


def notes(found: Sequence[Observation]) -> str:
    return "\n".join(one.text for one in found if isinstance(one, Note))


def put(root: Path, path: str, source: Path) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, root / path)


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


# Settings


def test_settings_are_written_in_one_line_and_secrets_are_not() -> None:
    settings = {"a": {"b": True, "c": None, "api_key": "sk-1"}, "texts": ["x\ny", 2], "long": "x" * 900, "empty": []}
    found = params(list(observe_params(settings)))
    assert found == {"a.b": "true", "a.api_key": "(not shown)", "texts": "x y, 2", "long": "x" * 499 + "…"}
    many = list(observe_params({f"s{number}": number for number in range(1_003)}))
    assert len(params(many)) == 1_000
    assert "has more than 1" in notes(many)


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


def check(found: Sequence[Observation]) -> None:
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
