"""Names from a pull request change nothing but texts: the report has the same structure as one with harmless names."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cml_bot.escape import JOINER, clean
from cml_bot.model import (
    Build,
    Check,
    Curve,
    Delta,
    Drift,
    Evidence,
    Figure,
    FigurePair,
    Form,
    Gate,
    Goal,
    Key,
    Method,
    Metric,
    Outcome,
    ParamDelta,
    Report,
    Role,
    Series,
    Side,
    Source,
    Verdict,
    Waiver,
)
from cml_bot.render import Drawn, draw_figures, render, render_html
from tests.test_escape import outline

NAMES: list[str] = json.loads((Path(__file__).parent / "names.json").read_text())
HARMLESS = [f"name {number}" for number in range(len(NAMES))]
BUILD = Build(server="https://github.com", repo="acme/churn", url="https://github.com/acme/churn/actions/runs/1")
ROLES = (Role.HEADLINE, Role.QUALITY, Role.BOOKKEEPING)


def metric(name: str, value: float) -> Metric:
    return Metric(name=name, group="g", values=(value,), unit=name, source=name)


def delta(name: str, number: int) -> Delta:
    """One of every kind: clear, unclear and the same; with both sides and with one."""
    is_real = (True, None, False)[number % 3]
    return Delta(
        key=Key("g", name),
        head=None if number % 10 == 9 else metric(name, 1.0),
        base=None if number % 10 == 8 else metric(name, 1.0 if is_real is False else 2.0),
        goal=Goal.HIGHER,
        unit=name,
        role=ROLES[number % len(ROLES)],
        evidence=Evidence(
            method=list(Method)[number % len(Method)],
            is_real=is_real,
            interval=(0.9, 1.1),
            p=0.03,
            adjusted=0.04,
            noise=0.1,
            n_history=9,
            note=name,
            decide=name or "more runs",
        ),
        history=(1.0, 2.0),
    )


def drift(name: str) -> Drift:
    return Drift(
        key=Key("g", name),
        best=2.0,
        level=1.0,
        noise=0.1,
        n_best=5,
        n_level=4,
        last_good="a" * 40,
        first_bad="b" * 40,
    )


def check(name: str, number: int) -> Check:
    outcome = (Outcome.FAIL, Outcome.WARN, Outcome.PASS)[number % 3]
    gate = Gate(text=name, pattern=name, form=Form.LIMIT, outcome=Outcome.FAIL, operator="<", bound=1.0)
    waiver = Waiver(gate=name, reason=name, until=date(2026, 12, 31)) if number % 5 == 1 else None
    # With a name of its own for every third, so that "on NAME" is written.
    key = (Key("g", name), Key("g", f"{name} of another"), None)[number % 3]
    return Check(gate=gate, key=key, outcome=outcome, reason=name, waiver=waiver)


def course(name: str, *ys: float) -> Series:
    return Series(name=name, x=tuple(range(len(ys))), y=ys, group="g", x_label=name, unit=name, source=name)


def picture(name: str) -> Figure:
    return Figure(name=name, media="image/png", data=b"\x89PNG", caption=name, source=name)


def report_of(names: Sequence[str], *, has_base: bool) -> Report:
    """A report with names in every text that comes from the repository under review."""
    one = names[NAMES.index("</td><script>alert(1)</script>")]
    return Report(
        name=one,
        title=one,
        version="0.1.0",
        created="2026-11-21T12:00:00Z",
        head=Side(sha="a1b2c3d" + "0" * 33, source=one, label=one),
        base=Side(
            sha="9f8e7d6" + "0" * 33 if has_base else "", source=one, kind=one if has_base else "none", label=one
        ),
        build=BUILD,
        verdict=Verdict(checks=tuple(check(name, number) for number, name in enumerate(names))),
        deltas=tuple(delta(name, number) for number, name in enumerate(names)),
        params=tuple(ParamDelta(key=Key("p", name), head=name, base=name) for name in names),
        curves=tuple(Curve(key=Key("g", name), head=course(name, 1.0, 2.0), base=None) for name in names),
        figures=tuple(FigurePair(name=name, head=picture(name), base=picture(name)) for name in names),
        drifts=tuple(map(drift, names)),
        band=tuple(names),
        like_for_like=tuple(names),
        notes=tuple(names),
        broken=tuple(names),
        unread=tuple(names),
        sources=tuple(Source(path=name, why=name) for name in names),
    )


def drawn(report: Report) -> Drawn:
    """Pictures with names of our own, as `draw_figures` gives them."""
    curves = {
        curve.key: Figure(name="01.png", media="image/png", data=b"", caption=curve.key.name)
        for curve in report.curves[:40]
    }
    pairs = tuple(
        FigurePair(
            name=pair.name,
            head=Figure(name="02.png", media="image/png", data=b"", caption=pair.name),
            base=Figure(name="03.png", media="image/png", data=b"", caption=pair.name) if number % 2 else None,
        )
        for number, pair in enumerate(report.figures)
    )
    return Drawn(curves=curves, pairs=pairs)


class Structure(HTMLParser):
    """The tags of a page with their attributes; of the texts that may differ, only that they are there."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.nodes: list[tuple[str, ...]] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = [name if name == "alt" else f"{name}={value}" for name, value in attrs]
        self.nodes.append((tag, *told))
        self.addresses += [
            value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "poster")
        ]
        self.text += "".join(value or "" for name, value in attrs if name == "alt")

    def handle_endtag(self, tag: str) -> None:
        self.nodes.append((f"/{tag}",))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.nodes.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.nodes.append(("declaration", decl))

    def handle_pi(self, data: str) -> None:
        self.nodes.append(("instruction", data))

    def unknown_decl(self, data: str) -> None:
        self.nodes.append(("unknown", data))


