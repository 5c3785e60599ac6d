"""What dvc.yaml draws by a template: from the file that it names to the charts of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.charts import is_whole
from cml_bot.collect import Seen, read_source
from cml_bot.errors import InputError
from cml_bot.model import Bars, Figure, Matrix, Note, Observation, Part, Points, Run, Series, Source
from cml_bot.pairs import pair_charts
from cml_bot.readers.dvc_plot import TEMPLATES, read_plot
from cml_bot.trees import FolderTree
from tests.reader_cases import CASES, read_case
from tests.test_collect import PNG

SAMPLES = CASES / "dvc_plot"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_confusion_matrix_counts_the_rows_of_dvclive() -> None:
    (found,) = read_case("dvc_plot", SAMPLES / "cm_dvclive")
    rows = json.loads((SAMPLES / "cm_dvclive" / "cm.json").read_text())
    assert isinstance(found, Matrix)
    assert sum(map(sum, found.values)) == len(rows)
    assert found.values[0][1] == sum(row == {"actual": "0", "predicted": "1"} for row in rows)
    assert sum(found.values[at][at] for at in range(2)) == sum(row["actual"] == row["predicted"] for row in rows)


def test_classes_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    rows = "actual,predicted\n10,2\n2,2\n9,cat\n,2\n"
    matrix, note = read_plot(write(tmp_path, "c.csv", rows), "confusion")
    assert isinstance(matrix, Matrix)
    assert matrix.rows == matrix.columns == ("2", "9", "10", "cat")
    assert str(note) == "1 row without actual, predicted left out. Write both in every row."


def test_numbers_as_classes_are_alike_in_every_format(tmp_path: Path) -> None:
    texts = {
        "c.csv": "actual,predicted\n1,0\n",
        "c.json": '[{"actual": 1, "predicted": 0.0}]',
        "c.yaml": "- {actual: 1, predicted: 0}",
    }
    found = [next(read_plot(write(tmp_path, name, text), "confusion")) for name, text in texts.items()]
    assert found[0] == found[1] == found[2]


def test_a_row_of_a_decimal_comma(tmp_path: Path) -> None:
    (found,) = read_plot(write(tmp_path, "p.csv", "a;b\n0,5;1,5\n0,25;2,5\n"), "scatter", "a", ("b",))
    assert isinstance(found, Points)
    assert found.y == (1.5, 2.5)


def test_a_header_that_comes_again_is_no_row(tmp_path: Path) -> None:
    rows = "actual,predicted\n1,0\nactual,predicted\n0,0\n1\n"
    matrix, note = read_plot(write(tmp_path, "c.csv", rows), "confusion")
    assert isinstance(matrix, Matrix)
    assert matrix.rows == ("0", "1")
    assert str(note) == "1 row cut; left out. Look whether the job was stopped."


def test_names_keep_their_commas_and_points(tmp_path: Path) -> None:
    (found,) = read_plot(write(tmp_path, "p.csv", "top.5;b\n0,5;1,5\n0,25;2,5\n"), "scatter", "top.5", ("b",))
    assert isinstance(found, Points)
    assert (found.x_label, found.x) == ("top.5", (0.5, 0.25))


def test_a_line_without_an_end_is_no_table(tmp_path: Path) -> None:
    path = write(tmp_path, "p.csv", "a,b\n1,2\n" + "3" * (9 << 20))
    with pytest.raises(InputError, match="has a line of more than 8 million characters"):
        list(read_plot(path, "scatter", "a", ("b",)))


def test_a_quote_without_an_end(tmp_path: Path) -> None:
    found = list(read_plot(write(tmp_path, "p.csv", 'a,b\n1,2\n3,4\n"' + "x" * 200_000), "scatter", "a", ("b",)))
    assert isinstance(found[0], Points)
    assert any("cannot be read to its end" in str(one) for one in found)


def test_a_file_of_many_columns_tells_its_charts_apart(tmp_path: Path) -> None:
    path = write(tmp_path, "p.csv", "a,b,c\n1,2,3\n4,5,6\n")
    assert [one.name for one in read_plot(path, "scatter", "a", ("b", "c")) if isinstance(one, Points)] == [
        "p/b",
        "p/c",
    ]
    assert [one.name for one in read_plot(path, "bar_horizontal", "b", ("a",)) if isinstance(one, Bars)] == ["p/b"]


@pytest.mark.slow
def test_a_million_points_are_thinned_and_said_so(tmp_path: Path) -> None:
    path = write(tmp_path, "p.csv", "a,b\n" + "".join(f"{number},{number % 7}\n" for number in range(1_000_000)))
    points, note = read_plot(path, "scatter", "a", ("b",))
    assert isinstance(points, Points)
    assert len(points.x) == 500
    assert points.x[0] == 0
    assert points.x[-1] > 950_000
    assert str(note) == "500 of 1\u202f000\u202f000 points are drawn. Write fewer to see each."


def test_thousands_of_classes_are_no_classes(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number}\n" for number in range(1_500))
    matrix, note = read_plot(write(tmp_path, "c.csv", f"actual,predicted\n{rows}"), "confusion")
    assert isinstance(matrix, Matrix)
    assert len(matrix.rows) == 1_000
    assert "500 rows left out" in str(note)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "{}"),
        ("a.json", "[]"),
        ("a.json", '[{"x": {"y": [1]}, "z": null}]'),
        ("a.json", "3"),
        ("a.yaml", "- [1, 2]"),
        ("a.csv", "1,2\n3,4\n"),
        ("a.csv", "a,b\n"),
        ("a.csv", 'a,b\n1,"2\n'),
        ("a.tsv", "a\tb\n\n1\n"),
        ("a.csv", "a,b\nnan,inf\n-inf,1e999\n"),
    ],
)
def test_odd_files_give_notes(tmp_path: Path, template: str, name: str, text: str) -> None:
    found = list(read_plot(write(tmp_path, name, text), template, "a", ("b",)))
    assert found
    assert all(isinstance(one, Note | Matrix | Bars | Points) for one in found)


@pytest.mark.parametrize(("name", "text"), [("a.json", "{"), ("a.csv", ""), ("a.csv", "a\0b"), ("a.txt", "x")])
def test_what_is_no_such_file_is_an_error(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(InputError, match=f"^{name}"):
        list(read_plot(write(tmp_path, name, text), "scatter", "a", ("b",)))


CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just([1]) | st.just({"k": 1})


@given(
    rows=st.lists(st.dictionaries(st.sampled_from("abc"), CELLS), min_size=1, max_size=8),
    template=st.sampled_from(TEMPLATES),
)
def test_any_cells_give_whole_charts(rows: list[dict[str, object]], template: str) -> None:
    with TemporaryDirectory() as folder:
        path = write(Path(folder), "a.json", json.dumps(rows))
        found = [one for one in read_plot(path, template, "a", ("b",)) if isinstance(one, Matrix | Bars | Points)]
    assert all(map(is_whole, found))
    assert len(pair_charts(Run(charts=tuple(found)), None)) == len(found)


def read(root: Path, source: Source, seen: Seen | None = None) -> list[Observation]:
    return list(read_source(FolderTree(root, ""), source, {} if seen is None else seen))


def test_a_template_decides_how_a_source_is_read(tmp_path: Path) -> None:
    write(tmp_path, "cm.csv", "rating,rated\n1,0\n1,1\n")
    plain = Source(path="cm.csv", why="dvc.yaml names it", x="rating", y=("rated",), declared=True)
    seen: Seen = {}
    (line,) = (one for one in read(tmp_path, plain, seen) if isinstance(one, Series))
    (found,) = read(tmp_path, replace(plain, template="confusion", group="g"), seen)
    assert line.name == "rated"
    assert isinstance(found, Matrix)
    assert (found.key, found.source, found.values) == (("g", "cm"), "cm.csv", ((0.0, 0.0), (1.0, 1.0)))


@pytest.mark.parametrize(("template", "is_smoothed"), [("smooth", True), ("linear", False), ("simple", False)])
def test_lines_stay_series(tmp_path: Path, template: str, is_smoothed: bool) -> None:
    write(tmp_path, "loss.csv", "step,loss\n0,1.0\n1,0.5\n")
    (found,) = read(tmp_path, Source(path="loss.csv", why="", x="step", y=("loss",), template=template))
    assert isinstance(found, Series)
    assert (found.y, found.is_smoothed) == ((1.0, 0.5), is_smoothed)


def test_a_picture_is_one_whatever_the_template(tmp_path: Path) -> None:
    (tmp_path / "cm.png").write_bytes(PNG)
    (found,) = read(tmp_path, Source(path="cm.png", why="", template="confusion"))
    assert isinstance(found, Figure)


def test_a_wrong_column_is_a_note_with_its_cure(tmp_path: Path) -> None:
    write(tmp_path, "cm.csv", "actual,predicted\n1,0\n")
    (found,) = read(tmp_path, Source(path="cm.csv", why="", x="truth", y=("predicted",), template="confusion"))
    assert str(found) == (
        "cm.csv: columns that are not there, to be drawn as confusion: truth. Correct x and y in dvc.yaml."
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("loss.csv", "name,loss\na,1.0\nb,0.5\n"),
        ("loss.json", '{"run": [{"loss": 1.0}, {"loss": 0.5}]}'),
        ("loss.yaml", "- {other: 3, loss: 1.0}\n- {other: 2, loss: 0.5}\n"),
    ],
)
@pytest.mark.parametrize("y", [(), ("loss",)])
def test_without_an_x_the_number_of_the_row_counts(tmp_path: Path, name: str, text: str, y: tuple[str, ...]) -> None:
    write(tmp_path, name, text)
    found = read(tmp_path, Source(path=name, why="dvc.yaml names it", part=Part.PLOTS, declared=True, y=y))
    assert [(one.name, one.x, one.y) for one in found if isinstance(one, Series)] == [("loss", (0, 1), (1.0, 0.5))]


def test_no_numbers_to_draw(tmp_path: Path) -> None:
    write(tmp_path, "loss.csv", "name,loss\na,x\nb,y\n")
    [note] = read(tmp_path, Source(path="loss.csv", why="", part=Part.PLOTS))
    assert "no numbers to draw" in str(note)
