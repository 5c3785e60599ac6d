"""The table of forges, and what mlbot wants of one: few methods, no base class."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cml_bot.forges._patience import Patience
    from cml_bot.model import Build, Check, Figure, Outcome
    from cml_bot.review import Comment, Dialect, Hosted, Page, Right, Status


class Forge(Protocol):
    """A connection to the review of one build.

    Every method keeps to the deadline of `patience`, repeats by itself what may be sent twice, and raises nothing but:

    Raises:
        ForbiddenError: the token may not do this.
        GoneError: it is not there, or was never ours; look again.
        TooLongError: the text is too long.
        PassingError: no answer, or none that tells whether it was done.
        PublishError: anything else.
    """

    @property
    def limit(self) -> int:
        """Longest comment, in characters."""
        ...

    @property
    def dialect(self) -> Dialect:
        """What of Markdown it shows."""
        ...

    @property
    def patience(self) -> Patience:
        """The time that is left for it."""
        ...

    def comments(self) -> Iterator[Comment]:
        """Every comment of the review, oldest first, through every page."""
        ...

    def create(self, body: str) -> Comment:
        """Post a comment. Sent once: after a PassingError look whether it took before it is sent again."""
        ...

    def update(self, comment: Comment, body: str) -> Comment:
        """Replace a comment's text."""
        ...

    def delete(self, comment: Comment) -> None:
        """Delete a comment; one that is gone already is no error."""
        ...

    def is_mine(self, comment: Comment) -> bool:
        """Whether this token's user wrote it."""
        ...

    def host(self, figures: Sequence[Figure], shown: str, name: str = "") -> Hosted:
        """Put figures where readers of the review can see them; raises nothing.

        Args:
            figures: PNG, JPEG, GIF or WebP, by names that are unique.
            shown: the text of our comment as it is now: what was hosted for it is not sent again.
            name: that of the comment: pictures of one replace none of another.
        """
        ...

    def tell_status(self, status: Status) -> str:
        """Mark the commit, finished and never pending; give the address of the mark, empty where it has none."""
        ...

    def find_review(self) -> Build:
        """Ask the forge what the build leaves open: its pull request, the head and the base of that.

        The pull request is found from the forge alone: open, into this repository, and with the build's commit as its
        head, where the build knows one. Gives the build as it was where there is none, and without a number that is
        not so.
        """
        ...

    def read_artifacts(self, run_id: str, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield name and zip of what a run of this repository has kept under a name, or one that begins so and ``-``.

        Units: run_id as in `Build.run_id`. No more than `review.LARGEST_ZIP` bytes each.
        """
        ...

    def probe(self) -> Iterator[Right]:
        """Find out what the token may do, without leaving a trace."""
        ...


class ForgeModule(Protocol):
    """What a forge's module offers. Loading it is cheap: its library is imported by `connect`."""

    @property
    def NO_TOKEN(self) -> str:  # noqa: N802 - a constant of the module
        """What to do where there is no token."""
        ...

    def build(self, env: Mapping[str, str], event: Mapping[str, Any]) -> Build | None:
        """Read the CI's variables and event; None when this is not its CI. Pure."""
        ...

    def place(self, server: str) -> Build:
        """Give a build that knows only where the forge is: its public server where none is named."""
        ...

    def connect(self, build: Build, token: str, patience: Patience) -> Forge:
        """Open a connection; sends nothing yet.

        Raises:
            ForbiddenError: there is no token.
            PublishError: the token or the address cannot be right.
        """
        ...

    def quiet(self, text: str) -> str:
        """Wrap foreign text for the job's log so that no line of it is taken for a command."""
        ...

    def annotate(self, checks: Iterable[Check]) -> tuple[str, ...]:
        """Write what the job's log shows of checks that failed or warned, beyond the report itself."""
        ...

    def tell_job(
        self, env: Mapping[str, str], page: Page, *, outcome: Outcome, comment_url: str, report_path: str
    ) -> tuple[str, ...]:
        """Give the report and the outputs to the CI, as far as it takes such things; say what could not be written."""
        ...


FORGES: tuple[str, ...] = ("github", "gitlab", "bitbucket")
"""Modules of this folder, in the order they are asked."""


def load_forge(name: str) -> ForgeModule:
    """Import a forge on first use: its library is heavy."""
    return cast("ForgeModule", import_module(f"cml_bot.forges.{name}"))


def quieten(text: str, forge: str) -> str:
    """Wrap a text for the log of a forge's job: names in it are foreign, and some logs take lines for commands.

    Outside of any job it stays as it is.
    """
    return f"{load_forge(forge).quiet(text)}\n" if forge else text
