"""The files of one side: a commit."""

from __future__ import annotations

import shutil
import weakref
from functools import cached_property
from itertools import chain
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from cml_bot import git, git_fetch, held_file
from cml_bot.dvc_cache import find_cached
from cml_bot.errors import InputError
from cml_bot.globs import Listing, Row, is_git
from cml_bot.trees import refuse_pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cml_bot.git_fetch import Scratch

LINK = "120000"
SUBMODULE = "160000"
MOST_HELD = 16 * 1024 * 1024
"""Bytes of all small files together that are kept in memory."""
NO_FILES = {LINK: "a link", SUBMODULE: "a submodule"}


class CommitTree:
    """The files of a commit. What was read of it is there for as long as the tree is held.

    Small files are in memory, larger ones in a temporary folder.
    """

    def __init__(self, root: Path, sha: str, scratch: Scratch | None = None) -> None:
        """List the commit.

        Args:
            root: the workspace; paths are relative to it, also where it is a folder below the top.
            sha: the full id.
            scratch: the repository that the commit was fetched to, when it is not in the user's.

        Raises:
            BaselineError: git cannot list it.
        """
        self.sha = sha
        self._root = root
        self._scratch = scratch
        rows = git.list_tree(scratch.root, sha, scratch.prefix) if scratch else git.list_tree(root, sha)
        # Git itself refuses to check out such paths, but not to list them.
        self._entries = {path: row for path, row in rows.items() if not any(map(_is_unsafe, path.split("/")))}
        self._listing = Listing()
        self._here: dict[str, Path] = {}
        self._held = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not looked at so far, and why."""
        return self._listing.notes

    def walk(self) -> Sequence[str]:
        """Return every file that discovery may look at."""
        return self._listing.walk(self._rows)

    def glob(self, pattern: str) -> Sequence[str]:
        """Return every file that a pattern means.

        Raises:
            ConfigError: the pattern leaves the workspace.
        """
        return self._listing.glob(self._rows, pattern, self._entries.__contains__)

    def fetch(self, paths: Iterable[str]) -> None:
        """Read all of these at once.

        Raises:
            BaselineError: git cannot read them, or not fetch what is missing.
        """
        wanted: dict[str, list[str]] = {}
        for path in dict.fromkeys(paths):
            if self.blob_id(path) and path not in self._here:
                wanted.setdefault(self.blob_id(path), []).append(path)
        read = git_fetch.read_blobs(self._scratch, wanted) if self._scratch else git.read_blobs(self._root, wanted)
        for blob, pieces in read:
            # A first piece that is short is all there is.
            start = next(pieces, b"")
            if len(start) <= held_file.LARGEST and self._held + len(start) <= MOST_HELD:
                self._hold(blob, wanted[blob], start)
                continue
            first, *others = wanted[blob]
            with self._place(blob, first).open("wb") as file:
                file.writelines(chain((start,), pieces))
            for path in others:
                shutil.copyfile(self._here[first], self._place(blob, path))

    def take_cached(self, hashes: Mapping[str, str]) -> Sequence[str]:
        """Copy outputs that the commit lacks from DVC's cache; give those that are here now."""
        found = {path: place for path, md5 in hashes.items() if (place := find_cached(self._root.resolve(), md5))}
        taken = []
        for path, place in found.items():
            if path not in self._entries and not any(map(_is_unsafe, path.split("/"))):
                shutil.copyfile(place, self._place("cached", path))
                taken.append(path)
        return taken

    def file(self, path: str, *, pointer: bool = False) -> Path:
        """Return a file with the content that `path` has in the commit, under the same name.

        Raises:
            BaselineError: git cannot read it.
            InputError: it is missing, a link or a submodule.
        """
        row = self._entries.get(path)
        if row is None and path in self._here:
            return self._here[path]
        if row is None:
            raise InputError(path, f"is not in commit {self.sha[:7]}", "Commit it there, or leave it out.")
        if row.mode in NO_FILES:
            raise InputError(path, f"is {NO_FILES[row.mode]} in commit {self.sha[:7]}", "Commit the file itself.")
        if path not in self._here:
            self.fetch([path])
        if path not in self._here:
            raise InputError(path, f"is missing from commit {self.sha[:7]}", "Check out with `fetch-depth: 0`.")
        if not pointer:
            refuse_pointer(path, self._here[path])
        return self._here[path]

    def blob_id(self, path: str) -> str:
        """Return git's id of its content; empty for what is no file."""
        row = self._entries.get(path)
        return row.blob if row and row.mode not in NO_FILES else ""

    def _hold(self, blob: str, paths: Sequence[str], data: bytes) -> None:
        """Keep a small file in memory, under each path that has its content."""
        for path in paths:
            self._here[path] = held_file.hold(f"{self._folder}/{blob}/{path}", data)
        self._held += len(data)

    def _place(self, blob: str, path: str) -> Path:
        """Say where a file is kept: under its own path, for readers go by its ending and folders."""
        file = self._folder / blob / path
        file.parent.mkdir(parents=True, exist_ok=True)
        self._here[path] = file
        return file

    @cached_property
    def _folder(self) -> Path:
        folder = Path(mkdtemp(prefix="mlbot-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _rows(self, folder: str) -> Sequence[Row]:
        return self._index.get(folder, ())

    @cached_property
    def _index(self) -> Mapping[str, Sequence[Row]]:
        """The rows of every folder, as a disk would give them."""
        index: dict[str, list[Row]] = {"": []}
        for path, row in self._entries.items():
            if row.mode != SUBMODULE:
                folder, _, name = path.rpartition("/")
                self._open(index, folder)
                index[folder].append(Row(name, is_folder=False))
        return index

    def _open(self, index: dict[str, list[Row]], folder: str) -> None:
        while folder not in index:
            index[folder] = []
            above, _, name = folder.rpartition("/")
            self._open(index, above)
            index[above].append(Row(name, is_folder=True))


def _is_unsafe(part: str) -> bool:
    return part in ("", ".", "..") or is_git(part)
