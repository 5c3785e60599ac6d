"""The table of file formats. One file a format; a new one is a file here and a line in READERS."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from cml_bot.readers._patterns import join_patterns
from cml_bot.readers._prediction_columns import STEMS

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
    """Globs over a file's name, or its last folders and name: what is taken without configuration.

    Of a store they are for people alone: `store` decides.
    """
    guesses: tuple[str, ...] = ()
    """Globs like `names`, over names that others use too: taken where the content is one of a tool's (`_shapes.py`)."""
    tool: str = ""
    """What writes it, for people; empty where it is a format that many write."""
    is_named: bool = False
    """Of a store: without configuration only what `names` mean is taken, and not all that `store` means."""
    store: str = ""
    """A regular expression over whole paths, for files that are read together: its group 1 is the store's path.

    Where files at the top of the tree make one, the group takes no part, and the path is ``.``.
    """
    beside: tuple[str, ...] = ()
    """Globs below the folder that a store lies in: pictures that are handed over with its own files."""


_HISTORIES = ("history", "history_*", "train_history", "training_history", "loss_history")
_CURVES = ("roc", "roc_*", "*_roc", "pr", "pr_curve*", "precision_recall*", "calibration*")
_LOGS = ("log", "train_log", "training_log")

_CREATED = r"20\d\d-\d\d-\d\dT\d\d-\d\d-\d\d[^_/]*"


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
            *_named(".json", "trainer_state", "*confusion_matrix*", "cross_validate*", "*importance*"),
            # Checks of data. Great Expectations: suite, run's name, time, asset; then pandera.
            *_named(".json", "validations/*/*/*/*", "*pandera*", "pandera/*", "schema_errors"),
        ),
        guesses=(
            # Checks of data: Evidently, Great Expectations, deepchecks, pandera, whylogs.
            *_named(
                ".json", "*drift*", "*data_quality*", "*data-quality*", "*integrity*", "*validation*", "*evidently*"
            ),
            *_named(
                ".json", "*deepchecks*", "*model_evaluation*", "*checkpoint*", "*expectations*", "*classification*"
            ),
            *_named(".json", "*regression*", "*snapshot*", "*suite*", "*checks*", "*whylogs*", "*profile*"),
            *_named(".json", "errors", "*failure_cases*", "evidently/*", "deepchecks/*", "reports/*", "*report*"),
            # lm-evaluation-harness: the name it was given with _TIME; results_TIME.json at the top.
            "*_20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]t*.json",
            # Inspect, where the log lies in no folder of its own.
            "20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]t*_*_*.json",
            # DeepEval, promptfoo, Ragas.
            *_named(".json", "test_run_*", "*promptfoo*", "output", "*-results", "*_results", "*ragas*"),
            # pytest-benchmark.
            *_named(".json", "*bench*"),
            # scikit-learn, DVCLive.
            *_named(".json", *_CURVES, "cm", "cv_results*", "sklearn/*", *STEMS),
        ),
    ),
    Format(
        module="jsonl_file",
        suffixes=(".jsonl", ".ndjson"),
        names=_named(".jsonl", "metrics", "*_metrics", "metrics_*", *_LOGS, *_HISTORIES),
        guesses=_named(".jsonl", *STEMS),
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
            "emissions.csv",
            *_named(".tsv", "plots/metrics/*", "plots/metrics/*/*"),
            *_named(".csv", "*confusion_matrix*", "*feature_importance*", "classification_report*", "cv"),
        ),
        # Ragas, promptfoo; pandera and whylogs.
        guesses=(
            *_named(".csv", "scores", "*_scores", "*_results", "*ragas*"),
            *_named(".csv", "*failure_cases*", "*pandera*", "*summary*", "*whylogs*", "*profile*"),
            # scikit-learn.
            *_named(".csv", *_CURVES, "cm", "cv_results*", "*grid_search*", "*random_search*", "importance*"),
            *_named(".csv", *STEMS),
            *_named(".tsv", *STEMS),
        ),
    ),
    Format(
        module="catboost",
        suffixes=(".json", ".tsv"),
        tool="CatBoost",
        # All of the folder, so that its events and clocks are taken for nothing else.
        store=r"((?:.*/)?catboost_info)/.+",
    ),
    Format(module="inspect_eval", suffixes=(".eval",), names=("*.eval",), tool="Inspect"),
    Format(
        module="lm_eval_runs",
        suffixes=(),
        tool="lm-evaluation-harness",
        # A folder a model.
        store=rf"(.+)/[^/]+/results_{_CREATED}\.json",
    ),
    Format(
        module="inspect_logs",
        suffixes=(),
        tool="Inspect",
        # TIME_TASK_ID.json, TIME_ANYTHING.eval.
        store=rf"(.+)/{_CREATED}_[^/]+(?:\.eval|_[0-9A-Za-z]{{22}}\.json)",
    ),
    Format(
        module="whylogs_profile",
        suffixes=(".bin",),
        names=("profile.bin", "profile_*.bin", "*whylogs*.bin"),
        tool="whylogs",
    ),
    Format(
        module="image_file",
        suffixes=(".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"),
        names=(
            *("plots/*", "plots/*/*", "plots/*/*/*", "figures/*", "figs/*"),
            *("*confusion_matrix*", "*_curve.*", "*_curves.*", "*feature_importance*"),
        ),
    ),
    Format(
        module="wandb_run",
        suffixes=(),
        tool="Weights & Biases",
        # What is in the folder of a run besides its log: pictures.
        store=r"((?:.*/)?[^/]*run-[^/]*)/(?:[^/]*\.wandb|files/media/images/.+)",
        names=("*.wandb",),
    ),
    Format(
        module="junit",
        suffixes=(".xml",),
        tool="JUnit",
        names=(
            *("junit*.xml", "*.junit.xml", "*_junit.xml", "*-junit.xml", "pytest.xml", "test-*.xml"),
            *("test-results/*.xml", "test_results/*.xml", "test-reports/*.xml", "test-report*.xml"),
        ),
    ),
    Format(
        module="parquet_file",
        suffixes=(".parquet",),
        names=_named(".parquet", "metrics", "*_metrics", "metrics_*", *_LOGS, *_HISTORIES),
        guesses=_named(".parquet", *STEMS),
    ),
    Format(module="safetensors_file", suffixes=(".safetensors",), tool="safetensors", names=("*.safetensors",)),
    Format(module="onnx_file", suffixes=(".onnx",), tool="ONNX", names=("*.onnx",)),
    Format(module="torch_file", suffixes=(".pt", ".pth"), tool="PyTorch", names=("*.pt", "*.pth")),
    Format(
        module="asv",
        suffixes=(),
        tool="airspeed velocity",
        # Others have a folder of that name too: there the name of a file has to begin with a commit.
        store=(
            r"((?:.*/)?\.?asv[^/]*/results(?=/(?:benchmarks\.json|[^/]+/[^/]+\.json)$)"
            r"|(?:.*/)?results(?=/[^/]+/(?:machine|[0-9a-f]{8,40}-[^/]+)\.json$))/.+"
        ),
    ),
    Format(
        module="tensorboard",
        suffixes=(),
        names=("*tfevents*",),
        tool="TensorBoard",
        # What add_hparams writes to a folder named by the time belongs to the run above it.
        store=r"(?:(.+?)/)??(?:1[0-9]{9}\.[0-9]+/)?[^/]*tfevents[^/]*",
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
        module="trackio_db",
        suffixes=(),
        tool="Trackio",
        store=r"((?:.*/)?\.?trackio/[^/]+\.db)",
        names=("trackio/*.db",),
    ),
    Format(
        module="mlflow_db",
        suffixes=(".db", ".sqlite", ".sqlite3"),
        tool="MLflow",
        store=r"(.+\.(?:db|sqlite3?))",
        # Other databases are common.
        is_named=True,
        names=("mlflow*.db", "mlruns*.db", "mlflow*.sqlite", "mlflow*.sqlite3"),
        beside=("mlruns/*/*/artifacts/**", "mlartifacts/*/artifacts/**", "mlartifacts/*/*/artifacts/**"),
    ),
)


@lru_cache(maxsize=20_000)
def find_format(path: str) -> Format | None:
    """Return the row of the table that reads a file of this name, None when there is none."""
    suffix = posixpath.splitext(path)[1].lower()
    return next((row for row in READERS if not row.store and suffix in row.suffixes), None)


@lru_cache(maxsize=20_000)
def find_store(path: str) -> tuple[Format, str] | None:
    """Return the row that reads a file together with others, and the store's path; None when there is none."""
    if not _ANY_STORE.fullmatch(path):
        return None
    for row in _STORES:
        found = re.fullmatch(row.store, path)
        if found:
            return row, found[1] or "."
    return None


def load_reader(module: str) -> Reader:
    """Import a reader on first use, so that a report pays only for the formats it meets."""
    return cast("Reader", import_module(f"cml_bot.readers.{module}"))


def load_store_reader(module: str) -> StoreReader:
    """Import the reader of a store on first use."""
    return cast("StoreReader", import_module(f"cml_bot.readers.{module}"))


_STORES = tuple(row for row in READERS if row.store)
_ANY_STORE = join_patterns(row.store for row in _STORES)
