"""Keys in keys, as JSON, YAML and TOML have them: flattened, and its numbers as metrics with their standard errors."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cml_bot.filters import format_number, plural
from cml_bot.model import Fact, Metric, Note, Param
from cml_bot.readers._hashes import is_data_hash
from cml_bot.readers._names import Names, join_path, shorten, some, tidy
from cml_bot.readers._numbers import as_double, as_number, is_for_people
from cml_bot.readers._stderr import pair_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cml_bot.model import Observation
    from cml_bot.readers._stderr import Paired

DEEPEST = 32
"""Levels of keys."""
MOST_METRICS = 5_000
LONGEST_WORD = 1_000
"""Characters of a text that are kept."""
NOTHING = 'holds no numbers. Write results as {"accuracy": 0.9}.'


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A value of a tree that is no mapping, and the keys that lead to it."""

    path: tuple[str, ...]
    value: object

    @property
    def name(self) -> str:
        """The keys joined as DVC does: ``train.loss``."""
        return join_path(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """A flattened tree, and what was cut off it."""

    leaves: tuple[Leaf, ...]
    notes: tuple[Note, ...] = ()


def flatten(tree: Mapping[str, object]) -> Leaves:
    """Walk a mapping in its order, down to 32 levels.

    Example:
        >>> [leaf.name for leaf in flatten({"train": {"loss": 1, "acc": 2}, "n": 3}).leaves]
        ['train.loss', 'train.acc', 'n']
    """
    found: list[Leaf] = []
    stack: list[tuple[tuple[str, ...], object]] = [((), tree)]
    too_deep = 0
    while stack:
        path, node = stack.pop()
        if not isinstance(node, dict):
            found.append(Leaf(path=path, value=node))
        elif len(path) >= DEEPEST:
            too_deep += 1
        else:
            stack.extend(((*path, key), node[key]) for key in reversed(node))
    if not too_deep:
        return Leaves(leaves=tuple(found))
    note = Note(text=f"{plural(too_deep, 'branch', 'branches')} below level {DEEPEST} left out. Nest less.")
    return Leaves(leaves=tuple(found), notes=(note,))


def observe_tree(flat: Leaves, *, has_words: bool = False) -> Iterator[Observation]:
    """Yield the numbers of a flattened tree as metrics, hashes of data as facts, and what a reader might miss.

    With `has_words`, texts and bools are parameters: a result that is none of a number's kind.
    """
    words = [leaf for leaf in flat.leaves if _is_word(leaf)] if has_words else []
    if words:
        yield from _params(words)
        flat = replace(flat, leaves=tuple(leaf for leaf in flat.leaves if not _is_word(leaf)))
        if not flat.leaves:
            yield from flat.notes
            return
    hashes: list[Leaf] = []
    others: list[Leaf] = []
    for leaf in flat.leaves:
        # A hash of digits alone is none of the numbers.
        (hashes if is_data_hash(leaf.path, leaf.value) else others).append(leaf)
    found = {leaf.path: number for leaf in others if (number := as_number(leaf.value)) is not None}
    paired = pair_numbers(found)
    numbers = [(path, number) for path, number in found.items() if path not in paired.taken]
    yield from _metrics(numbers[:MOST_METRICS], paired)
    yield from (Fact(name=tidy(leaf.name), value=f"recorded:{leaf.value}") for leaf in hashes[:MOST_METRICS])
    left = len(numbers) - MOST_METRICS
    if left > 0:
        most = plural(MOST_METRICS, "metric")
        yield Note(text=f"has more than {most}; {format_number(left)} were left out. Write only the results.")
    notes = [*_left_out(others), *flat.notes]
    yield from notes
    if not (numbers or hashes or notes):
        yield Note(text=NOTHING)


def _is_word(leaf: Leaf) -> bool:
    if isinstance(leaf.value, bool):
        return True
    return isinstance(leaf.value, str) and as_number(leaf.value) is None and not is_data_hash(leaf.path, leaf.value)


def _params(words: Sequence[Leaf]) -> Iterator[Observation]:
    names = Names()
    for leaf in words[:MOST_METRICS]:
        text = str(leaf.value).lower() if isinstance(leaf.value, bool) else str(leaf.value)
        plain = text.encode("utf-8", "replace").decode("utf-8")
        yield Param(name=names.take(leaf.name), value=shorten(plain, LONGEST_WORD))
    left = len(words) - MOST_METRICS
    if left > 0:
        most = plural(MOST_METRICS, "text")
        yield Note(text=f"has more than {most}; {format_number(left)} were left out. Write fewer.")


def _metrics(numbers: Sequence[tuple[tuple[str, ...], float]], paired: Paired) -> Iterator[Observation]:
    names = Names()
    # What stands higher in the tree keeps its plain name: {"a": {"b": 1}, "a.b": 2} gives "a.b (2)" and "a.b".
    by_depth = sorted(range(len(numbers)), key=lambda index: len(numbers[index][0]))
    named = {index: names.take(join_path(numbers[index][0])) for index in by_depth}
    huge = []
    for index, (path, number) in enumerate(numbers):
        double = as_double(number)
        is_huge = isinstance(number, int) and double is not None and math.isinf(double)
        huge += [named[index]] if is_huge else []
        value = double if is_huge and double is not None else number
        yield Metric(name=named[index], values=(value,), stderr=paired.errors.get(path))
    if names.numbered:
        yield Note(text=f"several keys come to one name: {some(names.numbered)}; numbered. Rename one of them.")
    if huge:
        yield Note(text=f"too large for a number, taken as infinite: {some(huge)}. Look how it was computed.")


def _left_out(leaves: Iterable[Leaf]) -> Iterator[Note]:
    """Name what a reader might miss: numbers written for people, and lists of numbers."""
    texts, lists = [], []
    for leaf in leaves:
        if isinstance(leaf.value, list):
            lists += [leaf.name] if _holds_numbers(leaf.value) else []
        elif as_number(leaf.value) is None and is_for_people(leaf.value):
            texts.append(leaf.name)
    if texts:
        yield Note(text=f"text, not numbers: {some(texts)}; left out. Write plain numbers, such as 0.973 for 97.3%.")
    if lists:
        cure = "Write their mean, or a table with a step column."
        yield Note(text=f"lists, not single numbers: {some(lists)}; left out. {cure}")


def _holds_numbers(values: Sequence[object]) -> bool:
    return any(isinstance(value, list | dict) or as_number(value) is not None for value in values[:5])
