"""The line to Bitbucket: requests with a token, and failures in plain words. Loaded by `bitbucket.connect` alone."""

from __future__ import annotations

import base64
import json
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.exceptions import RequestException

from cml_bot.errors import ForbiddenError, PassingError, PublishError, TooLongError
from cml_bot.forges._patience import REQUEST_SECONDS
from cml_bot.forges._wire import read_wait, tell_unreachable
from cml_bot.forges.bitbucket import API_VARIABLE, TO_MAKE_ONE
from cml_bot.tokens import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cml_bot.forges._patience import Patience
    from cml_bot.model import Build

Result = TypeVar("Result")
PASSING: Final = frozenset({408, 409, 425})
LONG: Final = 8_000
"""Characters. A text of that length that is refused with a page in place of a reason was too long."""
NOT_AN_ANSWER = (AttributeError, LookupError, TypeError, ValueError)
"""What reading an answer leaves that is not built as documented."""
APP_PASSWORD = "App passwords stopped working on 9 June 2026."  # noqa: S105 - a sentence


class Refused(Exception):  # noqa: N818 - never leaves the border
    """An answer that is not the one asked for."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response.status_code)
        self.status = response.status_code
        self.headers = response.headers
        self.is_json, self.said = _read_words(response.content)

    @property
    def is_about_scopes(self) -> bool:
        """Whether the token lacks a scope, whatever it was used on."""
        return "scope" in self.said


class _Bearer(AuthBase):
    """Puts the token into each request; without it requests would look for another one in ~/.netrc."""

    def __init__(self, token: str) -> None:
        is_pair = ":" in token
        said = base64.b64encode(token.encode()).decode() if is_pair else token
        self._header = f"{'Basic' if is_pair else 'Bearer'} {said}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request."""

    name: str
    """``listing comments``."""
    method: str
    path: str
    """Within the repository, or from the top of the interface where it begins with ``//``."""
    right: str
    """The scope that it takes."""
    query: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, object] | None = None
    files: Mapping[str, tuple[str | None, bytes, str]] | None = None
    is_answered: bool = True
    """False where what was done is told by the status alone."""

    @property
    def length(self) -> int:
        """Characters of the text that it sends."""
        return len(json.dumps(self.data, ensure_ascii=False)) if self.data else 0


