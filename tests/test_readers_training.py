"""What training frameworks write: which run of many counts, what repeats what, and the step whose weights were kept."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cml_bot.collect import collect
from cml_bot.compare import compare
from cml_bot.config import Config
from cml_bot.copies import is_copy
from cml_bot.model import Delta, Goal, Method, Metric, Repeats, Role, Run, Series, Source
from cml_bot.newest import Place, choose_newest, find_place
from cml_bot.records.thin import thin
from cml_bot.records.write import POINTS
from cml_bot.trees import FolderTree
from tests.reader_cases import CASES, file_of

LIGHTNING = CASES / "csv_file" / "lightning"
TRAINER = CASES / "trainer_state" / "transformers"
CHECKPOINT = CASES / "trainer_state" / "checkpoint"
ULTRALYTICS = CASES / "ultralytics" / "results"
ARGS = CASES / "params_file" / "ultralytics"
PNG = next(path for path in (CASES / "image_file" / "dvclive_step").iterdir() if path.suffix == ".png")


def put(root: Path, path: str, content: str | Path) -> None:
    """Write a file, or copy a captured one."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        shutil.copy(file_of(content) if content.is_dir() else content, root / path)
    else:
        (root / path).write_text(content)


def run_of(root: Path, *sources: str) -> Run:
    return collect(FolderTree(root), Config(sources=sources))


def paths(run: Run) -> list[str]:
    return [source.path for source in run.sources]


def keys(run: Run) -> set[str]:
    return {f"{one.group}:{one.name}" for found in (run.metrics, run.series, run.params) for one in found}


def series(run: Run, name: str) -> Series:
    (found,) = (one for one in run.series if one.name == name)
    return found


def delta(head: Run, base: Run, name: str) -> Delta:
    (found,) = (one for one in compare(head, base) if one.key.name == name)
    return found


def of_record(run: Run) -> Run:
    """Give the run as a record keeps it."""
    return replace(run, series=tuple(thin(one, POINTS) for one in run.series))


def lightning(root: Path, version: int, hparams: str, values: tuple[float, ...] = (0.5, 0.6)) -> None:
    rows = "".join(f"{epoch},{epoch * 10},{value}\n" for epoch, value in enumerate(values))
    put(root, f"logs/digits/version_{version}/metrics.csv", f"epoch,step,val/acc\n{rows}")
    put(root, f"logs/digits/version_{version}/hparams.yaml", hparams)


class TestPlace:
    @pytest.mark.parametrize(
        ("path", "place"),
        [
            ("version_3/metrics.csv", Place("version_*/metrics.csv", "3", "version_*/")),
            ("a/version_3/b/x.csv", Place("a/version_*/b/x.csv", "3", "a/version_*/")),
            ("lightning_logs/version_3", Place("lightning_logs/version_*", "3", "lightning_logs/version_*/")),
            ("runs/detect/train/results.csv", Place("runs/detect/train*/results.csv", "", "runs/detect/train*/")),
            ("runs/segment/train-12/x.png", Place("runs/segment/train*/x.png", "-12", "runs/segment/train*/")),
            ("runs/train/exp2/results.csv", Place("runs/train/exp*/results.csv", "2", "runs/train/exp*/")),
            (
                "out/checkpoint-76/trainer_state.json",
                Place("out/trainer_state.json", "checkpoint-76/", "out/trainer_state.json"),
            ),
        ],
    )
    def test_of_a_run(self, path: str, place: Place) -> None:
        assert find_place(path) == place

    @pytest.mark.parametrize(
        "path", ["metrics.json", "conversion_3/x.csv", "train2/results.csv", "checkpoint-7/x.json"]
    )
    def test_of_no_run(self, path: str) -> None:
        assert find_place(path) is None


