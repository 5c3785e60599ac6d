"""scikit-learn's classification report as a table, one row a label: what pandas makes of the document, turned."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from cml_bot.model import Note
from cml_bot.readers._tree import MOST_METRICS
from cml_bot.readers.classification_report import observe as observe_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.model import Observation

_MEASURES = ("precision", "recall", "f1-score", "support")


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield the numbers by label, named as in the document."""
    label = next((place for place, name in enumerate(columns) if name not in _MEASURES), None)
    if label is None:
        yield Note(text="the rows have no labels. Write them with to_csv(index=True).")
        return
    places = {name: columns.index(name) for name in _MEASURES}
    document: dict[str, object] = {}
    for row in islice(rows, MOST_METRICS // len(_MEASURES)):
        cells = {name: row[place] for name, place in places.items()}
        # One number, which pandas writes into every column.
        document[str(row[label])] = cells["precision"] if row[label] == "accuracy" else cells
    yield from observe_document(document, "")
