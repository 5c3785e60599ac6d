"""Runs of Weights & Biases and Trackio: what they hold, and what is left of it when it is damaged or made up."""

from __future__ import annotations

import shutil
import sqlite3
import struct
import zlib
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.collect import collect
from cml_bot.config import Config
from cml_bot.errors import InputError
from cml_bot.model import Figure, Goal, Metric, Note, Observation, Param, Series
from cml_bot.readers import trackio_db, wandb_run
from cml_bot.readers._leveldb_log import LogReader
from cml_bot.readers._protobuf import WireError, as_signed, read_fields
from cml_bot.readers._wandb import History
from cml_bot.trees import FolderTree
from tests.reader_cases import CASES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BEGINNING = b":W&B\xe1\xbe\x00"
OFFLINE = CASES / "wandb_run" / "offline" / "offline-run-20261121_111311-gkhq6qwq" / "run-gkhq6qwq.wandb"
CUT = CASES / "wandb_run" / "cut" / "run-cut" / "run-cut.wandb"


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def item(key: str, text: str) -> bytes:
    return field(1, key.encode()) + field(16, text.encode())


def row(**values: str) -> bytes:
    return field(2, b"".join(field(1, item(key, text)) for key, text in values.items()))


def log(records: Sequence[bytes]) -> bytes:
    """Each record in one piece; all in the first block."""
    pieces = b""
    for record in records:
        checksum = zlib.crc32(record, zlib.crc32(b"\x01"))
        pieces += struct.pack("<IHB", checksum, len(record), 1) + record
    return BEGINNING + pieces


def write(folder: Path, data: bytes) -> Path:
    path = folder / "run-x.wandb"
    path.write_bytes(data)
    return path


def read(path: Path) -> list[Observation]:
    return list(wandb_run.read(path))


def series(found: Sequence[Observation]) -> dict[str, Series]:
    return {one.name: one for one in found if isinstance(one, Series)}


def notes(found: Sequence[Observation]) -> str:
    return "\n".join(one.text for one in found if isinstance(one, Note))


def test_values_that_its_own_reader_gives() -> None:
    found = read(OFFLINE)
    assert list(series(found)) == ["train/loss", "epoch", "val/loss", "val/acc"]
    assert series(found)["val/loss"].x == (9, 19, 29, 39, 49, 59)
    assert series(found)["val/loss"].y[-1] == 0.16142462461328905
    ends = {one.name: one.value for one in found if isinstance(one, Metric)}
    assert ends["val/loss.min"] == 0.16142462461328905
    assert ends["best/acc"] == 0.31259564710117127
    assert {one.name: one.value for one in found if isinstance(one, Param)} == {
        "lr": "0.1",
        "seed": "0",
        "model.depth": "3",
    }
    assert not notes(found)


def test_a_cut_log_gives_its_whole_rows_and_says_so() -> None:
    found = read(CUT)
    assert len(series(found)["loss"].y) == 132
    assert "has no end" in notes(found)


def test_a_damaged_block_costs_what_is_in_it_alone(tmp_path: Path) -> None:
    data = bytearray(CUT.read_bytes())
    data[2_000] ^= 0xFF
    found = read(write(tmp_path, bytes(data)))
    assert "1 block damaged" in notes(found)
    assert series(found)["loss"].x[-1] == 131
    assert 20 < len(series(found)["loss"].x) < 132


def test_pictures_of_a_run_and_its_name_without_what_differs(tmp_path: Path) -> None:
    for name in ("offline-run-20261121_111311-gkhq6qwq", "offline-run-20261120_090000-older123"):
        shutil.copytree(OFFLINE.parent, tmp_path / "wandb" / name)
    run = collect(FolderTree(tmp_path), Config())
    assert {metric.group for metric in run.metrics} == {"wandb/*"}
    assert [figure.name for figure in run.figures] == ["wandb/*/img"]
    assert [source.path for source in run.sources] == ["wandb/offline-run-20261121_111311-gkhq6qwq"]
    assert any("1 earlier run beside it" in note for note in run.notes)


def test_what_was_defined_of_a_metric(tmp_path: Path) -> None:
    defined = field(12, field(2, b"val/*") + field(8, 2))
    found = read(write(tmp_path, log([defined, row(_step="0", **{"val/x": "1"}), row(_step="1", **{"val/x": "2"})])))
    assert series(found)["val/x"].goal is Goal.HIGHER


