"""Names of metrics and columns: never lost, never twice, never endless."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST = 300
"""Characters of a name that are kept."""
_SHOWN = 60
"""Characters of a name that a note repeats."""


class Names:
    """Gives every name out once; a second one of the same name is numbered."""

    def __init__(self) -> None:
        self.numbered: list[str] = []
        """The names that had to be numbered, as they were wanted."""
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """Return the name, or the first of ``name (2)``, ``name (3)`` that is free.

        Example:
            >>> names = Names()
            >>> names.take("loss"), names.take("loss"), names.take("")
            ('loss', 'loss (2)', '(no name)')
        """
        plain = tidy(wanted)
        name, number = plain, self._last.get(plain, 1)
        while name in self._taken:
            number += 1
            name = f"{plain} ({number})"
        if name != plain:
            self.numbered.append(plain)
            self._last[plain] = number
        self._taken.add(name)
        return name


def tidy(name: str) -> str:
    """Make a name that can be shown and stored: not blank, not longer than 300 characters, no lone surrogates.

    Example:
        >>> tidy(" loss "), tidy(" "), len(tidy("x" * 1000))
        ('loss', '(no name)', 300)
    """
    name = name.strip() or "(no name)"
    name = name.encode("utf-8", "replace").decode("utf-8")
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def is_broken(text: str) -> bool:
    """Whether a text holds lone surrogates: what stands for bytes that are not UTF-8."""
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def some(names: Iterable[str], most: int = 5) -> str:
    """List up to five names, each once, and count the others.

    Example:
        >>> some(["a", "b", "a"]), some("abcdefg")
        ('a, b', 'a, b, c, d, e and 2 more')
    """
    each = list(dict.fromkeys(names))
    shown = ", ".join(_short(name) for name in each[:most])
    return f"{shown} and {len(each) - most:,} more" if len(each) > most else shown


def count(things: int, one: str, many: str = "") -> str:
    """Say how many, in words that agree with the number.

    Example:
        >>> count(1, "row"), count(2000, "row"), count(2, "entry", "entries")
        ('1 row', '2,000 rows', '2 entries')
    """
    return f"{things:,} {one if things == 1 else many or one + 's'}"


def join_path(path: Sequence[str]) -> str:
    """Join the keys that lead to a leaf, as DVC does: ``train.loss``."""
    return ".".join(path)


def _short(name: str) -> str:
    return name if len(name) <= _SHOWN else name[: _SHOWN - 1] + "…"
