from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import pytest

from cml_bot.errors import ForbiddenError, PassingError
from cml_bot.forges._patience import TRIES, Patience


def failing(*errors: Exception | None) -> tuple[Callable[[], str], list[int]]:
    """A call that fails in these ways, one after the other, and then answers; and how often it was made."""
    left, made = list(errors), [0]

    def call() -> str:
        made[0] += 1
        error = left.pop(0) if left else None
        if error is not None:
            raise error
        return "answer"

    return call, made


def passing(wait: float | None = None) -> PassingError:
    return PassingError("call", "502", "Again.", wait=wait)


def test_what_may_pass_is_tried_again() -> None:
    call, made = failing(passing(), passing())
    assert Patience(5, pace=0.001).repeat(call) == "answer"
    assert made == [3]


def test_a_refusal_is_final() -> None:
    call, made = failing(ForbiddenError("call", "no", "Grant it."))
    with pytest.raises(ForbiddenError):
        Patience(5, pace=0.001).repeat(call)
    assert made == [1]


def test_tries_are_counted() -> None:
    call, made = failing(*[passing()] * 50)
    with pytest.raises(PassingError):
        Patience(5, pace=0.001).repeat(call)
    assert made == [TRIES]


def test_after_one_call_in_vain_the_others_are_tried_once() -> None:
    patience = Patience(5, pace=0.001)
    for expected in (TRIES, 1):
        call, made = failing(*[passing()] * 50)
        with pytest.raises(PassingError):
            patience.repeat(call)
        assert made == [expected]


def test_a_forge_that_asks_to_wait_is_given_the_time_if_there_is_enough() -> None:
    call, _ = failing(passing(wait=0.2))
    begun = time.monotonic()
    assert Patience(5, pace=0.001).repeat(call) == "answer"
    assert time.monotonic() - begun >= 0.2


def test_a_wait_beyond_the_deadline_ends_at_once() -> None:
    call, made = failing(passing(wait=3600))
    begun = time.monotonic()
    with pytest.raises(PassingError):
        Patience(5).repeat(call)
    assert time.monotonic() - begun < 1
    assert made == [1]


def test_a_call_that_hangs_is_left_at_the_deadline() -> None:
    begun = time.monotonic()
    with pytest.raises(PassingError, match="did not answer in time"):
        Patience(0.2).once(lambda: time.sleep(2))
    assert time.monotonic() - begun < 1


def test_all_calls_share_one_deadline() -> None:
    patience = Patience(0.5, pace=0.001)
    begun = time.monotonic()
    with pytest.raises(PassingError):
        deque(patience.repeat(lambda: time.sleep(0.1)) for _ in range(100))
    assert time.monotonic() - begun < 1
    assert patience.left == 0


def test_whatever_a_call_raises_comes_out() -> None:
    call, _ = failing(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        Patience(5).once(call)
