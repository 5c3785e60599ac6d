"""The pictures of main's last runs: one commit on a reference of its own, whose place the next one takes.

Its tree has a folder for each run, named by its place and the commit that the run is of. A picture's file is named by
its size and its own name, so that a report knows what it needs before it fetches any, and a picture that stays the same
is kept once. The commit has no parent, so that nothing keeps what falls out of the tree.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha1, sha256
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from cml_bot import git, git_fetch, git_write
from cml_bot.errors import BaselineError, MlbotError
from cml_bot.filters import format_size, list_some
from cml_bot.git_process import ask
from cml_bot.model import Figure
from cml_bot.readers.image_file import find_media
from cml_bot.records.log import FOLDER, branch_of, fetch_ref
from cml_bot.records.race import try_again

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from cml_bot.git import Checkout
    from cml_bot.job import Job
    from cml_bot.model import Build, Run

REFS = f"refs/{FOLDER}/pictures/"
MOST_RUNS = 20
MOST_PICTURES = 20
"""Of one run."""
LARGEST = 1024 * 1024
"""Bytes of one picture."""
LARGEST_RUN = 8 * LARGEST
"""Bytes of all pictures of one run."""
LARGEST_TREE = 32 * LARGEST
"""Bytes of all pictures that are kept, each counted once."""
LONGEST = 240
"""Characters of a picture's name in the tree."""
SECONDS = 30.0
"""How long it is tried to fetch, and to write while others do."""
MESSAGE = "Pictures of main's last runs, for reports of mlbot to compare with\n\n[skip ci]\n"
CURE = "Let the job that runs on main push to refs/mlbot/*."
_FOLDER = re.compile(r"\d{2}-([0-9a-f]{40,64})")
_FILE = re.compile(r"(\d{1,9})-(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A picture as the tree names it."""

    name: str
    """What its run calls it."""
    blob: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The pictures of one run."""

    sha: str
    """The commit that the run is of."""
    tree: str
    files: tuple[File, ...]


def ref_of(name: str) -> str:
    """Return the reference for the pictures of a name.

    Example:
        >>> ref_of("my model")
        'refs/mlbot/pictures/my%20model'
    """
    return REFS + branch_of(name).removeprefix(f"{FOLDER}/")


def keep_pictures(job: Job, name: str, run: Run) -> tuple[str, ...]:
    """Keep the pictures of a run of main beside its record; gives a line for what could not be kept.

    It raises nothing. Whether this job may do so is for `find_objection` to say.
    """
    chosen = dict(_choose(run.figures))
    left = [figure.name for figure in run.figures if _file_name(figure) not in chosen]
    bounds = f"{MOST_PICTURES} of a run, {format_size(LARGEST)} each and {format_size(LARGEST_RUN)} together"
    lines = [f"not kept for later reports: {list_some(left, 3)}; at most {bounds} are"] if left else []
    try:
        checkout = git.find_checkout(job.root) if chosen and git.SHA.fullmatch(run.sha) else None
        if checkout is not None:
            write = _write_there if job.build.forge else _write_here
            write(checkout, ref_of(name), chosen, run.sha, job.now)
    except MlbotError as error:
        lines.append(f"the pictures of this run are not kept for later reports: {error}")
    return tuple(lines)


def _choose(figures: Sequence[Figure]) -> Iterator[tuple[str, bytes]]:
    """Yield the pictures that are kept, by the names of their files."""
    size = count = 0
    for figure in figures:
        length = len(figure.data)
        is_small = 0 < length <= LARGEST and size + length <= LARGEST_RUN
        if is_small and count < MOST_PICTURES and len(_file_name(figure)) <= LONGEST:
            size, count = size + length, count + 1
            yield _file_name(figure), figure.data


def _file_name(figure: Figure) -> str:
    """Name a file of the tree by plain characters: no slash, no dot in front, nothing that git has a meaning for."""
    return f"{len(figure.data)}-{quote(figure.name, safe='', errors='surrogatepass')}"


def _write_there(checkout: Checkout, ref: str, files: Mapping[str, bytes], sha: str, now: datetime) -> None:
    with git_fetch.borrow(checkout) as scratch:
        tree = git_write.write_tree(scratch.root, files)

        def attempt() -> str | None:
            old = fetch_ref(scratch, ref, git_fetch.NO_FILES, depth=1, seconds=SECONDS)
            commit = _write_commit(scratch.root, old, sha, tree, now)
            return (git_write.push(scratch, commit, ref, CURE, old=old) or None) if commit else None

        try_again(attempt, SECONDS, ref)


def _write_here(checkout: Checkout, ref: str, files: Mapping[str, bytes], sha: str, now: datetime) -> None:
    """Write to the user's own repository, as records on a laptop are."""
    root = checkout.root
    tree = git_write.write_tree(root, files)

    def attempt() -> str | None:
        old = git.find_commit(root, ref) or ""
        commit = _write_commit(root, old, sha, tree, now)
        return (git_write.swap_ref(root, ref, commit, old) or None) if commit else None

    try_again(attempt, SECONDS, ref)


def _write_commit(root: Path, old: str, sha: str, tree: str, now: datetime) -> str:
    """Write the commit that takes the old one's place; empty where that holds the same of this run."""
    folders = read_folders(root, old)
    if any(folder.sha == sha and folder.tree == tree for folder in folders):
        return ""
    files = _parse_files(ask(root, "ls-tree", "-z", tree).out.split(b"\0"))
    new = Folder(sha=sha, tree=tree, files=files)
    kept = bound([*(folder for folder in folders if folder.sha != sha), new])
    top = git_write.write_folders(root, {f"{place:02}-{one.sha}": one.tree for place, one in enumerate(kept)})
    return git_write.write_commit(root, top, MESSAGE, "", now)


def bound(folders: Sequence[Folder]) -> list[Folder]:
    """Drop the oldest folders of what would be too many, or too large; equal pictures count once."""
    sizes: dict[str, int] = {}
    kept: list[Folder] = []
    for folder in reversed(folders):
        sizes |= {file.blob: file.size for file in folder.files}
        if len(kept) == MOST_RUNS or (kept and sum(sizes.values()) > LARGEST_TREE):
            break
        kept.append(folder)
    return kept[::-1]


def read_folders(root: Path, commit: str) -> list[Folder]:
    """List what is kept, oldest first; what is not named as ours is passed over."""
    if not commit:
        return []
    rows = ask(root, "ls-tree", "-r", "-t", "-z", "--full-tree", commit).out.split(b"\0")
    trees: dict[str, str] = {}
    files: dict[str, list[bytes]] = {}
    for row in rows:
        about, _, path = row.partition(b"\t")
        folder, mark, file = path.decode(errors="replace").partition("/")
        if mark:
            files.setdefault(folder, []).append(about + b"\t" + file.encode())
        elif about.startswith(b"040000 tree "):
            trees[folder] = about.split(b" ")[2].decode()
    known = ((found, tree) for name, tree in sorted(trees.items()) if (found := _FOLDER.fullmatch(name)))
    return [Folder(sha=name[1], tree=tree, files=_parse_files(files.get(name[0], ()))) for name, tree in known]


def _parse_files(rows: Collection[bytes]) -> tuple[File, ...]:
    found: list[File] = []
    for row in rows:
        about, _, path = row.partition(b"\t")
        named = _FILE.fullmatch(path.decode(errors="replace"))
        if named and about.startswith(b"100644 blob "):
            with suppress(UnicodeDecodeError):
                name = unquote(named[2], errors="surrogatepass")
                found.append(File(name=name, blob=about.split(b" ")[2].decode(), size=int(named[1])))
    return tuple(found)


def read_pictures(root: Path, build: Build, name: str, sha: str, own: Sequence[Figure]) -> tuple[Figure, ...] | str:
    """Return the pictures that are kept of a commit's run, or why there are none.

    Args:
        root: the workspace.
        build: the job; in CI the pictures are origin's, on a laptop those here come first.
        name: of the history.
        sha: the commit.
        own: pictures that are here already: of those no second copy is fetched.
    """
    try:
        checkout = git.find_checkout(root)
        if checkout is None:
            return "this is not a git repository"
        return _read_pictures(checkout, ref_of(name), sha, own, is_here=not build.forge)
    except MlbotError as error:
        return f"they could not be fetched ({error.what if isinstance(error, BaselineError) else error})"


def _read_pictures(
    checkout: Checkout, ref: str, sha: str, own: Sequence[Figure], *, is_here: bool
) -> tuple[Figure, ...] | str:
    known = git.find_commit(checkout.root, ref) if is_here else None
    folder = _find(read_folders(checkout.root, known or ""), sha)
    if folder:
        return tuple(_read(folder, own, partial(git.read_blobs, checkout.root)))
    if is_here and not git.has_origin(checkout.root):
        return _tell_missing(sha)
    with git_fetch.borrow(checkout) as scratch:
        tip = fetch_ref(scratch, ref, git_fetch.NO_FILES, depth=1, seconds=SECONDS)
        folder = _find(read_folders(scratch.root, tip), sha)
        if folder:
            return tuple(_read(folder, own, partial(git_fetch.read_blobs, scratch)))
    return _tell_missing(sha) if tip else "none are kept yet; the next run of main keeps its own"


def _tell_missing(sha: str) -> str:
    return f"those of {sha[:7]} are not kept, or no longer"


def _find(folders: Sequence[Folder], sha: str) -> Folder | None:
    return next((folder for folder in folders if folder.sha == sha), None)


def _read(
    folder: Folder,
    own: Sequence[Figure],
    read: Callable[[Collection[str]], Iterator[tuple[str, Iterator[bytes]]]],
) -> Iterator[Figure]:
    """Yield pictures that are what their names claim, in the order of their names."""
    files = [file for file in folder.files if file.size <= LARGEST][:MOST_PICTURES]
    known = {_blob_id(figure.data, folder.sha): figure.data for figure in own}
    missing = {file.blob for file in files} - known.keys()
    if missing:
        # A piece is as long as a picture may be: two are enough to see that one is longer.
        known |= {blob: b"".join(islice(pieces, 2)) for blob, pieces in read(sorted(missing))}
    for file in sorted(files, key=lambda file: file.name):
        data = known.get(file.blob, b"")
        media = find_media(data)
        if media and len(data) == file.size:
            yield Figure(name=file.name, media=media, data=data, caption=file.name, source=file.name)


def _blob_id(data: bytes, like: str) -> str:
    """The id that git gives to a file, in a repository whose ids are as long as this one."""
    kind = sha1 if len(like) == 40 else sha256
    return kind(b"blob %d\0" % len(data) + data).hexdigest()
