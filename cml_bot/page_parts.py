"""What every page of mlbot is made of: one file that asks for nothing and runs nothing but our own scripts.

The policy in its head names them by their hashes, so that even a mistake in escaping could run nothing, nor send
anything out.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from cml_bot.template_files import open_templates, read_piece

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cml_bot.model import Figure
    from cml_bot.template_files import Write

UPLOT, UPLOT_STYLE = "vendor/uPlot.iife.min.js", "vendor/uPlot.min.css"
EARLY = "page.js"
"""Runs before the page is shown, so that it never is in the wrong colours."""
SCRIPTS = ("tables.js",)
CHART_SCRIPTS = ("numbers.js", UPLOT, "chart_tables.js", "charts.js")
"""Only where there is something to draw: they are the larger part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """The styles and scripts of a page, and the policy that lets them in."""

    style: str
    early: str
    scripts: tuple[str, ...]
    policy: str


def write_page(
    template: str,
    view: Mapping[str, Any],
    charts: Sequence[object] = (),
    more: Sequence[str] = (),
    styles: Sequence[str] = (),
) -> str:
    """Write a page: a template that extends ``_page.html.j2``, with our styles and scripts and the numbers of charts.

    Args:
        template: its name.
        view: what it is given.
        charts: what ``charts.js`` draws, as `page_curves` packs it; a figure names its own by ``data-chart``.
        more: names of scripts of its own.
        styles: names of styles of its own.
    """
    pieces = gather_pieces(has_charts=bool(charts), more=tuple(more), styles=tuple(styles))
    given = {
        "style": pieces.style,
        "early": pieces.early,
        "scripts": pieces.scripts,
        "policy": pieces.policy,
        "data": dump_data(charts) if charts else "",
    }
    return _templates()(template, {**view, **given}).rstrip("\n") + "\n"


@cache
def gather_pieces(*, has_charts: bool, more: tuple[str, ...] = (), styles: tuple[str, ...] = ()) -> Pieces:
    """Read the styles and scripts that a page needs, and allow these alone."""
    style = "\n".join(map(read_piece, (*((UPLOT_STYLE,) if has_charts else ()), "page.css", *styles)))
    early = read_piece(EARLY)
    scripts = tuple(read_piece(name) for name in (*SCRIPTS, *(CHART_SCRIPTS if has_charts else ()), *more))
    allowed = " ".join(_hash(script) for script in (early, *scripts))
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {allowed}; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
    return Pieces(style=style, early=early, scripts=scripts, policy=policy)


def dump_data(value: object) -> str:
    r"""Write JSON that can stand in a script element: nothing in it can end that, or begin a comment.

    Example:
        >>> dump_data(["</script>", "a & b"])
        '["\\u003c/script\\u003e","a \\u0026 b"]'
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def data_address(figure: Figure, *, is_dark: bool = False) -> str:
    """Give a picture as an address that holds it."""
    data = figure.dark if is_dark else figure.data
    return f"data:{figure.media};base64,{b64encode(data).decode('ascii')}"


def _hash(text: str) -> str:
    """Name a script or style in a policy.

    Source: https://www.w3.org/TR/CSP3/#grammardef-hash-source
    """
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode('ascii')}'"


@cache
def _templates() -> Write:
    return open_templates({"data_address": data_address}, is_html=True)
