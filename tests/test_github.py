from __future__ import annotations

import subprocess
import sys

import pytest

from cml_bot.errors import ForbiddenError, PublishError
from cml_bot.forges._patience import Patience
from cml_bot.forges.github import build, connect, place
from cml_bot.model import Build

HEAD, BASE, MERGE, ZEROS = "a1" * 20, "b2" * 20, "c3" * 20, "0" * 40
ENV = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "octo/churn",
    "GITHUB_RUN_ID": "812345",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SHA": MERGE,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_API_URL": "https://api.github.com",
}
REPOSITORY = {"id": 1, "default_branch": "main", "private": True}
PULL = {
    "number": 7,
    "head": {"sha": HEAD, "ref": "better", "repo": {"id": 1, "owner": {"login": "octo"}}},
    "base": {"sha": BASE, "ref": "main", "repo": {"id": 1}},
}
Event = dict[str, object]


def see(name: str, event: Event, **env: str) -> Build:
    found = build({**ENV, "GITHUB_EVENT_NAME": name, **env}, event)
    assert found is not None
    return found


def fork(head: object) -> Event:
    return {"pull_request": {**PULL, "head": {"sha": HEAD, "ref": "main", "repo": head}}, "repository": REPOSITORY}


@pytest.mark.parametrize(
    "env", [{}, {"CI": "true"}, {**ENV, "GITEA_ACTIONS": "true"}, {**ENV, "FORGEJO_ACTIONS": "true"}]
)
def test_other_ci_is_not_ours(env: dict[str, str]) -> None:
    assert build(env, {}) is None


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target", "pull_request_review"])
def test_pull_request(name: str) -> None:
    event: Event = {"pull_request": PULL, "repository": REPOSITORY}
    assert see(name, event, GITHUB_REF="refs/pull/7/merge") == Build(
        forge="github",
        server="https://github.com",
        api="https://api.github.com",
        repo="octo/churn",
        sha=HEAD,
        base_sha=BASE,
        branch="better",
        pull=7,
        base_branch="main",
        is_private=True,
        url="https://github.com/octo/churn/actions/runs/812345/attempts/2",
        run_id="812345.2",
        head_owner="octo",
        trusted_sha=MERGE if name == "pull_request_target" else "",
    )


@pytest.mark.parametrize(("head", "owner"), [({"id": 2, "owner": {"login": "rose"}}, "rose"), (None, "")])
def test_fork_is_told_by_the_repository(head: object, owner: str) -> None:
    found = see("pull_request", fork(head))
    assert found.is_fork
    assert found.head_owner == owner
    assert not found.on_main  # whatever the branch is called


def test_pull_request_without_an_event() -> None:
    more = {"GITHUB_REF": "refs/pull/7/merge", "GITHUB_HEAD_REF": "better", "GITHUB_BASE_REF": "main"}
    found = see("pull_request", {}, **more)
    assert (found.pull, found.branch, found.base_branch, found.run_id) == (7, "better", "main", "812345.2")
    assert found.sha == ""  # the merge commit is nobody's work


@pytest.mark.parametrize(
    "event",
    [
        {"pull_request": None},
        {"pull_request": [1], "repository": "x", "number": True},
        {"pull_request": {"number": "7", "head": {"sha": 5, "repo": []}, "base": None}},
    ],
)
@pytest.mark.parametrize("name", ["pull_request", "push", "merge_group", "workflow_run", "issue_comment", "new_one"])
def test_broken_event_leaves_what_the_variables_say(name: str, event: Event) -> None:
    found = see(name, event)
    assert (found.repo, found.run_id, found.pull, found.is_fork) == ("octo/churn", "812345.2", None, False)


def test_push_to_main() -> None:
    found = see("push", {"before": BASE, "after": MERGE, "repository": REPOSITORY})
    assert (found.sha, found.base_sha, found.branch, found.on_main, found.pull) == (MERGE, BASE, "main", True, None)


@pytest.mark.parametrize("ref", ["refs/heads/feature/main", "refs/tags/main"])
def test_push_elsewhere(ref: str) -> None:
    found = see("push", {"before": ZEROS, "repository": REPOSITORY}, GITHUB_REF=ref)
    assert (found.base_sha, found.on_main) == ("", False)
    assert found.branch == ("feature/main" if "heads" in ref else "")


def test_schedule_names_no_repository_and_is_on_main() -> None:
    found = see("schedule", {"schedule": "0 3 * * *"})
    assert (found.sha, found.branch, found.base_branch, found.on_main) == (MERGE, "main", "main", True)


@pytest.mark.parametrize(("ref", "on_main"), [("refs/heads/main", True), ("refs/heads/try", False)])
def test_workflow_dispatch(ref: str, on_main: bool) -> None:
    found = see("workflow_dispatch", {"repository": REPOSITORY, "inputs": {}}, GITHUB_REF=ref)
    assert (found.sha, found.on_main) == (MERGE, on_main)


def test_merge_group() -> None:
    group = {
        "head_sha": HEAD,
        "base_sha": BASE,
        "base_ref": "refs/heads/main",
        "head_ref": f"refs/heads/gh-readonly-queue/pr-1-x/pr-7-{BASE}",
    }
    found = see("merge_group", {"merge_group": group, "repository": REPOSITORY})
    assert (found.sha, found.base_sha, found.base_branch, found.pull) == (HEAD, BASE, "main", 7)
    assert not found.on_main


