"""The records of main: a branch with one commit per run, whose tree holds that run's run.json alone.

So its log is the history. In CI the branch is fetched into a scratch repository, its last commits alone. On a laptop it
is read as it is here, with what the last ``git fetch`` brought of it.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

from cml_bot import git, git_fetch
from cml_bot.as_json import parse_run
from cml_bot.errors import BaselineError, InputError
from cml_bot.filters import list_some
from cml_bot.git_process import ask, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cml_bot.git import Checkout
    from cml_bot.git_fetch import Scratch
    from cml_bot.model import Build, Run

FOLDER = "mlbot"
FILE = "run.json"
DEPTH = 50
"""How many records are looked at."""
LIMIT = 16 * 1024 * 1024
"""Bytes of a record that are read at most."""
NAME_LIMIT = 160
"""Characters of a name on disk: a file's name has at most 255 bytes, and git adds ``.lock``."""
NO_BRANCH = "couldn't find remote ref"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One commit of the branch."""

    commit: str
    run: Run | None
    """What it holds; None when that cannot be read."""
    problem: str = ""
    """Why not, without a full stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Where the records can be read."""

    root: Path
    """The repository that has them."""
    branch: str
    tips: tuple[str, ...] = ()
    """The last record, or two where this repository and origin have their own; none when there is no branch."""
    scratch: Scratch | None = None
    """The repository that they were fetched to, when it is not the user's."""


def branch_of(name: str) -> str:
    """Return the branch for the records of a name, whatever characters that has.

    Source: https://git-scm.com/docs/git-check-ref-format

    Example:
        >>> branch_of("report"), branch_of("my model/ä..b.lock")
        ('mlbot/report', 'mlbot/my%20model%2F%C3%A4%2E%2Eb%2Elock')
    """
    plain = quote(name, safe="", errors="replace").replace("~", "%7E")
    plain = re.sub(r"(?<![\w-])\.|\.(?![\w-])|\.(?=lock$)|^-|^$", lambda mark: f"%{ord(mark[0] or ' '):02X}", plain)
    if len(plain) > NAME_LIMIT:
        plain = f"{plain[: NAME_LIMIT - 20].rstrip('.')}%{sha256(name.encode(errors='replace')).hexdigest()[:16]}"
    return f"{FOLDER}/{plain}"


@contextmanager
def open_log(checkout: Checkout, build: Build, name: str) -> Iterator[Log]:
    """Find the branch of a name; in CI fetch its last records.

    Raises:
        BaselineError: origin refused, or could not be reached.
    """
    branch = branch_of(name)
    here = () if build.forge else _find_tips(checkout.root, branch)
    # A shallow clone is of one branch, so it lacks ours whether there are records or not.
    is_asked = build.forge or checkout.is_partial or (checkout.is_shallow and not here)
    if not is_asked or not git.has_origin(checkout.root):
        yield Log(root=checkout.root, branch=branch, tips=here)
        return
    with git_fetch.borrow(checkout) as scratch:
        tip = fetch_tip(scratch, branch, "")
        tips = tuple(dict.fromkeys((*([tip] if tip else []), *here)))
        yield Log(root=scratch.root, branch=branch, tips=tips, scratch=scratch)


def fetch_tip(scratch: Scratch, branch: str, leave_out: str) -> str:
    """Fetch the last records of a branch and give the very last; empty when origin has no such branch.

    Raises:
        BaselineError: origin refused, or could not be reached.
    """
    return fetch_ref(scratch, git.LOCAL + branch, leave_out, depth=DEPTH)


def fetch_ref(
    scratch: Scratch, ref: str, leave_out: str, *, depth: int, seconds: float = git_fetch.FETCH_SECONDS
) -> str:
    """Fetch the last commits of a reference of ours and give the very last; empty when origin has no such one.

    Raises:
        BaselineError: origin refused, or could not be reached.
    """
    try:
        git_fetch.fetch(scratch, [f"+{ref}:{ref}"], leave_out, f"--depth={depth}", seconds=seconds)
    except BaselineError as error:
        if NO_BRANCH in error.what:
            return ""
        raise
    # A new repository keeps each reference in a file; to ask git would give others the time to be quicker.
    return (scratch.root / ".git" / ref).read_text(encoding="ascii").strip()


def _find_tips(root: Path, branch: str) -> tuple[str, ...]:
    places = (git.LOCAL + branch, git.REMOTE + branch)
    return tuple(ask(root, "for-each-ref", "--format=%(objectname)", *places).text.split())


def read_log(log: Log, *tips: str) -> tuple[Record, ...]:
    """Read the last records, oldest first, by one process for all of them.

    Args:
        log: the branch.
        *tips: a record to begin with, instead of the last.

    Raises:
        BaselineError: git cannot read the branch.
    """
    starts = tips or log.tips
    if not starts:
        return ()
    listed = ask(log.root, "rev-list", f"--max-count={DEPTH}", "--date-order", "--reverse", *starts).text
    commits = listed.split()
    blobs = git.read_paths(log.root, [f"{commit}:{FILE}" for commit in commits], LIMIT)
    return tuple(_parse(commit, data) for commit, data in zip(commits, blobs, strict=True))


def _parse(commit: str, data: bytes | str) -> Record:
    if isinstance(data, str):
        return Record(commit=commit, run=None, problem=data)
    try:
        found = parse_run(data.decode(), FILE)
    except UnicodeDecodeError:
        return Record(commit=commit, run=None, problem="is not UTF-8")
    except InputError as error:
        return Record(commit=commit, run=None, problem=error.what)
    problem = "" if found.sha else "does not say which commit it is of"
    return Record(commit=commit, run=found if found.sha else None, problem=problem)


def list_runs(records: Sequence[Record]) -> list[Run]:
    """List the runs that could be read."""
    return [record.run for record in records if record.run is not None]


def choose_last(runs: Sequence[Run]) -> list[Run]:
    """Choose one run a commit: of several the last, at its own place."""
    last = {run.sha: place for place, run in enumerate(runs)}
    return [run for place, run in enumerate(runs) if last[run.sha] == place]


def sort_known(runs: Sequence[Run], order: Mapping[str, int]) -> list[Run]:
    """Put the runs of known commits into the order of those; the others stay at their places.

    Args:
        runs: in the order of the log.
        order: the place of each known commit.
    """
    known = iter(sorted((run for run in runs if run.sha in order), key=lambda run: order[run.sha]))
    return [next(known) if run.sha in order else run for run in runs]


def tell_unread(log: Log, records: tuple[Record, ...]) -> str:
    """Name the records that were left out, as one note; empty when there is none."""
    broken = [f"{record.commit[:7]} ({record.problem})" for record in records if record.run is None]
    if not broken:
        return ""
    return f"left out of the records on {log.branch}: {list_some(broken, 3)}"


def is_record(root: Path, commit: str) -> bool:
    """Whether a commit is one of a records branch: its tree holds a run.json and nothing else."""
    return run(root, "ls-tree", "--name-only", "--full-tree", commit).text == FILE
