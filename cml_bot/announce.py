"""What a review is told: the comment, and the mark on its commit. If one fails, the other goes out all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.errors import ForbiddenError, MlbotError, PublishError
from cml_bot.model import Outcome, Trend
from cml_bot.publish import publish
from cml_bot.render import make_draft
from cml_bot.review import Announced, CommentWhen, Remark, Status, StatusWhen
from cml_bot.wording_counts import tell_outcome
from cml_bot.wording_rows import sort_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cml_bot.forges import Forge
    from cml_bot.model import Report
    from cml_bot.render import Drawn
    from cml_bot.review import Manner, Page

QUIET_TRENDS = (Trend.SAME, Trend.UNCLEAR)


def announce(
    report: Report, page: Page, drawn: Drawn | None, manner: Manner, connect: Callable[[], Forge]
) -> Announced:
    """Comment on the review and mark its commit, as far as there is one and the token may.

    Args:
        report: what is to be told.
        page: it rendered without pictures, for places that take few words.
        drawn: its pictures.
        manner: what was asked for.
        connect: opens the connection to the forge.
    """
    try:
        forge = connect()
    except ForbiddenError as error:
        return Announced(lines=(str(error),))
    except MlbotError as error:
        return Announced(failure=error)
    url = ""
    lines: list[str] = []
    failures: list[PublishError] = []
    try:
        url, lines = _comment(report, drawn, manner, forge)
    except ForbiddenError as error:
        lines.append(str(error))
    except PublishError as error:
        failures.append(error)
    try:
        lines += _mark(report, page, manner, forge, url or report.build.url)
    except ForbiddenError as error:
        lines.append(f'{error}\n\nWithout: `status = "never"`.')
    except PublishError as error:
        failures.append(error)
    return Announced(url=url, lines=tuple(lines), failure=failures[0] if failures else None)


def _comment(report: Report, drawn: Drawn | None, manner: Manner, forge: Forge) -> tuple[str, list[str]]:
    """Keep the one comment up to date; give its address, empty where there is none, and lines about it."""
    build = report.build
    if manner.comment is CommentWhen.NEVER:
        return "", []
    if build.pull is None:
        return "", ["this build belongs to no pull request, so there is nothing to comment on."]
    is_hosted = manner.pictures.is_hosted(build)
    draft = make_draft(report, drawn if is_hosted else None, forge.dialect, charts=manner.pictures.is_charted)
    may_create = _is_worth_a_comment(report, manner.comment)
    done = publish(draft, forge, name=report.name, sha=build.sha, run_id=build.run_id, may_create=may_create)
    if done.comment is None:
        return "", [f'no comment made, as `comment = "{manner.comment}"` asks.']
    hint = " (it shows a later run; if there is none, delete it)" if done.action == "older" else ""
    return done.comment.url, [*done.problems, f"comment {done.action}: {done.comment.url}{hint}"]


def _is_worth_a_comment(report: Report, when: CommentWhen) -> bool:
    if when is CommentWhen.ON_FAILURE:
        return report.verdict.outcome is Outcome.FAIL
    if when is CommentWhen.ON_CHANGE:
        has_news = any(delta.trend not in QUIET_TRENDS for delta in report.deltas)
        return has_news or report.verdict.outcome is not Outcome.PASS or bool(report.broken or report.like_for_like)
    return True


def _mark(report: Report, page: Page, manner: Manner, forge: Forge, url: str) -> list[str]:
    """Mark the commit as passed or failed; give the lines about it."""
    reviewed = report.build.sha
    if manner.status is StatusWhen.NEVER or not reviewed:
        return []
    if report.head.sha not in ("", reviewed):
        return [f"commit {reviewed[:7]} not marked: the numbers are those of {report.head.sha[:7]}."]
    _, line = tell_outcome(report, sort_rows(report))
    status = Status(
        name=f"mlbot / {report.name}",
        outcome=report.outcome,
        line=line,
        url=url,
        text=page.forms[-1],
        is_trusted=report.is_trusted,
        remarks=tuple(_remarks(report)),
    )
    where = forge.tell_status(status)
    whose = "" if report.is_trusted else ", by the numbers of its own job"
    return [f"commit {reviewed[:7]} marked as {report.outcome.past}{whose}{f': {where}' if where else ''}"]


def _remarks(report: Report) -> Iterator[Remark]:
    """Give what failed or warned and has a file that it was read from."""
    paths = {source.path for source in report.sources}
    for check in report.verdict.checks:
        if check.outcome is not Outcome.PASS and check.key is not None and check.key.group in paths:
            text = f"{check.key.name}: {check.reason}"
            yield Remark(path=check.key.group, outcome=check.outcome, title=check.gate.text, text=text)
