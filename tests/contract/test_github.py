"""Every request to GitHub is one that GitHub's own OpenAPI description allows.

Left out: `probe`, whose requests are invalid on purpose, GraphQL, which the description does not cover, and `host`,
which is a push by git.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from cml_bot.errors import PublishError
from cml_bot.forges import Forge, load_forge
from cml_bot.forges._patience import Patience
from cml_bot.model import Outcome
from cml_bot.review import Comment, Remark, Status
from tests.contract.prism import Watch, read_description, watch
from tests.forges.github_server import PULL, REPO, SHA, GitHubServer, start_github
from tests.forges.github_server import pull as make_pull
from tests.forges.wire import Fault

COMMENTS = f"/repos/{REPO}/issues/{PULL}/comments"
ONE_REMARK = {"path": "a.json", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "worse"}
MANY_REMARKS: dict[str, object] = {
    "name": "mlbot",
    "head_sha": SHA,
    "output": {"title": "worse", "summary": "worse", "annotations": [ONE_REMARK] * 51},
}
Both = tuple[GitHubServer, Watch]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    description = read_description("@octokit/openapi/generated/api.github.com.json")
    folder = tmp_path_factory.mktemp("github")
    with start_github() as server, watch(description, server, folder, by_name) as seen:
        yield server, seen


def by_name(path: str) -> str:
    """Give the address of a repository by name: links to further pages have its number, which no description knows.

    The storage that artifacts are kept in is another server's.

    Source: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
    """
    return "" if path.startswith("/storage/") else re.sub(r"^/repositories/1/", f"/repos/{REPO}/", path)


@pytest.fixture
def server(both: Both) -> GitHubServer:
    server = both[0]
    server.comments.clear()
    server.statuses.clear()
    server.artifacts.clear()
    server.pulls[:] = [make_pull()]
    server.by_commit.clear()
    return server


def connect(server: GitHubServer, token: str = "", **changes: object) -> Forge:
    return load_forge("github").connect(server.build(**changes), token or server.WRITER, Patience(30, pace=0.01))


def test_comments(server: GitHubServer, seen: Watch) -> None:
    for number in range(101):
        server.say("rose", f"comment {number}")
    forge = connect(server)
    made = forge.create("**report** & «quotes» 🙂")
    assert made.body == "**report** & «quotes» 🙂"
    assert forge.update(made, "x" * forge.limit).id == made.id
    assert len(list(forge.comments())) == 102
    forge.delete(made)
    one = f"/repos/{REPO}/issues/comments/{made.id}"
    assert seen.passed == [("POST", COMMENTS), ("PATCH", one), ("GET", COMMENTS), ("GET", COMMENTS), ("DELETE", one)]


def test_whose_token_it_is(server: GitHubServer, seen: Watch) -> None:
    comment = Comment(id="1", author="rose", body="", url="")
    assert connect(server, server.OTHER).is_mine(comment)
    assert ("GET", "/user") in seen.passed


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("is_trusted", [True, False])
def test_check_runs(server: GitHubServer, seen: Watch, outcome: Outcome, is_trusted: bool) -> None:
    connect(server).tell_status(mark(outcome, is_trusted=is_trusted))
    assert seen.passed == [("POST", f"/repos/{REPO}/check-runs")]


def test_check_run_with_more_remarks_than_one_request_takes(server: GitHubServer, seen: Watch) -> None:
    remarks = tuple(
        Remark(path=f"{number}.json", outcome=list(Outcome)[number % 3], title="auc ✗" * 99, text="below 0.9\n" * 999)
        for number in range(120)
    )
    connect(server).tell_status(mark(Outcome.FAIL, remarks=remarks, url="https://github.com/octo/churn/pull/7"))
    assert [method for method, _ in seen.passed] == ["POST", "PATCH", "PATCH"]
    assert len(server.statuses[0]["output"]["annotations"]) == 120  # type: ignore[index]


def test_check_run_that_is_looked_for(server: GitHubServer, seen: Watch) -> None:
    seen.fail("POST .*check-runs", Fault("truncated"))
    connect(server).tell_status(mark(Outcome.PASS))
    assert ("GET", f"/repos/{REPO}/commits/{SHA}/check-runs") in seen.passed
    assert len(server.statuses) == 1


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("url", ["", "https://github.com/octo/churn/pull/7"])
def test_commit_statuses(server: GitHubServer, seen: Watch, outcome: Outcome, url: str) -> None:
    connect(server, server.OTHER).tell_status(mark(outcome, line="word " * 99, url=url))
    assert seen.passed == [("POST", f"/repos/{REPO}/statuses/{SHA}")]


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"sha": ""}, {f"/repos/{REPO}/pulls/{PULL}"}),
        ({"pull": None}, {f"/repos/{REPO}/pulls"}),
        ({"pull": None, "branch": ""}, {f"/repos/{REPO}/commits/{SHA}/pulls"}),
        ({"pull": None, "branch": "fix/ü&x#1"}, {f"/repos/{REPO}/pulls", f"/repos/{REPO}/commits/{SHA}/pulls"}),
        ({"pull": None, "head_owner": "rose", "is_fork": True}, {f"/repos/{REPO}/pulls"}),
    ],
    ids=["number", "branch", "commit", "strange branch", "fork"],
)
def test_finding_the_review(server: GitHubServer, seen: Watch, changes: dict[str, Any], asked: set[str]) -> None:
    server.by_commit.append(make_pull())
    connect(server, **changes).find_review()
    assert {path for _, path in seen.passed} == asked


def test_artifacts(server: GitHubServer, seen: Watch) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("run.json", "{}")
    number = server.keep("mlbot", packed.getvalue())
    assert list(connect(server).read_artifacts("5001.1", "mlbot")) == [("mlbot", packed.getvalue())]
    top = f"/repos/{REPO}/actions"
    assert seen.passed == [("GET", f"{top}/runs/5001/artifacts"), ("GET", f"{top}/artifacts/{number}/zip")]


@pytest.mark.parametrize(
    ("method", "path", "data"),
    [
        ("POST", "check-runs", {"name": "mlbot", "head_sha": SHA, "status": "completed", "conclusion": "great"}),
        ("POST", "check-runs", {"name": "mlbot"}),
        ("POST", "check-runs", MANY_REMARKS),
        ("POST", f"statuses/{SHA}", {"state": "passed"}),
        ("POST", f"issues/{PULL}/comments", {"text": "no body"}),
        ("PATCH", "issues/comments/one", {"body": "no number"}),
        ("GET", "pull-requests", None),
    ],
)
def test_wrong_requests_are_refused(
    server: GitHubServer, both: Both, method: str, path: str, data: dict[str, object] | None
) -> None:
    watch = both[1]
    watch.refused.clear()
    before = len(watch.passed)
    answer = requests.request(
        method,
        f"{server.url}/repos/{REPO}/{path}",
        data=data and json.dumps(data),
        headers={"Authorization": f"Bearer {server.WRITER}", "Content-Type": "application/json"},
        timeout=30,
    )
    assert answer.status_code in (404, 422)
    assert len(watch.refused) == 1
    assert len(watch.passed) == before


def test_refusal_reaches_the_adapter(server: GitHubServer, both: Both) -> None:
    with pytest.raises(PublishError):
        connect(server).update(Comment(id="one", author="", body="", url=""), "text")
    assert both[1].refused


def mark(outcome: Outcome, **changes: object) -> Status:
    usual: dict[str, object] = {"name": "mlbot / report", "outcome": outcome, "line": "2 better", "text": "# Report"}
    return Status(**{**usual, **changes})  # type: ignore[arg-type]
