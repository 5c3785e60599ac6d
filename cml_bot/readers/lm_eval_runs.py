"""lm-evaluation-harness' folder of results: a folder a model, and in it a file a run with the tasks of that run.

Tasks are often evaluated one by one, since each wants its own number of shots, so of every task the newest counts.

Source: https://github.com/EleutherAI/lm-evaluation-harness/blob/main/docs/interface.md (`--output_path`)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import plural
from cml_bot.model import Note, Param
from cml_bot.readers._document import observe_document
from cml_bot.readers._evals import as_text
from cml_bot.readers._names import Names, some
from cml_bot.readers._parts import as_mapping
from cml_bot.readers._shapes import find_document_shape
from cml_bot.readers._text import read_text
from cml_bot.readers.json_file import parse_json
from cml_bot.readers.lm_eval import BY_TASK, observe_settings, observe_tasks, observe_time, tasks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cml_bot.model import Observation

MOST_FILES = 200
"""Newest files that are read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _File:
    """One run of lm_eval: some tasks of one model."""

    name: str
    folder: str
    document: Mapping[str, object]

    def shots(self, task: str) -> str:
        """How many examples a task was shown."""
        return str(as_mapping(self.document.get("n-shot")).get(task, ""))[:20]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """A task in one run."""

    task: str
    file: _File


def read_store(files: Mapping[str, Path], sha: str) -> Iterator[Observation]:
    """Yield the newest results of every task, with every model and number of shots of the same commit.

    Raises:
        InputError: no file can be read.
    """
    del sha
    broken: list[InputError] = []
    read: list[_File] = []
    newest = sorted(files, key=lambda path: path.rpartition("/")[2], reverse=True)
    for path in newest[:MOST_FILES]:
        try:
            read.append(_open(files[path], path))
        except InputError as error:
            broken.append(error)
    if not read:
        raise broken[0]
    known = [file for file in read if _is_known(file.document)]
    if known:
        yield from _observe(known)
        if len(known) < len(read):
            others = plural(len(read) - len(known), "file")
            yield Note(text=f"{others} of no results of lm_eval left out. Keep them in a folder of their own.")
    else:
        # Another tool that names its files alike.
        yield from observe_document(read[0].document, read[0].name)
        yield from _tell_older(len(read) - 1, "file")
    if broken:
        more = f" So are {plural(len(broken) - 1, 'other')}." if len(broken) > 1 else ""
        yield Note(text=f"{broken[0].where}: {broken[0].what}; left out. {broken[0].cure}{more}")
    if len(newest) > MOST_FILES:
        yield Note(text=f"more than {MOST_FILES} files; the oldest were not read. Start with an empty folder.")


def _open(path: Path, place: str) -> _File:
    folder, _, name = place.rpartition("/")
    try:
        document, _ = parse_json(read_text(path), name)
    except InputError as error:
        raise InputError(error.where.replace(path.name, name), error.what, error.cure) from error
    return _File(name=name, folder=folder.rpartition("/")[2], document=as_mapping(document))


def _is_known(document: Mapping[str, object]) -> bool:
    shape = find_document_shape(document)
    return shape is not None and shape.module == "lm_eval"


def _observe(read: Sequence[_File]) -> Iterator[Observation]:
    results = [_Result(task=task, file=file) for file in read for task in tasks_of(file.document)]
    chosen = _choose(results)
    models = _name_models(chosen)
    labels = {(one.file, one.task): _label(one, chosen, models) for one in chosen}
    files = [file for file in read if any(one.file is file for one in chosen)]
    for file in files:
        mine = {one.task: labels[file, one.task] for one in chosen if one.file is file}
        yield from observe_tasks(_cut(file.document, mine))
    yield from observe_time([file.document for file in files])
    yield from _params(files, labels, models)
    older = [one for one in results if one not in chosen]
    yield from _tell_older(len({one.file for one in older}), "run", some(one.task for one in older))


def _choose(results: Sequence[_Result]) -> list[_Result]:
    """Choose, newest first: of each task the newest, and those of other models and shots at the same commit."""
    newest: dict[str, _Result] = {}
    chosen: dict[tuple[str, str, str], _Result] = {}
    for one in results:
        first = newest.setdefault(one.task, one)
        if _commit(one.file) == _commit(first.file):
            chosen.setdefault((one.task, one.file.folder, one.file.shots(one.task)), one)
    return list(chosen.values())


def _commit(file: _File) -> str:
    return as_text(file.document.get("git_hash"))


def _name_models(chosen: Sequence[_Result]) -> dict[str, str]:
    """Name the models by the ends of their folders' names, which are whole paths, as far as no two are alike."""
    folders = sorted({one.file.folder for one in chosen})
    ends = Counter(folder.rpartition("__")[2] for folder in folders)
    names = Names()
    short = {folder: folder.rpartition("__")[2] for folder in folders}
    return {folder: names.take(short[folder] if ends[short[folder]] == 1 else folder) for folder in folders}


def _label(one: _Result, chosen: Sequence[_Result], models: Mapping[str, str]) -> str:
    """Name a result by its task, and by its model and shots where the task was evaluated with several."""
    siblings = [other.file for other in chosen if other.task == one.task]
    parts = [models[one.file.folder]] if len({file.folder for file in siblings}) > 1 else []
    parts += [f"{one.file.shots(one.task)}-shot"] if len({file.shots(one.task) for file in siblings}) > 1 else []
    return f"{one.task} ({', '.join(parts)})" if parts else one.task


def _cut(document: Mapping[str, object], labels: Mapping[str, str]) -> Mapping[str, object]:
    """Leave of a document what it says of some tasks, under other names."""
    of_tasks = {**document, "results": tasks_of(document), "groups": {}}
    for key in BY_TASK:
        found = as_mapping(of_tasks.get(key))
        of_tasks[key] = {label: found[task] for task, label in labels.items() if task in found}
    return of_tasks


def _params(
    files: Sequence[_File], labels: Mapping[tuple[_File, str], str], models: Mapping[str, str]
) -> Iterator[Param | Note]:
    """Yield settings: those of the newest run count where several runs of a model differ."""
    seen: set[str] = set()
    for file in files:
        mine = {task: label for (other, task), label in labels.items() if other is file}
        prefix = f"{models[file.folder]}/" if len(models) > 1 else ""
        for one in observe_settings(_cut(file.document, mine), prefix):
            name = one.name if isinstance(one, Param) else one.text
            if name not in seen:
                seen.add(name)
                yield one


def _tell_older(count: int, what: str, of: str = "") -> Iterator[Note]:
    if count > 0:
        said = f"{plural(count, f'earlier {what}')}{f' of {of}' if of else ''} beside the newest"
        yield Note(text=f"{said}; left out. Give every run a folder of its own.")
