"""MLflow's folder and database: what the tool itself reports, which run is chosen, and files made to do harm."""

from __future__ import annotations

import math
import shutil
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import pytest

from cml_bot.collect import collect
from cml_bot.commit_tree import CommitTree
from cml_bot.config import Config
from cml_bot.errors import InputError
from cml_bot.model import Figure, Metric, Note, Observation, Repeats, Role, Run, Series
from cml_bot.readers import _sqlite, mlflow_db, mlflow_files
from cml_bot.readers._course import MOST_KEPT
from cml_bot.rows import names_of, rows_of
from cml_bot.trees import FolderTree
from tests.reader_cases import CASES, read_case
from tests.repositories import commit, make_repository

SHA = "24f39fa142929c0183a8a697fbba5e6a5aab4cdd"
CANDIDATE = "8b99444b1a1a344b9258857431bd72dc7fb54544"
PLACES = ("mlflow_files", "mlflow_db")


def read(module: str, case: str) -> list[Observation]:
    return list(read_case(module, CASES / module / case))


def metrics(found: list[Observation]) -> dict[str, Metric]:
    return {one.name: one for one in found if isinstance(one, Metric)}


def courses(found: list[Observation]) -> dict[str, Series]:
    return {one.name: one for one in found if isinstance(one, Series)}


def notes(found: list[Observation]) -> str:
    return "\n".join(one.text for one in found if isinstance(one, Note))


def run_of(root: Path, sha: str = SHA, **config: tuple[str, ...]) -> Run:
    return collect(FolderTree(root, sha), Config(**config))  # type: ignore[arg-type]


def read_db(path: Path, sha: str = SHA) -> list[Observation]:
    return list(mlflow_db.read_store({path.name: path}, sha))


def read_files(folder: Path, sha: str = SHA) -> list[Observation]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return list(mlflow_files.read_store({path.relative_to(folder).as_posix(): path for path in paths}, sha))


def put(folder: Path, run: str, **files: str) -> Path:
    """Write a run of the experiment 7 as MLflow does; ``__`` stands for ``/``."""
    place = folder / "mlruns" / "7"
    place.mkdir(parents=True, exist_ok=True)
    (place / "meta.yaml").write_text("name: churn\nlifecycle_stage: active\n")
    usual = {"meta.yaml": f"run_id: {run}\nstatus: 3\nlifecycle_stage: active\nstart_time: 5\n"}
    usual["tags/mlflow.source.git.commit"] = SHA
    for name, text in (usual | {name.replace("__", "/"): text for name, text in files.items()}).items():
        path = place / run / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize("module", PLACES)
def test_what_mlflow_itself_says_is_last(module: str) -> None:
    # As latest_metrics of MLflow's own database has it.
    found = read(module, "main")
    last = {name: [one.x[-1], one.y[-1]] for name, one in courses(found).items()}
    # Logged as 0, 1, 1, 5, 3.
    assert last["messy"] == [5, 7.5]
    numbers = metrics(found)
    assert numbers["final_accuracy"].value == 0.9780701754385965
    assert numbers["model/acc"].value == 0.91
    assert math.isnan(numbers["nan_metric"].value)
    assert numbers["inf_metric"].value == math.inf
    if module == "mlflow_db":
        assert last["train/loss"] == [9, 0.052822208396559364]
        assert last["val/auc"] == [9, 0.9954927087936368]


@pytest.mark.parametrize("module", PLACES)
def test_both_sides_of_a_pull_request_have_the_same_names(module: str) -> None:
    main = run_of(CASES / module / "main")
    candidate = run_of(CASES / module / "candidate", CANDIDATE)
    for part in ("metrics", "series", "params"):
        names = [one.key for one in getattr(main, part)]
        assert names == [one.key for one in getattr(candidate, part)] != []
    assert [one.name for one in main.figures] == [one.name for one in candidate.figures]
    assert main.data == candidate.data
    assert main.broken == main.unread == ()
    assert all("2 runs within the run left out, which differ in lr" in note for note in main.notes)


