"""What the event files of one TensorBoard run hold: scalars by tag, the last pictures, the settings."""

from __future__ import annotations

import struct
from array import array
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from cml_bot.readers._course import Course
from cml_bot.readers._names import LONGEST, LeftOut, shorten, tidy
from cml_bot.readers._protobuf import bytes_of, read_message
from cml_bot.readers._summary import find_picture, find_scalar, metric_tags_of, numbers_of, parse_event, settings_of
from cml_bot.readers._tfevents import (
    AT_STEP,
    HEAD,
    LONGEST_FRAMED,
    MOST_STEP_BYTES,
    SESSION_LOG,
    SHORTEST_FRAMED,
    STEP,
    TAIL,
    VALUE_BYTES,
    WALL_TIME,
    read_blocks,
)
from cml_bot.readers.image_file import LARGEST, MOST_PICTURES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from cml_bot.readers._protobuf import Message

MOST_TAGS = 5_000
_LONGEST_TAG = 1_000
_MOST_WAITING = 1 << 17
"""Scalars that may wait for being given to their courses."""
_LARGE = 8 << 20
"""Bytes of a file from which on records are taken many at once."""
MOST_CURVES = 100
_MOST_STARTS = 200
"""Sessions that may begin within files; that each file is a new one is known anyway."""
_MOST_FRAMES = 4 * MOST_TAGS
_single = struct.Struct("<f")
_PROBE = _single.pack(-1.2345e-19)


class _Waiting(NamedTuple):
    """Points that a course was not given yet: it takes many at once faster."""

    course: Course
    x: array[float]
    y: array[float]


class _Known(NamedTuple):
    """Where the scalars of a frame go, one by one and in all."""

    add_x: Callable[[float], None]
    add_y: Callable[[float], None]
    waiting: _Waiting


