"""The border: what GitLab refuses becomes ours, in plain words and with the cure. Loaded by `gitlab.connect` alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from gitlab.exceptions import GitlabError
from requests.exceptions import RequestException

from cml_bot.errors import ForbiddenError, GoneError, PublishError, RejectedError
from cml_bot.forges._border import (
    NOT_AN_ANSWER,
    Refused,
    keep_cause,
    quote_said,
    tell_foreign,
    tell_passing,
    tell_too_long,
)
from cml_bot.forges._wire import tell_unreachable
from cml_bot.forges.gitlab import IN_A_FORK, NO_TOKEN, TO_MAKE_ONE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests import Response

    from cml_bot.forges._patience import Patience

Answer = TypeVar("Answer")
FOREIGN = (*NOT_AN_ANSWER, AssertionError, GitlabError)
"""What python-gitlab leaves, and our reading, when the other side does not speak as GitLab does."""
KEYS = ("message", "error", "error_description", "reason")
"""Where GitLab says something, in any of its forms."""


def refuse(response: Response, *args: object, **kwargs: object) -> None:  # noqa: ARG001 - called by requests
    """Let only pass what GitLab answers when it does what it was asked to; for the hook of a session.

    A redirection is not followed: the token would go to whatever address it names. Unlike python-gitlab's own errors
    a Refused keeps the headers.

    Raises:
        Refused: it is something else.
    """
    is_json = response.headers.get("Content-Type", "").partition(";")[0].strip() == "application/json"
    has_what_was_asked = response.status_code == 204 or (is_json and response.request.method != "DELETE")
    if response.status_code >= 300 or not has_what_was_asked:
        raise Refused(response.status_code, response.headers, response.content, _pick)


def _pick(data: Mapping[str, object]) -> list[object]:
    return [data.get(key) for key in KEYS]


def is_gone(error: Refused) -> bool:
    """Whether what was asked for is not there, and not the project or the merge request that it belongs to."""
    return error.status == 404 and error.is_json and not re.search("Project|Merge", error.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Border:
    """The way to GitLab and back: what a message needs to know of it, and the time that is left for it."""

    patience: Patience
    host: str
    repo: str
    pull: int | None
    is_fork: bool
    token: str = field(repr=False)

    def repeat(self, call: str, work: Callable[[], Answer]) -> Answer:
        """Make a call that may be sent twice; raises what `once` does."""
        return self.patience.repeat(lambda: self._cross(call, work))

    def once(self, call: str, work: Callable[[], Answer]) -> Answer:
        """Make a call, and turn every failure of it.

        Raises:
            ForbiddenError: the token has not the right.
            TooLongError: the text is too long.
            GoneError: it is not there.
            PassingError: GitLab may answer when it is asked again.
            PublishError: anything else.
        """
        return self.patience.once(lambda: self._cross(call, work))

    def _cross(self, call: str, work: Callable[[], Answer]) -> Answer:
        where = f"GitLab, {call} ({self.repo}{'' if self.pull is None else f'!{self.pull}'} at {self.host})"
        try:
            return work()
        except Refused as error:
            raise self._refusal(where, error) from keep_cause(error, self.token)
        except RequestException as error:
            raise tell_unreachable(where, self.host, error, self.token) from keep_cause(error, self.token)
        except FOREIGN as error:
            raise tell_foreign(where, "GitLab", "CI_API_V4_URL") from keep_cause(error, self.token)

    def _refusal(self, where: str, error: Refused) -> PublishError:
        status, said = error.status, quote_said(error.said, self.token)
        if status < 300:
            return tell_foreign(where, "GitLab", "CI_API_V4_URL")
        passing = tell_passing(where, "GitLab", status, error.headers, said)
        if passing:
            return passing
        if "is too long" in error.said:
            return tell_too_long(where, said)
        if status in (401, 403):
            return self._forbidden(where, error)
        return self._wrong(where, error)

    def _forbidden(self, where: str, error: Refused) -> PublishError:
        said = quote_said(error.said, self.token)
        if error.status == 401:
            why = "It has expired, was revoked, or belongs to another server."
            return RejectedError(where, f"the token was not accepted{said}", f"{why} {NO_TOKEN}")
        if "insufficient" in error.said:
            cure = f"The scopes of a token cannot be changed. {TO_MAKE_ONE}"
            return ForbiddenError(where, f"the token lacks the scope `api`{said}", cure)
        cure = (
            f"Give it the role Developer in {self.repo}; to mark commits of a protected branch, one that may push or "
            "merge there. In a discussion that is locked only members may write."
        )
        return ForbiddenError(where, f"the token may not do this{said}", cure + self._in_a_fork())

    def _wrong(self, where: str, error: Refused) -> PublishError:
        said = quote_said(error.said, self.token)
        if error.status == 404:
            what = f"not found{said}: the token cannot see {self.repo}, or what was asked for is gone"
            cure = f"Use a token of this project, with the role Developer and the scope `api`.{self._in_a_fork()}"
            return GoneError(where, what, cure) if is_gone(error) else PublishError(where, what, cure)
        if error.status < 400:
            cure = (
                "Set CI_API_V4_URL to the address the server has for itself, and name the project as it is called now."
            )
            return PublishError(where, f"it sent us to another address ({error.status})", cure)
        return PublishError(where, f"GitLab answered {error.status}{said}", "Run the job again.")

    def _in_a_fork(self) -> str:
        return f" {IN_A_FORK}" if self.is_fork else ""