class Line:
    """The way to Bitbucket and back. Nothing of it is repeated by requests itself, and no redirection is followed."""

    def __init__(self, build: Build, token: str, patience: Patience) -> None:
        self.patience = patience
        self._build = build
        self._host = urlsplit(build.api).netloc
        self._token = token.rpartition(":")[2]
        self._session = requests.Session()
        self._session.auth = _Bearer(token)
        self._session.headers["User-Agent"] = "mlbot"
        self._session.headers["Accept"] = "application/json"

    def share(self, part: float) -> Line:
        """Give the same line, for a part of the time that is left."""
        other = copy(self)
        other.patience = self.patience.share(part)
        return other

    def repeat(self, call: Call, read: Callable[[Any], Result]) -> Result:
        """Make a call that may be sent twice, and read its answer; raises what `once` does."""
        return self.patience.repeat(lambda: self._cross(call, read))

    def once(self, call: Call, read: Callable[[Any], Result]) -> Result:
        """Make a call, and read its answer.

        Raises:
            ForbiddenError: the token has not the right.
            TooLongError: the text is too long.
            PassingError: Bitbucket may answer when it is asked again.
            PublishError: anything else; its cause is the Refused that says more, where it was refused.
        """
        return self.patience.once(lambda: self._cross(call, read))

    def _cross(self, call: Call, read: Callable[[Any], Result]) -> Result:
        pull = "" if self._build.pull is None else f"#{self._build.pull}"
        where = f"Bitbucket, {call.name} ({self._build.repo}{pull} at {self._host})"
        try:
            return read(self._send(call))
        except Refused as error:
            raise self._refusal(where, call, error) from self._cause(error)
        except RequestException as error:
            raise tell_unreachable(where, self._host, error, self._token) from self._cause(error)
        except NOT_AN_ANSWER as error:
            raise _foreign(where) from self._cause(error)

    def _send(self, call: Call) -> Any:
        home = f"/repositories/{self._build.repo}"
        path = call.path.removeprefix("/") if call.path.startswith("//") else home + call.path
        response = self._session.request(
            call.method,
            self._build.api + path,
            params=dict(call.query),
            json=call.data,
            files=call.files,
            timeout=REQUEST_SECONDS,
            allow_redirects=False,
        )
        if response.status_code >= 300:
            raise Refused(response)
        if response.status_code == 204 or (response.status_code == 201 and not call.is_answered):
            return None
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError):
            raise Refused(response) from None

    def _cause(self, error: Exception) -> Exception | None:
        """Keep the chain, unless a traceback of it would show the token."""
        return None if self._token in f"{error} {error!r}" else error

    def _refusal(self, where: str, call: Call, error: Refused) -> PublishError:
        status, said, wait = error.status, self._said(error), read_wait(error.headers)
        if status == 429 or (status == 403 and "Retry-After" in error.headers):
            what = f"too many requests were sent{said}"
            return PassingError(where, what, "Run the job again in an hour.", wait=wait, took_no=True)
        if status >= 500 or status in PASSING:
            cure = "Run the job again: a comment that was stored after all is found and updated."
            return PassingError(where, f"Bitbucket answered {status}{said}", cure, wait=wait, took_no=status == 409)
        if status < 300:
            return _foreign(where)
        if status == 413 or (status == 400 and call.length > LONG and _is_too_long(error)):
            return TooLongError(where, f"the text is too long{said}", "Report on fewer files at once.")
        if status in (401, 403):
            return self._forbidden(where, call, error)
        return self._wrong(where, call, error)

    def _forbidden(self, where: str, call: Call, error: Refused) -> ForbiddenError:
        said = self._said(error)
        if error.status == 401:
            is_old = self._token.startswith("ATBB")
            why = APP_PASSWORD if is_old else "It has expired, was revoked, or is of another repository."
            return ForbiddenError(where, f"the token was not accepted{said}", f"{why} {TO_MAKE_ONE}")
        cure = f"It needs the scope `{call.right}`. The scopes of a token cannot be changed. {TO_MAKE_ONE}"
        return ForbiddenError(where, f"the token may not do this{said}", cure)

    def _wrong(self, where: str, call: Call, error: Refused) -> PublishError:
        said, status = self._said(error), error.status
        if status == 404:
            what = f"not found{said}: the token cannot see {self._build.repo}, or what was asked for is gone"
            return PublishError(where, what, f"Use a token of this repository with the scope `{call.right}`.")
        if status < 400:
            cure = f"Name the repository as it is called now, and check {API_VARIABLE}."
            return PublishError(where, f"it sent us to another address ({status})", cure)
        return PublishError(where, f"Bitbucket answered {status}{said}", "Run the job again.")

    def _said(self, error: Refused) -> str:
        said = redact(error.said, self._token)[:300].rstrip(".")
        return f" ({said})" if said else ""


def nothing(answer: object) -> None:
    """Read an answer that has nothing to say."""
    if answer is not None:
        raise ValueError


def _foreign(where: str) -> PassingError:
    cure = f"Run the job again; else check {API_VARIABLE}, and any proxy on the way."
    return PassingError(where, "the answer is not one of Bitbucket's", cure)


def _is_too_long(error: Refused) -> bool:
    return not error.is_json or any(words in error.said for words in ("at most", "too long", "too large"))


def _read_words(body: bytes) -> tuple[bool, str]:
    """Tell whether an answer is JSON, and what it says.

    ``{"type": "error", "error": {"message": "…", "detail": "…" or {"required": ["…"], …}, "fields": {…}}}``
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return False, ""
    error = data.get("error") if isinstance(data, dict) else None
    if not isinstance(error, dict):
        return True, ""
    texts = [_flatten(error.get(key)) for key in ("message", "detail")]
    return True, "; ".join(text for text in texts if text)


def _flatten(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flatten(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(_flatten(one) for one in value)
    return " ".join(value.split()) if isinstance(value, str) else ""
