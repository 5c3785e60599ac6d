"""Tests, benchmarks, energy: what their tools report, and what a stranger may put in their place."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from cml_bot.collect import collect
from cml_bot.compare import compare
from cml_bot.config import Config
from cml_bot.errors import InputError
from cml_bot.model import Goal, Metric, Note, Observation, Run, Trend
from cml_bot.readers import asv, junit, load_reader
from cml_bot.readers.pytest_benchmark import observe
from cml_bot.trees import FolderTree
from tests.reader_cases import CASES

if TYPE_CHECKING:
    from pathlib import Path


def values(found: list[Observation]) -> dict[str, float]:
    return {one.name: one.value for one in found if isinstance(one, Metric)}


def notes(found: list[Observation]) -> str:
    return "\n".join(one.text for one in found if isinstance(one, Note))


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_counts_that_pytest_reports() -> None:
    found = list(junit.read(CASES / "junit" / "pytest" / "junit.xml"))
    # pytest says: tests 12, failures 1, errors 1, skipped 2.
    assert {name: values(found)[f"tests {name}"] for name in ("passed", "failed", "skipped")} == {
        "passed": 8,
        "failed": 2,
        "skipped": 2,
    }
    assert values(found)["test_recall[2]/recall"] == 0.92
    assert "test_recall[2], test_error" in notes(found)


def test_a_test_that_fails_here_alone_is_worse() -> None:
    def run(outcome: int) -> Run:
        return Run(metrics=(Metric(name="test_x", values=(outcome,), goal=Goal.HIGHER, is_exact=True),))

    [delta] = compare(run(0), run(1))
    assert delta.trend is Trend.WORSE


def test_tests_of_one_name_are_told_apart_by_their_class(tmp_path: Path) -> None:
    cases = "".join(
        f'<testcase classname="{place}" name="test_x"><properties><property name="acc" value="0.{n}"/></properties>'
        "</testcase>"
        for n, place in enumerate(("a", "b"), start=1)
    )
    found = list(junit.read(write(tmp_path, "junit.xml", f"<testsuite>{cases}</testsuite>")))
    assert values(found)["a.test_x/acc"] == 0.1
    assert values(found)["b.test_x/acc"] == 0.2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html><body/></html>",
        "<testsuites",
        "no XML at all",
        '<!DOCTYPE a [<!ENTITY b "c">]><testsuite><testcase name="&b;"/></testsuite>',
        "<testsuites>" * 200,
    ],
)
def test_what_is_no_report_of_tests(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"junit\.xml"):
        list(junit.read(write(tmp_path, "junit.xml", text)))


def test_long_output_of_tests_is_passed_over(tmp_path: Path) -> None:
    text = (
        f"<testsuite><testcase name='a'/><system-out><![CDATA[{'<!DOCTYPE html>' * 100_000}]]></system-out></testsuite>"
    )
    assert values(list(junit.read(write(tmp_path, "junit.xml", text))))["tests passed"] == 1


def test_more_numbers_of_tests_than_anybody_reads(tmp_path: Path) -> None:
    noted = '<properties><property name="accuracy" value="0.9"/></properties>'
    cases = "".join(f'<testcase name="test_{number}">{noted}</testcase>' for number in range(3_000))
    found = list(junit.read(write(tmp_path, "junit.xml", f"<testsuite>{cases}</testsuite>")))
    assert values(found)["tests passed"] == 3_000
    assert len(values(found)) == 5_003
    assert "numbers of 500 more tests left out" in notes(found)


def test_timings_are_all_there_and_tell_their_scatter() -> None:
    path = CASES / "pytest_benchmark" / "benchmark" / "benchmark.json"
    found = [one for one in load_reader("json_file").read(path) if isinstance(one, Metric)]
    sums = next(one for one in found if one.name == "test_sum")
    report = next(one for one in json.loads(path.read_text())["benchmarks"] if one["name"] == "test_sum")
    assert len(sums.values) == 20
    assert sums.value == pytest.approx(report["stats"]["median"], rel=0.05)
    assert (sums.unit, sums.conditions) == ("s", "AMD EPYC, 2 cores, Python 3.11")


def test_another_machine_tells_nothing() -> None:
    def run(cpu: str, seconds: float) -> Run:
        stats = {"data": [seconds + n * 1e-6 for n in range(100)]}
        document = {"machine_info": {"cpu": {"brand_raw": cpu}}, "benchmarks": [{"name": "test_x", "stats": stats}]}
        return Run(metrics=tuple(one for one in observe(document, "") if isinstance(one, Metric)))

    assert [delta.trend for delta in compare(run("A", 1.0), run("A", 0.5))] == [Trend.WORSE]
    [delta] = compare(run("A", 1.0), run("B", 0.5))
    assert (delta.trend, delta.evidence.note) == (Trend.UNCLEAR, "the conditions differ")


@pytest.mark.parametrize(
    "benchmarks", [[], [{}], [{"name": 3, "stats": []}], [{"stats": {"data": "x"}}], "x", None, [7]]
)
def test_odd_benchmarks(benchmarks: object) -> None:
    assert not values(list(observe({"benchmarks": benchmarks, "machine_info": 3}, "benchmark.json")))


def test_results_of_a_commit(tmp_path: Path) -> None:
    root = tmp_path / ".asv"
    shutil.copytree(CASES / "asv" / "results" / "asv", root)
    path = next((root / "results" / "vm").glob("c4*.json"))
    table = json.loads(path.read_text())
    older = {**table, "commit_hash": "a" * 40, "date": 1, "results": {"bench.time_x": [[0.5], []]}}
    write(path.parent, "aaaaaaaa-env.json", json.dumps(older))
    files = {file.relative_to(tmp_path).as_posix(): file for file in sorted(root.rglob("*.json"))}
    assert values(list(asv.read_store(files, "a" * 40))) == {"bench.time_x": 0.5}
    newest = list(asv.read_store(files, "b" * 40))
    assert values(newest)["bench.peakmem_alloc"] == 24670208
    assert "no results of commit bbbbbbb on vm" in notes(newest)


def test_what_is_found_by_itself(tmp_path: Path) -> None:
    shutil.copy(CASES / "junit" / "pytest" / "junit.xml", tmp_path)
    shutil.copy(CASES / "codecarbon" / "two_runs" / "emissions.csv", tmp_path)
    shutil.copy(CASES / "pytest_benchmark" / "benchmark" / "benchmark.json", tmp_path)
    write(tmp_path, "workbench.json", '{"accuracy": 0.9}')
    run = collect(FolderTree(tmp_path), Config())
    assert {source.path for source in run.sources} == {"junit.xml", "emissions.csv", "benchmark.json"}
    assert {"emissions", "test_sum", "tests failed"} <= {metric.name for metric in run.metrics}
