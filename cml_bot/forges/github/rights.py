"""What a token may do on GitHub, found out without doing it.

Each right is asked for with a request that is wrong in itself. It leans on GitHub looking at the right before it looks
at the request, which is not documented: 403 is taken for no, 422 for yes, and anything else for "nobody can tell".
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cml_bot.errors import ForbiddenError, GoneError
from cml_bot.forges._rights import ask, is_invalid
from cml_bot.forges.github.errors import Call
from cml_bot.forges.github.find import READ
from cml_bot.forges.github.status import CHECK, STATUS, tell_cure
from cml_bot.review import Right

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cml_bot.forges.github.calls import Calls
    from cml_bot.model import Build

COMMENT = Call(name="asking for the right to comment")
TAKE_BACK = Call(name="taking back an empty comment")
PUSH = Call(name="asking for the right to push", right="contents: write", scope="Contents: Read and write")
NO_PULL = "This build belongs to no pull request."
NO_OBJECT = "0" * 40
READING, COMMENTING = "read the pull request", "comment on the pull request"
MARKING, PICTURES = "mark the commit as passed or failed", "keep pictures in the repository"


def probe(calls: Calls, build: Build, *, may_check: bool) -> Iterator[Right]:
    """Yield what the token may do."""
    if build.pull is None:
        yield Right(name=READING, is_given=None, cure=NO_PULL)
        yield Right(name=COMMENTING, is_given=None, cure=NO_PULL)
    else:
        yield _read(calls, build.pull)
        yield _comment(calls, build.pull)
    yield _mark(calls, build, may_check=may_check)
    yield _try(calls, PICTURES, PUSH, "/git/refs", {"ref": "refs/mlbot/probe", "sha": NO_OBJECT})


def _read(calls: Calls, pull: int) -> Right:
    def work() -> bool:
        try:
            return bool(calls.send(READ, "GET", f"/pulls/{pull}", read=lambda answer: answer["number"]))
        except GoneError as error:
            raise ForbiddenError(error.where, error.what, error.cure) from error

    return ask(READING, work)


def _mark(calls: Calls, build: Build, *, may_check: bool) -> Right:
    """Ask for either of the two ways to mark a commit: one is enough."""
    if may_check:
        right = _try(calls, MARKING, CHECK, "/check-runs", {"head_sha": build.sha or NO_OBJECT})
        if right.is_given:
            return right
    right = _try(calls, MARKING, STATUS, f"/statuses/{build.sha or NO_OBJECT}", {"state": ""})
    if right.is_given is False and may_check:
        return Right(name=MARKING, is_given=False, cure=tell_cure(calls))
    return right


def _try(calls: Calls, name: str, call: Call, path: str, data: Mapping[str, object]) -> Right:
    return ask(name, lambda: is_invalid(lambda: calls.send(call, "POST", path, data, read=lambda _: None)))


def _comment(calls: Calls, pull: int) -> Right:
    """Send an empty comment, once. Should it be taken after all, it is deleted, so that nothing is left behind."""

    def work() -> None:
        number = calls.send(
            COMMENT, "POST", f"/issues/{pull}/comments", {"body": ""}, read=lambda made: int(made["id"])
        )
        with suppress(GoneError):
            calls.send(TAKE_BACK, "DELETE", f"/issues/comments/{number}", read=lambda _: None)

    return ask(COMMENTING, lambda: is_invalid(work))
