from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cml_bot.escape import EMPTY, JOINER, address, clean, code, code_bare, escape, escape_bare

# fmt: off
NASTY_NAMES = (
    "val/loss", "a|b", "top 5 acc", "präzision", "точность", "精度", "`code`", "<b>bold</b>", "@someone", "#123", "!42",
    "[link](http://x)", "a_b_c", "*star*", "\\back", "new\nline", "tab\there", "$x$", ":tada:", "<!-- c -->",
    "</details>", "\u202ertl", "", "a.b", "a", "x" * 300, "</td><script>alert(1)</script>", "org/repo#1", "&lt;",
    "~~s~~", "zero\u200bwidth", "NULL\0byte", "emoji 🚀", "close #1", "cc @org/team", '~"bug"', "/close", "/label ~x",
    "%milestone", "&7", "$snippet", "GL-12!",
    # What the properties below found, or would find only by luck.
    "a_www.example.com", "mail someone@example.com or ftp://example.com",
    "GH-1 gl-2 high-5 CVE-2021-44228 GHSA-jfh8-c2jp-5v3q", "closes https://github.com/o/r/issues/1",
    "a1b2c3d and 0123456789abcdef0123456789abcdef01234567", "[TOC]", "[[_TOC_]] [[wiki|page]] {+ more +} [- less -]",
    "[vulnerability:1] [feature_flag:g/p/2] *iteration:3 ^alert#4 &epic %{project_path}", "- item", "1. item", "---",
    "===", ":-:", "foo #", "[x] done", "[^1]: note", "$$x$$ costs 5 $ to 6 $", "a" + "\u0301\u0327" * 500,
    "\u0338start", "\u1fef\u037e", "\ud83d",
)
PLAIN_NAMES = (
    "val_loss", "mAP50-95(B)", "a/b", "top 5 acc", "präzision", "精度_val", "lr=1e-4, n=1234567", "BLEU-4",
    "train__loss", "+0.0122", "-5", "−4.9\u00a0%", "120\u202f000\u00a0ms", "it's ±0.011 (σ²)", "feedback 2024-01-31",
)
# fmt: on

# What GitHub and GitLab look for in the text of a finished page, each at its most eager.
REFERENCES = re.compile(
    r"@\w|\#\d|!\d|[$]\w|(?<!\u2060)[$]|%[\w\"{]|~[\w\"]|&\w|:[\w+-]+:|\w://|\bwww\.|\b(?:gh|gl)-\d|\bcve-\d|\bghsa-\w"
    r"|\[\[|[\[{][+-]|\[toc\]"
    r"|(?<![0-9a-z])(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{7,40}(?![0-9a-z])",
    re.IGNORECASE,
)

POSITIONS = {
    "cell": "| a | b |\n|:--|--:|\n| x | {} |\n| y | z |\n",
    "tight cell": "|a|b|\n|-|-|\n|{}|x|\n",
    "heading": "### {}\n",
    "heading after words": "### 1 failed: {}\n",
    "item": "- {}\n- next\n",
    "line": "before\n{}\nafter\n",
    "prose": "before {} after\n",
    "bold": "before **{}** after\n",
    "link": "[{}](https://example.com)\n",
    "summary": "<details><summary>{}</summary>\n\ninside\n\n</details>\n",
    "code in summary": "<details><summary>2 changed: <code>{}</code></summary>\n\ninside\n\n</details>\n",
    "attribute": '<img src="x.png" alt="{}">\n',
}
EXTENSIONS = ["table", "autolink", "strikethrough", "tagfilter", "tasklist"]
MARKER = "PLACE"
NASTY_WORDS = r"""
http https:// www. www @a #1 <b> </b> <!-- --> ``` ~~~ mailto: [x] ]( ![ &lt; &#64; a.b example.com __ ** |-| GH-1
ab12cd3 </summary> </details> <script> :tada: /close [[ ]] --- 1. \|
"""

text_of_any_kind = st.text(st.characters(exclude_categories=()), max_size=200)
nasty_text = st.lists(
    st.one_of(
        st.sampled_from(list("<>&|\\`*_[]()!#@:~$%/\\-+.=\n\r\t\"'{}^ ,;?a1\u2060\u200b\u0301")),
        st.sampled_from(NASTY_WORDS.split()),
        st.sampled_from(["- ", "1. ", "# ", " | ", "| - |", '<a href="x">']),
    ),
    max_size=30,
).map("".join)
foreign_text = st.one_of(nasty_text, text_of_any_kind)


