"""What mlbot asks git. Questions only: nothing of the user's repository is ever written."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from cml_bot.errors import ConfigError
from cml_bot.git_process import ask, run

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
"""A full id, of either kind of repository."""
REMOTE = "refs/remotes/origin/"
LOCAL = "refs/heads/"
_PIECE = 2**20
"""Bytes of a file that are in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What is checked out, as one git process tells it."""

    root: Path
    """The folder that was asked for."""
    top: Path
    """The top of the work tree."""
    prefix: str
    """From the top to the root: empty, or with a slash at its end."""
    common: Path
    """The folder that holds objects and branches, the same for all work trees."""
    sha: str
    """Empty when there is no commit yet."""
    parents: tuple[str, ...]
    """The parents that are here: none at the edge of a shallow clone, see `read_parents`."""
    is_shallow: bool

    @property
    def is_partial(self) -> bool:
        """Whether objects may be missing, which git would fetch one by one as it meets them."""
        return next((self.common / "objects" / "pack").glob("*.promisor"), None) is not None


class Entry(NamedTuple):
    """One file of a commit."""

    mode: str
    """``100644`` or ``100755`` for a file, ``120000`` for a link, ``160000`` for a submodule."""
    blob: str


class Branch(NamedTuple):
    """The branch that changes go to."""

    name: str
    tips: tuple[str, ...]
    """Its last commit on origin and the one here; empty when the branch is not here."""


def find_checkout(root: Path) -> Checkout | None:
    """Return what is checked out in a folder; None outside a repository and in a bare one.

    Raises:
        ConfigError: git is missing, or refuses to work in a folder of somebody else.
    """
    questions = ("--show-toplevel", "--show-prefix", "--git-common-dir", "--is-shallow-repository")
    # Without a commit the last two fail, after the rest has been answered.
    lines = os.fsdecode(run(root, "rev-parse", *questions, "HEAD", "HEAD^@").out).split("\n")
    if len(lines) <= len(questions):
        return None
    top, prefix, common, shallow, *rest = lines
    commits = [line for line in rest if SHA.fullmatch(line)]
    return Checkout(
        root=root,
        top=Path(top),
        prefix=prefix,
        common=(root / common).resolve(),
        sha=commits[0] if commits else "",
        parents=tuple(commits[1:]),
        is_shallow=shallow == "true",
    )


def is_shallow(root: Path) -> bool:
    """Whether history ends here before it began."""
    checkout = find_checkout(root)
    return checkout is not None and checkout.is_shallow


def find_commit(root: Path, revision: str) -> str | None:
    """Return the full id of a branch, tag, id or ``HEAD~2``; None when there is no such commit here.

    Raises:
        ConfigError: the revision could be taken for an option.
    """
    if revision.startswith("-"):
        where = f"revision {revision}"
        raise ConfigError(where, "begins with a dash", "Name a branch, a tag or a commit.")
    if not revision or not revision.isprintable():
        return None
    found = run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").text
    # A range gives several.
    return found if SHA.fullmatch(found) else None


def read_parents(root: Path, sha: str) -> tuple[str, ...]:
    """Return the parents that the commit itself names, true even where a shallow clone ends."""
    head = ask(root, "cat-file", "commit", sha).out.partition(b"\n\n")[0]
    return tuple(line[7:].decode() for line in head.split(b"\n") if line.startswith(b"parent "))


def find_merge_base(root: Path, sha: str, *tips: str) -> str | None:
    """Return the best common ancestor of a commit and any of the tips; None when they do not meet here."""
    return run(root, "merge-base", sha, *tips).text or None


def find_default_branch(root: Path, name: str = "") -> Branch | None:
    """Return the branch of this name, else the one that origin calls its default, else main or master.

    A name that is given is believed: when that branch is not here, it has no tips.
    """
    refs = _read_refs(root, name)
    if not name:
        name = refs.get(f"{REMOTE}HEAD", ("", ""))[1].removeprefix(REMOTE)
    if name:
        return _branch(refs, name)
    return next((branch for branch in (_branch(refs, one) for one in ("main", "master")) if branch.tips), None)


def _read_refs(root: Path, name: str) -> Mapping[str, tuple[str, str]]:
    """Map references to their commit and, for one that stands for another, to the name of that."""
    usual = (LOCAL, f"{REMOTE}HEAD", f"{REMOTE}main", f"{REMOTE}master")
    places = (f"{REMOTE}{name}", f"{LOCAL}{name}") if name else usual
    form = "--format=%(refname)%00%(objectname)%00%(symref)"
    lines = os.fsdecode(ask(root, "for-each-ref", form, *places).out).split("\n")
    rows = (line.split("\0") for line in lines if line)
    return {ref: (sha, symref) for ref, sha, symref in rows}


def _branch(refs: Mapping[str, tuple[str, str]], name: str) -> Branch:
    places = [ref for ref, (_, symref) in refs.items() if symref == REMOTE + name]
    places += [REMOTE + name, LOCAL + name]
    return Branch(name, tuple(dict.fromkeys(refs[place][0] for place in places if place in refs)))


def find_head_branch(root: Path) -> str:
    """Return the branch that is checked out; empty when none is."""
    return run(root, "symbolic-ref", "--quiet", "HEAD").text.removeprefix(LOCAL)


def is_on_main(root: Path) -> bool:
    """Whether the default branch is checked out."""
    main = find_default_branch(root)
    return main is not None and find_head_branch(root) == main.name


def list_main(root: Path, count: int) -> list[str]:
    """Return the last commits of the default branch that are here, parents before their children."""
    main = find_default_branch(root)
    if main is None or not main.tips:
        return []
    options = ("--topo-order", "--reverse", f"--max-count={count}")
    return run(root, "rev-list", *options, *main.tips).text.split()


def list_line(root: Path, sha: str, count: int) -> list[str]:
    """Return a commit and those before it on its own line, by first parents, as far as they are here; newest first."""
    return run(root, "rev-list", "--first-parent", f"--max-count={count}", sha).text.split()


def has_origin(root: Path) -> bool:
    """Whether there is a remote called origin."""
    return bool(run(root, "config", "--get", "remote.origin.url").text)


def find_origin(root: Path) -> str:
    """Return the address of the remote called origin, with whatever credentials it holds; empty without one."""
    return run(root, "remote", "get-url", "origin").text


def is_dirty(root: Path, paths: Sequence[str] = ()) -> bool:
    """Whether a file that git tracks differs from the last commit; any file when no paths are given."""
    return bool(find_change(root, paths))


def find_change(root: Path, paths: Sequence[str] = ()) -> str:
    """Return a file that git tracks and that differs from the last commit, of these or of all; empty when none does."""
    options = ("--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty")
    return os.fsdecode(ask(root, "status", *options, "--", *paths).out).partition("\0")[0][3:]


def list_untracked(root: Path, paths: Sequence[str]) -> list[str]:
    """Return those of these files that git does not track."""
    tracked = set(os.fsdecode(ask(root, "ls-files", "-z", "--", *paths).out).split("\0")) if paths else set()
    return [path for path in paths if path not in tracked]


def find_switch_time(root: Path) -> float:
    """Return when another commit or branch was checked out last, in seconds since 1970; 0 when that is not known."""
    place = run(root, "rev-parse", "--git-path", "HEAD").text
    try:
        return (root / place).stat().st_mtime
    except OSError:
        return 0.0


def list_tree(root: Path, sha: str, prefix: str = "") -> dict[str, Entry]:
    """Map the paths of a commit to what lies there, relative to the folder that is asked from.

    Args:
        root: where git is run.
        sha: the commit.
        prefix: the folder to list, where git is run at the top; empty when the commit does not have it.
    """
    if prefix:
        data = run(root, "ls-tree", "-r", "-z", f"{sha}:{prefix.rstrip('/')}").out
    else:
        data = ask(root, "ls-tree", "-r", "-z", sha).out
    return dict(_parse_entry(row) for row in data.split(b"\0") if row)


def _parse_entry(row: bytes) -> tuple[str, Entry]:
    about, _, path = row.partition(b"\t")
    mode, _, blob = about.decode().split(" ")
    return os.fsdecode(path), Entry(mode, blob)


def read_blobs(root: Path, ids: Collection[str]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the id of every blob that is here with its content in pieces, by one process for all of them.

    Git writes to a file, so that only one piece of one of them is in memory at a time; the pieces of a blob are gone
    once the next is asked for.
    """
    if not ids:
        return
    with tempfile.TemporaryFile() as answers:
        ask(root, "cat-file", "--batch", given="".join(f"{one}\n" for one in ids).encode(), into=answers)
        answers.seek(0)
        while line := answers.readline():
            about = line.decode().split()
            if about[-1] != "missing":
                end = answers.tell() + int(about[2])
                yield about[0], _read_pieces(answers, end)
                answers.seek(end + 1)


def _read_pieces(file: IO[bytes], end: int) -> Iterator[bytes]:
    while piece := file.read(min(_PIECE, end - file.tell())):
        yield piece


def read_paths(root: Path, places: Sequence[str], limit: int) -> Iterator[bytes | str]:
    """Yield the content of each ``COMMIT:PATH``, or why there is none, by one process for all of them.

    Args:
        root: the repository.
        places: what to read.
        limit: how many bytes a file may have; a larger one is passed over.
    """
    with tempfile.TemporaryFile() as answers:
        ask(root, "cat-file", "--batch", given="".join(f"{one}\n" for one in places).encode(), into=answers)
        answers.seek(0)
        for place in places:
            about = answers.readline().split()
            if len(about) != 3:
                yield f"has no {place.partition(':')[2]}"
                continue
            kind, size = about[1], int(about[2])
            if kind == b"blob" and size <= limit:
                yield answers.read(size)
            else:
                answers.seek(size, os.SEEK_CUR)
                yield f"has {size >> 20} MiB" if kind == b"blob" else "is a folder"
            answers.read(1)
