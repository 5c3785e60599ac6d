"""What a token may do on Bitbucket, found out by requests that cannot be carried out: the scope is looked at first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cml_bot.errors import ForbiddenError, PublishError
from cml_bot.forges.bitbucket.calls import Call, Refused
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
        yield _try(line, "comment on the pull request", _empty_comment(build.pull))
    if build.sha:
        yield _try(line, "mark the commit", _no_status(build.sha))
    else:
        yield Right(name="mark the commit", is_given=None, cure="No commit is known: ask in a pipeline.")
    call = Call(name="trying to upload", method="POST", path="/downloads", right="repository:write", files=NO_FILE)
    yield _try(line, "upload pictures", call)


def _empty_comment(pull: int) -> Call:
    path, data = f"/pullrequests/{pull}/comments", {"content": {"raw": ""}}
    return Call(name="trying to comment", method="POST", path=path, right="pullrequest:write", data=data)


def _no_status(sha: str) -> Call:
    data = {"key": "mlbot", "state": "NONE", "url": "https://bitbucket.org"}
    path = f"/commit/{sha}/statuses/build"
    return Call(name="trying to mark it", method="POST", path=path, right="repository:write", data=data)


def _read(line: Line, name: str, call: Call) -> Right:
    try:
        line.repeat(call, dict)
    except ForbiddenError as error:
        return Right(name=name, is_given=False, cure=error.cure)
    except PublishError as error:
        return Right(name=name, is_given=None, cure=str(error))
    return Right(name=name, is_given=True)


def _try(line: Line, name: str, call: Call) -> Right:
    """Send what Bitbucket refuses for what it lacks, after it has looked at the token."""
    try:
        line.repeat(call, lambda made: _undo(line, call, made))
    except ForbiddenError as error:
        return Right(name=name, is_given=False, cure=error.cure)
    except PublishError as error:
        cause = error.__cause__
        is_given = isinstance(cause, Refused) and cause.status == 400 and cause.is_json
        return Right(name=name, is_given=True) if is_given else Right(name=name, is_given=None, cure=str(error))
    return Right(name=name, is_given=None, cure="Bitbucket did not refuse what it has to refuse.")


def _undo(line: Line, call: Call, made: Any) -> None:
    """Leave nothing behind, should an empty comment be taken after all."""
    if call.path.endswith("/comments") and isinstance(made, dict) and isinstance(made.get("id"), int):
        path = f"{call.path}/{made['id']}"
        line.once(Call(name="taking it back", method="DELETE", path=path, right=call.right), lambda _: None)
