"""Files that say again what another one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from cml_bot.collect import collect
from cml_bot.config import Config
from cml_bot.copies import is_copy
from cml_bot.model import Run
from cml_bot.trees import FolderTree

ROWS = "user_input,response,faithfulness\na,b,0.5\nc,d,0.75\n"
DOCUMENT = '[{"user_input": "a", "response": "b", "faithfulness": 0.5}]'


def run_of(root: Path, config: Config | None = None, **files: str) -> Run:
    for name, text in files.items():
        (root / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return collect(FolderTree(root, ""), config or Config())


def told(run: Run) -> list[tuple[str, str]]:
    return [(metric.group, metric.name) for metric in run.metrics]


def test_the_same_numbers_in_two_formats_are_told_once(tmp_path: Path) -> None:
    run = run_of(tmp_path, scores_csv=ROWS, scores_json=DOCUMENT)
    assert told(run) == [("scores.json", "faithfulness")]
    assert not run.notes


def test_what_somebody_named_stays(tmp_path: Path) -> None:
    run = run_of(tmp_path, Config(sources=("scores.csv", "scores.json")), scores_csv=ROWS, scores_json=DOCUMENT)
    assert told(run) == [("scores.csv", "faithfulness"), ("scores.json", "faithfulness")]


def test_a_file_that_says_more_stays(tmp_path: Path) -> None:
    run = run_of(tmp_path, metrics_json='{"acc": 0.9}', metrics_yaml="acc: 0.9\nloss: 0.1\n")
    assert told(run) == [("metrics.yaml", "acc"), ("metrics.yaml", "loss")]
    run = run_of(tmp_path, metrics_json='{"acc": 0.9, "f1": 0.8}')
    assert told(run) == [
        ("metrics.json", "acc"),
        ("metrics.json", "f1"),
        ("metrics.yaml", "acc"),
        ("metrics.yaml", "loss"),
    ]


def test_the_course_of_a_training_is_no_copy_of_its_end(tmp_path: Path) -> None:
    run = run_of(tmp_path, metrics_json='{"loss": 0.4}', metrics_csv="epoch,loss\n0,1.0\n1,0.5\n")
    assert [one.name for one in run.series] == ["loss"]
    assert ("metrics.json", "loss") in told(run)


def test_a_profile_that_only_whylogs_can_read_is_not_named_beside_its_table(tmp_path: Path) -> None:
    (tmp_path / "profile.bin").write_bytes(b"WHY1")
    table = "column,counts/n,counts/null,types/integral\nage,200,7,200\n"
    assert "profile.bin" in run_of(tmp_path).notes[0]
    run = run_of(tmp_path, summary_csv=table)
    assert ("summary.csv", "n(age)") in told(run)
    assert not run.notes


@pytest.mark.parametrize(
    ("path", "there", "said"),
    [
        ("out/profile_1.bin", "out/summary.csv", True),
        ("profile.bin", "summary.json", True),
        ("out/any.bin", "out/whylogs_summary.csv", True),
        ("out/any.bin", "out/summary.csv", False),
        ("out/profile.bin", "summary.csv", False),
        ("profile.bin.json", "summary.json", False),
        ("out/checkpoint-7/trainer_state.json", "out/trainer_state.json", True),
        ("out/checkpoint-best/trainer_state.json", "out/trainer_state.json", False),
        ("out/checkpoint-7/trainer_state.json", "other/trainer_state.json", False),
        ("trainer_state.json", "trainer_state.json", False),
        ("my_eval_results.json", "all_results.json", False),
        ("eval_results.json", "sub/all_results.json", False),
        ("events.out.tfevents.1", "trainer_state.json", False),
        ("all_results.json", "all_results.json", False),
    ],
)
def test_what_says_all_that_another_one_says(path: str, there: str, said: bool) -> None:
    assert is_copy(path, {path, there}) is said
