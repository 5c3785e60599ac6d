"""Where mlbot runs: the top of the workspace, its commit, and the CI job around it."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cml_bot.config import find_config
from cml_bot.errors import ConfigError
from cml_bot.escape import safe_link
from cml_bot.forges import FORGES, load_forge
from cml_bot.git import SHA, find_checkout, read_parents
from cml_bot.job import Job
from cml_bot.model import Build
from cml_bot.tokens import redact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

EVENT_LIMIT = 32 * 1024 * 1024
"""Bytes of an event file; GitHub's are at most 25 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The review as the caller names it, for CI that mlbot does not know; None where it is left to mlbot."""

    forge: str | None = None
    repo: str | None = None
    """``owner/name``, or its whole address."""
    pull: int | None = None
    sha: str | None = None


NOTHING_NAMED = Named()


def open_job(
    cwd: Path,
    env: Mapping[str, str],
    now: datetime,
    *,
    against: str = "",
    head: str = "",
    named: Named = NOTHING_NAMED,
) -> Job:
    """Find out where we are. Reads the repository and the event file, sends nothing.

    The top is the nearest folder upwards that holds mlbot's configuration, else the top of the repository, else the
    current folder.

    Raises:
        ConfigError: the review that was named makes no sense.
    """
    checkout = find_checkout(cwd)
    root = _find_root(cwd, checkout.top if checkout else None)
    sha = checkout.sha if checkout else ""
    build = name_build(find_build(env), named)
    return Job(
        root=root,
        sha=sha,
        build=build,
        is_foreign=is_foreign(cwd, sha, build),
        now=now,
        against=_from_root(against, cwd, root),
        head=head,
        env=env,
    )


def is_foreign(folder: Path, sha: str, build: Build) -> bool:
    """Whether what is checked out is neither the commit under review nor a merge of it."""
    return bool(build.pull and build.sha and sha and build.sha not in (sha, *read_parents(folder, sha)))


def _from_root(against: str, cwd: Path, root: Path) -> str:
    """Turn a path that is meant from the current folder into one from the top; a revision stays what it is."""
    is_path = against.startswith((".", "~")) or (cwd != root and against and (cwd / against).exists())
    if not is_path:
        return against
    path = os.path.relpath(cwd / Path(against).expanduser(), root)
    return path if path.startswith("..") else f"./{path}"


def _find_root(cwd: Path, repository: Path | None) -> Path:
    if repository is None:
        return cwd
    for folder in (cwd, *cwd.parents):
        if folder == repository or find_config(folder):
            return folder
    return repository


def find_build(env: Mapping[str, str]) -> Build:
    """Ask every forge whether this is its CI; an empty Build on a laptop.

    Its page is an address that can be linked to: the job's code may have set the variable it is from.
    """
    event = _read_event(env.get("GITHUB_EVENT_PATH", ""))
    for name in FORGES:
        build = load_forge(name).build(env, event)
        if build is not None:
            return replace(build, url=safe_link(build.url))
    return Build()


def name_build(build: Build, named: Named) -> Build:
    """Lay what the caller says of the review over what the CI says.

    Raises:
        ConfigError: there is no such forge, or what was named leaves open which one it is.
    """
    if named == NOTHING_NAMED:
        return build
    server, repo = _split_address(named.repo or "")
    forge = named.forge or _guess_forge(server) or build.forge
    if not forge:
        raise ConfigError("--forge", "is missing: no CI job was found here", f"Name one of {', '.join(FORGES)}.")
    if forge == "bitbucket" and server not in ("", load_forge(forge).place("").server):
        what = f"{server} is not bitbucket.org, and Bitbucket Data Center is not supported"
        raise ConfigError("--repo", what, "Use `mlbot report` without a forge there, and show mlbot-report/.")
    if forge != build.forge or (server and server != build.server):
        build = replace(load_forge(forge).place(server), url=build.url, run_id=build.run_id)
    if repo and repo != build.repo:
        # Private until the forge says otherwise.
        build = replace(
            load_forge(forge).place(build.server), repo=repo, url=build.url, run_id=build.run_id, is_private=True
        )
    if not build.repo:
        raise ConfigError("--repo", "is missing", "Name the repository as owner/name, or by its address.")
    if named.sha and not SHA.fullmatch(named.sha):
        cure = "Give the whole id, as `git rev-parse HEAD` prints it."
        raise ConfigError("--sha", f"{named.sha[:60]!r} is no commit", cure)
    if build.trusted_sha and build.sha and named.sha not in (None, build.sha):
        what = f"is {named.sha[:7]}, and the run before was for {build.sha[:7]}" if named.sha else ""
        raise ConfigError("--sha", what, "Leave it out.")
    if named.pull is not None and named.pull != build.pull:
        # What the job runs on need not be the head of that pull request: the forge is asked. In a job with rights it
        # has to be, for the numbers are of that commit.
        sha = build.sha if build.trusted_sha else ""
        build = replace(build, pull=named.pull, sha=sha, base_sha="", branch="", on_main=False)
    return replace(build, sha=named.sha or build.sha)


def _split_address(repo: str) -> tuple[str, str]:
    """Take an address apart; no server where only ``owner/name`` is given.

    Raises:
        ConfigError: it is neither.
    """
    try:
        address = urlsplit(repo)
    except ValueError as error:
        raise ConfigError(
            "--repo", f"{redact(repo)!r} is no address", "Write owner/name, or its https address."
        ) from error
    path = (address.path if address.netloc else repo).strip("/").removesuffix(".git")
    if repo and (not re.fullmatch(r"[\w.-]*\w[\w.-]*(?:/[\w.-]*\w[\w.-]*)+", path) or "@" in address.netloc):
        what = f"{redact(repo)!r} is no repository"
        raise ConfigError("--repo", what, "Write owner/name, or its https address without a user.")
    return (f"{address.scheme}://{address.netloc}" if address.netloc else "", path)


def _guess_forge(server: str) -> str:
    """Tell a forge by the name of its server; empty when that says nothing."""
    host = urlsplit(server).hostname or ""
    return next((name for name in FORGES if name in host), "")


def _read_event(path: str) -> dict[str, Any]:
    """Read the event; one that is missing or broken leaves what the variables say."""
    try:
        if not path or Path(path).stat().st_size > EVENT_LIMIT:
            return {}
        event = json.loads(Path(path).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
