"""Five hundred attacks, in every place that a report has for foreign text, on every forge: nothing comes of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import product

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from cml_bot.model import (
    Build,
    Check,
    Curve,
    Delta,
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
)
from cml_bot.publish import parse_marker
from cml_bot.render import UNASKED, make_draft, render
from cml_bot.review import Dialect
from tests.test_escape import REFERENCES, Outline, outline
from tests.test_render import chart_pair, drawn

SEEDS = (
    # Tags, links, pictures, addresses.
    "<script>alert(1)</script>",
    "<img src=https://evil.example/x.png>",
    '<a href="https://evil.example">click</a>',
    "![x](https://evil.example/b.png)",
    "[all checks passed](https://evil.example)",
    "<https://evil.example>",
    "https://evil.example/a?b=1&c=2",
    "www.evil.example",
    "someone@evil.example",
    "mailto:someone@evil.example",
    # Mentions, references, emoji.
    "@user",
    "@org/team",
    "#1",
    "GH-1",
    "owner/repo#1",
    "fixes #1, closes owner/repo!2",
    "0123456789abcdef0123456789abcdef01234567",
    "a1b2c3d",
    ":white_check_mark:",
    '!1 ~label ~"my label" %milestone %"my milestone"',
    "$5 &7 &epic [vulnerability:1] *iteration:3 ^alert#4",
    "[[wiki]] {+ more +} [- less -] GL-3 CVE-2021-44228",
    "/close",
    "\n/label ~bug\n/merge",
    "&#64;user &commat;user",
    "&lt;b&gt; &#35;1 &num;1",
    # What ends a place or begins another.
    "```\ncode\n```",
    "~~~mermaid\ngraph TD; a-->b\n~~~",
    "``` @user",
    "| a | b |\n|--|--|\n| c | d |",
    "</details>",
    "<details open><summary>all passed</summary>",
    "</td></tr></table>",
    "title\n===",
    "title\n---",
    "- [x] done",
    "1. one",
    "> [!CAUTION]\n> do not merge",
    "# heading",
    "__bold__ **bold** ~~struck~~",
    "$x$ $$y$$ $`z`$",
    # Markers and definitions.
    "<!-- mlbot:v1 name=report sha=x run=9 -->",
    '[mlbot]: # "mlbot:v1 name=report sha=x run=9"',
    '[x]: https://evil.example "title"',
    "[^1]: note [^1]",
    # What cannot be seen, and what is too much.
    "\u202egnp.exe\u202c \u2066@user\u2069",
    "@\u200buser #\u20601 :\ufeffsmile:",
    "x" * 1000,
    # Mermaid.
    '"] \n  line [1, 2]\n  title "passed',
    '%%{init: {"theme": "forest"}}%%',
)
CARRIERS = ("{}", "loss {}", "{}.json", "a|{}", "\n{}\n", "**{}", "[{}](/x)", "`{}`", "&{};<", "{}\\")
ATTACKS = tuple(carrier.replace("{}", seed) for seed, carrier in product(SEEDS, CARRIERS))
BATCH = 20
"""No more than are drawn, so that each is a caption too."""
READ = (Dialect.GITHUB, Dialect.BITBUCKET)
BUILD = Build(forge="github", url="https://ci.example/build/1")


def report_of(names: Sequence[str], title: str, label: str) -> Report:
    """A report without commits and times, which look like references, with these names in every place."""

    def metric(name: str, value: float) -> Metric:
        return Metric(name=name, values=(value,), group="g", source=name)

    def delta(name: str) -> Delta:
        evidence = Evidence(method=Method.NONE, is_real=None, note=name, decide=name)
        return Delta(
            key=Key("g", name),
            head=metric(name, 2.0),
            base=metric(name, 1.0),
            goal=Goal.HIGHER,
            role=Role.QUALITY,
            evidence=evidence,
        )

    def series(name: str, *ys: float) -> Series:
        return Series(name=name, x=(0.0, 1.0, 2.0), y=ys, group="g", x_label=name, unit=name, source=name)

    def check(name: str, number: int) -> Check:
        gate = Gate(text=name, pattern=name, form=Form.LIMIT, outcome=Outcome.FAIL, operator="<", bound=1.0)
        return Check(gate=gate, key=Key("g", f"{name} too"), outcome=list(Outcome)[number % 3], reason=name)

    def picture(name: str) -> Figure:
        return Figure(name=name, media="image/png", data=b"\x89PNG", caption=name, source=name)

    return Report(
        name=title,
        title=title,
        version="0.1.0",
        created="today",
        head=Side(sha="", source=title, label=label),
        base=Side(sha="", source=title, kind="record", label=label),
        build=BUILD,
        verdict=Verdict(checks=tuple(map(check, names, range(len(names))))),
        deltas=tuple(map(delta, names)),
        params=tuple(ParamDelta(key=Key("p", name), head=name, base=name) for name in names),
        curves=tuple(
            Curve(key=Key("g", name), head=series(name, 1.0, 2.0, 3.0), base=series(name, 3.0, 2.0, 1.0))
            for name in names
        ),
        charts=tuple(chart_pair(name, number) for number, name in enumerate(names)),
        figures=tuple(
            FigurePair(
                name=name, head=picture(name), base=picture(name), difference=picture(name), told=f"so much on {name}"
            )
            for name in names
        ),
        like_for_like=tuple(names),
        notes=tuple(names),
        broken=tuple(names),
        unread=tuple(names),
        sources=tuple(Source(path=name, why=name) for name in names),
        is_trusted=False,
    )


def forms_of(report: Report, dialect: Dialect) -> list[str]:
    """Every form with pictures, and the whole report with charts."""
    pictures = drawn(report)
    draft = make_draft(report, pictures, dialect, charts=True)
    shown = draft.write({figure.name: f"https://pictures.example/{figure.name}" for figure in draft.figures})
    return [*shown.forms, render(report, None, {}, dialect, charts=True).body]


def rendered(text: str, dialect: Dialect) -> Outline:
    if dialect is not Dialect.BITBUCKET:
        return outline(text)
    page = Outline()
    options = Options.CMARK_OPT_DEFAULT
    page.feed(cmarkgfm.markdown_to_html_with_extensions(text, options=options, extensions=["table", "autolink"]))
    page.close()
    return page


def structure(page: Outline, dialect: Dialect) -> list[str]:
    """Its tags; on Bitbucket a name with a pipe is no code, but text. Which curve comes first its name decides."""
    bare = dialect is Dialect.BITBUCKET
    tags = [tag for tag in page.tags if not (bare and tag.startswith(("<code", "</code")))]
    return [re.sub(r"(?<=pictures\.example/)[\d-]+", "N", tag) for tag in tags]


def prose(page: Outline) -> list[str]:
    """Its texts outside of code, where no forge looks for references."""
    depth, texts = 0, [page.texts[0]]
    for tag, text in zip(page.tags, page.texts[1:], strict=True):
        depth += tag.startswith("<code") - tag.startswith("</code")
        texts += [] if depth else [text]
    return texts


@cache
def wanted(dialect: Dialect) -> list[list[str]]:
    """The structure of the same report with harmless names."""
    forms = forms_of(report_of([f"name {number}" for number in range(BATCH)], "title", "label"), dialect)
    return [structure(rendered(form, dialect), dialect) for form in forms]


def assert_nothing_comes_of(names: Sequence[str], dialect: Dialect) -> None:
    forms = forms_of(report_of(names, names[0], names[-1]), dialect)
    for hostile, want in zip(forms, wanted(dialect), strict=True):
        page = rendered(hostile, dialect)
        assert structure(page, dialect) == want
        targets = [tag for tag in page.tags if tag.startswith(("<a ", "<img "))]
        assert not [tag for tag in targets if BUILD.url not in tag and "https://pictures.example/" not in tag]
        assert not [text for text in prose(page) if REFERENCES.search(text)]
        assert not [
            line for line in hostile.splitlines() if parse_marker(line) or re.match(r" {0,3}\[[^\]]*\]:|/\w", line)
        ]
        assert "<!--" not in hostile
        if dialect is Dialect.BITBUCKET:
            assert not [text for text in prose(page) if re.search(r"<[a-z/!]|&[a-z#]", text, re.IGNORECASE)]


def test_there_are_five_hundred_attacks() -> None:
    assert len(ATTACKS) == len(set(ATTACKS)) == 500


@pytest.mark.parametrize("dialect", READ)
@pytest.mark.parametrize("start", range(0, len(ATTACKS), BATCH))
def test_attacks_come_to_nothing_as_names_values_paths_captions_and_notes(start: int, dialect: Dialect) -> None:
    assert_nothing_comes_of(ATTACKS[start : start + BATCH], dialect)


@pytest.mark.parametrize("dialect", READ)
def test_attacks_come_to_nothing_as_title_and_label(dialect: Dialect) -> None:
    empty = replace(
        report_of(["name"], "title", "label"),
        verdict=Verdict(),
        curves=(),
        charts=(),
        figures=(),
        like_for_like=(),
        broken=(),
    )
    want = structure(rendered(render(empty, None, {}, dialect).body, dialect), dialect)
    for attack in ATTACKS:
        side = replace(empty.base, label=attack, source=attack)
        report = replace(empty, title=attack, name=attack, base=side, head=replace(empty.head, label=attack))
        page = rendered(render(report, None, {}, dialect).body, dialect)
        assert structure(page, dialect) == want, attack
        assert not [text for text in prose(page) if REFERENCES.search(text)], attack


PICTURE = re.compile(r"<picture><source [^<>]*>(<img [^<>]*>)</picture>")
"""Which of two pictures is shown a reader's colours say on GitHub alone."""


def test_gitlab_is_told_the_same_as_github() -> None:
    """So that what holds for the one holds for the other: the references of both are looked for."""
    report = report_of(ATTACKS[::BATCH], ATTACKS[0], ATTACKS[-1])
    # As many as GitLab draws by itself; more charts in text are only on GitHub.
    report = replace(report, curves=report.curves[:UNASKED], charts=())
    forms = [PICTURE.sub(r"\1", form) for form in forms_of(report, Dialect.GITHUB)]
    assert forms_of(report, Dialect.GITLAB) == forms
