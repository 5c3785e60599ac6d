"""An MLflow tracking server as a place of runs, by its REST interface.

Source: https://mlflow.org/docs/latest/rest-api.html
"""

from __future__ import annotations

import json
import re
import time
from collections import deque
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth
from requests.exceptions import ProxyError, RequestException, SSLError, Timeout

from cml_bot.errors import InputError
from cml_bot.filters import format_number
from cml_bot.readers._mlflow import COMMIT, NAME, PARENT, Logged
from cml_bot.readers._mlflow_artifacts import make_fact
from cml_bot.readers._mlflow_values import MOST_METRICS, MOST_POINTS, unfold, whole
from cml_bot.readers._numbers import as_double
from cml_bot.tokens import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from cml_bot.model import Fact
    from cml_bot.readers._mlflow_values import Point

Answer = TypeVar("Answer")
URI, TOKEN, USER, PASSWORD = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
)
"""Source: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html"""
SECONDS = 60.0
"""For all of a conversation."""
_WAIT = (10.0, 30.0)
"""Seconds to connect, and without a word."""
_TRIES = 3
_AT_ONCE = 8
_LARGEST = 64 * 1024 * 1024
"""Bytes of one answer."""
_PAGE = 1_000
_MOST_PAGES = 5
_MOST_COURSES = 300
"""Metrics of one run whose course is asked for: each costs a request."""
_OVERLOADED = frozenset((429, 502, 503, 504))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server is, and what it is told of who asks."""

    url: str
    where: str
    """How an error begins: what was asked for."""
    token: str = ""
    user: str = ""
    password: str = ""
    certificates: str | None = None
    """A file of certificates to believe, in place of the usual."""

    @property
    def host(self) -> str:
        """The name that errors call it by."""
        return urlsplit(self.url).hostname or "the server"


def read_address(url: str, env: Mapping[str, str], where: str) -> Address:
    """Take an address apart; a token counts before a user and a password, as in MLflow's own client.

    Raises:
        InputError: it is no address, or its token can be none.
    """
    try:
        parts = urlsplit(url)
        host, port, user, password = parts.hostname, parts.port, parts.username, parts.password
    except ValueError:
        host = None
    if not host:
        raise InputError(where, f"{URI} is no address", "Set it to the server's, such as https://mlflow.example.com.")
    name = f"[{host}]" if ":" in host else host
    found = Address(
        url=f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}",
        where=where,
        token=env.get(TOKEN, "").strip(),
        user=env.get(USER, "").strip() or unquote(user or ""),
        password=env.get(PASSWORD, "").strip() or unquote(password or ""),
        certificates=env.get("MLFLOW_TRACKING_SERVER_CERT_PATH", "").strip() or None,
    )
    if not (found.token.isascii() and (found.token.isprintable() or not found.token)):
        raise InputError(where, f"{TOKEN} holds characters that no token has", "Copy it into the secret again.")
    return found


class _Sign(AuthBase):
    """Adds a token, and keeps `requests` from looking for a password in ~/.netrc."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Server:
    """What is said to a server. No redirect is followed: a token goes nowhere else."""

    def __init__(self, address: Address, seconds: float = SECONDS, pause: float = 0.5) -> None:
        """Say nothing yet.

        Args:
            address: where it is.
            seconds: for all of the conversation.
            pause: seconds before the second try of a request; the next is twice that.
        """
        self.address = address
        self._end = time.monotonic() + seconds
        self._pause = pause
        self._session = requests.Session()
        self._session.auth = _Sign(address.token)
        if not address.token and address.user:
            self._session.auth = HTTPBasicAuth(address.user.encode(), address.password.encode())
        if address.certificates:
            self._session.verify = address.certificates

    def close(self) -> None:
        """End the conversation."""
        self._session.close()

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Ask for something.

        Raises:
            InputError: it is refused, not there, or not answered.
        """
        return self.all([lambda: self._ask("GET", path, query)])[0]

    def post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Search for something.

        Raises:
            InputError: it is refused, not there, or not answered.
        """
        return self.all([lambda: self._ask("POST", path, body)])[0]

    def all(self, calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
        """Make calls, some at once, and wait for them no longer than the deadline.

        A time-out of `requests` is for each piece of an answer, so each call runs in a thread that is left behind when
        time is up.

        Raises:
            InputError: one was not answered in time, or whatever it raises.
        """
        waiting = deque(enumerate(calls))
        answers: dict[int, Answer] = {}
        failures: list[BaseException] = []

        def work() -> None:
            while waiting and not failures:
                try:
                    place, call = waiting.popleft()
                    answers[place] = call()
                except BaseException as error:
                    failures.append(error)

        threads = [Thread(target=work, daemon=True, name="mlbot-mlflow") for _ in calls[:_AT_ONCE]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, self._end - time.monotonic()))
        if failures:
            raise failures[0]
        if len(answers) < len(calls):
            raise self._error("did not answer in time", "Run the job again.")
        return [answers[place] for place in range(len(calls))]

    def course(self, run: str, metric: str) -> list[dict[str, Any]]:
        """Ask for all that was logged of a metric. To be called within `all`.

        Raises:
            InputError: it is refused or not answered.
        """
        found: list[dict[str, Any]] = []
        query: dict[str, object] = {"run_id": run, "run_uuid": run, "metric_key": metric, "max_results": 25_000}
        while len(found) < MOST_POINTS:
            answer = self._ask("GET", "metrics/get-history", query)
            rows = _mappings(answer.get("metrics"))
            found += rows
            token = answer.get("next_page_token")
            if not rows or not token or token == query.get("page_token"):
                break
            query["page_token"] = token
        return found

    def _ask(self, method: str, path: str, content: Mapping[str, object]) -> dict[str, Any]:
        for tries in range(1, _TRIES + 1):
            status, data = self._send(method, path, content, is_last=tries == _TRIES)
            if status not in _OVERLOADED and status:
                break
            time.sleep(min(self._pause * 2 ** (tries - 1), max(0.0, self._end - time.monotonic())))
        document = _parse(data)
        if status == 200 and document is not None:
            return document
        raise self._refusal(status, document)

    def _send(self, method: str, path: str, content: Mapping[str, object], *, is_last: bool) -> tuple[int, bytes]:
        """Give the status and the body; 0 where it did not come, and may be asked for again."""
        url = f"{self.address.url}/api/2.0/mlflow/{path}"
        given: dict[str, Any] = {"params": content} if method == "GET" else {"json": content}
        try:
            with self._session.request(
                method, url, timeout=_WAIT, allow_redirects=False, stream=True, **given
            ) as answer:
                data = bytearray()
                for piece in answer.iter_content(65_536):
                    data += piece
                    if len(data) > _LARGEST:
                        raise self._error("gave an answer that is too large", "Name another experiment.")
                return answer.status_code, bytes(data)
        except (RequestException, OSError) as error:
            if is_last or isinstance(error, ProxyError | SSLError):
                raise self._unreachable(error) from error
            return 0, b""

    def _unreachable(self, error: Exception) -> InputError:
        match error:
            case ProxyError():
                return self._error("is not reached through the proxy", "Check HTTPS_PROXY and NO_PROXY.")
            case SSLError():
                cure = "Set REQUESTS_CA_BUNDLE to the certificates of your network."
                return self._error("has a certificate that was not accepted", cure)
            case Timeout():
                return self._error("did not answer in time", "Run the job again.")
            case _:
                return self._error("could not be reached", f"Check {URI}, and the network of the runner.")

    def _refusal(self, status: int, document: Mapping[str, Any] | None) -> InputError:
        said = document or {}
        signed = TOKEN if self.address.token else f"{USER} and {PASSWORD}" if self.address.user else ""
        if status == 401:
            cure = f"Set {signed} anew." if signed else f"Set {TOKEN}, or {USER} and {PASSWORD}."
            return self._error("did not accept who asks (401)" if signed else "wants to know who asks (401)", cure)
        if status == 403:
            whose = signed or f"{TOKEN}, or {USER} and {PASSWORD}"
            return self._error("does not let us read it (403)", f"Grant the right to read it to who is in {whose}.")
        if 300 <= status < 400:
            return self._error(f"sends us to another address ({status})", f"Set {URI} to that address.")
        if said.get("error_code") == "RESOURCE_DOES_NOT_EXIST":
            return self._error("has no such experiment or run", "Check the name; upper and lower case count.")
        if status == 200 or not said:
            return self._error(f"does not answer as MLflow does ({status})", f"Check {URI}.")
        text = " ".join(str(said.get("message") or said.get("error_code"))[:200].split())
        return self._error(f"refused ({status}: {text})", "See what its log says.")

    def _error(self, what: str, cure: str) -> InputError:
        secret = self.address.token or self.address.password
        return InputError(self.address.where, redact(f"{self.address.host} {what}", secret), cure)


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
            for row in _mappings(answer.get("runs")):
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

    def points(self, run: Logged) -> Mapping[str, Sequence[Point]]:
        """Return what was logged of each metric.

        Raises:
            InputError: the server does not give it.
        """
        last = self._last(run)
        found: dict[str, Sequence[Point]] = {name: list(_points([last[name]])) for name in sorted(last)}
        # Whose last step is 0 has no other.
        wanted = [name for name, points in found.items() if points and points[0][0] != 0] if self._with_courses else []
        if len(wanted) > _MOST_COURSES:
            most = format_number(_MOST_COURSES)
            self._notes.append(f"a run has more than {most} curves; of the others the last value is shown. Log fewer.")
        calls = [(lambda name=name: self._server.course(run.key, name)) for name in wanted[:_MOST_COURSES]]
        for name, rows in zip(wanted, self._server.all(calls), strict=False):
            found[name] = list(_points(rows)) or found[name]
        return found

    def data(self, run: Logged) -> Sequence[Fact]:
        """Return the data it says it used."""
        inputs = _mapping(self._rows[run.key].get("inputs"))
        facts = []
        for each in _mappings(inputs.get("dataset_inputs"))[:MOST_METRICS]:
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
        rows = _mappings(self._data(run).get("metrics"))[: MOST_METRICS + 1]
        return {row["key"]: row for row in rows if isinstance(row.get("key"), str)}


def _points(rows: Sequence[Mapping[str, Any]]) -> Iterator[Point]:
    for row in rows:
        number = as_double(row.get("value"))
        if number is not None:
            yield whole(row.get("step")), whole(row.get("timestamp")), unfold(number)


def _parse(data: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _pairs(value: object) -> dict[str, str]:
    """Read a list of keys and values."""
    return {str(one.get("key")): str(one.get("value", "")) for one in _mappings(value)[: 2 * MOST_METRICS]}