def test_media_and_text_are_no_numbers(tmp_path: Path) -> None:
    rows = [row(_step="0", loss="0.5", table='{"_type": "table-file", "nrows": 3}', name='"run 1"', ok="true")]
    found = read(write(tmp_path, log(rows)))
    assert [one.name for one in found if isinstance(one, Metric)] == ["loss"]


def test_settings_that_were_taken_back(tmp_path: Path) -> None:
    config = field(5, field(1, item("lr", "0.1")) + field(1, item("opt", '{"name": "sgd", "betas": [0.9, 1e-3]}')))
    removed = field(5, field(2, item("lr", "")))
    found = read(write(tmp_path, log([config, removed])))
    settings = {one.name: one.value for one in found if isinstance(one, Param)}
    assert settings == {"opt.name": "sgd", "opt.betas": "[0.9, 1e-3]"}


def test_another_commit_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "run-1"
    folder.mkdir()
    path = write(folder, log([field(17, field(21, field(2, b"a" * 40)))]))
    found = list(wandb_run.read_store({"run-1/run-x.wandb": path}, "b" * 40))
    assert "is of commit aaaaaaa, not of bbbbbbb" in notes(found)


def test_pictures_that_are_not_here(tmp_path: Path) -> None:
    picture = row(_step="0", img='{"_type": "image-file", "path": "media/images/a.png"}')
    path = write(tmp_path, log([picture]))
    found = list(wandb_run.read_store({"run-1/run-x.wandb": path}, ""))
    assert not [one for one in found if isinstance(one, Figure)]
    assert "1 picture not here" in notes(found)


@pytest.mark.parametrize("data", [b"", b":W&B", b":W&B\xe1\xbe\x01" + b"\0" * 100, b"\x80" * 100])
def test_what_is_no_run(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InputError, match=r"run-x\.wandb: is "):
        read(write(tmp_path, data))


@given(st.binary(max_size=400))
def test_any_record(data: bytes) -> None:
    reader = LogReader(BytesIO(log([data])[len(BEGINNING) :]), len(BEGINNING))
    assert list(reader.records()) == [data]
    history = History()
    history.take(data)
    list(history.observations())


@given(st.binary(max_size=400))
def test_any_bytes_as_a_log_or_a_message(data: bytes) -> None:
    list(LogReader(BytesIO(data), 7).records())
    with suppress(WireError):
        assert len(list(read_fields(data))) <= len(data)


@given(st.lists(st.integers(0, 200_000), max_size=6))
def test_records_over_many_blocks(sizes: list[int]) -> None:
    wanted = [bytes([number % 256]) * size for number, size in enumerate(sizes)]
    out = bytearray(BEGINNING)
    for record in wanted:
        _append(out, record)
    reader = LogReader(BytesIO(bytes(out[len(BEGINNING) :])), len(BEGINNING))
    assert list(reader.records()) == wanted
    assert not reader.is_cut
    assert not reader.n_damaged


def _append(out: bytearray, record: bytes) -> None:
    """Write a record as LevelDB does."""
    is_first, left = True, record
    while True:
        room = 32_768 - len(out) % 32_768
        if room < 7:
            out += bytes(room)
            continue
        piece, left = left[: room - 7], left[room - 7 :]
        kind = (1 if not left else 2) if is_first else (4 if not left else 3)
        out += struct.pack("<IHB", zlib.crc32(piece, zlib.crc32(bytes([kind]))), len(piece), kind) + piece
        is_first = False
        if not left:
            return


def test_negative_numbers() -> None:
    assert [as_signed(value) for number, value in read_fields(field(1, 2**64 - 5)) if isinstance(value, int)] == [-5]


def test_trackio_in_the_workspace(tmp_path: Path) -> None:
    shutil.copytree(CASES / "trackio_db" / "two_runs" / "trackio", tmp_path / "trackio")
    run = collect(FolderTree(tmp_path), Config())
    assert {one.name: one.y[-1] for one in run.series if one.name != "nan"} == {
        "train/loss": 0.17666666666666667,
        "val/acc": 0.75,
    }
    assert {one.name: one.value for one in run.params} == {"lr": "0.1", "seed": "1", "model.depth": "3"}


def test_a_database_that_is_none_of_trackio(tmp_path: Path) -> None:
    path = tmp_path / "churn.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE VIEW metrics AS SELECT 1 AS id, 2 AS run_id")
    connection.execute("CREATE TABLE configs (run_id)")
    connection.close()
    with pytest.raises(InputError, match=r"churn\.db: is no database of Trackio"):
        list(trackio_db.read_store({"trackio/churn.db": path}, ""))
