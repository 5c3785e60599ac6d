"""A document of the format that its ending says, as DVC goes by it: JSON, TOML, Python, and YAML for all others."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def parse_any(
    text: str,
    name: str,
    *,
    number: Callable[[str], object] | None = None,
    plain: Callable[[str], object] | None = None,
) -> tuple[object, list[str]]:
    """Return the document, and the keys that stand twice; TOML allows none.

    Args:
        text: the document.
        name: the file's name; its ending decides.
        number: what to make of a number as written in JSON, TOML or Python; their own choice when None.
        plain: what to make of a scalar without quotes in YAML; the text when None.

    Raises:
        InputError: it is not what its ending says.

    Source: https://dvc.org/doc/command-reference/params

    Example:
        >>> parse_any("lr = 1e-4", "params.py", number=str), parse_any("lr: 1", "params")
        (({'lr': '1e-4'}, []), ({'lr': '1'}, []))
    """
    # Each format is imported where it is met: YAML alone costs 20 ms.
    suffix = posixpath.splitext(name)[1].lower()
    if suffix == ".json":
        from cml_bot.readers.json_file import parse_json

        return parse_json(text, name, number)
    if suffix == ".toml":
        from cml_bot.readers.toml_file import parse_toml

        return parse_toml(text, name, number or float), []
    if suffix == ".py":
        from cml_bot.readers._python import parse_python

        return parse_python(text, name, number), []
    from cml_bot.readers._yaml import parse_yaml

    return parse_yaml(text, name, plain)
