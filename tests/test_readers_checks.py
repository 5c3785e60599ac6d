"""Checks of data and models: what Evidently, Great Expectations, deepchecks, pandera and whylogs write."""

from __future__ import annotations

import copy
import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.collect import collect
from cml_bot.compare import compare
from cml_bot.config import Config
from cml_bot.errors import InputError
from cml_bot.filters import PASSED, format_number, format_pair
from cml_bot.model import Goal, Matrix, Metric, Note, Observation, Role, Run, Trend
from cml_bot.newest import find_place
from cml_bot.readers._checks import MOST_CHECKS
from cml_bot.readers._drift import Drift, Rows, goal_of_method, tell_worth
from cml_bot.readers._shapes import DOCUMENTS, find_document_shape, load_document_shape
from cml_bot.trees import FolderTree
from cml_bot.wording import second_line
from cml_bot.wording_rows import sort_rows
from tests.making import make_report
from tests.reader_cases import CASES, file_of, read_case

if TYPE_CHECKING:
    from pathlib import Path

FAR = Drift(column="age", method="Wasserstein distance", score=0.2, limit=0.1, said=True)
OURS = ("evidently", "evidently_old", "great_expectations", "deepchecks", "pandera", "whylogs")
DOCUMENTS_OF_CASES = [
    json.loads(file_of(folder).read_text())
    for tool in OURS
    for folder in sorted((CASES / tool).iterdir())
    if file_of(folder).suffix == ".json" and folder.name != "killed"
]


def read(case: str) -> list[Observation]:
    return list(read_case(case.partition("/")[0], CASES / case))


def observe(document: object, name: str = "report.json") -> list[Observation]:
    shape = find_document_shape(document, name)
    assert shape is not None
    return list(load_document_shape(shape).observe(document, name))


def document_of(case: str) -> Any:
    return json.loads(file_of(CASES / case).read_text())


def values(found: list[Observation]) -> dict[str, float]:
    return {one.name: one.value for one in found if isinstance(one, Metric)}


def metric(found: list[Observation], name: str) -> Metric:
    return next(one for one in found if isinstance(one, Metric) and one.name == name)


def notes(found: list[Observation]) -> str:
    return "\n".join(one.text for one in found if isinstance(one, Note))


def run_of(root: Path) -> Run:
    return collect(FolderTree(root, ""), Config())


def trends(case: str, base: str, tmp_path: Path) -> dict[str, Trend]:
    """Compare two cases as the files of two sides."""
    runs = []
    for side, which in (("main", base), ("here", case)):
        file = file_of(CASES / which)
        (tmp_path / side / "reports").mkdir(parents=True)
        shutil.copy(file, tmp_path / side / "reports" / "drift.json")
        runs.append(run_of(tmp_path / side))
    return {delta.key.name: delta.trend for delta in compare(runs[1], runs[0])}


def counts(found: list[Observation]) -> tuple[float, float, float]:
    got = values(found)
    return got["checks passed"], got["checks warned"], got["checks failed"]


def test_counts_are_those_of_the_tools() -> None:
    assert counts(read("evidently/drift_main")) == (5, 0, 0)
    assert counts(read("evidently/drift_candidate")) == (4, 0, 1)
    assert counts(read("evidently/classification_candidate")) == (7, 0, 1)
    assert counts(read("evidently_old/tests_candidate")) == (11, 0, 3)
    # Of four expectations that were not met, one has the severity of a warning.
    assert counts(read("great_expectations/validation_candidate")) == (1, 1, 3)
    assert counts(read("deepchecks/model_candidate")) == (6, 1, 3)
    assert counts(read("deepchecks/integrity_main")) == (8, 0, 2)


def test_a_check_is_a_number_without_noise() -> None:
    found = read("evidently/drift_candidate")
    drifted = metric(found, "ValueDrift(mean radius)")
    assert (drifted.values, drifted.unit, drifted.goal, drifted.is_exact) == ((0,), PASSED, Goal.HIGHER, True)
    assert values(found)["ValueDrift(kind|x)"] == 1
    # A failure that is no change has to be seen, too.
    assert metric(found, "checks failed").role is Role.HEADLINE
    assert metric(read("evidently/drift_main"), "checks failed").role is Role.QUALITY


