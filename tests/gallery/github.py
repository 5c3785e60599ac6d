"""A comment as GitHub shows it: its own parser and style sheet, its filter, alerts and Mermaid.

Source:
    https://github.com/sindresorhus/github-markdown-css
    https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#alerts
"""

from __future__ import annotations

import re

import cmarkgfm
from cmarkgfm.cmark import Options

from tests.browser.chromium import MODULES
from tests.gallery.frame import HERE, write_page
from tests.gallery.mermaid_blocks import draw_blocks
from tests.gallery.sanitize import sanitize

UNBOUND = 50_000
"""Characters of a block of Mermaid; the library's own bound."""
ICONS = {
    "Note": (
        "M0 8a8 8 0 1 1 16 0A8 8 0 0 1 0 8Zm8-6.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM6.5 7.75A.75.75 0 0 1 7.25 7h1"
        "a.75.75 0 0 1 .75.75v2.75h.25a.75.75 0 0 1 0 1.5h-2a.75.75 0 0 1 0-1.5h.25v-2h-.25a.75.75 0 0 1-.75-.75Z"
        "M8 6a1 1 0 1 1 0-2 1 1 0 0 1 0 2Z"
    ),
    "Warning": (
        "M6.457 1.047c.659-1.234 2.427-1.234 3.086 0l6.082 11.378A1.75 1.75 0 0 1 14.082 15H1.918a1.75 1.75 0 0 1"
        "-1.543-2.575Zm1.763.707a.25.25 0 0 0-.44 0L1.698 13.132a.25.25 0 0 0 .22.368h12.164a.25.25 0 0 0 .22-.368Z"
        "m.53 3.996v2.5a.75.75 0 0 1-1.5 0v-2.5a.75.75 0 0 1 1.5 0ZM9 11a1 1 0 1 1-2 0 1 1 0 0 1 2 0Z"
    ),
}
_ALERT = re.compile(
    r"<blockquote>\s*<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\](?:<br ?/?>)?\s*(.*?)</blockquote>", re.DOTALL
)
_COMMENT = """<div class="comment"><div class="bar"><b>github-actions</b> bot commented 2 minutes ago</div>
<article class="markdown-body">
{body}
</article></div>"""


def show(markdown: str) -> str:
    """Write the page of one comment."""
    body = draw_blocks(mark_alerts(parse(markdown)), module="mermaid", light="default", most=UNBOUND)
    return write_page(
        _COMMENT.format(body=body), MODULES / "github-markdown-css" / "github-markdown.css", HERE / "github.css"
    )


def parse(markdown: str, *, breaks: bool = True) -> str:
    """Give the HTML that is left of a comment; in GitHub's comments every line end is one."""
    options = Options.CMARK_OPT_UNSAFE | (Options.CMARK_OPT_HARDBREAKS if breaks else 0)
    return sanitize(cmarkgfm.github_flavored_markdown_to_html(markdown, options))


def mark_alerts(html: str) -> str:
    """Show callouts with their icon and title."""

    def write(found: re.Match[str]) -> str:
        kind = found[1].capitalize()
        icon = f'<svg viewBox="0 0 16 16" width="16" class="octicon"><path d="{ICONS.get(kind, "")}"/></svg>'
        title = f'<p class="markdown-alert-title">{icon} {kind}</p>'
        return f'<div class="markdown-alert markdown-alert-{kind.lower()}">{title}<p>{found[2]}</div>'

    return _ALERT.sub(write, html)
