"""What counts as a number in a file, one grammar for all formats."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"[-+]?[0-9]{1,4000}")
"""Longer ones are left to float: Python refuses to convert more than 4300 digits."""
_SPECIAL = {"nan": math.nan, ".nan": math.nan, "inf": math.inf, ".inf": math.inf, "infinity": math.inf}
_MISSING = frozenset({"", "na", "n/a", "#n/a", "<na>", "nat", "none", "null", "~", "-", "--", "?"})
_FOR_PEOPLE = re.compile(
    r"""[~≈<>≤≥]?\s*[$€£]?\s*[-+−]?
    (?: [0-9]{1,3}(?:[,'_\s][0-9]{3})+ | [0-9]+ | (?=[.,]) )(?:[.,][0-9]+)?(?:[eE][-+]?[0-9]+)?
    \s*(?: % | ‰ | (?:±|\+/?-).* | \(.*\) | [^\W\d_]{1,4}(?:/[^\W\d_]{1,6})? )?""",
    re.VERBOSE,
)
_OF_CODE = re.compile(
    r"(?:tensor|array|np\.\w+|jnp\.\w+|Decimal|Array)\(.*\)|[-+]?0[xX][0-9a-fA-F]+|[0-9]+(?:_[0-9]+)+"
)


def parse_number(text: str) -> float | None:
    """Read a number that a program wrote; None for everything else.

    Stricter than float(), which takes ``1_000`` and the digits of every script. Integers stay exact.

    Example:
        >>> parse_number("1e-4"), parse_number(" 12 "), parse_number("-Infinity"), parse_number("1_000")
        (0.0001, 12, -inf, None)
    """
    text = text.strip()
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    sign = text[:1] if text[:1] in {"-", "+"} else ""
    special = _SPECIAL.get(text[len(sign) :].lower())
    return None if special is None else -special if sign == "-" else special


def as_number(value: object) -> float | None:
    """Read a leaf of a parsed document as a number; a bool is none.

    Example:
        >>> as_number(True), as_number("0.97"), as_number(3)
        (None, 0.97, 3)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    return parse_number(value) if isinstance(value, str) else None


def as_double(value: object) -> float | None:
    """Read a leaf or cell as a double: as `as_number`, faster, and a huge integer is infinite.

    Example:
        >>> as_double("12"), as_double(-(10**400)), as_double("1_000")
        (12.0, -inf, None)
    """
    if isinstance(value, str) and (not value.isascii() or "_" in value):
        # float() would take 1_000, and the digits of every script.
        value = parse_number(value)
    try:
        return None if value is None or isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except OverflowError:
        return math.inf if isinstance(value, int) and value > 0 else -math.inf
    except (TypeError, ValueError):
        return parse_number(value) if isinstance(value, str) else None


def is_missing(value: object) -> bool:
    """Whether a cell or leaf says that there is no value.

    Example:
        >>> is_missing(" N/A "), is_missing(None), is_missing("0")
        (True, True, False)
    """
    return value is None or (isinstance(value, str) and value.strip().lower() in _MISSING)


def is_for_people(value: object) -> bool:
    """Whether a text was meant as a number, but written for people or by a print of an object.

    Example:
        >>> [is_for_people(text) for text in ("97.3%", "0.93 ± 0.02", "45.2 MB", "tensor(0.5)", "sgd", "2026-11-21")]
        [True, True, True, True, False, False]
    """
    if not isinstance(value, str) or len(value) > 100:
        return False
    text = value.strip()
    is_odd_digits = text.isnumeric() and not text.isascii()
    return is_odd_digits or bool(_FOR_PEOPLE.fullmatch(text) or _OF_CODE.fullmatch(text))
