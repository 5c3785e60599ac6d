"""What a step of GitHub Actions can say without any token: annotations, the job summary, its outputs.

This is what is left on pull requests from forks. Texts are returned, not printed; files are those that Actions names.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cml_bot.errors import PublishError
from cml_bot.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cml_bot.model import Check
    from cml_bot.review import Page

ANNOTATIONS = 10
"""Of one type in one step; Actions drops those that follow without a word."""
SUMMARY_LIMIT = 1024 * 1024
"""Bytes of one step's summary; Actions refuses all of a longer one."""


def annotate(checks: Iterable[Check]) -> tuple[str, ...]:
    """Write a command for every check that failed or warned, errors first. The tenth of a type stands for the rest."""
    loud = list(checks)
    failed = [check for check in loud if check.outcome is Outcome.FAIL]
    warned = [check for check in loud if check.outcome is Outcome.WARN]
    return (*_commands("error", failed, "failed"), *_commands("warning", warned, "warned"))


def quiet(text: str) -> str:
    """Wrap foreign text so that no line of it is taken for a command."""
    import secrets

    token = secrets.token_hex(16)
    return f"::stop-commands::{token}\n{text}\n::{token}::"


def tell_job(
    env: Mapping[str, str], page: Page, *, outcome: Outcome, comment_url: str, report_path: str
) -> tuple[str, ...]:
    """Add the report to the job's summary and set the step's outputs; say what could not be written."""
    problems = []
    summary, outputs = env.get("GITHUB_STEP_SUMMARY", ""), env.get("GITHUB_OUTPUT", "")
    try:
        if summary and append_summary(Path(summary), page.forms) is None:
            where, what = "GITHUB_STEP_SUMMARY", f"the report does not fit into the {SUMMARY_LIMIT:,} bytes of a step"
            problems.append(str(PublishError(where, what, "Write less there in this step.")))
    except PublishError as error:
        problems.append(str(error))
    try:
        if outputs:
            append_outputs(Path(outputs), outcome=outcome, comment_url=comment_url, report_path=report_path)
    except PublishError as error:
        problems.append(str(error))
    return tuple(problems)


def append_summary(path: Path, forms: Sequence[str], *, limit: int = SUMMARY_LIMIT) -> int | None:
    """Add the longest form that fits to the job's summary, never a part of one; give its place, None when none fits.

    Units: limit in bytes, together with what the step has written before.

    Raises:
        PublishError: the file cannot be written.
    """
    try:
        written = 0
        with suppress(FileNotFoundError):
            written = path.stat().st_size
        for place, form in enumerate(forms):
            data = _encode(f"\n{form}\n" if written else f"{form}\n")
            if written + len(data) <= limit:
                _append(path, data)
                return place
    except OSError as error:
        raise _cannot_write(path, error) from error
    return None


def append_outputs(path: Path, *, outcome: Outcome, comment_url: str, report_path: str) -> None:
    """Set the outputs of the step: ``outcome``, ``comment-url`` and ``report-path``.

    Raises:
        PublishError: the file cannot be written.
    """
    outputs = {"outcome": outcome.word, "comment-url": comment_url, "report-path": report_path}
    try:
        _append(path, b"".join(_encode(_output(name, value)) for name, value in outputs.items()))
    except OSError as error:
        raise _cannot_write(path, error) from error


def _commands(kind: str, checks: list[Check], word: str) -> Iterator[str]:
    shown = checks if len(checks) <= ANNOTATIONS else checks[: ANNOTATIONS - 1]
    for check in shown:
        said = f"{check.key}: {check.reason}" if check.key else check.reason
        yield _command(kind, f"mlbot: {check.gate.text}", said)
    if len(shown) < len(checks):
        yield _command(kind, "mlbot", f"{len(checks) - len(shown)} more gates {word}, see the report")


def _command(kind: str, title: str, message: str) -> str:
    """Write one command.

    Source: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    """
    title = _escape(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={title}::{_escape(message)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _output(name: str, value: str) -> str:
    """Write a value of any number of lines; nobody can guess the line that ends it."""
    import secrets

    end = f"ghadelimiter_{secrets.token_hex(16)}"
    return f"{name}<<{end}\n{value}\n{end}\n"


def _encode(text: str) -> bytes:
    return text.encode(errors="replace")


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def _cannot_write(path: Path, error: OSError) -> PublishError:
    what = f"it cannot be written ({error.strerror})"
    return PublishError(str(path), what, "GitHub Actions names this file; a container step must have it mounted.")
