"""What a token may do on Bitbucket, found out by requests that cannot be carried out: the scope is looked at first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.forges._rights import ask, is_invalid
from cml_bot.forges.bitbucket.calls import Call, nothing
from cml_bot.forges.bitbucket.find import read_pull
from cml_bot.forges.bitbucket.owner import ASK
from cml_bot.review import Right

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cml_bot.forges.bitbucket.calls import Line
    from cml_bot.model import Build

NO_FILE = {"nothing": (None, b"", "text/plain")}


def probe(build: Build, line: Line, *, is_access_token: bool) -> Iterator[Right]:
    """Yield what a report needs, and whether the token may do it."""
    if not is_access_token:
        yield _read(line, "tell whose token it is", ASK)
    if build.pull is None:
        yield _read(line, "read the repository", Call(name="reading", method="GET", path="", right="repository"))
        cure = "This build belongs to no pull request: ask in the pipeline of one."
        yield Right(name="comment on the pull request", is_given=None, cure=cure)
    else:
        yield _read(line, "read the pull request", read_pull(build.pull))
        yield _comment(line, build.pull)
    if build.sha:
        yield _try(line, "mark the commit", _no_status(build.sha))
    else:
        yield Right(name="mark the commit", is_given=None, cure="No commit is known: ask in a pipeline.")
    call = Call(name="trying to upload", method="POST", path="/downloads", right="repository:write", files=NO_FILE)
    yield _try(line, "upload pictures", call)


def _no_status(sha: str) -> Call:
    data = {"key": "mlbot", "state": "NONE", "url": "https://bitbucket.org"}
    path = f"/commit/{sha}/statuses/build"
    return Call(name="trying to mark it", method="POST", path=path, right="repository:write", data=data)


def _read(line: Line, name: str, call: Call) -> Right:
    return ask(name, lambda: bool(line.repeat(call, lambda found: found["type"])))


def _try(line: Line, name: str, call: Call) -> Right:
    """Send what Bitbucket refuses for what it lacks, after it has looked at the token."""
    return ask(name, lambda: is_invalid(lambda: line.repeat(call, lambda _: None)))


def _comment(line: Line, pull: int) -> Right:
    """Send an empty comment, once. Should it be taken after all, it is deleted, so that nothing is left behind."""
    path, right = f"/pullrequests/{pull}/comments", "pullrequest:write"
    data = {"content": {"raw": ""}}
    call = Call(name="trying to comment", method="POST", path=path, right=right, data=data)

    def work() -> None:
        number = line.once(call, lambda made: int(made["id"]))
        line.repeat(Call(name="taking it back", method="DELETE", path=f"{path}/{number}", right=right), nothing)

    return ask("comment on the pull request", lambda: is_invalid(work))
