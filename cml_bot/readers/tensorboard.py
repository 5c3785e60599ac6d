"""TensorBoard's event files: all files of one folder are one run, as TensorBoard itself has it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cml_bot.charts import bound_chart
from cml_bot.errors import InputError
from cml_bot.filters import plural
from cml_bot.model import Figure, Metric, Note, Param, Points, Series
from cml_bot.readers._event_log import MOST_CURVES, MOST_TAGS, EventLog
from cml_bot.readers._names import Names, some
from cml_bot.readers._summary import shorten_singles
from cml_bot.readers.image_file import LARGEST, MOST_PICTURES, find_media
from cml_bot.steps import is_step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cml_bot.model import Chart, Observation

_MEDIA = ("image/png", "image/jpeg", "image/gif")
_ROWS, _PRECISION, _RECALL = 6, 4, 5
"""Rows of the table that the plugin pr_curves writes, and which of them these are.

Source: https://github.com/tensorflow/tensorboard/blob/master/tensorboard/plugins/pr_curve/metadata.py
"""


def read_store(files: Mapping[str, Path], sha: str) -> Iterator[Observation]:  # noqa: ARG001 - a folder is one run
    """Yield the scalars, pictures, settings and PR curves of the files of one folder.

    Files are read in the order of the times in their names. A file takes the place of what earlier ones hold from its
    first step on, scalar by scalar: a run that was resumed, or one that was begun anew in the same folder.

    Raises:
        InputError: none of them can be read, or is a file of events.
    """
    log, flaws = EventLog(), dict[str, list[str]]()
    lost: list[InputError] = []
    for path in sorted(files, key=_order):
        try:
            said = _take(log, path, files[path])
        except InputError as error:
            lost.append(error)
            said = [f"is left out: it {error.what}. {error.cure}"]
        for flaw in said:
            flaws.setdefault(flaw, []).append(PurePosixPath(path).name)
    if len(lost) == len(files):
        raise lost[0]
    if flaws and not log.n_records:
        raise InputError(min(files), "is no file of TensorBoard events", "Look what wrote it; SummaryWriter does.")
    yield from _scalars(log)
    yield from _pictures(log)
    yield from _curves(log)
    yield from (Param(name=name, value=value) for name, value in log.settings.items())
    yield from _notes(log, flaws)


def _take(log: EventLog, path: str, file: Path) -> list[str]:
    """Read one file; give what is wrong with it."""
    flaws: list[str] = []
    try:
        with file.open("rb") as opened:
            log.take(opened, file.stat().st_size, flaws.append)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "Check its rights.") from error
    return flaws


def _order(path: str) -> tuple[list[int], str]:
    """The key that sorts files as they were written: ``events.out.tfevents.<seconds>.<host>.<process>.<n>``."""
    name = PurePosixPath(path).name
    return [int(number) for number in re.findall(r"[0-9]{1,20}", name.rpartition("tfevents")[2])], name


def _scalars(log: EventLog) -> Iterator[Observation]:
    names = Names()
    # Curves that are logged together share one axis.
    axes: dict[tuple[float, ...], tuple[float, ...]] = {}
    for tag, course in log.courses.items():
        name = tag.decode("utf-8", "replace")
        one = course.series(names.take(name))
        if not one.x or is_step(name):
            continue
        y = one.y if tag in log.doubles else tuple(shorten_singles(one.y))
        if tag in log.compared and len(y) == 1:
            # What add_hparams was given: numbers of the whole run, at a step that means nothing.
            yield Metric(name=one.name, values=y)
        else:
            yield Series(name=one.name, x=axes.setdefault(one.x, one.x), y=y, x_label=one.x_label, mean=one.mean)


def _pictures(log: EventLog) -> Iterator[Figure | Note]:
    names = Names()
    others: list[str] = []
    for tag, (_, data) in log.pictures.items():
        name = names.take(tag.decode("utf-8", "replace"))
        media = find_media(data)
        if media in _MEDIA:
            yield Figure(name=name, media=media, data=data, caption=re.sub(r"[_\s]+", " ", name))
        else:
            others.append(name)
    others += (tag.decode("utf-8", "replace") for tag in log.left_out)
    if others:
        limits = f"more than {MOST_PICTURES}, larger than {LARGEST >> 20} MB, or neither PNG, JPEG nor GIF"
        yield Note(text=f"pictures left out ({limits}): {some(others)}. Log fewer, and smaller ones.")


def _curves(log: EventLog) -> Iterator[Chart]:
    names = Names()
    for tag, (_, table) in log.curves.items():
        n = len(table) // _ROWS
        precision, recall = (tuple(shorten_singles(table[row * n : (row + 1) * n])) for row in (_PRECISION, _RECALL))
        name = names.take(tag.decode("utf-8", "replace"))
        if n:
            curve = Points(name=name, x=recall, y=precision, x_label="recall", y_label="precision", is_line=True)
            yield bound_chart(curve)


def _notes(log: EventLog, flaws: Mapping[str, list[str]]) -> Iterator[Note]:
    for flaw, names in flaws.items():
        more = f" (and {plural(len(names) - 1, 'more file')})" if len(names) > 1 else ""
        yield Note(text=f"{names[0]}{more} {flaw}")
    if log.n_broken:
        yield Note(text=f"{plural(log.n_broken, 'record')} cannot be understood; left out. Look what wrote them.")
    if log.left_curves:
        left = log.left_curves.tell("PR curve")
        yield Note(text=f"{left} beyond {MOST_CURVES} left out. Log fewer.")
    if log.is_full:
        many = f"has more than {plural(MOST_TAGS, 'tag')} or settings, or very long ones"
        yield Note(text=f"{many}; the others were left out. Log only the results.")
    again = [tag.decode("utf-8", "replace") for tag, course in log.courses.items() if course.n_replaced]
    if again := [name for name in again if not is_step(name)]:
        cure = "Pass global_step to add_scalar, and give each training a folder of its own."
        yield Note(text=f"steps that come again in {some(again)}: the last value at each counts. {cure}")
    if not log.n_values and not flaws:
        yield Note(text="holds no values. Look whether the job was stopped before it logged any.")
