"""Predictions, one row an example: what is drawn of them is held to scikit-learn, on data that people know."""

from __future__ import annotations

import csv
import json
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, confusion_matrix, roc_auc_score

from cml_bot.charts import MOST_POINTS, is_whole
from cml_bot.collect import collect
from cml_bot.config import Config
from cml_bot.known_curves import find_score
from cml_bot.model import Bars, Chart, Histogram, Matrix, Metric, Note, Points
from cml_bot.readers import find_format, load_reader
from cml_bot.readers._examples import draw_bins
from cml_bot.readers.predictions import MOST_HELD, observe
from cml_bot.trees import FolderTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cml_bot.model import Observation

DIE = np.random.default_rng(7)
TRUE = DIE.integers(0, 2, 997)
SCORE = np.round(np.clip(0.3 * TRUE + DIE.uniform(0, 0.7, 997), 0, 1), 2)
"""With many examples of one score."""


def read(path: Path) -> list[Observation]:
    row = find_format(path.name)
    assert row is not None
    return list(load_reader(row.module).read(path))


def write(folder: Path, name: str, **columns: Any) -> Path:
    path = folder / name
    rows = [
        dict(zip(columns, row, strict=True))
        for row in zip(*(np.asarray(one).tolist() for one in columns.values()), strict=True)
    ]
    if path.suffix in (".csv", ".tsv"):
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, list(columns), delimiter="\t" if path.suffix == ".tsv" else ",")
            out.writeheader()
            out.writerows(rows)
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    else:
        parquet = pytest.importorskip("pyarrow.parquet")
        import pyarrow as pa

        parquet.write_table(pa.table({name: np.asarray(one) for name, one in columns.items()}), path)
    return path


def charts(found: list[Observation]) -> dict[str, Chart]:
    return {one.name: one for one in found if isinstance(one, Chart)}


def curve(found: list[Observation], name: str) -> Points:
    one = charts(found)[name]
    assert isinstance(one, Points)
    return one


def notes(found: list[Observation]) -> str:
    return "\n".join(one.text for one in found if isinstance(one, Note))


@pytest.mark.parametrize("ending", ["csv", "tsv", "json", "jsonl", "parquet"])
def test_every_format_tells_the_same(tmp_path: Path, ending: str) -> None:
    found = read(
        write(tmp_path, f"predictions.{ending}", id=range(997), y_true=TRUE, y_pred=SCORE > 0.5, y_score=SCORE)
    )
    again = read(write(tmp_path, "predictions.csv", y_true=TRUE, y_score=SCORE))
    assert [one for one in found if not isinstance(one, Matrix)] == again
    assert list(charts(again)) == [
        "ROC",
        "precision-recall",
        "calibration",
        "scores where 0 is true",
        "scores where 1 is true",
    ]


