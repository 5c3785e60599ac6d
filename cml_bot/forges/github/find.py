"""What only GitHub can tell of a build: its pull request, the head and the base of that.

A number in an event or in an artifact is a hint at most: a pull request counts when GitHub itself says that it is open,
goes into this repository, and has the build's commit as its head.

Source: https://docs.github.com/en/rest/pulls/pulls
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cml_bot.errors import GoneError
from cml_bot.forges._border import InvalidError
from cml_bot.forges.github.errors import Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cml_bot.forges.github.calls import Calls
    from cml_bot.model import Build

READ = Call(name="reading the pull request", right="pull-requests: read", scope="Pull requests: Read-only")
FIND = Call(name="finding the pull request", right="pull-requests: read", scope="Pull requests: Read-only")
MOST_PAGES = 3
"""Of pull requests of one branch, or with one commit: more are no sign of which is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A pull request as GitHub tells it."""

    number: int
    is_open: bool
    sha: str
    branch: str
    head_owner: str
    """Empty where the repository of the head was deleted."""
    is_fork: bool
    base_sha: str
    base_branch: str
    repo: str
    """Where it goes to."""
    is_private: bool

    def belongs(self, build: Build) -> bool:
        """Whether it is open, goes into the build's repository, and has the build's commit as its head."""
        return self.is_open_into(build) and build.sha in (self.sha, "")

    def is_open_into(self, build: Build) -> bool:
        """Whether it is open, and goes into the build's repository."""
        return self.is_open and self.repo.lower() == build.repo.lower()

    def complete(self, build: Build) -> Build:
        """Fill in what the build leaves open. What the event says of the base is of the build's time, so it stays."""
        return replace(
            build,
            pull=self.number,
            sha=self.sha,
            branch=self.branch,
            head_owner=self.head_owner,
            is_fork=self.is_fork,
            is_private=self.is_private,
            base_sha=build.base_sha or self.base_sha,
            base_branch=self.base_branch,
        )


def find_review(calls: Calls, build: Build) -> Build:
    """Ask for what a build leaves open; give it as it was where there is no pull request.

    Raises:
        PublishError: GitHub refused, or could not be reached.
    """
    if build.pull is not None:
        # A job that follows another one's run has a number that may be out of date.
        is_certain = build.sha and not build.trusted_sha
        return build if is_certain else _verify(calls, build, build.pull)
    if not build.sha and (build.trusted_sha or not build.branch):
        return build  # the branch alone does not tell whether it is still what the other job ran on
    found = _find(calls, build)
    return found.complete(build) if found else build


def _verify(calls: Calls, build: Build, number: int) -> Build:
    try:
        pull = calls.send(READ, "GET", f"/pulls/{number}", read=_read)
    except GoneError:
        if not build.sha:
            raise
        return replace(build, pull=None)
    return pull.complete(build) if pull.belongs(build) else replace(build, pull=None)


def _find(calls: Calls, build: Build) -> Pull | None:
    """Find the one pull request of a commit: by its branch, for GitHub knows no pull requests of a fork's commits."""
    if build.branch:
        owner = build.head_owner or build.repo.partition("/")[0]
        asked = {"state": "open", "head": f"{owner}:{build.branch}"}
        found = [pull for pull in _list(calls, "/pulls", asked) if pull.belongs(build)]
        if len(found) == 1:
            return found[0]
    if not build.sha or build.is_fork:
        return None
    with suppress(InvalidError):  # GitHub does not know the commit
        found = [pull for pull in _list(calls, f"/commits/{build.sha}/pulls", {}) if pull.belongs(build)]
        return found[0] if len(found) == 1 else None
    return None


def _list(calls: Calls, path: str, asked: Mapping[str, object]) -> Iterator[Pull]:
    for number, page in enumerate(calls.pages(FIND, path, asked, read=_read_all), start=1):
        yield from page
        if number == MOST_PAGES:
            return


def _read_all(answer: Any) -> list[Pull]:
    if not isinstance(answer, list):
        raise TypeError
    return [_read(found) for found in answer]


def _read(found: Any) -> Pull:
    head, base = found["head"], found["base"]
    home = head["repo"]
    return Pull(
        number=int(found["number"]),
        is_open=found["state"] == "open",
        sha=str(head["sha"]),
        branch=str(head["ref"]),
        head_owner=str(home["owner"]["login"]) if home else "",
        is_fork=not home or home["id"] != base["repo"]["id"],
        base_sha=str(base["sha"]),
        base_branch=str(base["ref"]),
        repo=str(base["repo"]["full_name"]),
        is_private=bool(base["repo"]["private"]),
    )
