"""An MLflow tracking server on loopback, as far as mlbot speaks to it, whose wire can fail.

Source: https://mlflow.org/docs/latest/rest-api.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.forges.wire import Answer, Request, Wire, serve

Point = tuple[float | str, int, int]
"""Value, milliseconds and step."""
KEY = "7"


def make_run(
    key: str,
    commit: str,
    metrics: dict[str, list[Point]],
    *,
    started: int = 1_700_000_000_000,
    status: str = "FINISHED",
    parent: str = "",
    **params: str,
) -> dict[str, Any]:
    """A run as the server answers it; its points lie under ``points``, which is not sent."""
    tags = {"mlflow.source.git.commit": commit, "mlflow.parentRunId": parent, "mlflow.runName": f"run {key}"}
    last = [
        {"key": name, "value": points[-1][0], "timestamp": points[-1][1], "step": points[-1][2]}
        for name, points in metrics.items()
    ]
    return {
        "info": {"run_id": key, "run_name": f"run {key}", "status": status, "start_time": started},
        "data": {
            "metrics": last,
            "params": [{"key": name, "value": value} for name, value in params.items()],
            "tags": [{"key": name, "value": value} for name, value in tags.items() if value],
        },
        "inputs": {
            "dataset_inputs": [
                {
                    "tags": [{"key": "mlflow.data.context", "value": "test"}],
                    "dataset": {"name": "holdout", "digest": "293c412a", "profile": '{"num_rows": 20}'},
                }
            ]
        },
        "points": metrics,
    }


@dataclass
class TrackingServer(Wire):
    runs: list[dict[str, Any]] = field(default_factory=list)
    """Of the experiment churn."""
    authorization: str = ""
    """What the header of every request has to be; empty where nobody has to say who asks."""
    page: int = 1000
    """Rows of an answer, whatever was asked for."""

    def answer(self, request: Request) -> Answer:
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        if self.authorization and request.headers.get("authorization") != self.authorization:
            return Answer(401, "You are not authenticated. Please see the documentation.")
        match request.method, path.removeprefix("/prefix/api/2.0/mlflow/"):
            case "GET", "experiments/get-by-name":
                if query["experiment_name"] != ["churn"]:
                    return Answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No Experiment"})
                return Answer(200, {"experiment": {"experiment_id": KEY, "name": "churn"}})
            case "POST", "runs/search":
                return self._search(request.data)
            case "GET", "metrics/get-history":
                return self._course(query)
        return Answer(404, {"error_code": "ENDPOINT_NOT_FOUND", "message": path})

    def _search(self, asked: dict[str, Any]) -> Answer:
        assert asked["experiment_ids"] == [KEY]
        assert asked["run_view_type"] == "ACTIVE_ONLY"
        wanted = re.fullmatch(r"tags\.`mlflow\.source\.git\.commit` = '([0-9a-f]+)'", asked["filter"])
        found = [run for run in self.runs if not wanted or wanted[1] in str(run["data"]["tags"])]
        found.sort(key=lambda run: -run["info"]["start_time"])
        start = int(asked.get("page_token", 0))
        rows = [{name: part for name, part in run.items() if name != "points"} for run in found]
        return Answer(200, {"runs": rows[start : start + self.page], **self._token(start, rows)})

    def _course(self, query: dict[str, list[str]]) -> Answer:
        [run] = [run for run in self.runs if run["info"]["run_id"] == query["run_id"][0]]
        name = query["metric_key"][0]
        rows = [
            {"key": name, "value": value, "timestamp": moment, "step": step}
            for value, moment, step in run["points"][name]
        ]
        start = int(query.get("page_token", ["0"])[0])
        return Answer(200, {"metrics": rows[start : start + self.page], **self._token(start, rows)})

    def _token(self, start: int, rows: list[dict[str, Any]]) -> dict[str, str]:
        return {"next_page_token": str(start + self.page)} if start + self.page < len(rows) else {}


@contextmanager
def start_server(*runs: dict[str, Any]) -> Iterator[TrackingServer]:
    """Run one until the block ends."""
    server = TrackingServer(runs=list(runs))
    with serve(server, "/prefix"):
        yield server
