"""What a shallow clone lacks, fetched into a repository of its own that is thrown away.

Fetching into the user's clone would change it: ``--depth`` makes a full one shallow, ``--filter`` writes to its
configuration and leaves it with commits that have no files. The scratch repository borrows the clone's objects, so that
only what is missing travels, and takes over how the clone reaches its remote.

Source: https://git-scm.com/docs/gitrepository-layout, https://git-scm.com/docs/partial-clone
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cml_bot import git
from cml_bot.errors import BaselineError
from cml_bot.git_process import as_environment, ask, run

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from cml_bot.git import Branch, Checkout

FETCH_SECONDS = 120.0
DEPTHS = (50, 100, 200, 400, 800, 1600, 3200, 6400)
"""How many commits of history are asked for, until both sides meet."""
BASE = "refs/mlbot/base"
PULL_HEADS = ("refs/pull/{}/head", "refs/merge-requests/{}/head")
"""What a pull request brings, by forge."""
QUIET = (
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-recurse-submodules",
    "--refmap=",
)
NO_FILES = "blob:none"
NO_FOLDERS = "tree:0"
TRANSPORT = re.compile(
    r"(?:http|url|credential|protocol|ssh)\..+|core\.(?:sshcommand|askpass|gitproxy)"
    r"|remote\.origin\.(?:url|pushurl|proxy|proxyauthmethod|uploadpack|receivepack|serveroption)"
)
"""The settings that say how a remote is reached, and nothing else of the clone's configuration."""
CURE = "In CI, check out the whole history (`fetch-depth: 0`), or let mlbot fetch (`persist-credentials: true`)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """A repository that is thrown away."""

    root: Path
    prefix: str
    """The folder below the top that the workspace is."""
    environment: Mapping[str, str] = field(repr=False)
    """How the remote is reached; may hold credentials, which therefore never touch the disk."""


@contextmanager
def borrow(checkout: Checkout) -> Iterator[Scratch]:
    """Make a scratch repository that sees all that the clone has.

    Raises:
        BaselineError: the clone has no remote called origin.
    """
    settings = _read_settings(checkout)
    with TemporaryDirectory(prefix="mlbot-") as folder:
        root = Path(folder)
        _lay_out(root / ".git", checkout, is_sha256=("extensions.objectformat", "sha256") in settings)
        reached = as_environment([(name, value) for name, value in settings if TRANSPORT.fullmatch(name)])
        yield Scratch(root=root, prefix=checkout.prefix, environment=reached)


def _read_settings(checkout: Checkout) -> list[tuple[str, str]]:
    rows = os.fsdecode(ask(checkout.root, "config", "--list", "-z", "--includes").out).split("\0")
    found = [(name, value) for name, mark, value in (row.partition("\n") for row in rows) if mark]
    if not any(name == "remote.origin.url" for name, _ in found):
        where = "git fetch"
        raise BaselineError(where, "there is no remote called origin", "Name a revision that is here.")
    return [(name, _absolute(name, value, checkout.top)) for name, value in found]


def _absolute(name: str, value: str, top: Path) -> str:
    """A remote may be a path, relative to the top of the clone."""
    if name in ("remote.origin.url", "remote.origin.pushurl") and ":" not in value and (top / value).exists():
        return str(top / value)
    return value


def _lay_out(folder: Path, checkout: Checkout, *, is_sha256: bool) -> None:
    for part in ("objects/info", "refs/heads"):
        (folder / part).mkdir(parents=True)
    version = "repositoryformatversion = 1\n[extensions]\nobjectFormat = sha256\n" if is_sha256 else ""
    (folder / "config").write_text(f"[core]\nalternateRefsCommand = true\n{version}", encoding="ascii")
    (folder / "objects/info/alternates").write_bytes(os.fsencode(checkout.common / "objects") + b"\n")
    (folder / "HEAD").write_text("ref: refs/heads/here\n", encoding="ascii")
    if not checkout.is_partial:
        # What a reference leads to is offered to the remote as here, with all its files.
        (folder / "refs/heads/here").write_text(f"{checkout.sha}\n", encoding="ascii")
    if checkout.is_shallow:
        shutil.copyfile(checkout.common / "shallow", folder / "shallow")


def fetch(
    scratch: Scratch,
    wants: Iterable[str],
    leave_out: str,
    *options: str,
    offer: str = "default",
    seconds: float = FETCH_SECONDS,
) -> None:
    """Fetch commits, branches or blobs from origin.

    Args:
        scratch: where to.
        wants: refspecs, or ids of objects.
        leave_out: the filter, empty to fetch everything; a remote that knows none sends everything too.
        *options: more options, such as the depth.
        offer: how the remote is told what is here; ``noop`` for not at all.
        seconds: how long it may take.

    Raises:
        BaselineError: the remote refused, or could not be reached.
    """
    # Said for this call alone: a repository that is known to be partial fetches whatever it misses, one by one.
    partial = ("-c", "remote.origin.promisor=true", "-c", f"remote.origin.partialclonefilter={leave_out}")
    chosen = partial if leave_out else ()
    command = (*chosen, "-c", f"fetch.negotiationalgorithm={offer}", "fetch", *QUIET, *options, "--stdin", "origin")
    given = os.fsencode("".join(f"{want}\n" for want in wants))
    answer = run(scratch.root, *command, given=given, extra=scratch.environment, seconds=seconds)
    if answer.code:
        where = "git fetch"
        raise BaselineError(where, answer.reason, CURE)


def fetch_commit(scratch: Scratch, name: str) -> str:
    """Fetch one commit without its files, by its full id or by the name of a branch or tag; give its id.

    Raises:
        BaselineError: the remote does not have it, or could not be reached.
    """
    fetch(scratch, [f"+{name}:{BASE}"], NO_FILES, "--depth=1")
    return ask(scratch.root, "rev-parse", "--verify", f"{BASE}^{{commit}}").text


def read_blobs(scratch: Scratch, ids: Collection[str]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the ids of blobs with their content in pieces; those that are missing are fetched all at once.

    Raises:
        BaselineError: the remote refused, or could not be reached.
    """
    missing = set(ids)
    for one, pieces in git.read_blobs(scratch.root, ids):
        missing.remove(one)
        yield one, pieces
    if missing:
        # The commit is offered as here otherwise, and its files with it.
        fetch(scratch, sorted(missing), NO_FILES, offer="noop")
        yield from git.read_blobs(scratch.root, sorted(missing))