class TestTwoClasses:
    def test_areas_are_those_of_scikit_learn(self, tmp_path: Path) -> None:
        found = read(write(tmp_path, "test_predictions.csv", target=TRUE, prob=SCORE))
        assert curve(found, "ROC").score == pytest.approx(roc_auc_score(TRUE, SCORE), abs=1e-11)
        assert curve(found, "precision-recall").score == pytest.approx(average_precision_score(TRUE, SCORE), abs=1e-11)

    def test_the_points_tell_the_same_areas(self, tmp_path: Path) -> None:
        found = read(write(tmp_path, "predictions.csv", y_true=TRUE, y_score=SCORE))
        for name in ("ROC", "precision-recall"):
            known = curve(found, name)
            from_points = find_score(
                Points(name="", x=known.x, y=known.y, x_label=known.x_label, y_label=known.y_label, is_line=True)
            )
            assert from_points == pytest.approx(known.score, abs=1e-9)

    def test_the_calibration_is_that_of_scikit_learn(self, tmp_path: Path) -> None:
        found = curve(read(write(tmp_path, "predictions.csv", y_true=TRUE, y_score=SCORE)), "calibration")
        true, said = calibration_curve(TRUE, SCORE, n_bins=10, strategy="quantile")
        assert found.x == pytest.approx(said)
        assert found.y == pytest.approx(true)
        edges = np.percentile(SCORE, np.linspace(0, 100, 11))
        sizes = np.bincount(np.searchsorted(edges[1:-1], SCORE))
        assert found.score == pytest.approx(float(np.sum(sizes * np.abs(true - said)) / 997))

    def test_scores_that_are_no_probabilities_have_no_calibration(self, tmp_path: Path) -> None:
        found = charts(read(write(tmp_path, "predictions.csv", y_true=TRUE, y_score=10 * SCORE - 3)))
        assert "calibration" not in found
        of_one = found["scores where 0 is true"]
        assert isinstance(of_one, Histogram)
        assert of_one.edges[0] < 0
        assert sum(of_one.counts) == (TRUE == 0).sum()

    def test_a_prediction_between_the_classes_is_a_score(self, tmp_path: Path) -> None:
        found = read(write(tmp_path, "predictions.csv", y=TRUE, pred=SCORE))
        assert curve(found, "ROC").score == pytest.approx(roc_auc_score(TRUE, SCORE))

    def test_the_class_that_is_looked_for(self, tmp_path: Path) -> None:
        words = np.where(TRUE == 1, "no", "yes")
        found = read(write(tmp_path, "predictions.csv", label=words, prob_no=SCORE, prob_yes=1 - SCORE))
        assert curve(found, "ROC").score == pytest.approx(roc_auc_score(TRUE == 0, 1 - SCORE))

    @pytest.mark.parametrize("name", ["prob - spam", "Prob.spam", "prob (spam)", "prob(spam)", "y_prob__spam"])
    def test_the_class_in_the_name_of_a_column(self, tmp_path: Path, name: str) -> None:
        columns = {"label": np.where(TRUE == 1, "spam", "ham"), name: SCORE}
        found = read(write(tmp_path, "predictions.csv", **columns))
        assert curve(found, "ROC").score == pytest.approx(roc_auc_score(TRUE, SCORE))

    def test_classes_below_zero_are_classes_of_their_own(self, tmp_path: Path) -> None:
        columns = {"label": 2 * TRUE - 1, "prob_1": SCORE, "prob_-1": 1 - SCORE}
        found = read(write(tmp_path, "predictions.csv", **columns))
        assert curve(found, "ROC").score == pytest.approx(roc_auc_score(TRUE, SCORE))

    def test_scores_named_after_no_class_are_told(self, tmp_path: Path) -> None:
        found = read(write(tmp_path, "predictions.csv", label=np.where(TRUE == 1, "spam", "ham"), prob_junk=SCORE))
        assert notes(found) == "no column of scores is named after spam: no ROC. Call it prob_spam."

    def test_a_short_row_misses_its_last_cells(self) -> None:
        found = list(observe(("y_true", "y_pred"), [("a", "a"), ("b",), (), ("b", "b")]))
        assert "2 rows without a label" in notes(found)

    def test_what_is_missing_is_counted(self, tmp_path: Path) -> None:
        path = tmp_path / "predictions.csv"
        path.write_text("y_true,y_pred,y_score\n1,1,0.9\n0,0,\n0,,0.2\n,1,0.8\n")
        found = read(path)
        assert notes(found).count("row") == 4
        assert charts(found)["confusion matrix"] == Matrix(
            name="confusion matrix", rows=("0", "1"), columns=("0", "1"), values=((1, 0), (0, 1))
        )
        assert curve(found, "ROC").score == 1.0


class TestClasses:
    def test_the_matrix_is_that_of_scikit_learn(self, tmp_path: Path) -> None:
        true, said = DIE.integers(0, 12, 500), DIE.integers(0, 12, 500)
        (found,) = read(write(tmp_path, "preds.csv", truth=true, pred=said))
        assert isinstance(found, Matrix)
        assert np.array_equal(found.values, confusion_matrix(true, said))
        assert found.rows == tuple(map(str, range(12)))

    def test_each_part_has_its_accuracy(self, tmp_path: Path) -> None:
        path = tmp_path / "predictions.csv"
        path.write_text("y_true,y_pred,segment\na,a,old\nb,a,old\nb,b,new\na,b,\n")
        _, found = read(path)
        assert isinstance(found, Bars)
        assert (found.name, found.labels, found.values) == ("accuracy by segment", ("new", "old"), (1.0, 0.5))

    def test_texts_are_no_classes(self, tmp_path: Path) -> None:
        rows = [f"answer {number}" for number in range(300)]
        found = read(write(tmp_path, "predictions.jsonl", label=rows, prediction=rows))
        assert not charts(found)
        assert "no confusion matrix" in notes(found)

    def test_it_gives_no_metrics(self, tmp_path: Path) -> None:
        found = read(write(tmp_path, "predictions.csv", y_true=TRUE, y_pred=TRUE, y_score=SCORE))
        assert not any(isinstance(one, Metric) for one in found)


