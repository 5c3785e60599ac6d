"""The review of one build on GitHub: its comments here, all else in the modules beside. Loaded by `connect` alone."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from cml_bot.errors import ForbiddenError, GoneError, PublishError
from cml_bot.forges.github.artifacts import read_artifacts
from cml_bot.forges.github.calls import Calls
from cml_bot.forges.github.errors import Call
from cml_bot.forges.github.find import find_review
from cml_bot.forges.github.pictures import Push, host
from cml_bot.forges.github.rights import probe
from cml_bot.forges.github.status import tell_status
from cml_bot.review import Comment, Dialect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cml_bot.forges._patience import Patience
    from cml_bot.model import Build, Figure
    from cml_bot.review import Hosted, Right, Status

LIMIT = 65_000
"""Characters. The message of a refusal says 65,536 of them, what is counted are 262,144 bytes: this keeps below both.

Source: https://github.com/dead-claudia/github-limits
"""
Done = TypeVar("Done")
ACTIONS_BOT = "github-actions[bot]"


class GitHub:
    """A connection to the repository of one build, and to its pull request where it has one."""

    limit = LIMIT
    dialect = Dialect.GITHUB

    def __init__(self, build: Build, token: str, patience: Patience) -> None:
        self.patience = patience
        self._build = build
        self._is_installation = token.startswith("ghs_")
        self._is_actions = self._is_installation
        """Whether we may be `ACTIONS_BOT`: other apps have tokens of the same kind."""
        self._calls = Calls(build, token, patience)
        self._push = Push(build=build, token=token, patience=patience)

    def comments(self) -> Iterator[Comment]:
        """Every comment of the pull request, oldest first, a page when it is needed."""
        for page in self._calls.pages(Call(name="listing comments"), self._discussion, read=_comments):
            yield from page

    def create(self, body: str) -> Comment:
        """Post a comment. Sent once, whatever happens: after a failure nobody knows whether it was stored."""
        call = Call(name="creating a comment")
        return self._calls.send(call, "POST", self._discussion, {"body": body}, read=_comment)

    def update(self, comment: Comment, body: str) -> Comment:
        """Replace a comment's text."""
        call = Call(name=f"updating comment {comment.id}")

        def send() -> Comment:
            return self._calls.send(call, "PATCH", _path(comment), {"body": body}, read=_comment)

        return self._change(comment, send)

    def delete(self, comment: Comment) -> None:
        """Delete a comment; one that is gone already is no error."""
        call = Call(name=f"deleting comment {comment.id}")

        def send() -> None:
            with suppress(GoneError):
                self._calls.send(call, "DELETE", _path(comment), read=_nothing)

        self._change(comment, send)

    def is_mine(self, comment: Comment) -> bool:
        """Whether this token's user wrote it; asks GitHub once, and only where the author leaves it open."""
        if comment.author.endswith("[bot]") != self._is_installation:
            return False
        return (self._is_actions and comment.author == ACTIONS_BOT) or comment.author == self._login

    def host(self, figures: Sequence[Figure], shown: str, name: str = "") -> Hosted:
        """Push figures to a reference that is neither a branch nor a tag, in half of the time that is left."""
        return host(replace(self._push, name=name, patience=self.patience.share(0.5)), figures, shown)

    def tell_status(self, status: Status) -> str:
        """Mark the commit by a check run, or by a commit status where the token may make none."""
        return tell_status(self._calls, self._build, status, may_check=self._is_installation)

    def find_review(self) -> Build:
        """Ask GitHub for the pull request of the build, its head and its base."""
        return find_review(self._calls, self._build)

    def read_artifacts(self, run_id: str, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield name and zip of the artifacts of a run."""
        return read_artifacts(self._calls, run_id, name)

    def probe(self) -> Iterator[Right]:
        """Find out what the token may do, without leaving a trace."""
        return probe(self._calls, self._build, may_check=self._is_installation)

    @property
    def _discussion(self) -> str:
        if self._build.pull is None:
            where, cure = "GitHub", "Run it on `pull_request`, or name it with `--pull`."
            raise PublishError(where, "this build belongs to no pull request", cure)
        return f"/issues/{self._build.pull}/comments"

    def _change(self, comment: Comment, send: Callable[[], Done]) -> Done:
        """Change a comment of ours. One by the Actions' bot was taken for ours without asking: on a refusal we ask."""
        try:
            return send()
        except ForbiddenError:
            if not self._is_actions or comment.author != ACTIONS_BOT:
                raise
            with suppress(PublishError):  # the refusal says more
                self._is_actions = self._login == ACTIONS_BOT
            if self._is_actions:
                raise
        where, what = f"comment {comment.id}", f"it was written by {ACTIONS_BOT}, and this token is another app's"
        raise GoneError(where, what, "Delete it, or keep to one token.")

    @cached_property
    def _login(self) -> str:
        call = Call(name="asking whose token this is")
        if not self._is_installation:
            return self._calls.ask_user(call)
        # GET /user is refused to installations.
        return self._calls.ask_viewer(call)


def _path(comment: Comment) -> str:
    return f"/issues/comments/{comment.id}"


def _comments(answer: Any) -> list[Comment]:
    if not isinstance(answer, list):
        raise TypeError
    return [_comment(found) for found in answer]


def _comment(found: Any) -> Comment:
    number, url = int(found["id"]), str(found["html_url"])
    return Comment(id=str(number), author=_author(found["user"]), body=found.get("body") or "", url=url)


def _author(user: Any) -> str:
    """Give the login; empty for an account that is gone, and for one that only looks like a bot."""
    if user is None or (user["login"].endswith("[bot]") and user["type"] != "Bot"):
        return ""
    return str(user["login"])


def _nothing(answer: object) -> None:
    if answer is not None:
        raise ValueError
