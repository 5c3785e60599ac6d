"""Files that went wrong on their way, and files that were made to do harm."""

from __future__ import annotations

import json
import math
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cml_bot.errors import InputError
from cml_bot.model import Figure, Matrix, Metric, Note, Param, Series
from cml_bot.readers import load_reader
from cml_bot.readers._numbers import as_double, as_number, parse_number
from cml_bot.readers.dvc_file import parse_dvc
from tests.test_readers import file_of, metrics, notes, read, series, write

QUICK = settings(deadline=timedelta(seconds=2), max_examples=150, suppress_health_check=[HealthCheck.too_slow])
SUFFIXES = (".json", ".jsonl", ".yaml", ".toml", ".csv", ".tsv", ".png")


def test_numbers_that_are_not_finite_are_kept() -> None:
    for case in ("json_file/nan_inf", "yaml_file/nan_inf"):
        found = metrics(read(file_of(case)))
        assert math.isnan(found["loss"])
        assert found["ppl"] == math.inf
        assert found["best"] == -math.inf
    assert notes(read(file_of("json_file/list"))).startswith("holds a list of 3 values without names")


def test_yaml_numbers_are_those_of_yaml_1_2() -> None:
    found = metrics(read(file_of("yaml_file/nan_inf")))
    assert found["lr"] == 1e-4
    assert found["octal"] == 10
    assert not {"at", "day", "yes", "flag", "under", "hex", "none", "empty"} & set(found)


def test_numbers_as_strings_are_numbers() -> None:
    assert metrics(read(file_of("json_file/numbers_as_strings"))) == {"acc": 0.9731, "n": 1234, "loss": 0.1}


def test_numbers_for_people_are_text_and_named() -> None:
    found = read(file_of("json_file/human_strings"))
    assert metrics(found) == {}
    assert "text, not numbers: acc, time, params, size, mean; left out" in notes(found)


def test_encodings() -> None:
    assert metrics(read(file_of("json_file/bom"))) == {"acc": 0.91}
    assert metrics(read(file_of("json_file/powershell"))) == {"acc": 0.91}
    assert series(read(file_of("csv_file/bom")))["loss"].y == (1.0, 0.8)
    with pytest.raises(InputError, match=r"latin1\.csv: is not UTF-8 text\. Save it as UTF-8"):
        read(file_of("csv_file/latin1"))
    # Only a comment is not UTF-8 there: no reason to lose the numbers.
    assert series(read(file_of("csv_file/latin1_cells")))["loss"].y == (0.5, 0.4)


def test_german_spreadsheet() -> None:
    found = read(file_of("csv_file/excel_de"))
    assert series(found)["Genauigkeit"].y == (0.5, 0.625, 0.75, 0.75)
    # 1.234 is 1234 there: never 1.234 in silence.
    assert series(found)["Verlust"].y == (1.0, 0.8)
    assert "Verlust (2 cells)" in notes(found)


def test_line_ends() -> None:
    assert series(read(file_of("csv_file/crlf")))["loss"].y == (1.0, 0.8)
    assert series(read(file_of("csv_file/crcrlf")))["loss"].y == (1.0, 0.6065, 0.3679, 0.2231, 0.1353)


def test_headers() -> None:
    twice = read(file_of("csv_file/dup_header"))
    assert {name: one.y for name, one in series(twice).items()} == {"loss": (1.0, 0.8), "loss (2)": (1.2, 1.1)}
    assert "columns of one name: loss" in notes(twice)
    assert list(series(read(file_of("csv_file/index_column")))) == ["loss"]
    assert list(series(read(file_of("csv_file/padded_header")))) == ["train/box_loss", "metrics/mAP50(B)"]
    (note,) = read(file_of("csv_file/no_header"))
    assert "the first row holds numbers" in str(note)
    (note,) = read(file_of("csv_file/header_only"))
    assert "no whole row" in str(note)


def test_rows_of_uneven_length() -> None:
    found = read(file_of("csv_file/ragged"))
    assert series(found)["loss"].x == (0, 1, 3)
    assert "3 rows of more or fewer cells" in notes(found)


def test_header_that_comes_again() -> None:
    found = read(file_of("csv_file/appended_twice"))
    assert series(found)["loss"].y == (1.1, 0.7)
    assert "epoch comes again: the last row of each counts, 2 rows left out" in notes(found)
    assert "not numbers" not in notes(found)


