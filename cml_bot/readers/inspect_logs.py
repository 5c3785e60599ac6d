"""Inspect's folder of logs: one file an evaluation, however many tasks and models. The newest of each counts.

The names of the files tell the task and no model, so they have to be read to know which are of this run.

Source: https://inspect.aisi.org.uk/eval-logs.html#sec-log-location
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import plural
from cml_bot.model import Note
from cml_bot.readers._evals import as_text
from cml_bot.readers._names import Names, shorten, some
from cml_bot.readers._parts import as_mapping
from cml_bot.readers._text import LARGEST, decode, read_bytes
from cml_bot.readers.inspect_eval import read_header
from cml_bot.readers.inspect_log import observe_log, task_of, tell_end
from cml_bot.readers.json_file import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cml_bot.model import Observation

MOST_LOGS = 500
"""Newest logs of a folder that are read."""
_MOST_NOTES = 5
"""Notes on single evaluations."""
_SAMPLES = re.compile(rb',\s*\n {0,8}"samples": \[')
_CURE = "Look at the logs with `inspect view`."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Log:
    """One evaluation: a task with a model and arguments."""

    name: str
    """Of its file: it begins with the time."""
    task: str
    model: str
    args: str
    header: Mapping[str, object]
    commit: str
    """Empty where Inspect could not tell."""
    eval_id: str
    """Of the evaluation: a copy of the log in another format has the same."""

    @property
    def is_done(self) -> bool:
        """Whether it has results."""
        return bool(as_mapping(self.header.get("results")))


def read_store(files: Mapping[str, Path], sha: str) -> Iterator[Observation]:
    """Yield what the newest evaluation of every task, model and arguments holds.

    Raises:
        InputError: no log can be read, or none has results.
    """
    del sha
    broken: list[InputError] = []
    logs: list[_Log] = []
    newest = sorted(files, key=_name, reverse=True)
    for path in newest[:MOST_LOGS]:
        try:
            logs.append(_open(files[path], _name(path)))
        except InputError as error:
            broken.append(InputError(_name(path), error.what, error.cure))
    if not logs:
        raise broken[0]
    chosen = _choose(logs)
    done = [log for log in chosen if log.is_done]
    if not done:
        raise InputError(chosen[0].name, f"holds no results: {tell_end(chosen[0].header)}", _CURE)
    labels = _label(chosen)
    said: list[Note] = []
    for log in done:
        for one in observe_log(log.header, labels[log.name]):
            if isinstance(one, Note):
                said.append(one)
            else:
                yield one
    yield from said[:_MOST_NOTES]
    if len(said) > _MOST_NOTES:
        yield Note(text=f"{plural(len(said) - _MOST_NOTES, 'more note')} of the kind on other evaluations. {_CURE}")
    yield from _notes(logs, chosen, broken, len(newest) - MOST_LOGS)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _open(path: Path, name: str) -> _Log:
    header = read_header(path) if name.endswith(".eval") else _read_json(path, name)
    spec = as_mapping(header.get("eval"))
    if not spec:
        raise InputError(name, "is no log of Inspect", "Look whether its name says what it holds.")
    args = as_mapping(spec.get("task_args_passed") or spec.get("task_args"))
    return _Log(
        name=name,
        task=task_of(header),
        model=as_text(spec.get("model")),
        args=", ".join(f"{key}={json.dumps(args[key])}" for key in sorted(args)),
        header=header,
        eval_id=as_text(spec.get("eval_id")) or name,
        commit=as_text(as_mapping(spec.get("revision")).get("commit")),
    )


def _read_json(path: Path, name: str) -> Mapping[str, object]:
    """Read a log up to its samples, which stand behind the results and may be gigabytes."""
    data = read_bytes(path, LARGEST)
    cut = _SAMPLES.search(data)
    if cut:
        try:
            document, _ = parse_json(decode(data[: cut.start()] + b"\n}", name), name)
        except InputError:
            document = None
        if isinstance(document, dict) and "eval" in document:
            return document
    if len(data) > LARGEST:
        raise InputError(name, f"is larger than {LARGEST >> 20} MB", "Write logs in the format `eval`.")
    return as_mapping(parse_json(decode(data, name), name)[0])


def _choose(logs: Sequence[_Log]) -> list[_Log]:
    """Choose of each task the newest, and the newest of other models and arguments at the same commit."""
    newest: dict[str, _Log] = {}
    chosen: dict[tuple[str, str, str], _Log] = {}
    for log in logs:
        first = newest.setdefault(log.task, log)
        if log.commit == first.commit:
            chosen.setdefault((log.task, log.model, log.args), log)
    return sorted(chosen.values(), key=lambda log: (log.task, log.model, log.args))


def _label(chosen: Sequence[_Log]) -> dict[str, str]:
    """Name each by its task, and by its model and arguments where the task was evaluated with several."""
    labels, names = {}, Names()
    for log in chosen:
        siblings = [other for other in chosen if other.task == log.task]
        parts = [log.model] if len({other.model for other in siblings}) > 1 else []
        parts += [log.args or "no arguments"] if len({other.args for other in siblings}) > 1 else []
        more = f" ({', '.join(shorten(part, 80) for part in parts)})" if parts else ""
        labels[log.name] = names.take(f"{log.task}{more}")
    return labels


def _notes(logs: Sequence[_Log], chosen: Sequence[_Log], broken: Sequence[InputError], left: int) -> Iterator[Note]:
    lost = [log for log in chosen if not log.is_done]
    if lost:
        yield Note(text=f"{'; '.join(tell_end(log.header) for log in lost[:_MOST_NOTES])}: no results. {_CURE}")
    if len(lost) > _MOST_NOTES:
        yield Note(text=f"{plural(len(lost) - _MOST_NOTES, 'more evaluation')} ended without results. {_CURE}")
    ids = {log.eval_id for log in chosen}
    older = [log for log in logs if log.eval_id not in ids]
    if older:
        what = f"{plural(len(older), 'earlier log')} of {some(log.task for log in older)}"
        yield Note(text=f"{what} beside the newest; left out. Give every run a folder of its own.")
    if broken:
        first = broken[0]
        more = f" So are {plural(len(broken) - 1, 'other')}." if len(broken) > 1 else ""
        yield Note(text=f"{first.where}: {first.what}; left out. {first.cure}{more}")
    if left > 0:
        yield Note(text=f"more than {MOST_LOGS} logs; the oldest {left} were not read. Start with an empty folder.")
