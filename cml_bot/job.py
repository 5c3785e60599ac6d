"""What one call of mlbot is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cml_bot.progress import tell_nothing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from cml_bot.model import Build
    from cml_bot.progress import Tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one call of mlbot is to report on."""

    root: Path
    """The top of the workspace."""
    sha: str
    """The commit that is checked out; empty outside a repository."""
    build: Build
    is_foreign: bool = False
    """What is checked out is neither the commit under review nor a merge of it: its numbers are of something else."""
    now: datetime
    against: str = ""
    """A revision or a path to compare with; empty for the configured baseline."""
    head: str = ""
    """A revision to report on; empty for the files in the workspace."""
    review_sha: str = ""
    """The commit under review, where something else is checked out on purpose: the base is chosen for it."""
    env: Mapping[str, str] | None = field(default=None, repr=False)
    """The environment of the job, to tell what it ran in; None where that does not matter."""
    tell: Tell = field(default=tell_nothing, repr=False, compare=False)
    """Is told what is being done, for whoever waits."""

    @property
    def repository(self) -> str:
        """What the repository is called: by its forge, else by its folder."""
        return self.build.repo.rpartition("/")[2] or self.root.resolve().name or "report"
