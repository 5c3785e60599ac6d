"""A scratch repository with real trainings in its history, for `mlbot demo`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from cml_bot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

WHERE = "mlbot demo"
SECRETS = ("TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY")
"""A variable with such a word in its name is nothing that a training needs."""
OUTER = ("GIT_", "GITHUB_", "CI_", "MLBOT_")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Nets this small only wait for each other with more than one thread."""
TRAIN_AS_ASKED = """
import runpy, sys
for _ in sys.stdin:
    runpy.run_path("train.py", run_name="__main__")
    print("done", flush=True)
"""
"""Importing the libraries takes longer than a training: one Python runs train.py once for each line it is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Training:
    """One commit: what is changed, and what comes out of training with it."""

    branch: str
    subject: str
    day: int
    """Of January 2026: the same dates each time."""
    hidden_units: int
    epochs: int
    learning_rate: float = 0.003
    seed: int = 7

    @property
    def params(self) -> str:
        """The text of params.yaml."""
        return (
            f"hidden_units: {self.hidden_units}\n"
            f"learning_rate: {self.learning_rate}\n"
            "batch_size: 64\n"
            f"epochs: {self.epochs}\n"
            f"seed: {self.seed}\n"
        )


BRANCH = "wider-net"
SEEDS = (7, 11, 13, 17, 19, 23, 29, 31, 37)
"""Enough runs of one net to tell by how much it differs from itself."""
HISTORY = (
    _Training(branch="main", subject="Read digits with a small net", day=5, hidden_units=8, epochs=10),
    *(
        _Training(branch="main", subject=subject, day=6 + n, hidden_units=16, epochs=30, seed=seed)
        for n, (seed, subject) in enumerate(
            zip(
                SEEDS,
                ("Train a larger net for longer", *(f"Train with seed {seed}" for seed in SEEDS[1:])),
                strict=True,
            )
        )
    ),
    _Training(
        branch=BRANCH,
        subject="Try a wider net with larger steps",
        day=20,
        hidden_units=64,
        epochs=30,
        learning_rate=0.01,
    ),
)


def build_demo(folder: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    """Make a repository of ten trainings on main, each recorded, and one on a branch, which is left checked out.

    Args:
        folder: made if it is missing; what is in it must be nothing.
        say: told in one line what happens next; it takes a few seconds.

    Raises:
        ConfigError: the folder is not empty, or scikit-learn or git is missing, or a training failed.
    """
    _require(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("demo_train.py"), folder / "train.py")
    _git(folder, "init", "--quiet")
    _git(folder, "symbolic-ref", "HEAD", "refs/heads/main")
    with _open_trainer(folder) as train:
        for training in HISTORY:
            say(f"{training.branch}: {training.subject} (training)")
            if training.branch != "main":
                _git(folder, "checkout", "--quiet", "-b", training.branch)
            (folder / "params.yaml").write_bytes(training.params.encode())
            train()
            _commit(folder, training)
            if training.branch == "main":
                _record(folder)
    return folder


def _require(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(str(folder), "is there already and not an empty folder", "Choose another one with --folder.")
    if find_spec("sklearn") is None:
        raise ConfigError(WHERE, "scikit-learn is not installed", "Run `pip install scikit-learn`.")
    if shutil.which("git") is None:
        raise ConfigError(WHERE, "git is not installed", "Install git from https://git-scm.com.")


def _environment() -> dict[str, str]:
    """What a child sees: no secrets, and nothing of a repository or CI job that mlbot happens to run in."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(OUTER) and not any(word in name.upper() for word in SECRETS)
    }
    return kept | dict.fromkeys(THREADS, "1")


@contextmanager
def _open_trainer(folder: Path) -> Iterator[Callable[[], None]]:
    """Give a function that runs train.py once."""
    trainer = subprocess.Popen(
        [sys.executable, "-c", TRAIN_AS_ASKED],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        bufsize=1,
    )

    def train() -> None:
        try:
            print(file=trainer.stdin, flush=True)
            answer = trainer.stdout.readline() if trainer.stdout else ""
        except BrokenPipeError:
            answer = ""
        if answer != "done\n":
            raise ConfigError(WHERE, "the training failed", f"See why: run `python train.py` in {folder}.")

    try:
        yield train
    finally:
        trainer.terminate()
        trainer.communicate()


def _commit(folder: Path, training: _Training) -> None:
    date = f"2026-01-{training.day:02}T09:00:00+00:00"
    person = {"NAME": "mlbot demo", "EMAIL": "demo@mlbot.invalid", "DATE": date}
    written_by = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()}
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", training.subject, extra=written_by)


def _record(folder: Path) -> None:
    """Do by hand what `mlbot report` does on main by itself."""
    command = [sys.executable, "-m", "cml_bot", "record"]
    done = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigError(WHERE, f"a run could not be recorded ({done.stderr.strip()})", "Try it again.")


def _git(folder: Path, *arguments: str, extra: Mapping[str, str] | None = None) -> None:
    """Run git by its own rules: hooks, signing and line ends of this machine's settings stay out."""
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    settings = ("-c", f"core.hooksPath={os.devnull}", "-c", "commit.gpgSign=false", "-c", "core.autocrlf=false")
    done = subprocess.run(
        ["git", *settings, *arguments],
        cwd=folder,
        env={**_environment(), **alone, **(extra or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it gave no reason"]
        command = f"git {arguments[0]}"
        raise ConfigError(command, lines[-1].rstrip("."), "Choose another folder with --folder.")
