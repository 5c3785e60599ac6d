"""Step 4: a Report to a Page: Markdown in falling lengths, for any forge. The HTML file is made in `page`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from cml_bot.curve_views import group_titled
from cml_bot.dark import add_dark, name_dark
from cml_bot.draw import draw_group, has_numbers
from cml_bot.draw_charts import draw_chart
from cml_bot.escape import address, attribute, code, code_bare, escape, escape_bare, mark_commands
from cml_bot.model import ENDINGS, Figure, FigurePair
from cml_bot.progress import tell_each, tell_nothing
from cml_bot.review import LARGEST_PICTURE, SHOWN_MEDIA, Dialect, Draft, Page
from cml_bot.template_files import open_templates
from cml_bot.views import (
    SHOWN_PAIRS,
    Limits,
    add_charts,
    count_parts,
    labels_of,
    titled_charts,
    view_form,
    view_report,
    without_numbers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jinja2.runtime import Context

    from cml_bot.model import Key, Report
    from cml_bot.progress import Tell
    from cml_bot.template_files import Write

DRAWN_CURVES = 20
DRAWN_CHARTS = 12
"""More pictures than this nobody looks at; the others are told in words."""
CHARTS = 6
"""Each is as large as a picture, and readers load them all."""

WITH_DARK = (Dialect.GITHUB,)
"""Dialects that let a picture choose by the reader's colours: GitLab takes out what does that."""

