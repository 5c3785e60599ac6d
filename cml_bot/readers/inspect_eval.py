"""Inspect's own format of a log, `.eval`: a ZIP that Python's `zipfile` cannot unpack, for it is packed by Zstandard.

Only the header is read, which has all but the samples; of a stopped evaluation the journal's first entry, which has
no results. What the file says of its sizes is not believed.

Source: https://inspect.aisi.org.uk/eval-logs.html#sec-log-format, and
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (4.3.7 is the header of an entry, method 93 is Zstandard)
"""

from __future__ import annotations

import struct
import sys
import zipfile
import zlib
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO

from cml_bot.errors import InputError
from cml_bot.readers._parts import as_mapping
from cml_bot.readers._text import decode
from cml_bot.readers.inspect_log import observe
from cml_bot.readers.json_file import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cml_bot.model import Observation

LARGEST = 16 * 1024 * 1024
"""Bytes of the header, packed and unpacked, and of the ZIP's list of entries."""
_HEADER, _START = "header.json", "_journal/start.json"
_ZSTANDARD = 93
_WINDOW = 27
"""Bits of the window that the packer may look back in: 128 MB, which Zstandard itself allows by default."""
_LOCAL = struct.Struct("<4s5H3I2H")
_ENCRYPTED = 0x1
_UNSIZED = 0x8
_CURE = "Look whether the job was stopped while it wrote the file."
_INSTALL = "Run pip install backports.zstd."
_ODD = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, LookupError, OSError, EOFError, struct.error)


def read(path: Path, x: str | None = None) -> Iterator[Observation]:
    """Yield what one log holds; `x` has no meaning here.

    Raises:
        InputError: it is no log of Inspect, or cannot be unpacked here, or holds no results.
    """
    del x
    yield from observe(read_header(path), path.name)


def read_header(path: Path) -> Mapping[str, object]:
    """Return all of a log but its samples; of a stopped evaluation what was known when it began.

    Raises:
        InputError: it is no log of Inspect, or cannot be unpacked here.
    """
    where = path.name
    try:
        with path.open("rb") as file:
            data = _read_entry(file, where)
    except InputError:
        raise
    except (*_ODD, zlib.error) as error:
        raise InputError(where, f"cannot be read as a log of Inspect ({_reason(error)})", _CURE) from error
    document, _ = parse_json(decode(data, where), where)
    header = as_mapping(document)
    if not as_mapping(header.get("eval")):
        raise InputError(where, "is no log of Inspect", "Look whether its ending names what it holds.")
    return header if "status" in header else {**header, "status": "started"}


def _read_entry(file: BinaryIO, where: str) -> bytes:
    try:
        _look_at_end(file, where)
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        # Cut before its list of entries. The first of them says what was begun.
        return _read_first(file, where)
    with archive:
        names = frozenset(archive.namelist())
        name = next((name for name in (_HEADER, _START) if name in names), "")
        if not name:
            raise InputError(where, "is a ZIP without a header", "Look whether it is a log of Inspect.")
        entry = archive.getinfo(name)
        if entry.compress_type != _ZSTANDARD:
            with archive.open(entry) as plain:
                return _limited(plain.read(LARGEST + 1), where)
        file.seek(entry.header_offset)
        _skip_local(file)
        packed = _limited(file.read(min(entry.compress_size, LARGEST + 1)), where)
    data = _unpack(packed, where)
    if zlib.crc32(data) != entry.CRC:
        raise InputError(where, "is damaged, its header has another checksum", "Copy it again from the job.")
    return data


def _look_at_end(file: BinaryIO, where: str) -> None:
    """Refuse a ZIP with a huge list of entries, which the library reads as a whole."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 66_000))
    tail = file.read(66_000)
    end = tail.rfind(b"PK\x05\x06")
    listed = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    large = tail.rfind(b"PK\x06\x06")
    if listed == 0xFFFFFFFF and large >= 0:
        listed = int.from_bytes(tail[large + 40 : large + 48], "little")
    if listed > LARGEST:
        raise InputError(where, "holds too many samples to list", "Write the log as JSON, or with fewer samples.")
    file.seek(0)


def _read_first(file: BinaryIO, where: str) -> bytes:
    file.seek(0)
    name, method, flags, packed = _skip_local(file)
    is_told = name == _START.encode() and not flags & (_ENCRYPTED | _UNSIZED)
    if not is_told or method != _ZSTANDARD:
        raise InputError(where, "is no whole log of Inspect", _CURE)
    return _unpack(_limited(file.read(min(packed, LARGEST + 1)), where), where)


def _skip_local(file: BinaryIO) -> tuple[bytes, int, int, int]:
    """Read the header of an entry; return its name, method, flags and packed size."""
    mark, _, flags, method, _, _, _, packed, _, n_name, n_extra = _LOCAL.unpack(file.read(_LOCAL.size))
    if mark != b"PK\x03\x04":
        raise zipfile.BadZipFile("no entry where one should be")
    name = file.read(n_name)
    file.seek(n_extra, 1)
    if flags & _ENCRYPTED:
        raise zipfile.BadZipFile("encrypted")
    return name, method, flags, packed


def _unpack(packed: bytes, where: str) -> bytes:
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    try:
        zstd = import_module(name)
    except ImportError as error:
        raise InputError(where, "is packed by Zstandard, which Python before 3.14 lacks", _INSTALL) from error
    unpacker = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW})
    try:
        data: bytes = unpacker.decompress(packed, max_length=LARGEST + 1)
        if not unpacker.eof and len(data) <= LARGEST:
            raise InputError(where, "ends in the middle of its header", _CURE)
    except (zstd.ZstdError, EOFError) as error:
        raise InputError(where, f"cannot be unpacked ({_reason(error)})", "Copy it again from the job.") from error
    return _limited(data, where)


def _limited(data: bytes, where: str) -> bytes:
    if len(data) > LARGEST:
        raise InputError(where, f"has a header of more than {LARGEST >> 20} MB", "Evaluate fewer samples at once.")
    return data


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__
