from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cml_bot.records.log import branch_of
from tests import repositories as real

NAMES = [
    "report",
    "my model/ä..b.lock",
    "a.",
    ".a",
    "a/b",
    "-x",
    "@",
    "@{",
    "a~1",
    "",
    "x" * 500,
    "%41",
    "v1.2",
    "..",
    "\ud800",
]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_gives_a_branch_that_git_allows(tmp_path: Path, name: str) -> None:
    branch = branch_of(name)
    assert real.git(tmp_path, "check-ref-format", "--branch", branch) == branch
    assert len(branch) < 200


def test_plain_names_stay_readable() -> None:
    assert [branch_of(name) for name in ("report", "churn-v1.2_b")] == ["mlbot/report", "mlbot/churn-v1.2_b"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=12), st.text(max_size=12))
@example("a/b", "a%2Fb")
@example("a", "a/b")
@example(".", "%2E")
def test_two_names_never_share_a_branch(one: str, other: str) -> None:
    left, right = branch_of(one), branch_of(other)
    assert (one == other) == (left == right)
    assert not right.startswith(f"{left}/")
    assert left.isascii()


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet="./@{-~^:?*[\\lock a\x7f", max_size=10))
def test_odd_names(name: str) -> None:
    branch = branch_of(name)
    assert real.git(Path(), "check-ref-format", f"refs/heads/{branch}") == ""
