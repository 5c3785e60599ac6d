"""What is told of work that takes long: nothing at first, one line then, none in the end."""

from __future__ import annotations

import io
import threading
import time
from contextlib import nullcontext

import pytest

from cml_bot.progress import DELAY, Tell, show_progress, tell_each, tell_nothing, telling
from tests.ptys import read_screen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_where_nobody_watches_nothing_is_started() -> None:
    before = threading.active_count()
    for file, env in (
        (io.StringIO(), {"TERM": "xterm"}),
        (Terminal(), {"TERM": "dumb"}),
        (Terminal(), {"TERM": "xterm", "CI": "true"}),
    ):
        with show_progress(file, env) as tell:
            assert tell is tell_nothing
            assert threading.active_count() == before


def test_short_work_leaves_no_byte() -> None:
    file = Terminal()
    with show_progress(file, {"TERM": "xterm"}) as tell:
        assert list(tell_each(range(1000), "reading {} files", tell)) == list(range(1000))
        with telling("fetching", tell):
            pass
    assert file.getvalue() == ""


@pytest.mark.slow
@pytest.mark.parametrize("error", [None, KeyboardInterrupt, ValueError])
def test_long_work_is_one_line_that_goes_away(error: type[BaseException] | None) -> None:
    file = Terminal()
    began = time.monotonic()
    with pytest.raises(error) if error else nullcontext(), show_progress(file, {"TERM": "xterm"}) as tell:
        work(tell)
        assert read_screen(file.getvalue()) == [""], "a step that has ended leaves nothing"
        tell("drawing {} pictures of curves", 1, 1200)
        time.sleep(0.3)
        if error:
            raise error
    text = file.getvalue()
    assert time.monotonic() - began > DELAY
    assert "reading 2 of 2 files ..." in text
    assert "drawing 1 of 1,200 pictures of curves ..." in text
    assert "\n" not in text
    assert "\x1b" not in text
    assert read_screen(text) == [""]
    assert not [thread for thread in threading.enumerate() if thread.name == "mlbot-progress" and later(thread)]


def work(tell: Tell) -> None:
    for _ in tell_each((1, 2), "reading {} files", tell):
        time.sleep(0.4)


def later(thread: threading.Thread) -> bool:
    """Whether it is still there when it had time to end."""
    thread.join(1)
    return thread.is_alive()
