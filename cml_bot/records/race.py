"""Writing where others write at the same moment: what is lost to them is tried again, on top of theirs."""

from __future__ import annotations

import random
import time
from itertools import chain, repeat
from typing import TYPE_CHECKING, TypeVar

from cml_bot.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Callable

Done = TypeVar("Done")

WAITS = (2.0, 1.5, 1.0, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Bounds of the waits between tries, the last again and again; each wait is a random part of its bound.

At first they shrink, so that who has lost often goes before those who come; should that not do, there are very many.
"""


def try_again(attempt: Callable[[], Done | str], seconds: float, where: str) -> Done:
    """Repeat while others are quicker, after waits of random length: so they do not meet again.

    Args:
        attempt: writes, and gives what came of it; a text where others were quicker, which says so.
        seconds: how long it is tried.
        where: what is written.

    Raises:
        PublishError: others were quicker each time.
    """
    start = time.monotonic()
    for bound in chain(WAITS, repeat(WAITS[-1])):
        found = attempt()
        if not isinstance(found, str):
            return found
        wait = random.SystemRandom().uniform(0, bound)
        if time.monotonic() - start + wait > seconds:
            what = f"could not be written within {seconds:g} s, as others wrote to it as well ({found})"
            raise PublishError(where, what, "Run `mlbot record` again.")
        time.sleep(wait)
    raise AssertionError
