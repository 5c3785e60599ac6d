"""Every captured file of a tool is found without configuration, under the name that the tool itself gives it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cml_bot.collect import collect
from cml_bot.config import Config
from cml_bot.readers import READERS
from cml_bot.readers._shapes import DOCUMENTS, TABLES
from cml_bot.trees import FolderTree
from tests.reader_cases import CASES

PLACES = {
    "catboost/killed": "catboost_info/",
    "catboost/killed_alone": "catboost_info/",
    "catboost/one_table": "catboost_info/",
    "catboost/whole": "catboost_info/",
    "evidently/tests_candidate": "evidently/",
    "evidently/tests_main": "evidently/",
    "evidently_old/tests_candidate": "evidently/",
    "evidently_old/tests_main": "evidently/",
    "great_expectations/validation_candidate": "gx/uncommitted/validations/churn/__none__/20261121T105520.000000Z/",
    "great_expectations/validation_main": "gx/uncommitted/validations/churn/__none__/20261121T105520.000000Z/",
    "inspect_log/error": "logs/2026-11-21T10-58-48-00-00_broken_JMc8LqthrPDVHjqDDytDRn.json",
    "inspect_log/success": "logs/2026-11-21T10-58-48-00-00_sums_JMc8LqthrPDVHjqDDytDRn.json",
}
"""Where a tool writes what is kept here without its folder; a folder, or the name of the one file."""
NAMED_ONLY = {
    "deepeval/latest": "it lies in a hidden folder, a cache that any run of the tests writes",
    "deepeval/model_dump": "DeepEval writes no such file: people dump what evaluate() returns under a name of theirs",
    "params_file/json": "dvc.yaml names it",
    "params_file/list": "dvc.yaml names it",
    "params_file/toml": "dvc.yaml names it",
    "params_file/ultralytics": "it is that of a training only beside its results.csv",
    "params_file/yaml": "dvc.yaml names it",
}
"""What is read only where somebody names it, and why."""
GENERAL = {"csv_file", "image_file", "json_file", "jsonl_file", "toml_file", "yaml_file"}
"""Formats that any file may have: their cases are of contents, and not of names."""
DECLARED = {"dvc_file", "dvc_metrics", "dvc_plot"}
"""They are what dvc.yaml says."""
OF_TOOLS = sorted(
    f"{folder.parent.parent.name}/{folder.parent.name}"
    for folder in CASES.glob("*/*/expected.json")
    if folder.parent.parent.name not in GENERAL | DECLARED
)
NO_CASE = {"lm_eval_runs": "its files are those of lm_eval", "parquet_file": "it is made in its tests"}


def lay_out(case: str, root: Path) -> None:
    """Copy a case as its tool would have written it."""
    place = PLACES.get(case, "")
    for path in (CASES / case).rglob("*"):
        name = path.relative_to(CASES / case).as_posix()
        if path.is_file() and name not in ("expected.json", "how.json", "sha"):
            target = root / (place if place and not place.endswith("/") else f"{place}{name}")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


@pytest.mark.parametrize("case", OF_TOOLS)
def test_what_a_tool_wrote_is_found(case: str, tmp_path: Path) -> None:
    lay_out(case, tmp_path)
    run = collect(FolderTree(tmp_path), Config())
    is_found = bool(run.sources or run.unread)
    assert is_found is (case not in NAMED_ONLY), NAMED_ONLY.get(case, "no glob of the readers' table means it")


def test_every_shape_and_format_has_a_case() -> None:
    modules = {shape.module for shape in (*DOCUMENTS, *TABLES)} | {row.module for row in READERS}
    kept = {folder.parent.parent.name for folder in CASES.glob("*/*/expected.json")}
    assert modules - kept == set(NO_CASE)


def test_what_is_listed_here_is_there() -> None:
    assert {*PLACES, *NAMED_ONLY} <= {*OF_TOOLS}
