"""The table of places that main's run can come from."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cml_bot.model import Base, Build, Run
    from cml_bot.trees import Tree


class Baseline(Protocol):
    """What a baseline's module offers."""

    def load(
        self,
        root: Path,
        build: Build,
        wanted: str,
        read: Callable[[Tree], Run],
        name: str,
        head: str = "",
        env: Mapping[str, str] | None = None,
    ) -> Base | str:
        """Return main's run; where there is none, a sentence that says why.

        Args:
            root: the top of the workspace.
            build: the CI job, empty on a laptop.
            wanted: what was asked for by ``--against``; empty for this baseline's own choice.
            read: collects a run from a tree by the project's configuration.
            name: which history of main: its records lie on a branch of that name.
            head: the commit to find a base for; empty for the one that is checked out.
            env: the environment of the job, for a base that lies elsewhere; None where nobody knows.

        Raises:
            BaselineError: what was asked for exists but cannot be read.
            ConfigError: what was asked for does not exist.
        """
        ...


BASELINES: tuple[str, ...] = ("record", "git_files", "folder", "mlflow")
"""Modules of this folder."""


def load_baseline(name: str) -> Baseline:
    """Import a baseline on first use."""
    return cast("Baseline", import_module(f"cml_bot.baselines.{name}"))
