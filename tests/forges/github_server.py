"""A GitHub on loopback that keeps GitHub's rules for the comments of one pull request."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REPO = "octo/churn"
PULL = 7
Json = dict[str, object] | list[dict[str, object]]


class Account(NamedTuple):
    login: str
    type: str
    may_write: bool = True

    @property
    def is_installation(self) -> bool:
        return self.type == "Bot"


TOKENS = {
    "ghs_write0123456789": Account("github-actions[bot]", "Bot"),
    "ghs_read0123456789": Account("github-actions[bot]", "Bot", may_write=False),
    "ghs_app0123456789": Account("mlbot-app[bot]", "Bot"),
    "ghp_rose0123456789": Account("rose", "User"),
}
WRITE, READ, APP, ROSE = TOKENS
ACCOUNTS = {account.login: account for account in TOKENS.values()}


@dataclass
class Stored:
    id: int
    login: str
    body: str
    kind: str = "User"


class Answer(NamedTuple):
    status: int
    body: Json | str = ""
    headers: Mapping[str, str] = {}


class Broken(NamedTuple):
    """What a method answers instead of what it should."""

    answer: Answer
    carried_out: bool = False
    """The request does its work all the same."""


@dataclass
class GitHubServer:
    url: str
    """Of its interface: on an Enterprise Server it ends in ``/api/v3``."""
    comments: list[Stored] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each, with its query."""
    broken: dict[str, list[Broken]] = field(default_factory=dict)
    """By method; first come, first served."""

    def say(self, login: str, body: str, kind: str = "") -> Stored:
        """Let somebody write a comment."""
        known = ACCOUNTS.get(login)
        stored = Stored(len(self.comments) + 1001, login, body, kind or (known.type if known else "User"))
        self.comments.append(stored)
        return stored

    def fail(
        self,
        method: str,
        status: int,
        message: str = "Server Error",
        *,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
        carried_out: bool = False,
    ) -> None:
        """Answer the next requests of a method with an error."""
        answer = Answer(status, {"message": message}, headers or {})
        self.broken.setdefault(method, []).extend([Broken(answer, carried_out)] * times)

    def sent(self, method: str) -> int:
        """How many requests of a method came in."""
        return sum(sent == method for sent, _ in self.requests)

    def answer(self, method: str, target: str, token: str, data: Mapping[str, object]) -> Answer:
        """Do what GitHub would."""
        parts = urlsplit(target)
        account = TOKENS.get(token)
        if account is None:
            return Answer(401, {"message": "Bad credentials"})
        prefix = urlsplit(self.url).path
        if (method, parts.path) == ("POST", f"{prefix.removesuffix('/v3')}/graphql"):
            return Answer(200, {"data": {"viewer": {"login": account.login}}})
        if (method, parts.path) == ("GET", f"{prefix}/user"):
            return _forbidden() if account.is_installation else Answer(200, self._user(account.login, account.type))
        home = rf"{prefix}/(?:repos/{REPO}|repositories/1)/issues"
        if re.fullmatch(rf"{home}/{PULL}/comments", parts.path):
            return self._create(account, data) if method == "POST" else self._list(parts.query)
        found = re.fullmatch(rf"{home}/comments/(\d+)", parts.path)
        stored = next((item for item in self.comments if found and item.id == int(found[1])), None)
        if stored is None or method != "PATCH":
            return Answer(404, {"message": "Not Found", "status": "404"})
        return self._edit(account, stored, data)

    def _list(self, query: str) -> Answer:
        asked = parse_qs(query)
        size = min(int(asked.get("per_page", ["30"])[0]), 100)
        page = int(asked.get("page", ["1"])[0])
        last = max(1, -(-len(self.comments) // size))
        at = f"{self.url}/repositories/1/issues/{PULL}/comments?per_page={size}&page="
        links = [(page + 1, "next"), (last, "last")] if page < last else [(page - 1, "prev"), (1, "first")]
        link = ", ".join(f'<{at}{number}>; rel="{rel}"' for number, rel in links if last > 1)
        shown = self.comments[(page - 1) * size : page * size]
        return Answer(200, [self._comment(item) for item in shown], {"Link": link} if link else {})

    def _create(self, account: Account, data: Mapping[str, object]) -> Answer:
        return _refusal(account, data) or Answer(201, self._comment(self.say(account.login, str(data["body"]))))

    def _edit(self, account: Account, stored: Stored, data: Mapping[str, object]) -> Answer:
        refusal = _refusal(account, data)
        if refusal is None and stored.login != account.login:
            refusal = Answer(403, {"message": "Must have admin rights to Repository."})
        if refusal is None:
            stored.body = str(data["body"])
        return refusal or Answer(200, self._comment(stored))

    def _comment(self, stored: Stored) -> dict[str, object]:
        return {
            "id": stored.id,
            "url": f"{self.url}/repos/{REPO}/issues/comments/{stored.id}",
            "html_url": f"https://github.com/{REPO}/pull/{PULL}#issuecomment-{stored.id}",
            "body": stored.body,
            "user": self._user(stored.login, stored.kind) if stored.login else None,
        }

    def _user(self, login: str, kind: str) -> dict[str, object]:
        return {"login": login, "type": kind, "url": f"{self.url}/users/{login}"}


def _forbidden() -> Answer:
    return Answer(403, {"message": "Resource not accessible by integration", "status": "403"})


def _refusal(account: Account, data: Mapping[str, object]) -> Answer | None:
    body = str(data["body"])
    if not account.may_write:
        return _forbidden()
    if len(body) > 65_536 or len(body.encode()) > 262_144:
        error = {"resource": "IssueComment", "message": "body is too long (maximum is 65536 characters)"}
        return Answer(422, {"message": "Validation Failed", "errors": [error]})
    return None


@contextmanager
def start_github(prefix: str = "") -> Iterator[GitHubServer]:
    """Run one until the block ends."""

    class Connection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            state.requests.append((self.command, self.path))
            token = self.headers.get("Authorization", "").split(" ")[-1]
            queue = state.broken.get(self.command)
            instead = queue.pop(0) if queue else None
            if instead is None:
                self._send(state.answer(self.command, self.path, token, json.loads(sent or b"{}")))
                return
            if instead.carried_out:
                state.answer(self.command, self.path, token, json.loads(sent))
            self._send(instead.answer)

        do_GET = do_POST = do_PATCH = _serve  # noqa: N815

        def _send(self, answer: Answer) -> None:
            body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(body.encode())), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Connection)
    state = GitHubServer(url=f"http://127.0.0.1:{server.server_address[1]}{prefix}")
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