def test_artifacts_are_no_sources_of_their_own(tmp_path: Path) -> None:
    put(tmp_path, "a1", metrics__acc="1 0.9 0\n", artifacts__metrics_json="")
    folder = tmp_path / "mlruns/7/a1/artifacts"
    (folder / "metrics.json").write_text('{"accuracy": 0.1}')
    shutil.copytree(folder, tmp_path / "mlartifacts/a1/artifacts")
    run = run_of(tmp_path)
    assert [source.path for source in run.sources] == ["mlartifacts", "mlruns"]
    assert [(str(one.key), one.value) for one in run.metrics] == [("mlruns/churn:acc", 0.9)]


def test_a_database_keeps_its_pictures_beside_it() -> None:
    run = run_of(CASES / "mlflow_db/experiments")
    assert [source.path for source in run.sources] == ["mlflow.db", "mlruns"]
    # Logged at steps 1 and 2.
    assert [(one.name, one.caption) for one in run.figures] == [("mlflow.db/churn/images/val/mask.png", "mask")]
    assert [str(one.key) for one in run.metrics] == ["mlflow.db/churn:accuracy", "mlflow.db/fraud:accuracy"]


@pytest.mark.parametrize("folder", ["", "train/"])
def test_a_database_of_a_commit_has_its_pictures(tmp_path: Path, folder: str) -> None:
    repository = make_repository(tmp_path)
    shutil.copytree(CASES / "mlflow_db/experiments", tmp_path / folder, dirs_exist_ok=True)
    tree = CommitTree(repository, commit(repository))
    (tmp_path / folder / "mlflow.db").unlink()
    shutil.rmtree(tmp_path / folder / "mlruns")
    assert [one.name for one in collect(tree, Config()).figures] == [f"{folder}mlflow.db/churn/images/val/mask.png"]


def test_pictures_of_a_server_lie_in_another_folder(tmp_path: Path) -> None:
    put(tmp_path, "a1", metrics__acc="1 0.9 0\n")
    picture = next((CASES / "mlflow_files/main").rglob("coef.png"))
    for name in ("a.png", *(f"many/{n:02}.png" for n in range(30))):
        path = tmp_path / "mlartifacts/7/a1/artifacts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, path)
    (tmp_path / "mlartifacts/7/a1/artifacts/b.png").symlink_to("/etc/hostname")
    (tmp_path / "mlartifacts/7/a1/artifacts/a.gif").write_text("no picture")
    run = run_of(tmp_path)
    assert [one.name for one in run.figures][:2] == ["mlruns/churn/a.png", "mlruns/churn/many/00.png"]
    assert len(run.figures) == 19
    assert run.notes == (
        "mlruns: experiment churn: a.gif: is not a picture. Save it as PNG, JPEG, GIF, WebP or SVG.",
        "mlruns: experiment churn: 12 pictures left out: the first 20 are shown. Log fewer as artifacts.",
    )


@pytest.mark.parametrize("module", PLACES)
def test_runs_that_differ_in_their_seed_are_one_metric(module: str) -> None:
    found = read(module, "seeds")
    accuracy = metrics(found)["accuracy"]
    assert (accuracy.labels, accuracy.repeats, len(accuracy.values)) == (("1", "2", "10"), Repeats.TRAININGS, 3)
    assert [one.replicate for one in found if isinstance(one, Series)] == ["1", "2", "10"]
    assert "1 earlier run of this commit left out, the newest counts: seed 1" in notes(found)
    # The seed is told by the labels.
    assert "'seed'" not in str([one for one in found if not isinstance(one, Note)])


def test_folds_are_told_by_a_parameter_or_by_the_name_of_their_run() -> None:
    found = metrics(read("mlflow_files", "folds"))
    assert found["accuracy"].repeats is Repeats.FOLDS
    assert found["accuracy"].labels == ("fold 0", "fold 1", "fold 2")
    # The run around them has measured this alone, and the mean of the others, which is theirs.
    assert found["mean_fit_seconds"].value == 1.25
    named = metrics(read("mlflow_files", "named_folds"))
    assert (named["loss"].labels, named["loss"].repeats) == (("fold 0", "fold 1"), Repeats.FOLDS)
    cpu = named["system/cpu_utilization_percentage"]
    assert (cpu.values, cpu.role) == ((55.0, 56.0), Role.BOOKKEEPING)


