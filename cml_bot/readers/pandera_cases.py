"""The table of pandera's failure cases, a row a value that failed: CSV, or JSON rows.

Source: https://pandera.readthedocs.io/en/stable/lazy_validation.html
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from cml_bot.filters import format_number
from cml_bot.model import Goal, Note, Outcome
from cml_bot.readers._checks import Checked, count, number_twins, observe_checks, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cml_bot.model import Observation

_MOST = 1_000
"""Checks that are told apart."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
"""Where a function happened to lie in memory."""
_OF_COLUMNS = ("column_in_dataframe", "column_in_schema")


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield each check that failed, and how many values failed it; the values themselves are not read."""
    column, check, case = (columns.index(name) for name in ("column", "check", "failure_case"))
    failed = name_failed((row[column], row[check], row[case]) for row in rows)
    yield from number_twins(observe_cases(failed))


def observe_cases(failed: Mapping[str, int]) -> Iterator[Observation]:
    """Yield the checks that failed, each with the number of its values."""
    yield from observe_failed(failed)
    yield count("failure cases", sum(failed.values()), Goal.LOWER)
    for name, times in list(failed.items())[:_MOST]:
        yield count(f"{name} failure cases", times, Goal.LOWER)


def name_failed(rows: Iterable[tuple[object, object, object]]) -> Mapping[str, int]:
    """Count the failures of each check by its name; the rows are of column, check and failure case."""
    failed: Counter[str] = Counter()
    for column, check, case in rows:
        of, what = word(column), _ADDRESS.sub("", word(check) or "(no name)")
        if what in _OF_COLUMNS:
            # The case is the column that is missing, or is one too many.
            of = of or word(case)
        name = f"{of}: {what}" if of else what
        if name in failed or len(failed) < _MOST:
            failed[name] += 1
        else:
            failed[""] += 1
    return failed


def observe_failed(failed: Mapping[str, int]) -> Iterator[Observation]:
    """Yield the checks that failed; of those that passed pandera says nothing."""
    checks = [Checked(name=name, outcome=Outcome.FAIL) for name in failed if name]
    yield from observe_checks(checks, are_all=False)
    if failed.get(""):
        left = format_number(failed[""])
        yield Note(
            text=f"more than {_MOST} different checks failed; {left} failures of others are not told apart. "
            "Look at pandera's own report."
        )
