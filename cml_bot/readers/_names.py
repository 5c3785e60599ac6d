"""Names of metrics and columns: never lost, never twice, never endless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.filters import list_some, plural
from cml_bot.model import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import PurePath

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


class LeftOut:
    """Counts names beyond the most that are kept, each once, up to as many again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._names: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._names)

    def add(self, name: str) -> None:
        """Count a name."""
        if len(self._names) < self._most:
            self._names.add(name)

    def tell(self, word: str) -> str:
        """Say how many there were.

        Example:
            >>> left = LeftOut(2)
            >>> for name in "aabc":
            ...     left.add(name)
            >>> left.tell("column")
            '2 columns or more'
        """
        or_more = " or more" if len(self._names) == self._most else ""
        return f"{plural(len(self._names), word)}{or_more}"


def tidy(name: str) -> str:
    """Make a name that can be shown and stored: not blank, not longer than 300 characters, no lone surrogates.

    Example:
        >>> tidy(" loss "), tidy(" "), len(tidy("x" * 1000))
        ('loss', '(no name)', 300)
    """
    name = name.strip() or "(no name)"
    return shorten(name.encode("utf-8", "replace").decode("utf-8"), LONGEST)


def shorten(text: str, longest: int) -> str:
    """Cut the end off a text of more than so many characters.

    Example:
        >>> shorten("precision", 6), shorten("recall", 6)
        ('preci…', 'recall')
    """
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def is_broken(text: str) -> bool:
    """Whether a text holds lone surrogates: what stands for bytes that are not UTF-8."""
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def some(names: Iterable[str], most: int = 5) -> str:
    """List up to five names, each once, and count the others.

    Example:
        >>> some(["a", "b", "a"]), some("abcdefg")
        ('a, b', 'a, b, c, d, e and 2 more')
    """
    return list_some([shorten(name, _SHOWN) for name in dict.fromkeys(names)], most)


def note_twice(keys: Iterable[str]) -> Iterator[Note]:
    """Yield what to say of keys that stand twice in one mapping, if there are any."""
    if names := some(keys):
        yield Note(text=f"keys that stand twice: {names}; the last one counts. Write each key once.")


def join_path(path: Sequence[str]) -> str:
    """Join the keys that lead to a leaf, as DVC does: ``train.loss``."""
    return ".".join(path)


def find_metric_name(path: PurePath) -> str | None:
    """Return the name that DVCLive gives the metric of a file: its path below ``plots/metrics``.

    Source: https://dvc.org/doc/dvclive/live/log_metric

    Example:
        >>> from pathlib import PurePath
        >>> find_metric_name(PurePath("dvclive/plots/metrics/val/acc.tsv")), find_metric_name(PurePath("acc.tsv"))
        ('val/acc', None)
    """
    folders = path.parts[:-1]
    below = [n + 2 for n in range(len(folders)) if folders[n : n + 2] == ("plots", "metrics")]
    return "/".join((*folders[below[-1] :], path.stem)) if below else None
