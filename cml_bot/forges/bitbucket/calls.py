"""The line to Bitbucket: requests with a token, and failures in plain words. Loaded by `bitbucket.connect` alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.exceptions import RequestException

from cml_bot.errors import ForbiddenError, GoneError, PublishError, RejectedError
from cml_bot.forges._border import (
    NOT_AN_ANSWER,
    InvalidError,
    Refused,
    keep_cause,
    quote_said,
    tell_foreign,
    tell_passing,
    tell_too_long,
)
from cml_bot.forges._patience import REQUEST_SECONDS
from cml_bot.forges._wire import tell_unreachable
from cml_bot.forges.bitbucket import API_VARIABLE, TO_MAKE_ONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from cml_bot.forges._patience import Patience
    from cml_bot.model import Build

Result = TypeVar("Result")
LONG: Final = 8_000
"""Characters. A text of that length that is refused with a page in place of a reason was too long."""
APP_PASSWORD = "App passwords stopped working on 9 June 2026."  # noqa: S105 - a sentence


class NotOursError(ForbiddenError):
    """The token has the scope, and yet may not: what was to be changed is another account's."""


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
            GoneError: it is not there.
            InvalidError: the request is wrong in itself.
            PublishError: anything else.
        """
        return self.patience.once(lambda: self._cross(call, read))

    def _cross(self, call: Call, read: Callable[[Any], Result]) -> Result:
        pull = "" if self._build.pull is None else f"#{self._build.pull}"
        where = f"Bitbucket, {call.name} ({self._build.repo}{pull} at {self._host})"
        try:
            answer = self._send(call)
        except Refused as error:
            raise self._refusal(where, call, error) from keep_cause(error, self._token)
        except RequestException as error:
            raise tell_unreachable(where, self._host, error, self._token) from keep_cause(error, self._token)
        try:
            return read(answer)
        except NOT_AN_ANSWER as error:  # elsewhere it would be a mistake of ours
            raise tell_foreign(where, "Bitbucket", API_VARIABLE) from keep_cause(error, self._token)

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
            raise _refuse(response)
        if response.status_code == 204 or (response.status_code == 201 and not call.is_answered):
            return None
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError):
            raise _refuse(response) from None

    def _refusal(self, where: str, call: Call, error: Refused) -> PublishError:
        status, said = error.status, quote_said(error.said, self._token)
        if status < 300:
            return tell_foreign(where, "Bitbucket", API_VARIABLE)
        passing = tell_passing(where, "Bitbucket", status, error.headers, said)
        if passing:
            return passing
        if status == 400 and call.length > LONG and _is_too_long(error):
            return tell_too_long(where, said)
        if status in (401, 403):
            return self._forbidden(where, call, error)
        return self._wrong(where, call, error)

    def _forbidden(self, where: str, call: Call, error: Refused) -> PublishError:
        said = quote_said(error.said, self._token)
        if error.status == 401:
            is_old = self._token.startswith("ATBB")
            why = APP_PASSWORD if is_old else "It has expired, was revoked, or is of another repository."
            return RejectedError(where, f"the token was not accepted{said}", f"{why} {TO_MAKE_ONE}")
        cure = f"It needs the scope `{call.right}`. The scopes of a token cannot be changed. {TO_MAKE_ONE}"
        kind = ForbiddenError if "scope" in error.said else NotOursError
        return kind(where, f"the token may not do this{said}", cure)

    def _wrong(self, where: str, call: Call, error: Refused) -> PublishError:
        said, status = quote_said(error.said, self._token), error.status
        if status in (404, 410):
            what = f"not found{said}: the token cannot see {self._build.repo}, or what was asked for is gone"
            kind = GoneError if error.is_json else PublishError
            return kind(where, what, f"Use a token of this repository with the scope `{call.right}`.")
        if status < 400:
            cure = f"Name the repository as it is called now, and check {API_VARIABLE}."
            return PublishError(where, f"it sent us to another address ({status})", cure)
        kind = InvalidError if status == 400 and error.is_json else PublishError
        return kind(where, f"Bitbucket answered {status}{said}", "Run the job again.")


def nothing(answer: object) -> None:
    """Read an answer that has nothing to say."""
    if answer is not None:
        raise ValueError


def _refuse(response: requests.Response) -> Refused:
    return Refused(response.status_code, response.headers, response.content, _pick)


def _is_too_long(error: Refused) -> bool:
    return not error.is_json or any(words in error.said for words in ("at most", "too long", "too large"))


def _pick(data: Mapping[str, object]) -> list[object]:
    """Choose what an answer says.

    ``{"type": "error", "error": {"message": "…", "detail": "…" or {"required": ["…"], …}, "fields": {…}}}``
    """
    error = data.get("error")
    return [error.get("message"), error.get("detail")] if isinstance(error, Mapping) else []
