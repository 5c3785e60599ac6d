"""The HTML around what a forge shows."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
{links}
</head><body>
{body}
</body></html>
"""


def write_page(body: str, *styles: Path) -> str:
    """Write a page with these style sheets."""
    links = "\n".join(f'<link rel="stylesheet" href="{style.resolve().as_uri()}">' for style in styles)
    return _PAGE.format(links=links, body=body)
