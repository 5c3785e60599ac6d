"""Real git repositories for tests: small functions, fixed names and dates, so that ids are the same every time."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cml_bot.commit_tree import CommitTree
from cml_bot.trees import FolderTree

Make = Callable[[Mapping[str, str]], FolderTree | CommitTree]

PERSON = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"), ("DATE", "2026-11-20T12:00:00Z"))
}
CLEAN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


def git(folder: Path, *arguments: str, given: str = "") -> str:
    """Run git untouched by the settings of whoever runs the tests."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=outer | PERSON | CLEAN,
        capture_output=True,
        text=True,
        input=given,
        check=False,
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


def make_repository(folder: Path, branch: str = "main") -> Path:
    """An empty repository with no commit."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", f"--initial-branch={branch}")
    return folder


def commit(repository: Path, files: Mapping[str, str | bytes] | None = None, message: str = "A commit") -> str:
    """Write files and commit them with all else that changed; give the id. Without files the commit is empty."""
    for name, content in (files or {}).items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return git(repository, "rev-parse", "HEAD")


def commit_many(repository: Path, count: int, branch: str = "main") -> list[str]:
    """Put empty commits on a branch, by one process; give their ids, oldest first."""
    lines = [f"reset refs/heads/{branch}\nfrom refs/heads/{branch}^0\n"]
    for n in range(count):
        lines.append(f"commit refs/heads/{branch}\ncommitter Ada <ada@example.com> {1_790_000_000 + n} +0000\n")
        lines.append(f"data {len(f'Commit {n}')}\nCommit {n}\n")
    git(repository, "fast-import", "--quiet", "--force", given="".join(lines))
    return git(repository, "rev-list", "--reverse", f"--max-count={count}", branch).split()


def switch(repository: Path, branch: str, start: str = "HEAD") -> None:
    """Begin a branch and check it out."""
    git(repository, "switch", "--quiet", "--create", branch, start)


def merge(repository: Path, base: str, head: str) -> str:
    """Merge as a forge does to test a pull request: first parent is the base, second the head. HEAD is detached."""
    git(repository, "switch", "--quiet", "--detach", base)
    git(repository, "merge", "--quiet", "--no-ff", f"--message=Merge {head} into {base}", head)
    return git(repository, "rev-parse", "HEAD")


def publish(repository: Path, remote: Path, *, with_filter: bool = True) -> str:
    """Push every branch to a new bare remote that allows what forges allow; give its address."""
    git(repository, "init", "--quiet", "--bare", f"--initial-branch={_default(repository)}", str(remote))
    git(remote, "config", "uploadpack.allowFilter", str(with_filter).lower())
    git(remote, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(repository, "push", "--quiet", str(remote), "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*")
    return remote.as_uri()


def _default(repository: Path) -> str:
    branches = git(repository, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    return next((name for name in ("main", "master") if name in branches), branches[0])


def publish_pull(repository: Path, remote: Path, number: int = 1) -> None:
    """Push what is checked out as the merge of a pull request."""
    git(repository, "push", "--quiet", str(remote), f"+HEAD:refs/pull/{number}/merge")


def clone(address: str, folder: Path, *options: str) -> Path:
    """Clone, for example with ``--depth=1`` or ``--branch=x``."""
    git(folder.parent, "clone", "--quiet", *options, address, str(folder))
    return folder


def check_out_pull(address: str, folder: Path, number: int = 1) -> Path:
    """Check out a pull request as GitHub's own action does: its merge commit, and nothing before it.

    Source: https://github.com/actions/checkout
    """
    make_repository(folder)
    git(folder, "remote", "add", "origin", address)
    ref = f"refs/remotes/pull/{number}/merge"
    git(folder, "fetch", "--quiet", "--no-tags", "--depth=1", "origin", f"+refs/pull/{number}/merge:{ref}")
    git(folder, "checkout", "--quiet", "--force", ref)
    return folder


def read_state(repository: Path) -> dict[str, bytes]:
    """All that mlbot must leave as it is: every file of .git and of the work tree."""
    return {str(path.relative_to(repository)): path.read_bytes() for path in repository.rglob("*") if path.is_file()}


@pytest.fixture(params=["folder", "commit"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """A tree with these files, on disk or in a commit: the rules are the same."""

    def make_tree(files: Mapping[str, str]) -> FolderTree | CommitTree:
        root = make_repository(tmp_path / "work")
        sha = commit(root, files)
        if request.param == "folder":
            return FolderTree(root, sha)
        for path in files:
            (root / path).unlink()
        return CommitTree(root, sha)

    return make_tree
