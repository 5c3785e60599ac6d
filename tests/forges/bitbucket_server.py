"""A Bitbucket Cloud on loopback that keeps its rules for one pull request: comments, statuses, downloads, scopes."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qs, urlsplit

from cml_bot.model import Build
from tests.forges.wire import Answer, Request, Wire, serve
from tests.secrets import NEEDLE

REPO = "octo/churn"
PULL = 7
HEAD = "b5" * 20
BASE = "a1" * 20
LONGEST = 32_768
ALL = frozenset({"pullrequest", "pullrequest:write", "repository", "repository:write"})


class Account(NamedTuple):
    login: str
    scopes: frozenset[str] = ALL
    kind: str = "app_user"


@dataclass
class Stored:
    id: int
    login: str
    body: str
    kind: str = "user"
    deleted: bool = False
    inline: dict[str, Any] | None = None


@dataclass
class BitbucketServer(Wire):
    WRITER: ClassVar[str] = f"ATCTT3xFfGN0writer{NEEDLE}=1A2B"
    READER: ClassVar[str] = f"ATCTT3xFfGN0reader{NEEDLE}=1A2B"
    NEWER: ClassVar[str] = f"ATCTT3xFfGN0newer{NEEDLE}=1A2B"
    """Made in place of WRITER: another account."""
    OTHER: ClassVar[str] = f"sam@example.com:ATATT3xFfGF0{NEEDLE}=3C4D"
    SILENT: ClassVar[str] = f"sam@example.com:ATATT3xFfGF1{NEEDLE}=3C4D"
    """May not tell whose it is."""
    ME: ClassVar[str] = "mlbot"
    ACCOUNTS: ClassVar[dict[str, Account]] = {
        WRITER: Account(ME),
        READER: Account(ME, frozenset({"pullrequest", "repository"})),
        NEWER: Account("mlbot-2"),
        OTHER: Account("sam", ALL | {"account"}, "user"),
        SILENT: Account("sam", ALL, "user"),
    }

    comments: list[Stored] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    """Of each key the last."""
    pictures: dict[str, bytes] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=lambda: [review()])
    commits: set[str] = field(default_factory=lambda: {HEAD})
    numbers: int = 1000
    is_discreet: bool = False
    """Says of somebody else's comment that it is not there, where it is to be changed."""

    def say(self, login: str, body: str, **more: Any) -> Stored:
        """Let somebody write a comment."""
        kinds = {account.login: account.kind for account in self.ACCOUNTS.values()}
        self.numbers += 1
        stored = Stored(self.numbers, login, body, kinds.get(login, "user"))
        self.comments.append(replace(stored, **more))
        return self.comments[-1]

    def build(self, **changes: Any) -> Build:
        """A build to connect with."""
        plain = Build(
            forge="bitbucket",
            server="https://bitbucket.org",
            api=self.url,
            repo=REPO,
            sha=HEAD,
            branch="topic",
            base_branch="main",
            pull=PULL,
            url=f"https://bitbucket.org/{REPO}/pipelines/results/5001",
            run_id="5001.1",
        )
        return replace(plain, **changes)

    def answer(self, request: Request) -> Answer:
        """Do what Bitbucket would: look at the token, its scope, what was asked for, and only then at what was sent."""
        kind, _, said = request.headers.get("authorization", "").partition(" ")
        token = base64.b64decode(said).decode() if kind == "Basic" else said
        account = self.ACCOUNTS.get(token)
        if account is None or (kind == "Basic") != (":" in token):
            return says(401, "Token is invalid, expired, or not supported for this endpoint.")
        parts = urlsplit(request.path)
        path = parts.path.removeprefix("/2.0")
        if path == "/user":
            return self._user(account) if "account" in account.scopes else lacks("account")
        home = f"/repositories/{REPO}"
        if path == home:
            return Answer(200, {"type": "repository", "full_name": REPO})
        if not path.startswith(f"{home}/"):
            return says(404, "Repository not found")
        return self._in_repository(request, account, path.removeprefix(home), parse_qs(parts.query))

    def _in_repository(self, request: Request, account: Account, path: str, query: dict[str, list[str]]) -> Answer:
        area = "pullrequest" if path.startswith("/pullrequests") else "repository"
        scope = area if request.method == "GET" else f"{area}:write"
        if scope not in account.scopes:
            return lacks(scope)
        if path == "/downloads":
            return self._upload(request)
        if path == "/pullrequests":
            return Answer(200, {"values": [one for one in self.reviews if _fits(one, query["q"][0])]})
        if found := re.fullmatch(r"/commit/(\w+)(/statuses/build)?", path):
            sha = next((one for one in self.commits if one.startswith(found[1])), "")
            if not sha:
                return says(404, "Commit not found")
            return self._mark(request.data) if found[2] else Answer(200, {"type": "commit", "hash": sha})
        if found := re.fullmatch(r"/pullrequests/(\d+)(/comments(?:/(\d+))?)?", path):
            one = next((one for one in self.reviews if one["id"] == int(found[1])), None)
            if one is None:
                return says(404, "Pull request not found")
            return self._comments(request, account, found[3], query) if found[2] else Answer(200, one)
        return says(404, "Resource not found")

    def _comments(self, request: Request, account: Account, number: str | None, query: dict[str, list[str]]) -> Answer:
        if request.method == "GET":
            return self._page(request, query)
        stored = next((one for one in self.comments if str(one.id) == number and not one.deleted), None)
        if number and stored is None:
            return says(404, "Comment not found")
        if stored and (stored.login, stored.kind) != (account.login, account.kind):
            return says(404 if self.is_discreet else 403, "You cannot edit this comment.")
        if request.method == "DELETE" and stored:
            self.comments.remove(stored)
            return Answer(204)
        content = request.data.get("content")
        body = content.get("raw") if isinstance(content, dict) else None
        if not isinstance(body, str) or not body:
            return says(400, "content: This field is required.")
        if len(body) > LONGEST:
            return Answer(400, "<html><body>Bad Request</body></html>", {"Content-Type": "text/html"})
        if stored is None:
            return Answer(201, self._comment(self.say(account.login, body)))
        stored.body = body
        return Answer(200, self._comment(stored))

    def _page(self, request: Request, query: dict[str, list[str]]) -> Answer:
        size, number = int(query["pagelen"][0]), int(query.get("page", ["1"])[0])
        kept = self.comments[(number - 1) * size : number * size]
        answer: dict[str, Any] = {"values": [self._comment(one) for one in kept], "page": number, "pagelen": size}
        if number * size < len(self.comments):
            path = urlsplit(request.path).path
            # As behind a proxy, whose address the forge does not know.
            answer["next"] = f"https://api.bitbucket.org{path}?pagelen={size}&page={number + 1}"
        return Answer(200, answer)

    def _comment(self, stored: Stored) -> dict[str, Any]:
        user = {"type": stored.kind, "display_name": stored.login, "uuid": _uuid(stored.login)}
        return {
            "type": "pullrequest_comment",
            "id": stored.id,
            "content": {"raw": stored.body, "markup": "markdown", "html": ""},
            "user": user if stored.login else None,
            "deleted": stored.deleted,
            **({"inline": stored.inline} if stored.inline else {}),
        }

    def _user(self, account: Account) -> Answer:
        return Answer(200, {"type": account.kind, "uuid": _uuid(account.login), "display_name": account.login})

    def _mark(self, data: dict[str, object]) -> Answer:
        for name in ("key", "state", "url"):
            if not data.get(name):
                return says(400, f"{name}: This field is required.")
        for name, most in (("key", 40), ("name", 255), ("url", 450)):
            if len(str(data.get(name, ""))) > most:
                return says(400, f"{name}: Ensure this value has at most {most} characters.")
        if data["state"] not in ("INPROGRESS", "SUCCESSFUL", "FAILED", "STOPPED"):
            return says(400, "state: is not a valid choice.")
        self.statuses[:] = [one for one in self.statuses if one["key"] != data["key"]] + [data]
        return Answer(201, {**data, "type": "build"})

    def _upload(self, request: Request) -> Answer:
        kind = request.headers.get("content-type", "")
        found = re.search(r"multipart/form-data; boundary=(\S+)", kind)
        if found is None:
            return says(406, "Unsupported Content-Type. Use multipart/form-data.")
        pattern = rb'name="files"; filename="([^"]+)"\r\nContent-Type: \S+\r\n\r\n(.*?)\r\n--' + found[1].encode()
        files = re.findall(pattern, request.body, re.DOTALL)
        if not files:
            return says(400, "Bad Request: no files.")
        self.pictures |= {name.decode(): data for name, data in files}
        return Answer(201, "", {"Content-Type": "text/plain"})


