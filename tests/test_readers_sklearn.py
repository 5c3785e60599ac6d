"""What scikit-learn computes, as tables and documents: the numbers are those that it reported itself."""

from __future__ import annotations

import json
import math
import random
import tracemalloc
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cml_bot.charts import MOST_POINTS, thin_line
from cml_bot.collect import collect
from cml_bot.compare import compare
from cml_bot.config import Config
from cml_bot.errors import InputError
from cml_bot.model import Bars, Matrix, Method, Metric, Note, Observation, Param, Points, Repeats, Role, Run, Series
from cml_bot.readers import find_format, load_reader
from cml_bot.readers._shapes import DOCUMENTS, IMPORTANCES, TABLES, Shape, load_document_shape, load_table_shape
from cml_bot.trees import FolderTree
from tests.reader_cases import CASES, file_of

ODD = st.sampled_from(
    [
        *(None, True, "", " ", "é|", "0.5", "nan", "-inf", "1_0", "x" * 400, "\ud800", -1, 0, 1, 0.5, 1e308, -1e308),
        *(10**400, math.nan, math.inf, [], [1, 2], [None, "x"], {}, {"support": 3}, {"a": {"b": [1]}}, [[1], [2, 3]]),
        *([{"step": 1, "loss": 2}, 3], {"precision": 1, "f1-score": "x", "support": [1]}),
    ]
)
"""What may stand in a file where something else was meant to."""


def read(path: Path) -> list[Observation]:
    row = find_format(path.name)
    assert row is not None
    return list(load_reader(row.module).read(path))


def read_case(case: str) -> list[Observation]:
    return read(file_of(CASES / case))


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def metrics(found: list[Observation]) -> dict[str, Metric]:
    return {one.name: one for one in found if isinstance(one, Metric)}


def notes(found: list[Observation]) -> str:
    return "\n".join(one.text for one in found if isinstance(one, Note))


def run_of(root: Path) -> Run:
    return collect(FolderTree(root), Config())