def test_what_a_check_came_to_is_a_word() -> None:
    assert [format_number(value, PASSED) for value in (1, 0.5, 0, 0.75)] == [
        "passed", "warned", "failed", "0.75\u00a0passed",
    ]  # fmt: skip
    pair = format_pair(1, 0, PASSED)
    assert (pair.base, pair.head, pair.change, pair.relative) == ("passed", "failed", "–", "")


def test_a_check_that_turned_is_a_sentence() -> None:
    check = Metric(name="unique(id)", values=(1,), unit=PASSED, goal=Goal.HIGHER, is_exact=True)
    head, base = Run(metrics=(replace(check, values=(0,)),)), Run(metrics=(check,))
    report = make_report(head, base)
    rows = sort_rows(report)
    assert second_line(report, rows).text == "went from passed to failed."
    assert (rows.first[0].status, rows.first[0].arrow, rows.first[0].change) == ("worse", "", "–")
    failed = make_report(head, base, fail_on=("unique(id) < 1",))
    assert failed.verdict.checks[0].reason == "failed is below passed"


def test_checks_that_all_passed_are_found(tmp_path: Path) -> None:
    (tmp_path / "errors.json").write_text("{}\n", encoding="utf-8")
    (tmp_path / "report.json").write_text("{}", encoding="utf-8")
    assert [(one.group, one.name, one.values) for one in run_of(tmp_path).metrics] == [
        ("errors.json", "checks failed", (0,))
    ]


def test_both_sides_are_named_alike(tmp_path: Path) -> None:
    for tool, case in (
        ("evidently", "drift"),
        ("evidently", "tests"),
        ("evidently", "classification"),
        ("evidently_old", "drift"),
        ("evidently_old", "tests"),
        ("great_expectations", "validation"),
        ("great_expectations", "checkpoint"),
        ("deepchecks", "integrity"),
    ):
        main, here = (set(values(read(f"{tool}/{case}_{side}"))) for side in ("main", "candidate"))
        assert main == here, tool
    got = trends("evidently/drift_candidate", "evidently/drift_main", tmp_path)
    assert got["ValueDrift(mean radius)"] is Trend.WORSE
    assert got["ValueDrift(mean texture)"] is Trend.SAME
    assert got["drifted columns"] is got["checks failed"] is Trend.WORSE


def test_evidently_metrics_go_by_their_settings() -> None:
    found = values(read("evidently/summary"))
    assert found["QuantileValue(mean radius, quantile=0.25)"] == 18.880000000000003
    assert found["ColumnCount(column_type=num)"] == 3
    assert found["MissingValueCount(mean texture)"] == 20
    assert found["MissingValueCount(mean texture) share"] == 0.06920415224913495
    # Its labels are values of the data.
    assert found["UniqueValueCount(kind|x)"] == 2
    assert not any("UniqueValueCount(kind|x)/" in name for name in found)
    model = read("evidently/classification_candidate")
    assert values(model)["Accuracy"] == 0.8858131487889274
    assert values(model)["F1ByLabel/0"] == 0.8653061224489796
    assert metric(model, "Accuracy").role is None
    assert metric(read("evidently/summary"), "RowCount").role is Role.BOOKKEEPING


def test_evidently_before_it_wrote_settings() -> None:
    document = {
        "metrics": [
            {"id": "a", "metric_id": "ValueDrift(column=age,method=K-S p_value,threshold=0.05)", "value": 0.01},
            {"id": "b", "metric_id": "Accuracy()", "value": 0.9},
            {"id": "c", "metric_id": "DriftedColumnsCount(drift_share=0.5)", "value": {"count": 1.0, "share": 0.5}},
        ],
        "tests": {},
    }
    found = values(observe(document))
    assert found["drift/age (K-S p_value)"] == 0.01
    assert found["ValueDrift(age)"] == 0
    assert (found["Accuracy"], found["drifted columns"], found["drifted columns share"]) == (0.9, 1, 0.5)


def test_a_list_of_metrics_of_somebody_else_is_not_evidently() -> None:
    for entry in ({"metric": "accuracy", "result": 0.9}, {"metric_name": "accuracy", "value": 0.9}):
        assert find_document_shape({"metrics": [entry]}) is None


def test_status_of_evidently_tests() -> None:
    document = document_of("evidently/tests_main")
    for test, status in zip(document["tests"], ("WARNING", "ERROR", "SKIPPED"), strict=True):
        test["status"] = status
    found = observe(document)
    assert counts(found) == (0, 1, 1)
    assert values(found)["ValueDrift(mean radius)"] == 0.5
    assert values(found)["checks not run"] == 1
    assert "ended in an error, and count as failed: drifted columns share: LessThan" in notes(found)


