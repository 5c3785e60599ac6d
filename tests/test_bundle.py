"""Bundles, written and read: what comes in is a run or a clean refusal, and nothing outside of it is touched."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cml_bot import bundle
from cml_bot.as_json import dump_run
from cml_bot.bundle import ABOUT, RUN, dump_bundle, write_bundle
from cml_bot.bundle_paths import Bundle, read_paths
from cml_bot.bundle_zip import read_zip
from cml_bot.errors import ConfigError, InputError
from cml_bot.model import Figure, Metric, Note, Param, Run, Series, Source
from tests.making import make_run
from tests.test_as_json import runs
from tests.test_collect import PNG

FIGURES = (
    Figure(name="plots/roc.png", media="image/png", data=PNG, caption="roc", source="plots/roc.png"),
    Figure(name="other/ROC Kurve é.png", media="image/gif", data=b"GIF89a...", caption="roc", source="other/roc"),
)


def files_of(run: Run) -> dict[str, bytes]:
    texts, figures = dump_bundle(run)
    named = {name: text.encode() for name, text in texts.items()}
    return named | {f"figures/{name}": data for name, data in figures.items()}


def zip_of(files: Mapping[str, bytes], *, kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w", kind) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return room.getvalue()


def special(name: str, *, mode: int = 0, data: bytes = b"/etc/passwd") -> bytes:
    """A bundle with one entry more, of another kind."""
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w") as archive:
        for known, content in files_of(make_run(acc=0.9)).items():
            archive.writestr(known, content)
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        archive.writestr(info, data)
    return room.getvalue()


def lay(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def read_one(folder: Path, path: str) -> Run | str:
    [found] = read_paths([path], folder)
    return found.run


@given(runs())
def test_a_run_comes_back_with_its_figures(run: Run) -> None:
    run = replace(run, figures=FIGURES, sources=())
    assert repr(read_zip("a", zip_of(files_of(run)))) == repr(run)


def test_a_folder_a_zip_and_a_file_say_the_same(tmp_path: Path) -> None:
    run = replace(make_run(acc=0.9), figures=FIGURES)
    write_bundle(tmp_path / "b", run)
    (tmp_path / "b.zip").write_bytes(zip_of(files_of(run)))
    (tmp_path / "deep.zip").write_bytes(zip_of({f"out/mlbot-bundle/{name}": d for name, d in files_of(run).items()}))
    assert read_one(tmp_path, "b") == read_one(tmp_path, "b.zip") == read_one(tmp_path, "deep.zip") == run
    assert read_one(tmp_path, "b/run.json") == replace(run, figures=())


def test_it_holds_data_alone_under_safe_names(tmp_path: Path) -> None:
    write_bundle(tmp_path / "b", replace(make_run(acc=0.9), figures=FIGURES))
    found = sorted(str(path.relative_to(tmp_path / "b")) for path in tmp_path.rglob("*") if path.is_file())
    assert found == [
        ".gitignore",
        ".mlbot-report",
        "bundle.json",
        "figures/01-roc.png",
        "figures/02-roc-kurve.gif",
        "run.json",
    ]


def test_it_is_written_anew_and_never_over_other_files(tmp_path: Path) -> None:
    write_bundle(tmp_path / "b", replace(make_run(acc=0.9), figures=FIGURES))
    write_bundle(tmp_path / "b", make_run(acc=0.5))
    assert read_one(tmp_path, "b") == make_run(acc=0.5)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "run.json").write_text("mine")
    with pytest.raises(ConfigError, match="holds files that are not of a report"):
        write_bundle(tmp_path / "mine", make_run(acc=0.5))
    assert (tmp_path / "mine" / "run.json").read_text() == "mine"


def test_what_does_not_fit_is_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "LARGEST_PICTURE", 100)
    figures = (
        replace(FIGURES[0], media="image/svg+xml", source="a.svg", data=b"<svg/>"),
        replace(FIGURES[0], data=PNG * 9, source="big.png"),
        replace(FIGURES[0], data=PNG),
    )
    long = Series(name="loss", x=tuple(range(9_000)), y=tuple(range(9_000)))
    many = tuple(Param(name=f"p{n}", value="1") for n in range(6_000))
    read = read_zip("a", zip_of(files_of(Run(figures=figures, series=(long,), params=many))))
    assert [figure.name for figure in read.figures] == ["plots/roc.png"]
    assert (len(read.series[0].x), len(read.params)) == (2_000, 5_000)
    assert [note.split(":")[0] for note in read.notes[:2]] == ["a.svg", "big.png"]
    assert "only the first 5" in read.notes[2]


def about(**row: object) -> bytes:
    usual = {"file": "figures/01-a.png", "name": "a.png", "caption": "a", "source": "a.png"}
    return json.dumps({"schema": 1, "figures": [usual | {"sha256": sha256(PNG).hexdigest()} | row]}).encode()


@pytest.mark.parametrize(
    ("row", "data", "says"),
    [
        ({}, None, "not in the bundle"),
        ({}, b"GIF89a", "not the one that was collected"),
        ({"sha256": sha256(b"<svg/>").hexdigest()}, b"<svg/>", "no picture that bundles hold"),
        ({"sha256": sha256(b"<html>").hexdigest()}, b"<html>", "no picture that bundles hold"),
        ({"sha256": ""}, b"\x89PNG\r\n\x1a\n" + bytes(6 * 2**20), "has more than 5 MiB"),
    ],
)
def test_a_picture_that_is_wrong_costs_a_line(row: dict[str, object], data: bytes | None, says: str) -> None:
    files = {RUN: dump_run(make_run(acc=0.9)).encode(), ABOUT: about(**row)}
    if data is not None:
        files["figures/01-a.png"] = data
    run = read_zip("a", zip_of(files))
    assert run.metrics == make_run(acc=0.9).metrics
    assert run.figures == ()
    assert says in run.unread[0]


def test_pictures_are_what_their_bytes_say() -> None:
    files = {RUN: dump_run(Run()).encode(), ABOUT: about(media="text/html"), "figures/01-a.png": PNG}
    assert read_zip("a", zip_of(files)).figures[0].media == "image/png"


@pytest.mark.parametrize(
    "name",
    [
        "../run.json",
        "/etc/passwd",
        "figures/../../x.png",
        "C:\\x.png",
        "figures/.png",
        "figures/a/b.png",
        "",
        "run.json",
    ],
)
def test_a_figure_of_another_name_is_refused(name: str, tmp_path: Path) -> None:
    files = {RUN: dump_run(Run()).encode(), ABOUT: about(file=name)}
    with pytest.raises(InputError, match="names no figure of its own"):
        read_zip("a", zip_of(files))
    lay(tmp_path / "b", files)
    assert "names no figure of its own" in str(read_one(tmp_path, "b"))


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"[" * 99_999, b'{"schema": 1}', b'{"schema": 1, "figures": [3]}'])
def test_a_table_of_figures_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(InputError, match=r"bundle\.json"):
        read_zip("a", zip_of({RUN: dump_run(Run()).encode(), ABOUT: text}))


@pytest.mark.parametrize(
    ("name", "mode", "says"),
    [
        ("../../run.json", 0, "leads out"),
        ("a/../../run.json", 0, "leads out"),
        ("..\\x", 0, "leads out"),
        ("/etc/passwd", 0, "leads out"),
        ("C:/x", 0, "leads out"),
        ("run.json\0.png", 0, "leads out"),
        ("figures/link.png", stat.S_IFLNK | 0o777, "is a link"),
        ("figures/pipe", stat.S_IFIFO | 0o777, "is a link or no plain file"),
        ("figures/device", stat.S_IFCHR | 0o777, "is a link or no plain file"),
    ],
)
def test_an_entry_that_could_do_harm_is_refused(name: str, mode: int, says: str) -> None:
    data = special(name.replace("\0", "?"), mode=mode)
    if "\0" in name:
        data = data.replace(name.replace("\0", "?").encode(), name.encode())
    with pytest.raises(InputError, match=says):
        read_zip("a", data)


def test_duplicates_are_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = special(RUN)
    with pytest.raises(InputError, match="twice"):
        read_zip("a", data)


def test_encrypted_entries_are_refused() -> None:
    data = bytearray(zip_of(files_of(Run())))
    place = data.index(b"PK\x01\x02")
    data[place + 8] |= 1
    with pytest.raises(InputError, match="encrypted"):
        read_zip("a", bytes(data))


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing_is_refused(kind: int) -> None:
    with pytest.raises(InputError, match="unusual way"):
        read_zip("a", zip_of(files_of(Run()), kind=kind))


def test_a_bomb_is_not_unpacked() -> None:
    spaces = dump_run(make_run(acc=0.9)).encode() + b" " * (8 * 2**20)
    with pytest.raises(InputError, match="more than 200 times"):
        read_zip("a", zip_of({RUN: spaces}))
    with pytest.raises(InputError, match="more than 16 MiB"):
        read_zip("a", zip_of({RUN: b" " * (200 * 2**20)}))


def test_a_size_that_is_a_lie_is_found_out() -> None:
    data = bytearray(zip_of({RUN: dump_run(make_run(acc=0.9)).encode() + b" " * (40 * 2**20)}))
    place = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, place + 24, 100)
    with pytest.raises(InputError):
        read_zip("a", bytes(data))


def test_many_entries_are_refused_before_they_are_listed() -> None:
    data = zip_of({f"{n}": b"" for n in range(400)} | files_of(Run()))
    with pytest.raises(InputError, match="more than 300 files"):
        read_zip("a", data)


def test_several_bundles_in_one_zip_are_refused_and_a_report_beside_one_is_not() -> None:
    one = {f"mlbot-bundle/{name}": data for name, data in files_of(make_run(acc=0.9)).items()}
    report = {"mlbot-report/run.json": dump_run(make_run(acc=0.1)).encode()}
    assert read_zip("a", zip_of(report | one)).metrics[0].value == 0.9
    with pytest.raises(InputError, match="several bundles"):
        read_zip("a", zip_of(one | {f"x/{name}": data for name, data in files_of(Run()).items()}))
    with pytest.raises(InputError, match=r"holds no run\.json"):
        read_zip("a", zip_of({"x": b""}))


def test_a_picture_that_does_not_unpack_costs_itself_alone() -> None:
    data = zip_of(files_of(replace(make_run(acc=0.9), figures=FIGURES)), kind=zipfile.ZIP_STORED)
    assert data.count(FIGURES[0].data) == 1
    run = read_zip("a", data.replace(FIGURES[0].data, bytes(len(FIGURES[0].data))))
    assert len(run.figures) == len(FIGURES) - 1
    assert "cannot be read as a zip (Bad CRC-32" in run.unread[0]


def test_an_entry_without_a_name_does_no_harm() -> None:
    data = zip_of(files_of(make_run(acc=0.9)) | {"x": b""})
    place = data.rindex(b"PK\x01\x02")
    nameless = bytearray(data[:place] + data[place : place + 46] + data[place + 47 :])
    struct.pack_into("<H", nameless, place + 28, 0)
    struct.pack_into("<L", nameless, len(nameless) - 10, len(nameless) - 22 - data.index(b"PK\x01\x02"))
    assert read_zip("a", bytes(nameless)).metrics[0].value == 0.9


@given(st.binary(max_size=400) | st.binary(max_size=60).map(lambda data: b"PK\x05\x06" + data))
def test_any_bytes_are_a_run_or_an_input_error(data: bytes) -> None:
    with pytest.raises(InputError):
        read_zip("a", data)


GOOD = zip_of(files_of(replace(make_run(acc=0.9), figures=FIGURES)))


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=6), st.integers(0, 99))
def test_a_zip_with_wrong_bytes_is_a_run_or_an_input_error(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(GOOD)
    for place, byte in changes:
        data[place] = byte
    try:
        run = read_zip("a", bytes(data[: len(data) - cut if cut > 50 else None]))
    except InputError:
        return
    assert len(run.metrics) <= 1


@settings(max_examples=200)
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_content_is_a_run_or_an_input_error(text: bytes, table: bytes) -> None:
    with pytest.raises(InputError):
        read_zip("a", zip_of({RUN: text, ABOUT: table}))


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("metrics", [{"name": f"{n}", "values": [1]} for n in range(5_001)]),
        ("params", [{"name": f"{n}", "value": "1"} for n in range(5_001)]),
        ("series", [{"name": f"{n}", "x": [1], "y": [1]} for n in range(501)]),
        ("series", [{"name": "a", "x": list(range(1_000_001)), "y": [0] * 1_000_001}]),
        ("notes", ["a"] * 1_001),
        ("sha", "a" * 65),
        ("metrics", [[]] * 500_001),
        ("metrics", [{"name": "a", "values": [float("nan")]}]),
        ("metrics", [{"name": "a", "values": [1e999]}]),
    ],
)
def test_more_than_mlbot_writes_is_refused(part: str, value: object, tmp_path: Path) -> None:
    table = json.loads(dump_run(Run())) | {part: value}
    lay(tmp_path / "b", {RUN: json.dumps(table).encode()})
    assert isinstance(read_one(tmp_path, "b"), str)


def test_long_integers_and_deep_lists_are_refused() -> None:
    for odd in ("9" * 10**6, "[" * 10**5, "[" * 900 + "]" * 900):
        text = dump_run(Run()).replace('"metrics": []', f'"metrics": {odd}')
        with pytest.raises(InputError, match=r"a, run\.json"):
            read_zip("a", zip_of({RUN: text.encode()}, kind=zipfile.ZIP_STORED))


def test_paths_outside_of_the_workspace_are_never_asked_for() -> None:
    odd = ("../x", "/etc/passwd", "a/../../b", "a\nb", "", "..\\x")
    run = Run(sources=tuple(Source(path=path, why="") for path in (*odd, "good.json")))
    assert [source.path for source in read_zip("a", zip_of(files_of(run))).sources] == ["good.json"]


def test_no_link_in_a_folder_is_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(PNG)
    table = about()
    for name, link in (("run", RUN), ("file", "figures/01-a.png"), ("folder", "figures")):
        place = lay(tmp_path / name, {RUN: dump_run(Run()).encode(), ABOUT: table, "figures/01-a.png": PNG})
        if link == "figures":
            (place / "figures").rename(tmp_path / "elsewhere")
            (place / link).symlink_to(tmp_path / "elsewhere")
        else:
            (place / link).unlink()
            (place / link).symlink_to(secret)
    assert "is a link" in str(read_one(tmp_path, "run"))
    for name, says in (("file", "is a link"), ("folder", "lies behind a link")):
        found = read_one(tmp_path, name)
        assert isinstance(found, Run)
        assert found.figures == ()
        assert says in found.unread[0]


def test_a_pipe_does_not_hold_us_up(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b" / RUN)
    assert "is no plain file" in str(read_one(tmp_path, "b"))


def test_a_linked_folder_among_bundles_is_none(tmp_path: Path) -> None:
    lay(tmp_path / "elsewhere", files_of(Run()))
    lay(tmp_path / "all" / "mlbot-bundle-a", files_of(Run()))
    (tmp_path / "all" / "b").symlink_to(tmp_path / "elsewhere")
    assert read_paths(["all"], tmp_path) == [Bundle(name="a", run=Run(), is_one_of_many=True)]


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    says = [str(bundle.run) for bundle in read_paths(["none", "empty", "seed-{replicate}"], tmp_path)]
    assert "none: is missing" in says[0]
    assert "empty: holds no bundle" in says[1]
    assert "matches nothing" in says[2]
    with pytest.raises(ConfigError, match="more than one"):
        read_paths(["{replicate}/{replicate}"], tmp_path)


def test_bundles_of_one_name_are_told_apart_by_their_path(tmp_path: Path) -> None:
    for place in ("x/out", "y/out"):
        lay(tmp_path / place, files_of(Run()))
    assert [bundle.name for bundle in read_paths(["x/out", "y/out", "x/out"], tmp_path)] == ["x/out", "y/out"]
    lay(tmp_path / "z" / "mlbot-bundle", files_of(Run()))
    assert read_paths([str(tmp_path / "z" / "mlbot-bundle")], Path.cwd())[0].name == "z"


def test_notes_and_values_survive(tmp_path: Path) -> None:
    run = Run(metrics=(Metric(name="acc", values=(float("nan"), float("inf"))),), notes=(str(Note(text="a|b")),))
    assert repr(read_zip("a", zip_of(files_of(run)))) == repr(run)
