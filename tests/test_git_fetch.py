from __future__ import annotations

from pathlib import Path

import pytest

from cml_bot import git, git_fetch
from cml_bot.errors import BaselineError
from cml_bot.git import Branch, Checkout
from tests import repositories as real


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Main with 70 commits, and a branch of three that left it ten commits ago."""
    source = real.make_repository(tmp_path / "source")
    real.commit(source, {f"src/{n}.py": f"{n}\n" * 100 for n in range(50)})
    real.commit_many(source, 59)
    real.switch(source, "topic")
    for n in range(3):
        real.commit(source, {"metrics.json": f'{{"x": {n}}}', "big.bin": bytes([n]) * 100_000})
    real.git(source, "switch", "--quiet", "main")
    real.commit_many(source, 9)
    real.commit(source, {"metrics.json": '{"x": 9}', "large.bin": b"9" * 100_000})
    return source


@pytest.fixture
def remote(tmp_path: Path, source: Path) -> str:
    return real.publish(source, tmp_path / "remote.git")


def open_clone(clone: Path) -> Checkout:
    found = git.find_checkout(clone)
    assert found is not None
    return found


def count_fetched(scratch: git_fetch.Scratch) -> int:
    """Objects that came over the wire; those that are borrowed do not count."""
    lines = dict(line.split(": ") for line in real.git(scratch.root, "count-objects", "-v").splitlines())
    return int(lines["in-pack"]) + int(lines["count"])


def test_one_commit_and_nothing_more(tmp_path: Path, source: Path, remote: str) -> None:
    clone = real.clone(remote, tmp_path / "clone", "--depth=1", "--branch=topic")
    tip = real.git(source, "rev-parse", "main")
    with git_fetch.borrow(open_clone(clone)) as scratch:
        assert git_fetch.fetch_commit(scratch, tip) == tip
        # The commit and its top folder: src is the same on both sides, and files are left out.
        assert count_fetched(scratch) == 2
        assert real.git(scratch.root, "rev-list", "--count", tip) == "1"
        entry = git.list_tree(scratch.root, tip)["metrics.json"]
        assert [b"".join(pieces) for _, pieces in git_fetch.read_blobs(scratch, [entry.blob])] == [b'{"x": 9}']
        assert count_fetched(scratch) == 3
        folder = scratch.root
    assert not folder.exists()


def test_history_without_files(tmp_path: Path, source: Path, remote: str) -> None:
    clone = real.clone(remote, tmp_path / "clone", "--depth=1", "--branch=topic")
    checkout = open_clone(clone)
    with git_fetch.borrow(checkout) as scratch:
        git_fetch.fetch(scratch, ["+refs/heads/main:refs/x", checkout.sha], git_fetch.NO_FOLDERS, "--depth=20")
        # Twenty of main, two of the branch, and seven below it that main's twenty do not reach.
        assert count_fetched(scratch) == 29
    expected = real.git(source, "merge-base", "main", "topic")
    assert git_fetch.find_remote_base(checkout, Branch("main", ())) == expected


def test_what_is_borrowed_is_not_fetched(tmp_path: Path, source: Path, remote: str) -> None:
    clone = real.clone(remote, tmp_path / "clone")
    real.git(source, "switch", "--quiet", "main")
    new = real.commit(source, {"new.txt": "x"})
    real.git(source, "push", "--quiet", remote, "main")
    with git_fetch.borrow(open_clone(clone)) as scratch:
        git_fetch.fetch_commit(scratch, "main")
        assert count_fetched(scratch) == 2
        assert len(git.list_tree(scratch.root, new)) == 53


def test_the_default_branch_as_the_remote_says(tmp_path: Path) -> None:
    source = real.make_repository(tmp_path / "source", "trunk/ü")
    real.commit(source)
    checkout = open_clone(real.clone(real.publish(source, tmp_path / "remote.git"), tmp_path / "clone"))
    assert git_fetch.find_remote_branch(checkout) == Branch("trunk/ü", ())
    real.git(tmp_path / "clone", "remote", "set-url", "origin", str(tmp_path / "gone"))
    assert git_fetch.find_remote_branch(checkout) is None
    real.git(tmp_path / "clone", "remote", "remove", "origin")
    assert git_fetch.find_remote_branch(checkout) is None


def test_what_the_remote_does_not_have(tmp_path: Path, remote: str) -> None:
    checkout = open_clone(real.clone(remote, tmp_path / "clone", "--depth=1"))
    with git_fetch.borrow(checkout) as scratch:
        with pytest.raises(BaselineError, match="git fetch: couldn't find remote ref nothing"):
            git_fetch.fetch_commit(scratch, "nothing")
        with pytest.raises(BaselineError, match=r"git fetch: .*not our ref"):
            git_fetch.fetch_commit(scratch, "1" * 40)


def test_only_how_the_remote_is_reached_is_taken_over(tmp_path: Path, remote: str) -> None:
    clone = real.clone(remote, tmp_path / "clone")
    settings = {
        "http.https://host/.extraheader": "AUTHORIZATION: basic s3cr3t",
        "credential.helper": "store",
        "url.https://host/.insteadOf": "gh:",
        "core.sshCommand": "ssh -i key",
        "core.hooksPath": "/hooks",
        "core.fsmonitor": "watch",
        "remote.origin.promisor": "true",
        "remote.other.url": "https://other/x.git",
        "alias.x": "!y",
        "user.name": "Eve",
    }
    for name, value in settings.items():
        real.git(clone, "config", name, value)
    with git_fetch.borrow(open_clone(clone)) as scratch:
        names = {value.lower() for name, value in scratch.environment.items() if name.startswith("GIT_CONFIG_KEY_")}
        files = [path.read_bytes() for path in scratch.root.rglob("*") if path.is_file()]
        assert "s3cr3t" not in repr(scratch)
    assert {name.lower() for name in [*settings][:4]} | {"remote.origin.url"} <= names
    assert not names & {name.lower() for name in [*settings][4:]}
    assert not any(b"s3cr3t" in data for data in files)
