"""Which pull request a build belongs to, from what Bitbucket alone says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from cml_bot.forges.bitbucket.calls import Call

if TYPE_CHECKING:
    from cml_bot.forges.bitbucket.calls import Line
    from cml_bot.model import Build

READ: Final = "pullrequest"
Asked = dict[str, Any]
"""A pull request as Bitbucket describes it."""


def find_review(build: Build, line: Line) -> Build:
    """Fill in pull request, head and base; gives the build as it was where there is no such pull request.

    Sends nothing for a build that knows both its pull request and its commit, unless it is a fork's.
    """
    if build.pull is not None:
        if build.sha and not build.is_fork:
            return build
        return _fill_in(build, line, line.repeat(read_pull(build.pull), _found))
    if build.on_main or not build.branch:
        return build
    # Who asks by a name decides what the rest of the question means, unless its quotes and its escapes are escaped.
    name = re.sub(r'(["\\])', r"\\\1", build.branch)
    query = {"q": f'source.branch.name="{name}" AND state="OPEN"', "pagelen": "50"}
    call = Call(name="looking for the pull request", method="GET", path="/pullrequests", right=READ, query=query)
    found = line.repeat(call, lambda data: [_found(one) for one in data["values"]])
    fitting = [one for one in found if _is_of(build, one)]
    if len(fitting) != 1:
        return build
    return _fill_in(replace(build, pull=int(fitting[0]["id"])), line, fitting[0])


def read_pull(number: int) -> Call:
    """Give the call that reads a pull request."""
    return Call(name="reading the pull request", method="GET", path=f"/pullrequests/{number}", right=READ)


def _found(data: Any) -> Asked:
    """Check what is relied upon; raises ValueError, LookupError or TypeError."""
    int(data["id"])
    if not re.fullmatch(r"[0-9a-f]{7,64}", _text(data, "source", "commit", "hash")):
        raise ValueError(data["id"])
    return dict(data)


def _text(found: object, *path: str) -> str:
    """Walk down an answer; empty where it has no text there, as of a fork or a branch that was deleted."""
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""


def _is_open_into(build: Build, found: Asked) -> bool:
    """Whether a pull request is open, and into this repository."""
    target = _text(found, "destination", "repository", "full_name")
    return found.get("state") == "OPEN" and target.lower() == build.repo.lower()


def _is_of(build: Build, found: Asked) -> bool:
    """Whether a pull request is open, into this repository, from this branch, with the build's commit as its head.

    Where the build knows no commit, its branch has to do: then not a fork's of the same name.
    """
    if not _is_open_into(build, found) or _text(found, "source", "branch", "name") != build.branch:
        return False
    return build.sha.startswith(_text(found, "source", "commit", "hash")) if build.sha else not _is_fork(found)


def _is_fork(found: Asked) -> bool:
    source, destination = (_text(found, side, "repository", "full_name") for side in ("source", "destination"))
    return source != destination


def _fill_in(build: Build, line: Line, found: Asked) -> Build:
    head = _text(found, "source", "commit", "hash")
    if not _is_open_into(build, found) or (build.sha and not build.sha.startswith(head)):
        return replace(build, pull=None)
    return replace(
        build,
        sha=build.sha or _complete(line, head),
        base_sha=build.base_sha or _text(found, "destination", "commit", "hash"),
        branch=build.branch or _text(found, "source", "branch", "name"),
        base_branch=_text(found, "destination", "branch", "name") or build.base_branch,
        is_fork=_is_fork(found),
    )


def _complete(line: Line, head: str) -> str:
    """Give the full id of a commit: pull requests tell the first twelve characters."""
    if len(head) >= 40:
        return head

    def read(data: Any) -> str:
        full = str(data["hash"])
        if not re.fullmatch(rf"{head}[0-9a-f]+", full):
            raise ValueError(full)
        return full

    call = Call(name="reading the commit", method="GET", path=f"/commit/{head}", right="repository")
    return line.repeat(call, read)
