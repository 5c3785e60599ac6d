"""Mermaid on a page as a forge draws it: by the real library, without rights, in the theme of the page."""

from __future__ import annotations

import re

from tests.browser.chromium import MODULES

_BLOCK = re.compile(r'<pre lang="mermaid"><code>(.*?)</code></pre>', re.DOTALL)
_SCRIPT = """
<script src="{library}"></script>
<script>
"use strict";
const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
mermaid.initialize({{ startOnLoad: false, securityLevel: "strict", theme: isDark ? "dark" : "{light}" }});

function groupByFold(blocks) {{
  const groups = new Map();
  for (const block of blocks) {{
    const fold = block.closest("details");
    groups.set(fold, [...(groups.get(fold) ?? []), block]);
  }}
  return [...groups.values()];
}}

async function draw(block, number) {{
  const frame = document.createElement("div");
  frame.className = "mermaid-drawn";
  try {{
    frame.innerHTML = (await mermaid.render(`chart-${{number}}`, block.textContent)).svg;
  }} catch (error) {{
    frame.textContent = `Unable to render rich display: ${{error.message}}`;
  }}
  block.replaceWith(frame);
}}

function ask(block) {{
  const note = document.createElement("p");
  note.className = "mermaid-asked";
  note.textContent = "Warning: Displaying this diagram might cause performance issues on this page. [Display]";
  block.before(note);
}}

async function drawAll() {{
  let number = 0;
  for (const group of groupByFold(document.querySelectorAll("pre.mermaid"))) {{
    let said = 0;
    for (const block of group) {{
      const length = block.textContent.length;
      if (length > {most} || said > {most}) {{
        ask(block);
      }} else {{
        said += length;
        await draw(block, number++);
      }}
    }}
  }}
  document.documentElement.dataset.drawn = "yes";
}}
drawAll();
</script>
"""


def draw_blocks(html: str, *, module: str, light: str, most: int) -> str:
    """Let the blocks of a page be drawn as it opens.

    Args:
        html: the body, with what GitHub's parser makes of a fenced block.
        module: which package of Mermaid.
        light: its theme on a light page.
        most: characters that are drawn unasked, of one block and of all before it in one fold.
    """
    marked, count = _BLOCK.subn(r'<pre class="mermaid">\1</pre>', html)
    library = (MODULES / module / "dist" / "mermaid.min.js").resolve().as_uri()
    return marked + _SCRIPT.format(library=library, light=light, most=most) if count else html