class TestLightning:
    def test_the_newest_version_counts_with_its_parameters(self, tmp_path: Path) -> None:
        for version, lr in ((2, 0.1), (10, 0.2), (9, 0.3)):
            lightning(tmp_path, version, f"lr: {lr}\n")
        run = run_of(tmp_path)
        assert paths(run) == ["logs/digits/version_10/metrics.csv", "logs/digits/version_10/hparams.yaml"]
        assert [param.value for param in run.params] == ["0.2"]
        (note,) = run.notes
        assert note.startswith("logs/digits/version_10/metrics.csv: 2 earlier runs beside it; the newest counts.")
        assert "logs/digits/version_{replicate}/metrics.csv" in note

    def test_a_version_that_stopped_before_it_wrote_results_does_not_count(self, tmp_path: Path) -> None:
        lightning(tmp_path, 0, "lr: 0.1\n")
        put(tmp_path, "logs/digits/version_1/hparams.yaml", "lr: 0.2\n")
        run = run_of(tmp_path)
        assert paths(run) == ["logs/digits/version_0/metrics.csv", "logs/digits/version_0/hparams.yaml"]

    def test_event_files_that_tell_their_time_are_in_its_order(self) -> None:
        """A folder of December is older than one of January where the year turned between them."""
        december = "runs/version_2/events.out.tfevents.1798700000.vm.1.0"
        january = "runs/version_1/events.out.tfevents.1798800000.vm.1.0"
        sources = [Source(path=path.rpartition("/")[0], why="", files=(path,)) for path in (january, december)]
        kept, _ = choose_newest(sources)
        assert [(source.path, source.group) for source in kept] == [("runs/version_1", "runs/version_*")]

    def test_both_sides_have_the_same_names(self, tmp_path: Path) -> None:
        put(tmp_path / "a", "logs/digits/version_1/metrics.csv", LIGHTNING)
        put(tmp_path / "b", "logs/digits/version_7/metrics.csv", LIGHTNING)
        base, head = run_of(tmp_path / "a"), run_of(tmp_path / "b")
        assert keys(base) == keys(head)
        assert "logs/digits/version_*/metrics.csv:val/acc" in keys(head)

    def test_the_twin_of_an_epoch_is_bookkeeping(self, tmp_path: Path) -> None:
        put(tmp_path, "lightning_logs/version_0/metrics.csv", LIGHTNING)
        run = run_of(tmp_path)
        assert delta(run, run, "train/loss_step").role is Role.BOOKKEEPING
        assert delta(run, run, "train/loss_epoch").role is Role.QUALITY

    def test_tags_of_python_in_hparams_are_obeyed_by_nobody(self, tmp_path: Path) -> None:
        lightning(
            tmp_path, 0, "lr: 0.1\nact: !!python/name:torch.nn.ReLU ''\nrun: !!python/object/apply:os.system [ls]\n"
        )
        assert {param.name: param.value for param in run_of(tmp_path).params}["run"] == "[ls]"

    def test_ultralytics_counts_anew_with_a_dash(self, tmp_path: Path) -> None:
        for name in ("train", "train2", "train10", "train-2", "train-3"):
            put(tmp_path, f"runs/detect/{name}/results.csv", "epoch,metrics/mAP50(B)\n1,0.5\n2,0.6\n")
        assert paths(run_of(tmp_path)) == ["runs/detect/train-3/results.csv"]


