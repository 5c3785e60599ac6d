"""A note as GitLab shows it: the same Markdown by rules of its own, and a style sheet that comes near.

``<picture>`` is no more than its picture there, and Mermaid is drawn up to 2,000 characters in one fold.

Source:
    https://docs.gitlab.com/user/markdown/
    https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/assets/javascripts/behaviors/markdown/render_sandboxed_mermaid.js
"""

from __future__ import annotations

import re

from tests.gallery.frame import HERE, write_page
from tests.gallery.github import mark_alerts, parse
from tests.gallery.mermaid_blocks import draw_blocks

MOST_DRAWN = 2_000
_PICTURE = re.compile(r"</?picture>|<source[^>]*>")
_NOTE = """<div class="note"><div class="bar"><b>project bot</b> · 2 minutes ago</div>
<div class="md">
{body}
</div></div>"""


def show(markdown: str) -> str:
    """Write the page of one note."""
    html = _PICTURE.sub("", parse(markdown, breaks=False))
    body = draw_blocks(mark_alerts(html), module="mermaid-11", light="neutral", most=MOST_DRAWN)
    return write_page(_NOTE.format(body=body), HERE / "gitlab.css")
