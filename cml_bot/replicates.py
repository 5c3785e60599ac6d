"""Repeated trainings as one: the same number of each becomes one metric with many values."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from fnmatch import translate
from typing import TYPE_CHECKING, TypeVar

from cml_bot.filters import format_number
from cml_bot.model import Bars, Fact, Figure, Matrix, Metric, Note, Param, Points, Repeats, Series
from cml_bot.readers._names import some
from cml_bot.seeds import FOLD, are_folds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cml_bot.model import Key, Observation, Source

Kind = TypeVar("Kind", Metric, Series, Matrix, Bars, Points, Figure, Param, Fact, Note)
Trainings = dict[str, list["Observation"]]
"""What was read of each training, by what tells it apart."""


REPLICATE = "{replicate}"
"""Stands in a pattern for what tells repeated trainings apart."""


def find_replicate(text: str, path: str) -> tuple[str, str] | None:
    """Return the group that a path belongs to by a pattern with ``{replicate}``, and what tells it apart in that.

    The group is the path with ``{replicate}`` in it again. None when the pattern has none, or means another path.

    Example:
        >>> find_replicate("out/seed-{replicate}/*.json", "out/seed-7/eval.json")
        ('out/seed-{replicate}/eval.json', '7')
    """
    pattern = posixpath.normpath(text)
    if REPLICATE not in pattern:
        return None
    # A folder means the files below it.
    for wanted in (f"{pattern}/*" if pattern.endswith("**") else pattern, f"{pattern}/**/*"):
        found = re.fullmatch("".join(map(_as_regex, _TOKENS.findall(wanted))), path)
        if found:
            return f"{path[: found.start(1)]}{REPLICATE}{path[found.end(1) :]}", found[1]
    return None


_TOKENS = re.compile(r"\*\*/|\*|\?|\[!?\]?[^\]]*\]|\{replicate\}|.", re.DOTALL)


def _as_regex(token: str) -> str:
    """Translate a part of a pattern."""
    known = {"**/": "(?:[^/]+/)*?", "*": "[^/]*?", "?": "[^/]", REPLICATE: "([^/]+)"}
    if token in known or not token.startswith("[") or len(token) < 3:
        return known.get(token, re.escape(token))
    whole = translate(token)
    return f"(?!/){whole[whole.index(':') + 1 : whole.rindex(')')]}"


def join_replicates(taken: Sequence[tuple[Source, Sequence[Observation]]]) -> list[Observation]:
    """Join what belongs together of the files of repeated trainings; everything else stays as it is.

    A metric gets one value a training, with what tells it apart as its label; a training that lacks it has none.
    Curves stay one a training. Parameters are kept where all trainings have the same, charts and pictures of the first
    training alone.
    """
    rows: dict[str | int, Trainings] = {}
    for place, (source, found) in enumerate(taken):
        training = rows.setdefault(source.group if source.replicate else place, {})
        training.setdefault(source.replicate, []).extend(found)
    joined: list[Observation] = []
    for group, trainings in rows.items():
        joined += _join(group, trainings) if isinstance(group, str) else trainings.popitem()[1]
    return joined


def natural(text: str) -> list[tuple[bool, int, str]]:
    """Give the key that sorts numbers within texts by their size.

    Example:
        >>> sorted(["10", "b", "2", "a3", "a12"], key=natural)
        ['2', '10', 'a3', 'a12', 'b']
    """
    parts = re.findall(r"[0-9]{1,100}|[^0-9]+|[0-9]+", text)
    is_number = [part.isdecimal() and len(part) <= 100 for part in parts]
    return [(not known, int(part) if known else 0, part) for part, known in zip(parts, is_number, strict=True)]


def _join(group: str, found: Trainings) -> Iterator[Observation]:
    trainings = {replicate: found[replicate] for replicate in sorted(found, key=natural)}
    for metrics in _by_key(trainings, Metric).values():
        yield _join_metric(group, metrics)
    for replicate, observations in trainings.items():
        yield from (replace(one, replicate=replicate) for one in observations if isinstance(one, Series))
    yield from _join_params(group, trainings)
    yield from _first_of(Matrix, "chart", group, trainings)
    yield from _first_of(Bars, "chart", group, trainings)
    yield from _first_of(Points, "chart", group, trainings)
    yield from _first_of(Figure, "picture", group, trainings)
    for facts in _by_key(trainings, Fact).values():
        # Folds have each their own data: they are the same on both sides if all are.
        yield replace(next(iter(facts.values())), value=" ".join(sorted({fact.value for fact in facts.values()})))
    notes = (one.text for observations in trainings.values() for one in observations if isinstance(one, Note))
    yield from (Note(text=text, source=group) for text in dict.fromkeys(notes))


def _by_key(trainings: Trainings, kind: type[Kind]) -> dict[Key | str, dict[str, Kind]]:
    """Give what the trainings have of one kind, by what it is called and by training; a second one is left out."""
    found: dict[Key | str, dict[str, Kind]] = {}
    for replicate, observations in trainings.items():
        for one in observations:
            if isinstance(one, kind):
                found.setdefault(_key_of(one), {}).setdefault(replicate, one)
    return found


def _key_of(one: Observation) -> Key | str:
    """Say what it is called; one source may hold several things with groups of their own, as MLflow's experiments."""
    if isinstance(one, Note):
        return one.text
    return one.name if isinstance(one, Figure | Fact) else one.key


def _join_metric(group: str, metrics: Mapping[str, Metric]) -> Metric:
    first = next(iter(metrics.values()))
    if len(metrics) == 1:
        return replace(first, labels=tuple(metrics), source=group)
    values = tuple(metric.value for metric in metrics.values())
    kind = Repeats.FOLDS if are_folds(first.group, metrics) else Repeats.TRAININGS
    return Metric(
        name=first.name,
        group=first.group,
        values=values,
        labels=tuple(metrics),
        unit=first.unit,
        source=group,
        goal=first.goal,
        role=first.role,
        is_exact=first.is_exact,
        is_detail=first.is_detail,
        repeats=kind,
        conditions="; ".join(dict.fromkeys(filter(None, (metric.conditions for metric in metrics.values())))),
    )


def _join_params(group: str, trainings: Trainings) -> Iterator[Param | Note]:
    named = _by_key(trainings, Param)
    with_some = {replicate for params in named.values() for replicate in params}
    other: list[str] = []
    for params in named.values():
        if len(params) == len(with_some) and len({param.value for param in params.values()}) == 1:
            yield replace(next(iter(params.values())), source=group)
        elif any(param.value != replicate.removeprefix(FOLD) for replicate, param in params.items()):
            # Not the seed that names the trainings: that is told by the labels.
            other.append(next(iter(params.values())).name)
    if other:
        yield Note(text=f"parameters that differ between repeated trainings: {some(other)}; left out", source=group)


def _first_of(kind: type[Kind], word: str, group: str, trainings: Trainings) -> Iterator[Kind | Note]:
    """Yield the charts or pictures of the first training that has them."""
    for drawn in _by_key(trainings, kind).values():
        replicate, first = next(iter(drawn.items()))
        yield first
        if len(drawn) > 1:
            text = f"the {word} of {replicate} stands for those of {format_number(len(drawn))} repeated trainings"
            yield Note(text=text, source=group)