class TestRepeats:
    def test_versions_that_differ_by_their_seed_alone_are_one_training_repeated(self, tmp_path: Path) -> None:
        for version, seed in enumerate((41, 42, 43)):
            lightning(tmp_path, version, f"lr: 0.1\nseed: {seed}\n", (0.5, 0.6 + version / 100))
        run = run_of(tmp_path)
        found = delta(run, run, "val/acc").head
        assert found is not None
        assert (found.values, found.labels) == ((0.6, 0.61, 0.62), ("41", "42", "43"))
        assert found.group == "logs/digits/version_*/metrics.csv"
        assert [(param.name, param.value) for param in run.params] == [("lr", "0.1")]
        assert run.notes == ()

    def test_one_side_repeated_and_the_other_not_are_the_same_metric(self, tmp_path: Path) -> None:
        lightning(tmp_path / "a", 0, "lr: 0.1\nseed: 1\n")
        for version in range(3):
            lightning(tmp_path / "b", version, f"lr: 0.1\nseed: {version}\n")
        found = delta(run_of(tmp_path / "b"), run_of(tmp_path / "a"), "val/acc")
        assert found.head is not None
        assert found.base is not None
        assert (len(found.head.values), len(found.base.values)) == (3, 1)

    def test_a_seed_that_comes_again_begins_the_work_before(self, tmp_path: Path) -> None:
        for version, seed in enumerate((1, 2, 1, 2)):
            lightning(tmp_path, version, f"lr: 0.1\nseed: {seed}\n")
        run = run_of(tmp_path)
        assert [source.replicate for source in run.sources if source.path.endswith("csv")] == ["1", "2"]
        assert "logs/digits/version_2/metrics.csv" in paths(run)
        (note,) = run.notes
        assert (
            note == "logs/digits/version_*/: 2 repeated trainings taken together; 2 earlier runs beside them left out."
        )

    @pytest.mark.parametrize(
        "last",
        ["lr: 0.2\nseed: 3\n", "lr: 0.1\n", "lr: 0.1\nseed: 2\n", "lr: 0.1\nseed: 2\nfold: 1\n", "lr: [0.1\n"],
        ids=["other", "none", "same", "of a fold", "cut"],
    )
    def test_runs_of_other_parameters_or_without_a_seed_are_not(self, tmp_path: Path, last: str) -> None:
        lightning(tmp_path, 0, "lr: 0.1\nseed: 2\n")
        lightning(tmp_path, 1, last)
        run = run_of(tmp_path)
        assert paths(run)[0] == "logs/digits/version_1/metrics.csv"
        assert not any(source.replicate for source in run.sources)

    def test_folds_are_known_as_such(self, tmp_path: Path) -> None:
        for side, lift in (("a", 0.0), ("b", 0.05)):
            for fold in range(5):
                value = 0.6 + lift + fold / 100 + (fold % 2) * lift / 50
                lightning(tmp_path / side, fold, f"lr: 0.1\nfold: {fold}\n", (0.5, value))
        head, base = run_of(tmp_path / "b"), run_of(tmp_path / "a")
        found = delta(head, base, "val/acc")
        assert found.head is not None
        assert found.head.repeats is Repeats.FOLDS
        assert found.head.labels[0] == "fold 0"
        assert found.evidence.method is Method.FOLDS
        assert head.notes == ()

    @pytest.mark.parametrize(
        ("name", "labels"),
        [("scaffold_seed", ("0", "1")), ("manifold.random_state", ("0", "1")), ("fold_idx", ("fold 0", "fold 1"))],
    )
    def test_a_seed_may_be_of_a_scaffold(self, tmp_path: Path, name: str, labels: tuple[str, ...]) -> None:
        for n in range(2):
            lightning(tmp_path, n, f"lr: 0.1\n{name}: {n}\n")
        found = delta(run_of(tmp_path), run_of(tmp_path), "val/acc").head
        assert found is not None
        assert (found.labels, found.repeats) == (labels, Repeats.FOLDS if "fold 0" in labels else Repeats.TRAININGS)

    @pytest.mark.parametrize("name", ["k_fold", "n_fold", "cv.num_fold", "n_seeds"])
    def test_how_many_folds_there_are_is_a_setting(self, tmp_path: Path, name: str) -> None:
        for n in (5, 10):
            lightning(tmp_path, n, f"lr: 0.1\n{name}: {n}\n")
        run = run_of(tmp_path)
        assert [(one.name, one.value) for one in run.params] == [("lr", "0.1"), (name, "10")]
        assert not any(source.replicate for source in run.sources)

    def test_the_one_seed_of_all_folds_tells_nothing(self, tmp_path: Path) -> None:
        for fold in range(3):
            lightning(tmp_path, fold, f"seed: 7\nfold: {fold}\n")
        found = delta(run_of(tmp_path), run_of(tmp_path), "val/acc").head
        assert found is not None
        assert (found.labels, found.repeats) == (("fold 0", "fold 1", "fold 2"), Repeats.FOLDS)

    def test_a_pattern_may_name_folds_too(self, tmp_path: Path) -> None:
        for fold in range(3):
            put(tmp_path, f"out/fold_{fold}/metrics.json", json.dumps({"acc": 0.9 + fold / 100}))
        (metric,) = run_of(tmp_path, "out/fold_{replicate}/metrics.json").metrics
        assert (metric.repeats, metric.labels) == (Repeats.FOLDS, ("0", "1", "2"))


