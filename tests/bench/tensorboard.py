"""Measure a long event file: the whole command against TensorBoard's own reader, as a process of its own.

Run it by ``.venv/bin/python -m tests.bench.tensorboard``; ``--records 400000`` is ten times quicker. TensorBoard's
reader takes a minute for the full size and runs once, mlbot three times, with it in between.
"""

from __future__ import annotations

import argparse
import struct
import tempfile
from pathlib import Path

from tests.bench.turns import Took, install, middle, own, row, run

RECORDS = 4_000_000
ROUNDS, PEER_ROUNDS = 3, 1
AT_MOST = 0.2
TAGS = ("train/loss", "train/accuracy", "train/lr", "train/grad_norm")
PEER = """
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
print({tag: events.Scalars(tag)[-1].value for tag in events.Tags()["scalars"]})
"""
"""All scalars kept, as mlbot sees all of them."""
_CRC_ROWS = []
for _byte in range(256):
    for _ in range(8):
        _byte = (_byte >> 1) ^ (0x82F63B78 if _byte & 1 else 0)
    _CRC_ROWS.append(_byte)


def masked_crc(data: bytes) -> int:
    """The CRC-32C of TFRecord files."""
    crc = 0xFFFF_FFFF
    for byte in data:
        crc = _CRC_ROWS[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFF_FFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFF_FFFF


def varint(value: int) -> bytes:
    """A whole number as protobuf writes it."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


def framed(data: bytes) -> bytes:
    """A record as it lies in the file."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))


def field(number: int, content: bytes) -> bytes:
    """A field of a message that is a message or text itself."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def scalar_event(tag: str, step: int, value: float, wall: float = 1.8e9) -> bytes:
    """An event as PyTorch's SummaryWriter writes it for add_scalar; no step where it is 0."""
    number = field(1, tag.encode()) + b"\x15" + struct.pack("<f", value)
    begun = b"\x09" + struct.pack("<d", wall) + (b"\x10" + varint(step) if step else b"")
    return begun + field(5, field(1, number))


def write_events(path: Path, n: int) -> None:
    """Write so many scalars, of four tags in turn."""
    with path.open("wb", buffering=1 << 20) as file:
        file.write(framed(b"\x09" + struct.pack("<d", 1.8e9) + field(3, b"brain.Event:2")))
        for record in range(n):
            step, tag = divmod(record, len(TAGS))
            file.write(framed(scalar_event(TAGS[tag], step, 1 / (1 + step) + tag, 1.8e9 + record / 1000)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS, help="scalars in the file")
    n = parser.parse_args().records
    peer = install("tensorboard", "tensorboard>=2.21", "setuptools<81")
    with tempfile.TemporaryDirectory() as name:
        work, other = Path(name, "work"), Path(name)
        work.mkdir()
        path = work / "events.out.tfevents.1800000000.runner.1.0"
        write_events(path, n)
        (other / "peer.py").write_text(PEER)
        theirs: list[Took] = []
        mine: list[Took] = []
        for turn in range(ROUNDS):
            mine.append(run(own("report", "--format", "json", "--no-publish"), work))
            if turn < PEER_ROUNDS:
                theirs.append(run([peer, other / "peer.py", path], other))
        megabytes = path.stat().st_size / 1e6
        what = f"TensorBoard: {n:,} scalars, {megabytes:.0f} MB (against EventAccumulator, {PEER_ROUNDS} round)"
        print(row(what, middle(theirs), middle(mine), AT_MOST))


if __name__ == "__main__":
    main()
