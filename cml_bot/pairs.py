"""Parameters, curves, charts and pictures of both sides, paired: those that differ, and all without a base."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.bands import make_middle, make_range
from cml_bot.charts import bound_pair
from cml_bot.goals import is_count
from cml_bot.model import ChartPair, Curve, FigurePair, ParamDelta, Points
from cml_bot.rules import goal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.model import Chart, Key, Param, Rule, Run, Series

ROUNDING = 1e-9
"""Relative difference of two curves that is none: other hardware adds up in another order."""


def pair_params(head: Run, base: Run | None) -> tuple[ParamDelta, ...]:
    """Pair the parameters that differ."""
    if base is None:
        return ()
    heads = {param.key: param.value for param in head.params}
    bases = {param.key: param.value for param in base.params}
    keys = dict.fromkeys([*heads, *bases])
    return tuple(
        ParamDelta(key=key, head=heads.get(key), base=bases.get(key))
        for key in keys
        if heads.get(key) != bases.get(key)
    )


def keep_same_params(head: Run, base: Run | None) -> tuple[Param, ...]:
    """Give the parameters of the head that are the same in the base."""
    bases = {param.key: param.value for param in base.params} if base else {}
    return tuple(param for param in head.params if bases.get(param.key) == param.value)


def pair_curves(head: Run, base: Run | None, rules: Sequence[Rule], history: Sequence[Run] = ()) -> tuple[Curve, ...]:
    """Pair the series that differ; without a base all of the head's, because everything is news.

    Args:
        head: the run that is reported on.
        base: what it is compared with.
        rules: what the configuration says of which way is good.
        history: the runs of main that can be compared with, oldest first: between what they lie is the base's band.
    """
    heads, bases = _by_key(head), _by_key(base) if base else {}
    pasts = [_by_key(run) for run in history]
    pairs = [_pair_curve(key, heads.get(key, []), bases.get(key, []), rules) for key in {**heads, **bases}]
    kept = [pair for pair in pairs if _is_curve(pair) and not _is_equal(pair)]
    return tuple(_add_bands(pair, heads.get(pair.key, []), bases.get(pair.key, []), pasts) for pair in kept)


def _pair_curve(key: Key, heads: Sequence[Series], bases: Sequence[Series], rules: Sequence[Rule]) -> Curve:
    goal = goal_of((heads or bases)[0], rules)
    return Curve(key=key, head=_mean(heads), base=_mean(bases), goal=goal)


def _add_bands(
    pair: Curve, heads: Sequence[Series], bases: Sequence[Series], pasts: Sequence[dict[Key, list[Series]]]
) -> Curve:
    """Add between what the trainings of each side lie; where main has one, between what its last runs do."""
    head_band = make_range(heads, pair.head.x) if pair.head else None
    base_band = make_range(bases, pair.base.x) if pair.base else None
    if pair.base and len(bases) == 1:
        runs = [one for one in (_mean(past.get(pair.key, [])) for past in pasts) if one]
        base_band = make_middle(runs, pair.base.x)
    return replace(pair, head_band=head_band, base_band=base_band)


def _is_curve(pair: Curve) -> bool:
    """Whether there is something to see: a single point is a number, and how long each step took is no result."""
    longest = max(len(side.x) for side in (pair.head, pair.base) if side)
    return longest > 1 and not is_count(pair.key.name)


def _by_key(run: Run) -> dict[Key, list[Series]]:
    """Give the series for each key: one for each of repeated trainings."""
    found: dict[Key, list[Series]] = {}
    for series in run.series:
        found.setdefault(series.key, []).append(series)
    return found


def _mean(each: Sequence[Series]) -> Series | None:
    """Return the mean of several series where all have a value, NaN where one has NaN; None of none.

    Where they have no x in common there is no mean: the first stands for all.
    """
    if len(each) < 2:
        return each[0] if each else None
    points = [dict(zip(series.x, series.y, strict=True)) for series in each]
    common = [x for x in each[0].x if all(x in known for known in points)]
    if not common:
        return replace(each[0], replicate="")
    y = tuple(sum(known[x] / len(each) for known in points) for x in common)
    return replace(each[0], x=tuple(common), y=y, replicate="", source=each[0].group or each[0].source, mean=None)


def _is_equal(pair: Curve) -> bool:
    """Whether both sides are the same line, but for what the order of a sum changes in the last digits."""
    head, base = pair.head, pair.base
    if head is None or base is None or len(head.y) != len(base.y) or head.x != base.x:
        return False
    return all(_is_close(here, there) for here, there in zip(head.y, base.y, strict=True))


def _is_close(here: float, there: float) -> bool:
    if here == there or (here != here and there != there):
        return True
    try:
        return math.isclose(here, there, rel_tol=ROUNDING)
    except OverflowError:  # an integer of more than 308 digits
        return False


def pair_charts(head: Run, base: Run | None) -> tuple[ChartPair, ...]:
    """Pair the charts that differ; without a base all of the head's.

    What became a chart of another kind is one that is new.
    """
    heads = {chart.key: chart for chart in head.charts}
    bases = {chart.key: chart for chart in base.charts} if base else {}
    pairs = [_pair(heads.get(key), bases.get(key), key) for key in {**heads, **bases}]
    return tuple(pair for pair in pairs if pair.head is None or repr(_shown(pair.head)) != repr(_shown(pair.base)))


def _pair(head: Chart | None, base: Chart | None, key: Key) -> ChartPair:
    is_other = head is not None and type(head) is not type(base)
    return bound_pair(ChartPair(key=key, head=head, base=None if is_other else base))


def _shown(chart: Chart | None) -> Chart | None:
    """Leave out where it was read; as text it is compared, because NaN is not equal to itself.

    What points come to is no news where the points are the same: earlier records do not tell it.
    """
    chart = replace(chart, score=None) if isinstance(chart, Points) else chart
    return replace(chart, source="") if chart else None


def pair_figures(head: Run, base: Run | None) -> tuple[FigurePair, ...]:
    """Pair the pictures whose bytes differ; without a base all of the head's."""
    heads = {figure.name: figure for figure in head.figures}
    bases = {figure.name: figure for figure in base.figures} if base else {}
    # A run.json names its pictures and does not hold them: nobody can say whether they changed.
    lost = name_lost_figures(head, base) if base else frozenset()
    pairs = [
        FigurePair(name=name, head=heads.get(name), base=bases.get(name), is_base_lost=name in lost)
        for name in {**heads, **bases}
    ]
    return tuple(pair for pair in pairs if not _is_same_figure(pair))


def name_lost_figures(head: Run, base: Run) -> frozenset[str]:
    """Name the pictures of the head that the base was read from as well, and of which nobody kept the base's."""
    files = {source.group or source.path for source in base.sources if not source.files}
    stores = tuple(f"{source.group or source.path}/" for source in base.sources if source.files)
    missing = {figure.name for figure in head.figures} - {figure.name for figure in base.figures}
    return frozenset(name for name in missing if name in files or name.startswith(stores))


def _is_same_figure(pair: FigurePair) -> bool:
    return pair.head is not None and pair.base is not None and pair.head.data == pair.base.data
