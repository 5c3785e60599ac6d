"""What tools write as JSON, YAML or CSV, told by its keys or columns. One file a tool, and one line in a table here.

A shape is looked for in every document and table, however its file is named; what has none is read as numbers by
name, rows or columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Protocol, cast

from cml_bot.readers._prediction_columns import SURE, is_predictions, may_be_predictions
from cml_bot.steps import find_axis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.model import Observation

_LONGEST_EMPTY = 100
"""Bytes of a document without anything in it."""
_MOST_TRIED = 1_000
"""Values of a mapping that are looked at for one that fits."""


class DocumentShape(Protocol):
    """What the module of a document's shape offers."""

    def observe(self, document: object, where: str) -> Iterator[Observation]:
        """Yield what a document holds, with `group` and `source` left empty.

        Only the keys of the table are known to be there: every other part may be missing or of another kind.

        Raises:
            InputError: it is not what it claims to be; it begins with `where`, the file's name.
        """
        ...


class TableShape(Protocol):
    """What the module of a table's shape offers."""

    def observe(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
        """Yield what a table holds, with `group` and `source` left empty.

        Args:
            columns: their names, no two alike.
            rows: one cell a column: text from CSV, any value from JSON; they come once, and may be millions.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One row of a table here."""

    module: str
    """Name of the module in this folder."""
    tool: str
    """What writes it, for people."""
    keys: tuple[str, ...] = ()
    """Paths that a document has, all of them: ``config.task`` in mappings, ``scores[].name`` in the first of a list,
    ``*.support`` in any value of a mapping, ``*[].check`` in the first of a list there."""
    empty: tuple[str, ...] = ()
    """Globs over names of files: an empty document there is of this shape, and says that nothing was found."""
    columns: tuple[str, ...] = ()
    """Columns that a table has, all of them."""
    unless_step: bool = False
    """Whether a column that counts the training makes it another table: the course of these numbers."""


DOCUMENTS: tuple[Shape, ...] = (
    Shape(module="lm_eval", tool="lm-evaluation-harness", keys=("results", "versions", "config.model_args")),
    Shape(module="inspect_log", tool="Inspect", keys=("eval.task_id", "eval.dataset", "status")),
    Shape(module="promptfoo", tool="promptfoo", keys=("results.stats.successes", "results.stats.tokenUsage")),
    Shape(module="deepeval", tool="DeepEval", keys=("testCases", "metricsScores")),
    Shape(module="deepeval", tool="DeepEval", keys=("testRunData.testCases",)),
    Shape(module="deepeval", tool="DeepEval", keys=("test_results[].metrics_data",)),
    Shape(module="pytest_benchmark", tool="pytest-benchmark", keys=("benchmarks[].stats", "machine_info")),
    # Checks of data and models.
    Shape(module="evidently", tool="Evidently", keys=("metrics[].metric_name", "metrics[].config.type")),
    Shape(module="evidently", tool="Evidently", keys=("metrics[].metric_id", "metrics[].id", "tests")),
    Shape(module="evidently_old", tool="Evidently", keys=("metrics[].metric", "metrics[].result.*")),
    Shape(module="evidently_old", tool="Evidently", keys=("tests[].status", "tests[].name", "summary.success_tests")),
    Shape(
        module="great_expectations",
        tool="Great Expectations",
        keys=("statistics.evaluated_expectations", "results"),
    ),
    Shape(
        module="great_expectations",
        tool="Great Expectations",
        keys=("validation_results[].expectations", "validation_results[].statistics"),
    ),
    Shape(module="great_expectations", tool="Great Expectations", keys=("run_results.*.validation_result",)),
    Shape(module="deepchecks", tool="deepchecks", keys=("results[].header", "results[].check")),
    Shape(module="deepchecks", tool="deepchecks", keys=("conditions_results", "header", "check")),
    Shape(
        module="pandera",
        tool="pandera",
        keys=("DATA.*[].check", "DATA.*[].column", "DATA.*[].error"),
        empty=("*pandera*", "*schema_errors*", "errors.json"),
    ),
    Shape(module="pandera", tool="pandera", keys=("SCHEMA.*[].check", "SCHEMA.*[].column", "SCHEMA.*[].error")),
    Shape(module="pandera", tool="pandera", keys=("schema_context", "failure_case", "column", "check")),
    Shape(module="whylogs", tool="whylogs", keys=("counts/n", "counts/null", "types/integral")),
    # Trainings, and what scikit-learn computes.
    Shape(module="trainer_state", tool="Hugging Face Trainer", keys=("log_history[]", "global_step")),
    Shape(module="classification_report", tool="scikit-learn", keys=("*.f1-score", "*.support")),
    Shape(module="cross_validate", tool="scikit-learn", keys=("fit_time[]", "score_time[]")),
    Shape(module="confusion", tool="scikit-learn", keys=("labels[]", "matrix[]")),
    Shape(module="confusion", tool="scikit-learn", keys=("labels[]", "confusion_matrix[]")),
)
"""The first that fits counts."""

IMPORTANCES = (
    ("feature", "importance"),
    ("Feature", "Importance"),
    ("feature", "importances"),
    ("feature", "importance_mean"),
    ("Feature Id", "Importances"),
    ("feature", "gain"),
    ("name", "importance"),
)
"""The columns of a feature and how much it counts."""

_SKLEARN: tuple[tuple[str, tuple[str, ...]], ...] = (
    *(("score_curves", (x, y)) for x, y in (("fpr", "tpr"), ("FPR", "TPR"))),
    *(("score_curves", ("precision", "recall", cut)) for cut in ("threshold", "thresholds")),
    ("calibration_table", ("prob_pred", "prob_true")),
    ("calibration_table", ("mean_predicted", "fraction_of_positives")),
    ("calibration_table", ("mean_predicted_value", "fraction_of_positives")),
    ("calibration_table", ("mean_predicted_probability", "fraction_of_positives")),
    *(("predictions", names) for names in SURE),
    *(("importance_table", names) for names in IMPORTANCES),
    ("classification_table", ("precision", "recall", "f1-score", "support")),
)

PREDICTIONS = Shape(module="predictions", tool="predictions", columns=SURE[0])

IMPORTANCE = Shape(module="importance_table", tool="scikit-learn", columns=IMPORTANCES[0])

TABLES: tuple[Shape, ...] = (
    Shape(module="promptfoo_table", tool="promptfoo", columns=("Status", "Score", "Named Scores", "Grader Reason")),
    Shape(module="ragas", tool="Ragas", columns=("user_input", "response")),
    Shape(module="ragas", tool="Ragas", columns=("user_input", "reference")),
    Shape(module="ragas", tool="Ragas", columns=("user_input", "retrieved_contexts")),
    Shape(module="ragas", tool="Ragas", columns=("question", "answer", "contexts")),
    Shape(module="codecarbon", tool="CodeCarbon", columns=("emissions", "energy_consumed", "duration")),
    # Checks of data.
    Shape(module="pandera_cases", tool="pandera", columns=("schema_context", "column", "check", "failure_case")),
    Shape(module="whylogs_summary", tool="whylogs", columns=("counts/n", "counts/null", "types/integral")),
    # Trainings, and what scikit-learn computes.
    Shape(module="ultralytics", tool="Ultralytics", columns=("epoch", "metrics/mAP50(B)", "metrics/mAP50-95(B)")),
    # A search by halving counts its rounds as iter.
    Shape(module="grid_search", tool="scikit-learn", columns=("params", "mean_fit_time", "std_fit_time")),
    *(Shape(module=name, tool="scikit-learn", columns=names, unless_step=True) for name, names in _SKLEARN),
)
"""The first that fits counts."""


def find_document_shape(document: object, where: str = "") -> Shape | None:
    """Return the shape of a parsed document, None where it is of no tool that is known; `where` is its file's name."""
    if not isinstance(document, dict | list):
        return None
    if not document:
        name = where.lower()
        return next((shape for shape in DOCUMENTS if any(fnmatchcase(name, glob) for glob in shape.empty)), None)
    there = document.keys() if isinstance(document, dict) else frozenset[str]()
    # Most documents are of none, and that their first keys tell.
    fitting = (shape for shape, first in _FIRST_KEYS if first <= there)
    return next((shape for shape in fitting if all(_has(document, path) for path in shape.keys)), None)


def find_table_shape(columns: Sequence[str], x: str | None = None, where: str = "") -> Shape | None:
    """Return the shape of a table, None where it is of no tool that is known or drawn over another column.

    Args:
        columns: their names.
        x: the column to draw over, where somebody named one.
        where: the file's name: that of predictions tells what their columns are for.
    """
    there = frozenset(columns)
    is_course = find_axis(columns) is not None
    fitting = (shape for shape in TABLES if there.issuperset(shape.columns))
    found = next((shape for shape in fitting if not (shape.unless_step and is_course)), None)
    if found is None and x is None and not is_course and is_predictions(columns, where):
        return PREDICTIONS
    return found if found and (x is None or x in found.columns) else None


def load_document_shape(shape: Shape) -> DocumentShape:
    """Import the reader of a shape on first use."""
    return cast("DocumentShape", import_module(f"cml_bot.readers.{shape.module}"))


def load_table_shape(shape: Shape) -> TableShape:
    """Import the reader of a shape on first use."""
    return cast("TableShape", import_module(f"cml_bot.readers.{shape.module}"))


def may_be_known(data: bytes, where: str = "") -> bool:
    """Whether a file may be of a shape, told by the words in it: it is not parsed for that.

    Where it is empty, `where`, the file's name, tells. JSON that is cut may have been anything: a stopped job must not
    look like one that never evaluated.

    Example:
        >>> may_be_known(b'{"accuracy": 0.9}'), may_be_known(b"{}", "errors.json"), may_be_known(b'{"a": 1', "x.json")
        (False, True, True)
    """
    if where.endswith(".json") and data.lstrip()[:1] in (b"{", b"[") and data.rstrip()[-1:] not in (b"}", b"]"):
        return True
    if len(data) <= _LONGEST_EMPTY and data.strip() in (b"{}", b"[]"):
        return find_document_shape([], where) is not None
    is_document = any(all(mark in data for path in shape.keys for mark in _marks(path)) for shape in DOCUMENTS)
    is_table = any(all(name.encode() in data for name in shape.columns) for shape in TABLES)
    return is_document or is_table or may_be_predictions(data, where)


def _marks(path: str) -> list[bytes]:
    """Give what the keys of a path look like in JSON."""
    names = (part.removesuffix("[]") for part in path.split("."))
    return [b'"%s"' % name.encode() for name in names if name not in ("", "*")]


def _has(node: object, path: str) -> bool:
    """Whether a path leads somewhere.

    Example:
        >>> _has({"a": [{"b": None}]}, "a[].b"), _has({"cat": {"support": 3}}, "*.support"), _has([{"b": 1}], "[].a")
        (True, True, False)
    """
    first, _, rest = path.partition(".")
    name = first.removesuffix("[]")
    if name == "*":
        values = islice(node.values(), _MOST_TRIED) if isinstance(node, dict) else ()
        rest = f"[].{rest}" if first.endswith("[]") else rest
        return any(_has(value, rest) for value in values)
    if name:
        if not isinstance(node, dict) or name not in node:
            return False
        node = node[name]
    if first.endswith("[]"):
        if not isinstance(node, list) or not node:
            return False
        node = node[0]
    return not rest or _has(node, rest)


_FIRST_KEYS = tuple(
    (shape, frozenset(path.partition(".")[0].removesuffix("[]") for path in shape.keys) - {"", "*"})
    for shape in DOCUMENTS
)
"""Each shape with the keys that have to stand at the top."""
