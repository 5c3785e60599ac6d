"""Parts of a document that is not trusted: what is missing or of another kind comes to nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def as_mapping(node: object) -> dict[str, object]:
    """Return a mapping as it is, and an empty one for anything else."""
    return node if isinstance(node, dict) else {}


def as_mappings(node: object) -> list[dict[str, object]]:
    """Return the mappings of a list; none of anything else."""
    return [one for one in node if isinstance(one, dict)] if isinstance(node, list) else []


def as_list(node: object) -> Sequence[object]:
    """Return a list as it is, and an empty one for anything else."""
    return node if isinstance(node, list) else ()


def parse_value(text: object) -> object:
    """Read JSON, as text or bytes, whose numbers stay the text that they are; None for anything else.

    Example:
        >>> parse_value(b'{"lr": 1e-4}'), parse_value("{"), parse_value(3)
        ({'lr': '1e-4'}, None, None)
    """
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)  # type: ignore[arg-type]
    except (TypeError, ValueError, RecursionError):
        return None
