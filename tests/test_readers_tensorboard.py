"""TensorBoard's event files, held to what TensorBoard's own EventAccumulator said of the same files."""

from __future__ import annotations

import json
import shutil
import struct
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.collect import collect
from cml_bot.config import Config
from cml_bot.errors import InputError
from cml_bot.model import Figure, Metric, Note, Observation, Param, Points, Run, Series
from cml_bot.readers._summary import shorten_singles
from cml_bot.readers._tfevents import LARGEST_RECORD
from cml_bot.readers.image_file import MOST_PICTURES
from cml_bot.readers.tensorboard import read_store
from cml_bot.steps import is_step
from cml_bot.trees import FolderTree
from tests.bench.tensorboard import field, framed, masked_crc, scalar_event, varint, write_events
from tests.reader_cases import CASES
from tests.test_collect import PNG

HERE = CASES / "tensorboard"
TOLD = json.loads((HERE / "event_accumulator.json").read_text())
"""What EventAccumulator (tensorboard 2.21.0) gave: by case and tag, steps and values as Python writes them."""
NAME = "events.out.tfevents.1795258473.vm.1.0"
VERSION = framed(b"\x09" + struct.pack("<d", 1.8e9) + field(3, b"brain.Event:2"))


def files_of(case: str) -> dict[str, Path]:
    return {f"runs/{path.name}": path for path in sorted((HERE / case).glob("*tfevents*"))}


def read(files: dict[str, Path]) -> list[Observation]:
    return list(read_store(files, ""))


def read_bytes(folder: Path, *contents: bytes) -> list[Observation]:
    """What is read of one run with these files, in this order."""
    files = {}
    for n, content in enumerate(contents):
        path = folder / f"events.out.tfevents.{1795258473 + n}.vm.1.0"
        path.write_bytes(content)
        files[path.name] = path
    return read(files)


def curves(found: list[Observation]) -> dict[str, dict[float, float]]:
    return {one.name: dict(zip(one.x, one.y, strict=True)) for one in found if isinstance(one, Series)}


def notes(found: list[Observation]) -> list[str]:
    return [one.text for one in found if isinstance(one, Note)]


def scalars(tag: str, points: dict[int, float]) -> bytes:
    return VERSION + b"".join(framed(scalar_event(tag, step, value)) for step, value in points.items())


def event(step: int, *values: bytes, more: bytes = b"") -> bytes:
    summary = field(5, b"".join(field(1, value) for value in values)) if values else b""
    return framed(b"\x09" + struct.pack("<d", 1.8e9) + b"\x10" + varint(step) + summary + more)


def start(step: int) -> bytes:
    return event(step, more=field(7, b"\x08\x01"))


