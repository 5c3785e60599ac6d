"""What evaluation tools have in common: scores of samples to metrics, settings to params, parts that may be missing."""

from __future__ import annotations

import hashlib
import math
import re
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Fact, Metric, Note, Param, mean_of
from cml_bot.readers._names import shorten, tidy
from cml_bot.readers._tree import flatten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cml_bot.model import Goal

MOST_PARAMS = 1_000
"""Settings of one document."""
_LONGEST_VALUE = 500
_LONGEST_TEXT = 10_000
_MOST_ITEMS = 10**15
_SECRET = re.compile(r"api_?key|secret|passw|credential|(?:^|[._-])(?:auth|token)$", re.IGNORECASE)


def as_text(value: object) -> str:
    """Return a part that should be a text on one line; an empty one where it is missing or of another kind."""
    if not isinstance(value, str):
        return ""
    return " ".join(value[:_LONGEST_TEXT].encode("utf-8", "replace").decode().split())


def as_count(value: object) -> int | None:
    """Return a part that should count something; None where it is missing, of another kind or none at all.

    Example:
        >>> as_count(12), as_count(0), as_count(True), as_count("12")
        (12, None, None, None)
    """
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_ITEMS
    return value if is_count and isinstance(value, int) else None


def as_error(value: object) -> float | None:
    """Return a part that should be a standard error; None where it is not, such as lm-eval's ``N/A``.

    Example:
        >>> as_error(0.1), as_error("N/A"), as_error(-1), as_error(float("nan"))
        (0.1, None, None, None)
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and isinstance(value, int | float) and 0 <= value < 1e300 else None


def mean_metric(name: str, scores: Sequence[float], goal: Goal | None = None) -> Metric:
    """Make a metric of the scores of samples: their mean, with what other samples would change.

    Shapes: `scores` (n,), n >= 1.

    Example:
        >>> mean_metric("score", [0.0, 1.0])
        Metric(name='score', values=(0.5,), group='', stderr=0.5, n_items=2, ...)
    """
    n, mean = len(scores), mean_of(scores)
    # Scaled, so that no square overflows.
    scale = max(map(abs, scores))
    stderr = None
    if n > 1 and math.isfinite(mean):
        squares = math.fsum(((score - mean) / scale) ** 2 for score in scores) if scale else 0.0
        stderr = math.sqrt(squares / (n - 1) / n) * scale
        stderr = stderr if math.isfinite(stderr) else None
    return Metric(name=name, values=(mean,), stderr=stderr, n_items=n, goal=goal)


def rate_metric(name: str, n_passed: int, n: int, goal: Goal | None = None) -> Metric:
    """Make a metric of how many samples passed, n >= 1: the mean of ones and zeros.

    Example:
        >>> rate_metric("pass_rate", 1, 2).values, rate_metric("pass_rate", 1, 2).stderr
        ((0.5,), 0.5)
    """
    rate = n_passed / n
    stderr = math.sqrt(max(0.0, rate * (1 - rate)) / (n - 1)) if n > 1 else None
    return Metric(name=name, values=(rate,), stderr=stderr, n_items=n, goal=goal)


def add_digest(total: int, text: str) -> int:
    """Take one more sample into a fingerprint that does not depend on their order."""
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    return (total + int.from_bytes(digest, "big")) % (1 << 256)


def samples_fact(name: str, total: int, n: int, what: str = "sample") -> Fact:
    """Make the fact of n samples with a fingerprint: a mean over other samples is another mean.

    Example:
        >>> samples_fact("samples", 255, 3)
        Fact(name='samples', value='recorded:000...0ff', detail='3 samples', of='')
    """
    return Fact(name=name, value=f"recorded:{total:064x}", detail=plural(n, what), of="")


def observe_params(settings: Mapping[str, object], prefix: str = "") -> Iterator[Param | Note]:
    """Yield the settings of an evaluation, keys in keys joined; what is not set is left out, secrets are not shown."""
    flat = flatten(dict(settings))
    yield from flat.notes
    if len(flat.leaves) > MOST_PARAMS:
        yield Note(text=f"has more than {plural(MOST_PARAMS, 'setting')}; the others were left out. Pass fewer.")
    for leaf in flat.leaves[:MOST_PARAMS]:
        if leaf.value is None or leaf.value in ("", [], {}):
            continue
        value = "(not shown)" if _SECRET.search(leaf.path[-1] if leaf.path else "") else _write(leaf.value)
        yield Param(name=tidy(f"{prefix}{leaf.name}"), value=shorten(as_text(value) or "(blank)", _LONGEST_VALUE))


def _write(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return shorten(", ".join(map(_write, value[:20])) + ("…" if len(value) > 20 else ""), _LONGEST_VALUE)
    if isinstance(value, int) and value.bit_length() > 1_000:
        return "(a huge number)"
    return str(value)[:_LONGEST_TEXT]
