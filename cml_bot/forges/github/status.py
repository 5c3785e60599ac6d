"""The mark on a commit: a check run, or a commit status for tokens that may make none.

Source: https://docs.github.com/en/rest/checks/runs, https://docs.github.com/en/rest/commits/statuses
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from cml_bot.errors import ForbiddenError, GoneError, PassingError, PublishError
from cml_bot.forges.github.errors import Call, write_yaml
from cml_bot.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.forges.github.calls import Calls
    from cml_bot.model import Build
    from cml_bot.review import Remark, Status

OUTPUT_BYTES = 65_535
"""Of a check run's summary.

Source: https://github.com/github/docs/issues/35252
"""
TITLE, DESCRIPTION = 250, 140
"""Characters of a check run's title and of a commit status."""
ANNOTATIONS = 50
"""In one request; those of further ones are added."""
MESSAGE = 4096
"""Characters of one annotation; GitHub takes 64 KB."""
CHECK = Call(name="marking the commit by a check run", right="checks: write", scope="Checks: Read and write")
LOOK = Call(name="looking for the check run", right="checks: write", scope="Checks: Read and write")
STATUS = Call(name="marking the commit by a status", right="statuses: write", scope="Commit statuses: Read and write")
LEVELS = {Outcome.FAIL: "failure", Outcome.WARN: "warning", Outcome.PASS: "notice"}


def tell_status(calls: Calls, build: Build, status: Status, *, may_check: bool) -> str:
    """Mark the commit of a build; give the address of the mark.

    Raises:
        ForbiddenError: the token may make neither of the two.
        PublishError: GitHub refused for another reason, or the build has no commit.
    """
    if not build.sha:
        where, cure = "GitHub, marking the commit", "Name it with `--sha`."
        raise PublishError(where, "the commit under review is not known", cure)
    if may_check:
        # GitHub hides what a token may not see.
        with suppress(ForbiddenError, GoneError):
            return _check(calls, build.sha, status)
    try:
        return _mark(calls, build.sha, status)
    except ForbiddenError as error:
        if not may_check:
            raise
        what = f"the token may make neither a check run nor a commit status ({error.what})"
        raise ForbiddenError(error.where, what, tell_cure(calls)) from error


def tell_cure(calls: Calls) -> str:
    """Say what would let a job's own token mark a commit."""
    yaml = f"{write_yaml('checks: write')}\n\nor `statuses: write`."
    if calls.border.is_fork:
        return f"Pull requests from forks get a read-only token, whatever it asks for. Other builds need\n\n{yaml}"
    return f"Give the job one of the two rights:\n\n{yaml}"


def _check(calls: Calls, sha: str, status: Status) -> str:
    first, *rest = _batches(status.remarks)
    data: dict[str, object] = {
        "name": status.name,
        "head_sha": sha,
        "external_id": f"mlbot-{secrets.token_hex(16)}",
        "status": "completed",
        "conclusion": _conclude(status),
        "output": _output(status, first),
    }
    if status.url:
        data["details_url"] = status.url
    number, url = _create(calls, sha, data)
    for batch in rest:
        output = {"output": _output(status, batch)}
        # Sent twice they would stand there twice; the report has them all.
        with suppress(PublishError):
            calls.send(CHECK, "PATCH", f"/check-runs/{number}", output, read=_read, is_safe=False)
    return url


def _create(calls: Calls, sha: str, data: dict[str, object]) -> tuple[int, str]:
    """Create a check run, once: after a failure it is looked for before it is sent again."""
    for tries in count(1):
        try:
            return calls.send(CHECK, "POST", "/check-runs", data, read=_read)
        except PassingError as error:
            calls.patience.pause(error, tries)
            found = None if error.took_no else _find(calls, sha, data)
        if found:
            return found
    raise AssertionError  # count() has no end


def _find(calls: Calls, sha: str, data: dict[str, object]) -> tuple[int, str] | None:
    asked = {"check_name": data["name"], "filter": "all"}
    for page in calls.pages(LOOK, f"/commits/{sha}/check-runs", asked, read=lambda answer: list(answer["check_runs"])):
        for found in page:
            if found.get("external_id") == data["external_id"]:
                return _read(found)
    return None


def _read(answer: Any) -> tuple[int, str]:
    return int(answer["id"]), answer["html_url"] or ""


def _conclude(status: Status) -> str:
    if status.outcome is Outcome.FAIL:
        return "failure"
    return "success" if status.is_trusted else "neutral"


def _output(status: Status, remarks: Sequence[Remark]) -> dict[str, object]:
    fits = 0 < len(status.text.encode(errors="replace")) <= OUTPUT_BYTES
    return {
        "title": _cut(_say(status), TITLE),
        "summary": status.text if fits else "The whole report is where the details lead to.",
        "annotations": [_annotation(remark) for remark in remarks],
    }


def _say(status: Status) -> str:
    """Give the line, with what a mark that is no failure would hide."""
    if status.outcome is Outcome.WARN and "warn" not in status.line.lower():
        return f"Warned: {status.line}"
    return status.line or status.outcome.word


def _annotation(remark: Remark) -> dict[str, object]:
    return {
        "path": remark.path,
        "start_line": 1,
        "end_line": 1,
        "annotation_level": LEVELS[remark.outcome],
        "title": _cut(remark.title, TITLE),
        "message": _cut(remark.text, MESSAGE) or remark.outcome.word,
    }


def _batches(remarks: Sequence[Remark]) -> list[Sequence[Remark]]:
    """Part them so that each part goes into one request; the first may be empty."""
    placed = [remark for remark in remarks if remark.path]
    return [placed[at : at + ANNOTATIONS] for at in range(0, max(1, len(placed)), ANNOTATIONS)]


def _mark(calls: Calls, sha: str, status: Status) -> str:
    line = _say(status)
    if not status.is_trusted and status.outcome is not Outcome.FAIL:
        line = f"By the fork's own numbers: {line}"
    data: dict[str, object] = {
        "state": "failure" if status.outcome is Outcome.FAIL else "success",
        "description": _cut(line, DESCRIPTION),
        "context": status.name,
    }
    if status.url:
        data["target_url"] = status.url
    # The last of a context is the one that counts: sent twice it says the same.
    calls.send(STATUS, "POST", f"/statuses/{sha}", data, read=lambda answer: answer["id"], is_safe=True)
    return ""


def _cut(text: str, limit: int) -> str:
    """Shorten to whole words.

    Example:
        >>> _cut("2 better, 1 worse", 12)
        '2 better, …'
    """
    plain = " ".join(text.split())
    if len(plain) <= limit:
        return plain
    kept = plain[: limit - 1]
    return f"{kept.rpartition(' ')[0] or kept[:-1]} …"
