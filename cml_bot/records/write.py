"""Beside the steps: keep the run of main as one commit on a branch of its own, for later reports to compare with.

In CI that branch is origin's, and the commit is made in a scratch repository; on a laptop it is a branch here. Others
may record at the same moment: then theirs is built upon, and it is tried again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from cml_bot import git, git_fetch, git_write
from cml_bot.as_json import dump_run
from cml_bot.charts import MOST_CHARTS, bound_chart
from cml_bot.errors import BaselineError, ConfigError, ForbiddenError, InputError, PublishError
from cml_bot.escape import JOINER, clean
from cml_bot.filters import format_number
from cml_bot.git_process import ask
from cml_bot.model import Part
from cml_bot.records.log import DEPTH, FILE, branch_of, fetch_tip
from cml_bot.records.race import try_again
from cml_bot.records.thin import thin

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cml_bot.config import Config
    from cml_bot.git import Checkout
    from cml_bot.job import Job
    from cml_bot.model import Metric, Run

POINTS = 500
"""Points of a series that are kept."""
LIMIT = 8 * 1024 * 1024
"""Bytes of a record."""
SECONDS = 60.0
"""How long it is tried while others are quicker."""
SECONDS_HERE = 10.0
"""The same on a laptop, where others hold the branch for milliseconds."""
LINES = 200
"""Metrics that a message names."""
WHERE = "record"
RIGHT = (
    "Give the job that runs on main `permissions: contents: write`, and leave `persist-credentials` of "
    "actions/checkout on; a rule for branches must let it push to mlbot/*."
)
OTHER_BRANCH = "Record from a run of the default branch."
OTHER_RIGHT = "Give the job that runs on main the right to push to mlbot/*."


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where a run is recorded."""

    commit: str
    branch: str
    is_new: bool
    """Whether it was written now; else an earlier record of the same commit says the same."""

    def __str__(self) -> str:
        """Return it as the command prints it."""
        did = "recorded as" if self.is_new else "recorded already as"
        return f"{did} {self.commit[:7]} on {self.branch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be written."""

    sha: str
    data: bytes
    message: str
    digest: str
    now: datetime


def record(job: Job, config: Config, run: Run, *, seconds: float = SECONDS) -> Kept:
    """Write a run to the branch of its name, on top of what others write there.

    Whether this job may do so is for `find_objection` to say.

    Raises:
        InputError: there is nothing to keep, or too much.
        ForbiddenError: the token has not the right to push.
        PublishError: the branch could not be written.
    """
    draft = _draft(job, run)
    branch = branch_of(config.name)
    checkout = git.find_checkout(job.root)
    if checkout is None:
        raise ConfigError(WHERE, "this is not a git repository", "Run it in one.")
    cure = RIGHT if job.build.forge == "github" else OTHER_RIGHT
    try:
        if job.build.forge:
            return _write_there(checkout, branch, draft, cure, seconds)
        return _write_here(checkout, branch, draft, min(seconds, SECONDS_HERE))
    except BaselineError as error:
        if git_write.is_forbidden(error.what):
            raise ForbiddenError(error.where, error.what, cure) from error
        raise PublishError(error.where, error.what, "Look at the network and at the repository.") from error


class Objection(NamedTuple):
    """Why a run is not recorded."""

    what: str
    """Without a full stop."""
    cure: str
    is_told: bool = False
    """Whether a report on main says so, because its reader expects a record."""


def find_objection(job: Job, run: Run | None = None) -> Objection | None:
    """Say why this job may not record; None when it may.

    Args:
        job: the job.
        run: what it would record, where that is known already.
    """
    build = job.build
    if not job.sha:
        return Objection("there is no commit that the run could be of", "Commit what was trained.")
    if job.head:
        return Objection("the report is on another revision than the one in the workspace", OTHER_BRANCH)
    if not build.forge:
        return _find_objection_here(job.root, run)
    if build.is_fork or build.pull is not None or not build.on_main:
        what = "only runs of the default branch are recorded, and this build is of something else"
        return Objection(what, OTHER_BRANCH)
    if build.sha != job.sha:
        what = f"the build is of {build.sha[:7]}, and {job.sha[:7]} is checked out"
        return Objection(what, "Check out the commit of the build.", is_told=True)
    return None


def _find_objection_here(root: Path, run: Run | None) -> Objection | None:
    """On a laptop files lie about: those of a run have to be of the commit that is checked out."""
    if not git.is_on_main(root):
        branch = git.find_head_branch(root) or "no branch"
        return Objection(f"only runs of the default branch are recorded, and this is {branch}", OTHER_BRANCH)
    changed = git.find_change(root)
    if changed:
        what = f"{changed} differs from the commit, and so may the numbers"
        return Objection(what, "Commit it, then run mlbot again.", is_told=True)
    stale = _find_stale(root, run) if run else ""
    if stale:
        what = f"{stale} is older than this checkout, so it may be of another commit"
        return Objection(what, "Train again, or touch it if it is of this one, then run mlbot again.", is_told=True)
    return None