def follow(event: str = "pull_request", head_repository: object = None, pulls: object = None) -> Build:
    run = {
        "id": 800000,
        "run_attempt": 3,
        "event": event,
        "head_sha": HEAD,
        "head_branch": "better",
        "head_repository": head_repository or {"id": 1, "owner": {"login": "octo"}},
        "pull_requests": [PULL] if pulls is None else pulls,
    }
    return see("workflow_run", {"workflow_run": run, "repository": REPOSITORY})


def test_workflow_run_stands_for_the_run_it_follows() -> None:
    found = follow()
    assert (found.sha, found.base_sha, found.pull, found.base_branch) == (HEAD, BASE, 7, "main")
    assert found.run_id == "800000.3"
    assert found.url == "https://github.com/octo/churn/actions/runs/800000/attempts/3"
    assert not found.is_fork
    assert (found.head_owner, found.trusted_sha) == ("octo", MERGE)


@pytest.mark.parametrize(
    ("event", "head", "is_untrusted"),
    [
        ("pull_request", 1, True),
        ("pull_request_target", 1, True),
        ("push", 1, False),
        ("schedule", 1, False),
        ("push", 2, True),
    ],
)
def test_only_one_commit_may_run_where_the_rights_are_more_than_the_authors(
    event: str, head: int, is_untrusted: bool
) -> None:
    found = follow(event, head_repository={"id": head})
    assert found.trusted_sha == (MERGE if is_untrusted else "")
    # After a push the list is no more than what happens to hold the commit.
    assert found.pull == (7 if is_untrusted and event != "pull_request_target" else None)


def test_workflow_run_of_a_fork_tells_no_pull_request() -> None:
    found = follow(head_repository={"id": 2, "owner": {"login": "rose"}}, pulls=[])
    assert (found.is_fork, found.pull, found.sha) == (True, None, HEAD)
    assert (found.head_owner, found.branch) == ("rose", "better")


@pytest.mark.parametrize(
    "pull",
    [{**PULL, "head": {"sha": MERGE}}, {**PULL, "base": {"sha": BASE, "ref": "main", "repo": {"id": 5}}}, "7", None],
)
def test_workflow_run_takes_no_pull_request_of_another_commit_or_repository(pull: object) -> None:
    assert follow(pulls=[pull]).pull is None


def test_workflow_run_after_pull_request_target_has_no_honest_commit() -> None:
    assert follow("pull_request_target", pulls=[]).sha == ""


def test_comment_on_a_pull_request() -> None:
    event: Event = {"issue": {"number": 7, "pull_request": {"url": "x"}}, "repository": REPOSITORY}
    found = see("issue_comment", event)
    assert (found.pull, found.sha, found.branch, found.on_main) == (7, "", "", False)


def test_comment_on_an_issue() -> None:
    found = see("issue_comment", {"issue": {"number": 7}, "repository": REPOSITORY})
    assert (found.pull, found.on_main) == (None, False)


def test_enterprise_server() -> None:
    more = {"GITHUB_SERVER_URL": "https://git.example.com/", "GITHUB_API_URL": "https://git.example.com/api/v3"}
    found = see("push", {}, **more)
    assert (found.api, found.url) == (
        "https://git.example.com/api/v3",
        "https://git.example.com/octo/churn/actions/runs/812345/attempts/2",
    )


def test_enterprise_server_without_the_address_of_its_interface() -> None:
    found = see("push", {}, GITHUB_SERVER_URL="https://git.example.com", GITHUB_API_URL="")
    assert found.api == "https://git.example.com/api/v3"


@pytest.mark.parametrize(
    ("server", "expected", "api"),
    [
        ("", "https://github.com", "https://api.github.com"),
        ("https://github.com/", "https://github.com", "https://api.github.com"),
        ("https://git.example.com/", "https://git.example.com", "https://git.example.com/api/v3"),
    ],
)
def test_place(server: str, expected: str, api: str) -> None:
    assert place(server) == Build(forge="github", server=expected, api=api)


def test_detection_does_not_load_pygithub() -> None:
    code = "import sys, cml_bot.forges.github; sys.exit('github' in sys.modules or 'requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


NOW = Patience(5)
READY = Build(forge="github", api="https://api.github.com", repo="octo/churn", pull=7)


@pytest.mark.parametrize("token", ["", "  \n"])
def test_no_token(token: str) -> None:
    with pytest.raises(ForbiddenError, match=r"there is no token.*github\.token"):
        connect(READY, token, NOW)


@pytest.mark.parametrize("token", ["ghs_abc\nX-Evil: 1", "ghs_ünï"])
def test_token_that_would_break_a_header_is_not_told(token: str) -> None:
    with pytest.raises(PublishError, match="characters that no token has") as caught:
        connect(READY, token, NOW)
    assert token not in str(caught.value)


@pytest.mark.parametrize("api", ["http://api.github.com", "ftp://x", "", "http://127.0.0.1.evil.example"])
def test_no_token_goes_out_unencrypted(api: str) -> None:
    with pytest.raises(PublishError, match="not https"):
        connect(Build(forge="github", api=api, repo="octo/churn", pull=7), "ghs_x", NOW)


def test_build_without_a_pull_request_can_be_marked_and_looked_for() -> None:
    connect(Build(forge="github", api="https://api.github.com", repo="octo/churn"), "ghs_x", NOW)
