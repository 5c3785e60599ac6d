"""What commands have in common: their options, where they run, and how they speak."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cml_bot.errors import ConfigError, MlbotError
from cml_bot.forges import FORGES
from cml_bot.review import CommentWhen, Pictures, StatusWhen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from enum import StrEnum

    from cml_bot.config import Config
    from cml_bot.deliver import Wish
    from cml_bot.job import Job
    from cml_bot.progress import Tell
    from cml_bot.workspace import Named


Command = TypeVar("Command", bound="Callable[..., Any]")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
FORMATS = ("terminal", "markdown", "html", "json")


def complain(text: str) -> None:
    """Say something on standard error: no token comes out of it, and nothing that a terminal would obey."""
    from cml_bot.standard_streams import tell
    from cml_bot.tokens import redact

    tell(sys.stderr, f"{CONTROLS.sub('', redact(text))}\n")


def option(name: str, *more: str, **settings: Any) -> Callable[[Command], Command]:
    """Make an option that is no key of mlbot.toml: its variable is read by click, the others' by config.py."""
    variable = "MLBOT_" + name.removeprefix("--").partition("/")[0].upper()
    return click.option(name, *more, envvar=variable, **settings)


def review_options(command: Command) -> Command:
    """Add the options that name the review, for CI that mlbot does not know."""
    options = (
        option("--forge", type=click.Choice(FORGES), help="Where the review is, in CI that mlbot does not know."),
        option("--repo", metavar="OWNER/NAME|URL", help="The repository of the review; an address names the server."),
        option("--pull", type=click.IntRange(1), metavar="NUMBER", help="The pull request or merge request."),
        option("--sha", metavar="SHA", help="The commit under review; the head of the pull request by default."),
    )
    for add in reversed(options):
        command = add(command)
    return command


def manner_options(command: Command) -> Command:
    """Add the options that say how a review is told."""
    options = (
        click.option("--comment", type=choice(CommentWhen), help="When to comment.  [default: always]"),
        click.option(
            "--status", type=choice(StatusWhen), help="Mark the commit as passed or failed.  [default: always]"
        ),
        click.option("--pictures", type=choice(Pictures), help="How comments show curves.  [default: auto]"),
    )
    for add in reversed(options):
        command = add(command)
    return command


def choice(words: type[StrEnum]) -> click.Choice[str]:
    """Let one of these words be chosen; click itself would take their names in Python."""
    return click.Choice([word.value for word in words])


def open_job(*, against: str = "", head: str = "", named: Named | None = None) -> Job:
    """Find out where this process runs, and when."""
    from dataclasses import replace

    from cml_bot import workspace
    from cml_bot.progress import show_progress

    reviewed = named or workspace.NOTHING_NAMED
    job = workspace.open_job(current_folder(), os.environ, now(), against=against, head=head, named=reviewed)
    # It ends with the command, whatever comes.
    return replace(job, tell=click.get_current_context().with_resource(show_progress(sys.stderr, os.environ)))


def make_wish(config: Config, tell: Tell, *, form: str | None, output: str | None, publish: bool | None) -> Wish:
    """Say how a report is to go out, and let standard output take any character of it."""
    from cml_bot.deliver import Wish
    from cml_bot.review import Manner

    speak_utf8(form)
    manner = Manner(comment=config.comment, status=config.status, pictures=config.pictures)
    return Wish(form=form, output=output, publish=publish, manner=manner, tell=tell)


def speak_utf8(form: str | None) -> None:
    """Write forms for other programs as UTF-8, whatever the terminal is."""
    if form not in (None, "terminal") and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


def take_named(options: dict[str, Any]) -> Named:
    """Take the options of `review_options` out of all that were given."""
    from cml_bot.workspace import Named

    return Named(**{key: options.pop(key) for key in ("forge", "repo", "pull", "sha")})


def complete_job(job: Job) -> Job:
    """Ask the forge what the job leaves open; a forge that does not answer costs the comment, not the report."""
    from cml_bot.progress import telling
    from cml_bot.reach import complete

    try:
        with telling("asking the forge", job.tell):
            return complete(job, os.environ)
    except MlbotError as error:
        complain(f"mlbot: {error}")
        return job


def current_folder() -> Path:
    """Give the folder that the command was called in."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise ConfigError("the current folder", "was deleted", "Change to one that exists.") from error


def now() -> datetime:
    """Read the clock; SOURCE_DATE_EPOCH sets it, so that a report can be made anew to the byte.

    Source: https://reproducible-builds.org/specs/source-date-epoch/
    """
    from datetime import UTC, datetime

    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        return datetime.fromtimestamp(int(fixed), UTC) if fixed else datetime.now(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError("SOURCE_DATE_EPOCH", f"is {fixed!r}", "Give it seconds since 1970.") from error


def as_keys(options: Mapping[str, Any]) -> dict[str, Any]:
    """Name options as the configuration does."""
    return {name.replace("_", "-"): value for name, value in options.items()}