class TestTrainer:
    def test_what_says_the_same_is_left_alone(self, tmp_path: Path) -> None:
        put(tmp_path, "out/trainer_state.json", TRAINER)
        put(tmp_path, "out/checkpoint-19/trainer_state.json", CHECKPOINT)
        for name in ("all", "train", "eval", "predict"):
            put(tmp_path, f"out/{name}_results.json", '{"eval_loss": 0.5}')
        put(tmp_path, "other/eval_results.json", '{"eval_loss": 0.5}')
        run = run_of(tmp_path)
        assert paths(run) == ["other/eval_results.json", "out/all_results.json", "out/trainer_state.json"]
        assert run.notes == ()
        assert paths(run_of(tmp_path, "out/**")) == ["out/all_results.json", "out/trainer_state.json"]
        assert paths(run_of(tmp_path, "out/eval_results.json")) == ["out/eval_results.json"]

    def test_the_newest_checkpoint_stands_for_a_state_that_is_not_there(self, tmp_path: Path) -> None:
        put(tmp_path / "a", "out/trainer_state.json", TRAINER)
        put(tmp_path / "b", "out/checkpoint-9/trainer_state.json", "{}")
        put(tmp_path / "b", "out/checkpoint-19/trainer_state.json", CHECKPOINT)
        head, base = run_of(tmp_path / "b"), run_of(tmp_path / "a")
        assert paths(head) == ["out/checkpoint-19/trainer_state.json"]
        assert head.notes == ()
        assert keys(head) < keys(base)
        assert series(head, "eval_loss").group == "out/trainer_state.json"

    @pytest.mark.parametrize(
        ("path", "there", "said"),
        [
            ("runs/Nov21/events.out.tfevents.1.vm.1.0", "trainer_state.json", True),
            ("out/runs/a/b/events.out.tfevents.1", "out/trainer_state.json", True),
            ("out/checkpoint-7/runs/a/events.out.tfevents.1", "out/trainer_state.json", True),
            ("other/runs/a/events.out.tfevents.1", "out/trainer_state.json", False),
            ("eval_results.json", "out/all_results.json", False),
            ("validation_results.json", "all_results.json", False),
        ],
    )
    def test_what_repeats_what(self, path: str, there: str, said: bool) -> None:
        assert is_copy(path, {path, there}) is said

    def test_the_best_checkpoint_stands_for_the_evaluation(self, tmp_path: Path) -> None:
        state = json.loads(file_of(TRAINER).read_text())
        # As if the second evaluation had been kept.
        state |= {"best_global_step": 38, "best_metric": 0.6654980182647705}
        put(tmp_path, "trainer_state.json", json.dumps(state))
        run = run_of(tmp_path)
        assert series(run, "eval_accuracy").best == 38
        assert series(run, "loss").best is None
        found = delta(run, run, "eval_accuracy").head
        assert found is not None
        assert found.values == (0.55,)

    @pytest.mark.parametrize(
        ("told", "best"),
        [
            ({"best_metric": 0.66, "best_global_step": None}, 76),
            ({"best_metric": 0.66, "best_global_step": 19}, None),
            ({"best_metric": None, "best_global_step": 19}, None),
            ({"best_metric": "NaN", "best_global_step": 19}, None),
            ({"best_metric": [], "best_global_step": {}}, None),
        ],
    )
    def test_a_best_checkpoint_that_is_not_told(
        self, tmp_path: Path, told: dict[str, object], best: float | None
    ) -> None:
        put(tmp_path, "trainer_state.json", json.dumps(json.loads(file_of(TRAINER).read_text()) | told))
        assert series(run_of(tmp_path), "eval_loss").best == best

    def test_of_more_steps_than_are_kept_the_best_one_stays(self, tmp_path: Path) -> None:
        log = [{"step": n, "eval_loss": abs(n - 5_003) + 1.0, "eval_f1": n / 2} for n in range(9_000)]
        state = {"log_history": log, "global_step": 9_000, "best_global_step": 5_003, "best_metric": 1.0}
        put(tmp_path, "trainer_state.json", json.dumps(state))
        run = run_of(tmp_path)
        head, base = (delta(one, one, "eval_f1").head for one in (run, of_record(run)))
        assert head is not None
        assert base is not None
        assert head.value == base.value == 5_003 / 2

    def test_rows_that_are_none_are_named(self, tmp_path: Path) -> None:
        put(tmp_path, "trainer_state.json", '{"global_step": 1, "log_history": [{"step": 1, "loss": 0.5}, 3, null]}')
        run = run_of(tmp_path)
        assert series(run, "loss").y == (0.5,)
        (note,) = run.notes
        assert "2 entries of log_history" in note


