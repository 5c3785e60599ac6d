"""Step 4: a Report to a Page (Markdown, full and short) or to one stand-alone HTML file."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from cml_bot.draw import describe_curve, draw_curve
from cml_bot.escape import clean, code, escape
from cml_bot.filters import plural, sparkline
from cml_bot.model import ENDINGS, Figure, FigurePair, Key, Outcome, Page
from cml_bot.names import name_of, shared_names
from cml_bot.wording import (
    OUTCOMES,
    first_line,
    fold_titles,
    rank,
    second_line,
    sort_rows,
    tell_check,
    tell_next,
)
from cml_bot.wording_noise import tell_drift, tell_methods, tell_proofs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2.sandbox import SandboxedEnvironment

    from cml_bot.model import Check, Curve, ParamDelta, Report, Series

SHOWN_PAIRS = 20
"""Pictures of the job, each with both sides; a folder of thousands would make a page that nobody can open."""
DRAWN_CURVES = 20
"""More pictures than this nobody looks at; the others are told in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many of each a form shows; what is left out is counted."""

    folded: int
    """Rows of one folded part."""
    checks: int
    unread: int
    """Files that could not be read."""
    notes: int
    sources: int


FULL = Limits(folded=400, checks=50, unread=20, notes=60, sources=40)
SHORT = Limits(folded=0, checks=8, unread=3, notes=0, sources=0)
PAGE = Limits(folded=2000, checks=500, unread=100, notes=500, sources=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The pictures of a report, made once for all its forms."""

    curves: Mapping[Key, Figure]
    pairs: tuple[FigurePair, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All of them, each with a name of its own."""
        return (*self.curves.values(), *(side for pair in self.pairs for side in (pair.base, pair.head) if side))


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveView:
    """A curve as the templates see it: a picture, or a line of text."""

    name: str
    caption: str
    head_line: str
    base_line: str
    figure: Figure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """A check as the templates see it."""

    symbol: str
    text: str
    name: str
    said: str
    reason: str


def draw_figures(report: Report) -> Drawn:
    """Draw the curves of a report, and give the job's own pictures names that are safe in an address.

    Importing matplotlib alone costs half a second: only for forms that can show pictures, and only if there are curves.
    """
    titled = list(_titled(report).items())[:DRAWN_CURVES]
    curves = {key: _draw(curve, number, report) for number, (key, curve) in enumerate(titled)}
    pairs = tuple(_name_apart(pair, number) for number, pair in enumerate(report.figures[:SHOWN_PAIRS]))
    return Drawn(curves=curves, pairs=pairs)


def render(report: Report, drawn: Drawn | None) -> Page:
    """Write a report as Markdown.

    With figures, the text refers to them as ``cid:NAME``; without, curves are told in words and small lines of
    characters.
    """
    view = _view(report, drawn)
    template = _environment(autoescape=False).get_template("comment.md.j2")
    left_out = "This is the short form. The whole report is in the folder mlbot-report of the job."
    body = template.render(**view, short=False, limits=FULL)
    short = template.render(**view, short=True, limits=SHORT, left_out_in_short=left_out)
    return Page(body=_tidy(body), short=_tidy(short), figures=drawn.figures if drawn else ())


def render_html(report: Report, drawn: Drawn) -> str:
    """Write a report as one HTML file with everything in it: no other file, no address outside."""
    view = _view(report, drawn)
    return _tidy(_environment(autoescape=True).get_template("page.html.j2").render(**view, limits=PAGE))


def _view(report: Report, drawn: Drawn | None) -> dict[str, Any]:
    """Gather what the templates of all forms are given."""
    rows = sort_rows(report)
    symbol, line = first_line(report, rows)
    shared = shared_names(delta.key for delta in report.deltas)
    checks = [(check, _check_view(check, shared)) for check in sorted(report.verdict.checks, key=rank)]
    curves = _curve_views(report, drawn.curves if drawn else {})
    return {
        "report": report,
        "rows": rows,
        "symbol": symbol,
        "line": line,
        "sentence": second_line(report, rows),
        "base_label": clean(report.base.label, 60) if report.base.label else "before",
        "params": _param_views(report),
        "unread": (*report.broken, *report.unread),
        "titles": fold_titles(report, rows),
        "next": tell_next(report, rows.first),
        "loud_checks": [view for check, view in checks if check.outcome is not Outcome.PASS],
        "quiet_checks": [view for check, view in checks if check.outcome is Outcome.PASS],
        "curves": curves,
        "textual_curves": [curve for curve in curves if curve.figure is None],
        "figures": drawn.pairs if drawn else report.figures[:SHOWN_PAIRS],
        "hidden_figures": max(0, len(report.figures) - SHOWN_PAIRS),
        "methods": tell_methods(report),
        "proofs": tell_proofs(report),
        "drifts": [tell_drift(drift, shared) for drift in report.drifts],
        "pictures": drawn is not None,
    }


def _param_views(report: Report) -> list[tuple[str, ParamDelta]]:
    """Name every parameter that differs, with its file where two of them are called the same."""
    shared = shared_names(param.key for param in report.params)
    return [(name_of(param.key, shared), param) for param in report.params]


def _check_view(check: Check, shared: frozenset[str]) -> CheckView:
    return CheckView(
        symbol=OUTCOMES[check.outcome][0],
        text=check.gate.text,
        name=name_of(check.key, shared) if check.key else "",
        said=tell_check(check),
        reason=check.reason,
    )


def _curve_views(report: Report, drawn: Mapping[Key, Figure]) -> list[CurveView]:
    return [
        CurveView(
            name=curve.key.name,
            caption=describe_curve(curve, **_labels(report)),
            head_line=sparkline(_ys(curve.head), beside=_ys(curve.base)),
            base_line=sparkline(_ys(curve.base), beside=_ys(curve.head)),
            figure=drawn.get(key),
        )
        for key, curve in _titled(report).items()
    ]


def _titled(report: Report) -> dict[Key, Curve]:
    """Give every curve the name that its picture and its line of text are headed with."""
    shared = shared_names(curve.key for curve in report.curves)
    return {curve.key: replace(curve, key=Key("", name_of(curve.key, shared))) for curve in report.curves}


def _ys(series: Series | None) -> Sequence[float]:
    return series.y if series else ()


def _draw(curve: Curve, number: int, report: Report) -> Figure:
    figure = draw_curve(curve, goal=curve.goal, **_labels(report))
    return replace(figure, name=f"{number + 1:02}-{figure.name}")


def _labels(report: Report) -> dict[str, str]:
    return {"head_label": "this branch", "base_label": report.base.label or "before"}


def _name_apart(pair: FigurePair, number: int) -> FigurePair:
    """Give the job's own pictures names that are safe in an address and differ between the sides."""

    def rename(figure: Figure | None, side: str) -> Figure | None:
        if figure is None:
            return None
        stem, _, ending = figure.name.rpartition("/")[2].rpartition(".")
        safe = re.sub(r"[^A-Za-z0-9_-]+", "-", stem or ending)[:60].strip("-") or "picture"
        ending = ENDINGS.get(figure.media, ("bin",))[0]
        return replace(figure, name=f"picture-{number + 1:02}-{safe}-{side}.{ending}", caption=figure.name)

    return replace(pair, head=rename(pair.head, "here"), base=rename(pair.base, "before"))


def _tidy(text: str) -> str:
    """Leave no more than one blank line anywhere, and one line end at the end."""
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def _data_address(figure: Figure) -> str:
    return f"data:{figure.media};base64,{b64encode(figure.data).decode('ascii')}"


@cache
def _environment(*, autoescape: bool) -> SandboxedEnvironment:
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(
        loader=FileSystemLoader(_template_folders()),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "md": escape,
        "code": code,
        "clean": clean,
        "plural": plural,
        "data_address": _data_address,
    }
    return environment


def _template_folders() -> Sequence[str]:
    """The templates lie in the wheel under cml_bot, and in a checkout beside it."""
    from pathlib import Path

    here = Path(__file__).parent
    return [str(here / "templates"), str(here.parent / "templates" / "report")]
