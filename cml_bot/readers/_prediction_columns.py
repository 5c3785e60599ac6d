"""Which columns of a table hold what was true and what was predicted, one row an example: told by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STEMS = ("predictions*", "*_predictions", "*-predictions", "preds", "preds_*", "*_preds", "y_pred*")
"""Names of files that hold predictions, without their endings."""
SURE = (
    ("actual", "predicted"),
    ("y_true", "y_pred"),
    ("y_true", "y_score"),
    ("y_true", "y_prob"),
    ("y_true", "y_proba"),
)
"""Columns that mean predictions whatever their file is called."""

_TRUTHS = (
    *("y_true", "true", "truth", "ground_truth", "true_label", "label_true", "actual", "target", "gold", "label", "y"),
)
_PREDICTIONS = (
    *("y_pred", "pred", "prediction", "predicted", "predictions", "y_hat", "yhat"),
    *("predicted_label", "pred_label", "label_pred", "prediction_label"),
)
_SCORES = ("y_score", "score", "y_prob", "y_proba", "prob", "proba", "probability", "pred_proba", "pred_prob")
_SCORE_OF = ("y_score_", "score_", "y_prob_", "y_proba_", "prob_", "proba_", "probability_")
"""How the name of a column begins that holds the score of one class, whose name follows."""
_SEPARATOR = re.compile(r"(?:[ _.(]|-(?!\d))+")
"""What may lie between the two; a minus before a digit is part of the class."""
_SLICES = ("slice", "segment", "subgroup", "group", "cohort")
_WORD = re.compile(rb"[A-Za-z_][\w .-]*")
_FIRST, _LAST = 1 << 14, 1 << 16
"""Bytes of a file that tell its columns: its first lines, or what Parquet writes at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The columns of a table that count; empty where there is none."""

    truth: str
    prediction: str = ""
    score: str = ""
    """Of the class that is looked for, where there are two."""
    scores: dict[str, str] = field(default_factory=dict)
    """The column of each class that has one of its own."""
    part: str = ""
    """What the examples are told apart by: a group of customers."""


def find_roles(columns: Iterable[str]) -> Roles | None:
    """Tell what the columns of a table are for; None where it holds no predictions.

    Example:
        >>> roles = find_roles(["id", "Target", "prob_spam", "prob_ham", "segment"])
        >>> roles.truth, roles.scores, roles.part
        ('Target', {'spam': 'prob_spam', 'ham': 'prob_ham'}, 'segment')
        >>> find_roles(["id", "score"]) is None
        True
    """
    known: dict[str, str] = {}
    for name in columns:
        known.setdefault(re.sub(r"[^\w]+", "_", name.strip().lower()), name)
    truth, prediction, score, part = (
        next((known[name] for name in names if name in known), "")
        for names in (_TRUTHS, _PREDICTIONS, _SCORES, _SLICES)
    )
    scores = {
        _name_class(name.strip()[len(begin) :]): name
        for plain, name in known.items()
        for begin in _SCORE_OF
        if plain.startswith(begin) and len(plain) > len(begin) and name not in (truth, prediction, score)
    }
    if not truth or not (prediction or score or scores):
        return None
    return Roles(truth=truth, prediction=prediction, score=score, scores=scores, part=part)


def _name_class(rest: str) -> str:
    """Give the class that a column of scores is named after, of what follows the first word and its separator.

    Example:
        >>> _name_class("- spam"), _name_class("(spam)"), _name_class("f(x)"), _name_class("-1")
        ('spam', 'spam', 'f(x)', '-1')
    """
    begin = _SEPARATOR.match(rest)
    label = rest[begin.end() :] if begin else rest
    return (label.removesuffix(")") if label.count(")") > label.count("(") else label).strip() or rest


def is_predictions(columns: Sequence[str], where: str) -> bool:
    """Whether a table holds predictions, told by its columns and the name of its file."""
    return _is_named(where) and find_roles(columns) is not None


def may_be_predictions(data: bytes, where: str) -> bool:
    """Whether a file may hold predictions, told by its name and the words in it: it is not parsed for that.

    Example:
        >>> may_be_predictions(b"id,y_true,y_pred", "predictions.csv"), may_be_predictions(b"id,target", "y_pred.csv")
        (True, False)
    """
    if not _is_named(where):
        return False
    is_rows = where.lower().endswith((".csv", ".tsv"))
    head = data[:_FIRST].partition(b"\n")[0] if is_rows else data[:_FIRST] + data[-_LAST:]
    return find_roles(word.decode("ascii").strip() for word in _WORD.findall(head)) is not None


def _is_named(where: str) -> bool:
    stem = where.lower().rpartition("/")[2].rpartition(".")[0]
    return any(fnmatchcase(stem, glob) for glob in STEMS)
