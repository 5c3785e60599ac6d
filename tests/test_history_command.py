"""`mlbot history` as people run it, on real records."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cml_bot.cli import cli
from cml_bot.config import Config
from cml_bot.job import Job
from cml_bot.model import Build, Run
from cml_bot.records.log import DEPTH
from cml_bot.records.write import record
from tests import repositories as real
from tests.making import make_history, make_metric
from tests.records import BRANCH, ci_variables
from tests.test_cli import mlbot

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEVELS = {"accuracy": (0.84, 0.004), "val_loss": (0.35, 0.01), "n_test": (100.0, 0.0)}


def keep(repository: Path, run: Run, name: str = "report") -> None:
    record(Job(root=repository, sha=run.sha, build=Build(), now=NOW), Config(name=name), run)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Eight runs of main are recorded; the last of them again, with another value."""
    repository = real.make_repository(tmp_path / "work")
    real.commit(repository, {"train.py": "x"})
    commits = real.commit_many(repository, 8)
    real.git(repository, "reset", "--quiet", "--hard")
    runs = [
        replace(run, sha=sha, created="2026-11-20T12:00:00Z")
        for run, sha in zip(make_history(8, LEVELS), commits, strict=True)
    ]
    for run in [*runs, replace(runs[-1], metrics=(make_metric("accuracy", 0.8411), *runs[-1].metrics[1:]))]:
        keep(repository, run)
    return repository


def test_the_commits_of_main_say_what_came_first(repository: Path) -> None:
    """The first commit was run again, and its record is the last."""
    first = real.git(repository, "rev-list", "--reverse", "main").split()[1]
    keep(repository, Run(sha=first, metrics=(make_metric("accuracy", 0.8399),)))
    told = json.loads(mlbot(repository, "history", "--format", "json").stdout)
    assert told["runs"][0]["sha"] == first
    assert told["metrics"][0]["values"][0] == 0.8399


def test_on_a_laptop(repository: Path) -> None:
    done = mlbot(repository, "history")
    assert (done.returncode, done.stderr) == (0, "")
    assert "report: the last 8 runs of main" in done.stdout
    assert "noise is taken from 8 runs of main" in done.stdout
    [row] = [line for line in done.stdout.splitlines() if line.startswith("accuracy ↑")]
    assert "0.841" in row
    assert "±0.0" in row
    assert "n_test" not in done.stdout
    assert "n_test" in mlbot(repository, "history", "n_*").stdout


def test_json_and_csv_of_the_last(repository: Path) -> None:
    done = mlbot(repository, "history", "accuracy", "--last", "3", "--format", "json")
    table = json.loads(done.stdout)
    commits = real.git(repository, "rev-list", "--reverse", "--max-count=3", "main").split()
    assert [run["sha"] for run in table["runs"]] == commits
    [metric] = table["metrics"]
    assert (len(metric["values"]), metric["values"][-1], metric["level"]) == (3, 0.8411, None)
    done = mlbot(repository, "history", MLBOT_LAST="2", MLBOT_FORMAT="csv")
    head, *rows = csv.reader(io.StringIO(done.stdout))
    assert head == ["sha", "created", "accuracy", "val_loss"]
    assert [(row[0], len(row)) for row in rows] == [(sha, 4) for sha in commits[1:]]
    assert "mlbot: noise is taken from 2 runs of main" in done.stderr


def test_markdown_and_the_rules_of_the_configuration(repository: Path) -> None:
    (repository / "mlbot.toml").write_text('[metrics.val_loss]\nunit = "nats"\ngoal = "higher"\n')
    done = mlbot(repository, "history", "*loss*", "--format", "markdown")
    assert "| val_loss ↑ | 8 |" in done.stdout
    assert "\u00a0nats" in done.stdout


@pytest.mark.parametrize("depth", ["--depth=1", "--no-single-branch"])
def test_in_ci_it_is_fetched_and_no_line_is_a_command(repository: Path, tmp_path: Path, depth: str) -> None:
    address = real.publish(repository, tmp_path / "remote.git")
    clone = real.clone(address, tmp_path / "clone", depth)
    before = real.read_state(clone)
    done = mlbot(clone, "history", **ci_variables(real.git(clone, "rev-parse", "HEAD"), tmp_path))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("::stop-commands::")
    assert lines[-1] == f"::{lines[0].rpartition('::')[2]}::"
    assert "report: the last 8 runs of main" in done.stdout
    assert real.read_state(clone) == before


def test_a_clone_reads_the_branch_of_its_remote(repository: Path, tmp_path: Path) -> None:
    clone = real.clone(real.publish(repository, tmp_path / "remote.git"), tmp_path / "clone")
    assert "the last 8 runs of main" in mlbot(clone, "history").stdout


