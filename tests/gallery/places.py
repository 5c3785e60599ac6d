"""Where a report is read: each writes it as it is written in earnest, as one page of HTML with its pictures beside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cml_bot.differences import add_differences
from cml_bot.model import Report
from cml_bot.page import render_html
from cml_bot.publish import Marker
from cml_bot.render import Drawn, draw_figures, make_draft
from cml_bot.review import Dialect
from tests.gallery import bitbucket, github, gitlab
from tests.gallery.cases import ALSO

FIGURES = "figures"
LIMITS = {Dialect.GITHUB: 65_000, Dialect.GITLAB: 100_000, Dialect.BITBUCKET: 32_000}
"""Characters of a comment; see the forges' own modules."""
ALL = ("light-wide", "dark-wide", "light-phone", "dark-phone")
ONE_EACH = ("open-light-wide", "open-dark-phone")
LIGHT = ("light-wide", "light-phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place, and how it is looked at."""

    show: Callable[[str], str] | None = None
    """What makes a page of a comment; None for the report's own page."""
    dialect: Dialect = Dialect.GITHUB
    looks: tuple[str, ...] = ALL
    """``open-`` begins one with everything unfolded."""
    is_hosted: bool = True
    """Whether pictures can be shown; else curves are charts in text."""
    is_short: bool = False
    is_rare: bool = False
    """Whether only the cases of `ALSO` are looked at in it."""
    width: int = 0
    """CSS pixels of a window in which the column of comments is as wide as on a desk; 0 for the whole window."""

    def write(self, report: Report, drawn: Drawn) -> str:
        """Write the page that is looked at."""
        return self.show(write_comment(report, drawn, self)) if self.show else render_html(report, drawn)


def write_comment(report: Report, drawn: Drawn, place: Place) -> str:
    """Write the comment as it is published: with addresses of pictures, in the longest form that the forge takes."""
    draft = make_draft(report, drawn if place.is_hosted else None, place.dialect, charts=True)
    page = draft.write({figure.name: f"{FIGURES}/{figure.name}" for figure in draft.figures})
    marker = Marker(name=report.name, sha=report.build.sha, run_id=report.build.run_id).write(place.dialect)
    bodies = [f"{marker}\n{form}" for form in page.forms]
    return bodies[-1] if place.is_short else next(body for body in bodies if len(body) <= LIMITS[place.dialect])


PLACES: Mapping[str, Place] = {
    "github": Place(show=github.show, looks=(*ALL, "open-light-wide"), width=900),
    "github-charts": Place(show=github.show, looks=ONE_EACH, is_hosted=False, width=900),
    "gitlab": Place(show=gitlab.show, dialect=Dialect.GITLAB, width=960),
    "gitlab-charts": Place(show=gitlab.show, dialect=Dialect.GITLAB, looks=ONE_EACH, is_hosted=False, width=960),
    "bitbucket": Place(show=bitbucket.show, dialect=Dialect.BITBUCKET, looks=LIGHT, is_rare=True, width=860),
    "short": Place(show=github.show, looks=("light-wide", "dark-phone"), is_short=True, is_rare=True, width=900),
    "mail": Place(show=bitbucket.show_source, looks=LIGHT, is_rare=True, width=860),
    "page": Place(looks=(*ALL, "open-light-wide")),
}


def write_pages(folder: Path, case: str, report: Report, only: str) -> Iterable[str]:
    """Write the report for every place that it is looked at in; give the names of these.

    Args:
        folder: of the case.
        case: its name.
        report: what is told.
        only: ``markdown``, ``page``, or empty for both.
    """
    report = replace(report, figures=add_differences(report.figures, report.base.label))
    drawn = draw_figures(report)
    (folder / FIGURES).mkdir(parents=True, exist_ok=True)
    for figure in drawn.figures:
        (folder / FIGURES / figure.name).write_bytes(figure.data)
    has_charts = bool(report.curves or report.charts)
    for name, place in PLACES.items():
        is_wanted = only in ("", "markdown" if place.show else "page")
        is_worth_it = name in ALSO.get(case, ()) if place.is_rare else has_charts or place.is_hosted
        if is_wanted and is_worth_it:
            (folder / f"{name}.html").write_text(place.write(report, drawn), encoding="utf-8")
            yield name
