"""Where the templates of reports are, and how they are set up: for Markdown, or for HTML."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cml_bot.escape import clean
from cml_bot.filters import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Filters = Mapping[str, Callable[..., Any]]
    Write = Callable[[str, Mapping[str, Any]], str]

_HERE = Path(__file__).parent
FOLDERS = (_HERE / "templates", _HERE.parent / "templates" / "report")
"""They lie in the wheel under cml_bot, and in a checkout beside it."""


def open_templates(filters: Filters, *, is_html: bool) -> Write:
    """Give what writes a template, by its name, with what it is given; in HTML foreign text is escaped by itself."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(
        loader=FileSystemLoader([str(folder) for folder in FOLDERS]),
        autoescape=is_html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clean": clean, "plural": plural, **filters}
    return lambda name, view: environment.get_template(name).render(view)


@cache
def read_piece(name: str) -> str:
    """Read a style or script that is put into pages as it is."""
    path = next(found for folder in FOLDERS if (found := folder / name).is_file())
    return path.read_text(encoding="utf-8")
