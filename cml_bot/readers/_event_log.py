"""What the event files of one TensorBoard run hold: scalars by tag, the last pictures, the settings."""

from __future__ import annotations

import struct
from array import array
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from cml_bot.readers._course import Course
from cml_bot.readers._tensors import FLOAT, metric_tags_of, numbers_of, settings_of, texts_of, type_of
from cml_bot.readers._tfevents import bytes_of, int_of, read_fields, read_message, read_records, signed

if TYPE_CHECKING:
    from collections.abc import Callable

    Message = dict[int, int | bytes]
    _Adders = tuple[Callable[[float], None], Callable[[float], None]]

MOST_TAGS = 5_000
_LONGEST_TAG = 1_000
_LONGEST_FRAME = 4_096
_BETWEEN = 1 << 17
"""Records after which the scalars read so far are given to their courses."""
_PICTURES_KEPT = 32
MOST_CURVES = 100
_SHORTEST = 24
"""Bytes of a record that is looked up: whatever its step, no byte of it is beyond the end."""
_MOST_STEP_BITS = 63
_WALL_TIME, _STEP = 0x09, 0x10
"""The first bytes of an event's fields 1 and 2, which every writer writes first."""
_START = 1
_single = struct.Struct("<f")
_PROBE = _single.pack(-1.2345e-19)


class _Event(NamedTuple):
    """One record.

    Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto
    """

    step: int
    is_start: bool
    """Whether a writer begins at this step, so that what was written from here on counts no more."""
    values: list[Message]


class _Scalar(NamedTuple):
    value: float
    is_double: bool
    """Whether it was stored in more than single precision."""


class _Waiting(NamedTuple):
    """Points of a course that it was not given yet: it takes many at once faster."""

    course: Course
    x: array[float]
    y: array[float]


class EventLog:
    """Takes event files one after the other, in the order in which they were written."""

    def __init__(self) -> None:
        self.courses: dict[bytes, Course] = {}
        """The scalars, by tag."""
        self.doubles: set[bytes] = set()
        """Tags of scalars that were stored in more than single precision."""
        self.pictures: dict[bytes, tuple[int, bytes]] = {}
        """The last step of each picture, and its content."""
        self.curves: dict[bytes, tuple[int, list[float]]] = {}
        """The last step of each PR curve, and its table, row by row."""
        self.settings: dict[str, str] = {}
        self.compared: set[bytes] = set()
        """Tags of the metrics that the run is compared by, as its settings say."""
        self.n_records = 0
        self.n_broken = 0
        self.n_values = 0
        """Values that were taken to pieces: few, and none only where there are no values at all."""
        self.is_full = False
        """Whether there were more tags than are kept."""
        self._plugins: dict[bytes, bytes] = {}
        self._waiting: dict[bytes, _Waiting] = {}

    def take(self, file: BinaryIO, size: int, tell: Callable[[str], None]) -> None:
        """Read one file.

        Args:
            file: opened to read bytes, at its start.
            size: of the whole file, in bytes.
            tell: takes a line on what is wrong with it.
        """
        self._waiting.clear()
        # Writers repeat all bytes of a scalar's record but its time, its step and, at the end, its value. So what
        # lies between is looked up, and only the first record of each tag is taken to pieces.
        frames: dict[bytes, _Adders] = {}
        n = 0
        for n, data in enumerate(read_records(file, size, tell), 1):
            step, at = _read_step(data)
            add = frames.get(data[at:-4])
            if add is None:
                self._take_apart(data, frames)
            else:
                add[0](step)
                add[1](_single.unpack_from(data, len(data) - 4)[0])
            if not n % _BETWEEN:
                self._flush()
        self._flush()
        self.n_records += n

    def _take_apart(self, data: bytes, frames: dict[bytes, _Adders]) -> None:
        """Take any record, and add to the frames what tells others like it."""
        try:
            event = _parse(data)
            if event.is_start:
                self._cut(event.step)
            added = [self._take_value(event.step, value) for value in event.values]
        except (ValueError, struct.error):
            self.n_broken += 1
            return
        if len(added) == 1 and added[0] is not None and self._is_framed(data, event.step):
            _, at = _read_step(data)
            frames[data[at:-4]] = (added[0].x.append, added[0].y.append)

    def _take_value(self, step: int, value: Message) -> _Waiting | None:
        """Take a value of any kind; give where it went if it is a scalar."""
        self.n_values += 1
        tag, plugin = bytes_of(value, 1), self._plugin_of(value)
        scalar = _find_scalar(value, plugin)
        if scalar is not None:
            waiting = self._waiting.get(tag) or self._open(tag, step)
            if waiting:
                waiting.x.append(step)
                waiting.y.append(scalar.value)
                if scalar.is_double:
                    self.doubles.add(tag)
            return waiting
        picture = _find_picture(value, plugin)
        if picture and (tag in self.pictures or len(self.pictures) < _PICTURES_KEPT):
            self.pictures[tag] = (step, picture)
        elif plugin == b"pr_curves" and (tag in self.curves or len(self.curves) < MOST_CURVES):
            self.curves[tag] = (step, numbers_of(bytes_of(value, 8)))
        return None

    def _open(self, tag: bytes, step: int) -> _Waiting | None:
        """Give where the scalars of a tag go from its first one of a file on; None where there are too many tags."""
        course = self.courses.get(tag)
        if course is None:
            if len(self.courses) >= MOST_TAGS or len(tag) > _LONGEST_TAG:
                self.is_full = True
                return None
            course = self.courses[tag] = Course()
        else:
            course.cut(step)
        self._waiting[tag] = _Waiting(course, array("d"), array("d"))
        return self._waiting[tag]

    def _plugin_of(self, value: Message) -> bytes:
        """Give the plugin whose value it is; writers may name it the first time alone."""
        tag, metadata = bytes_of(value, 1), bytes_of(value, 9)
        if metadata:
            plugin = read_message(bytes_of(read_message(metadata), 1))
            name, content = bytes_of(plugin, 1), bytes_of(plugin, 2)
            if len(self._plugins) < MOST_TAGS and len(tag) <= _LONGEST_TAG:
                self._plugins[tag] = name
            if name == b"hparams":
                self._take_settings(content)
            return name
        return self._plugins.get(tag, b"")

    def _take_settings(self, content: bytes) -> None:
        for name, text in settings_of(content):
            if len(self.settings) < MOST_TAGS:
                self.settings[name] = text
        for tag in metric_tags_of(content):
            if len(self.compared) < MOST_TAGS:
                self.compared.add(tag)

    def _is_framed(self, data: bytes, step: int) -> bool:
        """Whether any record with the same bytes between step and last four holds the same scalar, and its value there.

        Found out by trying: the last four bytes are changed, and have to come out as the value.
        """
        begun, at = _read_step(data)
        if begun != step or not 0 < at + 4 < len(data) <= _LONGEST_FRAME:
            return False
        try:
            [value] = _parse(data[:-4] + _PROBE).values
            scalar = _find_scalar(value, self._plugin_of(value))
        except (ValueError, struct.error):
            return False
        return scalar is not None and not scalar.is_double and _single.pack(scalar.value) == _PROBE

    def _cut(self, step: int) -> None:
        """Drop what was written from a step on."""
        self._flush()
        for course in self.courses.values():
            course.cut(step)
        for tag in [tag for tag, (at, _) in self.pictures.items() if at >= step]:
            del self.pictures[tag]
        for tag in [tag for tag, (at, _) in self.curves.items() if at >= step]:
            del self.curves[tag]

    def _flush(self) -> None:
        for waiting in self._waiting.values():
            waiting.course.extend(waiting.x, waiting.y)
            del waiting.x[:], waiting.y[:]