def test_folds_with_curves_are_folds(tmp_path: Path) -> None:
    for fold in range(3):
        put(tmp_path, f"r{fold}", metrics__acc="1 0.9 0\n", metrics__loss="1 0.5 0\n1 0.4 1\n", params__fold=str(fold))
    run = run_of(tmp_path)
    rows = rows_of(run, (), names_of(run))
    assert {(key.name, one.repeats, one.labels) for key, one in rows.items()} == {
        ("acc", Repeats.FOLDS, ("fold 0", "fold 1", "fold 2")),
        ("loss", Repeats.FOLDS, ("fold 0", "fold 1", "fold 2")),
    }


def test_the_number_of_folds_is_a_setting(tmp_path: Path) -> None:
    for n in (5, 10):
        start = {"meta.yaml": f"status: 3\nrun_name: of {n}\nstart_time: {n}\n"}
        put(tmp_path, f"r{n}", metrics__acc=f"1 0.{n} 0\n", params__n_fold=str(n), **start)
    found = read_files(tmp_path)
    assert metrics(found)["acc"].values == (0.10,)
    assert "1 earlier run of this commit left out, the newest counts: of 5" in notes(found)


def test_a_search_is_no_repetition() -> None:
    found = read("mlflow_files", "search")
    assert list(metrics(found)) == ["best_loss"]
    assert "2 runs within the run left out, which differ in lr" in notes(found)


def test_which_run_counts() -> None:
    again = read("mlflow_files", "again")
    assert metrics(again)["accuracy"].value == 0.9
    assert "a newer run has not finished: second" in notes(again)
    killed = read("mlflow_files", "killed")
    assert "no run has finished; oom is running" in notes(killed)
    # The third line was cut within its number.
    assert courses(killed)["val/loss"].y == (0.5, 0.25)
    assert "lines that are not whole, in the files of val/loss" in notes(killed)
    other = read("mlflow_files", "other_commit")
    assert "no run is of 8b99444; the newest, first of 24f39fa, stands for it" in notes(other)
    assert metrics(other)["accuracy"].value == 0.9
    several = read("mlflow_files", "experiments")
    assert "experiments without a run of 24f39fa: abandoned; left out" in notes(several)
    assert {one.group: one.value for one in several if isinstance(one, Metric)} == {"churn": 0.9, "fraud": 0.7}


def test_outside_of_a_repository_the_newest_run_counts(tmp_path: Path) -> None:
    put(tmp_path, "a1", metrics__acc="1 0.1 0\n", **{"tags/mlflow.source.git.commit": "1" * 40})
    put(tmp_path, "a2", metrics__acc="1 0.9 0\n", **{"meta.yaml": "status: 3\nrun_name: last\nstart_time: 9\n"})
    found = read_files(tmp_path, "")
    assert metrics(found)["acc"].value == 0.9
    assert notes(found) == "experiment churn: of 2 runs the newest stands, last."
    # With what is of its commit: another step of the same job.
    put(tmp_path, "a3", metrics__loss="1 0.2 0\n")
    assert {name: one.value for name, one in metrics(read_files(tmp_path, "")).items()} == {"acc": 0.9, "loss": 0.2}
    assert metrics(read_files(tmp_path, "2" * 40)).keys() == {"acc", "loss"}


def test_deleted_runs_never_count(tmp_path: Path) -> None:
    put(tmp_path, "a1", metrics__acc="1 0.1 0\n", **{"meta.yaml": "status: 3\nlifecycle_stage: deleted\n"})
    assert read_files(tmp_path) == []
    put(tmp_path, "a2", metrics__acc="1 0.9 0\n", **{"tags/mlflow.source.git.commit": "1" * 40})
    assert metrics(read_files(tmp_path))["acc"].value == 0.9
    (tmp_path / "mlruns/7/meta.yaml").write_text("name: churn\nlifecycle_stage: deleted\n")
    assert read_files(tmp_path) == []


def test_a_run_that_measured_other_things_is_another_step(tmp_path: Path) -> None:
    put(tmp_path, "a1", metrics__loss="1 0.1 0\n", params__lr="0.1", params__model="big")
    late = {"meta.yaml": "status: 3\nrun_name: evaluation\nstart_time: 9\n"}
    put(tmp_path, "a2", metrics__acc="1 0.9 0\n", params__lr="?", **late)
    found = read_files(tmp_path)
    assert {name: one.value for name, one in metrics(found).items()} == {"acc": 0.9, "loss": 0.1}
    assert "parameters that differ between runs of this commit: lr; those of the newest are shown" in notes(found)