class Outline(HTMLParser):
    """The tags of a page in order, with attributes, and between them its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.texts: list[str] = [""]

    def add(self, tag: str) -> None:
        self.tags.append(tag)
        self.texts.append("")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.add(f"<{tag} {[(name, value) for name, value in attrs if name != 'alt']}>")
        self.texts[-1] = next((value or "" for name, value in attrs if name == "alt"), "")

    def handle_endtag(self, tag: str) -> None:
        self.add(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.texts[-1] += data

    def handle_comment(self, data: str) -> None:
        self.add(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.add(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.add(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.add(f"<![{data}]>")


def to_html(markdown: str) -> str:
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES | Options.CMARK_OPT_LIBERAL_HTML_TAG
    return str(cmarkgfm.markdown_to_html_with_extensions(markdown, options=options, extensions=EXTENSIONS))


def outline(markdown: str) -> Outline:
    page = Outline()
    page.feed(to_html(markdown))
    page.close()
    return page


def outline_bare(markdown: str) -> Outline:
    """As on a forge that takes no HTML: CommonMark with tables and links; a tag that gets through is a comment."""
    page = Outline()
    options = Options.CMARK_OPT_DEFAULT
    page.feed(cmarkgfm.markdown_to_html_with_extensions(markdown, options=options, extensions=["table", "autolink"]))
    page.close()
    return page


EXPECTED = {place: outline(template.replace("{}", MARKER)) for place, template in POSITIONS.items()}
WITH_CODE = {
    place: outline(template.replace("{}", f"<code>{MARKER}</code>"))
    for place, template in POSITIONS.items()
    if place in ("cell", "heading", "heading after words", "item", "prose")
}


BARE = {
    place: outline_bare(template.replace("{}", MARKER))
    for place, template in POSITIONS.items()
    if place not in ("summary", "code in summary", "attribute")
}
BARE_CODE = {place: outline_bare(POSITIONS[place].replace("{}", f"`{MARKER}`")) for place in WITH_CODE}


def shown(
    place: str,
    markup: str,
    expected: dict[str, Outline] = EXPECTED,
    read: Callable[[str], Outline] = outline,
) -> str:
    """The text a reader sees in a place, after making sure that nothing else of the page has changed."""
    want, got = expected[place], read(POSITIONS[place].replace("{}", markup))
    assert got.tags == want.tags
    at = next(n for n, text in enumerate(want.texts) if MARKER in text)
    before, after = want.texts[at].split(MARKER)
    assert got.texts[:at] + got.texts[at + 1 :] == want.texts[:at] + want.texts[at + 1 :]
    assert got.texts[at].startswith(before)
    assert got.texts[at].endswith(after)
    return got.texts[at][len(before) : len(got.texts[at]) - len(after)]


def assert_harmless(text: str) -> None:
    markup = escape(text)
    assert "\n" not in markup
    assert not re.match(r"/\w", markup)
    for place in POSITIONS:
        seen = shown(place, markup)
        assert seen.replace(JOINER, "") == clean(text)
        assert not REFERENCES.search(seen)


def assert_harmless_without_html(text: str) -> None:
    markup = escape_bare(text)
    assert "\n" not in markup
    # Whether entities are decoded there, nobody knows; tags are shown as text.
    assert not re.search(r"&[a-z#]|<[a-z/!?]", markup, re.IGNORECASE)
    for place in BARE:
        seen = shown(place, markup, BARE, outline_bare)
        assert seen.replace(JOINER, "") == clean(text)
        assert not REFERENCES.search(seen)


@pytest.mark.parametrize("name", NASTY_NAMES + PLAIN_NAMES)
def test_a_name_is_one_text_where_there_is_no_html(name: str) -> None:
    assert_harmless_without_html(name)


@settings(max_examples=1000, deadline=None)
@given(foreign_text)
def test_any_text_is_one_text_where_there_is_no_html(text: str) -> None:
    assert_harmless_without_html(text)


@pytest.mark.parametrize("place", WITH_CODE)
@settings(max_examples=500, deadline=None)
@given(foreign_text)
def test_code_holds_the_whole_text_where_there_is_no_html(place: str, text: str) -> None:
    expected = BARE if "|" in clean(text) else BARE_CODE
    assert shown(place, code_bare(text), expected, outline_bare).replace(JOINER, "") == clean(text)


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_everyday_names_stay_readable_where_there_is_no_html(name: str) -> None:
    assert escape_bare(name) == name


def test_a_marker_of_another_bot_does_not_survive_in_code() -> None:
    assert code("<!-- sticky -->") == f"`<{JOINER}!-- sticky -->`"
    assert "<!" not in code_bare("<!-- | -->")


@settings(max_examples=500, deadline=None)
@given(foreign_text)
def test_an_address_is_one_link_wherever_it_leads(text: str) -> None:
    (opening, closing) = (tag for tag in outline(f"[x](https://example.com/{address(text)})").tags if "a" in tag[:3])
    assert opening.startswith("<a [('href', 'https://example.com/")
    assert closing == "</a>"


@pytest.mark.parametrize("name", NASTY_NAMES + PLAIN_NAMES)
def test_a_name_is_one_text_and_nothing_else_in_every_place(name: str) -> None:
    assert_harmless(name)


@settings(max_examples=500, deadline=None)
@given(text_of_any_kind)
def test_any_text_is_one_text_in_every_place(text: str) -> None:
    assert_harmless(text)


@settings(max_examples=1000, deadline=None)
@given(nasty_text)
def test_nasty_text_is_one_text_in_every_place(text: str) -> None:
    assert_harmless(text)


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_everyday_names_and_numbers_stay_readable_in_the_source(name: str) -> None:
    assert escape(name) == name


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("_private", "&#95;private"),
        ("R&D", "R&amp;+D"),
        ("5 $", "5 +&#36;"),
        ("$x", "+&#36;+x"),
        (": a", "&#58; a"),
        ("- a", "&#45; a"),
        ("12) a", "12&#41; a"),
        ("/close", "&#47;close"),
        ("http://a.b", "http:+//a.b"),
        ("deadbeef01", "deadbe+ef01"),
    ],
)
def test_escape(text: str, markup: str) -> None:
    assert escape(text) == markup.replace("+", JOINER)


@settings(max_examples=500, deadline=None)
@given(st.text(st.characters(categories=("L", "N"), exclude_characters="\u115f\u1160\u3164\uffa0"), min_size=1))
def test_underscores_within_a_word_are_safe_as_they_are(word: str) -> None:
    name = f"{word}_{word}__{word}"[:100]
    assume(unicodedata.is_normalized("NFC", name) and not name.endswith("_"))
    assert escape(name).replace(JOINER, "") == name
    assert shown("bold", escape(name)).replace(JOINER, "") == name


@settings(max_examples=500, deadline=None)
@given(foreign_text, st.integers(min_value=1, max_value=130))
def test_clean_text_is_one_visible_line_within_the_limit(text: str, limit: int) -> None:
    line = clean(text, limit)
    assert line == clean(line, max(limit, len(EMPTY)))
    assert 0 < len(line) <= max(limit, len(EMPTY))
    assert line == line.strip()
    assert "  " not in line
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in line)
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]", line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", EMPTY),
        (" \n\u200b\u202e", EMPTY),
        ("a \u200b b", "a b"),
        ("new\r\n\tline", "new line"),
        ("NULL\0byte", "NULLbyte"),
        ("e\u0301", "é"),
        ("e\u200d\u0301", "é"),
        ("\ud800", "\ufffd"),
        ("120\u202f000\u00a0ms", "120\u202f000\u00a0ms"),
        ("a\u00a0\u00a0b", "a b"),
        ("\u0338>", ">"),
        ("x" * 121, "x" * 119 + "…"),
        ("x" * 119 + " yz", "x" * 119 + "…"),
        ("x" * 120, "x" * 120),
        ("\U000e0041ascii\ufe0f", "ascii"),
    ],
)
def test_clean(text: str, line: str) -> None:
    assert clean(text) == line


def test_an_ellipsis_says_that_a_text_was_cut_even_at_a_space() -> None:
    assert clean("abcde fgh", limit=5) == "abcd…"


def test_letters_do_not_pile_up_over_other_rows() -> None:
    assert len(clean("a" + "\u0316\u0317\u0318\u0319\u031c\u031d" * 50 + "b")) == 6


def test_a_long_run_of_marks_takes_no_time() -> None:
    assert clean("a" + "\u0301\u0327" * 1_000_000).startswith("á")


@pytest.mark.parametrize("place", WITH_CODE)
@settings(max_examples=500, deadline=None)
@given(foreign_text)
def test_code_is_one_code_element_with_the_whole_text(place: str, text: str) -> None:
    assert shown(place, code(text), WITH_CODE).replace(JOINER, "") == clean(text)


@pytest.mark.parametrize("place", WITH_CODE)
@pytest.mark.parametrize("name", NASTY_NAMES)
def test_code_holds_every_nasty_name(name: str, place: str) -> None:
    assert shown(place, code(name), WITH_CODE).replace(JOINER, "") == clean(name)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("lr", "`lr`"),
        ("@someone", "`@someone`"),
        ("`", "`` ` ``"),
        ("a``b", "```a``b```"),
        ("`a", "`` `a ``"),
        ("a|b", "<code>a&#124;b</code>"),
        ("", "`(empty)`"),
    ],
)
def test_code(text: str, span: str) -> None:
    assert code(text) == span


@pytest.mark.parametrize(
    "name", ["<b>bold</b>", "*star*", "a|b", "a_www.example.com", "[l](http://x)", "`code`", "~~s~~", "me@example.com"]
)
def test_the_page_would_change_without_escaping(name: str) -> None:
    page, want = outline(POSITIONS["cell"].replace("{}", name)), EXPECTED["cell"]
    assert (page.tags, page.texts) != (want.tags, [text.replace(MARKER, name) for text in want.texts])


def test_a_mark_behind_white_space_that_goes_has_nothing_to_stand_on() -> None:
    text = "\u0301\n\u0301|-|"
    assert clean(text) == clean(clean(text)) == "|-|"