class TestNumbers:
    def test_residuals_and_points(self, tmp_path: Path) -> None:
        true = DIE.uniform(0, 100, 800)
        said = true + DIE.normal(0, 5, 800)
        found = read(
            write(tmp_path, "predictions.csv", target=true, prediction=said, group=np.where(true > 50, "hi", "lo"))
        )
        residuals, points, errors = found
        assert isinstance(residuals, Histogram)
        assert list(residuals.counts) == np.histogram(said - true, residuals.edges)[0].tolist()
        assert isinstance(points, Points)
        assert len(points.x) == MOST_POINTS
        assert isinstance(errors, Bars)
        assert errors.values[0] == pytest.approx(np.abs(said - true)[true > 50].mean())

    def test_runs_that_differ_share_their_edges(self, tmp_path: Path) -> None:
        true = DIE.uniform(0, 100, 800)
        edges = set()
        for spread in (5.0, 5.3):
            found = read(write(tmp_path, "predictions.csv", target=true, prediction=true + DIE.normal(0, spread, 800)))
            (bins,) = (one for one in found if isinstance(one, Histogram))
            edges.add(round(bins.edges[1] - bins.edges[0], 9))
            assert math.isclose(bins.edges[0] / (bins.edges[1] - bins.edges[0]) % 1, 0, abs_tol=1e-9)
        assert len(edges) == 1

    @pytest.mark.parametrize(
        "values", [["1.5"], ["1e99", "-1e99", "0.5"], ["3.25", "3.25"], ["1e-300", "0.5"], ["nan", "0.5"]]
    )
    def test_odd_numbers(self, tmp_path: Path, values: list[str]) -> None:
        path = tmp_path / "predictions.csv"
        path.write_text("y_true,y_pred\n" + "".join(f"{value},0.25\n" for value in values))
        assert all(is_whole(one) for one in charts(read(path)).values())


@pytest.mark.parametrize("values", [[1e-320], [0.0, 1e-320], [-5e-324, 5e-324], [2e-300, 1e-299]])
def test_bins_of_numbers_next_to_nothing(values: list[float]) -> None:
    found = draw_bins(np.array(values), "residuals", "prediction - truth", is_share=False)
    assert is_whole(found)
    assert sum(found.counts) == len(values)


@pytest.mark.slow
def test_of_many_rows_some_stand_for_all() -> None:
    def rows() -> Iterator[tuple[str, ...]]:
        for number in range(MOST_HELD + 100_000):
            yield str(number % 2), "0.75" if number % 3 else "0.25", "x"

    start = time.process_time()
    found = list(observe(("y_true", "y_score", "id"), rows()))
    assert time.process_time() - start < 20
    assert "about one of 2 counts" in notes(found)
    assert curve(found, "ROC").score == pytest.approx(0.5, abs=0.01)


def test_found_without_configuration_only_where_they_are_predictions(tmp_path: Path) -> None:
    write(tmp_path, "test_predictions.csv", id=TRUE, label=TRUE, score=SCORE)
    write(tmp_path, "predictions.parquet", y_true=TRUE, y_pred=TRUE)
    write(tmp_path, "predictions.jsonl", y_true=TRUE, y_pred=TRUE)
    write(tmp_path, "y_pred.csv", id=TRUE, target=TRUE)
    write(tmp_path, "scores.csv", label=TRUE, score=SCORE)
    run = collect(FolderTree(tmp_path, ""), config=Config())
    assert sorted(source.path for source in run.sources) == [
        "predictions.jsonl",
        "predictions.parquet",
        "test_predictions.csv",
    ]
