"""A fork's numbers, from a job without rights to the comment of one that has them: two processes, a real repository."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from cml_bot.as_json import dump_run
from tests import repositories as real
from tests.forges.github_server import REPO, RUN, WRITE, GitHubServer, pull, start_github
from tests.making import make_run
from tests.test_cli import mlbot
from tests.test_collect import PNG

pytestmark = pytest.mark.slow
"""Whole commands, each a process of its own."""

GATE = 'fail-on = ["accuracy < 0.8"]\n'


@dataclass
class World:
    folder: Path
    github: GitHubServer
    address: str
    base: str
    main: str
    head: str

    def env(self, name: str, event: dict[str, object], sha: str, ref: str) -> dict[str, str]:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(event))
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_API_URL": self.github.url,
            "GITHUB_REPOSITORY": REPO,
            "GITHUB_SHA": sha,
            "GITHUB_REF": ref,
            "GITHUB_RUN_ID": str(RUN),
        }

    def fork(self) -> Path:
        return real.check_out_pull(self.address, self.folder / "fork", 7)

    def trusted(self, *options: str) -> Path:
        return real.clone(self.address, self.folder / "trusted", *(options or ("--depth=1",)))

    def collect(self, fork: Path, *arguments: str) -> CompletedProcess[str]:
        merge = real.git(fork, "rev-parse", "HEAD")
        event: dict[str, object] = {"number": 7, "pull_request": self.pull(), "repository": {"id": 1}}
        return mlbot(fork, "collect", *arguments, **self.env("pull_request", event, merge, "refs/pull/7/merge"))

    def publish(self, folder: Path, *arguments: str, **env: str) -> CompletedProcess[str]:
        run = {
            "id": RUN,
            "run_attempt": 1,
            "event": "pull_request",
            "head_sha": self.head,
            "head_branch": "better",
            "head_repository": {"id": 2, "owner": {"login": "eve"}},
            "pull_requests": [],
        }
        event: dict[str, object] = {"workflow_run": run, "repository": {"id": 1, "default_branch": "main"}}
        told = self.env("workflow_run", event, self.main, "refs/heads/main")
        return mlbot(folder, *(arguments or ("publish", "--format", "json")), **{**told, "GITHUB_TOKEN": WRITE, **env})

    def pull(self) -> dict[str, object]:
        return pull(sha=self.head, owner="eve", home=2)

    def keep(self, bundle: Path, name: str = "mlbot-bundle") -> None:
        room = io.BytesIO()
        with zipfile.ZipFile(room, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(bundle.rglob("*")):
                if path.is_file() and not path.name.startswith("."):
                    archive.write(path, path.relative_to(bundle))
        self.github.keep(name, room.getvalue())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A main that has gone on since a fork's branch left it, and GitHub on loopback that knows of the pull request."""
    repository = real.make_repository(tmp_path / "work")
    real.commit(repository, {"metrics.json": '{"accuracy": 0.5}', "mlbot.toml": GATE})
    base = real.commit(repository, {"metrics.json": '{"accuracy": 0.85}'})
    real.switch(repository, "better")
    files: dict[str, str | bytes] = {
        "metrics.json": '{"accuracy": 0.7}',
        "mlbot.toml": 'title = "Approved"\n',
        "plots/roc.png": PNG,
    }
    head = real.commit(repository, files)
    real.git(repository, "switch", "-q", "main")
    main = real.commit(repository, {"readme.md": "more", "metrics.json": '{"accuracy": 0.95}'})
    address = real.publish(repository, tmp_path / "remote.git")
    remote = tmp_path / "remote.git"
    real.git(repository, "push", "-q", str(remote), f"{head}:refs/pull/7/head", ":refs/heads/better")
    real.git(repository, "switch", "-q", "--detach", "main")
    real.git(repository, "merge", "-q", "-s", "recursive", "-X", "theirs", "-m", "Merge", "better")
    real.publish_pull(repository, remote, 7)
    with start_github() as github:
        world = World(folder=tmp_path, github=github, address=address, base=base, main=main, head=head)
        github.pulls = [world.pull()]
        yield world


def refs(world: World) -> str:
    return real.git(world.folder / "remote.git", "for-each-ref")


@pytest.mark.parametrize("options", [("--depth=1",), ("--branch=main",)])
def test_a_fork_is_reported_on_by_the_rules_of_main(world: World, options: tuple[str, ...]) -> None:
    fork, trusted, before = world.fork(), world.trusted(*options), refs(world)
    done = world.collect(fork)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    world.keep(fork / "mlbot-bundle")
    state = real.read_state(trusted)
    done = world.publish(trusted)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["base"]["sha"] == world.base
    assert report["base"]["why"] == "the merge base with main"
    assert report["head"]["sha"] == world.head
    assert [delta["head"]["value"] for delta in report["deltas"]] == [0.7]
    assert [delta["base"]["value"] for delta in report["deltas"]] == [0.85]
    assert report["title"] == "churn"
    assert not any("collected on" in note for note in report["notes"])
    [comment] = world.github.comments
    assert f"sha={world.head}" in comment.body
    assert "nobody else has measured them" in comment.body
    assert report["trusted"] is False
    [mark] = world.github.statuses
    assert (mark["head_sha"], mark["conclusion"]) == (world.head, "failure")
    # No branch was written, and nothing of the trusted checkout but the folder of the report.
    assert refs(world) == before
    left = {name: data for name, data in real.read_state(trusted).items() if not name.startswith("mlbot-report/")}
    assert left == state


