"""Which commit main's run is looked for at. Nothing of the user's repository is written.

It is looked for by what costs least: what is here, then one commit, then as much history as is needed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cml_bot import git, git_fetch
from cml_bot.errors import BaselineError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from cml_bot.git import Branch, Checkout
    from cml_bot.git_fetch import Scratch
    from cml_bot.model import Build

WHERE = "baseline"
DEEPER = "In CI, check out the whole history (`fetch-depth: 0`)."
NO_NAME = re.compile(r"[\s~^:?*\[\\]|\.\.|@\{|^[-+]")
"""What no branch or tag has in its name, and what would mean something else when it is fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The commit to compare with."""

    sha: str
    label: str
    """The branch, or what was asked for."""
    words: str
    """How it was found."""
    is_here: bool = False
    """Whether the user's repository is known to have it."""
    scratch: Scratch | None = None
    """Where it was fetched to."""


def find_wanted(checkout: Checkout, wanted: str, stack: ExitStack) -> Chosen:
    """Return the revision that was asked for; what it takes to read it lasts as long as the stack.

    Raises:
        ConfigError: there is no such revision, here or at origin.
        BaselineError: it is here in part, and the rest could not be fetched.
    """
    label = wanted[:7] if git.SHA.fullmatch(wanted) else wanted
    words = "the revision that was asked for"
    sha = git.find_commit(checkout.root, wanted) or git.find_commit(checkout.root, git.REMOTE + wanted)
    if sha:
        return bring(checkout, Chosen(sha=sha, label=label, words=words, is_here=True), stack)
    name = wanted.removeprefix("origin/")
    if NO_NAME.search(name):
        raise ConfigError(WHERE, f"no commit here is called {wanted}", DEEPER)
    try:
        scratch = stack.enter_context(git_fetch.borrow(checkout))
        sha = git_fetch.fetch_commit(scratch, name)
    except BaselineError as error:
        what = f"no commit here is called {wanted}, and it could not be fetched ({error.what})"
        raise ConfigError(WHERE, what, f"Check its spelling. {DEEPER}") from error
    return Chosen(sha=sha, label=label, words=words, scratch=scratch)


def bring(checkout: Checkout, chosen: Chosen, stack: ExitStack) -> Chosen:
    """Fetch the commit when it is not here; in a partial clone its files would come one by one.

    Raises:
        BaselineError: the remote refused, or could not be reached.
    """
    if not checkout.is_partial and (chosen.is_here or git.find_commit(checkout.root, chosen.sha)):
        return chosen
    scratch = stack.enter_context(git_fetch.borrow(checkout))
    git_fetch.fetch_commit(scratch, chosen.sha)
    return replace(chosen, scratch=scratch)


def choose(checkout: Checkout, build: Build, head: str = "") -> Chosen | str:
    """Return the commit to compare with, which need not be here; where there is none, a sentence that says why.

    Args:
        checkout: what is checked out.
        build: the CI job.
        head: the commit to find a base for; empty for the one that is checked out.
    """
    if head not in ("", checkout.sha):
        return _choose_for(checkout, build, head)
    # A shallow clone hides the parents of its last commit, but the commit still names them.
    parents = git.read_parents(checkout.root, checkout.sha) if checkout.is_shallow else checkout.parents
    if build.on_main:
        return _choose_before(checkout, build, build.base_branch or build.branch or "main", parents)
    if len(parents) == 2 and build.sha in parents and build.sha != checkout.sha:
        # The forge merged the branch with main for this build: so main's side of the merge is all that differs.
        other = parents[0] if parents[1] == build.sha else parents[1]
        label = build.base_branch or "base"
        words = f"the commit of {label} that this build was merged with"
        return Chosen(sha=other, label=label, words=words, is_here=not checkout.is_shallow)
    branch = git.find_default_branch(checkout.root, build.base_branch) or git_fetch.find_remote_branch(checkout)
    if branch is None:
        why = "there is no branch main or master, and origin names no other"
        return _choose_named(checkout, build) or f"{why}; name one with --against"
    return _choose_merge_base(checkout, build, branch, parents)


def _choose_for(checkout: Checkout, build: Build, head: str) -> Chosen | str:
    """Find the base of a commit that is not checked out, and that is never checked out here: nobody vouches for it."""
    branch = git.find_default_branch(checkout.root, build.base_branch) or git_fetch.find_remote_branch(checkout)
    base, why = None, "nobody knows which branch is the default"
    if branch is not None:
        try:
            base = git_fetch.find_base_of(checkout, branch, head, build.pull)
            why = f"{head[:7]} and {branch.name} have no commit in common"
        except BaselineError as error:
            why = f"{head[:7]} could not be fetched ({error.what})"
    if base is None or branch is None:
        return _choose_named(checkout, build) or why
    return Chosen(sha=base, label=branch.name, words=f"the merge base with {branch.name}")


def _choose_merge_base(checkout: Checkout, build: Build, branch: Branch, parents: Sequence[str]) -> Chosen | str:
    try:
        base = _find_merge_base(checkout, branch)
        why = f"this branch and {branch.name} have no commit in common"
    except BaselineError as error:
        base, why = None, f"{branch.name} is not here and could not be fetched ({error.what}). {DEEPER[:-1]}"
    if base is None:
        return _choose_named(checkout, build) or why
    if base == checkout.sha:
        return _choose_before(checkout, build, branch.name, parents)
    words = f"the merge base with {branch.name}"
    return Chosen(sha=base, label=branch.name, words=words, is_here=not checkout.is_shallow)


def _find_merge_base(checkout: Checkout, branch: Branch) -> str | None:
    base = git.find_merge_base(checkout.root, checkout.sha, *branch.tips) if branch.tips else None
    if base or (branch.tips and not checkout.is_shallow):
        return base
    return git_fetch.find_remote_base(checkout, branch)


def _choose_before(checkout: Checkout, build: Build, name: str, parents: Sequence[str]) -> Chosen | str:
    """On main itself: the commit before, or on a laptop the last one while there are changes on top of it."""
    if not build.forge and git.is_dirty(checkout.root):
        return Chosen(sha=checkout.sha, label=name, words=f"the last commit, on {name}", is_here=True)
    if not parents:
        return f"this is the first commit of {name}"
    words = f"the commit before, on {name}"
    return Chosen(sha=parents[0], label=name, words=words, is_here=not checkout.is_shallow)


def _choose_named(checkout: Checkout, build: Build) -> Chosen | None:
    """The base that the event names: on some forges main as it was then, not the merge base."""
    if not re.fullmatch(r"(?!0+$)[0-9a-f]{7,64}", build.base_sha):
        return None
    here = git.find_commit(checkout.root, build.base_sha)
    words = "the base that the pull request names" if build.pull else "the base that the build names"
    return Chosen(sha=here or build.base_sha, label=build.base_branch or "base", words=words, is_here=here is not None)
