"""A real tracking server of MLflow, filled by its own client: what mlbot reads is what the client reads."""

from __future__ import annotations

import json
import math
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cml_bot.errors import InputError
from cml_bot.mlflow_source import read_experiment
from cml_bot.model import Fact, Metric, Param, Repeats, Series
from tests.bench.turns import install

PACKAGES = ("mlflow==3.17.2", "GitPython==3.2.1")
SHA = "24f39fa142929c0183a8a697fbba5e6a5aab4cdd"
PATIENCE = 120.0
TRAINING = f"""
import json, mlflow, numpy
mlflow.set_experiment("churn & co")
tags = {{"mlflow.source.git.commit": "{SHA}"}}
with mlflow.start_run(run_name="cv", tags=tags) as run:
    mlflow.log_params({{"lr": 0.1, "model/depth": 3}})
    mlflow.log_input(mlflow.data.from_numpy(numpy.zeros((20, 2)), name="hold out"), context="test")
    for step in range(30_000):
        if step % 1000 == 0:
            mlflow.log_metric("val/loss", 1 / (step + 1), step=step)
    mlflow.log_metric("nan", float("nan"))
    mlflow.log_metric("inf", float("-inf"))
    for fold in range(3):
        with mlflow.start_run(run_name=f"fold {{fold}}", tags=tags, nested=True):
            mlflow.log_param("fold", fold)
            mlflow.log_metric("accuracy", 0.9 + fold / 100)
client = mlflow.MlflowClient()
print(json.dumps([[one.step, one.value] for one in client.get_metric_history(run.info.run_id, "val/loss")]))
"""


@pytest.fixture(scope="module")
def python() -> Path:
    return install("mlflow", *PACKAGES)


@pytest.fixture(scope="module")
def address(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with basic authentication off, on a free port."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"],
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait(f"http://127.0.0.1:{port}/health", folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        # It has started workers of its own.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def wait(url: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"the server did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def course(python: Path, address: str, tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    """The course of val/loss, as MLflow's client reads it."""
    env = {**os.environ, "MLFLOW_TRACKING_URI": address}
    folder = tmp_path_factory.mktemp("training")
    done = subprocess.run([python, "-c", TRAINING], cwd=folder, env=env, check=True, capture_output=True, text=True)
    found: list[list[Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_mlbot_reads_what_the_client_reads(address: str, course: list[list[Any]]) -> None:
    found = list(read_experiment("mlflow:churn & co", {"MLFLOW_TRACKING_URI": address}, Path(), [SHA]))
    [series] = [one for one in found if isinstance(one, Series)]
    assert [[x, y] for x, y in zip(series.x, series.y, strict=True)] == course
    metrics = {one.name: one for one in found if isinstance(one, Metric)}
    assert metrics["accuracy"].values == (0.9, 0.91, 0.92)
    assert (metrics["accuracy"].labels, metrics["accuracy"].repeats) == (("fold 0", "fold 1", "fold 2"), Repeats.FOLDS)
    assert math.isnan(metrics["nan"].value)
    assert metrics["inf"].value == -math.inf
    assert {one.name: one.value for one in found if isinstance(one, Param)} == {"lr": "0.1", "model/depth": "3"}
    [fact] = [one for one in found if isinstance(one, Fact)]
    assert fact.name == "hold out (test)"


def test_what_is_not_there(address: str, course: list[list[Any]]) -> None:
    env = {"MLFLOW_TRACKING_URI": address}
    with pytest.raises(InputError, match="has no such experiment"):
        list(read_experiment("mlflow:nobody", env, Path(), [SHA]))
    with pytest.raises(InputError, match="has no run of 1111111"):
        list(read_experiment("mlflow:churn & co", env, Path(), ["1" * 40]))