def test_which_way_of_a_method_is_drift() -> None:
    p_values = ("ks", "K-S p_value", "chi-square p_value", "g_test", "Fisher's Exact test", "t_test", "Epps-Singleton")
    assert {goal_of_method(name) for name in p_values} == {Goal.HIGHER}
    distances = ("PSI", "Wasserstein distance (normed)", "jensenshannon", "kl_div", "Cramer's V", "ed")
    assert {goal_of_method(name) for name in distances} == {Goal.LOWER}
    assert goal_of_method("custom function 'mine'") is Goal.NONE


def test_verdict_of_drift_where_there_are_no_tests() -> None:
    document = document_of("evidently/drift_candidate")
    document["tests"] = []
    found = values(observe(document))
    assert (found["ValueDrift(mean radius)"], found["ValueDrift(mean texture)"]) == (0, 1)
    for entry in document["metrics"]:
        if entry["config"].get("method"):
            entry["config"] |= {"method": "PSI", "threshold": 0.1}
    found = values(observe(document))
    assert (found["ValueDrift(mean radius)"], found["ValueDrift(mean texture)"]) == (1, 0)


def drift(scores: dict[str, float], method: str, limit: float, rows: int | None = None) -> dict[str, Any]:
    kind = "evidently:metric_v2:"
    config = {"type": f"{kind}ValueDrift", "method": method, "threshold": limit}
    metrics: list[dict[str, Any]] = [
        {"id": name, "metric_name": name, "config": {**config, "column": name}, "value": score}
        for name, score in scores.items()
    ]
    if rows is not None:
        metrics.append({"id": "n", "metric_name": "n", "config": {"type": f"{kind}RowCount"}, "value": rows})
    return {"metrics": metrics, "tests": []}


def test_many_columns_are_corrected_for_their_number() -> None:
    scores = {f"c{n}": 0.3 for n in range(17)} | {"low": 1e-6, "b": 0.02, "c": 0.04}
    said = notes(observe(drift(scores, "K-S p_value", 0.05)))
    assert "3 of 20 columns are said to drift" in said
    assert "after correction for 20 tests (Benjamini-Hochberg) 1 is left" in said
    assert "correction" not in notes(observe(drift({"low": 1e-6, "b": 0.9}, "K-S p_value", 0.05)))
    assert "correction" not in notes(observe(drift(dict.fromkeys("abcd", 0.01), "PSI", 0.1)))


def test_a_chi_square_of_one_sample_is_told() -> None:
    said = notes(read("evidently_old/chance"))
    assert "drift of k1, k2 is told by a chi-square" in said
    assert "(here 400 and 400)" in said
    document = document_of("evidently_old/chance")
    for entry in document["metrics"]:
        if entry["metric"] == "DatasetSummaryMetric":
            entry["result"]["reference"]["number_of_rows"] = 4000
    assert "chi-square" not in notes(observe(document))


def test_distances_of_few_rows_are_told_where_the_rows_are_known() -> None:
    said = notes(read("evidently_old/few_rows"))
    assert "on 150 current rows: of 100 columns that do not drift 20 to 70 lie beyond 0.1 with 200 rows" in said
    far = {"age": 0.12}
    assert "current row" in notes(observe(drift(far, "Wasserstein distance (normed)", 0.1, rows=90)))
    assert "current row" not in notes(observe(drift(far, "Wasserstein distance (normed)", 0.1)))
    assert "current row" not in notes(observe(drift(far, "Wasserstein distance (normed)", 0.1, rows=5000)))


@pytest.mark.parametrize(
    ("n_rows", "said"),
    [
        (20, "on 20 current rows: of 100 columns that do not drift 74 to 86 lie beyond 0.1 with 100 rows, and more"),
        (100, "on 100 current rows: of 100 columns that do not drift 74 to 86 lie beyond 0.1 with 100 rows. Use"),
        (500, "up to 23 lie beyond 0.1 with 500 rows. Use"),
        (501, ""),
    ],
)
def test_how_many_lie_beyond_by_chance(n_rows: int, said: str) -> None:
    found = [one.text for one in tell_worth([FAR], Rows(current=n_rows, reference=5_000))]
    assert len(found) == bool(said)
    assert all(said in text for text in found)


