"""An MLflow tracking server as a place of runs, by its REST interface.

Source: https://mlflow.org/docs/latest/rest-api.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cml_bot.filters import format_number
from cml_bot.mlflow_wire import mappings
from cml_bot.readers._mlflow_artifacts import make_fact
from cml_bot.readers._mlflow_runs import COMMIT, NAME, PARENT, Logged
from cml_bot.readers._mlflow_values import MOST_METRICS, course_of, unfold, whole
from cml_bot.readers._numbers import as_double

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from cml_bot.mlflow_wire import Server
    from cml_bot.model import Fact
    from cml_bot.readers._course import Course
    from cml_bot.readers._mlflow_values import Point

_PAGE = 1_000
_MOST_PAGES = 5
_MOST_COURSES = 300
"""Metrics of one run whose course is asked for: each costs a request."""


class ServerPlace:
    """One experiment of a server as a place of runs."""

    def __init__(self, server: Server, experiment: str, *, with_courses: bool = True) -> None:
        """Say nothing yet.

        Args:
            server: where it is.
            experiment: its name.
            with_courses: whether all points of a metric are asked for, which costs a request each, or the last alone.
        """
        self._server = server
        self._experiment = experiment
        self._with_courses = with_courses
        self._key = ""
        self._rows: dict[str, Mapping[str, Any]] = {}
        self._notes: list[str] = []

    def glance(self) -> ServerPlace:
        """Give the same experiment and what is known of it, with the last value of each metric alone."""
        place = ServerPlace(self._server, self._experiment, with_courses=False)
        place._key, place._rows = self._key, self._rows
        return place

    def find_runs(self, sha: str) -> list[Logged]:
        """List the runs of a commit, newest first.

        Raises:
            InputError: there is no such experiment, or it is not given.
        """
        is_sha = re.fullmatch(r"[0-9a-f]{7,64}", sha) is not None
        return list(self._search(f"tags.`{COMMIT}` = '{sha}'", _MOST_PAGES)) if is_sha else []

    def list_newest(self) -> list[Logged]:
        """List the newest runs of any commit.

        Raises:
            InputError: there is no such experiment, or it is not given.
        """
        return list(self._search("", 1))

    def _search(self, wanted: str, most: int) -> Iterator[Logged]:
        if not self._key:
            answer = self._server.get("experiments/get-by-name", experiment_name=self._experiment)
            self._key = str(_mapping(answer.get("experiment")).get("experiment_id", ""))
        body: dict[str, object] = {
            "experiment_ids": [self._key],
            "filter": wanted,
            "run_view_type": "ACTIVE_ONLY",
            "max_results": _PAGE,
            "order_by": ["attributes.start_time DESC"],
        }
        for _ in range(most):
            answer = self._server.post("runs/search", body)
            for row in mappings(answer.get("runs")):
                run = self._logged(row)
                self._rows[run.key] = row
                yield run
            token = answer.get("next_page_token")
            if not token or token == body.get("page_token"):
                return
            body["page_token"] = token

    def _logged(self, row: Mapping[str, Any]) -> Logged:
        told, tags = _mapping(row.get("info")), _pairs(_mapping(row.get("data")).get("tags"))
        return Logged(
            key=str(told.get("run_id") or told.get("run_uuid") or ""),
            experiment=self._experiment,
            name=str(told.get("run_name") or tags.get(NAME, "")),
            status=str(told.get("status", "")),
            started=whole(told.get("start_time")),
            commit=tags.get(COMMIT, ""),
            parent=tags.get(PARENT, ""),
            place=self._key,
        )

    def params(self, run: Logged) -> Mapping[str, str]:
        """Return its parameters."""
        return dict(sorted(_pairs(self._data(run).get("params")).items()))

    def names(self, run: Logged) -> Collection[str]:
        """Name its metrics."""
        return sorted(self._last(run))

    def courses(self, run: Logged) -> Mapping[str, Course]:
        """Return what was logged of each metric.

        Raises:
            InputError: the server does not give it.
        """
        last = self._last(run)
        found = {name: course_of(_points([last[name]])) for name in sorted(last)}
        # Whose last step is 0 has no other.
        wanted = [name for name in found if whole(last[name].get("step")) != 0] if self._with_courses else []
        if len(wanted) > _MOST_COURSES:
            most = format_number(_MOST_COURSES)
            self._notes.append(f"a run has more than {most} curves; of the others the last value is shown. Log fewer.")
        # Thinned at once: hundreds of metrics with all their points are too much to hold.
        calls = [
            (lambda session, name=name: course_of(_points(self._server.course(session, run.key, name))))
            for name in wanted[:_MOST_COURSES]
        ]
        asked = self._server.all(calls)
        return found | {name: course for name, course in zip(wanted, asked, strict=False) if course.n}

    def data(self, run: Logged) -> Sequence[Fact]:
        """Return the data it says it used."""
        inputs = _mapping(self._rows[run.key].get("inputs"))
        facts = []
        for each in mappings(inputs.get("dataset_inputs"))[:MOST_METRICS]:
            known, tags = _mapping(each.get("dataset")), _pairs(each.get("tags"))
            name, digest, profile = (known.get(key) for key in ("name", "digest", "profile"))
            texts = (name, digest, tags.get("mlflow.data.context"), profile)
            facts.append(make_fact(*(text if isinstance(text, str) else "" for text in texts)))
        return facts

    def pictures(self, run: Logged) -> Mapping[str, Path]:  # noqa: ARG002 - they stay on the server
        """Return none: pictures are not fetched."""
        return {}

    def tell(self) -> Sequence[str]:
        """Say what had to be left out so far."""
        return self._notes

    def _data(self, run: Logged) -> Mapping[str, Any]:
        return _mapping(self._rows[run.key].get("data"))

    def _last(self, run: Logged) -> Mapping[str, Mapping[str, Any]]:
        rows = mappings(self._data(run).get("metrics"))[: MOST_METRICS + 1]
        return {row["key"]: row for row in rows if isinstance(row.get("key"), str)}


def _points(rows: Sequence[Mapping[str, Any]]) -> Iterator[Point]:
    for row in rows:
        number = as_double(row.get("value"))
        if number is not None:
            yield whole(row.get("step")), whole(row.get("timestamp")), unfold(number)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _pairs(value: object) -> dict[str, str]:
    """Read a list of keys and values."""
    return {str(one.get("key")): str(one.get("value", "")) for one in mappings(value)[: 2 * MOST_METRICS]}
