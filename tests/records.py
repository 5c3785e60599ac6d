"""What the tests of records share: jobs on main, as CI tells of them, and what the branch holds afterwards."""

from __future__ import annotations

import json
import os
from pathlib import Path

from cml_bot.as_json import parse_run
from cml_bot.model import Run
from tests import repositories as real

BRANCH = "mlbot/report"


def ci_variables(sha: str, folder: Path, event: str = "push", **more: str) -> dict[str, str]:
    """The variables of a job on GitHub, with nothing of the CI that these tests may run in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "MLBOT_", "CI"))}
    file = folder / "event.json"
    if not file.exists():
        file.write_text(json.dumps({"repository": {"id": 1, "default_branch": "main", "private": False}}))
    told = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_REPOSITORY": "ada/net",
        "GITHUB_SHA": sha,
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_API_URL": "http://127.0.0.1:9",
        "GITHUB_RUN_ID": "5000",
    }
    return kept | real.CLEAN | told | more


def recorded(repository: Path, branch: str = BRANCH) -> list[Run]:
    """Every run on the branch, oldest first."""
    commits = real.git(repository, "rev-list", "--reverse", branch).split()
    return [parse_run(real.git(repository, "show", f"{commit}:run.json"), commit) for commit in commits]
