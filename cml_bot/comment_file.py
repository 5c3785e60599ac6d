"""Any Markdown file as a comment that is kept up to date, with its pictures put where readers can see them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cml_bot.errors import ConfigError, ForbiddenError, InputError, PublishError
from cml_bot.escape import clean
from cml_bot.filters import plural
from cml_bot.markdown_pictures import find_pictures, replace_pictures
from cml_bot.picture_files import find_inside, read_picture
from cml_bot.plain_file import read_plain
from cml_bot.publish import publish
from cml_bot.readers._text import decode
from cml_bot.review import Dialect, Draft, Page, Pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cml_bot.config import Config
    from cml_bot.forges import Forge
    from cml_bot.job import Job
    from cml_bot.model import Figure

NAME = "comment"
QUICK_ACTION = re.compile(r"^(/[a-z_]+)(?=\s|$)", re.MULTILINE)
STANDARD_INPUT = "-"
LARGEST = 1024 * 1024
"""Bytes; no forge takes a comment of that length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of a comment."""

    url: str = ""
    """Of the comment; empty where none could be made."""
    lines: tuple[str, ...] = ()
    """What happened and what was left out, for the job's log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A Markdown text, and the folder that its pictures are meant from."""

    markdown: str
    folder: Path


def read_markdown(file: str, cwd: Path, root: Path, standard_input: BinaryIO) -> Text:
    """Read a Markdown file, or standard input where it is called ``-``; line ends stay as they are.

    A path in the workspace must not lead out of it by a link: what it says would be in the open.

    Raises:
        InputError: it is missing, empty, too large for any comment, or no text, or cannot be read.
    """
    if file == STANDARD_INPUT:
        return Text(markdown=decode(_read_all(standard_input), "standard input"), folder=cwd)
    where = clean(file, 600)
    path = Path(os.path.normpath(cwd / file))
    real = find_inside(path, root if path.is_relative_to(root) else Path(path.anchor), where)
    return Text(markdown=decode(read_plain(real, LARGEST, where), where), folder=path.parent)


def _read_all(standard_input: BinaryIO) -> bytes:
    where = "standard input"
    try:
        data = standard_input.read(LARGEST + 1)
    except OSError as error:
        what = f"cannot be read ({(error.strerror or str(error)).lower()})"
        raise InputError(where, what, "Give it the text, such as with `mlbot comment - < report.md`.") from error
    if len(data) > LARGEST:
        raise InputError(where, f"has more than {LARGEST >> 20} MiB", "No forge takes so long a comment: say less.")
    return data


def comment(text: Text, name: str, job: Job, config: Config, connect: Callable[[], Forge]) -> Told:
    """Put a text into our comment of that name, or a new one.

    Args:
        text: what it says.
        name: one comment per name; not that of the report.
        job: where the review is.
        config: whether pictures are hosted, and what the report's comment is called.
        connect: opens the connection to the forge.

    Raises:
        ConfigError: the name is taken, or there is no review.
        PublishError: the forge refused, or takes no text of that length.
    """
    _refuse(name, job, config.name)
    build = job.build
    try:
        forge = connect()
        _refuse_length(text.markdown, forge)
        if forge.dialect is Dialect.GITLAB:
            _refuse_commands(text.markdown)
        draft, lines = _make_draft(text, job, config.pictures)
        done = publish(draft, forge, name=name, sha=build.sha, run_id=build.run_id)
    except ForbiddenError as error:
        if not build.is_fork:
            raise
        # Whoever works on a fork can do nothing about the rights of its jobs.
        return Told(lines=(str(error),))
    url = done.comment.url if done.comment else ""
    return Told(url=url, lines=(*lines, *done.problems, done.action))


def _refuse(name: str, job: Job, taken: str) -> None:
    if not name.strip():
        raise ConfigError("--name", "is empty", "Give the comment a name, such as plots.")
    if name == taken:
        raise ConfigError("--name", f"{name!r} is the name of the report's comment", "Give another one.")
    if not job.build.forge:
        cure = "Run it in CI, or name the review with --forge, --repo and --pull."
        raise ConfigError("mlbot comment", "no CI job was found here, so there is no review to comment on", cure)
    if job.build.pull is None:
        cure = "Run it in jobs on pull requests alone, or name one with --pull."
        raise ConfigError("mlbot comment", "this build belongs to no pull request", cure)


def _refuse_length(markdown: str, forge: Forge) -> None:
    """Refuse before pictures are sent for nothing."""
    if len(markdown) > forge.limit:
        what = f"has {len(markdown):,} characters, and a comment may have {forge.limit:,}"
        raise PublishError("the text", what, "Say less, or make several files with a --name each.")


def _refuse_commands(markdown: str) -> None:
    """Refuse what GitLab would carry out with the rights of the token.

    Source: https://docs.gitlab.com/user/project/quick_actions/
    """
    found = QUICK_ACTION.search(markdown)
    if found:
        line = markdown.count("\n", 0, found.start()) + 1
        what = f"begins with {found[1]}, which GitLab would carry out"
        raise InputError(f"line {line} of the text", what, "Put a backslash before it.")


def _make_draft(text: Text, job: Job, wanted: Pictures) -> tuple[Draft, list[str]]:
    """Prepare the comment, and say which pictures are left out and why. Finding them takes long, so it is done once."""
    is_hosted = wanted.is_hosted(job.build)
    pictures = find_pictures(text.markdown) if is_hosted or wanted is Pictures.AUTO else ()
    if not is_hosted:
        return Draft(write=lambda _: Page(forms=(text.markdown,))), _tell_unhosted(len(pictures))
    shown, lines = _read_figures(dict.fromkeys(picture.address for picture in pictures), text.folder, job.root)

    def write(hosted: Mapping[str, str]) -> Page:
        addresses = {address: hosted[figure.name] for address, figure in shown.items() if figure.name in hosted}
        return Page(forms=(replace_pictures(text.markdown, pictures, addresses),))

    return Draft(write=write, figures=_distinct(shown.values())), lines


def _read_figures(addresses: Iterable[str], folder: Path, root: Path) -> tuple[dict[str, Figure], list[str]]:
    """Read pictures by address, and say which could not be and why."""
    shown: dict[str, Figure] = {}
    lines = []
    for address in addresses:
        try:
            shown[address] = read_picture(address, folder, root)
        except InputError as error:
            lines.append(f"{clean(error.where, 200)}: {error.what}. {error.cure}")
    return _with_names(shown), lines


def _with_names(shown: Mapping[str, Figure]) -> dict[str, Figure]:
    """Give a number to names of different files that came out alike."""
    taken: dict[str, str] = {}
    named = {}
    for address, figure in shown.items():
        name, number = figure.name, 1
        while taken.setdefault(name.lower(), figure.source) != figure.source:
            number += 1
            name = f"{number}-{figure.name}"
        named[address] = replace(figure, name=name)
    return named


def _distinct(figures: Iterable[Figure]) -> tuple[Figure, ...]:
    return tuple({figure.name: figure for figure in figures}.values())


def _tell_unhosted(count: int) -> list[str]:
    what = "not uploaded, since not every reader of a private repository may be able to see them"
    return [f'{plural(count, "picture")}: {what}. Set `pictures = "host"` to do it all the same.'] if count else []
