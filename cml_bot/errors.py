"""Every failure mlbot expects, and the exit code it leaves.

::

    MlbotError
    ├── ConfigError     2   a wrong option, variable or mlbot.toml
    ├── InputError      3   a file that was asked for is missing, or is not what it claims to be
    ├── BaselineError   4   a baseline exists but cannot be read (having none is not an error)
    └── PublishError    5   the forge refused, or could not be reached
        ├── ForbiddenError  the token may not do this: the report goes out by the other ways
        ├── RejectedError   the token was not accepted: it is wrong, or none any more
        ├── TooLongError    the forge takes no text of that length
        ├── GoneError       what was to be changed is not there any more
        └── PassingError    the forge may answer when it is asked again; nobody knows whether the call took

Exit code 1 is no error: it says that a gate failed, after the report is out. 70 is a bug in mlbot, 130 an
interruption. A message has the form ``where: what happened. What to do.``
"""

from __future__ import annotations

from typing import ClassVar

GATE_FAILED = 1
BUG = 70
INTERRUPTED = 130


class MlbotError(Exception):
    """A failure that mlbot expects and can explain; the base of all the others."""

    exit_code: ClassVar[int] = BUG

    def __init__(self, where: str, what: str, cure: str) -> None:
        # On one line each: what comes from a file must not begin a line of a CI job's log, which may be a command.
        where, what = (" ".join(text.split()) for text in (where, what))
        super().__init__(f"{where}: {what}. {cure}")
        self.where = where
        """The file, option, call or place that it happened in."""
        self.what = what
        """What happened, without a full stop."""
        self.cure = cure
        """What the reader can do about it, as a sentence."""


class ConfigError(MlbotError):
    """A wrong option, environment variable or configuration file."""

    exit_code: ClassVar[int] = 2


class InputError(MlbotError):
    """A file that was asked for is missing, or is not what it claims to be."""

    exit_code: ClassVar[int] = 3


class BaselineError(MlbotError):
    """A baseline exists but cannot be read."""

    exit_code: ClassVar[int] = 4


class PublishError(MlbotError):
    """The forge refused, or could not be reached."""

    exit_code: ClassVar[int] = 5


class ForbiddenError(PublishError):
    """The token has not the right; the cure is the line of YAML or the scope that grants it."""


class RejectedError(PublishError):
    """The token was not accepted: it is wrong, has expired, or was revoked."""


class TooLongError(PublishError):
    """The forge takes no text of that length; a shorter one may go."""


class GoneError(PublishError):
    """A comment that was ours a moment ago is gone, or turned out to be somebody else's: look again."""


class PassingError(PublishError):
    """The forge may answer when it is asked again; whether the call did its work nobody knows."""

    def __init__(self, where: str, what: str, cure: str, *, wait: float | None = None, took_no: bool = False) -> None:
        super().__init__(where, what, cure)
        self.wait = wait
        """Seconds that the forge asks to be left alone; None where it does not say."""
        self.took_no = took_no
        """Whether it is sure that the call did nothing: it was refused, or never left."""
