"""What a job can say where its CI has neither a summary nor annotations: all of it is in the log already."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cml_bot.model import Check, Outcome
    from cml_bot.review import Page


def quiet(text: str) -> str:
    """Give the text as it is: such a log takes no commands."""
    return text


def annotate(checks: Iterable[Check]) -> tuple[str, ...]:  # noqa: ARG001 - the report says it
    """Write nothing."""
    return ()


def tell_job(
    env: Mapping[str, str],  # noqa: ARG001 - there is no file to write to
    page: Page,  # noqa: ARG001
    *,
    outcome: Outcome,  # noqa: ARG001
    comment_url: str,  # noqa: ARG001
    report_path: str,  # noqa: ARG001
) -> tuple[str, ...]:
    """Write nothing."""
    return ()
