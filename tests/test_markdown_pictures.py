"""Where pictures are written in Markdown: held to GitHub's own renderer."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.markdown_pictures import find_pictures, is_local, replace_pictures

NEW = "https://forge.example/files/1.png"


@pytest.mark.parametrize(
    ("text", "written", "address"),
    [
        ("![a](x.png)", "x.png", "x.png"),
        ('text ![a](plots/x.png "title") text', "plots/x.png", "plots/x.png"),
        ("![a]( <x y.png> 't')", "x y.png", "x%20y.png"),
        ("![a](x(1).png)", "x(1).png", "x(1).png"),
        ("![a](x\\_y.png)", "x\\_y.png", "x_y.png"),
        ("![a](x&amp;y.png)", "x&amp;y.png", "x&y.png"),
        ("![a](100%.png)", "100%.png", "100%25.png"),
        ("![a](x%20y.png?raw=1#top)", "x%20y.png?raw=1#top", "x%20y.png?raw=1#top"),
        ("[![a](x.png)](https://example.com)", "x.png", "x.png"),
        ("![a [b](c) d](x.png)", "x.png", "x.png"),
        ("![a][b]\n\n[b]: x.png 'title'", "x.png", "x.png"),
        ("![b][]\n\n[b]:\n  <x.png>\n", "x.png", "x.png"),
        ("![b]\r\n\r\n[b]: x.png\r\n", "x.png", "x.png"),
        ("> ![a](\n> x.png)\n", "x.png", "x.png"),
        ("# Title ![a](x.png) #", "x.png", "x.png"),
        ("\ufeff# ![a](x.png)", "x.png", "x.png"),
        ("- one\n  - ![a](x.png)\n", "x.png", "x.png"),
        ("| a | b |\n|---|---|\n| `c` | ![a](x.png) |\n", "x.png", "x.png"),
        ("<details>\n\n![a](x.png)\n\n</details>", "x.png", "x.png"),
        ('<p align="center">\n  <IMG width=300 SRC="x.png" />\n</p>', "x.png", "x.png"),
        ("a <img alt='>' src = 'x y.png'> b", "x y.png", "x y.png"),
        ("<img src=x.png>", "x.png", "x.png"),
        ('<img data-src="z.png" src="x.png">', "x.png", "x.png"),
        ('| a |\n|---|\n| <img src="x.png"> |', "x.png", "x.png"),
        ('see [1]: <img src="x.png">', "x.png", "x.png"),
        ("a](b![c](x.png))", "x.png", "x.png"),
        ('<picture><source media="(x)" srcset="x.png"><img src="https://a.example/y.png"></picture>', "x.png", "x.png"),
        ('<picture><source srcset="y.png 2x, z.png"><img src="x.png"></picture>', "x.png", "x.png"),
        ("`](x.png) ` ![a](y.png)", "y.png", "y.png"),
        ("words[^1]\n\n[^1]: ![a](x.png)", "x.png", "x.png"),
        ("![a](/abs/x.png)", "/abs/x.png", "/abs/x.png"),
    ],
)
def test_a_picture_is_found_and_its_address_alone_replaced(text: str, written: str, address: str) -> None:
    [picture] = find_pictures(text)
    assert (text[picture.start : picture.end], picture.address) == (written, address)
    assert replace_pictures(text, [picture], {address: NEW}) == text[: picture.start] + NEW + text[picture.end :]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "words",
        "`![a](x.png)`",
        "``` md\n![a](x.png)\n```",
        "~~~\n<img src='x.png'>",
        "    ![a](x.png)",
        "<!-- ![a](x.png) <img src='x.png'> -->",
        "<div>\n<!--\n<img src='x.png'>\n-->\n</div>",
        "<div>\n![a](x.png)\n</div>",
        "\\![a](x.png)",
        "!\\[a](x.png)",
        "[a](x.png)",
        "\\<img src='x.png'>",
        "&lt;img src='x.png'>",
        "[b]: x.png\n\n[b]",
        "![a](x y.png)",
        "![a](x.png",
        "![a]()",
        "![a](https://example.com/x.png)",
        "![a](//example.com/x.png)",
        "<img src='\\\\host\\x.png'>",
        "<img src=' https://example.com/x.png'>",
        "![a](data:image/png;base64,AAAA)",
        "![a](javascript:x.png)",
        "![a](#top)",
        "<script>\n'<img src=x.png>'\n</script>",
        "<code><source srcset=x.png></code>",
    ],
)
def test_what_is_no_local_picture_is_left_alone(text: str) -> None:
    assert find_pictures(text) == ()


def test_one_name_of_many_images_is_one_place() -> None:
    text = "![a][n] ![b][n] [link][n]\n\n[n]: x.png\n[n]: y.png\n"
    assert replace_pictures(text, find_pictures(text), {"x.png": NEW}) == text.replace("x.png", NEW)


def test_an_address_cannot_break_out_of_its_place() -> None:
    for text in ("![a](x.png)", "<img src='x.png'>", "<img src=x.png>", "| a |\n|---|\n| ![a](<x.png>) |"):
        changed = replace_pictures(text, find_pictures(text), {"x.png": "/up loads/(1)'\"<>|`\\x.png"})
        assert shown(changed) == ["/up%20loads/%281%29%27%22%3C%3E%7C%60%5Cx.png"]


def test_many_pictures_take_no_time() -> None:
    text = "".join(f"![a](plots/{number}.png) `](b` [x](\n" for number in range(100))
    begin = time.process_time()
    assert len(find_pictures(text)) == 100
    assert time.process_time() - begin < 5


PIECES = st.sampled_from(
    [
        "![a](",
        "![a]",
        "[a](",
        "[b]",
        "[b]: ",
        "](",
        ")",
        "<",
        ">",
        "x.png",
        "y z.png",
        "p/q.png",
        "https://h/i.png",
        "<img src=",
        "<img alt='' src='",
        'src="',
        "'",
        '"',
        "/>",
        "`",
        "``",
        "```\n",
        "~~~\n",
        "\\",
        "!",
        "&amp;",
        "(",
        "#",
        "\n",
        "\n\n",
        "\r\n",
        "\n    ",
        "\t",
        "  ",
        " ",
        "> ",
        "\n> ",
        "\n- ",
        "\n1. ",
        "| ",
        " |\n",
        "|---|\n",
        "<!--",
        "-->",
        "<div>",
        "</div>",
        "\n<div>\n",
        "*",
        "_",
        "~~",
        "word",
        "é",
        "%20",
        "%",
        "<b>",
        "</b>",
        "\n===\n",
        "\n# ",
    ]
)
WHOLE = st.sampled_from(
    [
        "![a](x.png)",
        "![a](<y z.png> 't')",
        "<img src='p/q.png'>",
        "`![a](x.png)`",
        "\n\n[b]: x.png\n\n",
        "![b]",
        "\\![a](x.png)",
        "\n\n| a |\n|---|\n| ![a](x.png) |\n\n",
        "\n```\n![a](x.png)\n```\n",
        "<!-- <img src=x.png> -->",
        "\n\n<p>\n<img src=x.png>\n</p>\n\n",
    ]
)
DOCUMENTS = st.lists(st.one_of(PIECES, WHOLE), max_size=25).map("".join)


@given(DOCUMENTS)
def test_only_addresses_change(text: str) -> None:
    pictures = find_pictures(text)
    kept, last = [], 0
    for picture in pictures:
        kept.append(text[last : picture.start])
        last = picture.end
    changed = replace_pictures(text, pictures, {picture.address: NEW for picture in pictures})
    assert changed == NEW.join([*kept, text[last:]])
    assert replace_pictures(text, pictures, {}) == text


@given(st.lists(WHOLE, max_size=25).map("".join))
def test_every_image_that_github_shows_is_replaced_and_nothing_else(text: str) -> None:
    before = shown(text)
    pictures = find_pictures(text)
    assert {one for one in before if is_local(one)} == {picture.address for picture in pictures}
    changed = replace_pictures(text, pictures, {picture.address: NEW for picture in pictures})
    assert shown(changed) == [NEW if is_local(one) else one for one in before]
    assert rendered(text).count("<code>") == rendered(changed).count("<code>")
    assert codes(text) == codes(changed)


@given(DOCUMENTS)
def test_no_code_changes(text: str) -> None:
    pictures = find_pictures(text)
    changed = replace_pictures(text, pictures, {picture.address: NEW for picture in pictures})
    assert codes(changed) == codes(text)


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.images: list[str] = []
        self.codes: list[str] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.depth += tag == "code"
        if tag == "img":
            self.images += [value or "" for name, value in attrs if name == "src"][:1]

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.codes.append(data)


def rendered(text: str) -> str:
    text = text.removeprefix("\ufeff")
    return str(cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE))


def page_of(text: str) -> Page:
    page = Page()
    page.feed(rendered(text))
    page.close()
    return page


def shown(text: str) -> list[str]:
    return page_of(text).images


def codes(text: str) -> list[str]:
    return page_of(text).codes
