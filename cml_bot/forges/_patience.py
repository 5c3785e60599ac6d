"""How long a forge is waited for: one deadline for all calls together, and a longer pause after each failure.

The libraries' own retries are off: PyGithub's would send a comment up to eleven times, python-gitlab's wait as long as
the forge likes.
"""

from __future__ import annotations

import random
import threading
import time
from itertools import count
from typing import TYPE_CHECKING, Final, TypeVar

from cml_bot.errors import PassingError

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")
SECONDS: Final = 60.0
"""For all calls of one command together."""
TRIES: Final = 6
"""Of one call. A forge that is down for longer than these take is not waited for."""
FIRST_PAUSE: Final = 0.5
"""Seconds; each pause is twice the one before."""
REQUEST_SECONDS: Final = 15.0
"""Without a word from the forge, for one request."""


class Patience:
    """The time that is left for a forge.

    Units: seconds; `pace` is a factor on all pauses, for tests. `place` is what is waited for, in words.
    """

    def __init__(self, seconds: float = SECONDS, *, pace: float = 1.0, place: str = "the forge") -> None:
        self._end = time.monotonic() + seconds
        self._pace = pace
        self._place = place
        self._is_lost = False

    @property
    def left(self) -> float:
        """Seconds until the deadline, never less than 0."""
        return max(0.0, self._end - time.monotonic())

    def share(self, part: float) -> Patience:
        """Give a part of the time that is left, so that what comes after has the rest."""
        return Patience(self.left * part, pace=self._pace, place=self._place)

    def repeat(self, call: Callable[[], Answer]) -> Answer:
        """Make a call that may be sent twice until it is answered.

        Raises:
            PassingError: it was not answered in time, or too often in vain.
            BaseException: whatever else the call raises.
        """
        for tries in count(1):
            try:
                return self.once(call)
            except PassingError as error:
                self.pause(error, tries)
        raise AssertionError  # count() has no end

    def once(self, call: Callable[[], Answer]) -> Answer:
        """Make a call, and wait for its answer no longer than the deadline.

        A library's time-out is for each piece of an answer: a forge that sends one byte a second would never end. So
        the call runs in a thread of its own, and is left alone when time is up.

        Raises:
            PassingError: it was not answered in time.
            BaseException: whatever the call raises.
        """
        answers: list[Answer] = []
        failures: list[BaseException] = []

        def work() -> None:
            try:
                answers.append(call())
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=work, daemon=True, name="mlbot-forge")
        thread.start()
        thread.join(self.left)
        if failures:
            raise failures[0]
        if not answers:
            cure = "Run the job again, or let it wait longer: `MLBOT_DEADLINE`, in seconds."
            raise PassingError(self._place, "it did not answer in time", cure)
        return answers[0]

    def pause(self, error: PassingError, tries: int) -> None:
        """Wait before the next try; of several jobs not all at once.

        Raises:
            PassingError: the one given, when there is no time for it.
        """
        usual = FIRST_PAUSE * 2.0 ** (tries - 1) * random.uniform(0.75, 1.25) * self._pace  # noqa: S311 - no secret
        seconds = usual if error.wait is None else max(error.wait, usual)
        if self._is_lost or tries >= TRIES or seconds >= self.left:
            # One call that was given up is enough: the others are tried once.
            self._is_lost = True
            raise error
        time.sleep(seconds)