def page_of(names: Sequence[str], *, has_base: bool) -> str:
    report = report_of(names, has_base=has_base)
    return render_html(report, drawn(report))


@pytest.mark.parametrize("has_base", [True, False])
def test_the_structure_of_the_page_is_the_templates_own(has_base: bool) -> None:
    page = page_of(NAMES, has_base=has_base)
    hostile, harmless = Structure(page), Structure(page_of(HARMLESS, has_base=has_base))
    assert hostile.nodes == harmless.nodes
    assert {"script", "iframe", "link", "object", "base"}.isdisjoint(tag for tag, *_ in hostile.nodes)
    assert "<script" not in page.lower()
    assert not [attribute for _, *told in hostile.nodes for attribute in told if attribute.startswith("on")]


@pytest.mark.parametrize("has_base", [True, False])
def test_the_page_has_no_address_outside_but_the_build(has_base: bool) -> None:
    addresses = Structure(page_of(NAMES, has_base=has_base)).addresses
    assert addresses
    assert not [one for one in addresses if not one.startswith("data:image/png;base64,") and one != BUILD.url]


def test_the_page_shows_every_name_as_it_was_written() -> None:
    text = Structure(page_of(NAMES, has_base=True)).text
    assert [name for name in NAMES if clean(name) not in text] == []


@pytest.mark.parametrize("form", ["body", "short"])
@pytest.mark.parametrize("has_pictures", [True, False])
@pytest.mark.parametrize("has_base", [True, False])
def test_the_structure_of_the_markdown_is_the_templates_own(form: str, has_pictures: bool, has_base: bool) -> None:
    hostile, harmless = (
        outline(getattr(render(report, drawn(report) if has_pictures else None), form))
        for report in (report_of(names, has_base=has_base) for names in (NAMES, HARMLESS))
    )
    assert hostile.tags == harmless.tags
    links = [tag for tag in hostile.tags if re.match("<a |<img ", tag)]
    assert links
    assert not [tag for tag in links if "'cid:0" not in tag and BUILD.url not in tag]
    assert not [tag for tag in hostile.tags if tag.startswith(("<!", "<?"))]


@pytest.mark.parametrize("has_pictures", [True, False])
def test_nobody_is_called_and_no_issue_is_named(has_pictures: bool) -> None:
    report = report_of(NAMES, has_base=True)
    page = outline(render(report, drawn(report) if has_pictures else None).body)
    inside_code = 0
    for tag, text in zip(["", *page.tags], page.texts, strict=True):
        inside_code += tag.startswith("<code") - tag.startswith("</code")
        if not inside_code:
            assert not re.search(r"@\w|#\d|!\d|\w://|\bwww\.|\bGH-\d", text), text
    assert JOINER in "".join(page.texts)


def test_pictures_of_the_job_get_names_that_are_safe_in_an_address() -> None:
    report = report_of(NAMES, has_base=True)
    without_curves = replace(report, curves=())
    names = [figure.name for figure in draw_figures(without_curves).figures]
    assert names
    assert len(set(names)) == len(names)
    assert not [name for name in names if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name)]
