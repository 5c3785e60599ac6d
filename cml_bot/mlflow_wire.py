"""What is said to an MLflow tracking server, and for how long it is waited for.

Source: https://mlflow.org/docs/latest/rest-api.html
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

from requests import Session
from requests.auth import AuthBase, HTTPBasicAuth
from requests.exceptions import ProxyError, RequestException, SSLError, Timeout

from cml_bot.errors import InputError
from cml_bot.mlflow_source import URI
from cml_bot.tokens import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from requests import PreparedRequest

Answer = TypeVar("Answer")
TOKEN, USER, PASSWORD = "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
"""Source: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html"""
SECONDS = 60.0
"""For all of a conversation."""
_WAIT = (10.0, 30.0)
"""Seconds to connect, and without a word."""
_TRIES = 3
_AT_ONCE = 4
_LARGEST = 64 * 1024 * 1024
"""Bytes of one answer."""
_MOST_POINTS = 100_000
"""Of one metric."""
_OVERLOADED = frozenset((429, 502, 503, 504))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server is, and what it is told of who asks."""

    url: str
    where: str
    """How an error begins: what was asked for."""
    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
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

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
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

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Ask for something.

        Raises:
            InputError: it is refused, not there, or not answered.
        """
        return self.all([lambda session: self._ask(session, "GET", path, query)])[0]

    def post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Search for something.

        Raises:
            InputError: it is refused, not there, or not answered.
        """
        return self.all([lambda session: self._ask(session, "POST", path, body)])[0]

    def all(self, calls: Sequence[Callable[[Session], Answer]]) -> list[Answer]:
        """Make calls, some at once, and wait for them no longer than the deadline.

        A time-out of `requests` is for each piece of an answer, so calls are made in threads that are left behind when
        time is up.

        Raises:
            InputError: one was not answered in time, or whatever it raises.
        """
        answers: dict[int, Answer] = {}
        failures: list[BaseException] = []

        def work(first: int) -> None:
            try:
                with self._open_session() as session:
                    for place in range(first, len(calls), _AT_ONCE):
                        if failures:
                            return
                        answers[place] = calls[place](session)
            except BaseException as error:
                failures.append(error)

        count = min(_AT_ONCE, len(calls))
        threads = [Thread(target=work, args=(first,), daemon=True, name="mlbot-mlflow") for first in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, self._end - time.monotonic()))
        if failures:
            raise failures[0]
        if len(answers) < len(calls):
            raise self._error("did not answer in time", "Run the job again.")
        return [answers[place] for place in range(len(calls))]

    def course(self, session: Session, run: str, metric: str) -> list[dict[str, Any]]:
        """Ask for all that was logged of a metric. To be called within `all`, with the session that it gives.

        Raises:
            InputError: it is refused or not answered.
        """
        found: list[dict[str, Any]] = []
        query: dict[str, object] = {"run_id": run, "run_uuid": run, "metric_key": metric, "max_results": 25_000}
        while len(found) < _MOST_POINTS:
            answer = self._ask(session, "GET", "metrics/get-history", query)
            rows = mappings(answer.get("metrics"))
            found += rows
            token = answer.get("next_page_token")
            if not rows or not token or token == query.get("page_token"):
                break
            query["page_token"] = token
        return found

    def _open_session(self) -> Session:
        """Begin to speak to the server; no two threads may share a session."""
        session = Session()
        session.auth = _Sign(self.address.token)
        if not self.address.token and self.address.user:
            session.auth = HTTPBasicAuth(self.address.user.encode(), self.address.password.encode())
        if self.address.certificates:
            session.verify = self.address.certificates
        return session

    def _ask(self, session: Session, method: str, path: str, content: Mapping[str, object]) -> dict[str, Any]:
        status, data = 0, b""
        for tries in range(_TRIES):
            if tries:
                time.sleep(min(self._pause * 2 ** (tries - 1), max(0.0, self._end - time.monotonic())))
            status, data = self._send(session, method, path, content, is_last=tries == _TRIES - 1)
            if status and status not in _OVERLOADED:
                break
        document = _parse(data)
        if status == 200 and document is not None:
            return document
        raise self._refusal(status, document)

    def _send(
        self, session: Session, method: str, path: str, content: Mapping[str, object], *, is_last: bool
    ) -> tuple[int, bytes]:
        """Give the status and the body; 0 where it did not come, and may be asked for again."""
        url = f"{self.address.url}/api/2.0/mlflow/{path}"
        given: dict[str, Any] = {"params": content} if method == "GET" else {"json": content}
        try:
            with session.request(method, url, timeout=_WAIT, allow_redirects=False, stream=True, **given) as answer:
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


def _parse(data: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def mappings(value: object) -> list[dict[str, Any]]:
    """Give the mappings of a list; nothing else of it, and of anything else nothing."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
