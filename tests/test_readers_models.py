"""Files of models: counts that PyTorch itself gives, and files that only look like models."""

from __future__ import annotations

import io
import json
import pickle
import pickletools
import zipfile
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.errors import InputError
from cml_bot.model import Metric, Note, Observation, Series
from cml_bot.readers import find_format, load_reader
from cml_bot.readers._pickle_shapes import PickleError, find_tensors
from tests.reader_cases import CASES

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> list[Observation]:
    row = find_format(path.name)
    assert row is not None
    return list(load_reader(row.module).read(path))


def values(found: list[Observation]) -> dict[str, float]:
    return {one.name: one.value for one in found if isinstance(one, Metric)}


@pytest.mark.parametrize(
    ("file", "parameters"),
    [
        # PyTorch: sum(p.numel() for p in model.state_dict().values()); ONNX folds BatchNorm into the layer before.
        ("safetensors_file/model/model.safetensors", 1275),
        ("torch_file/checkpoint/checkpoint.pt", 1275),
        ("torch_file/traced/traced.pt", 1275),
        ("onnx_file/model/model.onnx", 1242),
        ("onnx_file/external/external.onnx", 1242),
    ],
)
def test_parameters_that_pytorch_counts(file: str, parameters: int) -> None:
    assert values(read(CASES / file))["parameters"] == parameters


class Evil:
    """Would write a file if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (open, (str(self.path), "w"))


def test_nothing_of_a_pickle_is_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    model = tmp_path / "model.pt"
    with zipfile.ZipFile(model, "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps({"model_state_dict": Evil(trap)}, protocol=2))
    assert values(read(model)) == {"size": model.stat().st_size, "parameters": 0}
    assert not trap.exists()


@given(st.binary(max_size=200))
def test_any_bytes_as_a_pickle(data: bytes) -> None:
    try:
        list(pickletools.genops(data))
    except Exception:
        with pytest.raises(PickleError):
            find_tensors(data)


@given(
    st.recursive(
        st.integers() | st.text() | st.none() | st.booleans(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_holds_no_tensors(value: object) -> None:
    for protocol in range(2, 5):
        assert find_tensors(pickle.dumps(value, protocol)) == []


def test_an_archive_that_would_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("m/data.pkl", "w") as entry:
        for _ in range(80):
            entry.write(bytes(1024 * 1024))
    found = read(path)
    assert "describes more than mlbot reads" in "".join(one.text for one in found if isinstance(one, Note))


def test_shapes_that_no_disk_holds(tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [2**47] * 60, "data_offsets": [0, 1]}
    header = json.dumps({"weight": entry}).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(InputError, match="describes no tensor under weight"):
        read(path)


def test_weights_in_another_file_count_whether_it_is_here_or_not(tmp_path: Path) -> None:
    model = tmp_path / "external.onnx"
    model.write_bytes((CASES / "onnx_file/external/external.onnx").read_bytes())
    alone = values(read(model))
    assert alone["size"] == model.stat().st_size + 4 * alone["parameters"]
    (tmp_path / "external.onnx.data").write_bytes(bytes(4 * 1242))
    assert values(read(model)) == alone


@pytest.mark.parametrize("length", [0, 1, 2**40, 2**64 - 1])
def test_a_header_of_any_length(tmp_path: Path, length: int) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(length.to_bytes(8, "little") + b"{}")
    with pytest.raises(InputError, match="safetensors"):
        read(path)


@pytest.mark.parametrize(
    "entry", [3, {"shape": [-1]}, {"shape": "x", "data_offsets": [0, 1]}, {"shape": [2**60]}, None]
)
def test_a_tensor_that_is_none(tmp_path: Path, entry: object) -> None:
    header = json.dumps({"weight": entry}).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(InputError, match="describes no tensor under weight"):
        read(path)


def write_parquet(path: Path, columns: dict[str, list[object]]) -> Path:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    path.write_bytes(buffer.getvalue())
    return path


def test_a_history_in_parquet(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {"step": [1, 2, 3], "loss": [0.5, None, 0.25], "note": ["a", "b", "c"]}
    found = read(write_parquet(tmp_path / "history.parquet", columns))
    [loss] = [one for one in found if isinstance(one, Series)]
    assert (loss.name, loss.x, loss.y) == ("loss", (1, 3), (0.5, 0.25))


def test_one_row_in_parquet(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "metrics.parquet", {"accuracy": [0.9], "n_test": [100]})
    assert values(read(path)) == {"accuracy": 0.9, "n_test": 100}


def test_parquet_that_is_cut(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "metrics.parquet", {"accuracy": [0.9]})
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match=r"metrics\.parquet: cannot be read as Parquet"):
        read(path)


def test_parquet_that_describes_itself_at_length(tmp_path: Path) -> None:
    table = pa.table({"step": [1, 2], "loss": [0.5, 0.25]}).replace_schema_metadata({"x": "y" * 20_000_000})
    pq.write_table(table, tmp_path / "metrics.parquet")
    with pytest.raises(InputError, match=r"metrics\.parquet: describes its columns and row groups in more than 32 MB"):
        read(tmp_path / "metrics.parquet")


def test_parquet_of_too_many_columns(tmp_path: Path) -> None:
    found = read(write_parquet(tmp_path / "metrics.parquet", {f"m{number}": [0.5] for number in range(5_002)}))
    assert len(values(found)) == 5_000
    assert any("2 columns left out" in one.text for one in found if isinstance(one, Note))


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    path = tmp_path / "metrics.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match="pip install pyarrow"):
        read(path)
