"""Every module and class that a table names offers what its Protocol asks for, parameter by parameter.

mypy cannot see this: the tables name modules as texts, and load them on use.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from cml_bot.baselines import BASELINES, Baseline, load_baseline
from cml_bot.commit_tree import CommitTree
from cml_bot.forges import FORGES, Forge, ForgeModule, load_forge
from cml_bot.forges._patience import Patience
from cml_bot.model import Build
from cml_bot.readers import READERS, Reader, StoreReader, load_reader, load_store_reader
from cml_bot.readers._shapes import (
    DOCUMENTS,
    TABLES,
    DocumentShape,
    TableShape,
    load_document_shape,
    load_table_shape,
)
from cml_bot.trees import FolderTree, Tree
from tests.fakes import FakeForge
from tests.repositories import commit, make_repository

FOLDER = Path(__file__).parent.parent / "cml_bot"


def asked(protocol: type) -> dict[str, object]:
    """The functions and properties of a Protocol, by name."""
    return {name: member for name, member in vars(protocol).items() if not name.startswith("_")}


def parameters_of(function: object, *, skip_self: bool = False) -> list[tuple[str, object, object]]:
    """Name, kind and default of each parameter."""
    assert callable(function)
    parameters = list(inspect.signature(function).parameters.values())
    return [(one.name, one.kind, one.default) for one in parameters[skip_self:]]


def assert_offers(thing: object, protocol: type) -> None:
    """A thing may take more than the Protocol asks for, if only by name and with a default."""
    for name, member in asked(protocol).items():
        found = getattr(thing, name)
        if isinstance(member, property):
            assert not callable(found), name
            continue
        wanted = parameters_of(member, skip_self=True)
        got = parameters_of(found)
        assert got[: len(wanted)] == wanted, name
        more = got[len(wanted) :]
        assert all(kind is inspect.Parameter.KEYWORD_ONLY for _, kind, _ in more), name
        assert all(default is not inspect.Parameter.empty for _, _, default in more), name


@pytest.mark.parametrize("module", [row.module for row in READERS if not row.store])
def test_readers(module: str) -> None:
    assert_offers(load_reader(module), Reader)


def test_stores() -> None:
    for row in READERS:
        if row.store:
            assert_offers(load_store_reader(row.module), StoreReader)


def test_shapes() -> None:
    for shape in DOCUMENTS:
        assert_offers(load_document_shape(shape), DocumentShape)
    for shape in TABLES:
        assert_offers(load_table_shape(shape), TableShape)


@pytest.mark.parametrize("name", FORGES)
def test_forge_modules(name: str) -> None:
    assert_offers(load_forge(name), ForgeModule)


@pytest.mark.parametrize("name", BASELINES)
def test_baselines(name: str) -> None:
    assert_offers(load_baseline(name), Baseline)


def test_forges() -> None:
    forges: list[Forge] = [FakeForge()]
    for name in FORGES:
        build = replace(load_forge(name).place(""), repo="acme/churn", pull=7)
        forges.append(load_forge(name).connect(build, "x" * 36, Patience()))
    assert [type(forge).__name__ for forge in forges] == ["FakeForge", "GitHub", "GitLab", "Bitbucket"]
    for forge in forges:
        assert_offers(forge, Forge)
        assert forge.limit > 1000


def test_trees(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    sha = commit(root, {"metrics.json": "{}"})
    trees: tuple[Tree, ...] = (FolderTree(root, sha), CommitTree(root, sha))
    for tree in trees:
        assert_offers(tree, Tree)
        assert (tree.sha, list(tree.walk()), list(tree.notes)) == (sha, ["metrics.json"], [])


@pytest.mark.parametrize(
    ("folder", "named"),
    [("readers", {row.module for row in READERS}), ("forges", set(FORGES)), ("baselines", set(BASELINES))],
)
def test_the_tables_name_modules_that_are_there(folder: str, named: set[str]) -> None:
    assert named <= {path.stem for path in (FOLDER / folder).iterdir()}


class Renamed(Protocol):
    """A baseline as it is not."""

    def load(self, root: Path, build: Build, ref: str, read: object) -> object: ...


class Longer(Protocol):
    """A reader that is given more than ours take."""

    def read(self, path: Path, x: str | None = None, y: str | None = None) -> object: ...


def test_a_difference_would_be_seen() -> None:
    with pytest.raises(AssertionError, match="load"):
        assert_offers(load_baseline("folder"), Renamed)
    with pytest.raises(AssertionError, match="read"):
        assert_offers(load_reader("csv_file"), Longer)
    with pytest.raises(AttributeError, match="read"):
        assert_offers(load_baseline("folder"), Reader)
