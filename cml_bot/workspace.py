"""Where mlbot runs: the top of the workspace, its commit, and the CI job around it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cml_bot.config import find_config
from cml_bot.forges import FORGES, load_forge
from cml_bot.git import find_checkout, read_parents
from cml_bot.job import Job
from cml_bot.model import Build

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

EVENT_LIMIT = 32 * 1024 * 1024
"""Bytes of an event file; GitHub's are at most 25 MB."""


def open_job(cwd: Path, env: Mapping[str, str], now: datetime, *, against: str = "", head: str = "") -> Job:
    """Find out where we are. Reads the repository and the event file, sends nothing.

    The top is the nearest folder upwards that holds mlbot's configuration, else the top of the repository, else the
    current folder.
    """
    checkout = find_checkout(cwd)
    root = _find_root(cwd, checkout.top if checkout else None)
    sha = checkout.sha if checkout else ""
    build = find_build(env)
    return Job(
        root=root,
        sha=sha,
        build=build,
        is_foreign=bool(build.pull and build.sha and sha and build.sha not in (sha, *read_parents(cwd, sha))),
        now=now,
        against=_from_root(against, cwd, root),
        head=head,
        env=env,
    )


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
    """Ask every forge whether this is its CI; an empty Build on a laptop."""
    event = _read_event(env.get("GITHUB_EVENT_PATH", ""))
    for name in FORGES:
        build = load_forge(name).build(env, event)
        if build is not None:
            return build
    return Build()


def _read_event(path: str) -> dict[str, Any]:
    """Read the event; one that is missing or broken leaves what the variables say."""
    try:
        if not path or Path(path).stat().st_size > EVENT_LIMIT:
            return {}
        event = json.loads(Path(path).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