class TestCurves:
    @pytest.mark.parametrize(
        ("case", "name", "value"),
        [
            ("roc", "roc_auc", 0.9986013986013985),
            ("roc_lists", "roc_auc", 0.9039135514018692),
            ("pr", "average_precision", 0.9991694449905535),
            ("pr_lists", "average_precision", 0.9285957176291421),
            ("dvclive_pr", "average_precision", 0.9285957176291421),
        ],
    )
    def test_areas_are_those_of_scikit_learn(self, case: str, name: str, value: float) -> None:
        found = metrics(read_case(f"score_curves/{case}"))
        assert list(found) == [name]
        assert found[name].value == pytest.approx(value, rel=1e-14)

    @pytest.mark.parametrize("order", ["turned", "mixed"])
    def test_the_order_of_the_rows_does_not_matter(self, tmp_path: Path, order: str) -> None:
        header, *rows = file_of(CASES / "score_curves/roc").read_text().split()
        rows = rows[::-1] if order == "turned" else sorted(rows, key=lambda row: row[::-1])
        found = read(write(tmp_path, "roc.csv", "\n".join([header, *rows])))
        assert metrics(found)["roc_auc"].value == pytest.approx(0.9986013986013985, rel=1e-14)

    def test_a_part_of_a_curve_has_no_area(self, tmp_path: Path) -> None:
        found = read(write(tmp_path, "roc.csv", "fpr,tpr\n0,0\n0.1,0.7\n"))
        assert not metrics(found)
        assert "does not reach from 0 to 1" in notes(found)

    def test_a_table_of_settings_has_no_area(self, tmp_path: Path) -> None:
        found = read(write(tmp_path, "pr.csv", "threshold,precision,recall,f1\n0.2,0.5,1,0.66\n0.5,0.8,0.6,0.68\n"))
        assert not metrics(found)
        assert isinstance(found[0], Points)

    def test_the_course_of_such_numbers_is_a_course(self, tmp_path: Path) -> None:
        found = read(write(tmp_path, "metrics.csv", "epoch,fpr,tpr\n0,0.5,0.6\n1,0.3,0.7\n"))
        assert [one.name for one in found if isinstance(one, Series)] == ["fpr", "tpr"]

    def test_rows_without_numbers_are_counted(self, tmp_path: Path) -> None:
        found = read(write(tmp_path, "roc.csv", "fpr,tpr\n0,0\n,0.5\ninf,1\n1,1\n0.5\n"))
        assert metrics(found)["roc_auc"].value == 0.5
        assert "2 rows without a number left out" in notes(found)
        assert "1 row of fewer cells" in notes(found)
        assert "holds no whole row" in notes(read(write(tmp_path, "roc.csv", "fpr,tpr\nx,y\n")))

    def test_a_large_curve_is_thinned_and_its_area_is_not(self, tmp_path: Path) -> None:
        n = 30_000
        # Scores whose ROC is tpr = sqrt(fpr): its area is 2/3.
        rows = "\n".join(f"{step / n!r},{math.sqrt(step / n)!r},{1 - step / n!r}" for step in range(n + 1))
        path = write(tmp_path, "roc.csv", f"fpr,tpr,threshold\n{rows}\n")
        tracemalloc.start()
        found = read(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4e6
        assert metrics(found)["roc_auc"].value == pytest.approx(2 / 3, abs=1e-5)
        (points,) = (one for one in found if isinstance(one, Points))
        assert len(points.x) <= MOST_POINTS
        assert (points.x[0], points.y[0], points.x[-1], points.y[-1]) == (0, 0, 1, 1)
        steps = [abs(b - a) for side in (points.x, points.y) for a, b in pairwise(side)]
        assert max(steps) < 0.02

    def test_an_area_that_is_told_elsewhere_is_told_once(self, tmp_path: Path) -> None:
        (tmp_path / "roc.csv").write_text(file_of(CASES / "score_curves/roc").read_text())
        (tmp_path / "metrics.json").write_text('{"roc_auc": 0.9986013986013985}')
        assert [str(one.key) for one in run_of(tmp_path).metrics] == ["metrics.json:roc_auc"]
        (tmp_path / "metrics.json").write_text('{"roc_auc": 0.5}')
        assert len(run_of(tmp_path).metrics) == 2


@given(st.lists(st.tuples(st.floats(-1e99, 1e99), st.floats(-1e99, 1e99)), min_size=1, max_size=60), st.integers(2, 20))
def test_thinning_keeps_the_ends_and_the_limit(points: list[tuple[float, float]], most: int) -> None:
    x, y = zip(*points, strict=True)
    xs, ys = thin_line(x, y, most)
    assert len(xs) == len(ys) <= max(most, 1)
    assert (xs[0], ys[0]) == points[0]
    assert (xs[-1], ys[-1]) == points[-1]


class TestCalibration:
    def test_the_error_needs_counts(self) -> None:
        """Five bins of a tree of depth 3, of which two hold examples; scikit-learn gives the bins, numpy the mean."""
        found = metrics(read_case("calibration_table/counts"))
        assert found["ECE"].value == pytest.approx(0.08036735315758231)
        assert found["ECE"].n_items == 171
        (points,) = read_case("calibration_table/dvclive")
        assert isinstance(points, Points)
        assert points.x[0] == 0.0373764268784156

    @pytest.mark.parametrize("columns", IMPORTANCES)
    def test_every_pair_of_names(self, tmp_path: Path, columns: tuple[str, str]) -> None:
        (bars,) = read(write(tmp_path, "importance.csv", f"n,{columns[1]},{columns[0]}\n1,0.25,age\n2,0.75,pay\n"))
        assert isinstance(bars, Bars)
        assert (bars.labels, bars.values) == (("pay", "age"), (0.75, 0.25))

    def test_nothing_in_it(self, tmp_path: Path) -> None:
        assert "no whole row" in notes(read(write(tmp_path, "calibration.csv", "prob_true,prob_pred\n,\n")))


class TestReport:
    def test_examples_are_the_size_and_no_metric(self) -> None:
        found = metrics(read_case("classification_report/sklearn"))
        assert found["malignant.recall"].values == (0.9882352941176471,)
        assert found["malignant.recall"].n_items == 85
        assert (found["accuracy"].value, found["accuracy"].n_items) == (0.9824561403508771, 228)
        assert not any("support" in name for name in found)

    def test_the_table_tells_the_same_as_the_document(self, tmp_path: Path) -> None:
        document = json.loads(file_of(CASES / "classification_report/sklearn").read_text())
        columns = ("precision", "recall", "f1-score", "support")
        rows = [
            ",".join([label, *(str(row[name] if isinstance(row, dict) else row) for name in columns)])
            for label, row in document.items()
        ]
        path = write(tmp_path, "classification_report.csv", "\n".join([",".join(["", *columns]), *rows]))
        assert metrics(read(path)) == metrics(read_case("classification_report/sklearn"))

    def test_numbers_beside_the_report_are_kept(self, tmp_path: Path) -> None:
        text = (
            '{"a": {"precision": 1, "recall": 0.5, "f1-score": 0.7, "support": "x"}, "auc": 0.8, "note": "0.9 ± 0.1"}'
        )
        found = read(write(tmp_path, "classification_report.json", text))
        assert metrics(found)["auc"].value == 0.8
        assert metrics(found)["a.recall"].n_items is None
        assert "text, not numbers: note" in notes(found)

    def test_a_table_without_labels(self, tmp_path: Path) -> None:
        path = write(tmp_path, "classification_report.csv", "precision,recall,f1-score,support\n1,1,1,3\n")
        assert "no labels" in notes(read(path))


class TestMatrix:
    @pytest.mark.parametrize("case", ["confusion/sklearn", "csv_file/confusion_matrix"])
    def test_documents_and_tables_tell_the_same(self, case: str) -> None:
        (matrix,) = read_case(case)
        labels = ("malignant", "benign")
        assert matrix == Matrix(name="confusion matrix", rows=labels, columns=labels, values=((84, 1), (3, 140)))

    def test_pairs_of_labels_are_counted(self) -> None:
        (matrix,) = read_case("predictions/dvclive")
        assert isinstance(matrix, Matrix)
        assert matrix.values == ((39, 1), (2, 18))

    def test_labels_in_order_of_their_numbers(self, tmp_path: Path) -> None:
        rows = json.dumps([{"actual": label, "predicted": 2} for label in (10, 2.0, "9")])
        (matrix,) = read(write(tmp_path, "cm.json", rows))
        assert isinstance(matrix, Matrix)
        assert matrix.rows == ("2", "9", "10")

    def test_too_many_labels_are_no_classes(self, tmp_path: Path) -> None:
        many = "\n".join(f"{number},{number % 7}" for number in range(201))
        assert "no confusion matrix" in notes(read(write(tmp_path, "x.csv", f"actual,predicted\n{many}\n")))

    def test_rows_without_a_label_are_counted(self, tmp_path: Path) -> None:
        found = read(write(tmp_path, "cm.csv", "actual,predicted\nnone,none\n,a\n"))
        assert isinstance(found[0], Matrix)
        assert "1 row without a label" in notes(found)

    @pytest.mark.parametrize(
        "text",
        [
            ",a,b\na,1,0.5\nb,0.5,1\n",  # a correlation
            ",a,b\na,-1,2\nb,3,4\n",
            ",a,b\na,1,2\n",
            ",a,b\na,1,2\nc,3,4\n",
            ",a,b\na,1\nb,3,4\n",
        ],
    )
    def test_other_tables_are_none(self, tmp_path: Path, text: str) -> None:
        assert not any(isinstance(one, Matrix) for one in read(write(tmp_path, "table.csv", text)))

    def test_a_bare_square_counts_only_under_its_name(self, tmp_path: Path) -> None:
        for name in ("confusion_matrix.csv", "cm.csv", "test-confusion.csv", "val_cm_norm.csv"):
            assert isinstance(read(write(tmp_path, name, "0,1\n5,1\n2,7\n"))[0], Matrix), name
            assert isinstance(read(write(tmp_path, name, "5,1\n2,7\n"))[0], Matrix), name
        assert "first row holds numbers" in notes(read(write(tmp_path, "cmd.csv", "5,1\n2,7\n")))

    def test_a_class_that_was_never_predicted(self, tmp_path: Path) -> None:
        (matrix,) = read(write(tmp_path, "crosstab.csv", "actual,a,b\na,5,1\nb,2,7\nc,0,3\n"))
        assert isinstance(matrix, Matrix)
        assert (matrix.rows, matrix.columns) == (("a", "b", "c"), ("a", "b"))

    @pytest.mark.parametrize("text", ['{"labels": [1], "matrix": [[1, 2]]}', '{"labels": [1, 2], "matrix": [3, 4]}'])
    def test_a_document_that_is_no_square(self, tmp_path: Path, text: str) -> None:
        assert "no square of counts" in notes(read(write(tmp_path, "cm.json", text)))

    def test_numbers_beside_the_matrix_are_kept(self, tmp_path: Path) -> None:
        found = read(
            write(tmp_path, "eval.json", '{"labels": [0, 1], "confusion_matrix": [[1, 2], [3, 4]], "acc": 0.5}')
        )
        assert isinstance(found[0], Matrix)
        assert metrics(found)["acc"].value == 0.5


class TestImportance:
    def test_the_largest_count_whatever_their_sign(self, tmp_path: Path) -> None:
        rows = "\n".join(f"f{number},{(-1) ** number * number}" for number in range(40))
        found = read(write(tmp_path, "feature_importance.csv", f"feature,importance\n{rows}\nbroken,x\n"))
        assert isinstance(found[0], Bars)
        assert found[0].labels[:2] == ("f39", "f38")
        assert found[0].values[:2] == (-39, 38)
        assert len(found[0].labels) == 30
        assert "10 features left out. Write fewer" in notes(found)
        assert "1 feature without a number" in notes(found)

    def test_one_number_a_feature_under_that_name(self) -> None:
        (bars,) = read_case("importance_table/xgboost")
        assert isinstance(bars, Bars)
        assert (bars.labels[0], bars.values[0]) == ("f 22", 116.91751861572266)

    def test_nothing_in_it(self, tmp_path: Path) -> None:
        assert "no whole row" in notes(read(write(tmp_path, "importance.csv", "feature,importance\na,\n")))


class TestCrossValidation:
    def test_folds_are_the_values_of_a_metric(self) -> None:
        found = metrics(read_case("cross_validate/sklearn"))
        accuracy = found["test_accuracy"]
        assert accuracy.values == (1.0, 0.9444444444444444, 0.9444444444444444, 1.0, 1.0)
        assert (accuracy.repeats, accuracy.labels) == (Repeats.FOLDS, ("0", "1", "2", "3", "4"))
        assert (found["fit_time"].role, found["fit_time"].unit) == (Role.BOOKKEEPING, "s")

    def test_both_sides_are_weighed_fold_by_fold(self, tmp_path: Path) -> None:
        for side, lift in (("a", 0.0), ("b", 0.03)):
            (tmp_path / side).mkdir()
            scores = [0.8 + lift + fold / 100 + (fold % 2) * lift / 30 for fold in range(5)]
            text = json.dumps({"fit_time": [1.0] * 5, "score_time": [0.1] * 5, "test_score": scores})
            (tmp_path / side / "cross_validate.json").write_text(text)
        base, head = (run_of(tmp_path / side) for side in ("a", "b"))
        (delta,) = (one for one in compare(head, base) if one.key.name == "test_score")
        assert (delta.evidence.method, delta.evidence.repeats, delta.trend) == (Method.FOLDS, Repeats.FOLDS, "better")

    def test_what_is_no_list_of_numbers(self, tmp_path: Path) -> None:
        text = '{"fit_time": [1, 2], "score_time": [1, "x"], "test_score": [0.5, NaN], "n": 2, "deep": {"a": [[1]]}}'
        found = read(write(tmp_path, "cross_validate.json", text))
        assert list(metrics(found)) == ["fit_time", "test_score", "n"]
        assert math.isnan(metrics(found)["test_score"].value)
        assert "lists, not single numbers" in notes(found)


class TestSearch:
    @pytest.mark.parametrize(
        ("case", "best", "params"),
        [
            ("failed_fits", 0.9321518987341773, {"max_depth": "2", "max_features": "1.0"}),
            ("halving", 0.9215629578224998, {"max_depth": "4", "min_samples_leaf": "9"}),
        ],
    )
    def test_the_best_candidate_is_scikit_learns(self, case: str, best: float, params: dict[str, str]) -> None:
        found = read_case(f"grid_search/{case}")
        score = metrics(found)["mean_test_score"]
        assert score.value == pytest.approx(best)
        assert score.repeats is Repeats.FOLDS
        assert {one.name: one.value for one in found if isinstance(one, Param)} == params

    def test_of_several_metrics_the_first_chooses(self) -> None:
        found = read_case("grid_search/two_metrics")
        assert metrics(found)["mean_test_accuracy"].value == pytest.approx(0.9324858757062147)
        assert metrics(found)["candidates"].value == 9
        assert "best by accuracy" in notes(found)

    def test_a_search_of_failed_fits_alone_is_not_hidden(self, tmp_path: Path) -> None:
        header = "mean_fit_time,std_fit_time,param_a,params,split0_test_score,mean_test_score,rank_test_score"
        found = metrics(read(write(tmp_path, "cv_results.csv", f"{header}\n0.1,0,1,{{}},,,1\n")))
        assert math.isnan(found["mean_test_score"].value)

    def test_no_rows_and_no_ranks(self, tmp_path: Path) -> None:
        header = "mean_fit_time,std_fit_time,params"
        assert "no whole row" in notes(read(write(tmp_path, "cv_results.csv", f"{header}\n")))
        assert "1 candidate without a rank" in notes(read(write(tmp_path, "cv_results.csv", f"{header}\n1,0,{{}}\n")))


def test_what_is_found_without_configuration(tmp_path: Path) -> None:
    wanted = {
        "confusion_matrix.csv": "csv_file/confusion_matrix",
        "eval/cm.json": "predictions/dvclive",
        "plots/sklearn/precision_recall.json": "score_curves/dvclive_pr",
        "roc_curve.json": "score_curves/roc_lists",
        "pr.csv": "score_curves/pr",
        "calibration.csv": "calibration_table/counts",
        "feature_importance.csv": "importance_table/sklearn",
        "importance.json": "importance_table/xgboost",
        "cross_validate.json": "cross_validate/sklearn",
        "cv_results.csv": "grid_search/two_metrics",
        "cv.csv": "csv_file/xgboost_cv",
        "classification_report.csv": "classification_table/pandas",
    }
    for name, case in wanted.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(file_of(CASES / case).read_bytes())
    (tmp_path / "roc.csv").write_text("something,else\n1,2\n")
    run = run_of(tmp_path)
    assert sorted(source.path for source in run.sources) == sorted(wanted)
    assert not run.unread


@settings(max_examples=300)
@given(st.sampled_from(DOCUMENTS), st.dictionaries(st.sampled_from("abc"), ODD), st.lists(ODD, min_size=9, max_size=9))
def test_no_document_breaks_its_reader(shape: Shape, document: dict[str, object], parts: list[object]) -> None:
    """Of a document its keys are known, and nothing of what stands there."""
    for key, part in zip(shape.keys, parts, strict=False):
        first, *more = key.split(".")
        name = first.removesuffix("[]").replace("*", "x")
        inner = document.get(name)
        if more:
            document[name] = {**(inner if isinstance(inner, dict) else {}), more[0]: part}
        else:
            document[name] = [part, *parts] if first.endswith("[]") else part
    document |= {"best_metric": parts[-1], "best_global_step": parts[-2]}
    with suppress(InputError):
        found = list(load_document_shape(shape).observe(document, "x.json"))
        assert all(len(getattr(one, "name", "")) < 400 for one in found)


@settings(max_examples=300)
@given(
    st.sampled_from(TABLES),
    st.sampled_from([(), ("count",), ("iter", "label")]),
    st.lists(st.lists(ODD, min_size=9, max_size=9), max_size=5),
)
def test_no_table_breaks_its_reader(shape: Shape, more: tuple[str, ...], rows: list[list[object]]) -> None:
    columns = (*shape.columns, *more, "rank_test_x", "mean_test_x", "split0_test_x")
    for one in load_table_shape(shape).observe(columns, (row[: len(columns)] for row in rows)):
        if isinstance(one, Points):
            assert all(map(math.isfinite, (*one.x, *one.y)))


def test_a_long_table_with_labels_is_no_matrix(tmp_path: Path) -> None:
    dice = random.Random(3)
    rows = "\n".join(f"a,{dice.random()},{dice.random()}" for _ in range(20_000))
    assert "rows without a step column" in notes(read(write(tmp_path, "x.csv", f",a,b\n{rows}\n")))
