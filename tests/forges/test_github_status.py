from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.errors import ForbiddenError, PublishError
from cml_bot.forges._patience import Patience
from cml_bot.forges.github import connect
from cml_bot.forges.github.status import _cut
from cml_bot.model import Outcome
from cml_bot.review import Remark, Status
from tests.forges.github_server import READ, ROSE, SHA, STATUSES, WRITE, GitHubServer, start_github
from tests.forges.wire import Answer, Fault

PAGE = "https://github.com/octo/churn/pull/7#issuecomment-1"


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with start_github() as server:
        yield server


def status(outcome: Outcome = Outcome.PASS, line: str = "2 better", **changes: object) -> Status:
    usual: dict[str, object] = {
        "name": "mlbot / report",
        "outcome": outcome,
        "line": line,
        "url": PAGE,
        "text": "### r",
    }
    return Status(**{**usual, **changes})  # type: ignore[arg-type]


def tell(server: GitHubServer, told: Status, token: str = WRITE, **changes: object) -> str:
    return connect(server.build(**changes), token, Patience(5, pace=0.01)).tell_status(told)


def remarks(count: int) -> tuple[Remark, ...]:
    return tuple(
        Remark(path="eval.json", outcome=Outcome.FAIL, title=f"gate {n}", text=f"metric {n}: too low")
        for n in range(count)
    )


def test_a_check_run_is_one_request(server: GitHubServer) -> None:
    url = tell(server, status())
    assert url == f"https://github.com/octo/churn/runs/{server.statuses[0]['id']}"
    assert server.requests == [("POST", "/repos/octo/churn/check-runs")]
    sent = server.statuses[0]
    assert sent == {
        "id": sent["id"],
        "name": "mlbot / report",
        "head_sha": SHA,
        "external_id": sent["external_id"],
        "status": "completed",
        "conclusion": "success",
        "details_url": PAGE,
        "output": {"title": "2 better", "summary": "### r", "annotations": []},
    }
    assert "details_url" not in sent_for(server, status(url=""))


def sent_for(server: GitHubServer, told: Status, token: str = WRITE) -> dict[str, object]:
    tell(server, told, token)
    return server.statuses[-1]


@pytest.mark.parametrize(
    ("outcome", "is_trusted", "conclusion", "state"),
    [
        (Outcome.PASS, True, "success", "success"),
        (Outcome.WARN, True, "success", "success"),
        (Outcome.FAIL, True, "failure", "failure"),
        (Outcome.PASS, False, "neutral", "success"),
        (Outcome.WARN, False, "neutral", "success"),
        (Outcome.FAIL, False, "failure", "failure"),
    ],
)
def test_outcomes(server: GitHubServer, outcome: Outcome, is_trusted: bool, conclusion: str, state: str) -> None:
    told = status(outcome, is_trusted=is_trusted)
    assert sent_for(server, told)["conclusion"] == conclusion
    plain = sent_for(server, told, ROSE)
    assert plain["state"] == state
    assert ("fork" in str(plain["description"])) is (not is_trusted and outcome is not Outcome.FAIL)


@pytest.mark.parametrize(("line", "title"), [("1 worse", "Warned: 1 worse"), ("1 gate warned", "1 gate warned")])
def test_a_warning_says_so(server: GitHubServer, line: str, title: str) -> None:
    output = sent_for(server, status(Outcome.WARN, line))["output"]
    assert isinstance(output, dict)
    assert output["title"] == title


@pytest.mark.parametrize(("text", "is_shown"), [("é" * 32_767, True), ("é" * 32_768, False), ("", False)])
def test_the_summary_counts_bytes_and_is_never_cut(server: GitHubServer, text: str, is_shown: bool) -> None:
    output = sent_for(server, status(text=text))["output"]
    assert isinstance(output, dict)
    assert (output["summary"] == text) is is_shown
    assert output["summary"]


@pytest.mark.parametrize(("count", "more"), [(1, 0), (50, 0), (51, 1), (120, 2)])
def test_annotations_go_out_fifty_at_a_time(server: GitHubServer, count: int, more: int) -> None:
    output = sent_for(server, status(Outcome.FAIL, remarks=remarks(count)))["output"]
    assert isinstance(output, dict)
    assert [one["title"] for one in output["annotations"]] == [f"gate {n}" for n in range(count)]
    assert output["annotations"][0] == {
        "path": "eval.json",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": "failure",
        "title": "gate 0",
        "message": "metric 0: too low",
    }
    assert (server.sent("POST"), server.sent("PATCH")) == (1, more)


def test_further_annotations_are_never_sent_twice(server: GitHubServer) -> None:
    server.fail("PATCH", Fault(carried_out=True))
    output = sent_for(server, status(Outcome.FAIL, remarks=remarks(60)))["output"]
    assert isinstance(output, dict)
    assert len(output["annotations"]) == 60
    assert server.sent("PATCH") == 1


@pytest.mark.parametrize("token", [ROSE, STATUSES])
def test_a_commit_status_where_no_check_run_may_be_made(server: GitHubServer, token: str) -> None:
    assert tell(server, status(line="word " * 50), token) == ""
    (sent,) = server.statuses
    assert (sent["sha"], sent["context"], sent["target_url"]) == (SHA, "mlbot / report", PAGE)
    assert len(str(sent["description"])) <= 140
    assert server.sent("POST") == (1 if token == ROSE else 2)


@pytest.mark.parametrize("is_fork", [True, False])
def test_neither_of_the_two(server: GitHubServer, is_fork: bool) -> None:
    with pytest.raises(ForbiddenError) as caught:
        tell(server, status(), READ, is_fork=is_fork)
    assert ("forks" in caught.value.cure) is is_fork
    assert "checks: write" in caught.value.cure
    assert "statuses: write" in caught.value.cure


def test_a_check_run_that_was_made_after_all_is_found(server: GitHubServer) -> None:
    server.fail("POST", Fault("reset", carried_out=True))
    tell(server, status())
    assert len(server.statuses) == 1
    assert [method for method, _ in server.requests] == ["POST", "GET"]


def test_one_that_was_not_made_is_sent_again(server: GitHubServer) -> None:
    tell(server, status())  # of an earlier run: its name is the same
    server.fail("POST", Fault("reset"))
    tell(server, status())
    assert len(server.statuses) == 2


def test_a_refusal_is_told_and_no_reason_for_a_status(server: GitHubServer) -> None:
    server.fail("POST", Fault(answer=Answer(422, {"message": "No commit found for SHA"})))
    with pytest.raises(PublishError, match="No commit found"):
        tell(server, status())
    assert server.statuses == []


def test_without_a_commit(server: GitHubServer) -> None:
    with pytest.raises(PublishError, match="not known"):
        tell(server, status(), sha="")
    assert server.requests == []


@given(text=st.text(), limit=st.integers(3, 40))
def test_cut_keeps_to_the_limit_and_to_whole_words(text: str, limit: int) -> None:
    short = _cut(text, limit)
    assert len(short) <= limit
    assert bool(short) is bool(text.strip())
    if len(text) <= limit and text == " ".join(text.split()):
        assert short == text
