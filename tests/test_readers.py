"""What every reader makes of real files, checked against values read off them by hand."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import pytest

from cml_bot.discover import PARAMS
from cml_bot.errors import InputError
from cml_bot.model import Figure, Metric, Note, Param, Part, Series
from cml_bot.readers import READERS, find_format, find_store, load_reader
from cml_bot.readers._text import read_text
from cml_bot.readers.dvc_file import parse_dvc
from cml_bot.readers.image_file import LARGEST, find_media
from tests import reader_cases
from tests.reader_cases import CASES, observed

if TYPE_CHECKING:
    from pathlib import Path

    from cml_bot.model import Observation

FOLDERS = sorted(folder.parent for folder in CASES.glob("*/*/expected.json"))


def file_of(case: str) -> Path:
    return reader_cases.file_of(CASES / case)


def read(path: Path, x: str | None = None) -> list[Observation]:
    row = find_format(path.name)
    assert row is not None
    return list(load_reader(row.module).read(path, x))


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def metrics(found: list[Observation]) -> dict[str, float]:
    return {one.name: one.value for one in found if isinstance(one, Metric)}


def series(found: list[Observation]) -> dict[str, Series]:
    return {one.name: one for one in found if isinstance(one, Series)}


def notes(found: list[Observation]) -> str:
    return "\n".join(one.text for one in found if isinstance(one, Note))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_captured_file(folder: Path, update_golden: bool) -> None:
    expected = folder / "expected.json"
    wanted = json.loads(expected.read_text(encoding="utf-8"))
    x = wanted[0].get("x") if wanted and len(wanted[0]) == 1 else None
    found = observed(folder.parent.name, folder, x)
    if update_golden:
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_metrics_of_one_training_are_equal_in_every_format() -> None:
    from_json = metrics(read(file_of("json_file/metrics_nested")))
    assert from_json["val.accuracy"] == 0.9824561403508771
    assert from_json["val.by_class.malignant.recall"] == 0.9882352941176471
    assert from_json == metrics(read(file_of("yaml_file/metrics"))) == metrics(read(file_of("toml_file/metrics")))


def test_history_of_one_training_is_equal_in_every_format() -> None:
    from_csv = series(read(file_of("csv_file/history")))
    assert from_csv["val_loss"].y[:2] == (0.07995982511144667, 0.06045551271152676)
    assert from_csv["val_loss"].x == tuple(range(8, 97, 8))
    assert list(from_csv) == ["train_loss", "val_loss", "val_accuracy", "lr", "seconds"]
    for case in ("csv_file/history_tsv", "jsonl_file/history", "json_file/history_lists"):
        assert series(read(file_of(case))) == from_csv


def test_rows_told_apart_by_their_split() -> None:
    found = series(read(file_of("jsonl_file/history_mixed")))
    assert found["train/loss"].y[0] == 0.08190789113454265
    assert found["val/loss"].y[0] == 0.07995982511144667
    assert sorted(found) == ["train/loss", "train/lr", "val/accuracy", "val/loss"]


def test_lightning_fills_only_some_cells_of_a_row() -> None:
    found = series(read(file_of("csv_file/lightning")))
    assert list(found["val/acc"].x) == [18, 37, 56, 75]
    assert found["val/acc"].y[0] == 0.3366834223270416
    assert found["train/loss_step"].x[:3] == (4, 9, 14)
    assert found["train/loss_epoch"].y[0] == 2.2872238159179688
    assert found["lr-SGD"].x[:2] == (0, 19)
    assert found["test/acc"].x == (76,)


def test_keras_callbacks() -> None:
    sparse = series(read(file_of("csv_file/keras_sparse_val")))
    assert list(sparse["val_loss"].x) == [1, 3]
    assert list(sparse["loss"].x) == [0, 1, 2, 3]
    resumed = read(file_of("csv_file/keras_resumed"))
    assert series(resumed)["loss"].y == (0.5088785290718079, 0.455375075340271, 0.41077762842178345)
    assert "epoch comes again" in notes(resumed)
    diverged = series(read(file_of("csv_file/keras_diverged")))["loss"]
    assert list(diverged.x) == [0]
    assert math.isnan(diverged.y[0])
    assert math.isnan(metrics(read(file_of("json_file/keras_evaluate")))["loss"])
    history = series(read(file_of("json_file/keras_history")))["learning_rate"]
    assert (history.x_label, history.x[-1], history.y[-1]) == ("step", 4, 0.05904899910092354)


def test_ultralytics_results() -> None:
    found = series(read(file_of("ultralytics/results")))
    assert len(found) == 14
    assert found["metrics/mAP50-95(B)"].y[-1] == 0.08558
    assert found["val/box_loss"].x_label == "epoch"
    assert found["val/box_loss"].x[0] == 1


def test_boosting_libraries() -> None:
    assert series(read(file_of("catboost/one_table")))["AUC:0"].y[0] == 0.9522757402
    assert series(read(file_of("json_file/lightgbm_evals_result")))["valid.auc"].x_label == "iteration"
    assert metrics(read(file_of("json_file/catboost_best_score")))["validation_0.AUC"] == 0.9952275740167918


def test_dvclive_plots_are_drawn_over_the_step_and_not_over_the_time() -> None:
    found = series(read(file_of("csv_file/dvclive_timestamp")))
    assert list(found) == ["acc"]
    assert list(found["acc"].x) == list(range(8))
    assert found["acc"].x_label == "step"


def test_column_that_was_asked_for(tmp_path: Path) -> None:
    found = series(read(file_of("score_curves/roc"), "threshold"))
    assert found["tpr"].x[0] == 9.236409413304181e-23
    assert found["tpr"].y[0] == 1.0
    missing = read(file_of("score_curves/roc"), "nowhere")
    assert "column nowhere, to be drawn over, is not there" in notes(missing)
    text = read(write(tmp_path, "scores.csv", "name,score\na,0.5\nb,0.6\n"), "name")
    assert "holds no numbers" in notes(text)


def test_table_of_many_rows_without_a_step_gives_only_a_note() -> None:
    for case in ("csv_file/correlation",):
        found = read(file_of(case))
        assert not metrics(found)
        assert not series(found)
        assert "Add a column named step or epoch" in notes(found)


def test_table_of_one_row_gives_metrics(tmp_path: Path) -> None:
    found = read(write(tmp_path, "metrics.csv", "model,accuracy,n\nsgd,0.9731,9007199254740993\n"))
    assert metrics(found) == {"accuracy": 0.9731, "n": 9007199254740993}
    assert not notes(found)


def test_one_step_is_a_series_as_on_the_side_with_more_steps(tmp_path: Path) -> None:
    for name, text in (("a.csv", "epoch,loss\n0,0.5\n"), ("a.jsonl", '{"epoch": 0, "loss": 0.5}\n')):
        assert series(read(write(tmp_path, name, text)))["loss"].y == (0.5,)


def test_rows_of_every_kind_come_back_whole(tmp_path: Path) -> None:
    rows = [f"{step},{step / 8},{'' if step % 7 == 0 else step / 4},{step % 3}" for step in range(4_000)]
    found = series(read(write(tmp_path, "history.csv", "step,dense,gaps,flag\n" + "\n".join(rows))))
    assert found["dense"].y == tuple(step / 8 for step in range(4_000))
    assert found["gaps"].x == tuple(step for step in range(4_000) if step % 7)
    assert found["gaps"].y[-1] == 3_999 / 4
    assert found["flag"].x == found["dense"].x


def test_text_columns_do_not_disturb(tmp_path: Path) -> None:
    text = "time,epoch,note,loss\n2026-11-21 10:00,0,start,1.0\n2026-11-21 10:01,1,,0.5\n"
    found = read(write(tmp_path, "history.csv", text))
    assert series(found)["loss"].y == (1.0, 0.5)
    assert not notes(found)


def test_limits_of_a_document(tmp_path: Path) -> None:
    many = read(write(tmp_path, "many.json", json.dumps({f"m{number}": number for number in range(5_003)})))
    assert len(metrics(many)) == 5_000
    assert "3 were left out" in notes(many)
    deep: dict[str, object] = {"bottom": 1}
    for _ in range(40):
        deep = {"a": deep}
    found = read(write(tmp_path, "deep.json", json.dumps({"top": 2, **deep})))
    assert metrics(found) == {"top": 2}
    assert "1 branch below level 32 left out" in notes(found)
    long = read(write(tmp_path, "long.json", json.dumps({"x" * 400: 1, "x" * 401: 2})))
    assert sorted(map(len, metrics(long))) == [300, 304]
    path = write(tmp_path, "large.json", '{"a": 1}')
    with pytest.raises(InputError, match="larger than"):
        read_text(path, largest=4)


def test_limits_of_a_table(tmp_path: Path) -> None:
    header = ",".join(["step", *(f"m{number}" for number in range(5_005))])
    row = ",".join("1" for _ in range(5_006))
    found = read(write(tmp_path, "wide.csv", f"{header}\n{row}\n"))
    assert len(series(found)) == 4_999
    assert "6 columns left out" in notes(found)


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    for name in ("gone.json", "folder.json", "gone.csv", "gone.jsonl", "gone.yaml", "gone.toml", "gone.png"):
        with pytest.raises(InputError, match=f"{name}: cannot be read"):
            read(tmp_path / name)


def test_pictures_are_told_by_their_bytes(tmp_path: Path) -> None:
    png = file_of("image_file/dvclive_step").read_bytes()
    (figure,) = read(file_of("image_file/dvclive_step"))
    assert figure == Figure(name="0.png", media="image/png", data=png, caption="0")
    lying = tmp_path / "confusion_matrix.jpg"
    lying.write_bytes(png)
    note, figure = read(lying)
    assert isinstance(note, Note)
    assert isinstance(figure, Figure)
    assert (figure.media, figure.caption) == ("image/png", "confusion matrix")
    assert find_media(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert find_media(b"RIFF\x10\0\0\0WEBPVP8 ") == "image/webp"
    assert find_media(b"<!--" * 1000 + b"<svg>") is None
    assert find_media(b"<?xml version='1.0'?><!-- a --><!DOCTYPE svg [<!ENTITY b 'c'>]>\n<svg xmlns=''>") is not None


def test_large_picture_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n".ljust(LARGEST + 1, b"\0"))
    assert "more than 10 MB" in notes(read(path))


def test_parameters_stay_as_written() -> None:
    reader = load_reader("params_file")
    for case in ("yaml", "json", "toml"):
        found = {one.name: one.value for one in reader.read(file_of(f"params_file/{case}")) if isinstance(one, Param)}
        assert found["lr"] == "1e-4"
        assert found["layers"].startswith("[64, ")
    with pytest.raises(InputError, match="holds no named parameters"):
        list(reader.read(file_of("image_file/svg")))


def test_merge_keys_and_foreign_tags_of_yaml() -> None:
    found = metrics(read(file_of("yaml_file/tags")))
    assert found["small.depth"] == 2
    assert found["small.lr"] == 0.1
    assert found["model.loss"] == 0.5


def test_dvc_yaml_of_a_pipeline() -> None:
    sources, said = parse_dvc(file_of("dvc_file/dvcyaml").read_bytes(), "models/churn")
    found = {source.path: source for source in sources}
    loss = found["models/churn/eval/plots/loss.csv"]
    assert (loss.part, loss.x, loss.y) == (Part.PLOTS, "iteration", ("train_loss", "test_loss"))
    assert loss.why == "models/churn/dvc.yaml names it"
    assert found["models/churn/params.yaml"].part is Part.PARAMS
    assert all(source.declared for source in sources)
    assert found["models/churn/eval/plots/confusion.json"].template == "confusion"
    assert not said


def test_dvc_yaml_with_loops() -> None:
    text = """
    vars: [{models: {us: {seed: 1}, uk: {seed: 2}}}, other.yaml]
    stages:
      each:
        foreach: ${models}
        do:
          wdir: models/${key}
          params: [lr, {../shared.toml: [a]}, config.json: null]
          metrics: ["../out/${item.seed}.json"]
      grid:
        matrix: {size: [s, m], model: "${models}"}
        metrics: [{"grid/${item.size}-${item.model.seed}.json": {cache: false}}]
      list:
        foreach: [a, b]
        do: {metrics: ["${item}.json"]}
    """
    sources, said = parse_dvc(text.encode(), "")
    paths = [source.path for source in sources]
    assert paths[:4] == ["models/out/1.json", "models/us/params.yaml", "models/shared.toml", "models/us/config.json"]
    assert "models/uk/params.yaml" in paths
    assert paths[-6:] == ["grid/s-1.json", "grid/s-2.json", "grid/m-1.json", "grid/m-2.json", "a.json", "b.json"]
    assert not said


def test_dvc_yaml_that_names_what_is_not_there() -> None:
    text = """
    metrics: [../../up.json, s3://bucket/a.json, /etc/passwd, "${lr}.json", inside/../fine.json]
    stages: {far: {foreach: "${nowhere}", do: {metrics: [a.json]}}}
    plots:
      - both: {x: {a.csv: step}, y: {a.csv: loss, b.csv: [loss, acc]}}
      - a.csv: {x: step, y: acc}
    """
    sources, said = parse_dvc(text.encode(), "sub")
    assert [(one.path, one.x, one.y) for one in sources] == [
        ("sub/fine.json", None, ()),
        ("sub/a.csv", "step", ("loss", "acc")),
        ("sub/b.csv", None, ("loss", "acc")),
    ]
    text = "\n".join(note.text for note in said)
    assert "not in the repository: ../../up.json, s3://bucket/a.json, /etc/passwd" in text
    assert "takes values from elsewhere: stage far, ${lr}.json" in text


def test_dvc_yaml_that_is_none() -> None:
    assert parse_dvc(b"", "") == parse_dvc(b"# nothing yet\n", "") == ((), ())
    for data in (b"- a\n", b"a: [", b"\xff\xfe\xff", b"\0"):
        with pytest.raises(InputError, match=r"^sub/dvc\.yaml"):
            parse_dvc(data, "sub")


def is_taken(path: str) -> bool:
    row = find_format(path)
    parts = path.split("/")
    names = row.names if row else ()
    is_named = any(fnmatchcase("/".join(parts[-(name.count("/") + 1) :]).lower(), name) for name in names)
    return is_named or find_store(path) is not None


@pytest.mark.parametrize(
    "path",
    [
        "metrics.json",
        "out/eval_metrics.json",
        "metrics/train.json",
        "eval/metrics.yaml",
        "metrics.toml",
        "scores.json",
        "all_results.json",
        "history.csv",
        "history.tsv",
        "training_history.json",
        "lightning_logs/version_0/metrics.csv",
        "runs/detect/train/results.csv",
        "runs/detect/train/BoxPR_curve.png",
        "train_log.csv",
        "log.jsonl",
        "dvclive/plots/metrics/val/acc.tsv",
        "dvclive/plots/images/weights.png",
        "plots/loss.png",
        "figures/roc.SVG",
        "confusion_matrix_normalized.png",
        "catboost_info/test_error.tsv",
        "classification_report.json",
    ],
)
def test_well_known_name(path: str) -> None:
    assert is_taken(path)


@pytest.mark.parametrize(
    "path",
    [
        "package.json",
        "package-lock.json",
        "tsconfig.json",
        "coverage.json",
        "coverage_results.json",
        "composer.json",
        "config.json",
        "eval_config.json",
        "data/train.csv",
        "data/test.csv",
        "data.jsonl",
        "eval_data.jsonl",
        "docker-compose.yaml",
        ".github/workflows/eval.yml",
        "mkdocs.yml",
        "pyproject.toml",
        "docs/logo.png",
        "src/assets/icon.svg",
        "dvc.yaml",
        *PARAMS,
    ],
)
def test_other_name(path: str) -> None:
    assert not is_taken(path)


def test_every_row_of_the_table_has_names_of_its_own_suffixes() -> None:
    for row in READERS:
        assert row.names or row.guesses or row.store
        assert all(name == name.lower() for name in (*row.names, *row.guesses))


def test_reading_json_does_not_load_the_other_formats() -> None:
    code = (
        "import sys; from pathlib import Path; from cml_bot.readers import load_reader\n"
        "list(load_reader('json_file').read(Path(sys.argv[1])))\n"
        "print([name for name in ('yaml', 'csv', 'tomllib', 'matplotlib', 'github') if name in sys.modules])"
    )
    path = file_of("json_file/metrics")
    result = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
