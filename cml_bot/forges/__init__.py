"""The table of forges, and what mlbot wants of one: few methods, no base class."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cml_bot.model import Build, Comment


class Forge(Protocol):
    """A connection to the review of one build."""

    @property
    def limit(self) -> int:
        """Longest comment, in characters."""
        ...

    def comments(self) -> Iterator[Comment]:
        """Every comment of the review, oldest first, through every page."""
        ...

    def create(self, body: str) -> Comment:
        """Post a comment."""
        ...

    def update(self, comment: Comment, body: str) -> Comment:
        """Replace a comment's text."""
        ...

    def is_mine(self, comment: Comment) -> bool:
        """Whether this token's user wrote it."""
        ...


class ForgeModule(Protocol):
    """What a forge's module offers."""

    def build(self, env: Mapping[str, str], event: Mapping[str, Any]) -> Build | None:
        """Read the CI's variables and event; None when this is not its CI. Pure."""
        ...

    def connect(self, build: Build, token: str) -> Forge:
        """Open a connection; sends nothing yet."""
        ...


FORGES: tuple[str, ...] = ("github",)
"""Modules of this folder, in the order they are asked."""


def load_forge(name: str) -> ForgeModule:
    """Import a forge on first use: its library is heavy."""
    return cast("ForgeModule", import_module(f"cml_bot.forges.{name}"))