def test_killed_jobs() -> None:
    table = read(file_of("csv_file/killed"))
    assert series(table)["loss"].x == (0, 1)
    assert "the last row is cut" in notes(table)
    lines = read(file_of("jsonl_file/killed"))
    assert series(lines)["loss"].y == (1.0, 0.8)
    assert "line 3 is cut" in notes(lines)
    with pytest.raises(InputError, match=r"killed\.json, line 1: ends in the middle"):
        read(file_of("json_file/killed"))


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("json_file/concatenated", "concatenated.json, line 2: more than one JSON document"),
        ("json_file/blank", "blank.json: is empty"),
        ("csv_file/empty", "empty.csv: is empty"),
        ("yaml_file/empty", "empty.yaml: is empty"),
        ("json_file/null", "null.json: holds nothing"),
        ("json_file/bare_number", "bare_number.json: holds a bare number"),
        ("json_file/trailing_comma", "trailing_comma.json, line 2: not JSON"),
        ("jsonl_file/pretty", "pretty.jsonl: no line of 3 is a JSON object"),
        ("yaml_file/tab", "tab.yaml, line 2: not YAML"),
        ("yaml_file/documents", "documents.yaml: holds more than one document"),
        ("toml_file/broken", "broken.toml, line 2: not TOML"),
        ("image_file/html", "page.png: is not a picture"),
    ],
)
def test_file_that_gives_nothing(case: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(file_of(case))
    assert str(caught.value).startswith(message)
    assert caught.value.cure.endswith(".")


def test_numbers_out_of_the_ordinary() -> None:
    found = read(file_of("json_file/huge"))
    numbers = metrics(found)
    assert numbers["digits"] == 123456789012345678901234567890
    assert numbers["odd"] == 2**53 + 1
    assert numbers["tiny"] == 5e-324
    assert math.copysign(1, numbers["minus_zero"]) == -1
    assert numbers["overflow"] == numbers["googol"] == math.inf
    assert "flag" not in numbers
    assert "too large for a number, taken as infinite: googol" in notes(found)
    assert "keys that stand twice: twice" in notes(found)


def test_integer_of_too_many_digits(tmp_path: Path) -> None:
    digits = "9" * 5_000
    with pytest.raises(InputError, match="too many digits"):
        read(write(tmp_path, "a.json", f'{{"a": {digits}}}'))
    with pytest.raises(InputError, match="too many digits"):
        read(write(tmp_path, "a.toml", f"a = {digits}"))
    assert metrics(read(write(tmp_path, "a.yaml", f"a: {digits}"))) == {"a": math.inf}
    assert series(read(write(tmp_path, "a.csv", f"epoch,a\n0,{digits}\n")))["a"].y == (math.inf,)
    assert read(write(tmp_path, "a.jsonl", f'{{"a": 1}}\n{{"a": {digits}}}\n{{"a": 2}}'))


def test_names_are_kept_whatever_they_hold() -> None:
    found = metrics(read(file_of("json_file/names")))
    assert len(found) == len(json.loads(file_of("json_file/names").read_text(encoding="utf-8")))
    assert {"val/loss", "a|b", "<b>bold</b>", "@someone", "(no name)", "new\nline", "NULL\0byte", "\u202ertl"} <= set(
        found
    )
    assert found["a.b"] == 0.47
    assert max(map(len, found)) == 300
    table = series(read(file_of("csv_file/names")))
    assert list(table) == ["val|loss", "top 5, acc", 'he said "x"', "multi\nline", "=1+1", "@someone", "<b>"]
    for name in metrics(read(file_of("json_file/names_surrogate"))):
        name.encode("utf-8")


def test_no_key_is_lost_when_names_meet() -> None:
    found = read(file_of("json_file/collision"))
    assert metrics(found) == {"a.b (2)": 1, "a.b": 2, "a/b": 3}
    assert "several keys come to one name: a.b" in notes(found)


def test_deep_document() -> None:
    # The JSON parser of Python 3.11 gives up, later ones hand the tree over: the words are the same.
    with pytest.raises(InputError, match="is nested too deeply"):
        read(file_of("json_file/deep"))


def test_long_list_is_one_note() -> None:
    found = read(file_of("json_file/vector"))
    assert metrics(found) == {"acc": 0.9}
    assert "lists, not single numbers: embedding" in notes(found)


def test_cells_that_are_no_numbers() -> None:
    found = read(file_of("csv_file/cells"))
    assert series(found)["acc"].x == (2,)
    assert series(found)["acc"].y == (1e-05,)
    assert series(found)["loss"].y[1:3] == (math.inf, -math.inf)
    assert math.isnan(series(found)["loss"].y[0])
    assert list(series(found)) == ["loss", "acc"]
    assert "note (4 cells), acc (2 cells)" in notes(found)


def test_steps_in_disorder() -> None:
    found = read(file_of("csv_file/steps"))
    assert series(found)["loss"].x == (0, 10, 15, 20, 30, 1000)
    assert series(found)["loss"].y == (1.0, 0.8, 0.7, 0.65, 0.5, 0.4)


def test_exports_of_user_interfaces() -> None:
    assert series(read(file_of("csv_file/tensorboard_download")))["Value"].x == (0, 10, 20)
    assert list(series(read(file_of("csv_file/tensorboard_download")))) == ["Value"]
    exported = series(read(file_of("csv_file/wandb_export")))
    assert list(exported) == ["val/loss"]
    assert exported["val/loss"].x == (0, 1, 2, 3, 4)


def test_export_of_two_runs_keeps_their_names(tmp_path: Path) -> None:
    header = "Step,a - loss,a - loss__MIN,a - loss__MAX,b - loss,b - loss__MIN,b - loss__MAX"
    found = series(read(write(tmp_path, "export.csv", f"{header}\n0,1,1,1,2,2,2\n1,.5,.5,.5,1,1,1\n")))
    assert list(found) == ["a - loss", "b - loss"]


def test_predictions_are_no_history(tmp_path: Path) -> None:
    (note,) = read(file_of("csv_file/predictions_one_class"))
    assert "scores of one class alone" in str(note)
    (matrix,) = read(file_of("csv_file/predictions_unseen_label"))
    assert isinstance(matrix, Matrix)
    (note,) = read(write(tmp_path, "out.csv", "label,prediction\n1,0\n0,0\n"))
    assert "rows of predictions: mlbot computes no metrics" in str(note)


def test_yaml_bombs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="aliases that stand for more than"):
        read(file_of("yaml_file/bomb"))
    merges = ["a0: &a0 {k: 1}", *(f"a{n + 1}: &a{n + 1} {{<<: [*a{n}, *a{n}]}}" for n in range(40))]
    with pytest.raises(InputError, match="aliases that stand for more than"):
        read(write(tmp_path, "merges.yaml", "\n".join(merges)))
    with pytest.raises(InputError, match="before it is complete"):
        read(write(tmp_path, "endless.yaml", "a: &a [*a]\n"))
    for text in ("[" * 200_000, "{a: " * 200_000, "- " * 200_000 + "1"):
        with pytest.raises(InputError, match="nested too deeply"):
            read(write(tmp_path, "deep.yaml", text))


