"""Main's run, as it was recorded on a branch when main itself was trained; with the runs before it as history."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot import git
from cml_bot.baselines._commits import choose, find_wanted
from cml_bot.errors import BaselineError, ConfigError
from cml_bot.filters import plural
from cml_bot.model import Base, Side
from cml_bot.records.ancestry import Ancestry
from cml_bot.records.log import choose_last, is_record, list_runs, open_log, read_log, sort_known, tell_unread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cml_bot.baselines._commits import Chosen
    from cml_bot.git import Checkout
    from cml_bot.model import Build, Run
    from cml_bot.records.log import Log
    from cml_bot.trees import Tree

CURE = 'Record main anew with `mlbot record`, or compare with committed files by `baseline = "git"`.'


def load(
    root: Path,
    build: Build,
    wanted: str,
    read: Callable[[Tree], Run],  # noqa: ARG001
    name: str,
    head: str = "",
    env: Mapping[str, str] | None = None,  # noqa: ARG001
) -> Base | str:
    """Return the record of the merge base with main or of its nearest recorded ancestor.

    Of a revision that was asked for, the record of exactly that commit; of a commit of the records branch, that record.

    Raises:
        BaselineError: there are records and none can be read, or not the one that was asked for.
        ConfigError: git is missing, or refuses to read the repository.
    """
    checkout = git.find_checkout(root)
    if checkout is None or not checkout.sha:
        return "the repository has no commit yet" if checkout else "this is not a git repository"
    with ExitStack() as stack:
        try:
            log = stack.enter_context(open_log(checkout, build, name))
        except BaselineError as error:
            if wanted:
                return f"the records of main could not be fetched ({error.what})"
            raise
        if wanted:
            return _load_named(checkout, log, wanted) or _load_wanted(checkout, log, wanted, stack)
        return _load_base(checkout, log, build, head, stack)


def _load_base(checkout: Checkout, log: Log, build: Build, head: str, stack: ExitStack) -> Base | str:
    records = read_log(log)
    if not records:
        return f"no run of main is recorded yet on {log.branch}"
    note = tell_unread(log, records)
    if all(record.run is None for record in records):
        raise BaselineError(log.branch, f"no record can be read: {note}", CURE)
    chosen = choose(checkout, build, head)
    if isinstance(chosen, str):
        return chosen
    return _make_base(
        list_runs(records), chosen, Ancestry(checkout, chosen.sha, log.scratch, stack), note, head or checkout.sha
    )


def _load_wanted(checkout: Checkout, log: Log, wanted: str, stack: ExitStack) -> Base | str:
    """Return the record of exactly the revision that was asked for."""
    records = read_log(log)
    if not records:
        return f"no run of main is recorded yet on {log.branch}"
    try:
        chosen = find_wanted(checkout, wanted, stack)
    except (BaselineError, ConfigError) as error:
        return error.what
    runs = list_runs(records)
    if all(run.sha != chosen.sha for run in runs):
        return f"there is no record of {wanted}"
    return _make_base(
        runs, chosen, Ancestry(checkout, chosen.sha, log.scratch, stack), tell_unread(log, records), checkout.sha
    )


def _load_named(checkout: Checkout, log: Log, wanted: str) -> Base | None:
    """Return a record that was asked for by its own commit, such as ``mlbot/report~2``; None when it is none."""
    name = wanted.removeprefix("origin/")
    places = (log.root, name), (checkout.root, wanted), (checkout.root, git.REMOTE + name)
    root, commit = next(((root, found) for root, one in places if (found := git.find_commit(root, one))), (None, ""))
    if root is None or not is_record(root, commit):
        return None
    records = read_log(replace(log, root=root), commit)
    last = records[-1]
    if last.run is None:
        raise BaselineError(wanted, f"the record {commit[:7]} {last.problem}", CURE)
    runs = list_runs(records)
    history = [run for run in choose_last(runs) if run.sha != last.run.sha]
    side = _side(last.run, wanted, f"the record {wanted}")
    note = tell_unread(log, records)
    return Base(run=last.run, side=side, history=(*history, last.run), notes=(note,) if note else ())


def _make_base(runs: Sequence[Run], chosen: Chosen, ancestry: Ancestry, note: str, reviewed: str) -> Base | str:
    base = _find_base(runs, chosen.sha, ancestry)
    if base is None:
        return f"no record is of {chosen.words} ({chosen.sha[:7]}), nor of a commit before it"
    words = chosen.words
    if runs[base].sha != chosen.sha:
        steps = plural(ancestry.distances(chosen.sha)[runs[base].sha], "commit")
        words = f"the nearest recorded ancestor of {words} ({chosen.sha[:7]}), {steps} before it"
    history = _select(runs, base, ancestry)
    # This very commit's own run, of a job that runs again, is no news to anybody.
    own = {reviewed} - {run.sha for run in history}
    later = sum(run.sha not in own for run in choose_last(runs)) - len(history)
    left_out = (
        f"{plural(later, 'recorded run')} of main left out, of commits that are not before the base" if later else ""
    )
    return Base(
        run=runs[base],
        side=_side(runs[base], chosen.label, words),
        history=history,
        notes=tuple(filter(None, (note, left_out))),
    )


def _side(run: Run, label: str, words: str) -> Side:
    when = f", recorded {run.created[:10]}" if run.created else ""
    return Side(sha=run.sha, kind="record", label=label, source=f"{words}{when}")


def _find_base(runs: Sequence[Run], sha: str, ancestry: Ancestry) -> int | None:
    """Return which run is the base's, asking for as much history as it takes to tell what stands before it."""
    while True:
        known = ancestry.distances(sha)
        places = [place for place, run in enumerate(runs) if run.sha in known]
        # The nearest, and of several runs of one commit the last.
        base = min(places, key=lambda place: (known[runs[place].sha], -place), default=None)
        before = runs if base is None else runs[:base]
        if all(run.sha in known for run in before) or not _deepen(ancestry):
            return base


def _deepen(ancestry: Ancestry) -> bool:
    with suppress(BaselineError):
        return ancestry.deepen()
    return False


def _select(runs: Sequence[Run], base: int, ancestry: Ancestry) -> tuple[Run, ...]:
    """Choose the runs of the base and its ancestors, one a commit, in the order of those commits.

    What the log has before the base counts as an ancestor where history does not reach that far, at its place there.
    """
    order = ancestry.order(runs[base].sha)
    is_whole = ancestry.is_whole(runs[base].sha)
    early = {run.sha for run in runs[:base]} if not is_whole else set()
    kept = [run for run in choose_last(runs) if run.sha in order or run.sha in early]
    return (*(run for run in sort_known(kept, order) if run.sha != runs[base].sha), runs[base])
