"""A comment as Bitbucket shows it, where HTML is text; and the plain source, as a notification mail shows it."""

from __future__ import annotations

from html import escape

from markdown_it import MarkdownIt

from tests.gallery.frame import HERE, write_page


def show(markdown: str) -> str:
    """Write the page of one comment."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return write_page(f"<main>{parser.render(markdown)}</main>", HERE / "bitbucket.css")


def show_source(markdown: str) -> str:
    """Write the page of one mail."""
    return write_page(f"<main><pre>{escape(markdown)}</pre></main>", HERE / "bitbucket.css")
