"""The summary of a profile of whylogs as JSON.

Source: https://docs.whylabs.ai/docs/whylogs-metrics/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.readers._parts import as_mapping
from cml_bot.readers.whylogs_summary import observe as observe_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cml_bot.model import Observation


def observe(document: object, where: str) -> Iterator[Observation]:
    """Yield what the summary says, written by columns as pandas does: ``{"counts/n": {"age": 200}}``."""
    del where
    table = {name: as_mapping(cells) for name, cells in as_mapping(document).items()}
    rows = ([column, *(cells.get(column) for cells in table.values())] for column in table.get("counts/n", {}))
    yield from observe_table(("column", *table), rows)
