"""What mlbot writes with git: objects, and one branch that is its own.

No checkout, index, configuration or other branch is touched, and no hook runs.

Source: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cml_bot.errors import ForbiddenError, PublishError
from cml_bot.git_process import ask, hide_credentials, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from cml_bot.git_fetch import Scratch

QUIETLY = ("-c", "core.hooksPath=/dev/null", "-c", "core.logAllRefUpdates=false", "-c", "i18n.commitEncoding=UTF-8")
NAME, ADDRESS = "mlbot", "mlbot@mlbot.invalid"
PUSH_SECONDS = 60.0
IN_THE_WAY = re.compile(r"'refs/heads/[^']+' exists; cannot create")
AWAY = "Give the branch that is in the way another name."
FORBIDDEN = re.compile(
    r"returned error: 40[13]|GH006|GH013|protected branch|rule violations|hook declined|not allowed|denied|permission"
    r"|authentication failed|could not read (?:username|password)|read[- ]only",
    re.IGNORECASE,
)
"""How servers say that the token, the branch or a hook of theirs does not let us write."""
LOST = re.compile(
    r"fetch first|non-fast-forward|stale info|cannot lock ref|failed to (?:update|lock) ref|already exists"
    r"|incorrect old value|(?:error:|HTTP) (?:429|5\d\d)|timed out|hung up|disconnect|reset by peer|connection refused",
    re.IGNORECASE,
)
"""How git says that somebody else was quicker; and what a server says that has too much to do."""


def write_tree(root: Path, files: Mapping[str, bytes]) -> str:
    """Write a tree of files, given by name; give its id.

    Raises:
        BaselineError: git could not write it.
    """
    blobs = {name: ask(root, "hash-object", "-w", "--stdin", given=data).text for name, data in files.items()}
    rows = [f"100644 blob {blob}\t{name}\n" for name, blob in sorted(blobs.items())]
    return ask(root, "mktree", given="".join(rows).encode()).text


def write_folders(root: Path, trees: Mapping[str, str]) -> str:
    """Write a tree of trees that are here, given by name; give its id.

    Raises:
        BaselineError: git could not write it.
    """
    rows = [f"040000 tree {tree}\t{name}\n" for name, tree in sorted(trees.items())]
    return ask(root, "mktree", given="".join(rows).encode()).text


def write_commit(root: Path, tree: str, message: str, parent: str, now: datetime) -> str:
    """Write a commit that nothing leads to yet; give its id. Without a parent it is a first one.

    Raises:
        BaselineError: git could not write it.
    """
    extra: dict[str, str] = {}
    for who in ("AUTHOR", "COMMITTER"):
        extra |= {f"GIT_{who}_NAME": NAME, f"GIT_{who}_EMAIL": ADDRESS}
        extra[f"GIT_{who}_DATE"] = f"{int(now.timestamp())} +0000"
    parents = ("-p", parent) if parent else ()
    return ask(root, *QUIETLY, "commit-tree", tree, *parents, given=message.encode(), extra=extra).text


def swap_ref(root: Path, ref: str, new: str, old: str) -> str:
    """Let a branch of the user's repository lead to a new commit if it still is at the old one.

    Returns:
        Why it could not be done, so that it can be tried again; empty when it was.

    Raises:
        PublishError: a branch of another name is in the way.
    """
    answer = run(root, *QUIETLY, "update-ref", "--no-deref", ref, new, old)
    if answer.code and IN_THE_WAY.search(answer.reason):
        where = "git update-ref"
        raise PublishError(where, answer.reason, AWAY)
    return answer.reason if answer.code else ""


def push(scratch: Scratch, sha: str, ref: str, cure: str, *, old: str | None = None) -> str:
    """Push a commit to a branch or another reference of origin, never by force.

    Args:
        scratch: where the commit is.
        sha: the commit.
        ref: where to.
        cure: what would give the right to.
        old: the commit whose place it takes, if that still stands there; empty where there must be none. None where it
            goes on from what is there.

    Returns:
        What git said when others were quicker or the server was busy, so that it can be tried again; empty when the
        commit is there.

    Raises:
        ForbiddenError: the token, or a rule for that branch, does not allow it; `cure` says what would.
        PublishError: it was refused for another reason.
        BaselineError: it took too long.
    """
    command = (*QUIETLY, "push", "--porcelain", "--no-verify", "--no-thin", "--no-signed", "--no-follow-tags")
    lease = () if old is None else (f"--force-with-lease={ref}:{old}",)
    extra = scratch.environment
    answer = run(scratch.root, *command, *lease, "origin", f"{sha}:{ref}", extra=extra, seconds=PUSH_SECONDS)
    if not answer.code:
        return ""
    said = (answer.out + b"\n" + answer.error).decode(errors="replace")
    reason = _reason(said) or answer.reason
    where = "git push"
    if IN_THE_WAY.search(said):
        raise PublishError(where, reason, AWAY)
    if is_forbidden(said):
        raise ForbiddenError(where, reason, cure)
    if not LOST.search(_without_names(said)):
        raise PublishError(where, reason, "Try `git push` there by hand, with the same rights.")
    return reason


def is_forbidden(said: str) -> bool:
    r"""Whether git failed for lack of a right, by what it said.

    Example:
        >>> is_forbidden("unable to access 'https://x/y/': The requested URL returned error: 403")
        True
        >>> is_forbidden("To https://x/denied.git\n!\t1:refs/heads/mlbot/denied\t[rejected] (fetch first)")
        False
    """
    return FORBIDDEN.search(_without_names(said)) is not None


def _without_names(said: str) -> str:
    """Take out addresses and branches: a repository may be called ``denied``."""
    return re.sub(r"^To .*|'[^'\n]*'|\S+://\S+|\S+:refs/\S+", " ", said, flags=re.MULTILINE)


def _reason(said: str) -> str:
    """Pick what the server said, else what became of the branch, as one line."""
    told = re.search(r"^remote: (?:error: )?(.*\S)", said, re.MULTILINE)
    refused = re.search(r"\[(?:remote )?rejected\] \((.+)\)", said)
    lines = [found[1].strip().rstrip(".") for found in (refused, told) if found]
    return hide_credentials(": ".join(lines))
