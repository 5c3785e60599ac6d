"""A path whose content is in memory: readers see no difference to a file on disk."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cml_bot.commit_tree import CommitTree
from cml_bot.held_file import LARGEST, hold
from cml_bot.readers import onnx_file, tensorboard
from tests.reader_cases import CASES, file_of
from tests.repositories import commit, make_repository

DATA = b'{"acc": 0.5}\n'


def test_what_is_opened_for_bytes_stays_in_memory(tmp_path: Path) -> None:
    file = hold(f"{tmp_path}/deep/val/acc.json", DATA)
    with file.open("rb") as opened:
        assert opened.read(1) == b"{"
    assert file.read_bytes() == DATA
    assert (file.name, file.suffix, file.stem, file.parts[-2:]) == ("acc.json", ".json", "acc", ("val", "acc.json"))
    assert file.stat().st_size == len(DATA)
    assert stat.S_ISREG(file.stat().st_mode)
    assert repr(file) == f"HeldFile('{tmp_path}/deep/val/acc.json')"
    assert f"{file!r}" == repr(file)
    assert list(tmp_path.iterdir()) == []
    assert file.is_file()
    assert file.exists()


def test_what_came_to_disk_is_asked_there(tmp_path: Path) -> None:
    file = hold(f"{tmp_path}/acc.json", DATA)
    Path(str(file)).write_bytes(DATA * 2)
    assert file.stat().st_size == 2 * len(DATA)
    assert file.read_bytes() == DATA * 2


def test_event_files_and_models_are_read_in_memory(tmp_path: Path) -> None:
    model = file_of(CASES / "onnx_file" / "model")
    file = hold(f"{tmp_path}/model.onnx", model.read_bytes())
    assert list(onnx_file.read(file)) == list(onnx_file.read(model))
    (events,) = (path for path in (CASES / "tensorboard" / "newstyle").rglob("*tfevents*"))
    held = hold(f"{tmp_path}/{events.name}", events.read_bytes())
    assert list(tensorboard.read_store({events.name: held}, "")) == list(
        tensorboard.read_store({events.name: events}, "")
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "use",
    [
        lambda file: file.read_text() == DATA.decode(),
        lambda file: Path(str(file)).read_bytes() == DATA,
        lambda file: Path(os.fspath(file)).read_bytes() == DATA,
        lambda file: Path(f"{file}").read_bytes() == DATA,
        lambda file: file.resolve().is_file(),
    ],
)
def test_all_else_finds_it_on_disk(tmp_path: Path, use: Callable[[Path], bool]) -> None:
    file = hold(f"{tmp_path}/deep/acc.json", DATA)
    assert use(file)
    assert (tmp_path / "deep/acc.json").read_bytes() == DATA
    assert file.read_bytes() == DATA


def test_paths_made_of_it_are_usual_ones(tmp_path: Path) -> None:
    file = hold(f"{tmp_path}/acc.json", DATA)
    other = file.with_suffix(".txt")
    other.write_text("x")
    assert other.read_bytes() == b"x"
    assert file.parent / "acc.json" == file


def test_a_commit_holds_small_files_and_writes_large_ones(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repository")
    sha = commit(root, {"small.json": DATA, "large.csv": b"1" * (LARGEST + 1)})
    tree = CommitTree(root, sha)
    assert tree.file("small.json").read_bytes() == DATA
    assert tree.file("large.csv").stat().st_size == LARGEST + 1


def test_a_database_of_a_commit_is_found_by_its_name(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "made.db") as made:
        made.execute("create table runs (acc real)")
    made.close()
    root = make_repository(tmp_path / "repository")
    sha = commit(root, {"runs.db": (tmp_path / "made.db").read_bytes()})
    tree = CommitTree(root, sha)
    opened = sqlite3.connect(f"file:{tree.file('runs.db')}?mode=ro", uri=True)
    assert opened.execute("select acc from runs").fetchall() == []
    opened.close()
