"""What may have moved the numbers of main: parameters, data and environment that differ from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.escape import clean
from cml_bot.filters import plural
from cml_bot.like_for_like import tell_differences
from cml_bot.names import name_of, shared_names
from cml_bot.pairs import pair_params
from cml_bot.seeds import find_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cml_bot.model import Fact, Key, Param, Run

TOLD = 12
"""Parameters that are named where a run differs from the one before it; the rest is counted."""
KEPT = 100
"""Settings that a page keeps of every run."""


def tell_changes(run: Run, before: Run) -> Iterator[str]:
    """Say what differs from the run before it, one line each. Each training has another seed, which is none of it."""
    params = [param for param in pair_params(run, before) if not _is_seed(param.key)]
    shared = shared_names(param.key for param in params)
    for param in params[:TOLD]:
        values = ("–" if value is None else clean(value, 60) for value in (param.base, param.head))
        yield f"{clean(name_of(param.key, shared), 80)} {' → '.join(values)}"
    if len(params) > TOLD:
        yield plural(len(params) - TOLD, "more parameter")
    yield from (clean(line, 200) for line in tell_differences(run, before))


def gather_settings(runs: Sequence[Run]) -> list[tuple[str, tuple[str | None, ...]]]:
    """Give what was not the same in all runs: its name, and its value in each; None where a run does not tell.

    Args:
        runs: oldest first.
    """
    params = [{param.key: param for param in run.params if not _is_seed(param.key)} for run in runs]
    shared = shared_names(dict.fromkeys(key for each in params for key in each))
    tables = [
        {name_of(key, shared): _write_param(param) for key, param in each.items()}
        | {fact.name: _write_fact(fact) for fact in (*run.data, *run.environment)}
        for run, each in zip(runs, params, strict=True)
    ]
    names = dict.fromkeys(name for table in tables for name in table)
    rows = [(clean(name), tuple(table.get(name) for table in tables)) for name in names]
    return [(name, values) for name, values in rows if len(set(values)) > 1][:KEPT]


def _is_seed(key: Key) -> bool:
    return find_kind(key.name) is not None


def _write_param(param: Param) -> str:
    return clean(param.value, 60)


def _write_fact(fact: Fact) -> str:
    """Write what a reader knows it by; where that is a hash, as much of it as tells two apart."""
    hashed = fact.value.rpartition(":")[2]
    return clean(f"{fact.detail}, {hashed[:7]}" if fact.detail else fact.value, 60)