def _read_step(data: bytes) -> tuple[int, int]:
    """Return the step of an event as writers begin it, and where the rest begins; else the record's own start."""
    if len(data) < _SHORTEST or data[0] != _WALL_TIME:
        return 0, 0
    if data[9] != _STEP:
        return 0, 9
    byte = data[10]
    step, at, shift = byte & 0x7F, 11, 7
    while byte > 0x7F and shift < _MOST_STEP_BITS:
        byte = data[at]
        step |= (byte & 0x7F) << shift
        at += 1
        shift += 7
    return step, at


def _parse(data: bytes) -> _Event:
    """Read one record.

    Raises:
        ValueError: it is no event.
    """
    step, is_start = 0, False
    values: list[Message] = []
    for number, content in read_fields(data):
        if number == 2 and isinstance(content, int):
            step = signed(content)
        elif number == 5 and isinstance(content, bytes):
            found = (value for one, value in read_fields(content) if one == 1 and isinstance(value, bytes))
            values += map(read_message, found)
        elif number == 7 and isinstance(content, bytes):
            is_start = int_of(read_message(content), 1) == _START
    return _Event(step, is_start, values)


def _find_scalar(value: Message, plugin: bytes) -> _Scalar | None:
    """Give the number of a value: as such, or as a tensor of the plugin scalars that holds one.

    Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/summary.proto

    Raises:
        ValueError: its tensor is broken.
    """
    simple = value.get(2)
    if isinstance(simple, bytes):
        return _Scalar(_single.unpack(simple)[0], is_double=False)
    if plugin == b"scalars" and 8 in value:
        tensor = bytes_of(value, 8)
        numbers = numbers_of(tensor)
        return _Scalar(float(numbers[0]), is_double=type_of(tensor) != FLOAT) if len(numbers) == 1 else None
    return None


def _find_picture(value: Message, plugin: bytes) -> bytes:
    """Give the encoded picture of a value, the first of several; empty where it holds none."""
    if 4 in value:
        return bytes_of(read_message(bytes_of(value, 4)), 4)
    # Width and height as texts, then the pictures.
    return b"".join(texts_of(bytes_of(value, 8))[2:3]) if plugin == b"images" else b""
