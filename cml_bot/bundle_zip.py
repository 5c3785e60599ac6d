"""A bundle in a zip, as forges keep it. Read in memory: nothing of it is ever written to disk.

What a zip says of itself is not believed: entries are counted before the library lists them, and each is unpacked no
further than it may be long.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cml_bot.bundle import ABOUT, CURE, MIB, RUN, read_bundle
from cml_bot.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cml_bot.model import Run

MOST_ENTRIES = 300
LARGEST_RATIO = 200
"""How many times its packed size a run.json may have; a small one may have more."""
SMALL = MIB
ENTRY_MARK = b"PK\x01\x02"
KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Others may take gigabytes of memory to unpack a few bytes."""
ODD = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, LookupError, OSError, EOFError),
    *(struct.error, zlib.error, OverflowError),
)
"""What zipfile raises for a zip that is none, or not a whole one."""
ENCRYPTED = 0x1 | 0x40 | 0x2000


def read_zip(name: str, data: bytes) -> Run:
    """Read the one bundle that a zip holds, at its top or in a folder of it.

    Args:
        name: what it is called in messages.
        data: the zip.

    Raises:
        InputError: it is no zip of a bundle, or could be meant to do harm.
    """
    # The library lists all entries at once, and there is no other way to ask how many there are that it would believe.
    if data.count(ENTRY_MARK) > MOST_ENTRIES:
        raise InputError(name, f"holds more than {MOST_ENTRIES} files", CURE)
    with _told(name):
        archive = zipfile.ZipFile(io.BytesIO(data))
    with archive:
        return read_bundle(Unpacked(archive, name), name)


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except ODD as error:
        raise InputError(where, f"cannot be read as a zip ({error})", CURE) from error


class Unpacked:
    """The files of a bundle in a zip."""

    def __init__(self, archive: zipfile.ZipFile, where: str) -> None:
        """Look at every name.

        Raises:
            InputError: a name or kind is one that no bundle has.
        """
        self._archive = archive
        self._where = where
        # The library's own is_dir fails for an empty name.
        entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
        for entry in archive.infolist():
            why = _find_objection(entry)
            if why:
                raise InputError(where, f"holds {entry.orig_filename[:80]!r}, which {why}", CURE)
        twice = [name for name, count in Counter(entry.filename for entry in entries).items() if count > 1]
        if twice:
            raise InputError(where, f"holds {twice[0][:80]!r} twice", CURE)
        self._entries = {entry.filename: entry for entry in entries}
        self._prefix = _find_prefix(list(self._entries), where)

    def read(self, name: str, limit: int) -> bytes | None:
        """Give a file's content; None where there is none of that name.

        Raises:
            InputError: it has more bytes than the limit, or more than it has any reason to.
        """
        entry = self._entries.get(self._prefix + name)
        if entry is None:
            return None
        where = f"{self._where}, {name}"
        with _told(where), self._archive.open(entry) as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise InputError(where, f"has more than {limit / MIB:.3g} MiB", CURE)
        if name == RUN and len(data) > SMALL and len(data) > LARGEST_RATIO * max(entry.compress_size, 1):
            raise InputError(where, f"unpacks to more than {LARGEST_RATIO} times its size", CURE)
        return data


def _find_objection(entry: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    # The library cuts a name at a zero byte.
    name = entry.orig_filename.replace("\\", "/")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or no plain file"
    if name.startswith("/") or "\0" in name or ".." in name.split("/") or re.match("[A-Za-z]:", name):
        return "leads out of it"
    if entry.flag_bits & ENCRYPTED:
        return "is encrypted"
    if entry.compress_type not in KINDS:
        return "is packed in an unusual way"
    return ""


def _find_prefix(names: list[str], where: str) -> str:
    """Return the folder of the one bundle, with a slash at its end; empty for the top.

    A folder that has only a run.json may be a report's, so it counts where no other does.
    """
    folders = [name.removesuffix(RUN) for name in names if name == RUN or name.endswith(f"/{RUN}")]
    if "" in folders:
        return ""
    chosen = [folder for folder in folders if folder + ABOUT in names] or folders
    if len(chosen) > 1:
        raise InputError(where, "holds several bundles", "Keep each under a name of its own.")
    return chosen[0] if chosen else ""
