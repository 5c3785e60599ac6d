"""What is being done at present, for whoever waits at a terminal.

The steps are given a `Tell` and call it; they know of no terminal and of no clock. `show_progress` makes one that keeps
a single line on standard error, and takes it away again. It writes nothing but text and carriage returns: the cursor is
never hidden, so nothing is left to repair however the process ends.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from threading import Event, Lock

One = TypeVar("One")
Tell = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and how much there is: 0 where nobody knows. ``{}`` in the words is
where the numbers go. No words end it."""
DELAY = 0.5
"""Seconds of work before anything is shown: most calls are over by then."""
STEP = 0.1
"""Seconds between two looks at what is being done."""


def tell_nothing(what: str, done: int, total: int) -> None:
    """Say nothing: of a process that nobody watches."""


def tell_each(items: Sequence[One], what: str, tell: Tell) -> Iterator[One]:
    """Give the items one after the other, and tell which one it is.

    Example:
        >>> list(tell_each("ab", "reading {} files", print))
        reading {} files 1 2
        reading {} files 2 2
         0 0
        ['a', 'b']
    """
    try:
        for number, item in enumerate(items, start=1):
            tell(what, number, len(items))
            yield item
    finally:
        tell("", 0, 0)


@contextmanager
def telling(what: str, tell: Tell) -> Iterator[None]:
    """Tell what is done meanwhile, where nobody knows how much of it there is."""
    tell(what, 0, 0)
    try:
        yield
    finally:
        tell("", 0, 0)


@contextmanager
def show_progress(file: TextIO, env: Mapping[str, str]) -> Iterator[Tell]:
    """Give a `Tell` that shows on a terminal what takes long; elsewhere, and in CI, one that does nothing."""
    if not file.isatty() or env.get("CI") or env.get("TERM") in ("dumb", "unknown"):
        yield tell_nothing
        return
    # Others need no threads for this.
    from threading import Event, Lock, Thread

    line, ended = _Line(file, Lock()), Event()
    thread = Thread(target=_watch, args=(line, ended), daemon=True, name="mlbot-progress")
    thread.start()
    try:
        yield line.tell
    finally:
        ended.set()
        line.tell("", 0, 0)


def _watch(line: _Line, ended: Event) -> None:
    pause = DELAY
    while not ended.wait(pause):
        line.draw()
        pause = STEP


class _Line:
    """One line of a terminal. What is told is kept, and drawn by another thread now and then."""

    def __init__(self, file: TextIO, lock: Lock) -> None:
        self._file = file
        self._lock = lock
        self._told = ("", 0, 0)
        self._since = 0.0
        self._shown = ""

    def tell(self, what: str, done: int, total: int) -> None:
        """Keep what is done. Where that is nothing, the line is gone on return."""
        if what != self._told[0]:
            self._since = time.monotonic()
        self._told = (what, done, total)
        if not what:
            with self._lock:
                self._write("")

    def draw(self) -> None:
        """Write what is done at present."""
        with self._lock:
            what, done, total = self._told
            self._write(_word(what, done, total, time.monotonic() - self._since)[: _room(self._file)])

    def _write(self, text: str) -> None:
        if text == self._shown:
            return
        # A terminal that went away is no reason to stop.
        with suppress(OSError, ValueError):
            self._file.write(f"\r{' ' * len(self._shown)}\r{text}" if len(text) < len(self._shown) else f"\r{text}")
            self._file.flush()
        self._shown = text


def _word(what: str, done: int, total: int, seconds: float) -> str:
    """Say what is done.

    Example:
        >>> _word("reading {} files", 1240, 2000, 3.0), _word("fetching", 0, 0, 12.3), _word("", 0, 0, 1.0)
        ('reading 1,240 of 2,000 files ...', 'fetching ... 12 s', '')
    """
    if total or not what:
        return f"{what.replace('{}', f'{done:,} of {total:,}')} ..." if what else ""
    return f"{what} ... {seconds:.0f} s" if seconds >= 1 else f"{what} ..."


def _room(file: TextIO) -> int:
    """Leave the last column alone: in it some terminals begin a new line, which no carriage return takes back."""
    with suppress(OSError, ValueError):
        return max(1, os.get_terminal_size(file.fileno()).columns - 1 or 79)
    return 79