WHOLE = Limits(
    folded=20_000,
    checks=5_000,
    unread=1_000,
    notes=1_000,
    sources=1_000,
    curves=20_000,
    charts=6,
    pictures=40,
    numbers=40,
)
"""For places that no comment's length binds."""
SHORT = Limits(folded=0, checks=8, unread=3, notes=0, sources=0, words=300)
FORMS = (
    Limits(folded=400, checks=50, unread=20, notes=60, sources=40, curves=400, charts=CHARTS, pictures=40, numbers=40),
    Limits(folded=40, checks=20, unread=10, notes=10, sources=10, curves=5, charts=4, pictures=4, words=400),
    SHORT,
)
"""Longest first."""
UNASKED = 2
"""Charts of a fold that GitLab draws by itself: each has nearly the 2,000 characters after which it wants a click."""
ON_GITLAB = tuple(replace(form, charts=UNASKED) if form.charts > UNASKED else form for form in FORMS)
UNFOLDED = (
    Limits(folded=40, checks=20, unread=10, notes=20, sources=10, curves=10, pictures=12, is_folding=False),
    Limits(folded=12, checks=12, unread=5, notes=5, sources=5, curves=5, pictures=4, is_folding=False, words=400),
    SHORT,
)
"""Where nothing can be folded, a reader scrolls past all that is there."""
PARTS = ("curves", "charts", "figures", "more", "same", "bookkeeping", "params", "gates")
NEVER_UNFOLDED = ("same", "bookkeeping", "gates")
"""Parts that are worth a fold, but no room of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The pictures of a report, made once for all its forms."""

    curves: Mapping[Key, Figure]
    """By the first curve of those that are drawn together."""
    pairs: tuple[FigurePair, ...]
    charts: Mapping[Key, Figure] = field(default_factory=dict)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All of them, each with a name of its own that is safe in an address and for a file; dark ones too."""
        drawings = add_dark((*self.curves.values(), *self.charts.values()))
        return (*drawings, *chain.from_iterable(map(_pictures, self.pairs)))


def draw_figures(report: Report, tell: Tell = tell_nothing, *, with_curves: bool = True) -> Drawn:
    """Draw the curves and charts of a report, and give the job's own pictures names that are safe in an address.

    The page alone needs no curves: it draws its own.
    Importing matplotlib alone costs half a second: only for forms that can show pictures, and only if there are
    any to draw.
    """
    labels = labels_of(report)
    groups = [group for group in group_titled(report) if has_numbers(group)][:DRAWN_CURVES] if with_curves else []
    curves = {
        group.members[0].key: _number(draw_group(group, **labels), f"{number:02}")
        for number, group in enumerate(tell_each(groups, "drawing {} pictures of curves", tell), 1)
    }
    drawn = enumerate(tell_each(list(titled_charts(report).items())[:DRAWN_CHARTS], "drawing {} charts", tell))
    charts = {key: _number(draw_chart(pair, **labels), f"chart-{number + 1:02}") for number, (key, pair) in drawn}
    pairs = tuple(_name_apart(pair, number) for number, pair in enumerate(report.figures[:SHOWN_PAIRS]))
    return Drawn(curves=curves, charts=charts, pairs=pairs)


def make_draft(report: Report, drawn: Drawn | None, dialect: Dialect, *, charts: bool) -> Draft:
    """Prepare a page whose pictures have no address yet; offer those that forges show."""
    most = _forms(dialect)[0].pictures
    own = [*drawn.curves.values(), *drawn.charts.values()] if drawn else []
    pairs = drawn.pairs[: max(0, most - len(own))] if drawn else ()
    sides = chain.from_iterable(map(_pictures, pairs))
    drawings = add_dark(own[:most]) if dialect in WITH_DARK else own[:most]
    figures = tuple(figure for figure in (*drawings, *sides) if _is_shown(figure))

    def write(addresses: Mapping[str, str]) -> Page:
        return render(report, drawn, addresses, dialect, charts=charts)

    return Draft(write=write, figures=figures)


def render(
    report: Report,
    drawn: Drawn | None,
    addresses: Mapping[str, str],
    dialect: Dialect = Dialect.GITHUB,
    *,
    charts: bool = False,
    whole: bool = False,
) -> Page:
    """Write a report as Markdown, in forms of falling length.

    Args:
        report: what is told.
        drawn: its pictures; None where none were made.
        addresses: where pictures are, by name. One without an address is told in words, a curve with a small line of
            characters too.
        dialect: what of Markdown the place shows.
        charts: whether such a curve becomes a chart in text as well, where the dialect has those.
        whole: whether a form comes first that leaves nothing out, for places with more room than a comment.
    """
    pairs = drawn.pairs if drawn else report.figures[:SHOWN_PAIRS]
    view = view_report(report, drawn.curves if drawn else {}, pairs, drawn.charts if drawn else {})
    known = addresses if drawn else {}
    for part in ("curves", "charts"):
        # What has an address is a picture, and a chart in text would say the same again.
        view[part] = [
            one if one.figure and one.figure.name in known else replace(one, figure=None) for one in view[part]
        ]
    if charts and dialect is not Dialect.BITBUCKET:
        view = add_charts(view, report, CHARTS)
    longest, *shorter = _forms(dialect)
    # The numbers of charts are the first to go: then nothing else is missing yet.
    kept = [longest, without_numbers(longest)] if view["charts"] and longest.numbers else [longest]
    forms = (
        *(_render_form(view, known, dialect, limits, shortened=False) for limits in kept),
        *(_render_form(view, known, dialect, limits, shortened=True) for limits in shorter),
    )
    if whole:
        forms = (_render_form(view, known, dialect, WHOLE, shortened=False), *forms)
    return Page(forms=forms)


def _render_form(
    view: Mapping[str, Any], addresses: Mapping[str, str], dialect: Dialect, limits: Limits, *, shortened: bool
) -> str:
    is_short, can_fold = limits is SHORT, dialect is not Dialect.BITBUCKET
    hidden = PARTS if is_short else () if can_fold else NEVER_UNFOLDED
    given = {
        **view,
        **view_form(view, addresses, limits),
        "short": is_short,
        "shortened": shortened,
        "html": can_fold,
        "has_dark": dialect in WITH_DARK,
        "left_out_parts": count_parts(view, hidden),
    }
    return _tidy(_templates(dialect)("comment.md.j2", given))


def _forms(dialect: Dialect) -> tuple[Limits, ...]:
    return {Dialect.BITBUCKET: UNFOLDED, Dialect.GITLAB: ON_GITLAB}.get(dialect, FORMS)


def _pictures(pair: FigurePair) -> Iterator[Figure]:
    """Give the pictures of a pair that are there, as they stand beside each other."""
    return (figure for figure in (pair.base, pair.head, pair.difference) if figure)


def _is_shown(figure: Figure) -> bool:
    return figure.media in SHOWN_MEDIA and len(figure.data) <= LARGEST_PICTURE


def _number(figure: Figure, number: str) -> Figure:
    """Give a picture of ours a name that no other one has."""
    return replace(figure, name=f"{number}-{figure.name}")


def _name_apart(pair: FigurePair, number: int) -> FigurePair:
    """Give the job's own pictures names that are safe in an address and differ between the sides."""

    def rename(figure: Figure | None, side: str) -> Figure | None:
        if figure is None:
            return None
        stem, _, ending = figure.name.rpartition("/")[2].rpartition(".")
        safe = re.sub(r"[^A-Za-z0-9_-]+", "-", stem or ending)[:60].strip("-") or "picture"
        ending = ENDINGS.get(figure.media, ("bin",))[0]
        # What the sides show their names tell; of what differs between them its words.
        caption = f"{figure.name}: {pair.told}" if figure is pair.difference else figure.name
        return replace(figure, name=f"picture-{number + 1:02}-{safe}-{side}.{ending}", caption=caption)

    return replace(
        pair,
        head=rename(pair.head, "here"),
        base=rename(pair.base, "before"),
        difference=rename(pair.difference, "difference"),
    )


def _tidy(text: str) -> str:
    """Leave no more than one blank line anywhere, and one line end at the end."""
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


@cache
def _templates(dialect: Dialect) -> Write:
    """Set the templates up for a dialect of Markdown."""
    is_bare = dialect is Dialect.BITBUCKET
    own: dict[str, Callable[..., str]] = {
        "md": _knowing_commits(escape_bare if is_bare else escape),
        "commands": mark_commands,
        "code": code_bare if is_bare else code,
        "address": address,
        "attribute": attribute,
        "dark": name_dark,
    }
    return open_templates(own, is_html=False)


def _knowing_commits(escaped: Callable[[str, int, frozenset[str]], str]) -> Callable[..., str]:
    """Make a filter of it that leaves the report's own commits as they are."""
    from jinja2 import pass_context

    @pass_context
    def escape_foreign(context: Context, text: str, limit: int = 120) -> str:
        return escaped(text, limit, context.get("commits", frozenset()))

    return escape_foreign
