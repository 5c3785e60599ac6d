"""The table of file formats. One file a format; a new one is a file here and a line in READERS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cml_bot.model import Observation


class Reader(Protocol):
    """What a format's module offers."""

    def read(self, path: Path, x: str | None = None) -> Iterator[Observation]:
        """Yield what a file holds, with `group` and `source` left empty.

        `x` names the column to draw over, where somebody said so. What is left out is yielded as a Note.

        Raises:
            InputError: the file as a whole is not what it claims to be.
        """
        ...


class StoreReader(Protocol):
    """What the module of a store offers: of many files that make sense together alone."""

    def read_store(self, files: Mapping[str, Path], sha: str) -> Iterator[Observation]:
        """Yield what belongs to the run of a commit, with `group` and `source` left empty.

        Args:
            files: where the content of each file lies, by its path in the tree; sorted. Files of one folder of the
                tree need not lie in one folder here.
            sha: the commit that is wanted, where a store holds many runs; empty outside a repository.

        Raises:
            InputError: the store as a whole is not what it claims to be.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One row of the table."""

    module: str
    """Name of the module in this folder."""
    suffixes: tuple[str, ...]
    """Endings of the files it reads, in lower case; "" is any."""
    names: tuple[str, ...] = ()
    """Globs over a file's name, or its last folders and name: what is taken without configuration."""
    guesses: tuple[str, ...] = ()
    """Globs like `names`, over names that others use too: taken where the content is one of a tool's (`_shapes.py`)."""
    tool: str = ""
    """What writes it, for people; empty where it is a format that many write."""
    is_named: bool = False
    """Of a store: without configuration only what `names` mean is taken, and not all that `store` means."""
    store: str = ""
    """A regular expression over whole paths, for files that are read together: its group 1 is the store's path."""


_HISTORIES = ("history", "history_*", "train_history", "training_history", "loss_history")
_LOGS = ("log", "train_log", "training_log")


def _named(suffix: str, *stems: str) -> tuple[str, ...]:
    """Return the globs of files with one ending."""
    return tuple(stem + suffix for stem in stems)


READERS: tuple[Format, ...] = (
    Format(
        module="json_file",
        suffixes=(".json",),
        names=(
            *_named(".json", "metrics", "*_metrics", "*-metrics", "metrics_*", "metrics-*", "*.metrics", "metrics/*"),
            *_named(".json", "scores", "*_scores", "best_score", "summary", "classification_report*"),
            # Not *_results: test runners and linters write those too. These are the Trainer's of transformers.
            *_named(".json", "results", "all_results", "train_results", "eval_results", "test_results"),
            *_named(".json", "predict_results", "val_results", "validation_results"),
            # Not eval_*: eval_config.json, eval_data.json.
            *_named(".json", "eval", "*_eval", "evaluation", "*_evaluation", "evaluate", "eval_report"),
            *_named(".json", "evals_result*", *_HISTORIES),
        ),
    ),
    Format(
        module="jsonl_file",
        suffixes=(".jsonl", ".ndjson"),
        names=_named(".jsonl", "metrics", "*_metrics", "metrics_*", *_LOGS, *_HISTORIES),
    ),
    Format(
        module="yaml_file",
        suffixes=(".yaml", ".yml"),
        names=(
            *_named(".yaml", "metrics", "*_metrics", "scores", "results", "eval_results"),
            *_named(".yml", "metrics", "*_metrics", "scores", "results", "eval_results"),
        ),
    ),
    Format(
        module="toml_file",
        suffixes=(".toml",),
        names=_named(".toml", "metrics", "*_metrics", "scores", "results", "eval_results"),
    ),
    Format(
        module="csv_file",
        suffixes=(".csv", ".tsv"),
        names=(
            *_named(".csv", "metrics", "*_metrics", "metrics_*", "results", "training", *_LOGS, *_HISTORIES),
            *_named(".tsv", "metrics", "*_metrics", "metrics_*", "results", "training", *_LOGS, *_HISTORIES),
            *_named(".tsv", "plots/metrics/*", "plots/metrics/*/*", "catboost_info/*_error"),
        ),
    ),
    Format(
        module="image_file",
        suffixes=(".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"),
        names=(
            *("plots/*", "plots/*/*", "plots/*/*/*", "figures/*", "figs/*"),
            *("*confusion_matrix*", "*_curve.*", "*_curves.*", "*feature_importance*"),
        ),
    ),
    # Artifacts belong to a run: what is among them under a well-known name is no source of its own.
    Format(
        module="mlflow_files",
        suffixes=(),
        tool="MLflow",
        store=r"((?:.*?/)?(?:mlruns|mlartifacts))/.+",
        names=("mlruns/*",),
    ),
    Format(
        module="mlflow_db",
        suffixes=(".db", ".sqlite", ".sqlite3"),
        tool="MLflow",
        store=r"(.+\.(?:db|sqlite3?))",
        # Other databases are common.
        is_named=True,
        names=("mlflow*.db", "mlruns*.db", "mlflow*.sqlite", "mlflow*.sqlite3"),
    ),
)


def find_format(path: str) -> Format | None:
    """Return the row of the table that reads a file of this name, None when there is none."""
    suffix = PurePosixPath(path).suffix.lower()
    return next((row for row in READERS if not row.store and suffix in row.suffixes), None)


def find_store(path: str) -> tuple[Format, str] | None:
    """Return the row that reads a file together with others, and the store's path; None when there is none."""
    for row in _STORES:
        found = re.fullmatch(row.store, path)
        if found:
            return row, found[1]
    return None


def load_reader(module: str) -> Reader:
    """Import a reader on first use, so that a report pays only for the formats it meets."""
    return cast("Reader", import_module(f"cml_bot.readers.{module}"))


def load_store_reader(module: str) -> StoreReader:
    """Import the reader of a store on first use."""
    return cast("StoreReader", import_module(f"cml_bot.readers.{module}"))


_STORES = tuple(row for row in READERS if row.store)
