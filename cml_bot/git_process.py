"""One call of git: without questions, without tokens, with an end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from cml_bot.errors import BaselineError, ConfigError
from cml_bot.tokens import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

GIT = "git"
SECONDS = 60.0
"""How long a command may take that stays on this machine."""
OUTER = (
    frozenset(("GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX"))
    | frozenset(("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", "GIT_NAMESPACE"))
    | frozenset(("GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE", "GIT_INTERNAL_SUPER_PREFIX"))
    | frozenset(("GIT_CONFIG", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"))
)
"""What a hook says of the repository it runs in. GIT_CONFIG_COUNT and its like stay: CI gives credentials by them."""
SETTINGS = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "SSH_ASKPASS_REQUIRE": "never"}
"""Plain words in errors, no questions, and no refreshing of the index on the side."""
STRANGER = b"dubious ownership"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What git said, and whether it did what it was asked."""

    code: int
    out: bytes
    error: bytes

    @property
    def text(self) -> str:
        """The output of a command that prints one line."""
        return os.fsdecode(self.out).strip()

    @property
    def reason(self) -> str:
        """Why it failed, in one line and without the credentials that an address may hold."""
        lines = [line.strip() for line in self.error.decode(errors="replace").splitlines() if line.strip()]
        said = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
        plain = re.sub(r"^(?:fatal|error): ", "", said).rstrip(".")
        return hide_credentials(plain) or f"it ended with code {self.code}"


def hide_credentials(text: str) -> str:
    """Take out what an address may hold that nobody else should read.

    Example:
        >>> hide_credentials("https://me:secret@host/x: denied")
        'https://host/x: denied'
    """
    return re.sub(r"://[^/@\s]+@", "://", text)


def ask(
    root: Path,
    *arguments: str,
    given: bytes = b"",
    into: IO[bytes] | None = None,
    extra: Mapping[str, str] | None = None,
) -> Answer:
    """Run a command that fails only when something is broken.

    Raises:
        BaselineError: it failed, or took too long.
        ConfigError: git is missing, or refuses to work in a folder of somebody else.
    """
    answer = run(root, *arguments, given=given, into=into, extra=extra)
    if answer.code:
        # Settings may stand before the command.
        where = f"git {next(one for one in arguments if one != '-c' and '=' not in one)}"
        raise BaselineError(where, answer.reason, "See with `git fsck` whether the repository is whole.")
    return answer


def run(
    root: Path,
    *arguments: str,
    given: bytes = b"",
    into: IO[bytes] | None = None,
    extra: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> Answer:
    """Run git in a folder and give what it said, whether or not it could do what it was asked.

    Args:
        root: the folder.
        *arguments: what follows ``git``.
        given: its standard input.
        into: a file for its standard output, where that may be large.
        extra: more environment variables.
        seconds: how long it may take.

    Raises:
        BaselineError: it took too long.
        ConfigError: git is missing, or refuses to work in a folder of somebody else.
    """
    environment = {**_environment(), **(extra or {})}
    answer = _run(root, arguments, given, into, environment, seconds)
    if answer.code and STRANGER in answer.error and os.environ.get("CI"):
        # A job in a container is another user than the one that cloned, and nobody else works on that machine.
        answer = _run(root, ("-c", "safe.directory=*", *arguments), given, into, environment, seconds)
    if answer.code and STRANGER in answer.error:
        cure = f"If you trust what is in it, run `git config --global --add safe.directory {root}`."
        raise ConfigError(GIT, f"refuses to read {root}, which belongs to another user", cure)
    return answer


def as_environment(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Give settings as variables, in place of all files of settings: a header that stands in both is refused.

    They may hold credentials, which therefore never touch the disk.
    """
    pairs = {f"GIT_CONFIG_KEY_{n}": name for n, (name, _) in enumerate(settings)}
    pairs |= {f"GIT_CONFIG_VALUE_{n}": value for n, (_, value) in enumerate(settings)}
    files = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_PARAMETERS": ""}
    return {"GIT_CONFIG_COUNT": str(len(settings)), **pairs, **files}


def _environment() -> dict[str, str]:
    # git has its own credentials.
    unwanted = VARIABLES | OUTER
    return {name: value for name, value in os.environ.items() if name not in unwanted} | SETTINGS


def _run(
    root: Path,
    arguments: Sequence[str],
    given: bytes,
    into: IO[bytes] | None,
    environment: Mapping[str, str],
    seconds: float,
) -> Answer:
    with _start(root, arguments, into, environment) as process:
        try:
            out, error = process.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired as late:
            _end(process)
            what = f"took longer than {seconds:g} s and was ended"
            raise BaselineError(GIT, what, "Look at the network and at the size of the repository.") from late
        except BaseException:
            _end(process)
            raise
    return Answer(code=process.returncode, out=out or b"", error=error)


def _start(
    root: Path, arguments: Sequence[str], into: IO[bytes] | None, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [GIT, "--literal-pathspecs", *arguments],
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=into or subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Without a terminal neither git nor ssh can ask anything, and all that it starts can be ended together.
            start_new_session=True,
        )
    except OSError as error:
        if not root.is_dir():
            raise ConfigError(str(root), "is not a folder", "Name one that exists.") from error
        what = "is not installed, not on the PATH, or may not be run"
        raise ConfigError(GIT, what, "Install git where mlbot runs.") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git with all that it has started: a fetch would otherwise keep the pipes open."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
