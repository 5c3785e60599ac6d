"""What mlbot sees, line by line, each problem with its cure."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from cml_bot import __version__
from cml_bot.config import find_config
from cml_bot.errors import MlbotError
from cml_bot.escape import clean
from cml_bot.filters import plural
from cml_bot.git import find_checkout, is_shallow
from cml_bot.pipeline import find_sides, make_run, notes_of
from cml_bot.reach import complete, connect, tell_token
from cml_bot.readers import READERS
from cml_bot.records.log import branch_of, list_runs, open_log, read_log, tell_unread
from cml_bot.tokens import find_token

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cml_bot.config import Config
    from cml_bot.job import Job
    from cml_bot.model import Base, Build, Run
    from cml_bot.records.log import Log, Record

COLUMN = 12
"""Characters of the word that begins a line, with the spaces behind it."""


def examine(job: Job, config: Config, env: Mapping[str, str]) -> Iterator[str]:
    """Tell what a report would be made of, and what the token may do. Writes nothing, here or on the forge."""
    yield f"mlbot {__version__}, Python {platform.python_version()}"
    yield f"folder      {clean(str(job.root), 300)}"
    yield f"commit      {_tell_commit(job)}"
    yield f"CI          {_tell_build(job.build)}"
    yield f"config      {find_config(job.root) or 'none, and none is needed'}, {plural(len(config.gates), 'gate')}"
    yield f"token       {clean(tell_token(job.build, env), 600)}"
    yield from _tell_rights(job, env)
    found, head = _find_sides(job, config)
    yield f"baseline    {_tell_base(found)}"
    yield f"records     {_tell_records(job, config)}"
    yield from _tell_run(head)
    yield from (f"note        {clean(line, 400)}" for line in notes_of(head, found))


def _tell_commit(job: Job) -> str:
    if not job.sha:
        return "none: there is no git repository, or no commit in it yet"
    return f"{job.sha[:7]}{' (shallow clone: history is fetched as far as needed)' if is_shallow(job.root) else ''}"


def _tell_build(build: Build) -> str:
    if not build.forge:
        return "none found: the report is printed and written to a folder"
    review = f"pull request {build.pull}" if build.pull else "no pull request"
    fork = ", from a fork: its token may only read" if build.is_fork else ""
    return clean(f"{build.forge}, {build.repo}, {review}{fork}", 200)


def _tell_rights(job: Job, env: Mapping[str, str]) -> Iterator[str]:
    """Try what the token may do, as far as that leaves no trace."""
    if not find_token(env, job.build.forge) or not job.build.forge:
        return
    try:
        build = complete(job, env).build
        for right in connect(build, env).probe():
            answer = {True: "yes", False: "no", None: "cannot be told"}[right.is_given]
            yield f"right       {right.name}: {answer}{f'. {right.cure}' if right.cure else ''}"
    except MlbotError as error:
        yield f"problem     {clean(str(error), 600)}"


def _find_sides(job: Job, config: Config) -> tuple[Base | str, Run]:
    """Read both sides as a report does, so that it counts what is counted here; a base with a problem is none."""
    try:
        return find_sides(job, config)
    except MlbotError as error:
        return f"problem: {error}", make_run(job, config)


def _tell_base(found: Base | str) -> str:
    if isinstance(found, str):
        return clean(found if found.startswith("problem: ") else f"none: {found}", 400)
    return clean(f"{found.side.sha[:7]} {found.side.source}, {_count(found.run)}", 300)


def _tell_records(job: Job, config: Config) -> str:
    checkout = find_checkout(job.root)
    if checkout is None or not job.sha:
        return "none: they are kept on a branch, and there is no commit here"
    try:
        with open_log(checkout, job.build, config.name) as log:
            records = read_log(log)
    except MlbotError as error:
        return f"problem: {clean(str(error), 400)}"
    branch = branch_of(config.name)
    runs = list_runs(records)
    if not runs:
        return f"none on {branch}: `mlbot report` writes one for every run of main{_tell_unread(log, records)}"
    last = f"the last of {runs[-1].sha[:7]}, {runs[-1].created[:10]}"
    return clean(f"{branch}: {plural(len(runs), 'record')}, {last}{_tell_unread(log, records)}", 400)


def _tell_unread(log: Log, records: tuple[Record, ...]) -> str:
    note = tell_unread(log, records)
    return f" ({note})" if note else ""


def _tell_run(run: Run) -> Iterator[str]:
    yield f"found       {_count(run)}"
    for source in run.sources:
        yield f"  {clean(source.path, 200)}  ({source.part}: {clean(source.why, 200)})"
    if not run.sources:
        yield "  no file: write one of these, or name your own under sources in mlbot.toml"
        yield from (f"  {', '.join(row.names)}" for row in READERS if row.names)
    for line in (*run.broken, *run.unread):
        yield f"problem     {clean(line, 400)}"


def _count(run: Run) -> str:
    return ", ".join(
        [
            plural(len(run.metrics), "metric"),
            plural(len(run.series), "curve"),
            *([plural(len(run.charts), "chart")] if run.charts else []),
            plural(len(run.figures), "picture"),
            plural(len(run.params), "parameter"),
        ]
    )
