"""How a table writes its rows: what stands between cells, and what before the decimals."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DELIMITERS = ",;\t"
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_CELL = r"(?:^|;)[ \t]*[-+]?{number}(?:[eE][-+]?[0-9]+)?[ \t]*(?=;|$)"
_DECIMAL_COMMA = re.compile(_CELL.format(number="[0-9]*,[0-9]+"), re.MULTILINE)
_DECIMAL_POINT = re.compile(_CELL.format(number=r"(?![1-9][0-9]{0,2}\.[0-9]{3}\b)[0-9]*\.[0-9]+"), re.MULTILINE)
"""Not 1.234, which is 1234 where commas are decimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What the first lines of a table tell."""

    delimiter: str
    has_decimal_comma: bool
    """Numbers are written ``0,5``: a German or French spreadsheet."""


def sniff(sample: str) -> Dialect:
    r"""Tell from the first lines of a file; quoted cells do not count.

    Example:
        >>> sniff("epoch;loss\n0;0,5\n")
        Dialect(delimiter=';', has_decimal_comma=True)
        >>> sniff("epoch,loss\n0,1.0\n")
        Dialect(delimiter=',', has_decimal_comma=False)
    """
    plain = _QUOTED.sub('""', sample.replace("\r", "\n"))
    lines = [line for line in plain.split("\n", 20) if line.strip()][:2] or [""]
    delimiter = max(_DELIMITERS, key=lambda char: [line.count(char) for line in lines])
    has_comma = delimiter == ";" and bool(_DECIMAL_COMMA.search(plain)) and not _DECIMAL_POINT.search(plain)
    return Dialect(delimiter=delimiter, has_decimal_comma=has_comma)
