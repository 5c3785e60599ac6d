"""A GitLab on loopback that keeps GitLab's rules for one merge request: notes, statuses, uploads, and who may what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import md5
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from cml_bot.model import Build
from tests.forges.wire import Answer, Request, Wire, serve

REPO = "octo/churn"
PULL = 7
HEAD = "b5" * 20
BASE = "a1" * 20
PIPELINE = 5001
LONGEST = 1_000_000


class Account(NamedTuple):
    login: str
    scope: str = "api"
    role: str = "developer"

    @property
    def may_write(self) -> bool:
        return self.role in ("developer", "maintainer")


@dataclass
class Stored:
    id: int
    login: str
    body: str
    system: bool = False


@dataclass
class GitLabServer(Wire):
    WRITER: ClassVar[str] = "glpat-writer0s3cr3t9abcdef"
    READER: ClassVar[str] = "glpat-reader0s3cr3t9abcdef"
    OTHER: ClassVar[str] = "glpat-other0s3cr3t9abcdefg"
    MAINTAINER: ClassVar[str] = "glpat-maintainer0s3cr3t9ab"
    GUEST: ClassVar[str] = "glpat-guest0s3cr3t9abcdefg"
    ME: ClassVar[str] = "project_1_bot_4ffca233d8298ea1"
    ACCOUNTS: ClassVar[dict[str, Account]] = {
        WRITER: Account(ME),
        READER: Account(ME, scope="read_api"),
        OTHER: Account("project_1_bot_77aabbccddeeff00"),
        MAINTAINER: Account("rose", role="maintainer"),
        GUEST: Account("gus", role="guest"),
    }

    comments: list[Stored] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    """As GitLab lists them: of each name in a pipeline the last."""
    pictures: dict[str, bytes] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=lambda: [review()])
    pipelines: dict[int, str] = field(default_factory=lambda: {PIPELINE: HEAD})
    """Their commits."""
    branches: set[str] = field(default_factory=lambda: {HEAD})
    """Commits that a branch holds."""
    commits: set[str] = field(default_factory=lambda: {HEAD, BASE})
    is_old: bool = False
    """Knows no filter of notes."""

    def say(self, login: str, body: str, *, system: bool = False) -> Stored:
        """Let somebody write a note."""
        stored = Stored(max([1000, *(one.id for one in self.comments)]) + 1, login, body, system)
        self.comments.append(stored)
        return stored

    def build(self, **changes: Any) -> Build:
        """A build to connect with."""
        plain = Build(
            forge="gitlab",
            server="https://gitlab.example.com",
            api=self.url,
            repo=REPO,
            sha=HEAD,
            branch="topic",
            base_branch="main",
            pull=PULL,
            url="https://gitlab.example.com/octo/churn/-/jobs/1",
            run_id="5001.1",
        )
        return replace(plain, **changes)

    def answer(self, request: Request) -> Answer:
        """Do what GitLab would, in the order that it looks at things."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        account = self.ACCOUNTS.get(token)
        if account is None:
            return says(401, "401 Unauthorized")
        if request.method != "GET" and account.scope != "api":
            description = "The request requires higher privileges than provided by the access token."
            return Answer(403, {"error": "insufficient_scope", "error_description": description, "scope": "api"})
        parts = urlsplit(request.path)
        path = parts.path.removeprefix("/api/v4")
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        if path == "/user":
            return Answer(200, {"id": 4711, "username": account.login})
        found = re.fullmatch(r"/projects/([^/]+)(/.*)?", path)
        if found is None:
            return says(404, "404 Not Found")
        if unquote(found[1]) not in (REPO, "1"):
            return says(404, "404 Project Not Found")
        return self._in_project(request, account, found[2] or "", query)

    def _in_project(self, request: Request, account: Account, path: str, query: dict[str, str]) -> Answer:
        if path == "":
            return Answer(200, {"id": 1, "path_with_namespace": REPO})
        if path == "/uploads":
            return self._upload(request)
        if found := re.fullmatch(r"/statuses/(\w+)", path):
            return self._mark(account, found[1], request.data)
        if found := re.fullmatch(r"/pipelines/(\d+)", path):
            sha = self.pipelines.get(int(found[1]))
            return Answer(200, {"id": int(found[1]), "sha": sha}) if sha else says(404, "404 Not found")
        if path == "/merge_requests":
            asked = [one for one in self.reviews if one["source_branch"] == query.get("source_branch")]
            return self._paged(path, [one for one in asked if one["state"] == query.get("state")], query)
        if found := re.fullmatch(r"/repository/commits/(\w+)/merge_requests", path):
            return self._paged(path, [one for one in self.reviews if one["sha"] == found[1]], query)
        if found := re.fullmatch(r"/merge_requests/(\d+)(/notes(?:/(\d+))?)?", path):
            one = next((one for one in self.reviews if one["iid"] == int(found[1])), None)
            if one is None:
                return says(404, "404 Merge Request Not Found" if not found[2] else "404 MergeRequest Not Found")
            if not found[2]:
                refs = {"diff_refs": {"base_sha": BASE, "head_sha": one["sha"], "start_sha": BASE}}
                return Answer(200, one | refs)
            return self._note(request, account, path, found[3], query)
        return says(404, "404 Not Found")

    def _note(self, request: Request, account: Account, path: str, number: str | None, query: dict[str, str]) -> Answer:
        if request.method == "GET":
            is_filtered = query.get("activity_filter") == "only_comments" and not self.is_old
            shown = [self._show(one) for one in self.comments if not (one.system and is_filtered)]
            return self._paged(path, shown if query.get("sort") == "asc" else shown[::-1], query)
        stored = next((one for one in self.comments if str(one.id) == number), None)
        if number and stored is None:
            return says(404, "404 Not found")
        is_own = stored is None or stored.login == account.login
        if not account.may_write or not (is_own or account.role == "maintainer"):
            return says(403, "403 Forbidden")
        if request.method == "DELETE" and stored:
            self.comments.remove(stored)
            return Answer(204, "", {"Content-Type": "text/plain"})
        body = str(request.data.get("body", ""))
        if not body or len(body) > LONGEST:
            wrong = f"is too long (maximum is {LONGEST} characters)" if body else "can't be blank"
            return says(400, f'400 Bad request - Note {{:note=>["{wrong}"]}}')
        if stored is None:
            return Answer(201, self._show(self.say(account.login, body)))
        stored.body = body
        return Answer(200, self._show(stored))

    def _show(self, stored: Stored) -> dict[str, object]:
        author = {"id": 1, "username": stored.login}
        return {"id": stored.id, "type": None, "body": stored.body, "author": author, "system": stored.system}

    def _paged(self, path: str, rows: list[dict[str, object]], query: dict[str, str]) -> Answer:
        size, page = min(int(query.get("per_page", "20")), 100), int(query.get("page", "1"))
        last = max(1, -(-len(rows) // size))
        others = "".join(f"&{key}={value}" for key, value in query.items() if key not in ("page", "per_page"))
        at = f"https://gitlab.example.com/api/v4/projects/1{path}?per_page={size}{others}&page="
        link = f'<{at}{page + 1}>; rel="next"' if page < last else f'<{at}1>; rel="first"'
        following = str(page + 1) if page < last else ""
        heads = {"Link": link, "X-Page": str(page), "X-Next-Page": following, "X-Per-Page": str(size)}
        return Answer(200, rows[(page - 1) * size : page * size], heads)

    def _mark(self, account: Account, sha: str, data: dict[str, object]) -> Answer:
        if data.get("state") not in ("pending", "running", "success", "failed", "canceled"):
            return says(400, "state does not have a valid value", key="error")
        if not account.may_write:
            return says(403, "403 Forbidden")
        if sha not in self.commits:
            return says(404, "404 Commit Not Found")
        fitting = [number for number, commit in self.pipelines.items() if commit == sha]
        if "pipeline_id" in data:
            fitting = [number for number in fitting if number == data["pipeline_id"]]
            if not fitting:
                return says(404, "404 Pipeline for pipeline_id, sha and ref Not Found")
        if not fitting and sha not in self.branches:
            return says(404, "404 References for commit Not Found")
        for key in ("description", "target_url"):
            if len(str(data.get(key, ""))) > 255:
                return Answer(400, {"message": {key: ["is too long (maximum is 255 characters)"]}})
        pipeline = max(fitting, default=0) or self._new_pipeline(sha)
        status = {**data, "sha": sha, "pipeline_id": pipeline}
        same = [one for one in self.statuses if (one["name"], one["pipeline_id"]) == (data["name"], pipeline)]
        self.statuses = [*(one for one in self.statuses if one not in same), status]
        return Answer(201, {"id": len(self.statuses), "status": data["state"], **status})

    def _new_pipeline(self, sha: str) -> int:
        self.pipelines[number := max(self.pipelines) + 1] = sha
        return number

    def _upload(self, request: Request) -> Answer:
        between = request.headers.get("content-type", "").partition("boundary=")[2]
        parts = request.body.split(f"--{between}".encode()) if between else []
        form = re.compile(rb'\r\n.*name="file"; filename="([^"]*)"\r\n(?:.+\r\n)*?\r\n((?s:.*))\r\n')
        found = next((found for part in parts if (found := form.fullmatch(part))), None)
        if found is None:
            return says(400, "file is missing", key="error")
        name = re.sub(r"[^A-Za-z0-9.+_-]", "_", found[1].decode())
        self.pictures[name] = found[2]
        url = f"/uploads/{md5(f'{name}{len(self.requests)}'.encode()).hexdigest()}/{name}"
        return Answer(201, {"id": 5, "alt": name, "url": url, "full_path": f"/-/project/1{url}"})


def says(status: int, text: str, *, key: str = "message") -> Answer:
    return Answer(status, {key: text})


def review(**changes: Any) -> dict[str, Any]:
    """A merge request as GitLab lists it."""
    plain = {
        "iid": PULL,
        "state": "opened",
        "sha": HEAD,
        "source_branch": "topic",
        "target_branch": "main",
        "source_project_id": 1,
        "target_project_id": 1,
        "references": {"short": f"!{PULL}", "relative": f"!{PULL}", "full": f"{REPO}!{PULL}"},
    }
    return plain | changes


@contextmanager
def start_gitlab() -> Iterator[GitLabServer]:
    """Run one until the block ends."""
    state = GitLabServer()
    with serve(state, "/api/v4"):
        yield state
