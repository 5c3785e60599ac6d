"""Main's run, as the files that are committed at the merge base."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from cml_bot import git
from cml_bot.baselines._commits import DEEPER, WHERE, bring, choose, find_wanted
from cml_bot.commit_tree import CommitTree
from cml_bot.errors import BaselineError, ConfigError
from cml_bot.model import Base, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cml_bot.baselines._commits import Chosen
    from cml_bot.git import Checkout
    from cml_bot.model import Build, Run
    from cml_bot.trees import Tree


def load(
    root: Path,
    build: Build,
    wanted: str,
    read: Callable[[Tree], Run],
    name: str,  # noqa: ARG001
    head: str = "",
    env: Mapping[str, str] | None = None,  # noqa: ARG001
) -> Base | str:
    """Return the run at the merge base with main, or at the revision that was asked for.

    Raises:
        ConfigError: the revision does not exist.
        BaselineError: the commit is here and cannot be read.
    """
    checkout = git.find_checkout(root)
    if checkout is None or not checkout.sha:
        why = "the repository has no commit yet" if checkout else "this is not a git repository"
        if wanted:
            raise ConfigError(WHERE, f"{wanted} cannot be looked for: {why}", "Name a folder instead.")
        return why
    with ExitStack() as stack:
        found = find_wanted(checkout, wanted, stack) if wanted else _find_base(checkout, build, head, stack)
        if isinstance(found, str):
            return found
        try:
            run = read(CommitTree(root, found.sha, found.scratch))
        except BaselineError as error:
            if wanted or not found.scratch:
                raise
            # The network failed half way: the report goes out without a base.
            return f"{found.words} ({found.sha[:7]}) could not be read ({error.what})"
    if run.is_empty:
        return _tell_empty(found, [*run.broken, *run.notes])
    return Base(run=run, side=Side(sha=found.sha, kind="git_files", label=found.label, source=found.words))


def _tell_empty(found: Chosen, reasons: Sequence[str]) -> str:
    why = f": {reasons[0].rstrip('.')}" if reasons else ""
    return f"nothing to report on is committed at {found.words} ({found.sha[:7]}){why}"


def _find_base(checkout: Checkout, build: Build, head: str, stack: ExitStack) -> Chosen | str:
    chosen = choose(checkout, build, head)
    if isinstance(chosen, str):
        return chosen
    try:
        return bring(checkout, chosen, stack)
    except BaselineError as error:
        return f"{chosen.words} ({chosen.sha[:7]}) is not here and could not be fetched ({error.what}). {DEEPER[:-1]}"