class TestUltralytics:
    def test_the_newest_training_counts_with_all_that_it_wrote(self, tmp_path: Path) -> None:
        for name in ("train", "train2", "train10"):
            put(tmp_path, f"runs/detect/{name}/results.csv", ULTRALYTICS)
        put(tmp_path, "runs/detect/train2/confusion_matrix.png", PNG)
        put(tmp_path, "runs/detect/val/confusion_matrix.png", PNG)
        run = run_of(tmp_path)
        assert paths(run) == ["runs/detect/train10/results.csv", "runs/detect/val/confusion_matrix.png"]
        assert series(run, "val/box_loss").group == "runs/detect/train*/results.csv"

    def test_the_epoch_that_was_kept(self, tmp_path: Path) -> None:
        """Ultralytics itself printed these numbers of best.pt, of epoch 28."""
        put(tmp_path, "runs/detect/train/results.csv", ULTRALYTICS)
        run = run_of(tmp_path)
        fitness = series(run, "metrics/mAP50-95(B)")
        assert fitness.best == 28
        assert fitness.y[27] == max(fitness.y)
        assert series(run, "train/box_loss").best is None
        head = delta(run, run, "metrics/mAP50-95(B)").head
        assert head is not None
        assert head.value == max(fitness.y)
        assert head.source.endswith("(at epoch 28, which was kept)")

    def test_settings_hold_no_path_of_the_machine(self, tmp_path: Path) -> None:
        put(tmp_path, "runs/detect/train/results.csv", ULTRALYTICS)
        put(tmp_path, "runs/detect/train/args.yaml", ARGS)
        put(tmp_path, "args.yaml", "of: another\n")
        params = {param.name: param.value for param in run_of(tmp_path).params}
        assert params["data"] == "data.yaml"
        assert params["lr0"] == "0.002"
        assert "of" not in params
        assert not {"save_dir", "project", "name"} & set(params)
        assert not any(value.startswith("/") for value in params.values())

    def test_of_equal_epochs_the_last_was_written_over_the_others(self, tmp_path: Path) -> None:
        rows = "epoch, metrics/mAP50(B), metrics/mAP50-95(B)\n1,0.3,0.2\n2,0.4,0.2\n3,0.5,nan\n"
        put(tmp_path, "results.csv", rows)
        assert series(run_of(tmp_path), "metrics/mAP50(B)").best == 2

    def test_of_more_epochs_than_are_kept_the_best_one_stays(self, tmp_path: Path) -> None:
        row = "{0},{1},{2},{3}"
        rows = [row.format(n, 0.5 + n % 7 / 100, 0.9 if n == 5_003 else n % 11 / 100, n / 2) for n in range(9_000)]
        put(tmp_path, "results.csv", "\n".join(["epoch,metrics/mAP50(B),metrics/mAP50-95(B),val/box_loss", *rows, ""]))
        run = run_of(tmp_path)
        for name, value in (("val/box_loss", 5_003 / 2), ("metrics/mAP50(B)", 0.5 + 5_003 % 7 / 100)):
            assert series(run, name).best == 5_003
            head, base = (delta(one, one, name).head for one in (run, of_record(run)))
            assert head is not None
            assert base is not None
            assert head.value == base.value == value
            assert list(series(run, name).x) == sorted(set(series(run, name).x))

    def test_of_very_many_epochs_none_is_known_to_be_the_best(self, tmp_path: Path) -> None:
        rows = "\n".join(f"{n},0.5,{n}" for n in range(20_001))
        put(tmp_path, "results.csv", f"epoch,metrics/mAP50(B),metrics/mAP50-95(B)\n{rows}\n")
        run = run_of(tmp_path)
        assert series(run, "metrics/mAP50(B)").best is None
        assert any("which one was kept is not known" in note for note in run.notes)