def test_evidently_before_0_7() -> None:
    found = read("evidently_old/drift_candidate")
    assert values(found)["drift/age (K-S p_value)"] == 0.0005458774578140435
    assert (values(found)["drifted columns"], values(found)["number_of_rows"]) == (1, 500)
    assert values(found)["dataset drift"] == 1
    assert values(read("evidently_old/classification"))["accuracy"] == 0.7833333333333333
    tests = values(read("evidently_old/tests_candidate"))
    assert (tests["Drift per Column(age)"], tests["drift/age (K-S p_value)"]) == (0, 0.001)


def test_great_expectations() -> None:
    found = read("great_expectations/validation_candidate")
    unexpected = metric(found, "expect_column_values_to_be_between(age) unexpected")
    assert (unexpected.value, unexpected.unit, unexpected.n_items) == (2.0408163265306123, "%", 50)
    assert values(found)["expect_table_row_count_to_be_between observed"] == 50
    assert values(found)["expect_column_values_to_be_in_set(city)"] == 0.5
    assert "1 expectation could not be held against the data" in notes(found)


def test_great_expectations_of_which_only_failures_are_listed() -> None:
    document = document_of("great_expectations/validation_candidate")
    document["results"] = [one for one in document["results"] if not one["success"]]
    found = observe(document)
    assert counts(found) == (1, 1, 3)
    assert "1 of 5 checks without a row" in notes(found)
    document["results"] = []
    assert counts(observe(document)) == (1, 0, 4)


def test_results_of_a_checkpoint_as_older_versions_write_them() -> None:
    result = document_of("great_expectations/validation_candidate")
    whole = {"run_results": {"ValidationResultIdentifier::people/x": {"validation_result": result}}, "success": False}
    assert counts(observe(whole)) == (1, 1, 3)


def test_values_of_the_data_are_not_read() -> None:
    for case in ("great_expectations/validation_candidate", "great_expectations/checkpoint_candidate"):
        assert "@x" not in repr(read(case))
        assert "250" not in repr(read(case))
    for case in ("pandera/errors", "pandera/cases_by_columns", "pandera_cases/cases", "pandera_cases/rows"):
        assert "@x" not in repr(read(case))
        assert "250" not in repr(read(case))
    assert "FrequentItem" not in repr(read("whylogs_summary/summary"))


def test_deepchecks() -> None:
    found = read("deepchecks/model_candidate")
    got = values(found)
    assert (got["Test/Recall/1"], got["Test/AUC/1"]) == (0.380952381, 0.5671550671550671)
    assert metric(found, "Test/Recall/1").n_items == 21
    assert metric(found, "Train/F1/0").role is Role.BOOKKEEPING
    assert got["drift/Prediction Drift (Cramer's V)"] == 0.1555047961770702
    assert (got["ROC Report - Test Dataset"], got["ROC Report - Train Dataset"]) == (0, 1)
    assert metric(found, "Model Inference Time(Test)").unit == "s"
    matrix = next(one for one in found if isinstance(one, Matrix) and "Test" in one.name)
    assert [list(row) for row in matrix.values] == [[15, 4, 0], [0, 8, 13], [0, 1, 19]]
    # What does not apply has not failed.
    assert got["checks not run"] == 4
    assert "Boosting Overfit" not in got


def test_one_check_of_deepchecks_alone() -> None:
    alone = document_of("deepchecks/integrity_main")["results"][0]
    assert counts(observe(alone)) == (0, 0, 1)


def test_pandera_of_all_kinds_names_the_same_checks() -> None:
    of_json, of_csv = (values(read(case)) for case in ("pandera/errors", "pandera_cases/cases"))
    failed = {name for name, value in of_json.items() if value == 0}
    assert failed == {
        "extra: column_in_dataframe",
        "city: not_nullable",
        "age: greater_than_or_equal_to(0)",
        "age: less_than_or_equal_to(120)",
        "city: isin(['Paris', 'Berlin'])",
        "id: field_uniqueness",
    }
    assert of_json["checks failed"] == of_csv["checks failed"] == 6
    assert {name for name, value in of_csv.items() if value == 0} == failed
    assert (of_csv["failure cases"], of_csv["id: field_uniqueness failure cases"]) == (7, 2)
    assert values(read("pandera_cases/rows")) == of_csv == values(read("pandera/cases_by_columns"))


def test_pandera_that_found_nothing_says_so() -> None:
    assert values(read("pandera/nothing")) == {"checks failed": 0}
    assert values(read("pandera_cases/none"))["checks failed"] == 0
    assert find_document_shape({}, "results.json") is None


