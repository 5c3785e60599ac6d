"""Real files, damaged as disks, killed jobs and strangers do: the same damage for the same seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_ODD = (
    *(
        b"\x00",
        b"\xff",
        b"\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\r\n",
        b'"',
        b"{",
        b"[",
        b"]",
        b"}",
        b",",
        b"\\",
        b"\x80",
    ),
    *(b"NaN", b"1e999", b"-1", b"9" * 40, b"null", b"true", b"[[[[[[[[", b'{"a":' * 50, b"&a *a", b"<!ENTITY x 'y'>"),
    *(b"\xef\xbb\xbf", "٣".encode(), b"\xed\xa0\x80", b"<b>@all</b>", b"|", b"\n\n\n", b"../../x", b"1_000", b"=1+1"),
)


def mutate(data: bytes, random: Random) -> bytes:
    """Damage a file in one to four ways."""
    for _ in range(random.randint(1, 4)):
        data = random.choice(_WAYS)(data, random)
    return data


def _cut(data: bytes, random: Random) -> bytes:
    return data[: _place(data, random)]


def _flip(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.randint(1, 8)):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _insert(data: bytes, random: Random) -> bytes:
    place = _place(data, random)
    return data[:place] + random.choice(_ODD) + data[place:]


def _overwrite(data: bytes, random: Random) -> bytes:
    place, odd = _place(data, random), random.choice(_ODD)
    return data[:place] + odd + data[place + len(odd) :]


def _repeat(data: bytes, random: Random) -> bytes:
    start, end = sorted((_place(data, random), _place(data, random)))
    end = min(end, start + 2_000)
    return data[:end] + data[start:end] * random.randint(1, 20) + data[end:]


def _remove(data: bytes, random: Random) -> bytes:
    start = _place(data, random)
    return data[:start] + data[start + random.randint(1, 200) :]


def _swap(data: bytes, random: Random) -> bytes:
    start, middle, end = sorted(_place(data, random) for _ in range(3))
    return data[:start] + data[middle:end] + data[start:middle] + data[end:]


def _place(data: bytes, random: Random) -> int:
    return random.randint(0, len(data))


_WAYS: tuple[Callable[[bytes, Random], bytes], ...] = (_cut, _flip, _insert, _overwrite, _repeat, _remove, _swap)
