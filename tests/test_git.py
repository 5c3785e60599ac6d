from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Collection
from pathlib import Path

import pytest

from cml_bot import git
from cml_bot.errors import BaselineError, ConfigError
from cml_bot.git_process import Answer, run
from tests import repositories as real


def find_top(root: Path) -> Path | None:
    checkout = git.find_checkout(root)
    return checkout.top if checkout else None


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return real.make_repository(tmp_path / "work")


def test_a_checkout_in_one_process(repository: Path) -> None:
    first = real.commit(repository, {"sub/a.json": "1"})
    second = real.commit(repository, {"sub/a.json": "2"})
    found = git.find_checkout(repository / "sub")
    assert found is not None
    assert (found.top, found.prefix, found.sha, found.parents) == (repository, "sub/", second, (first,))
    assert found.common == repository / ".git"
    assert not found.is_shallow
    assert not found.is_partial
    assert find_top(repository / "sub") == repository


def test_a_repository_without_a_commit(repository: Path) -> None:
    found = git.find_checkout(repository)
    assert found is not None
    assert (found.top, found.sha, found.parents) == (repository, "", ())
    assert git.find_commit(repository, "HEAD") is None


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert find_top(tmp_path) is None
    assert git.find_checkout(tmp_path) is None
    assert not git.is_shallow(tmp_path)


def test_a_bare_repository_has_no_work_tree(tmp_path: Path, repository: Path) -> None:
    real.commit(repository)
    real.publish(repository, tmp_path / "bare.git")
    assert find_top(tmp_path / "bare.git") is None
    assert find_top(repository / ".git") is None


def test_a_linked_work_tree_shares_the_repository(tmp_path: Path, repository: Path) -> None:
    sha = real.commit(repository)
    real.git(repository, "worktree", "add", "--quiet", "--detach", str(tmp_path / "other"))
    found = git.find_checkout(tmp_path / "other")
    assert found is not None
    assert (found.top, found.common, found.sha) == (tmp_path / "other", repository / ".git", sha)


def test_revisions(repository: Path) -> None:
    first = real.commit(repository)
    second = real.commit(repository)
    real.git(repository, "tag", "--annotate", "--message=v1", "v1", first)
    for revision in (first, first[:9], "HEAD~1", "v1", "main^"):
        assert git.find_commit(repository, revision) == first
    assert git.find_commit(repository, "main") == second
    for revision in ("nothing", "", "a\nb", "a\0b", "HEAD:a", "HEAD^{tree}", "0" * 40, "HEAD..main", " "):
        assert git.find_commit(repository, revision) is None


@pytest.mark.parametrize("revision", ["--help", "-n1", "--output=x", "-"])
def test_no_revision_becomes_an_option(repository: Path, revision: str) -> None:
    real.commit(repository)
    with pytest.raises(ConfigError, match="begins with a dash"):
        git.find_commit(repository, revision)
    assert not (repository / "x").exists()


def test_parents_at_the_edge_of_a_shallow_clone(tmp_path: Path, repository: Path) -> None:
    base = real.commit(repository, {"a": "1"})
    real.switch(repository, "topic")
    head = real.commit(repository, {"b": "parent 0000\n"}, message="parent 1234\n\nparent 5678")
    real.merge(repository, "main", "topic")
    address = real.publish(repository, tmp_path / "remote.git")
    real.publish_pull(repository, tmp_path / "remote.git")
    clone = real.check_out_pull(address, tmp_path / "clone")
    found = git.find_checkout(clone)
    assert found is not None
    assert (found.is_shallow, found.parents) == (True, ())
    assert git.read_parents(clone, found.sha) == (base, head)
    assert git.is_shallow(clone)


def test_merge_base_takes_the_nearest_of_all_tips(repository: Path) -> None:
    old = real.commit(repository)
    real.git(repository, "update-ref", "refs/remotes/origin/main", old)
    new = real.commit(repository)
    real.switch(repository, "topic")
    head = real.commit(repository)
    branch = git.find_default_branch(repository)
    assert branch == git.Branch("main", (old, new))
    assert git.find_merge_base(repository, head, *branch.tips) == new


