"""A pull request as CI sees it: a depth-1 checkout of the merge commit, and a GitHub on loopback."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.forges.github_server import PULL, READ, REPO, WRITE, GitHubServer, start_github
from tests.repositories import check_out_pull, commit, git, make_repository, merge, publish, publish_pull, switch
from tests.test_cli import mlbot, write_run
from tests.test_collect import OTHER_PNG


@dataclass
class Project:
    """A repository on a remote, with a pull request from the branch `wider`."""

    folder: Path
    address: str
    remote: Path
    jobs: int = 0
    env: dict[str, str] = field(default_factory=dict)
    """The variables of the last job."""

    def push(self, **run: float) -> None:
        write_run(self.folder, **run)  # type: ignore[arg-type]
        self.push_files()

    def push_files(self) -> None:
        """Commit what is in the folder on the branch; the forge merges it into main for the test."""
        commit(self.folder)
        merge(self.folder, "main", "wider")
        publish_pull(self.folder, self.remote, PULL)
        git(self.folder, "switch", "--quiet", "wider")

    def run_job(
        self, server: GitHubServer, *arguments: str, token: str = WRITE, again: bool = False, **more: str
    ) -> tuple[subprocess.CompletedProcess[str], Path]:
        """Do what a runner does for the pull request: check out, write the event, run mlbot."""
        self.jobs += not again
        place = self.folder.parent / f"job-{self.jobs}{'-again' * again}"
        checkout = check_out_pull(self.address, place, PULL)
        head, base = git(self.folder, "rev-parse", "wider"), git(self.folder, "rev-parse", "main")
        side = {"repo": {"id": 1}}
        event = {
            "number": PULL,
            "pull_request": {
                "number": PULL,
                "head": {"sha": head, "ref": "wider", **side},
                "base": {"sha": base, "ref": "main", **side},
            },
            "repository": {"id": 1, "default_branch": "main", "private": False},
        }
        (self.folder.parent / "event.json").write_text(json.dumps(event))
        env = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(self.folder.parent / "event.json"),
            "GITHUB_REPOSITORY": REPO,
            "GITHUB_SHA": git(checkout, "rev-parse", "HEAD"),
            "GITHUB_REF": f"refs/pull/{PULL}/merge",
            "GITHUB_API_URL": server.url,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_RUN_ID": str(5000 + self.jobs),
            "GITHUB_RUN_ATTEMPT": "2" if again else "1",
            "GITHUB_STEP_SUMMARY": str(place.with_suffix(".summary")),
            "GITHUB_OUTPUT": str(place.with_suffix(".output")),
        }
        self.env = env
        return mlbot(
            checkout, "report", *arguments, **env, **more, **({"GITHUB_TOKEN": token} if token else {})
        ), checkout


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = make_repository(tmp_path / "work")
    for number in range(30):
        write_run(folder, accuracy=0.80 + number / 1000)
        commit(folder, message=f"Run {number}")
    remote = tmp_path / "remote.git"
    address = publish(folder, remote)
    switch(folder, "wider")
    project = Project(folder=folder, address=address, remote=remote)
    project.push(accuracy=0.9034)
    return project


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with start_github() as running:
        yield running


def test_two_pushes_one_comment_and_nothing_written_when_nothing_changed(
    project: Project, server: GitHubServer
) -> None:
    done, checkout = project.run_job(server)
    assert done.returncode == 0, done.stderr
    [comment] = server.comments
    assert "0.829" in comment.body
    assert "0.903" in comment.body
    assert f"<!-- mlbot:v1 name=report sha={git(project.folder, 'rev-parse', 'wider')}" in comment.body
    assert (checkout / "mlbot-report" / "page.html").is_file()

    project.push(accuracy=0.95)
    server.requests.clear()
    done, _ = project.run_job(server)
    assert [method for method, path in server.requests if "comments" in path] == ["GET", "PATCH"]
    # One more marks the commit.
    assert [method for method, path in server.requests if "check-runs" in path] == ["POST"]
    assert len(server.requests) == 3
    assert "0.950" in server.comments[0].body

    server.requests.clear()
    done, _ = project.run_job(server, again=True)
    assert done.returncode == 0, done.stderr
    assert [method for method, path in server.requests if "comments" in path] == ["GET"]
    assert len(server.requests) == 2
    assert len(server.comments) == 1


def test_a_shallow_checkout_fetches_what_it_needs_and_stays_as_it_was(project: Project, server: GitHubServer) -> None:
    done, checkout = project.run_job(server)
    assert done.returncode == 0, done.stderr
    report = json.loads((checkout / "mlbot-report" / "report.json").read_text())
    assert report["base"]["sha"] == git(project.folder, "rev-parse", "main")
    assert report["head"]["sha"] == git(project.folder, "rev-parse", "wider")
    assert git(checkout, "rev-list", "--count", "HEAD") == "1"
    assert git(checkout, "status", "--porcelain") == ""
    assert "main" not in git(checkout, "for-each-ref")


def test_120_other_comments_and_a_quoted_reply(project: Project, server: GitHubServer) -> None:
    for number in range(120):
        server.say("rose", f"comment {number}")
    project.run_job(server)
    ours = server.comments[-1]
    quote = server.say("rose", ours.body + "\n\nwhat about recall?")
    project.push(accuracy=0.95)
    done, _ = project.run_job(server)
    assert done.returncode == 0, done.stderr
    assert len(server.comments) == 122
    assert "0.950" in ours.body
    assert "0.950" not in quote.body


@pytest.mark.parametrize("token", [READ, ""])
def test_a_token_that_may_not_write_costs_the_comment_and_nothing_else(
    project: Project, server: GitHubServer, token: str
) -> None:
    done, checkout = project.run_job(server, token=token)
    assert done.returncode == 0, done.stderr
    assert server.comments == []
    assert "pull-requests: write" in done.stderr or not token
    assert "GITHUB_TOKEN" in done.stderr or token
    assert "0.903" in checkout.with_suffix(".summary").read_text()
    assert (checkout / "mlbot-report" / "report.md").is_file()
    failed, _ = project.run_job(server, "--fail-on", "accuracy < 0.99", token=token)
    assert failed.returncode == 1


def test_a_failed_gate_is_annotated_after_everything_is_published(project: Project, server: GitHubServer) -> None:
    done, checkout = project.run_job(server, "--fail-on", "accuracy < 0.99", "--warn-on", "f1 < 0.9")
    assert done.returncode == 1
    commands = [line for line in done.stderr.splitlines() if line.startswith(("::error", "::warning"))]
    assert commands == [
        "::error title=mlbot%3A accuracy < 0.99::metrics.json:accuracy: 0.903 is below 0.990",
        "::warning title=mlbot%3A f1 < 0.9::metrics.json:f1: 0.8 is below 0.9",
    ]
    assert "1 gate failed" in server.comments[0].body
    outputs = checkout.with_suffix(".output").read_text()
    assert "outcome<<" in outputs
    assert "\nfail\n" in outputs


def test_json_on_standard_output_stays_json(project: Project, server: GitHubServer) -> None:
    done, _ = project.run_job(server, "--fail-on", "accuracy < 0.99", "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["outcome"] == "fail"
    assert len(server.comments) == 1


def test_another_commit_than_the_one_under_review_is_told(project: Project, server: GitHubServer) -> None:
    """As where a workflow checks out main on purpose, and the event names the pull request."""
    done, checkout = project.run_job(server)
    git(checkout, "fetch", "--quiet", "--depth=1", "origin", "main")
    git(checkout, "checkout", "--quiet", "--detach", "FETCH_HEAD")
    env = project.env | {"GITHUB_RUN_ID": "6000"}
    # Under that event it is a commit of the default branch, and nothing else may be checked out.
    env["GITHUB_SHA"] = git(checkout, "rev-parse", "HEAD")
    done = mlbot(checkout, "report", "--no-publish", "--format", "json", **env)
    report = json.loads(done.stdout)
    assert report["head"]["sha"] == git(project.folder, "rev-parse", "main")
    assert "something else" in report["like_for_like"][0]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["terminal", "markdown", "html", "json"])
def test_names_cannot_speak_to_the_runner(project: Project, server: GitHubServer, form: str) -> None:
    (project.folder / "metrics.json").write_text(json.dumps({"::error::x": 1, "a\n::set-env name=x::y": 2}))
    project.push_files()
    done, _ = project.run_job(server, "--format", form)
    inside, token = False, ""
    for line in done.stdout.splitlines():
        if line.startswith("::stop-commands::"):
            inside, token = True, line.removeprefix("::stop-commands::")
        elif inside and line == f"::{token}::":
            inside = False
        else:
            assert inside or not line.strip().startswith("::"), line


def test_a_forge_that_is_broken_costs_the_comment_and_leaves_5(project: Project, server: GitHubServer) -> None:
    url = server.url
    server.url = "http://127.0.0.1:9"
    done, checkout = project.run_job(server, MLBOT_DEADLINE="2")
    server.url = url
    assert done.returncode == 5, done.stderr
    assert "127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr
    assert "0.903" in checkout.with_suffix(".summary").read_text()


def test_the_token_is_nowhere(project: Project, server: GitHubServer, tmp_path: Path) -> None:
    for token in (WRITE, READ):
        done, _ = project.run_job(server, token=token)
        assert token not in done.stdout + done.stderr
        for path in tmp_path.rglob("*"):
            assert not path.is_file() or token.encode() not in path.read_bytes(), path


def test_pictures_of_the_job_are_not_in_the_comment_but_named(project: Project, server: GitHubServer) -> None:
    write_run(project.folder, accuracy=0.9, picture=OTHER_PNG)
    project.push_files()
    project.run_job(server)
    assert "cid:" not in server.comments[0].body
    assert "plots/confusion.png differs" in server.comments[0].body
