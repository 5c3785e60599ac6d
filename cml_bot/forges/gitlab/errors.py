"""The border: what GitLab refuses becomes ours, in plain words and with the cure. Loaded by `gitlab.connect` alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from gitlab.exceptions import GitlabError
from requests.exceptions import RequestException

from cml_bot.errors import ForbiddenError, PassingError, PublishError, TooLongError
from cml_bot.forges._wire import read_wait, tell_unreachable
from cml_bot.forges.gitlab import IN_A_FORK, OF_THE_JOB, TO_MAKE_ONE
from cml_bot.tokens import redact

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import Response

    from cml_bot.forges._patience import Patience

Answer = TypeVar("Answer")
NOT_AN_ANSWER = (AssertionError, AttributeError, GitlabError, LookupError, TypeError, ValueError)
"""What python-gitlab leaves when the other side does not speak as GitLab does."""
PASSING = frozenset({408, 409, 425})
"""409 is a lock that another job holds."""


class Refused(Exception):  # noqa: N818 - never leaves the border
    """An answer that is not the one asked for. Unlike python-gitlab's own errors it keeps the headers."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.said = _read_words(body)

    @property
    def is_json(self) -> bool:
        """Whether GitLab itself may have written it."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip() == "application/json"


def refuse(response: Response, *args: object, **kwargs: object) -> None:  # noqa: ARG001 - called by requests
    """Let only pass what GitLab answers when it does what it was asked to; for the hook of a session.

    A redirection is not followed: the token would go to whatever address it names.

    Raises:
        Refused: it is something else.
    """
    refused = Refused(response.status_code, response.headers, response.content)
    has_nothing_to_say = response.status_code == 204
    is_answer = has_nothing_to_say or (refused.is_json and response.request.method != "DELETE")
    if response.status_code >= 300 or not is_answer:
        raise refused


def _read_words(body: bytes) -> str:
    """Give what an answer says, in all the forms that GitLab writes it in."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(data, dict):
        return ""
    texts = [_flatten(data.get(key)) for key in ("message", "error", "error_description", "reason")]
    return "; ".join(text for text in texts if text)


def _flatten(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_flatten(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(_flatten(one) for one in value)
    return " ".join(value.split()) if isinstance(value, str) else ""


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
            PassingError: GitLab may answer when it is asked again.
            PublishError: anything else.
        """
        return self.patience.once(lambda: self._cross(call, work))

    def _cross(self, call: str, work: Callable[[], Answer]) -> Answer:
        where = f"GitLab, {call} ({self.repo}{'' if self.pull is None else f'!{self.pull}'} at {self.host})"
        try:
            return work()
        except Refused as error:
            raise self._refusal(where, error) from self._cause(error)
        except RequestException as error:
            raise tell_unreachable(where, self.host, error, self.token) from self._cause(error)
        except NOT_AN_ANSWER as error:
            raise self._foreign(where) from self._cause(error)

    def _cause(self, error: Exception) -> Exception | None:
        """Keep the chain, unless a traceback of it would show the token."""
        return None if self.token in f"{error} {error!r}" else error

    def _foreign(self, where: str) -> PassingError:
        cure = "Run the job again; else check CI_API_V4_URL, and any proxy on the way."
        return PassingError(where, "the answer is not one of GitLab's", cure)

    def _refusal(self, where: str, error: Refused) -> PublishError:
        status, said = error.status, self._said(error)
        wait = read_wait(error.headers)
        if status == 429 or (status == 403 and "Retry-After" in error.headers):
            what = f"too many requests were sent{said}"
            return PassingError(where, what, "Run the job again in some minutes.", wait=wait, took_no=True)
        if status >= 500 or status in PASSING:
            cure = "Run the job again: a comment that was stored after all is found and updated."
            return PassingError(where, f"GitLab answered {status}{said}", cure, wait=wait, took_no=status == 409)
        if status < 300:
            return self._foreign(where)
        if status == 413 or "is too long" in error.said:
            return TooLongError(where, f"the text is too long{said}", "Report on fewer files at once.")
        if status in (401, 403):
            return self._forbidden(where, error)
        return self._wrong(where, error)

    def _forbidden(self, where: str, error: Refused) -> ForbiddenError:
        said = self._said(error)
        if error.status == 401:
            why = "It has expired, was revoked, or belongs to another server."
            return ForbiddenError(where, f"the token was not accepted{said}", f"{why} {OF_THE_JOB} {TO_MAKE_ONE}")
        if "insufficient" in error.said:
            cure = f"The scopes of a token cannot be changed. {TO_MAKE_ONE}"
            return ForbiddenError(where, f"the token lacks the scope `api`{said}", cure)
        cure = (
            f"Give it the role Developer in {self.repo}; to mark commits of a protected branch, one that may push or "
            "merge there. In a discussion that is locked only members may write."
        )
        return ForbiddenError(where, f"the token may not do this{said}", cure + self._in_a_fork())

    def _wrong(self, where: str, error: Refused) -> PublishError:
        said = self._said(error)
        if error.status == 404:
            what = f"not found{said}: the token cannot see {self.repo}, or what was asked for is gone"
            cure = f"Use a token of this project, with the role Developer and the scope `api`.{self._in_a_fork()}"
            return PublishError(where, what, cure)
        if error.status < 400:
            cure = (
                "Set CI_API_V4_URL to the address the server has for itself, and name the project as it is called now."
            )
            return PublishError(where, f"it sent us to another address ({error.status})", cure)
        return PublishError(where, f"GitLab answered {error.status}{said}", "Run the job again.")

    def _in_a_fork(self) -> str:
        return f" {IN_A_FORK}" if self.is_fork else ""

    def _said(self, error: Refused) -> str:
        said = redact(error.said, self.token)[:300].rstrip(".")
        return f" ({said})" if said else ""