def test_what_is_taken_of_the_machine_makes_no_step_another(tmp_path: Path) -> None:
    cpu = {"metrics/system/cpu": "1 50 0\n1 52 1\n"}
    put(tmp_path, "a1", metrics__loss="1 0.1 0\n", **cpu)
    put(tmp_path, "a2", metrics__acc="1 0.9 0\n", **cpu, **{"meta.yaml": "status: 3\nstart_time: 9\n"})
    found = read_files(tmp_path)
    assert metrics(found).keys() == {"acc", "loss", "system/cpu", "system/cpu (2)"}
    assert notes(found) == ""
    # A run that has nothing else measured the same as another such.
    for n in (1, 2):
        put(tmp_path, f"b{n}", **cpu, **{"meta.yaml": f"status: 3\nrun_name: b{n}\nstart_time: {n}\n"})
    assert "1 earlier run of this commit left out, the newest counts: b1" in notes(read_files(tmp_path))


def test_long_courses_are_thinned(tmp_path: Path) -> None:
    lines = "".join(f"{step} {0.5 if step != 777 else 9.5} {step}\n" for step in range(20_000))
    put(tmp_path, "a1", **{"metrics/loss": lines, "metrics/system/cpu": lines})
    found = read_files(tmp_path)
    loss = courses(found)["loss"]
    assert len(loss.x) <= MOST_KEPT
    assert (loss.x[0], loss.x[-1], max(loss.y)) == (0, 19_999, 9.5)
    assert metrics(found)["system/cpu"].value == pytest.approx(0.5 + 9 / 20_000)


def test_names_and_lines_of_all_kinds(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a1",
        **{
            "metrics/a b/ü (x)": "1 1e-3 0\n2 0.5 1 data set 1f2e\n",
            "metrics/old": "1 0.25\n",
            "metrics/odd": "x 0.1 1e3\n1 abc 2\n\n3 1_000 1\n4 -inf 99999999999999999999\n",
            "metrics/empty": "",
            "params/note": "a\nb ",
        },
    )
    found = read_files(tmp_path)
    assert courses(found)["a b/ü (x)"].y == (1e-3, 0.5)
    assert metrics(found)["old"].value == 0.25
    # What is no step stands at 0, in the order of time.
    assert metrics(found)["odd"].value == -math.inf
    assert "empty" not in metrics(found)
    assert "lines that are not whole, in the files of odd" in notes(found)


def test_broken_files_cost_a_line(tmp_path: Path) -> None:
    put(tmp_path, "a1", metrics__acc="1 0.9 0\n", **{"meta.yaml": "status: [3\n"})
    put(tmp_path, "a2", metrics__acc="1 0.8 0\n", inputs__x__meta_yaml="", params__big="x" * 100_000)
    (tmp_path / "mlruns/7/meta.yaml").write_bytes(b"\xff\0{")
    found = read_files(tmp_path)
    assert metrics(found)["acc"].value == 0.8
    assert "mlruns/7/a1/meta.yaml" in notes(found)
    assert [len(one.value) for one in found if hasattr(one, "value") and isinstance(one.value, str)] == [1000]


def test_a_run_whose_parent_was_deleted_stands_alone(tmp_path: Path) -> None:
    put(tmp_path, "a1", metrics__acc="1 0.1 0\n", **{"meta.yaml": "status: 3\nlifecycle_stage: deleted\n"})
    put(tmp_path, "a2", metrics__acc="1 0.9 0\n", **{"tags/mlflow.parentRunId": "a1"})
    assert metrics(read_files(tmp_path))["acc"].value == 0.9