class EventLog:
    """Takes event files one after the other, in the order in which they were written."""

    def __init__(self) -> None:
        self.courses: dict[bytes, Course] = {}
        """The scalars, by tag."""
        self.doubles: set[bytes] = set()
        """Tags of scalars that were stored in more than single precision."""
        self.pictures: dict[bytes, tuple[int, bytes]] = {}
        """The last step of each picture, and its content."""
        self.left_out: dict[bytes, None] = {}
        """Tags of pictures that are too many or too large, in their order."""
        self.curves: dict[bytes, tuple[int, list[float]]] = {}
        """The last step of each PR curve, and its table, row by row."""
        self.left_curves = LeftOut(MOST_TAGS)
        self.settings: dict[str, str] = {}
        self.compared: set[bytes] = set()
        """Tags of the metrics that the run is compared by, as its settings say."""
        self.n_records = 0
        self.n_broken = 0
        self.n_values = 0
        """Values that were taken to pieces: few, and none only where there are no values at all."""
        self.is_full = False
        """Whether there were more tags or settings than are kept."""
        self._n_starts = 0
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
        frames: dict[bytes, _Known] = {}
        n_waiting = 0
        for block, edges in read_blocks(file, size, tell):
            rest: Iterable[int] = range(len(edges) - 1)
            # The first block teaches the frames, and is all that most files have.
            if frames and size >= _LARGE:
                rest = self._take_many(block, edges, frames)
            self._take_each(block, edges, rest, frames)
            n_waiting += len(edges) - 1
            self.n_records += len(edges) - 1
            if n_waiting >= _MOST_WAITING:
                self._flush()
                n_waiting = 0
        self._flush()

    def _take_each(
        self, block: bytes, edges: Sequence[int], places: Iterable[int], frames: dict[bytes, _Known]
    ) -> None:
        """Take some records of a block, one after the other."""
        for place in places:
            data = block[edges[place] + HEAD : edges[place + 1] - TAIL]
            step, at = _read_step(data)
            known = frames.get(data[at:-VALUE_BYTES])
            if known is None:
                self._take_apart(data, frames)
            else:
                known[0](step)
                known[1](_single.unpack_from(data, len(data) - VALUE_BYTES)[0])

    def _take_many(self, block: bytes, edges: Sequence[int], frames: Mapping[bytes, _Known]) -> Iterable[int]:
        """Take the records of a block whose frames are known all at once; give those that are left."""
        # Only large files pay for the import of numpy.
        from cml_bot.readers._event_frames import find_frames

        found, left = find_frames(block, edges, frames)
        if any(_is_start(block[edges[place] + HEAD : edges[place + 1] - TAIL]) for place in left):
            # What comes before it and what comes after has to be told apart.
            return range(len(edges) - 1)
        for one in found:
            waiting = frames[one.frame].waiting
            waiting.x.frombytes(one.steps.tobytes())
            waiting.y.frombytes(one.values.tobytes())
        return left

    def _take_apart(self, data: bytes, frames: dict[bytes, _Known]) -> None:
        """Take any record, and add to the frames what tells others like it."""
        try:
            event = parse_event(data)
            if event.is_start:
                self._begin_at(event.step)
            added = [self._take_value(event.step, value) for value in event.values]
        except (ValueError, struct.error):
            self.n_broken += 1
            return
        waiting = added[0] if len(added) == 1 else None
        if waiting is not None and len(frames) < _MOST_FRAMES and self._is_framed(data, event.step):
            _, at = _read_step(data)
            frames[data[at:-VALUE_BYTES]] = _Known(waiting.x.append, waiting.y.append, waiting)

    def _take_value(self, step: int, value: Message) -> _Waiting | None:
        """Take a value of any kind; give where it went if it is a scalar."""
        self.n_values += 1
        tag, plugin = bytes_of(value, 1), self._plugin_of(value)
        scalar = find_scalar(value, plugin)
        if scalar is not None:
            waiting = self._waiting.get(tag) or self._open(tag, step)
            if waiting:
                waiting.x.append(step)
                waiting.y.append(scalar.value)
                if scalar.is_double:
                    self.doubles.add(tag)
            return waiting
        picture = find_picture(value, plugin)
        if picture:
            self._keep_picture(tag, step, picture)
        elif plugin == b"pr_curves":
            if tag in self.curves or len(self.curves) < MOST_CURVES:
                self.curves[tag] = (step, numbers_of(bytes_of(value, 8)))
            else:
                self.left_curves.add(tag.decode("utf-8", "replace"))
        return None

    def _keep_picture(self, tag: bytes, step: int, picture: bytes) -> None:
        has_room = tag in self.pictures or (len(self.pictures) < MOST_PICTURES and _has_room(tag, self.pictures))
        if has_room and len(picture) <= LARGEST:
            self.pictures[tag] = (step, picture)
        elif _has_room(tag, self.left_out):
            self.left_out[tag] = None

    def _open(self, tag: bytes, step: int) -> _Waiting | None:
        """Give where the scalars of a tag go from its first one of a file on; None where there are too many tags."""
        course = self.courses.get(tag)
        if course is None:
            if not _has_room(tag, self.courses):
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
            if _has_room(tag, self._plugins):
                self._plugins[tag] = name[:_LONGEST_TAG]
            if name == b"hparams":
                self._take_settings(content)
            return name
        return self._plugins.get(tag, b"")

    def _take_settings(self, content: bytes) -> None:
        for name, text in settings_of(content):
            if len(self.settings) < MOST_TAGS:
                self.settings[tidy(name)] = shorten(text, LONGEST)
            else:
                self.is_full = True
        self.compared.update(tag for tag in metric_tags_of(content) if _has_room(tag, self.compared))

    def _is_framed(self, data: bytes, step: int) -> bool:
        """Whether any record with the same bytes between step and last four holds the same scalar, and its value there.

        Found out by trying: the last four bytes are changed, and have to come out as the value.
        """
        begun, at = _read_step(data)
        if begun != step or not 0 < at + VALUE_BYTES < len(data) <= LONGEST_FRAMED:
            return False
        try:
            [value] = parse_event(data[:-VALUE_BYTES] + _PROBE).values
            scalar = find_scalar(value, self._plugin_of(value))
        except (ValueError, struct.error):
            return False
        return scalar is not None and not scalar.is_double and _single.pack(scalar.value) == _PROBE

    def _begin_at(self, step: int) -> None:
        """Drop what was written from a step on: a session begins there.

        Raises:
            ValueError: too many sessions begin.
        """
        self._n_starts += 1
        if self._n_starts > _MOST_STARTS:
            raise ValueError("too many sessions")
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


def _has_room(tag: bytes, known: Collection[bytes]) -> bool:
    return len(known) < MOST_TAGS and len(tag) <= _LONGEST_TAG


def _read_step(data: bytes) -> tuple[int, int]:
    """Return the step of an event as writers begin it, and where the rest begins; else the record's own start."""
    if len(data) < SHORTEST_FRAMED or data[0] != WALL_TIME:
        return 0, 0
    if data[AT_STEP] != STEP:
        return 0, AT_STEP
    byte = data[AT_STEP + 1]
    step, at, shift = byte & 0x7F, AT_STEP + 2, 7
    while byte > 0x7F and shift < 7 * MOST_STEP_BYTES:
        byte = data[at]
        step |= (byte & 0x7F) << shift
        at += 1
        shift += 7
    return step, at


def _is_start(data: bytes) -> bool:
    """Whether a record says that a session begins; cheap for those that do not."""
    if SESSION_LOG not in data[:SHORTEST_FRAMED]:
        return False
    try:
        return parse_event(data).is_start
    except (ValueError, struct.error):
        return False