def test_whylogs_of_both_kinds_say_the_same() -> None:
    of_csv, of_json = values(read("whylogs_summary/summary")), values(read("whylogs/summary"))
    assert of_csv["null share(missing)"] == 1
    assert (of_csv["distinct(age)"], of_csv["n(city)"]) == (200, 200)
    assert list(of_csv) == list(of_json)
    assert of_csv["mean(age)"] == pytest.approx(of_json["mean(age)"])
    assert "to_csv" in notes(read("whylogs_profile/profile"))


def test_a_bin_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "profile.bin").write_bytes(b"\0\1")
    assert "no profile of whylogs" in run_of(tmp_path).unread[0]


def test_found_without_configuration(tmp_path: Path) -> None:
    cases = {
        "reports/data_drift.json": "evidently/drift_main",
        "evidently/custom.json": "evidently/tests_main",
        "model_evaluation.json": "deepchecks/model_main",
        "data_integrity.json": "deepchecks/integrity_main",
        "checkpoint.json": "great_expectations/checkpoint_main",
        "gx/uncommitted/validations/people/__none__/20261121T105951.930292Z/pd-df.json": (
            "great_expectations/validation_main"
        ),
        "pandera/errors.json": "pandera/nothing",
        "out/failure_cases.csv": "pandera_cases/none",
        "summary.json": "whylogs/summary",
        "whylogs_summary.csv": "whylogs_summary/summary",
        "profiles/profile.bin": "whylogs_profile/profile",
    }
    for path, case in cases.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file_of(CASES / case), tmp_path / path)
    (tmp_path / "validation_config.json").write_text('{"results": [1], "size": 3}')
    (tmp_path / "drift_settings.json").write_text('{"limit": 3}')
    run = run_of(tmp_path)
    assert {source.path for source in run.sources} == set(cases)
    assert run.broken == run.unread == ()
    assert "gx/uncommitted/validations/people/*/pd-df.json" in {one.group for one in run.metrics}


def test_runs_of_great_expectations_are_one_place() -> None:
    place = "gx/uncommitted/validations/{}/{}/20261121T105951.901730Z/pd-df.json"
    named = find_place(place.format("team/people", "nightly-7"))
    assert named is not None
    assert named.path == "gx/uncommitted/validations/team/people/*/pd-df.json"
    assert named.run == "nightly-7/20261121T105951.901730Z"


def test_no_more_rows_than_anybody_reads() -> None:
    document = document_of("great_expectations/validation_main")
    document["results"] = [
        {**copy.deepcopy(document["results"][-1]), "success": number % 2 == 0} for number in range(1_000)
    ]
    document["statistics"] = {"evaluated_expectations": 1_000}
    found = observe(document)
    assert counts(found) == (500, 0, 500)
    rows = [one for one in found if isinstance(one, Metric) and one.unit == PASSED]
    assert len(rows) == 2 * MOST_CHECKS
    assert len({one.name for one in rows}) == len(rows)
    assert "600 of 1" in notes(found)


JUNK = st.sampled_from([None, True, -1, 10**400, float("nan"), "", "x" * 5_000, [], {}, [[1]], {"a": {"b": [None]}}])


def broken(document: Any, places: list[int], junk: list[Any]) -> Any:
    """Put junk in place of some of the values of a document."""
    document = copy.deepcopy(document)
    nodes = [document]
    for node in nodes:
        nodes += [one for one in (node.values() if isinstance(node, dict) else node) if isinstance(one, dict | list)]
    for place, value in zip(places, junk, strict=True):
        node = nodes[place % len(nodes)]
        keys: list[Any] = list(node) if isinstance(node, dict) else list(range(len(node)))
        if keys:
            node[keys[place // len(nodes) % len(keys)]] = value
    return document


@given(
    st.sampled_from(DOCUMENTS_OF_CASES),
    st.lists(st.tuples(st.integers(0, 10**6), JUNK), min_size=1, max_size=12),
)
def test_any_part_may_be_something_else(document: Any, junk: list[tuple[int, Any]]) -> None:
    changed = broken(document, [place for place, _ in junk], [value for _, value in junk])
    for shape in {shape.module: shape for shape in DOCUMENTS if shape.module in OURS}.values():
        try:
            found = list(load_document_shape(shape).observe(changed, "a.json"))
        except InputError:
            continue
        assert len(found) < 5_000
