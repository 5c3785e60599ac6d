"""Outputs that DVC keeps in its cache and git does not have: read for a commit as DVC itself reads them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from cml_bot.collect import collect
from cml_bot.commit_tree import CommitTree
from cml_bot.config import Config
from cml_bot.dvc_cache import find_cached
from cml_bot.trees import FolderTree
from tests.repositories import commit, make_repository

if TYPE_CHECKING:
    from pathlib import Path

    from cml_bot.model import Run

YAML = "stages:\n  train:\n    cmd: x\n    wdir: model\n    metrics: [eval.json]\n"


def keep(root: Path, text: str, layout: str = "files/md5") -> str:
    """Put a content into the cache; give its hash."""
    md5 = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    place = root / ".dvc" / "cache" / layout / md5[:2] / md5[2:]
    place.parent.mkdir(parents=True)
    place.write_text(text)
    return md5


def lock(md5: str) -> str:
    return f"schema: '2.0'\nstages:\n  train:\n    cmd: x\n    outs:\n    - {{path: eval.json, md5: {md5}, size: 9}}\n"


def read(root: Path, sha: str) -> Run:
    return collect(CommitTree(root, sha), Config())


@pytest.mark.parametrize("layout", ["files/md5", ""])
def test_a_metric_of_a_commit_is_in_the_cache(tmp_path: Path, layout: str) -> None:
    root = make_repository(tmp_path)
    md5 = keep(root, '{"acc": 0.75}', layout)
    sha = commit(root, {"dvc.yaml": YAML, "dvc.lock": lock(md5), ".dvc/config": "", ".gitignore": "cache"})
    run = read(root, sha)
    assert [(metric.key, metric.value) for metric in run.metrics] == [(("model/eval.json", "acc"), 0.75)]
    assert not run.broken
    assert not [note for note in run.notes if "dvc pull" in note]


def test_what_the_cache_lacks_is_named(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    sha = commit(root, {"dvc.yaml": YAML, "dvc.lock": lock("0" * 32), ".dvc/config": ""})
    assert any("model/eval.json is named there, and is not here" in note for note in read(root, sha).notes)


def test_a_file_that_was_added_by_hand(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    md5 = keep(root, '{"f1": 0.5}')
    files = {"dvc.yaml": "metrics: [scores.json]", "scores.json.dvc": f"outs: [{{path: scores.json, md5: {md5}}}]"}
    assert [metric.name for metric in read(root, commit(root, files)).metrics] == ["f1"]


def test_a_hash_that_is_none_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    assert find_cached(tmp_path, "../../../../etc/passwd") is None
    assert find_cached(tmp_path, "") is None


def test_a_link_in_the_cache_is_not_followed(tmp_path: Path) -> None:
    md5 = keep(tmp_path, "x")
    place = find_cached(tmp_path, md5)
    assert place is not None
    place.unlink()
    place.symlink_to("/etc/passwd")
    assert find_cached(tmp_path, md5) is None


def test_the_workspace_is_as_it_is(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    commit(root, {"dvc.yaml": YAML, "dvc.lock": lock(keep(root, '{"acc": 0.75}')), ".dvc/config": ""})
    assert not collect(FolderTree(root, ""), Config()).metrics
