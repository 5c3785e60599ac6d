r"""Where the pictures of a Markdown text are written, so that their addresses alone can be replaced.

Nothing here decides by itself what is an image. Whatever looks like the address of one is a *candidate*; a word of our
own is put in its place, a full CommonMark parser renders the text, and an HTML parser reads the page as a browser does. A
candidate is a picture's address exactly if that word comes out as the source of an image and all other images stay what
they were. So code, comments, escapes, tables and HTML need no rules here.

Source: https://spec.commonmark.org/0.31.2/#images
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_SPACE = r"[\s>]{0,200}?"
"""Between two lines of a quote stands its mark."""
_ADDRESS = r"(?:<(?P<angled>(?:\\.|[^<>\\\r\n])+)>|(?P<bare>(?!<)(?:\\\S|\((?:\\\S|\((?:\\\S|[^\s()\\])*\)|[^\s()\\])*\)|[^\s()\\])+))"
_CANDIDATES = (
    re.compile(rf"(?<=\])(?=[(:]{_SPACE}{_ADDRESS})"),  # ![alt](path "title") and [name]: path
    re.compile(
        r"""(?<![\w-])src(?=\s*=\s*(?:"(?P<double>[^"]+)"|'(?P<single>[^']+)'|(?P<plain>[^\s"'=<>`]+)))""",
        re.IGNORECASE,
    ),
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_FOOTNOTE = re.compile(r"^([ >]{0,9}\[\^[^\]\s]{1,99}\]):", re.MULTILINE)
"""Forges have footnotes, CommonMark takes them for the names of addresses: a picture in one would be lost."""
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A place in a text where the local address of a picture is written."""

    start: int
    """Units: characters, of the text as it was given."""
    end: int
    address: str
    """As a browser would read it: without Markdown's and HTML's escapes; percent signs stay."""


def find_pictures(text: str) -> tuple[Picture, ...]:
    """Find where pictures with a path are written, in the order of the text.

    Addresses with a scheme or a server are none. Of a name that several images share there is one place.

    Example:
        >>> find_pictures("![roc](plots/roc.png) and `![roc](plots/roc.png)`")
        (Picture(start=7, end=20, address='plots/roc.png'),)
    """
    sources = _read_sources(text)
    if not any(is_local(source) for source in sources):
        return ()
    found: list[Picture] = []
    for layer in _layers(_find_candidates(text)):
        found += _confirm(text, sources, layer)
    return tuple(_without_overlap(sorted(found, key=lambda picture: picture.start)))


def replace_pictures(text: str, addresses: Mapping[str, str]) -> str:
    """Write other addresses in the places of pictures; not a character changes elsewhere.

    Args:
        text: Markdown.
        addresses: the new ones, by `Picture.address`; a picture that is not among them stays as it is.

    Example:
        >>> replace_pictures('<img src="a.png">', {"a.png": "https://forge.example/1.png"})
        '<img src="https://forge.example/1.png">'
    """
    known = [picture for picture in find_pictures(text) if picture.address in addresses]
    return _write(text, [(one.start, one.end) for one in known], lambda at: _encode(addresses[known[at].address]))


def is_local(address: str) -> bool:
    """Whether an address is a path, as a browser reads it: white space around it and tabs in it do not count.

    Example:
        >>> [is_local(one) for one in ("a.png", "../a.png", "//host/a.png", "https://host/a.png", "#top")]
        [True, True, False, False, False]
    """
    told = re.sub(r"[\t\r\n]", "", address).strip().replace("\\", "/")
    return not told.startswith(("//", "#", "?")) and told != "" and not _SCHEME.match(told)


def _find_candidates(text: str) -> list[tuple[int, int]]:
    spans = {
        found.span(name)
        for pattern in _CANDIDATES
        for found in pattern.finditer(text)
        for name in pattern.groupindex
        if found[name] is not None
    }
    return sorted(spans)


def _layers(spans: Iterable[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Sort spans into lists in which none overlaps another: one list, but for odd texts."""
    layers: list[list[tuple[int, int]]] = []
    for span in spans:
        free = next((layer for layer in layers if layer[-1][1] <= span[0]), None)
        if free is None:
            layers.append([span])
        else:
            free.append(span)
    return layers


def _confirm(text: str, sources: Sequence[str], spans: Sequence[tuple[int, int]]) -> list[Picture]:
    """Keep the candidates that are a local picture's whole address, by trying them all at once.

    Where that changes what the text is made of, the halves are tried.
    """
    stem = next(word for word in (f"mlbot{number}x" for number in range(len(text) + 1)) if word not in text)
    changed = _read_sources(_write(text, spans, lambda at: f"{stem}{at}x"))
    words = {f"{stem}{at}x": span for at, span in enumerate(spans)}
    if len(changed) == len(sources) and all(
        new == old or new in words for old, new in zip(sources, changed, strict=True)
    ):
        meant = {words[new]: old for old, new in zip(sources, changed, strict=True) if new in words and is_local(old)}
        return [Picture(start=start, end=end, address=address) for (start, end), address in meant.items()]
    if len(spans) == 1:
        return []
    middle = len(spans) // 2
    return _confirm(text, sources, spans[:middle]) + _confirm(text, sources, spans[middle:])


def _write(text: str, spans: Sequence[tuple[int, int]], word: Callable[[int], str]) -> str:
    parts, last = [], 0
    for at, (start, end) in enumerate(spans):
        parts += [text[last:start], word(at)]
        last = end
    return "".join((*parts, text[last:]))


def _without_overlap(pictures: Iterable[Picture]) -> Iterator[Picture]:
    end = 0
    for picture in pictures:
        if picture.start >= end:
            end = picture.end
            yield picture


def _encode(address: str) -> str:
    """Leave nothing in an address that would end it early, in Markdown, a table or HTML."""
    return quote(address, safe="/:?#[]@!$&*+,;=%~-._")


def _read_sources(text: str) -> list[str]:
    """Give the source of every image that a browser would show, in their order."""
    page = _Page()
    page.feed(_MARKDOWN.render(_FOOTNOTE.sub(r"\1;", text.removeprefix("\ufeff"))))
    page.close()
    return page.sources


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Of an attribute that is written twice, a browser takes the first.
        source = next((value for name, value in attrs if name == "src"), None)
        if tag == "img" and source is not None:
            self.sources.append(source)
