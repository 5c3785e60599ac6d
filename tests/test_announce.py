"""What a review is told, by whom, and when; in memory."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial

import pytest

from cml_bot.announce import announce
from cml_bot.deliver import _try_all
from cml_bot.errors import ConfigError, ForbiddenError, PassingError, PublishError
from cml_bot.forges import Forge
from cml_bot.model import Build, Curve, Outcome, Report, Series, Source
from cml_bot.reach import connect
from cml_bot.render import Drawn, draw_figures, render
from cml_bot.review import Announced, CommentWhen, Manner, Pictures, StatusWhen
from tests.fakes import FakeForge
from tests.making import HEAD_SHA, make_report, make_run
from tests.secrets import NEEDLE

BUILD = Build(
    forge="github",
    server="https://github.com",
    repo="acme/churn",
    pull=7,
    sha=HEAD_SHA,
    url="https://ci.example/1",
    run_id="1.1",
)
FAILING = ("accuracy < 0.99",)


def report_of(*, head: float = 0.9, base: float = 0.9, fail_on: tuple[str, ...] = (), **build: object) -> Report:
    made = make_report(make_run(accuracy=head), make_run(accuracy=base), fail_on=fail_on)
    return replace(made, build=replace(BUILD, **build))  # type: ignore[arg-type]


def tell(report: Report, forge: Forge, drawn: Drawn | None = None, **manner: object) -> Announced:
    page = render(report, None, {})
    return announce(report, page, drawn, Manner(**manner), lambda: forge)  # type: ignore[arg-type]


def curved() -> Report:
    """A report with one curve that differs."""
    head, base = (
        Series(name="loss", x=(0.0, 1.0, 2.0), y=(1.0, 0.5, last), group="history.csv") for last in (0.3, 0.4)
    )
    return replace(report_of(), curves=(Curve(key=head.key, head=head, base=base),))


def refuse(error: PublishError) -> None:
    raise error


@pytest.mark.parametrize(
    ("when", "quiet", "changed", "failed"),
    [
        (CommentWhen.ALWAYS, 1, 1, 1),
        (CommentWhen.ON_CHANGE, 0, 1, 1),
        (CommentWhen.ON_FAILURE, 0, 0, 1),
        (CommentWhen.NEVER, 0, 0, 0),
    ],
)
def test_a_comment_is_made_when_it_is_wanted(when: CommentWhen, quiet: int, changed: int, failed: int) -> None:
    reports = (report_of(), replace(report_of(), like_for_like=("the data differ",)), report_of(fail_on=FAILING))
    for report, wanted in zip(reports, (quiet, changed, failed), strict=True):
        forge = FakeForge()
        told = tell(report, forge, comment=when)
        assert (len(forge.held), bool(told.url)) == (wanted, bool(wanted))
        assert len(forge.statuses) == 1


def test_a_comment_that_is_there_is_kept_up_to_date_whatever_is_wanted_of_new_ones() -> None:
    forge = FakeForge()
    tell(report_of(fail_on=FAILING), forge, comment=CommentWhen.ON_FAILURE)
    tell(report_of(), forge, comment=CommentWhen.ON_FAILURE)
    assert "gate failed" not in forge.held[0].body


def test_the_mark_says_what_came_of_it_and_leads_to_the_comment() -> None:
    forge = FakeForge()
    made = report_of(head=0.8, fail_on=FAILING)
    made = replace(made, sources=(Source(path="metrics.json", why="a well-known name"),))
    told = tell(made, forge)
    [status] = forge.statuses
    assert (status.name, status.outcome, status.url) == ("mlbot / report", Outcome.FAIL, told.url)
    assert status.line.startswith("1 gate failed")
    assert status.text == render(made, None, {}).forms[-1]
    [remark] = status.remarks
    assert (remark.path, remark.outcome, remark.title) == ("metrics.json", Outcome.FAIL, FAILING[0])


def test_what_could_not_be_read_is_no_pass() -> None:
    forge = FakeForge()
    tell(replace(report_of(), broken=("metrics.json: not JSON",)), forge)
    assert forge.statuses[0].outcome is Outcome.FAIL
    assert "marked as failed" in tell(replace(report_of(), broken=("metrics.json: not JSON",)), forge).lines[-1]


def test_a_strangers_numbers_are_marked_as_such() -> None:
    forge = FakeForge()
    tell(replace(report_of(), is_trusted=False), forge)
    assert not forge.statuses[0].is_trusted


def test_without_a_pull_request_the_commit_is_marked_all_the_same() -> None:
    forge = FakeForge()
    told = tell(report_of(pull=None), forge)
    assert forge.held == []
    assert forge.statuses[0].url == BUILD.url
    assert "belongs to no pull request" in told.lines[0]


def test_no_mark_where_none_is_wanted_or_no_commit_is_known() -> None:
    forge = FakeForge()
    tell(report_of(), forge, status=StatusWhen.NEVER)
    tell(report_of(sha=""), forge)
    assert forge.statuses == []


def test_a_commit_that_was_not_trained_is_not_marked() -> None:
    forge = FakeForge()
    told = tell(report_of(sha="f" * 40), forge)
    assert forge.statuses == []
    assert told.lines[-1] == "commit fffffff not marked: the numbers are those of a1b2c3d."


def test_one_right_that_is_missing_does_not_cost_the_other() -> None:
    forge = FakeForge()
    forge.before["create"] = [lambda: refuse(ForbiddenError("create", "it may not", "Grant it."))]
    told = tell(report_of(), forge)
    assert (told.failure, told.url, len(forge.statuses)) == (None, "", 1)
    assert told.lines[0] == "create: it may not. Grant it."
    forge.before["status"] = [lambda: refuse(ForbiddenError("status", "it may not", "Grant it."))]
    told = tell(report_of(), forge)
    assert (told.failure, len(forge.held)) == (None, 1)
    assert any('status = "never"' in line for line in told.lines)


def test_the_first_failure_is_kept_and_the_rest_still_tried() -> None:
    forge = FakeForge()
    forge.before["list"] = [lambda: refuse(PassingError("list", "502", "Again."))]
    told = tell(report_of(), forge)
    assert isinstance(told.failure, PassingError)
    assert len(forge.statuses) == 1


def test_without_a_token_the_cure_is_a_line() -> None:
    told = announce(report_of(), render(report_of(), None, {}), None, Manner(), partial(connect, BUILD, {}))
    assert told.failure is None
    assert "there is no token" in told.lines[0]
    assert "GITHUB_TOKEN" in told.lines[0]


def test_a_deadline_that_is_no_number_is_kept_for_the_end() -> None:
    told = announce(
        report_of(),
        render(report_of(), None, {}),
        None,
        Manner(),
        partial(connect, BUILD, {"MLBOT_DEADLINE": "soon", "GITHUB_TOKEN": f"ghs_{NEEDLE}"}),
    )
    assert isinstance(told.failure, ConfigError)
    assert told.failure.where == "MLBOT_DEADLINE"


@pytest.mark.parametrize(
    ("pictures", "is_private", "hosted", "charted"),
    [
        (Pictures.AUTO, False, True, False),
        (Pictures.AUTO, True, False, True),
        (Pictures.HOST, True, True, False),
        (Pictures.MERMAID, False, False, True),
        (Pictures.NONE, False, False, False),
    ],
)
def test_curves_are_shown_as_is_wanted(pictures: Pictures, is_private: bool, hosted: bool, charted: bool) -> None:
    forge = FakeForge()
    report = replace(curved(), build=replace(BUILD, is_private=is_private))
    tell(report, forge, draw_figures(report), pictures=pictures)
    body = forge.held[0].body
    assert bool(forge.pictures) is hosted
    assert ("https://forge.example/files/" in body) is hosted
    assert ("```mermaid" in body) is charted


def test_every_way_out_is_gone_whatever_fails_on_the_others() -> None:
    gone: list[str] = []

    def fail(error: Exception) -> None:
        gone.append(str(error))
        raise error

    err = io.StringIO()
    ways = [
        partial(fail, ConfigError("folder", "is full", "Make room.")),
        partial(fail, PassingError("forge", "is down", "Again.")),
        partial(gone.append, "printed"),
    ]
    with pytest.raises(PassingError, match="is down"):
        _try_all(ways, err)
    assert gone[-1] == "printed"
    assert err.getvalue() == "mlbot: folder: is full. Make room.\n"
    with pytest.raises(ZeroDivisionError):
        _try_all([partial(fail, ZeroDivisionError("a bug")), *ways], err)