def test_default_branch(repository: Path) -> None:
    real.git(repository, "switch", "--quiet", "--orphan", "odd")
    sha = real.commit(repository)
    assert git.find_default_branch(repository) is None
    real.git(repository, "branch", "master")
    assert git.find_default_branch(repository) == git.Branch("master", (sha,))
    real.git(repository, "branch", "main")
    assert git.find_default_branch(repository) == git.Branch("main", (sha,))
    real.git(repository, "update-ref", "refs/remotes/origin/my/trunk", sha)
    real.git(repository, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/my/trunk")
    assert git.find_default_branch(repository) == git.Branch("my/trunk", (sha,))
    assert git.find_default_branch(repository, "odd") == git.Branch("odd", (sha,))
    assert git.find_default_branch(repository, "not-here") == git.Branch("not-here", ())


def read_all(repository: Path, ids: Collection[str]) -> dict[str, bytes]:
    return {blob: b"".join(pieces) for blob, pieces in git.read_blobs(repository, ids)}


def test_a_tree_with_odd_names(repository: Path) -> None:
    names = ["with space.json", "ünï/cøde.json", 'quo"te', "tab\there", "new\nline", "*", "-x", ":(top)y"]
    sha = real.commit(repository, {name: name for name in names})
    (repository / "link").symlink_to("-x")
    assert sorted(git.list_tree(repository, sha)) == sorted(names)
    linked = git.list_tree(repository, real.commit(repository))
    assert linked["link"].mode == "120000"
    assert linked["*"].mode == "100644"
    assert read_all(repository, [linked["ünï/cøde.json"].blob]) == {
        linked["ünï/cøde.json"].blob: "ünï/cøde.json".encode()
    }


def test_a_tree_from_a_folder_below(repository: Path) -> None:
    sha = real.commit(repository, {"a": "1", "sub/b": "2", "sub/deep/c": "3"})
    assert sorted(git.list_tree(repository / "sub", sha)) == ["b", "deep/c"]
    assert sorted(git.list_tree(repository, sha, "sub/")) == ["b", "deep/c"]
    assert git.list_tree(repository, sha, "other/") == {}


def test_blobs_by_one_process(repository: Path) -> None:
    contents = [b"", b"plain\n", b"no newline", b"\0\xff\n" * 1000, b"missing\n", b"x" * (2**20 + 1)]
    sha = real.commit(repository, {str(n): content for n, content in enumerate(contents)})
    ids = {entry.blob for entry in git.list_tree(repository, sha).values()}
    found = read_all(repository, [*ids, "1" * 40])
    assert sorted(found.values()) == sorted(contents)
    assert set(found) == ids
    assert read_all(repository, []) == {}
    # Nor does it matter whether somebody reads all of each.
    assert {blob for blob, _ in git.read_blobs(repository, sorted(ids))} == ids


def test_dirty_means_tracked_files_and_leaves_the_index_alone(repository: Path) -> None:
    real.commit(repository, {"a": "1", "b*": "2"})
    (repository / "new").write_text("x")
    os.utime(repository / "a", (1, 1))
    before = (repository / ".git/index").read_bytes()
    assert not git.is_dirty(repository)
    assert (repository / ".git/index").read_bytes() == before
    (repository / "a").write_text("3")
    assert git.is_dirty(repository)
    assert git.is_dirty(repository, ["a"])
    assert not git.is_dirty(repository, ["b*", "new"])


def test_a_broken_tree_is_an_error_in_one_line(repository: Path) -> None:
    real.commit(repository)
    with pytest.raises(BaselineError, match=r"^git ls-tree: not a tree object\. See with"):
        git.list_tree(repository, "1" * 40)


def test_an_outer_hook_does_not_confuse_it(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sha = real.commit(repository, {"a": "1"})
    other = real.make_repository(tmp_path / "other")
    real.commit(other, {"b": "2"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    monkeypatch.setenv("GIT_PREFIX", "sub/")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))
    monkeypatch.setenv("GIT_ICASE_PATHSPECS", "1")
    found = git.find_checkout(repository)
    assert found is not None
    assert (found.top, found.sha) == (repository, sha)
    assert list(git.list_tree(repository, sha)) == ["a"]
    assert not git.is_dirty(repository, ["a"])


def test_no_token_reaches_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLBOT_TOKEN", "GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "BITBUCKET_TOKEN"):
        monkeypatch.setenv(name, "s3cr3t")
    monkeypatch.setenv("LANGUAGE", "de")
    seen = run(repository, "-c", "alias.show-all=!env", "show-all").text
    assert "s3cr3t" not in seen
    assert {"GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C"} <= set(seen.splitlines())


def test_a_reason_shows_no_credentials() -> None:
    error = b"warning: x\nfatal: unable to access 'https://oauth2:glpat-abc@host/x.git/': 403.\n"
    assert Answer(code=128, out=b"", error=error).reason == "unable to access 'https://host/x.git/': 403"
    assert Answer(code=3, out=b"", error=b"").reason == "it ended with code 3"


def test_git_is_missing(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="git: is not installed, not on the PATH"):
        find_top(repository)


def test_the_folder_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a folder"):
        find_top(tmp_path / "nothing")


def test_a_folder_of_somebody_else(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sha = real.commit(repository)
    # Git's own way to test this without a second user.
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(ConfigError, match=r"belongs to another user.*safe\.directory"):
        find_top(repository)
    monkeypatch.setenv("CI", "true")
    assert git.find_commit(repository, "main") == sha


def test_a_remote_that_never_answers_is_given_up(repository: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"git://127.0.0.1:{server.getsockname()[1]}/x.git"
        started = time.monotonic()
        with pytest.raises(BaselineError, match=r"took longer than 0\.5 s and was ended"):
            run(repository, "ls-remote", address, seconds=0.5)
    assert time.monotonic() - started < 10


def test_a_reporting_run_asks_for_no_password(repository: Path, tmp_path: Path) -> None:
    asking = tmp_path / "ssh"
    asking.write_text("#!/bin/sh\nexec 2>&1\nread answer </dev/tty && echo asked || exit 1\n")
    asking.chmod(asking.stat().st_mode | stat.S_IXUSR)
    answer = run(repository, "-c", f"core.sshCommand={asking}", "ls-remote", "ssh://host/x.git", seconds=10)
    assert answer.code
    assert "asked" not in answer.text