def test_a_run_whose_description_the_tree_does_not_give_costs_a_line(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    put(tmp_path, "a1", metrics__acc="1 0.9 0\n", **{"meta.yaml": pointer})
    run = run_of(tmp_path)
    assert run.broken == run.unread == ()
    assert [(str(one.key), one.value) for one in run.metrics] == [("mlruns/churn:acc", 0.9)]
    assert "cannot be read: mlruns/7/a1/meta.yaml; left out" in run.notes[-1]


def test_what_the_tree_does_not_give_costs_a_line(tmp_path: Path) -> None:
    put(tmp_path, "a1", metrics__acc="1 0.9 0\n")
    folder = tmp_path / "mlruns/7/a1"
    (folder / "artifacts").mkdir()
    (folder / "artifacts/roc.png").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    (folder / "metrics/stolen").symlink_to("/etc/hostname")
    run = run_of(tmp_path)
    assert [(str(one.key), one.value) for one in run.metrics] == [("mlruns/churn:acc", 0.9)]
    assert "cannot be read: mlruns/7/a1/metrics/stolen, mlruns/7/a1/artifacts/roc.png; left out" in run.notes[0]


def test_more_than_anybody_logs_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a1", metrics__acc="1 0.9 0\n", metrics__loss="1 0.5 1\n" * 501_000, metrics__z="1 0.1 0\n")
    with (tmp_path / "mlruns/7/a1/metrics/huge").open("wb") as file:
        file.truncate(40 * 2**20)
    found = read_files(tmp_path)
    assert metrics(found).keys() == {"acc", "loss"}
    assert "metrics/huge is larger than 32 MB; left out" in notes(found)
    assert "a run has more than 500,000 points; 1 metric left out" in notes(found).replace("\u202f", ",").replace(
        " 000", ",000"
    )


def test_a_folder_of_artifacts_alone_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mlruns/1/0123/artifacts/metrics.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"accuracy": 0.9}')
    assert run_of(tmp_path).is_empty


def test_a_committed_folder_is_read_as_of_its_commit(tmp_path: Path) -> None:
    from cml_bot.commit_tree import CommitTree

    repository = make_repository(tmp_path / "x")
    shutil.copytree(CASES / "mlflow_files/seeds/mlruns", repository / "mlruns")
    shutil.copy(CASES / "mlflow_db/seeds/mlflow.db", repository)
    tree = CommitTree(repository, commit(repository))
    run = collect(tree, Config())
    assert [str(one.key) for one in run.metrics] == ["mlflow.db/churn:accuracy", "mlruns/churn:accuracy"]
    assert "stands for it" in run.notes[0]


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_database_that_is_still_open(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "mlflow.db"
    shutil.copy(CASES / "mlflow_db/seeds/mlflow.db", path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode={mode}")
    connection.execute("PRAGMA cache_size=1")
    connection.execute("UPDATE metrics SET value = 0.5 WHERE key = 'accuracy'")
    connection.execute("BEGIN")
    # Not committed, yet in the file or beside it.
    connection.execute("UPDATE metrics SET value = 0.1 WHERE key = 'accuracy'")
    connection.execute("UPDATE params SET value = 'x'")
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir() if not one.name.endswith("-shm")}
    assert len(before) == 2
    assert metrics(read_db(path))["accuracy"].values == (0.5, 0.5, 0.5)
    connection.execute("ROLLBACK")
    connection.close()
    assert before.keys() == {"mlflow.db", f"mlflow.db-{'wal' if mode == 'wal' else 'journal'}"}


def test_a_database_on_its_own_in_wal_mode(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    shutil.copy(CASES / "mlflow_db/seeds/mlflow.db", path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=wal")
    connection.close()
    path.chmod(0o444)
    assert len(metrics(read_db(path))["accuracy"].values) == 3
    assert [one.name for one in tmp_path.iterdir()] == ["mlflow.db"]


def change(path: Path, *statements: str) -> Path:
    shutil.copy(CASES / "mlflow_db/seeds/mlflow.db", path)
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["DROP TABLE tags"], "holds no runs of MLflow"),
        (
            [
                "ALTER TABLE params RENAME TO p",
                f"CREATE VIEW params AS {ENDLESS} SELECT i AS key, i AS value, i AS run_uuid FROM n",
            ],
            "holds no runs of MLflow",
        ),
        (["ALTER TABLE runs DROP COLUMN start_time"], "no such column"),
    ],
)
def test_databases_of_another_kind(tmp_path: Path, statements: list[str], told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_db(change(tmp_path / "mlflow.db", *statements))


def test_a_database_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sqlite, "_SECONDS", -1.0)
    path = change(
        tmp_path / "mlflow.db",
        f"INSERT INTO tags SELECT 'k' || i, 'v', 'r' || i FROM ({ENDLESS} SELECT i FROM n LIMIT 20000)",
        "INSERT INTO runs (run_uuid, status, start_time, lifecycle_stage, experiment_id) "
        "SELECT run_uuid, 'FINISHED', 1, 'active', 1 FROM tags WHERE key LIKE 'k%'",
    )
    with pytest.raises(InputError, match="takes too long to read"):
        read_db(path)


