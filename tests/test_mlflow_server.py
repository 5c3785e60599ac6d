"""An experiment of MLflow as a source and as a baseline: on a server, in a database, in a folder."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cml_bot.baselines import mlflow
from cml_bot.collect import Outside, collect
from cml_bot.config import Config
from cml_bot.errors import BaselineError, InputError
from cml_bot.job import Job
from cml_bot.mlflow_server import ServerPlace
from cml_bot.mlflow_source import observe_commit, read_experiment
from cml_bot.mlflow_wire import Server, read_address
from cml_bot.model import Base, Build, Fact, Metric, Note, Observation, Run, Series, Trend
from cml_bot.pipeline import make_report, make_run
from cml_bot.trees import FolderTree
from tests.forges.wire import Answer, Fault
from tests.mlflow_wire import TrackingServer, start_server
from tests.mlflow_wire import make_run as logged
from tests.reader_cases import CASES
from tests.repositories import commit, git, make_repository, merge, switch
from tests.secrets import NEEDLE

SHA = "24f39fa142929c0183a8a697fbba5e6a5aab4cdd"
TOKEN = f"mlflow-{NEEDLE}"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
LOSS: list[tuple[float | str, int, int]] = [(0.5, 10, 0), (0.3, 11, 1), (0.25, 12, 1), ("NaN", 13, 2)]


def env_of(server: TrackingServer, **more: str) -> dict[str, str]:
    return {"MLFLOW_TRACKING_URI": f"{server.url}/", **more}


def read(env: dict[str, str], text: str = "mlflow:churn", *shas: str, root: Path = CASES) -> list[Observation]:
    return list(read_experiment(text, env, root, shas or (SHA,)))


def refused(env: dict[str, str], text: str = "mlflow:churn", *shas: str) -> str:
    with pytest.raises(InputError) as error:
        read(env, text, *shas)
    assert NEEDLE not in str(error.value)
    return str(error.value)


def place_of(server: TrackingServer, seconds: float = 60.0) -> ServerPlace:
    address = read_address(server.url, {"MLFLOW_TRACKING_TOKEN": TOKEN}, "mlflow:churn")
    return ServerPlace(Server(address, seconds, pause=0.01), "churn")


def values(run: Run) -> dict[str, float]:
    return {str(one.key): one.value for one in run.metrics}


def test_the_run_of_a_commit() -> None:
    run = logged("a", SHA, {"val/loss": LOSS, "accuracy": [(0.9, 14, 0)], "grad": [(math.inf, 14, 0)]}, lr="0.1")
    older = logged("b", SHA, {"accuracy": [(0.1, 1, 0)]}, started=5)
    with start_server(run, older, logged("c", "1" * 40, {"accuracy": [(0.2, 1, 0)]})) as server:
        found = read(env_of(server))
        asked = [path.partition("?")[0].rpartition("mlflow/")[2] for _, path in server.requests]
    [course] = [one for one in found if isinstance(one, Series)]
    assert (course.name, course.x, course.y[:2]) == ("val/loss", (0, 1, 2), (0.5, 0.25))
    assert math.isnan(course.y[2])
    assert {one.name: one.value for one in found if isinstance(one, Metric)} == {"accuracy": 0.9, "grad": math.inf}
    assert [one for one in found if isinstance(one, Fact)] == [
        Fact(name="holdout (test)", value="recorded:293c412a", detail="20 rows")
    ]
    assert [one.text for one in found if isinstance(one, Note)] == [
        "1 earlier run of this commit left out, the newest counts: run b."
    ]
    # A metric whose last step is 0 has no course that would cost a request.
    assert asked == ["experiments/get-by-name", "runs/search", "metrics/get-history"]


def test_what_comes_in_pages_is_read_whole() -> None:
    points: list[tuple[float | str, int, int]] = [(step / 10, step, step) for step in range(11)]
    runs = [logged(f"r{seed}", SHA, {"loss": points}, started=seed, seed=str(seed)) for seed in range(5)]
    with start_server(*runs) as server:
        server.page = 2
        found = read(env_of(server))
    assert [one.replicate for one in found if isinstance(one, Series)] == ["0", "1", "2", "3", "4"]
    assert all(one.x == tuple(range(11)) for one in found if isinstance(one, Series))


def test_who_asks() -> None:
    with start_server(logged("a", SHA, {"accuracy": [(0.9, 1, 0)]})) as server:
        server.authorization = f"Bearer {TOKEN}"
        assert read(env_of(server, MLFLOW_TRACKING_TOKEN=TOKEN))
        assert "did not accept who asks (401). Set MLFLOW_TRACKING_TOKEN anew." in refused(
            env_of(server, MLFLOW_TRACKING_TOKEN=f"other-{NEEDLE}")
        )
        cure = "Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
        assert f"wants to know who asks (401). {cure}" in refused(env_of(server))
        # ada:pässwört in UTF-8, as MLflow's own client sends it.
        server.authorization = "Basic YWRhOnDDpHNzd8O2cnQ="
        assert read(env_of(server, MLFLOW_TRACKING_USERNAME="ada", MLFLOW_TRACKING_PASSWORD="pässwört"))
        inside = server.url.replace("http://", "http://ada:p%C3%A4ssw%C3%B6rt@")
        assert read({"MLFLOW_TRACKING_URI": inside})


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault(answer=Answer(403, {"error_code": "PERMISSION_DENIED"})), "does not let us read it (403)"),
        (Fault(answer=Answer(302, "", {"Location": "https://elsewhere.example/"})), "sends us to another address"),
        (Fault(kind="page"), "does not answer as MLflow does (200). Check MLFLOW_TRACKING_URI."),
        (Fault(answer=Answer(500, {"message": f"bad token {TOKEN}"})), "refused (500: bad token (token))"),
        (Fault(answer=Answer(200, {"experiment": [1]})), "has no run of 24f39fa"),
        (Fault(answer=Answer(404, "<h1>Not found")), "does not answer as MLflow does (404)"),
    ],
)
def test_refusals(fault: Fault, told: str) -> None:
    with start_server() as server:
        server.fail("get-by-name", fault)
        if "has no run" in told:
            # What is no answer of MLflow's leads nowhere, and breaks nothing.
            server.fail("search", Fault(answer=Answer(200, {"runs": [3, {"info": None, "data": {"tags": {}}}]})))
        assert told in refused(env_of(server, MLFLOW_TRACKING_TOKEN=TOKEN))


@pytest.mark.parametrize("kind", ["reset", "truncated", "answer"])
def test_what_passes_is_asked_for_again(kind: str) -> None:
    fault = {"reset": Fault(kind="reset"), "truncated": Fault(kind="truncated"), "answer": Fault()}[kind]
    with start_server(logged("a", SHA, {"accuracy": [(0.9, 1, 0)]})) as server:
        server.fail("get-by-name", fault, times=2)
        assert len(place_of(server).find_runs(SHA)) == 1
        server.fail("search", fault, times=3)
        with pytest.raises(InputError, match=r"could not be reached|refused \(502"):
            place_of(server).find_runs(SHA)


def test_after_the_last_try_nobody_waits() -> None:
    with start_server() as server:
        server.fail("get-by-name", Fault(), times=3)
        address = read_address(server.url, {}, "mlflow:churn")
        begun = time.monotonic()
        with pytest.raises(InputError, match=r"refused \(502"):
            ServerPlace(Server(address, pause=0.3), "churn").find_runs(SHA)
    # Between three tries: 0.3 and 0.6 seconds.
    assert 0.9 <= time.monotonic() - begun < 2.0


def test_each_metric_has_its_own_course() -> None:
    points: dict[str, list[tuple[float | str, int, int]]] = {
        f"m{n:02}": [(n, 1, 0), (n + 0.5, 2, 1)] for n in range(30)
    }
    points["long"] = [(step % 7, step, step) for step in range(9_000)]
    with start_server(logged("a", SHA, points)) as server:
        server.page = 2_000
        found = {one.name: one for one in read(env_of(server)) if isinstance(one, Series)}
    long = found.pop("long")
    assert {name: one.y for name, one in found.items()} == {f"m{n:02}": (n, n + 0.5) for n in range(30)}
    # Thinned, as any long course is.
    assert len(long.x) <= 4_000
    assert (long.x[0], long.x[-1]) == (0, 8_999)


def test_a_server_that_never_ends_its_answer_is_left() -> None:
    with start_server(logged("a", SHA, {"loss": LOSS})) as server:
        server.fail("get-by-name", Fault(kind="hang"))
        begun = time.monotonic()
        with pytest.raises(InputError, match="did not answer in time"):
            place_of(server, seconds=0.3).find_runs(SHA)
    assert time.monotonic() - begun < 5


def test_where_mlflow_keeps_it_is_said_by_the_environment() -> None:
    assert "MLFLOW_TRACKING_URI is not set" in refused({})
    assert "begins with 'databricks'" in refused({"MLFLOW_TRACKING_URI": "databricks://profile"})
    assert "begins with 'postgresql+psycopg2'" in refused(
        {"MLFLOW_TRACKING_URI": f"postgresql+psycopg2://a:{NEEDLE}@h/d"}
    )
    assert "is no address" in refused({"MLFLOW_TRACKING_URI": f"https://a:{NEEDLE}@[/"})
    assert "names no experiment" in refused({"MLFLOW_TRACKING_URI": "mlruns"}, "mlflow:")
    assert "there is no such folder" in refused({"MLFLOW_TRACKING_URI": "file:///nowhere/mlruns"})
    assert "could not be reached" in refused({"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"})
    assert "characters that no token has" in refused(
        {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_TRACKING_TOKEN": f"{NEEDLE}\n"}
        | {"MLFLOW_TRACKING_TOKEN": f"ä{NEEDLE}"}
    )


def test_folders_and_databases_are_read_here() -> None:
    for uri in ("mlflow_files/seeds/mlruns", "sqlite:///mlflow_db/seeds/mlflow.db"):
        found = read({"MLFLOW_TRACKING_URI": uri})
        assert [one.labels for one in found if isinstance(one, Metric)] == [("1", "2", "10")]
    folder = {"MLFLOW_TRACKING_URI": str(CASES / "mlflow_files/seeds/mlruns")}
    assert "has no run of 1111111" in refused(folder, "mlflow:churn", "1" * 40)
    assert "has no run of 24f39fa" in refused(folder, "mlflow:fraud")
    absolute = (CASES / "mlflow_db/seeds/mlflow.db").as_posix()
    assert read({"MLFLOW_TRACKING_URI": f"sqlite:///{absolute}"}, root=Path("/"))
    assert read({"MLFLOW_TRACKING_URI": (CASES / "mlflow_files/seeds/mlruns").as_uri()}, root=Path("/"))


def test_a_source_names_an_experiment(tmp_path: Path) -> None:
    with start_server(logged("a", SHA, {"accuracy": [(0.9, 1, 0)]}, lr="0.1")) as server:
        config = Config(sources=("mlflow:churn",))
        run = collect(FolderTree(tmp_path, SHA), config, outside=Outside(env=env_of(server)))
        other = collect(FolderTree(tmp_path, "1" * 40), config, outside=Outside(env=env_of(server)))
        head = collect(FolderTree(tmp_path, "1" * 40), config, outside=Outside(env=env_of(server)), also=SHA)
    assert values(run) == values(head) == {"mlflow:churn:accuracy": 0.9}
    assert [str(one.key) for one in run.params] == ["mlflow:churn:lr"]
    assert other.is_empty
    assert other.broken[0].startswith("mlflow:churn: has no run of 1111111")
    assert collect(FolderTree(tmp_path, ""), config).broken[0].startswith("mlflow:churn: is looked up by commit")


def job_of(root: Path, env: dict[str, str], **build: object) -> Job:
    sha = git(root, "rev-parse", "HEAD")
    return Job(root=root, sha=sha, build=Build(**build), now=NOW, env=env)  # type: ignore[arg-type]


def make_line(folder: Path, count: int) -> list[str]:
    """Commits on main, and a branch that is checked out."""
    repository = make_repository(folder)
    shas = [commit(repository, message=f"Commit {n}") for n in range(count)]
    switch(repository, "wider")
    return [*shas, commit(repository, {"metrics.json": '{"accuracy": 0.8}'})]


def base_of(root: Path, server: TrackingServer, **build: object) -> Base | str:
    job = job_of(root, env_of(server), **build)
    return mlflow.load(root, job.build, "mlflow:churn", lambda _: Run(), "report", env=job.env)


def test_the_base_is_the_run_of_the_merge_base_and_history_those_before(tmp_path: Path) -> None:
    shas = make_line(tmp_path, 5)
    runs = [
        logged(f"r{n}", sha, {"accuracy": [(n / 8, 1, 0)], "loss": LOSS[:3]}, started=n)
        for n, sha in enumerate(shas[:5])
    ]
    with start_server(*runs, logged("x", "1" * 40, {"accuracy": [(0.1, 1, 0)]})) as server:
        found = base_of(tmp_path, server)
        # Courses of the base alone.
        assert sum("get-history" in path for _, path in server.requests) == 1
    assert isinstance(found, Base)
    assert (found.side.sha, found.side.kind, found.side.label) == (shas[4], "mlflow", "main")
    assert found.side.source == "the merge base with main, churn in MLflow"
    assert [run.sha for run in found.history] == shas[:5]
    assert [run.metrics[0].value for run in found.history] == [0.0, 0.125, 0.25, 0.375, 0.5]
    assert [list(one.x) for one in found.run.series] == [[0, 1]]
    assert found.run.created == "1970-01-01T00:00:00Z"


def test_the_nearest_ancestor_that_has_a_finished_run(tmp_path: Path) -> None:
    shas = make_line(tmp_path, 4)
    runs = [logged("r", shas[1], {"accuracy": [(0.9, 1, 0)]}), logged("k", shas[2], {}, status="RUNNING")]
    with start_server(*runs) as server:
        found = base_of(tmp_path, server)
        server.runs = []
        none = base_of(tmp_path, server)
    assert isinstance(found, Base)
    assert found.side.sha == shas[1]
    assert "that MLflow has a run of, 2 commits before it" in found.side.source
    assert none == (
        f"no finished run of churn in MLflow is of the merge base with main ({shas[3][:7]}), "
        "nor of the 3 commits before it"
    )


def test_a_fork_has_no_secrets_and_still_gets_a_report(tmp_path: Path) -> None:
    make_line(tmp_path, 2)
    job = job_of(tmp_path, {}, forge="github", repo="ada/net", is_fork=True, base_branch="main")
    report, _ = make_report(job, Config(baseline="mlflow:churn"))
    assert report.base.source == "MLFLOW_TRACKING_URI is not set here: jobs of forks have no secrets"


def test_a_baseline_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    make_line(tmp_path, 2)
    with pytest.raises(BaselineError, match="MLFLOW_TRACKING_URI is not set"):
        make_report(job_of(tmp_path, {}), Config(baseline="mlflow:churn"))


def test_numbers_of_files_are_compared_with_those_of_the_server(tmp_path: Path) -> None:
    shas = make_line(tmp_path, 1)
    with start_server(logged("r", shas[0], {"accuracy": [(0.9, 1, 0)], "f1": [(0.7, 1, 0)]}, lr="0.1")) as server:
        report, _ = make_report(job_of(tmp_path, env_of(server)), Config(baseline="mlflow:churn"))
    rows = {
        str(delta.key): (delta.head and delta.head.value, delta.base and delta.base.value) for delta in report.deltas
    }
    assert rows == {"metrics.json:accuracy": (0.8, 0.9), "mlflow:churn:f1": (None, 0.7)}
    assert report.base.kind == "mlflow"


def test_both_sides_from_the_server_on_a_merge_commit(tmp_path: Path) -> None:
    repository = make_repository(tmp_path)
    base = commit(repository)
    switch(repository, "wider")
    head = commit(repository, {"a": "b"})
    merge(repository, base, head)
    runs = [logged("h", head, {"accuracy": [(0.8, 1, 0)]}), logged("b", base, {"accuracy": [(0.9, 1, 0)]})]
    config = Config(baseline="mlflow:churn", sources=("mlflow:churn",))
    with start_server(*runs) as server:
        job = job_of(tmp_path, env_of(server), forge="github", repo="a/b", pull=1, sha=head, base_branch="main")
        report, run = make_report(job, config)
        assert make_run(job, config).metrics == run.metrics
    [delta] = report.deltas
    assert (str(delta.key), delta.trend) == ("mlflow:churn:accuracy", Trend.UNCLEAR)
    assert (delta.head and delta.head.value, delta.base and delta.base.value) == (0.8, 0.9)


def test_foreign_answers_give_no_more_than_they_may() -> None:
    run = logged("a", SHA, {"loss": [(0.5, 1, 10**30), (1e400, 2, 3)]}, lr="x" * 10_000)
    run["data"]["metrics"] += [{"key": 3}, "x", {"key": "none", "value": None}, {"key": "half", "value": "NaN"}]
    run["info"]["start_time"] = "soon"
    with start_server(run) as server:
        server.runs[0]["info"]["start_time"] = 5
        found = list(observe_commit(place := place_of(server), place.find_runs(SHA), SHA))
    assert all(not isinstance(one, Note) for one in found)
    assert {one.name for one in found if isinstance(one, Metric)} == {"half"}
