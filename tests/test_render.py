"""Names from a pull request change nothing but texts: the report has the same structure as one with harmless names."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cml_bot.draw import can_write
from cml_bot.escape import JOINER, clean
from cml_bot.model import (
    Bars,
    Build,
    Chart,
    ChartPair,
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
    Matrix,
    Method,
    Metric,
    Outcome,
    ParamDelta,
    Points,
    Report,
    Role,
    Series,
    Side,
    Source,
    Verdict,
    Waiver,
)
from cml_bot.page import render_html
from cml_bot.publish import FOOTER
from cml_bot.render import DRAWN_CHARTS, DRAWN_CURVES, Drawn, draw_figures, make_draft, render
from cml_bot.review import LARGEST_PICTURE, Dialect
from cml_bot.views import SHOWN_PAIRS
from tests.making import make_report, make_run
from tests.test_escape import outline, to_html

NAMES: list[str] = json.loads((Path(__file__).parent / "names.json").read_text())
HARMLESS = [f"name {number}" for number in range(len(NAMES))]
ALIKE = [
    f"{name}{'.' * len(other)}" if can_write(other) else f"名 {name}{'.' * len(other)}"
    for name, other in zip(HARMLESS, NAMES, strict=True)
]
"""Harmless too; a name that pictures have no letters for stands above its own, and so do these."""
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


def chart_pair(name: str, number: int) -> ChartPair:
    """One of every kind, on both sides and on one."""
    labels = (name, "another", f"{name} too")
    one: Chart = (
        Matrix(name=name, rows=labels, columns=labels, values=((5.0, 2.0, 0.0), (1.0, 4.0, 0.0), (0.0, 0.0, 3.0))),
        Bars(name=name, labels=labels, values=(3.0, 2.0, 1.0), unit=name),
        Points(name=name, x=(0.0, 1.0), y=(0.5, 1.0), x_label=name, y_label=name, is_line=number % 2 == 0),
    )[number % 3]
    return ChartPair(key=Key("c", name), head=None if number % 10 == 9 else one, base=None if number % 10 == 8 else one)


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
        charts=tuple(chart_pair(name, number) for number, name in enumerate(names)),
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

    def figure(name: str, caption: str) -> Figure:
        return Figure(name=f"{name}.png", media="image/png", data=b"", caption=caption, width=400, dark=b"1")

    curves = {
        curve.key: figure(f"0-{number}", curve.key.name) for number, curve in enumerate(report.curves[:DRAWN_CURVES])
    }
    charts = {
        pair.key: figure(f"0-{number}-chart", pair.key.name) for number, pair in enumerate(report.charts[:DRAWN_CHARTS])
    }
    pairs = tuple(
        FigurePair(
            name=pair.name,
            head=figure(f"0-{number}-here", pair.name),
            base=figure(f"0-{number}-before", pair.name) if number % 2 else None,
            difference=figure(f"0-{number}-difference", f"{pair.name}, difference") if number % 2 else None,
            told=f"so much on {pair.name}" if number % 2 else "",
            is_base_lost=number % 4 == 2,
        )
        for number, pair in enumerate(report.figures[:SHOWN_PAIRS])
    )
    return Drawn(curves=curves, charts=charts, pairs=pairs)


def addresses(report: Report) -> dict[str, str]:
    """Where the pictures of `drawn` are."""
    return {figure.name: f"figures/{figure.name}" for figure in drawn(report).figures}


def forms(report: Report, *, has_pictures: bool, dialect: Dialect = Dialect.GITHUB) -> tuple[str, ...]:
    if has_pictures:
        return render(report, drawn(report), addresses(report), dialect).forms
    return render(report, None, {}, dialect, charts=True).forms


FOREIGN = ("alt", "aria-label", "data-name", "title")
"""Attributes that may hold foreign text."""


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
        told = [name if name in FOREIGN else f"{name}={value}" for name, value in attrs]
        self.nodes.append((tag, *told))
        self.addresses += [
            value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "poster")
        ]
        self.text += "".join(value or "" for name, value in attrs if name in FOREIGN)

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
    hostile, harmless = Structure(page), Structure(page_of(ALIKE, has_base=has_base))
    assert hostile.nodes == harmless.nodes
    assert {"iframe", "link", "object", "base"}.isdisjoint(tag for tag, *_ in hostile.nodes)
    assert set(re.findall("<script[^>]*>", page.lower())) == {
        "<script>",
        '<script type="application/json" id="charts">',
    }
    assert not [attribute for _, *told in hostile.nodes for attribute in told if attribute.startswith("on")]


@pytest.mark.parametrize("has_base", [True, False])
def test_the_page_has_no_address_outside_but_the_build(has_base: bool) -> None:
    addresses = Structure(page_of(NAMES, has_base=has_base)).addresses
    assert addresses
    own = ("data:image/png;base64,", "#")
    assert not [one for one in addresses if not one.startswith(own) and one != BUILD.url]


def test_the_page_shows_every_name_as_it_was_written() -> None:
    text = Structure(page_of(NAMES, has_base=True)).text
    assert [name for name in NAMES if clean(name) not in text] == []


@pytest.mark.parametrize("dialect", [Dialect.GITHUB, Dialect.GITLAB])
@pytest.mark.parametrize("form", [0, 1, 2])
@pytest.mark.parametrize("has_pictures", [True, False])
@pytest.mark.parametrize("has_base", [True, False])
def test_the_structure_of_the_markdown_is_the_templates_own(
    form: int, has_pictures: bool, has_base: bool, dialect: Dialect
) -> None:
    hostile, harmless = (
        outline(forms(report_of(names, has_base=has_base), has_pictures=has_pictures, dialect=dialect)[form])
        for names in (NAMES, ALIKE)
    )
    assert hostile.tags == harmless.tags
    links = [tag for tag in hostile.tags if re.match("<a |<img ", tag)]
    assert links
    assert not [tag for tag in links if "'figures/0-" not in tag and BUILD.url not in tag]
    assert not [tag for tag in hostile.tags if tag.startswith(("<!", "<?"))]


@pytest.mark.parametrize("has_pictures", [True, False])
def test_nobody_is_called_and_no_issue_is_named(has_pictures: bool) -> None:
    report = report_of(NAMES, has_base=True)
    page = outline(forms(report, has_pictures=has_pictures)[0])
    inside_code = 0
    for tag, text in zip(["", *page.tags], page.texts, strict=True):
        inside_code += tag.startswith("<code") - tag.startswith("</code")
        if not inside_code:
            assert not re.search(r"@\w|#\d|!\d|\w://|\bwww\.|\bGH-\d", text), text
    assert JOINER in "".join(page.texts)


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("has_pictures", [True, False])
def test_each_form_is_shorter_and_the_last_fits_everywhere(has_pictures: bool, dialect: Dialect) -> None:
    report = report_of(NAMES, has_base=True)
    full, *_, middle, short = forms(report, has_pictures=has_pictures, dialect=dialect)
    assert len(full) > len(middle) > len(short)
    assert len(short) < 30_000
    where = "The whole report is in the folder mlbot-report of the job, linked below."
    assert where in middle
    assert where in short
    assert "Not shown here: 60 curves changed, 60 charts changed, 60 pictures changed" in short
    assert middle.count("![") + middle.count("<img") <= 8
    assert middle.count("```mermaid") <= 4


@pytest.mark.parametrize("dialect", Dialect)
def test_every_form_ends_with_the_footer_that_does_not_count_as_a_change(dialect: Dialect) -> None:
    for form in forms(report_of(NAMES, has_base=True), has_pictures=True, dialect=dialect):
        assert FOOTER.fullmatch(form.splitlines()[-1])


@pytest.mark.parametrize("has_pictures", [True, False])
def test_bitbucket_gets_no_html_alert_or_chart(has_pictures: bool) -> None:
    for form in forms(report_of(HARMLESS, has_base=True), has_pictures=has_pictures, dialect=Dialect.BITBUCKET):
        assert not re.search(r"<\w|</|&\w+;|&#|\[!|```", form)


def test_a_picture_is_shown_if_and_only_if_it_has_an_address() -> None:
    report = report_of(HARMLESS, has_base=True)
    pictures = drawn(report)
    one, *_ = pictures.curves.values()
    before = next(pair.base for pair in pictures.pairs if pair.base)
    place = {one.name: "/uploads/0a1b/a (1).png", before.name: 'https://f.example/a.png?x="1"'}
    page = render(report, pictures, place, Dialect.GITLAB)
    assert re.findall(r"!\[.*?\]\((.*?)\)", page.body) == ["https://f.example/a.png?x=%221%22"]
    assert re.findall(r'<img alt="[^"]*" width="400" src="(.*?)">', page.body) == ["/uploads/0a1b/a%20%281%29.png"]
    assert "| cannot be shown here |" in page.body
    assert "- name 0 is new" in page.body
    assert "- name 2 may have changed: the picture of name 26 is not kept" in page.body
    assert "- name 3 differs: so much on name 3" in page.body
    for body in (render(report, pictures, {}).body, render(report, None, place).body):
        assert not re.search(r"!\[|<img", body)


def test_a_draft_offers_what_a_forge_can_show() -> None:
    report = report_of(HARMLESS, has_base=True)
    png, svg, large = (
        Figure(name=f"{name}.png", media=media, data=data)
        for name, media, data in (
            ("a", "image/png", b"1"),
            ("b", "image/svg+xml", b"1"),
            ("c", "image/png", bytes(LARGEST_PICTURE + 1)),
        )
    )
    pairs = (FigurePair(name="x", head=png, base=svg), FigurePair(name="y", head=large, base=None))
    draft = make_draft(report, Drawn(curves={}, pairs=pairs), Dialect.GITHUB, charts=False)
    assert draft.figures == (png,)
    assert "](https://f.example/a.png)" in draft.write({"a.png": "https://f.example/a.png"}).body
    assert make_draft(report, None, Dialect.GITHUB, charts=False).figures == ()


@pytest.mark.parametrize("dialect", Dialect)
def test_a_draft_offers_no_more_than_its_page_shows(dialect: Dialect) -> None:
    report = report_of(HARMLESS, has_base=True)
    draft = make_draft(report, drawn(report), dialect, charts=False)
    body = draft.write({figure.name: f"https://f.example/{figure.name}" for figure in draft.figures}).body
    assert len(draft.figures) == body.count("https://f.example/") > 0
    assert any("-dark" in figure.name for figure in draft.figures) is (dialect is Dialect.GITHUB)


def test_a_picture_is_as_wide_as_its_drawing_and_dark_on_dark_pages() -> None:
    report = report_of(HARMLESS, has_base=True)
    body = render(report, drawn(report), addresses(report)).body
    dark, light = "figures/0-0-dark.png", "figures/0-0.png"
    source = f'<source media="(prefers-color-scheme: dark)" srcset="{dark}">'
    assert f'<picture>{source}<img alt="{HARMLESS[0]}" width="400" src="{light}"></picture>' in body
    assert dark not in render(report, drawn(report), addresses(report), Dialect.GITLAB).body
    bare = render(report, drawn(report), addresses(report), Dialect.BITBUCKET).body
    assert f"![{HARMLESS[0]}]({light})" in bare


def test_charts_in_text_are_one_a_curve_and_of_the_training_last() -> None:
    names = [f"{part}/metric {number}" for number in range(5) for part in ("train", "val")]
    report = replace(report_of(HARMLESS, has_base=True), charts=())
    curves = tuple(Curve(key=Key("g", name), head=course(name, 1.0, 2.0), base=None) for name in names)
    body = render(replace(report, curves=curves), None, {}, charts=True).body
    shown = [name.replace(JOINER, "") for name in re.findall(r"^\*\*(.*)\*\* \(", body, re.MULTILINE)]
    assert shown == [*(name for name in names if name.startswith("val")), "train/metric 0"]
    assert "<summary>10 curves" in body


def test_pictures_are_one_paragraph() -> None:
    whole = report_of(HARMLESS, has_base=True)
    report = replace(whole, curves=whole.curves[:3], charts=())
    html = to_html(render(report, drawn(report), addresses(report)).body)
    # On one line: GitHub makes a break of each line end in a comment.
    assert re.search(r"<p>(<picture>[^\n]*</picture> ?){3}</p>", html)


def test_the_first_curves_are_open_and_the_others_a_click_away() -> None:
    whole = report_of(HARMLESS, has_base=True)
    curves = tuple(Curve(key=Key("g", f"m{n}"), head=course(f"m{n}", 1.0, 2.0), base=None) for n in range(9))
    report = replace(whole, curves=curves, charts=(), figures=())
    opened, folded = render(report, drawn(report), addresses(report)).body.split("<summary>3 more curves</summary>")
    assert opened.count("<picture>") == 6
    assert folded.count("<picture>") == 3


def test_a_curve_without_any_number_is_no_picture() -> None:
    nothing = Curve(key=Key("g", "m"), head=course("m", math.nan, math.nan), base=None)
    report = replace(report_of(HARMLESS, has_base=True), curves=(nothing,), charts=(), figures=())
    assert not draw_figures(report).curves


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_an_alternative_text_is_an_attribute_and_nothing_else(name: str) -> None:
    whole = report_of(HARMLESS, has_base=True)
    report = replace(whole, curves=whole.curves[:1], charts=(), figures=())
    pictures = drawn(report)
    named = {key: replace(figure, caption=name) for key, figure in pictures.curves.items()}
    body = render(report, replace(pictures, curves=named, charts={}, pairs=()), addresses(report)).body
    parts = [str(part) for part in re.findall(r"<picture>.*</picture>", to_html(body))]
    page = Structure(parts[0])
    assert len(parts) == 1
    assert [node[0] for node in page.nodes] == ["picture", "source", "img", "/picture"]
    assert page.text.replace(JOINER, "") == clean(name, 300).replace(JOINER, "")


@pytest.mark.parametrize("dialect", Dialect)
def test_numbers_of_a_strangers_job_are_called_so_above_the_table(dialect: Dialect) -> None:
    trusted = report_of(HARMLESS, has_base=True)
    stranger = replace(trusted, is_trusted=False)
    for form in render(stranger, None, {}, dialect).forms:
        assert "nobody else has measured them" in form.partition("\n|")[0]
    assert "nobody else has measured them" in render_html(stranger, drawn(stranger)).partition("<table")[0]
    assert "nobody else has measured them" not in render(trusted, None, {}, dialect).body
    assert "nobody else has measured them" not in render_html(trusted, drawn(trusted))


def test_pictures_of_the_job_get_names_that_are_safe_in_an_address() -> None:
    report = report_of(NAMES, has_base=True)
    without_curves = replace(report, curves=(), charts=())
    names = [figure.name for figure in draw_figures(without_curves).figures]
    assert names
    assert len(set(names)) == len(names)
    assert not [name for name in names if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name)]


def test_where_there_is_room_nothing_is_left_out() -> None:
    names = [f"metric_{number}" for number in range(1500)]
    report = make_report(make_run(**dict.fromkeys(names, 1.0)), make_run(**dict.fromkeys(names, 2.0)))
    comment, whole = render(report, None, {}), render(report, None, {}, whole=True)
    assert whole.forms[1:] == comment.forms
    assert all(f"| {name} " in whole.body for name in names)
    assert sum(f"| {name} " in comment.body for name in names) < 500


def test_a_name_without_letters_stands_above_its_picture() -> None:
    named = Curve(key=Key("g", "验证损失"), head=course("验证损失", 1.0, 2.0), base=None)
    report = replace(report_of(HARMLESS, has_base=True), curves=(named,), charts=(), figures=())
    html = to_html(render(report, drawn(report), addresses(report)).body)
    assert re.search(r"<p><strong>验证损失</strong></p>\s*<p><picture>", html)