def test_a_pass_of_a_fork_is_neutral(world: World) -> None:
    fork = world.fork()
    (fork / "metrics.json").write_text('{"accuracy": 0.99}')
    world.collect(fork)
    world.keep(fork / "mlbot-bundle")
    done = world.publish(world.trusted())
    assert done.returncode == 0, done.stderr
    assert world.github.statuses[0]["conclusion"] == "neutral"


def test_the_base_is_the_record_of_the_merge_base(world: World) -> None:
    keeper = real.clone(world.address, world.folder / "keeper")
    real.git(keeper, "reset", "-q", "--hard", world.base)
    real.git(keeper, "config", "user.name", "Ada")
    real.git(keeper, "config", "user.email", "ada@example.com")
    done = mlbot(keeper, "record")
    assert done.returncode == 0, done.stderr
    real.git(keeper, "push", "-q", "origin", "mlbot/report")
    fork = world.fork()
    world.collect(fork)
    world.keep(fork / "mlbot-bundle")
    report = json.loads(world.publish(world.trusted()).stdout)
    assert (report["base"]["kind"], report["base"]["sha"]) == ("record", world.base)


def test_a_matrix_of_a_fork_stands_under_its_names(world: World) -> None:
    fork = world.fork()
    world.collect(fork)
    for name in ("mlbot-bundle-gpu-a", "mlbot-bundle-gpu-b"):
        world.keep(fork / "mlbot-bundle", name)
    report = json.loads(world.publish(world.trusted()).stdout)
    assert [delta["group"] for delta in report["deltas"]] == ["gpu-a/metrics.json", "gpu-b/metrics.json"]


@pytest.mark.parametrize("change", ["moved", "closed", "other repository", "none"])
def test_without_its_pull_request_nothing_is_published(world: World, change: str) -> None:
    one = world.pull()
    if change == "moved":
        one = pull(sha="c" * 40, owner="eve", home=2)
    if change == "closed":
        one["state"] = "closed"
    if change == "other repository":
        one["base"] = {**one["base"], "repo": {**one["base"]["repo"], "full_name": "eve/churn"}}  # type: ignore[dict-item,index]
    world.github.pulls = [] if change == "none" else [one]
    done = world.publish(world.trusted())
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "nothing published" in done.stderr
    assert world.github.sent("POST") == 0
    assert not any("artifacts" in path for _, path in world.github.requests)


def test_the_bundle_cannot_choose_anything(world: World) -> None:
    bundle = world.folder / "bundle"
    bundle.mkdir()
    evil = json.loads(dump_run(make_run(accuracy=0.9))) | {
        "pull": 8,
        "name": "x",
        "sha": "d" * 40,
        "build_url": "http://e",
    }
    (bundle / "run.json").write_text(json.dumps(evil))
    (bundle / "mlbot.toml").write_text('title = "Approved"\n')
    world.keep(bundle)
    done = world.publish(world.trusted())
    report = json.loads(done.stdout)
    assert (report["title"], report["head"]["sha"], report["name"]) == ("churn", world.head, "report")
    assert report["notes"][0].startswith("mlbot-bundle was collected on ddddddd, and this is")
    assert "http://e" not in world.github.comments[0].body


def test_a_broken_artifact_is_told_in_the_review(world: World) -> None:
    world.github.keep("mlbot-bundle", b"PK\x03\x04 no zip")
    done = world.publish(world.trusted())
    assert done.returncode in (1, 3)
    assert "cannot be read as a zip" in world.github.comments[0].body


def test_no_artifact_is_an_error_with_its_cure(world: World) -> None:
    done = world.publish(world.trusted())
    assert done.returncode == 3
    assert "mlbot collect" in done.stderr


def test_bundles_can_be_named_by_path(world: World) -> None:
    fork = world.fork()
    world.collect(fork, "-o", str(world.folder / "b"))
    done = world.publish(world.trusted(), "publish", "--format", "json", str(world.folder / "b"))
    assert json.loads(done.stdout)["base"]["sha"] == world.base


@pytest.mark.parametrize("command", ["report", "collect", "record", "publish", "comment -"])
def test_a_job_with_rights_runs_nothing_that_a_stranger_wrote(world: World, command: str) -> None:
    done = world.publish(world.fork(), *command.split())
    assert done.returncode == 2
    assert "workflow_run" in done.stderr
    assert "it has rights" in done.stderr
    assert world.github.requests == []


def test_a_configuration_that_a_bundle_brought_is_refused(world: World) -> None:
    trusted = world.trusted()
    (trusted / "mlbot.toml").write_text('title = "Approved"\n')
    done = world.publish(trusted)
    assert done.returncode == 2
    assert "is not the one that is committed" in done.stderr


def test_without_a_forge_there_is_nothing_to_publish_to(world: World) -> None:
    done = mlbot(world.trusted(), "publish", "b")
    assert done.returncode == 2
    assert "mlbot report --from" in done.stderr


def test_without_a_token_it_says_so(world: World) -> None:
    done = world.publish(world.trusted(), GITHUB_TOKEN="")
    assert done.returncode == 5
    assert "GITHUB_TOKEN" in done.stderr