def test_cells_of_any_kind(tmp_path: Path) -> None:
    path = change(
        tmp_path / "mlflow.db",
        "UPDATE runs SET start_time = 'soon', name = x'ff00'",
        "UPDATE metrics SET step = 'x', timestamp = 1e300 WHERE key = 'val/loss'",
        "UPDATE metrics SET value = 'high' WHERE key = 'accuracy' AND value < 0.905",
        "UPDATE experiments SET name = '../../etc' WHERE name = 'churn'",
        "UPDATE params SET value = x'ff' WHERE key = 'lr'",
    )
    found = read_db(path)
    assert len(metrics(found)["val/loss"].values) == 3
    assert 1 <= len(metrics(found)["accuracy"].values) < 3
    assert not any(isinstance(one, Figure) for one in found)


def test_one_long_text_in_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # In a made-up file they can share their pages, so that a megabyte holds a terabyte.
    monkeypatch.setattr(mlflow_db, "_LARGEST_ANSWER", 2**20)
    rows = f"SELECT 'k' || i, CAST(zeroblob(400000) AS TEXT), run_uuid FROM runs, ({ENDLESS} SELECT i FROM n LIMIT 3)"
    path = change(tmp_path / "mlflow.db", f"INSERT INTO params {rows}")
    with pytest.raises(InputError, match="holds more than 1 MB of texts"):
        read_db(path)


def test_texts_that_are_too_long_and_files_that_are_cut(tmp_path: Path) -> None:
    path = change(tmp_path / "mlflow.db", "UPDATE params SET value = CAST(zeroblob(5000000) AS TEXT)")
    with pytest.raises(InputError, match="too big"):
        read_db(path)
    whole = (CASES / "mlflow_db/seeds/mlflow.db").read_bytes()
    for size in (0, 10, 16, 100, 512, 5000, len(whole) - 512):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError):
            read_db(path)
    for place in range(0, len(whole), 997):
        path.write_bytes(whole[:place] + b"\xff" * 40 + whole[place + 40 :])
        # Gives something or says why not.
        with suppress(InputError):
            read_db(path)


def test_other_databases_are_left_alone_unless_named(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "app.db")
    connection.execute("CREATE TABLE users (name TEXT)")
    connection.close()
    shutil.copy(CASES / "mlflow_db/seeds/mlflow.db", tmp_path / "tracking.sqlite3")
    assert run_of(tmp_path).sources == ()
    named = run_of(tmp_path, sources=("*.db", "tracking.sqlite3"))
    assert [str(one.key) for one in named.metrics] == ["tracking.sqlite3/churn:accuracy"]
    assert named.broken[0].startswith("app.db: holds no runs of MLflow")


def test_many_runs_cost_little(tmp_path: Path) -> None:
    for n in range(300):
        put(tmp_path, f"r{n}", metrics__acc="1 0.5 0\n", **{"tags/mlflow.source.git.commit": f"{n:040x}"})
    begun = time.monotonic()
    run = run_of(tmp_path, f"{7:040x}")
    assert [str(one.key) for one in run.metrics] == ["mlruns/churn:acc"]
    assert run.notes == ()
    # A few files of each, however many there are.
    assert time.monotonic() - begun < 5


def test_pictures_that_cannot_be_had_cost_no_numbers(tmp_path: Path) -> None:
    shutil.copy(CASES / "mlflow_db/main/mlflow.db", tmp_path)
    runs = sqlite3.connect(tmp_path / "mlflow.db")
    rows = runs.execute("SELECT experiment_id, run_uuid FROM runs").fetchall()
    runs.close()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n"
    for experiment, run in rows:
        folder = tmp_path / "mlruns" / str(experiment) / run / "artifacts"
        folder.mkdir(parents=True)
        (folder / "a.png").write_text(pointer)
    whole = run_of(CASES / "mlflow_db/main")
    here = run_of(tmp_path)
    assert {one.name for one in here.metrics} >= {one.name for one in whole.metrics}
    assert any("pictures of" in note for note in here.notes)