def single(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def run_of(root: Path, config: Config | None = None) -> Run:
    return collect(FolderTree(root, ""), config or Config())


def put(case: str, folder: Path) -> Path:
    """Copy the files of a case."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in files_of(case).values():
        shutil.copy(path, folder)
    return folder


@pytest.mark.parametrize("case", TOLD)
def test_equal_to_what_tensorboard_reads(case: str) -> None:
    found = read(files_of(case))
    mine = curves(found) | {one.name: {0: one.value} for one in found if isinstance(one, Metric)}
    wanted = {tag: {step: float(text) for step, text in points} for tag, points in TOLD[case].items()}
    wanted = {tag: points for tag, points in wanted.items() if not is_step(tag)}
    assert set(mine) == set(wanted)
    for tag, points in wanted.items():
        narrow = single if case != "encodings" or tag.endswith("float32") else float
        # By their text, for NaN is equal to nothing.
        assert repr({int(x): narrow(y) for x, y in mine[tag].items()}) == repr(points), tag


def test_values_are_as_short_as_what_was_stored() -> None:
    found = curves(read(files_of("newstyle")))
    assert found["val/loss"] == {
        0: 1.1, 1: 0.6, 2: 0.43333334, 3: 0.35, 4: 0.3,
        5: 0.26666668, 6: 0.24285714, 7: 0.225, 8: 0.21111111, 9: 0.2,
    }  # fmt: skip
    assert curves(read(files_of("encodings")))["float64"][400] == 0.30000000000000004


@given(st.lists(st.floats(width=32)))
def test_the_shortest_decimal_is_the_same_single(values: list[float]) -> None:
    short = shorten_singles(values)
    assert repr([single(value) if abs(value) < 3.5e38 else value for value in short]) == repr(values)
    assert all(one != one or float(f"{one:.9g}") == one for one in short)


def test_whole_numbers_stay_whole() -> None:
    # The shortest decimal of this count would be 124439810.
    assert shorten_singles([124439808.0, -3.0, 1e10]) == [124439808, -3, 1e10]


def test_nan_and_infinity_stay() -> None:
    assert repr(curves(read(files_of("exp1")))["diverged"]) == "{0.0: nan, 1.0: inf}"


def test_settings_and_the_metrics_they_led_to() -> None:
    found = read(files_of("hparams"))
    assert [(one.name, one.value) for one in found if isinstance(one, Param)] == [
        ("lr", "0.1"), ("hidden", "16"), ("opt", "sgd"),
    ]  # fmt: skip
    assert {one.name: one.values for one in found if isinstance(one, Metric)} == {
        "hparam/accuracy": (0.86934674,),
        "hparam/loss": (0.405682,),
    }


def test_pictures_of_the_last_step_and_the_pr_curve() -> None:
    found = read(files_of("exp1"))
    [figure] = [one for one in found if isinstance(one, Figure)]
    # EventAccumulator: 175 bytes at step 0, 176 at step 20.
    assert (figure.name, figure.media, len(figure.data)) == ("weights", "image/png", 176)
    [points] = [one for one in found if isinstance(one, Points)]
    assert (points.name, points.x_label, points.y_label, points.is_line) == ("pr", "recall", "precision", True)
    assert (len(points.x), points.x[:2], points.y[0]) == (20, (1.0, 0.983871), 0.1038526)
    assert notes(found) == []


def test_pictures_beyond_the_limit_are_named(tmp_path: Path) -> None:
    values = [field(1, b"p%d" % n) + field(4, field(4, PNG)) for n in range(MOST_PICTURES + 3)]
    found = read_bytes(tmp_path, VERSION + event(1, *values) + event(2, *values))
    assert sum(isinstance(one, Figure) for one in found) == MOST_PICTURES
    assert "p20, p21, p22" in notes(found)[0]


def test_a_message_of_millions_of_fields_is_not_kept(tmp_path: Path) -> None:
    values = b"\x0a\x00" * 2_000_000
    found = read_bytes(tmp_path, scalars("loss", {0: 1}) + framed(field(5, values)))
    assert curves(found) == {"loss": {0: 1}}
    assert "1 record cannot be understood" in notes(found)[0]


def test_a_resumed_run_begins_where_its_session_does(tmp_path: Path) -> None:
    found = curves(read(files_of("resumed")))
    assert list(found["train/loss"]) == list(range(30))
    first = scalars("loss", {0: 5, 10: 4, 20: 3, 30: 2})
    second = VERSION + start(15) + framed(scalar_event("loss", 16, 1))
    assert curves(read_bytes(tmp_path, first, second)) == {"loss": {0: 5, 10: 4, 16: 1}}


def test_a_session_that_begins_drops_the_scalars_and_pictures_of_others_too(tmp_path: Path) -> None:
    picture = event(20, field(1, b"p") + field(4, field(4, PNG)))
    found = read_bytes(tmp_path, scalars("loss", {0: 5, 20: 3}) + picture, VERSION + start(10))
    assert curves(found) == {"loss": {0: 5}}
    assert not any(isinstance(one, Figure) for one in found)


def test_a_later_file_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    first = scalars("loss", dict.fromkeys(range(100), 1)) + framed(scalar_event("test/acc", 99, 0.5))
    found = read_bytes(tmp_path, first, scalars("loss", dict.fromkeys(range(50), 2)))
    assert curves(found) == {"loss": dict.fromkeys(range(50), 2), "test/acc": {99: 0.5}}
    assert notes(found) == []


def test_files_are_read_by_the_times_and_numbers_in_their_names(tmp_path: Path) -> None:
    names = ["events.out.tfevents.1795258473.vm.7.9", "events.out.tfevents.1795258473.vm.7.10"]
    for name, value in zip(names, (1, 2), strict=True):
        (tmp_path / name).write_bytes(scalars("loss", {0: value}))
    assert curves(read({name: tmp_path / name for name in sorted(names)})) == {"loss": {0: 2}}


def test_a_step_that_was_never_passed_is_said(tmp_path: Path) -> None:
    content = VERSION + b"".join(framed(scalar_event("loss", 0, value)) for value in (3, 2, 1))
    found = read_bytes(tmp_path, content)
    assert curves(found) == {"loss": {0: 1}}
    assert "steps that come again in loss" in notes(found)[0]


def test_a_negative_step_and_the_largest(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, scalars("loss", {2**64 - 5: 1, 0: 2, 2**40: 3}))
    assert curves(found) == {"loss": {-5: 1, 0: 2, 2**40: 3}}


def test_a_killed_run_keeps_what_is_whole() -> None:
    found = read(files_of("killed"))
    assert list(curves(found)["train/loss"]) == list(range(19))
    [text] = notes(found)
    assert text.startswith("events.out.tfevents.1795258473.vm.2316.7 ends in the middle of a record")


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 10**9, 0])
def test_a_damaged_length_is_never_followed(tmp_path: Path, length: int) -> None:
    content = scalars("loss", {0: 2, 1: 1}) + struct.pack("<Q", length) + bytes(20)
    found = read_bytes(tmp_path, content)
    assert curves(found) == {"loss": {0: 2, 1: 1}}
    assert "is damaged; what comes after is left out" in notes(found)[0]


def test_a_true_length_beyond_the_end_is_a_cut_file(tmp_path: Path) -> None:
    for length in (2**63, 2**40, 10_000):
        record = framed(bytes(8))
        head = struct.pack("<Q", length)
        content = scalars("loss", {0: 2}) + head + struct.pack("<I", masked_crc(head)) + record
        found = read_bytes(tmp_path, content)
        assert curves(found) == {"loss": {0: 2}}
        assert "ends in the middle" in notes(found)[0]


def test_a_huge_record_is_passed_over(tmp_path: Path) -> None:
    head = struct.pack("<Q", LARGEST_RECORD + 1)
    huge = head + struct.pack("<I", masked_crc(head)) + bytes(LARGEST_RECORD + 1) + bytes(4)
    content = scalars("loss", {0: 2}) + huge + framed(scalar_event("loss", 1, 1))
    found = read_bytes(tmp_path, content)
    assert curves(found) == {"loss": {0: 2, 1: 1}}
    assert notes(found) == [f"{NAME} holds a record of more than 32 MB; left out."]


def test_many_blocks_give_what_one_does(tmp_path: Path) -> None:
    path = tmp_path / NAME
    write_events(path, 170_000)
    assert path.stat().st_size > 8 << 20
    found = read({NAME: path})
    loss = next(one for one in found if isinstance(one, Series) and one.name == "train/loss")
    assert (loss.x[0], loss.x[-1], loss.y[0], loss.y[-1]) == (0, 42_499, 1.0, single_text(1 / 42_500))
    assert loss.mean == pytest.approx(sum(single(1 / (1 + step)) for step in range(42_500)) / 42_500, rel=1e-9)


def test_long_files_are_read_as_short_ones(tmp_path: Path) -> None:
    """Many tags of equal length, steps that fall back, a session that begins anew, and other records in between."""
    short, long = tmp_path / "short", tmp_path / "long"
    records = [framed(scalar_event(f"tag/{n % 7}", n // 7 % 5_000, n / 3)) for n in range(60_000)]
    records[30_000:30_000] = [start(2_000)]
    records[1_000::5_000] = [event(1, field(1, b"p") + field(4, field(4, PNG)))] * len(records[1_000::5_000])
    content = VERSION + b"".join(records)
    # Padded by records that hold nothing, so that it is large.
    padding = framed(field(8, bytes(1 << 20)))
    short.write_bytes(content)
    long.write_bytes(content + padding * 10)
    one, other = read({NAME: short}), read({NAME: long})
    assert len(curves(one)) == 7
    assert repr(one) == repr(other)


def single_text(value: float) -> float:
    return shorten_singles([single(value)])[0]


def test_no_events_at_all(tmp_path: Path) -> None:
    for content in (b"no events", b"{}" * 100, bytes(100)):
        with pytest.raises(InputError, match="no file of TensorBoard events"):
            read_bytes(tmp_path, content)
    for content in (b"", VERSION):
        assert notes(read_bytes(tmp_path, content)) == [
            "holds no values. Look whether the job was stopped before it logged any."
        ]


def test_a_broken_file_takes_no_other_down(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, b"no events at all", scalars("loss", {0: 2}))
    assert curves(found) == {"loss": {0: 2}}
    assert "is damaged" in notes(found)[0]


def test_records_that_are_no_events_are_counted(tmp_path: Path) -> None:
    content = VERSION + framed(b"\xff" * 30) + framed(b"\x2a\x7f") + framed(scalar_event("loss", 3, 1))
    found = read_bytes(tmp_path, content)
    assert curves(found) == {"loss": {3: 1}}
    assert notes(found) == ["2 records cannot be understood; left out. Look what wrote them."]


def test_too_many_tags_are_said(tmp_path: Path) -> None:
    values = [field(1, b"t%d" % n) + b"\x15" + struct.pack("<f", n) for n in range(5_002)]
    found = read_bytes(tmp_path, VERSION + event(1, *values))
    assert len(curves(found)) == 5_000
    assert "more than 5\u202f000 tags" in notes(found)[0]


@given(data=st.data())
def test_any_damage_gives_observations_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    case = data.draw(st.sampled_from(["exp1", "encodings", "hparams", "catboost"]))
    content = bytearray(next(iter(files_of(case).values())).read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damage") / NAME
    path.write_bytes(content)
    begun = time.monotonic()
    try:
        found = read({NAME: path})
    except InputError:
        found = []
    assert all(list(one.x) == sorted(set(one.x)) for one in found if isinstance(one, Series))
    assert time.monotonic() - begun < 5


def test_folders_are_runs_of_their_own(tmp_path: Path) -> None:
    for case in ("exp1", "resumed", "tbx"):
        put(case, tmp_path / "runs" / case)
    put("hparams", tmp_path / "runs/exp1/hp")
    run = run_of(tmp_path)
    assert {(one.group, one.name) for one in run.series if one.name == "val/loss"} == {
        ("runs/exp1", "val/loss"), ("runs/resumed", "val/loss"), ("runs/tbx", "val/loss"),
    }  # fmt: skip
    assert [str(one.key) for one in run.params] == ["runs/exp1/hp:lr", "runs/exp1/hp:hidden", "runs/exp1/hp:opt"]
    assert [(one.name, one.source) for one in run.figures] == [("runs/exp1/weights", "runs/exp1")]
    assert [len(one.files) for one in run.sources] == [1, 1, 2, 1]
    assert run.notes == run.unread == ()


def test_events_at_the_top_are_found(tmp_path: Path) -> None:
    put("resumed", tmp_path)
    put("tbx", tmp_path / "runs/other")
    run = run_of(tmp_path)
    assert [(one.path, len(one.files)) for one in run.sources] == [(".", 2), ("runs/other", 1)]
    assert {str(one.key) for one in run.series if one.name == "val/loss"} == {".:val/loss", "runs/other:val/loss"}


@pytest.mark.parametrize(
    ("older", "newer", "group"),
    [
        ("runs/Nov21_10-59-05_host1", "runs/Nov22_09-00-00_host2", "runs/*"),
        ("runs/Dec31_10-59-05_host", "runs/Jan01_09-00-00_host", "runs/*"),
        ("lightning_logs/version_9", "lightning_logs/version_10", "lightning_logs/version_*"),
        ("logs/fit/20261121-105905/train", "logs/fit/20261121-110000/train", "logs/fit/*/train"),
        ("logs/ppo_2026-11-21_10-59-05", "logs/ppo_2026-11-22_10-59-05", "logs/ppo_*"),
        ("tb/PPO_2", "tb/PPO_10", "tb/PPO_*"),
        ("tb/1795258473", "tb/1795258999", "tb/*"),
    ],
)
def test_of_many_runs_the_newest_counts(tmp_path: Path, older: str, newer: str, group: str) -> None:
    for n, (folder, value) in enumerate(((older, 1.0), (newer, 2.0))):
        path = tmp_path / folder / f"events.out.tfevents.{1795258473 + n}.vm.1.0"
        path.parent.mkdir(parents=True)
        path.write_bytes(scalars("loss", {0: value}))
    run = run_of(tmp_path)
    assert [(one.group, one.name, one.y) for one in run.series] == [(group, "loss", (2.0,))]
    assert [one.path for one in run.sources] == [newer]
    assert "1 earlier run beside it; the newest counts" in run.notes[0]


@pytest.mark.parametrize("folder", ["exp1", "exp1_train", "exp2", "seed_1", "resnet50", "lr0.1"])
def test_what_does_not_name_a_run_stays_in_the_group(tmp_path: Path, folder: str) -> None:
    put("tbx", tmp_path / "runs" / folder)
    assert {one.group for one in run_of(tmp_path).series} == {f"runs/{folder}"}


def test_what_add_hparams_writes_belongs_to_the_run_above(tmp_path: Path) -> None:
    put("tbx", tmp_path / "runs/Nov21_10-59-05_vm")
    put("hparams", tmp_path / "runs/Nov21_10-59-05_vm/1795258473.7812")
    run = run_of(tmp_path)
    assert {key.group for key in [*(one.key for one in run.series), *(one.key for one in run.params)]} == {"runs/*"}
    assert {one.group for one in run.metrics} == {"runs/*"}
    assert [one.name for one in run.metrics] == ["hparam/accuracy", "hparam/loss"]


def test_repeated_trainings_are_joined_by_their_folders(tmp_path: Path) -> None:
    for seed in (1, 2):
        put("hparams", tmp_path / f"runs/seed_{seed}")
        put("tbx", tmp_path / f"runs/seed_{seed}")
    run = run_of(tmp_path, Config(sources=("runs/seed_{replicate}",)))
    assert [(one.group, one.name, one.labels) for one in run.metrics] == [
        ("runs/seed_{replicate}", "hparam/accuracy", ("1", "2")),
        ("runs/seed_{replicate}", "hparam/loss", ("1", "2")),
    ]
    assert {one.replicate for one in run.series} == {"1", "2"}
    assert run.broken == ()


def test_a_file_named_outright_means_its_run(tmp_path: Path) -> None:
    put("resumed", tmp_path / "runs/resumed")
    name = next(iter(files_of("resumed"))).rpartition("/")[2]
    run = run_of(tmp_path, Config(sources=(f"runs/resumed/{name}",)))
    assert [(one.path, one.group, len(one.files)) for one in run.sources] == [("runs/resumed", "runs/resumed", 2)]


def test_both_sides_have_equal_names(tmp_path: Path) -> None:
    for side, stamp in (("main", "Nov21_10-56-08_vm"), ("candidate", "Nov22_11-00-00_runner-7")):
        put("transformers", tmp_path / side / "out/runs" / stamp)
        put("hparams", tmp_path / side / "out/runs" / stamp / "1795258473.5")
    main, candidate = run_of(tmp_path / "main"), run_of(tmp_path / "candidate")
    for part in ("metrics", "series", "params"):
        assert [one.key for one in getattr(main, part)] == [one.key for one in getattr(candidate, part)]
    assert main.series == tuple(replace(one, source=main.sources[0].path) for one in candidate.series)
