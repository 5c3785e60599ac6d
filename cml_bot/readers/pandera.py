"""What pandera finds wrong with data, as JSON: `SchemaErrors.message`, and `failure_cases` by columns.

It names what failed alone. Written though nothing failed, it is empty: ``{}``.

Source: https://pandera.readthedocs.io/en/stable/lazy_validation.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.readers._checks import number_twins
from cml_bot.readers._parts import as_mapping, as_mappings
from cml_bot.readers.pandera_cases import name_failed, observe_cases, observe_failed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cml_bot.model import Observation

_CASES = ("column", "check", "failure_case")


def observe(document: object, where: str) -> Iterator[Observation]:
    """Yield each check that failed, by its name and column; texts of errors hold values, and are not read."""
    del where
    whole = as_mapping(document)
    if all(name in whole for name in _CASES):
        column, check, case = (as_mapping(whole[name]) for name in _CASES)
        failed = name_failed((column.get(row), check[row], case.get(row)) for row in check)
        yield from number_twins(observe_cases(failed))
        return
    entries = [
        entry for kinds in whole.values() for found in as_mapping(kinds).values() for entry in as_mappings(found)
    ]
    failed = name_failed((entry.get("column"), entry.get("check"), None) for entry in entries)
    yield from number_twins(observe_failed(failed))
