"""A GitHub on loopback that keeps GitHub's rules for the review of one pull request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from cml_bot.model import Build
from tests.forges.wire import Answer, Request, Wire, serve

REPO = "octo/churn"
PULL = 7
SHA, BASE_SHA = "a1" * 20, "b2" * 20
RUN = 5001
Object = dict[str, object]


class Account(NamedTuple):
    login: str
    type: str
    may: frozenset[str] = frozenset({"pulls", "checks", "statuses", "contents", "actions"})

    @property
    def is_installation(self) -> bool:
        return self.type == "Bot"


BOT = "github-actions[bot]"
WRITE, READ, COMMENTS, STATUSES, APP, ROSE = (
    "ghs_write0s3cr3t9",
    "ghs_read0s3cr3t9",
    "ghs_comments0s3cr3t9",
    "ghs_statuses0s3cr3t9",
    "ghs_app0s3cr3t9",
    "ghp_rose0s3cr3t9",
)
TOKENS = {
    WRITE: Account(BOT, "Bot"),
    READ: Account(BOT, "Bot", frozenset()),
    COMMENTS: Account(BOT, "Bot", frozenset({"pulls"})),
    STATUSES: Account(BOT, "Bot", frozenset({"statuses"})),
    APP: Account("mlbot-app[bot]", "Bot"),
    ROSE: Account("rose", "User", frozenset({"pulls", "statuses", "contents", "actions"})),
}
ACCOUNTS = {account.login: account for account in TOKENS.values()}


@dataclass
class Stored:
    id: int
    login: str
    body: str
    kind: str = "User"


@dataclass
class GitHubServer(Wire):
    comments: list[Stored] = field(default_factory=list)
    statuses: list[Object] = field(default_factory=list)
    """Check runs and commit statuses as they were sent; what was added to a check run stands in it."""
    pictures: dict[str, bytes] = field(default_factory=dict)
    """Empty: they are pushed by git."""
    pulls: list[Object] = field(default_factory=lambda: [pull()])
    by_commit: list[Object] = field(default_factory=list)
    """The pull requests that GitHub knows a commit is in."""
    artifacts: list[Object] = field(default_factory=list)
    zips: dict[int, bytes] = field(default_factory=dict)
    made: int = 1000

    WRITER: ClassVar = WRITE
    READER: ClassVar = READ
    OTHER: ClassVar = ROSE
    ME: ClassVar = BOT

    def build(self, **changes: object) -> Build:
        """What a job of the pull request knows."""
        usual: dict[str, object] = {
            "forge": "github",
            "server": "https://github.com",
            "api": self.url,
            "repo": REPO,
            "sha": SHA,
            "base_sha": BASE_SHA,
            "branch": "better",
            "pull": PULL,
            "base_branch": "main",
            "url": "https://github.com/octo/churn/actions/runs/5001/attempts/1",
            "run_id": "5001.1",
        }
        return Build(**{**usual, **changes})  # type: ignore[arg-type]

    def say(self, login: str, body: str, kind: str = "") -> Stored:
        """Let somebody write a comment."""
        known = ACCOUNTS.get(login)
        self.made += 1
        stored = Stored(self.made, login, body, kind or (known.type if known else "User"))
        self.comments.append(stored)
        return stored

    def keep(self, name: str, data: bytes, *, run: int = RUN, **changes: object) -> int:
        """Let a run keep an artifact."""
        self.made += 1
        one = {"id": self.made, "name": name, "size_in_bytes": len(data), "expired": False, "workflow_run": {"id": run}}
        self.artifacts.append({**one, **changes})
        self.zips[self.made] = data
        return self.made

    def answer(self, request: Request) -> Answer:
        parts = urlsplit(request.path)
        prefix = urlsplit(self.url).path
        if parts.path.startswith("/storage/"):
            return self._store(request, int(parts.path.rpartition("/")[2]))
        account = TOKENS.get(request.headers.get("authorization", "").split(" ")[-1])
        if account is None:
            return Answer(401, {"message": "Bad credentials"})
        if (request.method, parts.path) == ("POST", f"{prefix.removesuffix('/v3')}/graphql"):
            return Answer(200, {"data": {"viewer": {"login": account.login}}})
        if (request.method, parts.path) == ("GET", f"{prefix}/user"):
            return forbidden() if account.is_installation else Answer(200, self._user(account.login, account.type))
        home = re.fullmatch(rf"{prefix}/(?:repos/{REPO}|repositories/1)(/.*)", parts.path)
        for pattern, right, method, work in ROUTES:
            found = re.fullmatch(pattern, home[1]) if home and method == request.method else None
            if found and right and right not in account.may:
                return forbidden()
            if found:
                return work(self, request, account, *found.groups())
        return missing()

    def list_comments(self, request: Request, account: Account) -> Answer:
        return self._page(request, [self._comment(item) for item in self.comments])

    def create_comment(self, request: Request, account: Account) -> Answer:
        body = str(request.data.get("body", ""))
        return refuse_text(body) or Answer(201, self._comment(self.say(account.login, body)))

    def change_comment(self, request: Request, account: Account, number: str) -> Answer:
        stored = next((item for item in self.comments if item.id == int(number)), None)
        if stored is None:
            return missing()
        if stored.login != account.login:
            return Answer(403, {"message": "Must have admin rights to Repository."})
        if request.method == "DELETE":
            self.comments.remove(stored)
            return Answer(204, b"")
        body = str(request.data["body"])
        refusal = refuse_text(body)
        if refusal is None:
            stored.body = body
        return refusal or Answer(200, self._comment(stored))

    def create_check(self, request: Request, account: Account) -> Answer:
        if not account.is_installation:
            return Answer(403, {"message": "You must authenticate via a GitHub App."})
        data = request.data
        if not {"name", "head_sha"} <= set(data):
            return Answer(422, {"message": 'Invalid request.\n\n"name" wasn\'t supplied.'})
        refusal = refuse_output(data["output"])
        if refusal is None:
            self.made += 1
            self.statuses.append({"id": self.made, **data})
        return refusal or Answer(201, self._check(self.statuses[-1]))

    def add_to_check(self, request: Request, account: Account, number: str) -> Answer:
        check = next(one for one in self.statuses if one["id"] == int(number))
        added, output = request.data["output"], check["output"]
        assert isinstance(added, dict)
        assert isinstance(output, dict)
        output["annotations"] += added["annotations"]
        return refuse_output(added) or Answer(200, self._check(check))

    def list_checks(self, request: Request, account: Account, sha: str) -> Answer:
        name = parse_qs(urlsplit(request.path).query)["check_name"][0]
        checks = [self._check(one) for one in self.statuses if one.get("name") == name and one.get("head_sha") == sha]
        return Answer(200, {"total_count": len(checks), "check_runs": checks})

    def create_status(self, request: Request, account: Account, sha: str) -> Answer:
        data = request.data
        if data.get("state") not in ("error", "failure", "pending", "success"):
            return Answer(422, {"message": "Validation Failed", "errors": ["state is not included in the list"]})
        if len(str(data["description"])) > 140:
            error = {"message": "description is too long (maximum is 140 characters)"}
            return Answer(422, {"message": "Validation Failed", "errors": [error]})
        self.statuses.append({"sha": sha, **data})
        return Answer(201, {"id": 1, **data})

    def create_ref(self, request: Request, account: Account) -> Answer:
        return Answer(422, {"message": "Object does not exist"})

    def read_pull(self, request: Request, account: Account, number: str) -> Answer:
        found = next((one for one in self.pulls if one["number"] == int(number)), None)
        return Answer(200, found) if found else missing()

    def list_pulls(self, request: Request, account: Account) -> Answer:
        owner, _, branch = parse_qs(urlsplit(request.path).query)["head"][0].partition(":")
        found = [one for one in self.pulls if (owner_of(one), one["head"]["ref"]) == (owner, branch)]  # type: ignore[index]
        return self._page(request, [one for one in found if one["state"] == "open"])

    def list_pulls_of_commit(self, request: Request, account: Account, sha: str) -> Answer:
        return self._page(request, self.by_commit)

    def list_artifacts(self, request: Request, account: Account, run: str) -> Answer:
        page = self._page(request, self.artifacts)
        return page._replace(body={"total_count": len(self.artifacts), "artifacts": page.body})

    def read_artifact(self, request: Request, account: Account, number: str) -> Answer:
        # Another host, though the same server.
        storage = self.url.replace("127.0.0.1", "localhost").removesuffix(urlsplit(self.url).path)
        return Answer(302, b"", {"Location": f"{storage}/storage/{number}"})

    def _store(self, request: Request, number: int) -> Answer:
        if "authorization" in request.headers:
            return Answer(400, "<Code>InvalidAuthenticationInfo</Code>")
        return Answer(200, self.zips[number], {"Content-Type": "application/zip"})

    def _page(self, request: Request, items: list[Object]) -> Answer:
        parts = urlsplit(request.path)
        asked = parse_qs(parts.query)
        size, page = min(int(asked.get("per_page", ["30"])[0]), 100), int(asked.get("page", ["1"])[0])
        last = max(1, -(-len(items) // size))
        below = parts.path.removeprefix(urlsplit(self.url).path).replace(f"/repos/{REPO}", "/repositories/1")
        query = urlencode({name: values[0] for name, values in asked.items() if name != "page"})
        at = f"{self.url}{below}?{query}&page="
        links = [(page + 1, "next"), (last, "last")] if page < last else [(page - 1, "prev"), (1, "first")]
        link = ", ".join(f'<{at}{number}>; rel="{rel}"' for number, rel in links if last > 1)
        return Answer(200, items[(page - 1) * size : page * size], {"Link": link} if link else {})

    def _comment(self, stored: Stored) -> Object:
        return {
            "id": stored.id,
            "url": f"{self.url}/repos/{REPO}/issues/comments/{stored.id}",
            "html_url": f"https://github.com/{REPO}/pull/{PULL}#issuecomment-{stored.id}",
            "body": stored.body,
            "user": self._user(stored.login, stored.kind) if stored.login else None,
        }

    def _check(self, stored: Object) -> Object:
        return {**stored, "html_url": f"https://github.com/{REPO}/runs/{stored['id']}"}

    def _user(self, login: str, kind: str) -> Object:
        return {"login": login, "type": kind, "url": f"{self.url}/users/{login}"}


Work = Callable[..., Answer]
ROUTES: tuple[tuple[str, str, str, Work], ...] = (
    (rf"/issues/{PULL}/comments", "", "GET", GitHubServer.list_comments),
    (rf"/issues/{PULL}/comments", "pulls", "POST", GitHubServer.create_comment),
    (r"/issues/comments/(\d+)", "pulls", "PATCH", GitHubServer.change_comment),
    (r"/issues/comments/(\d+)", "pulls", "DELETE", GitHubServer.change_comment),
    (r"/check-runs", "checks", "POST", GitHubServer.create_check),
    (r"/check-runs/(\d+)", "checks", "PATCH", GitHubServer.add_to_check),
    (r"/commits/(\w+)/check-runs", "", "GET", GitHubServer.list_checks),
    (r"/statuses/(\w+)", "statuses", "POST", GitHubServer.create_status),
    (r"/git/refs", "contents", "POST", GitHubServer.create_ref),
    (r"/pulls/(\d+)", "", "GET", GitHubServer.read_pull),
    (r"/pulls", "", "GET", GitHubServer.list_pulls),
    (r"/commits/(\w+)/pulls", "", "GET", GitHubServer.list_pulls_of_commit),
    (r"/actions/runs/(\d+)/artifacts", "actions", "GET", GitHubServer.list_artifacts),
    (r"/actions/artifacts/(\d+)/zip", "actions", "GET", GitHubServer.read_artifact),
)
"""Path below the repository, the right it takes, method, and what does it."""


def pull(number: int = PULL, *, sha: str = SHA, owner: str = "octo", home: int | None = 1, **changes: object) -> Object:
    """A pull request as GitHub tells it; `home` is the repository of its head."""
    head_repo = None if home is None else {"id": home, "owner": {"login": owner}}
    base_repo = {"id": 1, "full_name": REPO, "private": True, "owner": {"login": "octo"}}
    usual: Object = {
        "number": number,
        "state": "open",
        "head": {"sha": sha, "ref": "better", "repo": head_repo},
        "base": {"sha": BASE_SHA, "ref": "main", "repo": base_repo},
    }
    return {**usual, **changes}


def owner_of(one: Object) -> str:
    home = one["head"]["repo"]  # type: ignore[index]
    return str(home["owner"]["login"]) if home else ""


def forbidden() -> Answer:
    return Answer(403, {"message": "Resource not accessible by integration", "status": "403"})


def missing() -> Answer:
    return Answer(404, {"message": "Not Found", "status": "404"})


def refuse_text(body: str) -> Answer | None:
    if not body:
        return Answer(422, {"message": "Validation Failed", "errors": [{"message": "body can't be blank"}]})
    if len(body) > 65_536 or len(body.encode()) > 262_144:
        error = {"resource": "IssueComment", "message": "body is too long (maximum is 65536 characters)"}
        return Answer(422, {"message": "Validation Failed", "errors": [error]})
    return None


def refuse_output(output: object) -> Answer | None:
    assert isinstance(output, dict)
    if len(output["summary"].encode()) > 65_535:
        return Answer(422, {"message": "Invalid request.\n\nsummary exceeds a maximum bytesize of 65535"})
    if len(output["annotations"]) > 50:
        return Answer(422, {"message": "Invalid request.\n\nNo more than 50 annotations are allowed."})
    return None


@contextmanager
def start_github(prefix: str = "") -> Iterator[GitHubServer]:
    """Run one until the block ends; an Enterprise Server's interface lies below ``/api/v3``."""
    server = GitHubServer()
    with serve(server, prefix):
        yield server
