"""Step 5: a Page to one comment that is kept up to date.

Never a second one, never somebody else's, never an older report over a newer one, and no write where nothing changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote

from cml_bot.errors import PublishError

if TYPE_CHECKING:
    from cml_bot.forges import Forge
    from cml_bot.model import Comment, Page

MARKER = re.compile(r"<!-- mlbot:v1 name=(\S*) sha=(\S*) run=(\S*) -->")
RUN = re.compile(r"(\d{1,18})(?:\.(\d{1,9}))?")
FOOTER = "<sub>"
"""How the last line of a report begins; it holds the time and the run, so it does not count as a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What became of a page."""

    comment: Comment
    """The comment that readers see now."""
    action: Literal["created", "updated", "unchanged", "older"]
    """``older``: the comment shows a later run already, and was left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """The first line of our comment: its name, and the commit and run that it shows.

    Example:
        >>> str(Marker(name="my model", sha="a1b2c3d", run_id="812345.1"))
        '<!-- mlbot:v1 name=my%20model sha=a1b2c3d run=812345.1 -->'
    """

    name: str
    sha: str
    run_id: str

    def __str__(self) -> str:
        """Write it so that no name can end it early or be taken for another."""
        return f"<!-- mlbot:v1 name={_encode(self.name)} sha={_encode(self.sha)} run={_encode(self.run_id)} -->"

    def is_newer(self, other: Marker) -> bool:
        """Whether its run came later; where a run has no number, nobody can tell, so it did not."""
        mine, theirs = _run_number(self.run_id), _run_number(other.run_id)
        return mine is not None and theirs is not None and mine > theirs


def publish(page: Page, forge: Forge, *, name: str, sha: str, run_id: str) -> Published:
    """Put a page where the review happens: into our comment of that name, or a new one.

    Raises:
        PublishError: the forge refused or could not be reached; what was there before is still there. Nothing is
            created unless every comment could be looked at.
        ForbiddenError: the token may not write there.
    """
    marker = Marker(name=name, sha=sha, run_id=run_id)
    body = _fit(page, marker, forge.limit)
    ours = _find_ours(forge, name)
    if ours is None:
        return Published(comment=forge.create(body), action="created")
    shown = parse_marker(ours.body)
    if shown is not None and shown.is_newer(marker):
        return Published(comment=ours, action="older")
    if _content(ours.body) == _content(body):
        return Published(comment=ours, action="unchanged")
    return Published(comment=forge.update(ours, body), action="updated")


def parse_marker(body: str) -> Marker | None:
    """Read the marker of a comment; None unless its first line is one, and exactly as we write it."""
    line = _lines(body)[0]
    found = MARKER.fullmatch(line)
    if found is None:
        return None
    name, sha, run_id = (unquote(text, errors="surrogatepass") for text in found.groups())
    marker = Marker(name=name, sha=sha, run_id=run_id)
    return marker if str(marker) == line else None


def _find_ours(forge: Forge, name: str) -> Comment | None:
    """Return our oldest comment of that name.

    Others may have copied the marker, in a quote for one, so its author counts too.
    """
    for comment in forge.comments():
        marker = parse_marker(comment.body)
        if marker is not None and marker.name == name and forge.is_mine(comment):
            return comment
    return None


def _fit(page: Page, marker: Marker, limit: int) -> str:
    for text in (page.body, page.short):
        body = f"{marker}\n{text}"
        if len(body) <= limit:
            return body
    where = f"comment {marker.name!r}"
    what = f"even the short report has {len(page.short):,} characters, and a comment may have {limit:,}"
    raise PublishError(where, what, "Report on fewer files at once, under several names.")


def _content(body: str) -> list[str]:
    """Give what a reader would call the comment: without its marker and its footer."""
    lines = _lines(body.rstrip())[1:]
    return lines[:-1] if lines and lines[-1].startswith(FOOTER) else lines


def _lines(body: str) -> list[str]:
    """Split as Markdown does. Forges change line ends and drop white space where it means nothing."""
    return [line.rstrip() for line in body.replace("\r\n", "\n").replace("\r", "\n").split("\n")]


def _encode(text: str) -> str:
    """Write any text with the letters, digits and signs that mean nothing in HTML; equal only for equal texts."""
    return quote(text, safe="", errors="surrogatepass").replace("--", "-%2D")


def _run_number(run_id: str) -> tuple[int, int] | None:
    found = RUN.fullmatch(run_id)
    return (int(found[1]), int(found[2] or 0)) if found else None