class TestBoosting:
    def test_catboost_tells_each_number_once(self, tmp_path: Path) -> None:
        for path in (CASES / "catboost" / "whole").iterdir():
            if path.name != "expected.json":
                put(tmp_path, f"catboost_info/{path.name}", path)
        put(tmp_path, "catboost_info/learn/events.out.tfevents", "")
        run = run_of(tmp_path)
        assert paths(run) == ["catboost_info"]
        assert run.notes == ()
        assert [one.name for one in run.series][:4] == [
            *("learn.Logloss", "learn.F1", "learn.Accuracy:proba_border=0.3", "validation_0.AUC")
        ]
        assert series(run, "validation_0.AUC").goal is Goal.HIGHER
        assert series(run, "validation_0.AUC").x_label == "iteration"
        # As CatBoost's best_score reported it.
        assert series(run, "validation_1.AUC").y[-1] == pytest.approx(0.9987129987129987)

    def test_a_killed_catboost_is_read_from_its_tables(self, tmp_path: Path) -> None:
        for side in ("whole", "killed"):
            for path in (CASES / "catboost" / side).iterdir():
                if path.name != "expected.json":
                    put(tmp_path / side, f"a/catboost_info/{path.name}", path)
        whole, killed = run_of(tmp_path / "whole"), run_of(tmp_path / "killed")
        assert {(one.key, one.x, one.y) for one in killed.series} == {(one.key, one.x, one.y) for one in whole.series}
        (note,) = killed.notes
        assert note.startswith("a/catboost_info: catboost_training.json is not whole")

    @pytest.mark.parametrize(
        "text",
        [
            "{}",
            "[]",
            '{"meta": [], "iterations": {}}',
            '{"meta": {"test_sets": [1, "t"], "test_metrics": [3, {"name": 1}, {"name": "A"}]}, "iterations": [1]}',
            '{"meta": {"test_sets": ["t"], "test_metrics": [{"name": "A"}]}, "iterations": [{"t": [1]}]}',
        ],
    )
    def test_a_catboost_file_without_results(self, tmp_path: Path, text: str) -> None:
        put(tmp_path, "catboost_info/catboost_training.json", text)
        run = run_of(tmp_path)
        assert run.series == ()
        assert len(run.notes) == 1

    def test_nothing_but_clocks(self, tmp_path: Path) -> None:
        put(tmp_path, "catboost_info/time_left.tsv", "iter\tPassed\tRemaining\n0\t1\t2\n")
        run = run_of(tmp_path)
        assert "neither catboost_training.json nor a table" in run.notes[0]

    @pytest.mark.parametrize(
        ("case", "first"), [("xgboost_cv", "train-logloss-mean"), ("lightgbm_cv", "valid binary_")]
    )
    def test_cross_validation_is_a_course_of_means(self, tmp_path: Path, case: str, first: str) -> None:
        put(tmp_path, "cv.csv", CASES / "csv_file" / case)
        run = run_of(tmp_path)
        assert run.series[0].name.startswith(first)
        assert run.series[0].x == tuple(range(10))
        spreads = [one for one in compare(run, run) if "-std" in one.key.name]
        assert spreads
        assert all(one.role is Role.BOOKKEEPING for one in spreads)

    def test_best_scores_stand_before_the_last_of_a_course(self, tmp_path: Path) -> None:
        put(tmp_path, "evals_result.json", '{"valid": {"auc": [0.9, 0.95, 0.93], "loss": [3, 2, 2.5]}}')
        put(tmp_path, "best_score.json", '{"valid": {"auc": 0.95, "loss": 2}}')
        run = run_of(tmp_path)
        rows = compare(run, run)
        assert [(str(one.key), one.head.value if one.head else None) for one in rows] == [
            ("best_score.json:valid.auc", 0.95),
            ("best_score.json:valid.loss", 2),
        ]


def test_metrics_of_a_training_keep_what_their_reader_said() -> None:
    """Joining repeated trainings must not lose the goal or role that the file told."""
    from cml_bot.replicates import join_replicates

    one = Metric(name="x", values=(1.0,), goal=Goal.LOWER, role=Role.BOOKKEEPING)
    sources = [Source(path=f"{seed}.json", why="", group="{replicate}.json", replicate=seed) for seed in ("1", "2")]
    (joined,) = join_replicates([(source, [one]) for source in sources])
    assert isinstance(joined, Metric)
    assert (joined.goal, joined.role, joined.repeats) == (Goal.LOWER, Role.BOOKKEEPING, Repeats.TRAININGS)
