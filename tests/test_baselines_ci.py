from __future__ import annotations

import json
import re
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import pytest

from cml_bot import git
from cml_bot.baselines import git_files
from cml_bot.errors import BaselineError, ConfigError
from cml_bot.model import Base
from tests import git_server
from tests import repositories as real
from tests.baselines import CI, LAPTOP, accuracy, load, load_nothing, make_pull, read


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return real.make_repository(tmp_path / "work")


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Git writes there what it is asked, one line a process."""
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    return tmp_path / "trace"


class TestInCi:
    def test_the_merge_commit_of_a_pull_request(self, tmp_path: Path, repository: Path, trace: Path) -> None:
        pull = make_pull(repository)
        clone = real.check_out_pull(pull.address, tmp_path / "clone")
        before = real.read_state(clone)
        words = "the commit of main that this build was merged with"
        assert load(clone, pull.build) == (pull.tip, words, 0.55)
        assert real.read_state(clone) == before
        # One for the commit, one for the only file that differs.
        assert trace.read_text().count("built-in: git fetch") == 2
        assert "--depth=1 " in trace.read_text()

    def test_a_merge_made_by_the_job_itself(self, repository: Path) -> None:
        pull = make_pull(repository)
        real.git(repository, "switch", "--quiet", "--detach", pull.head)
        real.git(repository, "merge", "--quiet", "--no-ff", "--strategy-option=ours", "--message=M", pull.tip)
        assert load(repository, pull.build)[0] == pull.tip

    def test_a_branch_that_has_merged_main_is_no_merge_for_the_test(self, repository: Path) -> None:
        pull = make_pull(repository)
        real.git(repository, "switch", "--quiet", "topic")
        real.git(repository, "merge", "--quiet", "--no-ff", "--strategy-option=ours", "--message=M", pull.base, "main")
        head = real.git(repository, "rev-parse", "HEAD")
        assert load(repository, replace(pull.build, sha=head))[:2] == (pull.tip, "the merge base with main")

    @pytest.mark.parametrize("depth", [1, 2, 20])
    @pytest.mark.parametrize("build", ["laptop", "pull"])
    def test_a_shallow_clone_of_the_branch(self, tmp_path: Path, repository: Path, depth: int, build: str) -> None:
        pull = make_pull(repository)
        clone = real.clone(pull.address, tmp_path / "clone", f"--depth={depth}", "--branch=topic")
        before = real.read_state(clone)
        expected = (pull.base, "the merge base with main", 0.5)
        assert load(clone, pull.build if build == "pull" else LAPTOP) == expected
        assert real.read_state(clone) == before

    def test_local_commits_on_top_of_a_shallow_clone(self, tmp_path: Path, repository: Path) -> None:
        pull = make_pull(repository)
        clone = real.clone(pull.address, tmp_path / "clone", "--depth=1", "--branch=topic")
        real.commit(clone, accuracy(0.9))
        assert load(clone, replace(CI, base_branch="main"))[0] == pull.base

    def test_a_base_that_lies_deep(self, tmp_path: Path, repository: Path, trace: Path) -> None:
        pull = make_pull(repository, before=3)
        real.git(repository, "switch", "--quiet", "main")
        real.commit_many(repository, 150)
        real.git(repository, "push", "--quiet", pull.address, "main")
        clone = real.clone(pull.address, tmp_path / "clone", "--depth=1", "--branch=topic")
        assert load(clone, pull.build)[0] == pull.base
        assert re.findall(r"--depth=(\d+) ", "\n".join(trace.read_text().split("built-in: git fetch")[1:]))[:3] == [
            "50",
            "100",
            "200",
        ]

    def test_main_itself(self, tmp_path: Path, repository: Path) -> None:
        pull = make_pull(repository)
        clone = real.clone(pull.address, tmp_path / "clone", "--depth=1")
        before = real.read_state(clone)
        sha, words, value = load(clone, replace(CI, on_main=True, sha=pull.tip))
        assert (sha, words, value) == (
            real.git(repository, "rev-parse", f"{pull.tip}^"),
            "the commit before, on main",
            0.5,
        )
        assert real.read_state(clone) == before

    def test_a_full_clone_stays_full(self, tmp_path: Path, repository: Path, trace: Path) -> None:
        pull = make_pull(repository)
        clone = real.clone(pull.address, tmp_path / "clone", "--single-branch", "--branch=topic")
        before = real.read_state(clone)
        assert load(clone, pull.build) == (pull.base, "the merge base with main", 0.5)
        assert real.read_state(clone) == before
        assert "--depth" not in trace.read_text()
        # A commit that only the remote has, and by name.
        assert load(clone, wanted="main")[0] == pull.tip
        assert real.read_state(clone) == before
        assert not git.is_shallow(clone)

    def test_histories_that_do_not_meet(self, tmp_path: Path, repository: Path) -> None:
        real.commit(repository, accuracy(0.5))
        real.commit_many(repository, 70)
        real.git(repository, "switch", "--quiet", "--orphan", "topic")
        real.commit(repository, accuracy(0.6))
        address = real.publish(repository, tmp_path / "remote.git")
        clone = real.clone(address, tmp_path / "clone", "--depth=1", "--branch=topic")
        assert load_nothing(clone, CI) == "this branch and main have no commit in common"

    def test_a_remote_that_cannot_be_reached(self, tmp_path: Path, repository: Path) -> None:
        pull = make_pull(repository)
        clone = real.check_out_pull(pull.address, tmp_path / "clone")
        real.git(clone, "remote", "set-url", "origin", (tmp_path / "gone.git").as_uri())
        said = load_nothing(clone, pull.build)
        assert re.search(r"the commit of main .* is not here and could not be fetched .*fetch-depth: 0", said)
        assert "main is not here and could not be fetched" in load_nothing(clone, replace(CI, sha=pull.tip[::-1]))

    def test_a_remote_that_fails_half_way(self, tmp_path: Path, repository: Path) -> None:
        pull = make_pull(repository, before=0)
        clone = real.check_out_pull(pull.address, tmp_path / "clone")
        remote = tmp_path / "remote.git"
        blob = real.git(remote, "rev-parse", f"{pull.tip}:metrics.json")
        (remote / "objects" / blob[:2] / blob[2:]).unlink()
        said = load_nothing(clone, pull.build)
        assert re.search(rf"merged with \({pull.tip[:7]}\) could not be read \(.*not our ref", said)
        with pytest.raises(BaselineError, match="not our ref"):
            load(clone, wanted="main")

    def test_a_remote_without_filters(self, tmp_path: Path, repository: Path) -> None:
        pull = make_pull(repository)
        real.git(tmp_path / "remote.git", "config", "uploadpack.allowFilter", "false")
        clone = real.check_out_pull(pull.address, tmp_path / "clone")
        assert load(clone, pull.build)[0] == pull.tip

    def test_a_partial_clone_fetches_its_files_at_once(self, tmp_path: Path, repository: Path, trace: Path) -> None:
        real.commit(repository, {f"{n}/metrics.json": json.dumps({"x": n}) for n in range(20)})
        real.switch(repository, "topic")
        real.commit(repository, {f"{n}/metrics.json": json.dumps({"x": -n}) for n in range(20)})
        address = real.publish(repository, tmp_path / "remote.git")
        clone = real.clone(address, tmp_path / "clone", "--filter=blob:none", "--branch=topic")
        before = real.read_state(clone)
        found = git_files.load(clone, CI, "", read, "report")
        assert isinstance(found, Base)
        assert len(found.run.metrics) == 20
        assert trace.read_text().count("built-in: git fetch") == 2
        assert real.read_state(clone) == before

    def test_a_folder_below_the_top(self, tmp_path: Path, repository: Path) -> None:
        pull = make_pull(repository)
        clone = real.check_out_pull(pull.address, tmp_path / "clone")
        assert "nothing to report on is committed" in load_nothing(clone / "src", pull.build)

    def test_a_relative_remote_and_ids_of_sha256(self, tmp_path: Path) -> None:
        repository = tmp_path / "work"
        repository.mkdir()
        real.git(repository, "init", "--quiet", "--initial-branch=main", "--object-format=sha256")
        first = real.commit(repository, accuracy(0.5))
        real.commit(repository, accuracy(0.6))
        real.git(tmp_path, "init", "--quiet", "--bare", "--object-format=sha256", "remote.git")
        real.git(repository, "push", "--quiet", "../remote.git", "main")
        clone = real.clone((tmp_path / "remote.git").as_uri(), tmp_path / "clone", "--depth=1", "--branch=main")
        real.git(clone, "remote", "set-url", "origin", "../remote.git")
        assert load(clone, replace(CI, on_main=True)) == (first, "the commit before, on main", 0.5)


class TestAskedFor:
    def test_what_is_here(self, repository: Path) -> None:
        first = real.commit(repository, accuracy(0.5))
        real.git(repository, "tag", "v1")
        real.git(repository, "update-ref", "refs/remotes/origin/feature/x", first)
        real.commit(repository, accuracy(0.6))
        real.commit(repository, accuracy(0.7))
        for wanted in ("v1", "HEAD~2", first, first[:8], "feature/x", "origin/feature/x"):
            assert load(repository, wanted=wanted) == (first, "the revision that was asked for", 0.5)
        found = git_files.load(repository, CI, first, read, "report")
        assert isinstance(found, Base)
        assert found.side.label == first[:7]

    def test_what_must_be_fetched(self, tmp_path: Path, repository: Path) -> None:
        pull = make_pull(repository)
        real.git(tmp_path / "remote.git", "tag", "v1", pull.base)
        clone = real.clone(pull.address, tmp_path / "clone", "--depth=1", "--branch=topic", "--no-tags")
        before = real.read_state(clone)
        assert load(clone, wanted="main") == (pull.tip, "the revision that was asked for", 0.55)
        for wanted in ("v1", pull.base):
            assert load(clone, wanted=wanted)[0] == pull.base
        assert load(clone, wanted="origin/main")[0] == pull.tip
        assert real.read_state(clone) == before

    @pytest.mark.parametrize(
        "wanted", ["nothing", "HEAD~2", "1" * 40, "abc1234", "+main", "main:main", "a b", "*", "a..b"]
    )
    def test_what_does_not_exist(self, tmp_path: Path, repository: Path, wanted: str) -> None:
        pull = make_pull(repository, before=0)
        clone = real.clone(pull.address, tmp_path / "clone", "--depth=1")
        before = real.read_state(clone)
        with pytest.raises(ConfigError, match=re.escape(f"no commit here is called {wanted}") + ".*fetch-depth: 0"):
            load(clone, wanted=wanted)
        assert real.read_state(clone) == before

    def test_no_option_can_be_asked_for(self, repository: Path) -> None:
        real.commit(repository, accuracy(0.5))
        with pytest.raises(ConfigError, match="begins with a dash"):
            load(repository, wanted="--upload-pack=touch x")


class Refusal(BaseHTTPRequestHandler):
    """Refuses everything, and keeps what it was told."""

    seen: ClassVar[list[list[str]]] = []

    def do_GET(self) -> None:
        self.seen.append([value for name, value in self.headers.items() if name.lower() == "authorization"])
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        """Say nothing on the terminal."""


def test_the_credentials_of_the_checkout_are_used_and_not_shown(tmp_path: Path, repository: Path) -> None:
    """They may stand in a file that git includes for this one repository only."""
    pull = make_pull(repository, before=0)
    clone = real.check_out_pull(pull.address, tmp_path / "clone")
    with git_server.listen(Refusal) as url:
        address = f"{url}/"
        secret = tmp_path / "credentials"
        secret.write_text(f'[http "{address}"]\n\textraheader = "AUTHORIZATION: basic s3cr3t"\n')
        real.git(clone, "config", f"includeIf.gitdir:{clone}/.git.path", str(secret))
        real.git(clone, "remote", "set-url", "origin", f"{address}ada/net.git")
        said = load_nothing(clone, pull.build)
    assert Refusal.seen[0] == ["basic s3cr3t"]
    assert "403" in said
    assert "s3cr3t" not in said
