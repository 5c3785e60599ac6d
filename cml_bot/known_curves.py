"""Curves that everybody knows by one number: ROC, precision over recall, calibration."""

from __future__ import annotations

import math
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from cml_bot.charts import is_drawable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.model import Points


class Known(StrEnum):
    """What a curve is, named by the number that it comes to."""

    ROC = "area"
    PRECISION_RECALL = "average precision"
    CALIBRATION = "calibration error"


_AXES = (
    (Known.ROC, "fpr", "tpr"),
    (Known.ROC, "false positive", "true positive"),
    (Known.PRECISION_RECALL, "recall", "precision"),
    (Known.CALIBRATION, "prob_pred", "prob_true"),
    (Known.CALIBRATION, "mean predicted", "frac"),
    (Known.CALIBRATION, "mean predicted", "share"),
    (Known.CALIBRATION, "predicted", "observed"),
)
"""How the labels of their axes begin, x and y."""
_WRITTEN_OUT = {"fpr": "false positive rate", "tpr": "true positive rate"}
_FITS = (("true", "predict"), ("actual", "predict"), ("y_true", "y_pred"))
"""How the labels of points begin that lie on the diagonal where a prediction is right."""


def find_known(side: Points) -> Known | None:
    """Tell which known curve it is, by what its axes are called; a calibration may be points from left to right."""
    known = next((known for known, x, y in _AXES if _begins(side, x, y)), None)
    return known if side.is_line or (known is Known.CALIBRATION and _goes_one_way(side)) else None


def name_axis(label: str) -> str:
    """Write an axis out that is called by letters.

    Example:
        >>> name_axis("fpr"), name_axis("recall")
        ('false positive rate', 'recall')
    """
    return _WRITTEN_OUT.get(label.strip().lower(), label)


def is_fit(side: Points) -> bool:
    """Whether it shows predictions over what was true."""
    return not side.is_line and any(_begins(side, x, y) for x, y in _FITS)


def find_score(side: Points) -> float | None:
    """Give the one number of a known curve, or the area under another that goes one way; None where there is none.

    By straight lines the area under precision over recall would be too good: average precision goes by steps.

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html
    """
    if side.score is not None:
        return side.score
    known = find_known(side)
    if known is Known.CALIBRATION or not (side.is_line and _goes_one_way(side)):
        return None
    steps = zip(pairwise(side.x), pairwise(side.y), strict=True)
    if known is not Known.PRECISION_RECALL:
        return _plain(math.fsum((right - left) * (low / 2 + high / 2) for (left, right), (low, high) in steps))
    # Each precision counts from its own recall down to the next smaller one.
    falls = side.x[0] > side.x[-1]
    return _plain(math.fsum((right - left) * (low if falls else high) for (left, right), (low, high) in steps))


def have_same_ends(sides: Sequence[Points]) -> bool:
    """Whether what lies under curves can be compared: they begin and end at the same x."""
    ends = [(min(side.x), max(side.x)) for side in sides]
    alike = (zip(pair, ends[0], strict=True) for pair in ends)
    return all(math.isclose(one, other, abs_tol=_ALIKE) for pair in alike for one, other in pair)


_ALIKE = 1e-6


def _plain(area: float) -> float:
    """Give an area without the noise of many sums in its last digits."""
    return float(f"{abs(area):.12g}")


def _begins(side: Points, x: str, y: str) -> bool:
    return side.x_label.strip().lower().startswith(x) and side.y_label.strip().lower().startswith(y)


def _goes_one_way(side: Points) -> bool:
    if len(side.x) < 2 or not all(map(is_drawable, (*side.x, *side.y))) or side.x[0] == side.x[-1]:
        return False
    xs = side.x if side.x[0] < side.x[-1] else side.x[::-1]
    return all(left <= right for left, right in pairwise(xs))