def test_unclosed_quote(tmp_path: Path) -> None:
    rows = "".join(f"{step},0.5\n" for step in range(50_000))
    found = read(write(tmp_path, "history.csv", f'epoch,loss\n0,1.0\n1,"0.8\n{rows}'))
    assert series(found)["loss"].x == (0,)
    assert "cannot be read to its end" in notes(found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("blank.csv", "a;b\n" + "\n" * 60_000 + "1;2\n"),
        ("quotes.csv", "a;b\n" + '"' * 60_001),
        ("wide.csv", ",".join(f"c{number}" for number in range(20_000)) + "\n1,2\n"),
        ("one_name.csv", "c," * 20_000 + "\n1,2\n"),
        ("one_key.json", "{" + ",".join('"c": 1' for _ in range(20_000)) + "}"),
        ("dots.toml", ".".join("a" * 20_000) + " = 1"),
        ("words.toml", f'a = "{"b" * 500_000}"'),
    ],
    ids=lambda text: text[:12],
)
def test_time_stays_in_proportion(tmp_path: Path, name: str, text: str) -> None:
    path = write(tmp_path, name, text)
    start = time.monotonic()
    check(path, None)
    assert time.monotonic() - start < 5


@given(st.floats(allow_nan=False) | st.integers(-(10**30), 10**30))
def test_what_programs_print_is_read_back(number: float) -> None:
    assert parse_number(str(number)) == number
    assert as_number(str(number)) == number
    assert as_double(str(number)) == float(number)


