"""Find the run of one commit among 500 in MLflow's database, with all its points: MLflow's own client beside mlbot.

The database is made by MLflow itself, its runs by SQL. Run it by ``.venv/bin/python -m tests.bench.mlflow``.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from pathlib import Path

from tests.bench.turns import Took, install, middle, row, run

ROUNDS = 7
RUNS = 500
STEPS = 100
METRICS = ("train/loss", "val/loss", "val/accuracy", "val/f1")
AT_MOST = 0.2
SHA = f"{RUNS // 2:040x}"
PEER = f"""
import mlflow
client = mlflow.MlflowClient("sqlite:///mlflow.db")
[experiment] = client.search_experiments(filter_string="name = 'churn'")
wanted = "tags.`mlflow.source.git.commit` = '{SHA}'"
[found] = client.search_runs([experiment.experiment_id], wanted, order_by=["attributes.start_time DESC"])
points = sum(len(client.get_metric_history(found.info.run_id, name)) for name in found.data.metrics)
assert points == {STEPS * len(METRICS)}, points
"""
OWN = f"""
from pathlib import Path
from cml_bot.readers.mlflow_db import read_store
from cml_bot.model import Series
found = [one for one in read_store({{"mlflow.db": Path("mlflow.db")}}, "{SHA}") if isinstance(one, Series)]
points = sum(len(one.x) for one in found)
assert points == {STEPS * len(METRICS)}, points
"""


def main() -> None:
    python = install("mlflow", "mlflow==3.17.2", "GitPython==3.2.1")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make = 'import mlflow; mlflow.MlflowClient("sqlite:///mlflow.db").create_experiment("churn")'
        run([python, "-c", make], folder)
        fill(folder / "mlflow.db")
        peer: list[Took] = []
        mine: list[Took] = []
        for _ in range(ROUNDS):
            peer.append(run([python, "-c", PEER], folder))
            mine.append(run([sys.executable, "-c", OWN], folder))
    print(row(f"MLflow: one of {RUNS} runs by its commit", middle(peer), middle(mine), AT_MOST))


def fill(path: Path) -> None:
    connection = sqlite3.connect(path)
    [(experiment,)] = connection.execute("SELECT experiment_id FROM experiments WHERE name = 'churn'").fetchall()
    for n in range(RUNS):
        key = f"{n + 1000:032x}"
        connection.execute(
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
            " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
            " VALUES (?, ?, 'UNKNOWN', '', '', 'ada', 'FINISHED', ?, ?, '', 'active', '', ?)",
            (key, f"run {n}", 1_790_000_000_000 + n, 1_790_000_100_000 + n, experiment),
        )
        tags = (("mlflow.source.git.commit", f"{n:040x}"), ("mlflow.runName", f"run {n}"))
        connection.executemany("INSERT INTO tags VALUES (?, ?, ?)", [(*tag, key) for tag in tags])
        connection.executemany("INSERT INTO params VALUES (?, ?, ?)", [("lr", "0.1", key), ("seed", str(n), key)])
        for metric in METRICS:
            points = [(metric, 1 / (step + 1), 1_790_000_000_000 + step, key, step, 0) for step in range(STEPS)]
            connection.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", points)
            last = (metric, 1 / STEPS, 1_790_000_000_000 + STEPS, STEPS - 1, 0, key)
            connection.execute("INSERT INTO latest_metrics VALUES (?, ?, ?, ?, ?, ?)", last)
    connection.commit()
    connection.close()


if __name__ == "__main__":
    main()
