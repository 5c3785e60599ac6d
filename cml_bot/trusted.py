"""Jobs that hold rights which the author of a pull request need not have: what they refuse, and whom they believe.

Such a job runs no code of a pull request, and takes its numbers as data. Which pull request they belong to only the
forge says, and what is demanded of them only the commit that the job itself belongs to.

Source: https://docs.github.com/en/actions/reference/security/securely-using-pull_request_target
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot import git
from cml_bot.config import find_config
from cml_bot.errors import ConfigError, InputError
from cml_bot.own_folder import BUNDLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cml_bot.bundle_paths import Bundle
    from cml_bot.forges import Forge
    from cml_bot.job import Job
    from cml_bot.model import Build, Run

WHERE = "this job"
RECIPE = (
    "Use two workflows: one on `pull_request`, without rights, that trains, runs `mlbot collect` and keeps "
    f"`{BUNDLE}` as an artifact; and one on `workflow_run` that checks out nothing but the default branch and runs "
    "`mlbot publish`."
)


def refuse_rights(job: Job) -> None:
    """Stop what reports on files in a job that has rights: those of the pull request have no place there.

    Raises:
        ConfigError: it has rights that the author of the pull request need not have.
    """
    refuse_foreign(job)
    if job.build.trusted_sha:
        what = "what is checked out is main's, so its numbers would stand for those of the pull request"
        raise ConfigError(WHERE, what, RECIPE)


def refuse_foreign(job: Job) -> None:
    """Stop a job that has rights where it has checked out anything but its own trusted commit.

    Raises:
        ConfigError: it has; the message shows the safe way.
    """
    trusted = job.build.trusted_sha
    if trusted and job.sha != trusted:
        here = f"{job.sha[:7]} is checked out" if job.sha else "no commit is checked out"
        what = f"it has rights that the author of the pull request need not have, and {here}, not {trusted[:7]}"
        raise ConfigError(WHERE, what, RECIPE)


def refuse_changed_config(job: Job) -> None:
    """Stop a job that has rights where its configuration is not the one of its commit: a bundle may have brought it.

    Raises:
        ConfigError: it is not.
    """
    name = find_config(job.root)
    if not job.build.trusted_sha or not name:
        return
    if git.find_change(job.root, [name]) or git.list_untracked(job.root, [name]):
        raise ConfigError(name, "is not the one that is committed", "Download bundles to a folder of their own.")


def take_review(job: Job, found: Build) -> Job | str:
    """Make the job one of the pull request that the forge has found; where there is none, a sentence that says so."""
    wanted = job.build.sha
    if found.pull is None:
        of = f" whose head is {wanted[:7]}" if wanted else ""
        return f"nothing published: there is no open pull request{of}. If it has moved on, a newer run reports on it."
    if not found.sha or (wanted and found.sha != wanted):
        return f"nothing published: #{found.pull} has moved on from {wanted[:7]}. A newer run reports on it."
    # Once a fork's, always a fork's.
    build = replace(found, is_fork=found.is_fork or job.build.is_fork, on_main=False)
    return replace(job, build=build, is_foreign=False, review_sha=build.sha)


def read_given(job: Job, forge: Forge, paths: Sequence[str], cwd: Path, artifact: str) -> list[Bundle]:
    """Read the bundles at some paths; where none are named, those that the run before has kept as artifacts.

    Raises:
        ConfigError: a path makes no sense, or there is no run that could have kept some.
        InputError: the run has kept none.
        PublishError: the forge does not give them.
    """
    if paths:
        from cml_bot.bundle_paths import read_paths

        return read_paths(paths, cwd)
    if not job.build.run_id:
        raise ConfigError("mlbot publish", "no bundle was named", "Name the folder that they were downloaded to.")
    bundles = [_read(name, data, artifact) for name, data in forge.read_artifacts(job.build.run_id, artifact)]
    if not bundles:
        what = f"the run {job.build.run_id} has kept no artifact of that name"
        raise InputError(f"artifact {artifact!r}", what, f"Let it run `mlbot collect`, and upload {BUNDLE} under it.")
    return bundles if len(bundles) > 1 else [replace(bundles[0], is_one_of_many=bundles[0].name != artifact)]


def _read(name: str, data: bytes, artifact: str) -> Bundle:
    from cml_bot.bundle_paths import Bundle, name_of
    from cml_bot.bundle_zip import read_zip

    run: Run | str
    try:
        run = read_zip(name, data)
    except InputError as error:
        run = str(error)
    return Bundle(name=name_of(name.removeprefix(f"{artifact}-").replace("/", "-")), run=run)
