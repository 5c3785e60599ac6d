"""Runs of Weights & Biases as they lie on disk (`WANDB_MODE=offline`, or beside what was sent): the `.wandb` file.

Nothing else in the folder of an offline run holds its metrics. Sources: https://docs.wandb.ai/models/ref/cli/wandb-sync
and https://github.com/wandb/wandb/blob/main/wandb/proto/wandb_internal.proto
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import plural
from cml_bot.model import Figure, Note
from cml_bot.readers._leveldb_log import LogReader
from cml_bot.readers._text import read_bytes, unreadable
from cml_bot.readers._wandb import History
from cml_bot.readers.image_file import LARGEST, MOST_PICTURES, find_media

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cml_bot.model import Observation

_BEGINNING = b":W&B\xe1\xbe\x00"
"""What every file begins with: a name, a number of its own, and the version."""


def read(path: Path, x: str | None = None) -> Iterator[Observation]:  # noqa: ARG001 - the step is told
    """Yield the metrics, curves and settings of a run, without its pictures.

    Raises:
        InputError: it is no run of W&B.
    """
    yield from _read_log(path, History())


def read_store(files: Mapping[str, Path], sha: str) -> Iterator[Observation]:
    """Yield what a run's folder holds: also the last of the pictures that were logged under each name.

    Raises:
        InputError: there is no run of W&B in it.
    """
    logs = [name for name in files if name.endswith(".wandb")]
    if not logs:
        where = next(iter(files), "the folder")
        raise InputError(where, "there is no run-….wandb beside it", "Keep the whole folder of the run.")
    history = History()
    yield from _read_log(files[logs[0]], history)
    yield from _pictures(history.pictures, files)
    if sha and history.commit and history.commit != sha:
        yield Note(text=f"is of commit {history.commit[:7]}, not of {sha[:7]}. See that it is the run you mean.")


def _read_log(path: Path, history: History) -> Iterator[Observation]:
    try:
        with path.open("rb") as file:
            start = file.read(len(_BEGINNING))
            if start != _BEGINNING:
                what = "is empty" if not start else "is no run of W&B that mlbot knows"
                raise InputError(path.name, what, "Look whether the job was stopped, or take it out of the sources.")
            log = LogReader(file, len(_BEGINNING))
            for record in log.records():
                history.take(record)
    except OSError as error:
        raise unreadable(path.name, error) from error
    yield from history.observations()
    if log.n_damaged:
        blocks = plural(log.n_damaged, "block")
        yield Note(text=f"{blocks} damaged; what was in them is left out. Look whether the disk was full.")
    if log.is_cut or not history.has_ended:
        yield Note(text="has no end: the job was stopped before it closed the run. What was written counts.")


def _pictures(named: Mapping[str, str], files: Mapping[str, Path]) -> Iterator[Figure | Note]:
    lost: list[str] = []
    for name, place in list(named.items())[:MOST_PICTURES]:
        found = next((file for file in files if file.endswith(f"/files/{place}")), None)
        try:
            data = read_bytes(files[found], LARGEST) if found else b""
        except InputError:
            data = b""
        media = find_media(data)
        if media is None or len(data) > LARGEST:
            lost.append(name)
        else:
            yield Figure(name=name, media=media, data=data, caption=name)
    if lost:
        yield Note(text=f"{plural(len(lost), 'picture')} not here, too large or none; left out. Keep files/media.")
    left = len(named) - MOST_PICTURES
    if left > 0:
        yield Note(text=f"{plural(left, 'picture')} beyond {MOST_PICTURES} left out. Log fewer.")
