"""The nouns of publishing: what goes into a review, and what a forge says of it. Standard library only."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import dataclass

    from cml_bot.errors import MlbotError
    from cml_bot.model import Build, Figure, Outcome
else:
    from cml_bot.quick_dataclass import dataclass

GITHUB_COM = "https://github.com"
LARGEST_ZIP = 64 * 1024 * 1024
"""Bytes of one zip that a forge keeps for a run; larger ones are refused before they are read to the end."""
SHOWN_MEDIA = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))
"""Kinds of pictures that every forge shows in a comment.

Not SVG: it can hold scripts and addresses, and forges show it as text, or not at all.
"""
LARGEST_PICTURE = 5 * 1024 * 1024
"""Bytes; GitHub fetches no larger picture for a comment."""


class Dialect(StrEnum):
    """What of Markdown a forge shows in its comments."""

    GITHUB = "github"
    """Folding, callouts, HTML comments, Mermaid."""
    GITLAB = "gitlab"
    """The same, by other rules for the length of a Mermaid block."""
    BITBUCKET = "bitbucket"
    """No HTML at all: it would be shown as text. Tables, pictures and links; no folding, callouts or Mermaid."""


class CommentWhen(StrEnum):
    """When a report is worth a comment. A comment that is there is always kept up to date."""

    ALWAYS = "always"
    ON_CHANGE = "on-change"
    """Something changed, or a gate failed or warned."""
    ON_FAILURE = "on-failure"
    """A gate failed."""
    NEVER = "never"


class StatusWhen(StrEnum):
    """Whether the commit is marked as passed or failed."""

    ALWAYS = "always"
    NEVER = "never"


class Pictures(StrEnum):
    """How a comment shows curves and figures."""

    AUTO = "auto"
    """Hosted where every reader of the comment can see them, else as charts in text."""
    HOST = "host"
    MERMAID = "mermaid"
    NONE = "none"
    """Words and small lines of characters."""

    def is_hosted(self, build: Build) -> bool:
        """Whether pictures are put where the forge keeps files.

        Not by itself in a private repository on github.com: whether its readers see them there is not certain.
        """
        if self is Pictures.AUTO:
            return build.forge != "github" or build.server != GITHUB_COM or not build.is_private
        return self is Pictures.HOST

    @property
    def is_charted(self) -> bool:
        """Whether a curve that cannot be shown as a picture becomes a chart in text, where the forge draws those."""
        return self is not Pictures.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A rendered report, in forms of falling length: each a render of its own, never a cut string."""

    forms: tuple[str, ...]
    """At least one; the first has everything."""

    @property
    def body(self) -> str:
        """The whole report."""
        return self.forms[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A page that is not written yet: it needs the addresses of its pictures."""

    write: Callable[[Mapping[str, str]], Page]
    """Given the address of each figure by name, write the page; what has no address is told in words."""
    figures: tuple[Figure, ...] = ()
    """What it would show, where it can be hosted. Names are unique, and safe as names of files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """What became of figures that were to be hosted."""

    addresses: Mapping[str, str]
    """By name; one that is missing could not be hosted."""
    problems: tuple[str, ...] = ()
    """Why, as ``where: what happened. What to do.``"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment as a forge holds it."""

    id: str
    author: str
    body: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One gate that failed or warned, for a place beside the code."""

    path: str
    """The file of the metric, relative to the top of the repository."""
    outcome: Outcome
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a commit is marked with: a check run, a commit status or a build status."""

    name: str
    """Stable: ``mlbot / NAME``."""
    outcome: Outcome
    line: str
    """One line of why, plain text."""
    url: str = ""
    """Where it leads to: the comment, else the build; empty for nowhere."""
    text: str = ""
    """The report in its short form, for forges that show one beside a check."""
    is_trusted: bool = True
    """False where the numbers are a fork's own: such a pass says nothing, and is shown as neutral where that exists."""
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """Something that the token may or may not do."""

    name: str
    """``comment on the pull request``."""
    is_given: bool | None
    """None where nobody can tell without doing it."""
    cure: str = ""
    """What would grant it, where it is not given; what went wrong, where nobody can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a review is to be told."""

    comment: CommentWhen = CommentWhen.ALWAYS
    status: StatusWhen = StatusWhen.ALWAYS
    pictures: Pictures = Pictures.AUTO


USUAL = Manner()
"""What nobody asked for otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What came of telling a review."""

    url: str = ""
    """Of the comment; empty where there is none."""
    lines: tuple[str, ...] = ()
    """What happened, for the job's log."""
    failure: MlbotError | None = None
    """The first refusal that was for another reason than a missing right."""