def review(**changes: Any) -> dict[str, Any]:
    """A pull request, as Bitbucket tells of it: twelve characters of each commit."""
    plain = {
        "type": "pullrequest",
        "id": PULL,
        "state": "OPEN",
        "source": endpoint("topic", HEAD[:12]),
        "destination": endpoint("main", BASE[:12]),
    }
    return plain | changes


def endpoint(branch: str, sha: str, repo: str = REPO) -> dict[str, Any]:
    """One side of a pull request."""
    repository = {"type": "repository", "full_name": repo} if repo else None
    return {"branch": {"name": branch}, "commit": {"hash": sha}, "repository": repository}


def says(status: int, message: str) -> Answer:
    """A refusal."""
    return Answer(status, {"type": "error", "error": {"message": message}})


def lacks(scope: str) -> Answer:
    """A refusal for want of a scope."""
    message = "Your credentials lack one or more required privilege scopes."
    return Answer(403, {"type": "error", "error": {"message": message, "detail": {"required": [scope]}}})


def _uuid(login: str) -> str:
    return f"{{{login}-uuid}}"


def _fits(found: dict[str, Any], question: str) -> bool:
    asked = re.fullmatch(r'source\.branch\.name="((?:[^"\\]|\\.)*)" AND state="(\w+)"', question)
    assert asked is not None, question
    name = re.sub(r"\\(.)", r"\1", asked[1])
    return bool(found["source"]["branch"]["name"] == name and found["state"] == asked[2])


@contextmanager
def start_bitbucket() -> Iterator[BitbucketServer]:
    """Run one until the block ends."""
    server = BitbucketServer()
    with serve(server, "/2.0"):
        yield server
