"""YAML as a tree of text: no tag is obeyed, and no scalar is guessed to be a date, an octal number or a bool.

Built from the parser's events and not by a PyYAML loader: the loaders follow YAML 1.1, where ``1e-4`` is text,
``12:30:45`` is 45045 and ``010`` is 8; and they build whatever a few aliases of aliases ask for.
Source: https://yaml.org/spec/1.2.2/ and https://yaml.org/type/merge.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

import yaml

from cml_bot.errors import InputError
from cml_bot.filters import format_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from yaml.events import Event

LARGEST = 16 * 1024 * 1024
"""Bytes of a document."""
_DEEPEST = 100
TOO_DEEP = "exceeded maximum nesting depth"
"""How libyaml words it since 0.2.6."""
_MOST_ALIASED = 100_000
"""Entries that all aliases together may stand for: a kilobyte of aliases of aliases can mean billions."""
_MERGE = "<<"
_CURE = "Write results as a flat list of names."


class _Open:
    """A mapping or list whose end has not come yet."""

    __slots__ = ("anchor", "built", "key", "merged", "size", "twice")

    def __init__(self, anchor: str | None, built: dict[str, object] | list[object]) -> None:
        self.anchor = anchor
        self.built = built
        self.key: str | None = None
        """The key whose value comes next."""
        self.merged: list[dict[str, object]] = []
        self.twice: list[str] = []
        self.size = 1
        """Entries it stands for, aliases counted as what they mean."""

    @property
    def is_at_key(self) -> bool:
        """Whether what comes next is a key."""
        return self.key is None and isinstance(self.built, dict)

    def add(self, value: object, size: int) -> None:
        """Take the next key, value or item."""
        self.size += size
        if isinstance(self.built, list):
            self.built.append(value)
        elif self.key is None:
            self.key = value if isinstance(value, str) else "(a key that is no text)"
        else:
            key, self.key = self.key, None
            maps = value if isinstance(value, list) else [value]
            if key == _MERGE and _are_mappings(maps):
                self.merged += maps
            else:
                self.twice += [key] if key in self.built else []
                self.built[key] = value

    def close(self) -> object:
        """Return what was built; its own keys win over merged ones, and earlier merges over later ones."""
        if isinstance(self.built, dict):
            for other in self.merged:
                for key, value in other.items():
                    self.built.setdefault(key, value)
        return self.built


def parse_yaml(text: str, where: str, plain: Callable[[str], object] | None = None) -> tuple[object, list[str]]:
    """Return the document, and the keys that stand twice in one mapping.

    Mappings are dicts, sequences lists and scalars text; an empty document is None.

    Args:
        text: the document.
        where: the file's name.
        plain: what to make of a value without quotes; the text when None.

    Raises:
        InputError: it is not YAML, or a bomb.

    Example:
        >>> parse_yaml("train: {loss: 1e-4, at: 12:30:45}", "metrics.yaml")
        ({'train': {'loss': '1e-4', 'at': '12:30:45'}}, [])
    """
    # The parser in C where PyYAML has it.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        documents, twice = _build(yaml.parse(text, Loader=loader), where, plain)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}, line {mark.line + 1}" if mark else where
        reason = error.problem or error.context or "a mistake of form"
        if TOO_DEEP in reason:
            # The parser in C scans ahead, and may meet its own limit before we meet ours.
            raise InputError(where, "is nested too deeply", _CURE) from error
        raise InputError(place, f"not YAML ({reason})", "Check the indentation and the quotes there.") from error
    except yaml.YAMLError as error:
        raise InputError(where, "not YAML (a character that it does not allow)", "Quote or remove it.") from error
    return documents[0] if documents else None, twice


def _build(
    events: Iterable[Event], where: str, plain: Callable[[str], object] | None
) -> tuple[list[object], list[str]]:
    documents: list[object] = []
    twice: list[str] = []
    anchors: dict[str | None, tuple[object, int]] = {}
    stack = [_Open(None, documents)]
    aliased = 0
    for event in events:
        if isinstance(event, yaml.ScalarEvent):
            is_bare = plain is not None and event.implicit[0] and not stack[-1].is_at_key
            value = plain(event.value) if plain is not None and is_bare else event.value
            _add(stack[-1], event.anchor, value, 1, anchors)
        elif isinstance(event, yaml.CollectionStartEvent):
            stack.append(_Open(event.anchor, {} if isinstance(event, yaml.MappingStartEvent) else []))
            if len(stack) > _DEEPEST:
                raise InputError(where, "is nested too deeply", _CURE)
        elif isinstance(event, yaml.CollectionEndEvent):
            done = stack.pop()
            twice += done.twice
            _add(stack[-1], done.anchor, done.close(), done.size, anchors)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                # Also an alias within its own anchor, a document without end.
                raise InputError(where, f"uses *{event.anchor} before it is complete", _CURE)
            value, size = anchors[event.anchor]
            aliased += size
            if aliased > _MOST_ALIASED:
                what = f"has aliases that stand for more than {format_number(_MOST_ALIASED)} entries"
                raise InputError(where, what, _CURE)
            stack[-1].add(value, size)
        elif isinstance(event, yaml.DocumentStartEvent) and documents:
            raise InputError(where, "holds more than one document", "Write one, without a line of ---.")
    return documents, twice


def _add(
    parent: _Open, anchor: str | None, value: object, size: int, anchors: dict[str | None, tuple[object, int]]
) -> None:
    if anchor is not None:
        anchors[anchor] = value, size
    parent.add(value, size)


def _are_mappings(values: list[object]) -> TypeGuard[list[dict[str, object]]]:
    return all(isinstance(value, dict) for value in values)
