"""Step 5: a Draft to one comment that is kept up to date, on any forge.

Never a second one, never somebody else's, never an older report over a newer one, and no write where nothing changed.
No forge can create a comment only if there is none, so jobs that report at the same moment may each make one. They
agree without talking: the oldest stays, and whoever sees a younger one of ours deletes it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote

from cml_bot.errors import GoneError, PassingError, PublishError, TooLongError
from cml_bot.review import Dialect, Hosted

if TYPE_CHECKING:
    from collections.abc import Callable

    from cml_bot.forges import Forge
    from cml_bot.review import Comment, Draft, Page

MARKERS = tuple(
    re.compile(pattern)
    for pattern in (
        r"<!-- mlbot:v1 name=(\S*) sha=(\S*) run=(\S*) -->",
        r'\[mlbot\]: # "mlbot:v1 name=(\S*) sha=(\S*) run=(\S*)"',
    )
)
"""Of forges that hide HTML comments, and of those that would show them."""
RUN = re.compile(r"(\d{1,18})(?:\.(\d{1,9}))?")
FAR_AHEAD = 100_000_000
"""Runs. github.com starts some millions a day."""
FOOTER = re.compile(r"(?:<sub>)?mlbot \d\S* · .*")
"""The last line of a report. It holds the time and the run, so it does not count as a change."""
MOST_GONE = 3
"""How often a comment that is listed may turn out not to be there; then the forge's own words are told."""
ROUNDS = 10
"""How often comments are looked for anew because somebody else changed them meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What became of a page."""

    comment: Comment | None
    """The comment that readers see now; None where there is none and none was to be made."""
    action: Literal["created", "updated", "unchanged", "older", "withheld"]
    """``older``: the comment shows a later run already, and was left alone."""
    problems: tuple[str, ...] = ()
    """What could not be shown in it, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """The first line of our comment: its name, and the commit and run that it shows.

    Example:
        >>> Marker(name="my model", sha="a1b2c3d", run_id="812345.1").write(Dialect.GITHUB)
        '<!-- mlbot:v1 name=my%20model sha=a1b2c3d run=812345.1 -->'
    """

    name: str
    sha: str
    run_id: str

    def write(self, dialect: Dialect) -> str:
        """Write it so that nobody sees it, and no name can end it early or be taken for another."""
        said = f"mlbot:v1 name={_encode(self.name)} sha={_encode(self.sha)} run={_encode(self.run_id)}"
        return f'[mlbot]: # "{said}"\n' if dialect is Dialect.BITBUCKET else f"<!-- {said} -->"

    def is_newer(self, other: Marker) -> bool:
        """Whether its run came later; where a run has no number, nobody can tell, so it did not.

        Nor did one that lies far ahead: no forge starts so many runs in the time that a job takes, so somebody made it
        up to keep us silent.
        """
        mine, theirs = _run_number(self.run_id), _run_number(other.run_id)
        return mine is not None and theirs is not None and theirs < mine <= (theirs[0] + FAR_AHEAD, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """What is to be said, in every length, and where."""

    forge: Forge
    marker: Marker
    page: Page

    @property
    def bodies(self) -> list[str]:
        """The forms that the forge takes, longest first."""
        head = self.marker.write(self.forge.dialect)
        fitting = [body for form in self.page.forms if len(body := f"{head}\n{form}") <= self.forge.limit]
        if fitting:
            return fitting
        where = f"comment {self.marker.name!r}"
        shortest = len(self.page.forms[-1])
        what = f"its shortest form has {shortest:,} characters, and a comment may have {self.forge.limit:,}"
        raise PublishError(where, what, "Say less at once, under several names.")

    def send(self, call: Callable[[str], Comment]) -> Comment:
        """Make a call with the longest form that the forge takes: it may count otherwise than we do."""
        *longer, last = self.bodies
        for body in longer:
            with suppress(TooLongError):
                return call(body)
        return call(last)


def publish(draft: Draft, forge: Forge, *, name: str, sha: str, run_id: str, may_create: bool = True) -> Published:
    """Put a page where the review happens: into our comment of that name, or a new one.

    Raises:
        PublishError: the forge refused or could not be reached; what was there before is still there. Nothing is
            created unless every comment could be looked at.
        ForbiddenError: the token may not write there.
    """
    ours = _find_ours(forge, name)
    if not (ours or may_create):
        return Published(comment=None, action="withheld")
    marker = Marker(name=name, sha=sha, run_id=run_id)
    if ours and _is_older(marker, ours):
        return Published(comment=ours[0], action="older")
    shown = ours[0].body if ours else ""
    hosted = forge.host(draft.figures, shown, name) if draft.figures else Hosted(addresses={})
    letter = _Letter(forge=forge, marker=marker, page=draft.write(hosted.addresses))
    if not all(address in shown for address in hosted.addresses.values()):
        # That took its time, and another job may have been at it.
        ours = _find_ours(forge, name)
    return replace(_settle(letter, ours), problems=hosted.problems)


def _settle(letter: _Letter, ours: list[Comment]) -> Published:
    """Bring it about that one comment of ours is left, and shows nothing older than what we have to say."""
    name, made, gone = letter.marker.name, "", 0
    said: Published | None = None  # what we have written, even if a later look finds nothing left to do
    for _ in range(ROUNDS):
        try:
            if not ours:
                comment = _create(letter)
                made = comment.id if comment else ""
                # Another job may have created one at the same moment; a list that lags behind shows none at all.
                ours = _find_ours(letter.forge, name) or ([comment] if comment else [])
                continue
            keep, *younger = ours
            if keep.id == made and not younger:
                return Published(comment=keep, action="created")
            # Before anything is deleted: who has not seen our comment yet must not write after us.
            done = _bring_up_to_date(letter, ours)
            _clean_up(letter.forge, younger, made, done)
            said = done if said is None or done.action != "unchanged" else replace(said, comment=done.comment)
            if done.action == "older":
                return done
            if not younger:
                return said
        except GoneError:
            # Another job deleted it, or it never was ours: both show when we look again.
            gone += 1
            if gone == MOST_GONE:
                raise
        ours = _find_ours(letter.forge, name)
    where, what = f"comment {name!r}", "other jobs keep creating and deleting it"
    raise PublishError(where, what, "Give each job a name of its own with --name, or report once for all of them.")


def _clean_up(forge: Forge, younger: list[Comment], made: str, done: Published) -> None:
    """Delete our younger comments; of a job with a newer report only what we made: it may not be done yet."""
    for comment in younger:
        if done.action != "older" or comment.id == made:
            forge.delete(comment)


def _create(letter: _Letter) -> Comment | None:
    """Post it once; None where one is there after a failure: ours, or another job's.

    After a failure nobody knows whether it was stored, so it is looked for before it is sent again.
    """
    forge = letter.forge
    for tries in count(1):
        try:
            return letter.send(forge.create)
        except GoneError as error:
            # What is gone is the review, or our sight of it: no reason to look again.
            raise PublishError(error.where, error.what, error.cure) from error
        except PassingError as error:
            forge.patience.pause(error, tries)
        if _find_ours(forge, letter.marker.name):
            return None
    raise AssertionError  # count() has no end


def _bring_up_to_date(letter: _Letter, ours: list[Comment]) -> Published:
    """Let the oldest show what we have to say, unless any shows something newer: then its job will."""
    comment = ours[0]
    if _is_older(letter.marker, ours):
        return Published(comment=comment, action="older")
    # Any length of it: the forge may have refused the longer ones.
    if _content(comment.body) in [_content(body) for body in letter.bodies]:
        return Published(comment=comment, action="unchanged")
    changed = letter.send(lambda body: letter.forge.update(comment, body))
    return Published(comment=changed, action="updated")


def _is_older(marker: Marker, ours: list[Comment]) -> bool:
    shown = [parse_marker(comment.body) for comment in ours]
    return any(one is not None and one.is_newer(marker) for one in shown)


def parse_marker(body: str) -> Marker | None:
    """Read the marker of a comment; None unless its first line is one, and exactly as we write it."""
    line = _lines(body)[0]
    for pattern, dialect in zip(MARKERS, (Dialect.GITHUB, Dialect.BITBUCKET), strict=True):
        found = pattern.fullmatch(line)
        if found is not None:
            name, sha, run_id = (unquote(text, errors="surrogatepass") for text in found.groups())
            marker = Marker(name=name, sha=sha, run_id=run_id)
            return marker if marker.write(dialect).rstrip() == line else None
    return None


def _find_ours(forge: Forge, name: str) -> list[Comment]:
    """Return our comments of that name, oldest first: one, unless jobs have met.

    Others may have copied the marker, in a quote for one, so its author counts too.
    """
    named = ((comment, parse_marker(comment.body)) for comment in forge.comments())
    return [comment for comment, marker in named if marker and marker.name == name and forge.is_mine(comment)]


def _content(body: str) -> list[str]:
    """Give what a reader would call the comment: without its marker and its footer."""
    lines = _lines(body.strip())[1:]
    return lines[:-1] if lines and FOOTER.fullmatch(lines[-1]) else lines


def _lines(body: str) -> list[str]:
    """Split as Markdown does. Forges change line ends and drop white space where it means nothing."""
    return [line.rstrip() for line in body.replace("\r\n", "\n").replace("\r", "\n").split("\n")]


def _encode(text: str) -> str:
    """Write any text with the letters, digits and signs that mean nothing in HTML; equal only for equal texts."""
    return quote(text, safe="", errors="surrogatepass").replace("--", "-%2D")


def _run_number(run_id: str) -> tuple[int, int] | None:
    found = RUN.fullmatch(run_id)
    return (int(found[1]), int(found[2] or 0)) if found else None
