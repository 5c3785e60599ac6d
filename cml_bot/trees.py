"""The files of one side: what every tree offers, and the one that is a folder on disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cml_bot.errors import InputError
from cml_bot.globs import Listing, Row, is_git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

LARGEST_HASHED = 2**30
"""Bytes of the largest file whose git id is worked out."""
POINTER = b"version https://git-lfs.github.com/spec/"
"""How the file begins that Git LFS leaves in place of a large one.

Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
"""
LARGEST_POINTER = 1024


class Tree(Protocol):
    """Files by their path, relative to the top and with forward slashes."""

    @property
    def sha(self) -> str:
        """The commit that is checked out or looked at; empty outside a repository."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What was not looked at so far, and why."""
        ...

    def walk(self) -> Sequence[str]:
        """Every file that discovery may look at, sorted: no hidden, dependency or mlbot-report folders."""
        ...

    def glob(self, pattern: str) -> Sequence[str]:
        """Every file that a pattern of the configuration means, sorted. ``**`` crosses folders."""
        ...

    def fetch(self, paths: Iterable[str]) -> None:
        """Bring these files here in one go, where that saves time; missing ones are no error yet."""
        ...

    def take_cached(self, hashes: Mapping[str, str]) -> Sequence[str]:
        """Take outputs that the tree lacks from DVC's cache in the workspace; give those that are here now.

        Args:
            hashes: the MD5 of each, by its path.
        """
        ...

    def file(self, path: str, *, pointer: bool = False) -> Path:
        """Return a regular file with the content of `path`.

        With `pointer` also what Git LFS leaves in place of a large one.

        Raises:
            InputError: it is missing, unreadable, a folder, or a link that leaves the tree.
        """
        ...

    def blob_id(self, path: str) -> str:
        """Return git's id of its content: equal ids need be read only once. Empty when not cheap to know."""
        ...


class FolderTree:
    """The files of a folder, as they are now."""

    def __init__(self, root: Path, sha: str = "") -> None:
        self.root = root
        self.sha = sha
        self._top = root.resolve()
        self._listing = Listing()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not looked at so far, and why."""
        return self._listing.notes

    def walk(self) -> Sequence[str]:
        """Return every file that discovery may look at; what lies behind a linked folder is not."""
        return self._listing.walk(self._rows)

    def glob(self, pattern: str) -> Sequence[str]:
        """Return every file that a pattern means.

        Raises:
            ConfigError: the pattern leaves the workspace.
        """
        return self._listing.glob(self._rows, pattern, self._is_there)

    def fetch(self, paths: Iterable[str]) -> None:
        """Do nothing: they are here."""

    def take_cached(self, hashes: Mapping[str, str]) -> Sequence[str]:  # noqa: ARG002
        """Give none: what is in the workspace is there as it is now, and DVC puts its outputs there."""
        return ()

    def file(self, path: str, *, pointer: bool = False) -> Path:
        """Return the file; it may be a link that stays inside.

        Raises:
            InputError: it is missing, unreadable, not a regular file, or outside.
        """
        if "\0" in path or not Path(os.path.normpath(self._top / path)).is_relative_to(self._top):
            raise InputError(path, "lies outside the workspace", "Let the job write it inside.")
        full = self.root / path
        real = Path(os.path.realpath(full))
        if not real.is_relative_to(self._top):
            raise InputError(path, "is a link that leaves the workspace", "Copy what it points to into the workspace.")
        if any(map(is_git, [*path.split("/"), *real.relative_to(self._top).parts])):
            raise InputError(path, "lies among git's own files", "Name a file that the job writes.")
        _refuse_irregular(path, full, pointer=pointer)
        return full

    def blob_id(self, path: str) -> str:
        """Return the id that git would give its content; empty for large files."""
        # Commits need no hashes of ours, and OpenSSL costs some milliseconds.
        import hashlib

        try:
            with self.file(path).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                start = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
                return hashlib.file_digest(file, lambda: start).hexdigest() if size <= LARGEST_HASHED else ""
        except (InputError, OSError):
            return ""

    def _is_there(self, path: str) -> bool:
        # A link to nowhere counts: `file` then says what is wrong with it.
        full = self.root / path
        return os.path.lexists(full) and not full.is_dir()

    def _rows(self, folder: str) -> Iterator[Row]:
        try:
            with os.scandir(self.root / folder) as rows:
                yield from filter(None, map(_find_row, rows))
        except PermissionError:
            raise
        except OSError:
            # Gone meanwhile, or no folder at all.
            return


def _find_row(entry: os.DirEntry[str]) -> Row | None:
    """Return a folder or file; None for a linked folder, a pipe and the like."""
    try:
        if entry.is_dir(follow_symlinks=False):
            return Row(entry.name, is_folder=True)
        # A link to nowhere counts: `file` then says what is wrong with it.
        is_file = entry.is_file() or (entry.is_symlink() and not entry.is_dir())
    except OSError:
        # So does what cannot be asked, such as a link to itself.
        is_file = True
    return Row(entry.name, is_folder=False) if is_file else None


def _refuse_irregular(path: str, file: Path, *, pointer: bool) -> None:
    try:
        about = file.stat()
        if stat.S_ISDIR(about.st_mode):
            raise InputError(path, "is a folder", "Name the files in it, such as with **.")
        if not stat.S_ISREG(about.st_mode):
            raise InputError(path, "is not a regular file", "Let the job write a plain file.")
        if not os.access(file, os.R_OK):
            raise InputError(path, "may not be read", "Check its rights.")
        if not pointer:
            refuse_pointer(path, file)
    except FileNotFoundError as error:
        raise InputError(path, "is missing", "See that the job writes it before mlbot runs.") from error
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "Check its rights.") from error


def refuse_pointer(path: str, file: Path) -> None:
    """Refuse the few lines that stand for a file of Git LFS.

    Raises:
        InputError: it is such a file.
    """
    with file.open("rb") as opened:
        start = opened.read(LARGEST_POINTER + 1)
    if len(start) <= LARGEST_POINTER and start.startswith(POINTER):
        what = "is kept by Git LFS, and here is only its pointer"
        raise InputError(path, what, "Check out with `lfs: true`, or commit small files without LFS.")
