"""The files of one side: a folder on disk, or a commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Tree(Protocol):
    """Files by their path, relative to the top and with forward slashes."""

    @property
    def sha(self) -> str:
        """The commit that is checked out or looked at; empty outside a repository."""
        ...

    def walk(self) -> Sequence[str]:
        """Every file that discovery may look at, sorted: no hidden, dependency or mlbot-report folders."""
        ...

    def glob(self, pattern: str) -> Sequence[str]:
        """Every file that a pattern of the configuration means, sorted. ``**`` crosses folders."""
        ...

    def fetch(self, paths: Sequence[str]) -> None:
        """Bring these files here in one go, where that saves time; missing ones are no error yet."""
        ...

    def file(self, path: str) -> Path:
        """Return a regular file with the content of `path`.

        Raises:
            InputError: it is missing, unreadable, a folder, or a link that leaves the tree.
        """
        ...

    def blob_id(self, path: str) -> str:
        """Return git's id of its content: equal ids need be read only once. Empty when not cheap to know."""
        ...