@given(st.text(alphabet="0123456789.eE+-_ naif٣１", max_size=12))
def test_fast_and_exact_grammar_agree(text: str) -> None:
    exact = parse_number(text)
    double = as_double(text)
    assert (exact is None) == (double is None)
    if exact is not None and double is not None and not math.isnan(double):
        assert double == float(exact)
    if exact is not None:
        assert "_" not in text
        assert text.strip().isascii()


def check(path: Path, x: str | None) -> None:
    """Any reader on any file: observations that keep their promises, or InputError."""
    for module in (_module(path), "params_file"):
        try:
            found = list(load_reader(module).read(path, x))
        except InputError:
            continue
        names = [one.name for one in found if isinstance(one, Metric | Series | Param)]
        assert len(set(names)) == len(names)
        for one in found:
            assert isinstance(one, Metric | Series | Figure | Param | Note)
            assert one.source == ""
            if not isinstance(one, Note):
                one.name.encode("utf-8")
                assert 0 < len(one.name) <= 330
            if isinstance(one, Series):
                assert len(one.x) == len(one.y) > 0
                assert all(left < right for left, right in zip(one.x, one.x[1:], strict=False))
                assert all(map(math.isfinite, one.x))
            if isinstance(one, Metric):
                float(one.value)


def _module(path: Path) -> str:
    return {".tsv": "csv_file", ".png": "image_file"}.get(path.suffix, f"{path.suffix[1:]}_file")


def check_bytes(data: bytes, suffixes: tuple[str, ...], x: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for suffix in suffixes:
            path = Path(folder) / f"metrics{suffix}"
            path.write_bytes(data)
            check(path, x)


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["0.9", "97%", "nan", "1_0"])
)
keys = st.sampled_from(["step", "epoch", "loss", "a", "a.b", "a/b", "split", "", "value"]) | st.text(max_size=5)
rows = st.lists(st.dictionaries(keys, leaves, max_size=4), max_size=6)
columns = st.dictionaries(keys, st.lists(st.floats() | st.integers() | st.none(), min_size=3, max_size=3), max_size=4)
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))
axes = st.none() | keys
cells = st.sampled_from(["0", "1", "2", "", "nan", "NA", "1e3", "0.5", "0,5", "train", "1_0", '"a', "x,y", " 3 "])


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    check_bytes(data, SUFFIXES)


@QUICK
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    check_bytes(text.encode("utf-8", "surrogatepass"), SUFFIXES)
    check_bytes(text.encode("utf-16", "surrogatepass"), SUFFIXES)


@QUICK
@given(trees | rows | columns, axes)
def test_any_document(tree: object, x: str | None) -> None:
    check_bytes(json.dumps(tree).encode(), (".json", ".yaml"), x)
    check_bytes(yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "replace"), (".yaml",), x)


@QUICK
@given(rows, axes)
def test_any_lines(lines: list[dict[str, object]], x: str | None) -> None:
    check_bytes("\n".join(map(json.dumps, lines)).encode(), (".jsonl",), x)


@QUICK
@given(st.lists(keys, max_size=5), st.lists(st.lists(cells, max_size=6), max_size=12), st.sampled_from(",;\t"), axes)
def test_any_table(header: list[str], table: list[list[str]], delimiter: str, x: str | None) -> None:
    text = "\n".join(delimiter.join(row) for row in [header, *table])
    check_bytes(text.encode("utf-8", "replace"), (".csv", ".tsv"), x)


@QUICK
@given(st.binary(max_size=100) | trees.map(lambda tree: json.dumps({"stages": tree, "plots": tree}).encode()))
def test_any_dvc_yaml(data: bytes) -> None:
    try:
        sources, said = parse_dvc(data, "sub")
    except InputError:
        return
    assert all(isinstance(note, Note) for note in said)
    for source in sources:
        assert not source.path.startswith(("/", "../"))
        assert ".." not in source.path.split("/")
