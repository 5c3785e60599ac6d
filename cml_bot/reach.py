"""The way to the forge of a build: its token, its connection, and what only the forge can say of the build."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.errors import ConfigError
from cml_bot.forges import load_forge
from cml_bot.forges._patience import SECONDS, Patience
from cml_bot.tokens import find_token, names_of
from cml_bot.workspace import is_foreign

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cml_bot.forges import Forge
    from cml_bot.job import Job
    from cml_bot.model import Build

DEADLINE = "MLBOT_DEADLINE"
TO_FIND, TO_TELL = 0.25, 0.75
"""How the time is shared between finding the review, and telling it."""


def connect(build: Build, env: Mapping[str, str], share: float = TO_TELL) -> Forge:
    """Open a connection to the forge of a build; sends nothing yet.

    Args:
        build: names the forge.
        env: the environment; holds the token.
        share: of the time that the forge is waited for, how much is for this connection.

    Raises:
        ForbiddenError: the environment holds no token.
        PublishError: the token or the address cannot be right.
        ConfigError: MLBOT_DEADLINE is no number of seconds.
    """
    token = find_token(env, build.forge)
    place = f"{build.forge} at {build.api.partition('://')[2].partition('/')[0]}"
    return load_forge(build.forge).connect(build, token, Patience(_read_deadline(env) * share, place=place))


def _read_deadline(env: Mapping[str, str]) -> float:
    said = env.get(DEADLINE, "").strip()
    try:
        seconds = float(said) if said else SECONDS
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 3600:
        raise ConfigError(DEADLINE, f"is {said!r}", "Give it the seconds that a forge is waited for, such as 60.")
    return seconds


def complete(job: Job, env: Mapping[str, str]) -> Job:
    """Ask the forge for the pull request of a job where its event does not name it, or not its commit.

    Without a token nothing is asked, and the job stays as it is.

    Raises:
        PublishError: the forge refused, or could not be reached.
    """
    build = job.build
    is_open = build.pull is None and bool(build.branch) and not build.on_main
    is_headless = build.pull is not None and not build.sha
    if not build.forge or not (is_open or is_headless) or not find_token(env, build.forge):
        return job
    found = connect(build, env, TO_FIND).find_review()
    return replace(job, build=found, is_foreign=is_foreign(job.root, job.sha, found))


def tell_token(build: Build, env: Mapping[str, str]) -> str:
    """Say whether there is a token, and which variables may hold it; never what it is."""
    found = next((name for name in names_of(build.forge) if env.get(name, "").strip()), "")
    if found:
        return f"found in {found}"
    if not build.forge:
        return "none, and none is needed here"
    return f"none: {load_forge(build.forge).NO_TOKEN}"
