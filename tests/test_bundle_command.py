"""`mlbot collect` and `mlbot report --from`, as people run them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cml_bot import git_fetch
from cml_bot.baselines._commits import choose
from cml_bot.errors import BaselineError
from cml_bot.git import Branch, find_checkout
from cml_bot.model import Build
from tests import repositories as real
from tests.test_cli import git, mlbot, repository, write_run

pytestmark = pytest.mark.slow
"""Whole commands, each a process of its own."""

__all__ = ["repository"]


def report(folder: Path, *arguments: str, **env: str) -> dict[str, object]:
    done = mlbot(folder, "report", "--format", "json", *arguments, **env)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_report_on_a_bundle_is_the_report_on_the_files(repository: Path) -> None:
    done = mlbot(repository, "collect")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "mlbot-bundle: 3 metrics, 1 curve, 1 figure\n"
    by_files = report(repository)
    shutil.move(repository / "mlbot-bundle", repository.parent / "kept")
    for path in ("metrics.json", "history.csv", "params.yaml", "plots/confusion.png"):
        (repository / path).unlink()
    by_bundle = report(repository, "--from", "../kept")
    assert by_bundle["head"] != by_files["head"]
    assert by_bundle | {"head": 0} == by_files | {"head": 0}


def test_it_is_never_read_back(repository: Path) -> None:
    before = report(repository)
    assert mlbot(repository, "collect").returncode == 0
    assert mlbot(repository, "collect", "-o", "out/bundle").returncode == 0
    assert report(repository) == before
    assert git(repository, "status", "--porcelain") == ""


def test_it_needs_no_repository_and_no_token(tmp_path: Path) -> None:
    write_run(tmp_path, accuracy=0.9)
    assert mlbot(tmp_path, "collect").returncode == 0
    assert json.loads((tmp_path / "mlbot-bundle" / "run.json").read_text())["sha"] == ""


def test_declared_sources_that_are_missing_end_in_3_after_it_is_written(tmp_path: Path) -> None:
    write_run(tmp_path, accuracy=0.9)
    done = mlbot(tmp_path, "collect", "--sources", "metrics.json", "--sources", "eval.json")
    assert done.returncode == 3
    assert "eval.json matches no file" in done.stderr
    done = mlbot(tmp_path, "report", "--from", "mlbot-bundle", "--format", "json")
    assert done.returncode == 3
    assert any("eval.json matches no file" in note for note in json.loads(done.stdout)["notes"])


def test_a_matrix_with_a_job_that_failed(repository: Path) -> None:
    for name, value in (("gpu-a", 0.9), ("gpu-b", 0.8)):
        write_run(repository, accuracy=value)
        assert mlbot(repository, "collect", "-o", f"../bundles/mlbot-bundle-{name}").returncode == 0
    (repository.parent / "bundles" / "mlbot-bundle-gpu-b" / "run.json").write_text("{")
    done = mlbot(repository, "report", "--from", "../bundles", "--format", "json")
    assert done.returncode == 3
    table = json.loads(done.stdout)
    assert {delta["group"] for delta in table["deltas"]} >= {"gpu-a/metrics.json"}
    assert any("mlbot-bundle-gpu-b" in note and "is not JSON" in note for note in table["notes"])


def test_repeated_trainings_are_compared_with_main_as_one(repository: Path) -> None:
    for seed, value in ((1, 0.9), (2, 0.92), (3, 0.94)):
        write_run(repository, accuracy=value)
        assert mlbot(repository, "collect", "-o", f"../seed-{seed}").returncode == 0
    table = report(repository, "--from", "../seed-{replicate}")
    deltas = table["deltas"]
    assert isinstance(deltas, list)
    [accuracy] = [delta for delta in deltas if delta["name"] == "accuracy"]
    assert accuracy["head"]["values"] == [0.9, 0.92, 0.94]
    assert accuracy["head"]["labels"] == ["1", "2", "3"]
    assert accuracy["base"]["values"] == [0.8912]


def test_bundles_of_other_names_are_not_compared_with_committed_files(repository: Path) -> None:
    assert mlbot(repository, "collect", "-o", "../bundles/a").returncode == 0
    done = mlbot(repository, "report", "--from", "../bundles")
    assert "has none of the metrics that the bundles have" in " ".join(done.stdout.split())


def test_main_records_what_all_jobs_of_a_matrix_found(repository: Path) -> None:
    git(repository, "switch", "-q", "main")
    for name in ("a", "b"):
        assert mlbot(repository, "collect", "-o", f"../bundles/{name}").returncode == 0
    done = mlbot(repository, "report", "--from", "../bundles")
    assert "recorded as" in done.stderr, done.stderr
    text = git(repository, "show", "mlbot/report:run.json")
    assert {metric["group"] for metric in json.loads(text)["metrics"]} == {"a/metrics.json", "b/metrics.json"}
    git(repository, "switch", "-qc", "next")
    git(repository, "commit", "-q", "--allow-empty", "-m", "next")
    table = report(repository, "--from", "../bundles")
    base = table["base"]
    assert isinstance(base, dict)
    assert base["kind"] == "record"


def test_bundles_of_another_commit_are_told_and_not_recorded(repository: Path) -> None:
    assert mlbot(repository, "collect", "-o", "../b").returncode == 0
    other = git(repository, "rev-parse", "HEAD")
    git(repository, "switch", "-q", "main")
    here = git(repository, "rev-parse", "HEAD")
    done = mlbot(repository, "report", "--from", "../b")
    told = f"b was collected on {other[:7]}, and this is {here[:7]}"
    assert told in " ".join(done.stdout.split())
    assert f"not recorded: {told}" in done.stderr
    assert mlbot(repository, "report", "--from", "../b", "--record").returncode == 2


def test_from_and_head_make_no_sense_together(repository: Path) -> None:
    done = mlbot(repository, "report", "--from", "b", "--head", "HEAD", "--against", "main")
    assert done.returncode == 2
    assert "together with --head" in done.stderr


def test_nothing_there_is_a_report_of_nothing(repository: Path) -> None:
    done = mlbot(repository, "report", "--from", "none")
    assert done.returncode == 3
    assert "none: is missing" in " ".join(done.stdout.split())


@pytest.mark.parametrize("is_known", [True, False])
def test_the_base_of_a_commit_that_is_not_here(tmp_path: Path, is_known: bool) -> None:
    repository = real.make_repository(tmp_path / "work")
    real.commit(repository, {"a": "1"})
    real.commit_many(repository, 60)
    base = real.git(repository, "rev-parse", "main")
    real.git(repository, "branch", "side", "main")
    head = real.commit_many(repository, 60, "side")[-1]
    real.commit(repository, {"a": "2"})
    remote = tmp_path / "remote.git"
    address = real.publish(repository, remote)
    real.git(remote, "update-ref", "-d", "refs/heads/side")
    if is_known:
        real.git(remote, "update-ref", "refs/pull/7/head", head)
        # As on servers that give a commit by its name alone.
        real.git(remote, "config", "uploadpack.allowAnySHA1InWant", "false")
    else:
        real.git(remote, "gc", "-q", "--prune=now")
    shallow = real.clone(address, tmp_path / "clone", "--depth=1")
    state = real.read_state(shallow)
    checkout = find_checkout(shallow)
    assert checkout is not None
    build = Build(forge="github", sha=head, pull=7, base_sha="b2" * 20, base_branch="main")
    chosen = choose(checkout, build, head)
    assert not isinstance(chosen, str)
    assert chosen.sha == (base if is_known else "b2" * 20)
    assert chosen.words == ("the merge base with main" if is_known else "the base that the pull request names")
    assert real.read_state(shallow) == state


def test_a_pull_request_that_has_moved_on_has_no_base_of_the_old_commit(tmp_path: Path) -> None:
    repository = real.make_repository(tmp_path / "work")
    real.commit(repository, {"a": "1"})
    remote = tmp_path / "remote.git"
    address = real.publish(repository, remote)
    real.git(remote, "update-ref", "refs/pull/7/head", "main")
    checkout = find_checkout(real.clone(address, tmp_path / "clone", "--depth=1"))
    assert checkout is not None
    with pytest.raises(BaselineError, match="git fetch"):
        git_fetch.find_base_of(checkout, Branch("main", ()), "c" * 40, 7)
