"""A chart of both sides as one picture. Matplotlib is imported on use: it costs half a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.chart_words import describe_chart
from cml_bot.draw import LABEL_LENGTH, NAME_LENGTH, as_figure, can_write, name_file, shorten_middle
from cml_bot.model import Bars, Histogram, Matrix

if TYPE_CHECKING:
    from cml_bot.model import ChartPair, Figure


def draw_chart(pair: ChartPair, *, head_label: str, base_label: str) -> Figure:
    """Draw a matrix, bars, a histogram or points of both sides as a PNG; the same input gives the same bytes."""
    labels = {
        "head_label": shorten_middle(head_label, LABEL_LENGTH),
        "base_label": shorten_middle(base_label, LABEL_LENGTH),
    }
    caption = describe_chart(pair, head_label=head_label, base_label=base_label)
    one = pair.head or pair.base
    source = one.source if one else ""
    return as_figure(_paint(pair, labels), name=name_file(pair.key), caption=caption, source=source)


def _paint(pair: ChartPair, labels: dict[str, str]) -> bytes:
    title = shorten_middle(pair.key.name, NAME_LENGTH) if can_write(pair.key.name) else ""
    match pair.head or pair.base:
        case Matrix():
            from cml_bot.draw_matrix import paint_matrix

            return paint_matrix(pair, title, **labels)
        case Bars():
            from cml_bot.draw_bars import paint_bars

            return paint_bars(pair, title, **labels)
        case Histogram():
            from cml_bot.draw_histogram import paint_histogram

            return paint_histogram(pair, title, **labels)
        case _:
            from cml_bot.draw_points import paint_points

            return paint_points(pair, title, **labels)
