"""What a forge leaves of the HTML in a comment: the allowlist of GitHub's own filter; GitLab's is nearly the same.

Source:
    https://github.com/gjtorikian/html-pipeline/blob/main/lib/html_pipeline/sanitization_filter.rb
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

TAGS = frozenset(
    re.findall(
        r"\S+",
        "h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p picture ol ul table thead tbody "
        "tfoot blockquote dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary details caption figure "
        "figcaption abbr bdo cite dfn mark small source span time wbr input",
    )
)
ATTRIBUTES = frozenset(
    re.findall(
        r"\S+",
        "abbr align alt aria-hidden aria-label border cellpadding cellspacing checked colspan dir disabled height "
        "href id itemprop lang loading media name open rowspan scope span src srcset start summary tabindex title "
        "type valign value width",
    )
)
SCHEMES = ("http:", "https:", "mailto:", "file:", "data:image/")
"""``file:`` stands for the pictures that lie beside the page here."""


def sanitize(html: str) -> str:
    """Leave out every tag and attribute that a forge would not let through; text stays."""
    filtered = _Filter()
    filtered.feed(html)
    filtered.close()
    return "".join(filtered.kept)


class _Filter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.kept: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in TAGS:
            kept = (f' {name}="{escape(value or "")}"' for name, value in attrs if _is_kept(name, value or ""))
            self.kept.append(f"<{tag}{''.join(kept)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in TAGS:
            self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.kept.append(data)

    def handle_entityref(self, name: str) -> None:
        self.kept.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.kept.append(f"&#{name};")


def _is_kept(name: str, value: str) -> bool:
    is_address = name in ("href", "src", "srcset") and ":" in value.split("/")[0]
    return name in ATTRIBUTES and (not is_address or value.lower().startswith(SCHEMES))