def _find_stale(root: Path, run: Run) -> str:
    """Return a file of the run that git does not know, and that was written before this branch was checked out."""
    paths = [source.path for source in run.sources if source.part is not Part.PARAMS]
    since = git.find_switch_time(root)
    return next((path for path in git.list_untracked(root, paths) if _is_older(root / path, since)), "")


def _is_older(file: Path, since: float) -> bool:
    try:
        return file.stat().st_mtime < since
    except OSError:
        return False


def _draft(job: Job, run: Run) -> Draft:
    if not (run.metrics or run.series):
        raise InputError(WHERE, "there are no metrics and no curves to keep", "See with `mlbot doctor` what is found.")
    kept = replace(
        run,
        figures=(),
        series=tuple(thin(series, POINTS) for series in run.series),
        charts=tuple(bound_chart(chart) for chart in run.charts[:MOST_CHARTS]),
    )
    data = dump_run(kept).encode()
    if len(data) > LIMIT:
        what = f"its run.json has {len(data) / 2**20:.1f} MiB, and a record may have {LIMIT >> 20}"
        raise InputError(WHERE, what, "Name fewer sources in mlbot.toml.")
    told = dump_run(replace(kept, created="", build_url=""))
    digest = sha256(told.encode()).hexdigest()
    return Draft(sha=run.sha, data=data, message=_message(kept, digest), digest=digest, now=job.now)


def _message(run: Run, digest: str) -> str:
    """Write the metrics as lines that are read in a log. Names are foreign: none may mention, close or begin a line."""
    lines = [*map(_line, run.metrics)] or [f"{_name(one.name)} {format_number(one.y[-1])}" for one in run.series]
    more = [f"and {len(lines) - LINES} more"] if len(lines) > LINES else []
    head = [f"{run.sha[:7]}: {', '.join(lines[:3])} [skip ci]", ""]
    about = [_name(text, 300) for text in (run.created, run.build_url) if text]
    body = [f"  {line}" for line in (*lines[:LINES], *more)]
    return "\n".join([*head, *body, "", *about, *([""] if about else []), f"Run-Of: {run.sha}", f"Says: {digest}", ""])


def _line(metric: Metric) -> str:
    many = f" (mean of {len(metric.values)})" if len(metric.values) > 1 else ""
    return f"{_name(metric.name)} {format_number(metric.value)}{many}"


def _name(text: str, limit: int = 60) -> str:
    return re.sub(r"(?<=[@#!])(?=\w)|(?<=\[)(?=\w)", JOINER, clean(text, limit))


def _write_there(checkout: Checkout, branch: str, draft: Draft, cure: str, seconds: float) -> Kept:
    """Push to origin from a scratch repository."""
    with git_fetch.borrow(checkout) as scratch:
        tree = git_write.write_tree(scratch.root, {FILE: draft.data})

        def attempt() -> Kept | str:
            parent = fetch_tip(scratch, branch, git_fetch.NO_FOLDERS)
            if same := _find_same(scratch.root, parent, draft):
                return Kept(commit=same, branch=branch, is_new=False)
            commit = git_write.write_commit(scratch.root, tree, draft.message, parent, draft.now)
            lost = git_write.push(scratch, commit, git.LOCAL + branch, cure)
            return lost or Kept(commit=commit, branch=branch, is_new=True)

        return try_again(attempt, seconds, branch)


def _write_here(checkout: Checkout, branch: str, draft: Draft, seconds: float) -> Kept:
    """Move the branch of the user's own repository; it goes on from origin's where it is new."""
    root, ref = checkout.root, git.LOCAL + branch
    tree = git_write.write_tree(root, {FILE: draft.data})

    def attempt() -> Kept | str:
        old = git.find_commit(root, ref) or ""
        parent = old or git.find_commit(root, git.REMOTE + branch) or ""
        if same := _find_same(root, parent, draft):
            return Kept(commit=same, branch=branch, is_new=False)
        commit = git_write.write_commit(root, tree, draft.message, parent, draft.now)
        lost = git_write.swap_ref(root, ref, commit, old)
        return lost or Kept(commit=commit, branch=branch, is_new=True)

    return try_again(attempt, seconds, branch)


def _find_same(root: Path, tip: str, draft: Draft) -> str:
    """Return the last record of the commit when it says the same; empty when it does not, or there is none."""
    if not tip:
        return ""
    listed = ask(root, "rev-list", f"--max-count={DEPTH}", "--date-order", "--format=%B%x00", tip).out
    for entry in listed.decode(errors="replace").split("\0"):
        commit, _, message = entry.strip().removeprefix("commit ").partition("\n")
        found = re.search(r"^Run-Of: ([0-9a-f]+)\nSays: ([0-9a-f]+)\Z", message, re.MULTILINE)
        if found and found[1] == draft.sha:
            return commit if found[2] == draft.digest else ""
    return ""
