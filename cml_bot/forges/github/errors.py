"""The border: PyGithub's failures become ours, in plain words and with the cure. Loaded by `github.connect` alone."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from github import GithubException, RateLimitExceededException
from requests.exceptions import RequestException

from cml_bot.errors import (
    ForbiddenError,
    GoneError,
    MlbotError,
    PassingError,
    PublishError,
    RejectedError,
    TooLongError,
)
from cml_bot.forges._border import (
    NOT_AN_ANSWER,
    InvalidError,
    join_words,
    keep_cause,
    quote_said,
    tell_foreign,
    tell_passing,
)
from cml_bot.forges._wire import read_wait, tell_unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDARY_WAIT = 60.0
"""Seconds that GitHub wants to be left alone by who asks too fast, where it does not say it in the answer.

Source: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""
MISDIRECTED = (AssertionError, RuntimeError)
"""What PyGithub leaves when it is sent on to another server."""
OWN_WORDS = (GithubException, MlbotError, RequestException)
"""What says by itself what went wrong, though some of it is a ValueError too."""
TOO_LONG = re.compile(r"too (?:long|large)|maximum (?:is|bytesize|length)|only \d+ characters|exceeds", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One thing that is asked of GitHub, and what it takes."""

    name: str
    """``creating a comment``."""
    right: str = "pull-requests: write"
    """The permission of the job."""
    scope: str = "Pull requests: Read and write"
    """The permission of a fine-grained token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Border:
    """What a message needs to know of the connection."""

    host: str
    place: str
    """``octo/churn#7``."""
    is_fork: bool
    token: str = field(repr=False)

    def where(self, call: Call) -> str:
        """Name a call as messages do."""
        return f"GitHub, {call.name} ({self.place} at {self.host})"

    @contextmanager
    def crossing(self, call: Call) -> Iterator[None]:
        """Turn every failure of one call.

        Raises:
            ForbiddenError: the token has not the right.
            GoneError: it is not there, or the token cannot see it.
            TooLongError: the text is too long.
            PassingError: it may pass.
            PublishError: anything else.
        """
        where = self.where(call)
        try:
            yield
        except GithubException as error:
            raise self._refusal(call, error) from keep_cause(error, self.token)
        except RequestException as error:
            raise tell_unreachable(where, self.host, error, self.token) from keep_cause(error, self.token)

    @contextmanager
    def reading(self, call: Call) -> Iterator[None]:
        """Cross with one request, and read its answer: nothing else, for here a mistake of ours looks like GitHub's.

        Raises:
            PublishError: what `crossing` raises; a PassingError where the answer is not one of GitHub's.
        """
        where = self.where(call)
        with self.crossing(call):
            try:
                yield
            except OWN_WORDS:
                raise
            except MISDIRECTED as error:
                cure = "Check GITHUB_API_URL, and any proxy on the way."
                raise PublishError(where, f"{self.host} sends us on to another server", cure) from keep_cause(
                    error, self.token
                )
            except NOT_AN_ANSWER as error:
                raise tell_foreign(where, "GitHub", "GITHUB_API_URL") from keep_cause(error, self.token)

    def _refusal(self, call: Call, error: GithubException) -> PublishError:
        where, said = self.where(call), self._said(error)
        if _is_rate_limit(error):
            cure = "Run the job again later, and seldom at the same time as others."
            return PassingError(where, f"the rate limit is used up{said}", cure, wait=_read_limit(error), took_no=True)
        passing = tell_passing(where, "GitHub", error.status, _headers(error), said)
        if passing:
            return passing
        match error.status:
            case 401:
                cure = "Give the step a valid one: `env: GITHUB_TOKEN: ${{ github.token }}`."
                return RejectedError(where, f"the token was not accepted{said}", cure)
            case 403:
                return ForbiddenError(where, f"the token may not do this{said}", self._grant(call, said))
            case 404 | 410:
                what = f"not found{said}: the token cannot see {self.place}, or what was asked for is gone"
                cure = "Use a token of this repository; a fine-grained one must name it, a classic one needs `repo`."
                return GoneError(where, what, cure)
            case 422 if TOO_LONG.search(said):
                return TooLongError(where, f"the text was refused{said}", "Report on fewer files.")
            case 422:
                return InvalidError(where, f"it was refused{said}", "Look at what it says of it.")
            case status:
                return PublishError(where, f"GitHub answered {status}{said}", "Run the job again.")

    def _said(self, error: GithubException) -> str:
        data = error.data if isinstance(error.data, dict) else {}
        details = data.get("errors")
        texts = [data.get("message"), *(details if isinstance(details, list) else [details])]
        said = join_words(text.get("message") if isinstance(text, dict) else text for text in texts)
        return quote_said(said, self.token)

    def _grant(self, call: Call, said: str) -> str:
        yaml = write_yaml(call.right)
        if "personal access token" in said:
            return f"Give the token the repository permission `{call.scope}`."
        if "locked" in said or "archived" in said:
            return "Unlock it, or do without a comment there: `--no-publish`."
        if "not accessible" not in said:
            return f"If it is the job's own token, the job needs\n\n{yaml}"
        if self.is_fork:
            return (
                "Pull requests from forks get a read-only token, whatever the workflow asks for: "
                f"the report is in the job's summary. In other builds the job needs\n\n{yaml}"
            )
        return f"Give the job the right (Dependabot and forks get a read-only token whatever it says):\n\n{yaml}"


def write_yaml(*rights: str) -> str:
    """Write the lines that grant rights to a job, with comments and a checkout: naming one takes away all others.

    Example:
        >>> print(write_yaml("statuses: write"))
        permissions:
          statuses: write
          pull-requests: write
          contents: read
    """
    named = {right.partition(":")[0] for right in rights}
    usual = [right for right in ("pull-requests: write", "contents: read") if right.partition(":")[0] not in named]
    return "\n  ".join(("permissions:", *rights, *usual))


def _headers(error: GithubException) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in (error.headers or {}).items()}


def _is_rate_limit(error: GithubException) -> bool:
    headers = _headers(error)
    if isinstance(error, RateLimitExceededException) or error.status == 429:
        return True
    return error.status == 403 and (headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers)


def _read_limit(error: GithubException) -> float | None:
    """Read how long to wait. The time of reset is that of the hourly limit, and counts only where that is used up."""
    headers = _headers(error)
    if "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0":
        return read_wait(headers)
    return SECONDARY_WAIT if isinstance(error, RateLimitExceededException) else None
