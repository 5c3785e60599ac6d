"""A database of SQLite that a stranger may have made: opened for reading, and limited in what it can ask for.

Source: https://sqlite.org/security.html
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.readers._text import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC = b"SQLite format 3\0"
_SECONDS = 30.0
LONGEST = 4 * 1024 * 1024
"""Bytes of a text or row."""
_BESIDE = ("-wal", "-journal")
"""Ends of the files where SQLite keeps what is not in the database yet, or what is to be taken back."""
_LARGEST_COPY = 1024 * 1024 * 1024


@contextmanager
def open_database(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database for reading; the file and what lies beside it stay as they are.

    Raises:
        InputError: it cannot be read, is no database, is damaged, or takes too long, now or while it is read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
        if start != _MAGIC:
            raise InputError(path.name, "is not a database of SQLite", "Look whether its ending names what it holds.")
        with _settle(path) as (address, _), closing(sqlite3.connect(address, uri=True)) as connection:
            _secure(connection)
            yield connection
    except OSError as error:
        raise unreadable(path.name, error) from error
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        reason = str(error).lower()
        what = "takes too long to read" if "interrupted" in reason else f"cannot be read as a database ({reason})"
        raise InputError(path.name, what, "See that the training has ended, and that the file is whole.") from error


def plain_tables(connection: sqlite3.Connection) -> set[str]:
    """Name the tables that hold rows of their own: a view or a virtual table may compute for ever."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%' LIMIT 10000"
    return {name for (name,) in connection.execute(query)}


@contextmanager
def _settle(path: Path) -> Iterator[tuple[str, Path]]:
    """Give the address of a database that nobody writes to.

    With a journal beside it SQLite has to write before it can read: so it does, in a copy.
    """
    beside = [path.with_name(path.name + end) for end in _BESIDE]
    beside = [one for one in beside if one.is_file() and not one.is_symlink() and one.stat().st_size]
    if not beside:
        yield f"{path.resolve().as_uri()}?mode=ro&immutable=1", path
        return
    if sum(one.stat().st_size for one in (path, *beside)) > _LARGEST_COPY:
        cure = "Close the database before mlbot runs, so that no journal is left."
        raise InputError(path.name, f"has a journal, and is larger than {_LARGEST_COPY >> 20} MB", cure)
    with TemporaryDirectory(prefix="mlbot-") as folder:
        for one in (path, *beside):
            shutil.copyfile(one, Path(folder, one.name))
        copy = Path(folder, path.name)
        yield f"{copy.as_uri()}?mode=rw", copy


def _secure(connection: sqlite3.Connection) -> None:
    """Limit what a made-up database can ask for."""
    end = time.monotonic() + _SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > end, 100_000)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    for setting in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
        connection.execute(f"PRAGMA {setting}")
