r"""Where the pictures of a Markdown text are written, so that their addresses alone can be replaced.

Nothing here decides by itself what is an image. Whatever looks like the address of one is a *candidate*; a word of our
own is put in its place, a full CommonMark parser renders the text, and an HTML parser reads the page as a browser does.
A candidate is a picture's address exactly if that word comes out as the source of an image and all other images stay
what they were. So code, comments, escapes, tables and HTML need no rules here.

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
    from collections.abc import Callable, Mapping, Sequence

_SPACE = r"(?: [ \t] | [\r\n] [ \t>]*+ )*+"
"""Between two lines of a quote stands its mark."""
_PLAIN = r"\\\S|[^\s()\\]"
_ADDRESS = rf"""(?:
    < (?P<angled> (?: \\. | [^<>\\\r\n] )++ ) >
  | (?P<bare> (?!<) (?: {_PLAIN} | \( (?: {_PLAIN} | \( (?: {_PLAIN} )*+ \) )*+ \) )++ )
)"""
"""Possessive throughout: nothing is tried twice, however the text is made."""
_CANDIDATES = (
    re.compile(rf"(?<=\]) (?= [(:] {_SPACE} {_ADDRESS} )", re.VERBOSE),  # ![alt](path "title") and [name]: path
    re.compile(
        r"""(?<![\w-])src(?:set)?(?=\s*=\s*(?:"(?P<double>[^"]+)"|'(?P<single>[^']+)'|(?P<plain>[^\s"'=<>`]+)))""",
        re.IGNORECASE,
    ),
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_FOOTNOTE = re.compile(r"^([ >]{0,9}\[\^[^\]\s]{1,99}\]):", re.MULTILINE)
"""Forges have footnotes, CommonMark takes them for the names of addresses: a picture in one would be lost."""
_TRIES = 64
"""How often a text is rendered. Few do for any text that was not made to need more; what is left is no picture then."""
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
    taken = bytearray(len(text))
    waiting = _layers(text)
    for _ in range(_TRIES):
        spans = [(start, end) for start, end in (waiting.pop() if waiting else ()) if not any(taken[start:end])]
        pictures = _confirm(text, sources, spans)
        if pictures is None and len(spans) > 1:
            middle = len(spans) // 2
            waiting += (spans[middle:], spans[:middle])
        for picture in pictures or ():
            taken[picture.start : picture.end] = b"x" * (picture.end - picture.start)
            found.append(picture)
        if not waiting:
            break
    return tuple(sorted(found, key=lambda picture: picture.start))


def replace_pictures(text: str, pictures: Sequence[Picture], addresses: Mapping[str, str]) -> str:
    """Write other addresses in the places of pictures; not a character changes elsewhere.

    Args:
        text: Markdown.
        pictures: as `find_pictures` found them in it.
        addresses: the new ones, by `Picture.address`; a picture that is not among them stays as it is.

    Example:
        >>> text = '<img src="a.png">'
        >>> replace_pictures(text, find_pictures(text), {"a.png": "https://forge.example/1.png"})
        '<img src="https://forge.example/1.png">'
    """
    known = [picture for picture in pictures if picture.address in addresses]
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


def _layers(text: str) -> list[list[tuple[int, int]]]:
    """Sort candidates into lists in which none overlaps another, those to be tried first last.

    Those of plain signs come first: they are all there is in most texts, and no word in their place changes anything
    else. Of the others the innermost come first.
    """
    spans = _find_candidates(text)
    plain = [(start, end) for start, end in spans if _is_plain(text[start:end])]
    odd = sorted(set(spans).difference(plain), key=lambda span: (span[1] - span[0], span))
    return [*reversed(_part(odd, len(text))), *reversed(_part(plain, len(text)))]


def _is_plain(written: str) -> bool:
    return any(map(str.isalnum, written)) and all(sign.isalnum() or sign in "/.-_%+,=" for sign in written)


def _part(spans: Sequence[tuple[int, int]], length: int) -> list[list[tuple[int, int]]]:
    parts: list[tuple[bytearray, list[tuple[int, int]]]] = []
    for start, end in spans:
        free = next((part for part in parts if not any(part[0][start:end])), None)
        if free is None:
            free = bytearray(length), []
            parts.append(free)
        free[0][start:end] = b"x" * (end - start)
        free[1].append((start, end))
    return [sorted(part) for _, part in parts]


def _confirm(text: str, sources: Sequence[str], spans: Sequence[tuple[int, int]]) -> list[Picture] | None:
    """Keep the candidates that are a local picture's whole address, by trying them all at once.

    None where that changes what the text is made of.
    """
    stem = next(word for word in (f"mlbot{number}x" for number in range(len(text) + 1)) if word not in text)
    words = {f"{stem}{at}x": span for at, span in enumerate(spans)}
    changed = _read_sources(_write(text, spans, lambda at: f"{stem}{at}x"))
    pairs = list(zip(sources, changed, strict=False))
    if len(changed) != len(sources) or any(new != old and new not in words for old, new in pairs):
        return None
    meant = {words[new]: old for old, new in pairs if new in words and is_local(old)}
    return [Picture(start=start, end=end, address=address) for (start, end), address in meant.items()]


def _write(text: str, spans: Sequence[tuple[int, int]], word: Callable[[int], str]) -> str:
    parts, last = [], 0
    for at, (start, end) in enumerate(spans):
        parts += [text[last:start], word(at)]
        last = end
    return "".join((*parts, text[last:]))


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
        self.in_picture = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_picture = self.in_picture or tag == "picture"
        wanted = "src" if tag == "img" else "srcset" if tag == "source" and self.in_picture else None
        # Of an attribute that is written twice, a browser takes the first.
        source = next((value for name, value in attrs if name == wanted), None)
        # Of several addresses in one attribute, for screens of other sizes, none is touched.
        if source is not None and (tag == "img" or not re.search(r"[\s,]", source.strip())):
            self.sources.append(source)

    def handle_endtag(self, tag: str) -> None:
        self.in_picture = self.in_picture and tag != "picture"
