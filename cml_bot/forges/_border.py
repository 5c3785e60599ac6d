"""What the borders of the forges have in common: what a status means everywhere, and words that are safe to repeat."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cml_bot.errors import PassingError, PublishError, TooLongError
from cml_bot.forges._wire import read_wait
from cml_bot.tokens import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PASSING: Final = frozenset({408, 409, 425})
"""Statuses below 500 that pass by themselves. 409 is a lock that another job holds."""
NOT_AN_ANSWER: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading an answer leaves that is not built as documented: a proxy's page."""
LONGEST: Final = 300
"""Characters of what a forge says."""


class InvalidError(PublishError):
    """The forge looked at the request and found it wrong in itself."""


class Refused(Exception):  # noqa: N818 - never leaves the border
    """An answer that is not the one asked for."""

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        pick: Callable[[Mapping[str, object]], Iterable[object]],
    ) -> None:
        """Take what an answer says.

        Args:
            status: its status.
            headers: its headers.
            body: its body.
            pick: chooses what of its JSON is meant for readers.
        """
        super().__init__(status)
        self.status = status
        self.headers = headers
        data = _read_json(body)
        self.is_json = data is not None
        """Whether the forge itself may have written it."""
        self.said = join_words(pick(data)) if isinstance(data, Mapping) else ""


def _read_json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def join_words(values: Iterable[object]) -> str:
    """Give the texts of an answer, however deep they lie, in one line.

    Example:
        >>> join_words(["Invalid", {"note": ["is too long"]}, None])
        'Invalid; note: is too long'
    """
    return "; ".join(text for text in map(_flatten, values) if text)


def _flatten(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_flatten(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(text for text in map(_flatten, value) if text)
    return " ".join(value.split()) if isinstance(value, str) else ""


def keep_cause(error: Exception, token: str) -> Exception | None:
    """Keep the chain, unless a traceback of it would show the token."""
    return None if token in f"{error} {error!r}" else error


def quote_said(said: str, token: str) -> str:
    """Give what a forge says in brackets, after a space and without the token; empty for nothing.

    Example:
        >>> quote_said("No secret here.", "secret")
        ' (No (token) here)'
    """
    plain = redact(said, token)[:LONGEST].rstrip(".")
    return f" ({plain})" if plain else ""


def tell_foreign(where: str, forge: str, variable: str) -> PassingError:
    """Say that an answer is somebody else's; `variable` holds the address of the forge."""
    cure = f"Run the job again; else check {variable}, and any proxy on the way."
    return PassingError(where, f"the answer is not one of {forge}'s", cure)


def tell_passing(
    where: str, forge: str, status: int, headers: Mapping[str, str], said: str
) -> PassingError | TooLongError | None:
    """Say what every forge means by a status that passes, or that refuses a length; None for all others.

    Args:
        where: names the call.
        forge: its name.
        status: what it answered.
        headers: of the answer.
        said: what it says, as of `quote_said`.
    """
    has_wait = any(name.lower() == "retry-after" for name in headers)
    if status == 429 or (status == 403 and has_wait):
        cure = "Run the job again later, and seldom at the same time as others."
        return PassingError(where, f"too many requests were sent{said}", cure, wait=read_wait(headers), took_no=True)
    if status >= 500 or status in PASSING:
        cure = "Run the job again: a comment that was stored after all is found and updated."
        # The moment that a rate limit begins anew tells nothing of when a server is well again.
        wait = read_wait(headers) if has_wait else None
        return PassingError(where, f"{forge} answered {status}{said}", cure, wait=wait, took_no=status == 409)
    return tell_too_long(where, said) if status == 413 else None


def tell_too_long(where: str, said: str) -> TooLongError:
    """Say that a text is too long."""
    return TooLongError(where, f"the text is too long{said}", "Report on fewer files at once.")
