"""Commands in a real pseudo-terminal of a set size, and what is left to see on it."""

from __future__ import annotations

import os
import pty
import re
import struct
import sys
import time
from collections.abc import Mapping
from fcntl import ioctl
from pathlib import Path
from select import select
from termios import TIOCSWINSZ
from typing import NamedTuple

PACKAGE = Path(__file__).parent.parent
CONTROL_C = b"\x03"
CODES = re.compile(r"\x1b\[[0-9;]*m")
OUTER = ("CI", "COLUMNS", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "GITHUB_ACTIONS", "MLBOT_TOKEN")
SECONDS = 60.0


class Shown(NamedTuple):
    """What a command left."""

    code: int
    text: str
    """All that it wrote, to standard output and to standard error."""

    @property
    def lines(self) -> list[str]:
        """What can be seen in the end."""
        return read_screen(self.text)


def run_mlbot(
    folder: Path, *arguments: str, columns: int = 80, stop_after: str = "", env: Mapping[str, str] | None = None
) -> Shown:
    """Run mlbot as a person does.

    Args:
        folder: where.
        *arguments: what follows ``mlbot``.
        columns: how wide the terminal is.
        stop_after: Ctrl-C is pressed once this was written.
        env: more variables.
    """
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        kept = {name: value for name, value in os.environ.items() if name not in OUTER}
        command = [sys.executable, "-m", "cml_bot", *arguments]
        os.execve(
            sys.executable, command, {**kept, "TERM": "xterm-256color", "PYTHONPATH": str(PACKAGE), **(env or {})}
        )
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    return _watch(child, terminal, stop_after)


def _watch(child: int, terminal: int, stop_after: str) -> Shown:
    data, end = b"", time.monotonic() + SECONDS
    while time.monotonic() < end:
        if not select([terminal], [], [], 0.1)[0]:
            continue
        try:
            data += os.read(terminal, 65536)
        except OSError:
            # Linux says so when the last process has left the terminal.
            break
        if stop_after and stop_after in data.decode(errors="replace"):
            os.write(terminal, CONTROL_C)
            stop_after = ""
    os.close(terminal)
    return Shown(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), data.decode())


def read_screen(text: str) -> list[str]:
    """Give the lines as they are seen: what a carriage return goes back to is written over. Colours are left out."""
    return [_write_over(line) for line in CODES.sub("", text).replace("\r\n", "\n").split("\n")]


def _write_over(line: str) -> str:
    seen = ""
    for part in line.split("\r"):
        seen = part + seen[len(part) :]
    return seen.rstrip(" ")