def find_remote_branch(checkout: Checkout) -> Branch | None:
    """Ask origin which branch is its default; None when it does not say."""
    try:
        with borrow(checkout) as scratch:
            command = ("ls-remote", "--symref", "origin", "HEAD")
            said = run(scratch.root, *command, extra=scratch.environment, seconds=FETCH_SECONDS).text
    except BaselineError:
        return None
    found = re.match(r"ref: refs/heads/(\S+)\tHEAD", said)
    return git.Branch(found[1], ()) if found else None


def find_remote_base(checkout: Checkout, branch: Branch) -> str | None:
    """Return the merge base with a branch of origin, by as much history as that takes and no files.

    None when the histories do not meet within the last of DEPTHS.

    Raises:
        BaselineError: the remote refused, or could not be reached.
    """
    with borrow(checkout) as scratch:
        edges = read_edges(scratch.root / ".git")
        # Where all of our own history is here, the remote sends what is missing of the other without being told.
        for depth in DEPTHS if edges else (0,):
            # A new name each time: git does not deepen a reference that it already has.
            ref = f"refs/mlbot/{depth}"
            options = (f"--depth={depth}",) if depth else ()
            fetch(scratch, [f"+refs/heads/{branch.name}:{ref}", *edges], NO_FOLDERS, *options)
            base = git.find_merge_base(scratch.root, checkout.sha, ref)
            if base or not read_edges(scratch.root / ".git"):
                return base
    return None


def find_base_of(checkout: Checkout, branch: Branch, head: str, pull: int | None) -> str | None:
    """Return the merge base of a branch of origin and a commit that need not be here, without any files.

    The commit is asked for by its id, and where origin does not give it so, as what a pull request brings.

    Raises:
        BaselineError: the remote refused, or could not be reached.
    """
    if not checkout.is_shallow and git.find_commit(checkout.root, head) and branch.tips:
        return git.find_merge_base(checkout.root, head, *branch.tips)
    with borrow(checkout) as scratch:
        place = _find_place(scratch, head, pull)
        for depth in DEPTHS:
            # A new name each time: git does not deepen a reference that it already has.
            ref, ours = f"refs/mlbot/{depth}", f"refs/mlbot/head-{depth}"
            fetch(scratch, [f"+refs/heads/{branch.name}:{ref}", f"+{place}:{ours}"], NO_FOLDERS, f"--depth={depth}")
            base = git.find_merge_base(scratch.root, head, ref)
            if base or not read_edges(scratch.root / ".git"):
                return base
    return None


def _find_place(scratch: Scratch, head: str, pull: int | None) -> str:
    """Return a name by which origin gives a commit."""
    problem = BaselineError("git fetch", "origin does not have it any more", CURE)
    for place in (head, *(form.format(pull) for form in PULL_HEADS if pull is not None)):
        try:
            if fetch_commit(scratch, place) == head:
                return place
        except BaselineError as error:
            problem = error if place == head else problem
    raise problem


def read_edges(folder: Path) -> list[str]:
    """Return the commits at which the history ends in a repository, given by its .git, though it has more."""
    edges = folder / "shallow"
    return edges.read_text(encoding="ascii").split() if edges.exists() else []