@pytest.mark.parametrize("form", ["terminal", "markdown", "json", "csv"])
def test_nothing_is_recorded(repository: Path, form: str) -> None:
    done = mlbot(repository, "history", "--name", "other", "--format", form)
    assert done.returncode == 0, done.stderr
    said = " ".join((done.stdout + done.stderr).split()).replace("&#96;", "`")
    assert "no run of main is recorded yet on mlbot/other: `mlbot report` records every run of main" in said
    assert "`mlbot record` does it by hand" in said
    if form == "json":
        assert json.loads(done.stdout)["runs"] == []
    if form == "csv":
        assert done.stdout == '"sha","created"\n'


def test_outside_any_repository(tmp_path: Path) -> None:
    done = mlbot(tmp_path, "history")
    assert done.returncode == 0
    assert "there is no commit here yet" in done.stdout


def test_records_that_cannot_be_read(repository: Path) -> None:
    break_record(repository, BRANCH)
    done = mlbot(repository, "history")
    assert done.returncode == 0, done.stderr
    assert "the last 8 runs of main" in done.stdout
    assert f"left out of the records on {BRANCH}: " in done.stdout
    break_record(repository, "mlbot/broken")
    done = mlbot(repository, "history", "--name", "broken")
    assert (done.returncode, done.stdout) == (4, "")
    assert "no record can be read" in done.stderr


def break_record(repository: Path, branch: str) -> None:
    blob = real.git(repository, "hash-object", "-w", "--stdin", given="{")
    tree = real.git(repository, "mktree", given=f"100644 blob {blob}\trun.json\n")
    ref = f"refs/heads/{branch}"
    tip = real.git(repository, "for-each-ref", "--format=%(objectname)", ref)
    real.git(
        repository,
        "update-ref",
        ref,
        real.git(repository, "commit-tree", tree, *(("-p", tip) if tip else ()), "-m", "x"),
    )


def test_a_hostile_name_does_nothing(repository: Path) -> None:
    sha = real.commit(repository)
    keep(repository, Run(sha=sha, metrics=(make_metric("\x1b[31m=x\n::error::acc", 0.5),)))
    for form in ("terminal", "markdown", "csv"):
        done = mlbot(repository, "history", "--format", form)
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout + done.stderr
        assert not any(line.startswith("::") for line in done.stdout.splitlines())
        assert "acc" in done.stdout


@pytest.mark.slow
def test_a_page_and_a_badge(repository: Path) -> None:
    real.git(repository, "remote", "add", "origin", "https://ada:secret@github.com/ada/net.git")
    done = mlbot(repository, "history", "--html", "history.html")
    assert done.returncode == 0, done.stderr
    assert "report: the last 8 runs of main" in done.stdout
    assert done.stderr == f"mlbot: the page of 8 runs of main: {repository / 'history.html'}\n"
    page = (repository / "history.html").read_text()
    sha = real.git(repository, "rev-parse", "main")
    assert f'href="https://github.com/ada/net/commit/{sha}"' in page
    assert "secret" not in page
    assert 'data-name="n_test' in page
    done = mlbot(repository, "history", "--badge", "accuracy", "--html", "history.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("<svg ")
    assert "accuracy: 0.84" in done.stdout


@pytest.mark.slow
def test_in_ci_the_page_links_to_the_forge_and_the_badge_stands_alone(repository: Path, tmp_path: Path) -> None:
    clone = real.clone(real.publish(repository, tmp_path / "remote.git"), tmp_path / "clone")
    sha = real.git(clone, "rev-parse", "HEAD")
    variables = ci_variables(sha, tmp_path)
    done = mlbot(clone, "history", "--badge", "accuracy", "--html", "history.html", **variables)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("<svg ")
    assert done.stdout.endswith("</svg>\n")
    assert f'href="https://github.example/ada/net/commit/{sha}"' in (clone / "history.html").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--html", "-"], "--html: is no file. Name one, such as history.html."),
        (["--html", "train.py"], "train.py is not a page of mlbot history. Name another file, or remove it."),
        (["--html", "no/history.html"], "cannot be written (No such file or directory)"),
        (["--badge", "acuracy"], "no metric of main's last runs is called 'acuracy'. Did you mean 'accuracy'?"),
    ],
)
def test_what_cannot_be_written_leaves_2(repository: Path, arguments: list[str], said: str) -> None:
    done = mlbot(repository, "history", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert (repository / "train.py").read_text() == "x"


@pytest.mark.parametrize("arguments", [["--last", "0"], ["--last", "51"], ["--format", "html"], ["--nope"]])
def test_what_is_wrong_leaves_2(repository: Path, arguments: list[str]) -> None:
    done = mlbot(repository, "history", *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_no_more_can_be_asked_for_than_is_read() -> None:
    [last] = [one for one in cli.commands["history"].params if one.name == "last"]
    assert getattr(last.type, "max", None) == DEPTH
