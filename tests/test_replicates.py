from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.as_json import dump_run, parse_run
from cml_bot.collect import collect
from cml_bot.config import Config
from cml_bot.errors import ConfigError
from cml_bot.model import Key, Run, Series
from cml_bot.pairs import pair_curves, pair_figures
from cml_bot.replicates import find_replicate, natural
from cml_bot.trees import FolderTree
from tests import repositories as real
from tests.reader_cases import CASES
from tests.repositories import Make
from tests.test_collect import PNG, write

make = real.make

MLFLOW = "24f39fa142929c0183a8a697fbba5e6a5aab4cdd"
"""The commit of the runs."""
SEEDS = Config(sources=("out/seed-{replicate}/eval.json",))


def seed(value: float, **more: object) -> str:
    return json.dumps({"acc": value, **more})


class TestPattern:
    @pytest.mark.parametrize(
        ("pattern", "path", "group", "replicate"),
        [
            ("out/seed-{replicate}/eval.json", "out/seed-7/eval.json", "out/seed-{replicate}/eval.json", "7"),
            ("./out//{replicate}.json", "out/a.json", "out/{replicate}.json", "a"),
            ("{replicate}/*.json", "s1/eval.json", "{replicate}/eval.json", "s1"),
            ("*/fold_{replicate}/**", "m/fold_2/a/b.json", "m/fold_{replicate}/a/b.json", "2"),
            ("**/fold_{replicate}/**/x.json", "a/b/fold_2/x.json", "a/b/fold_{replicate}/x.json", "2"),
            ("out/seed-{replicate}", "out/seed-3/eval.json", "out/seed-{replicate}/eval.json", "3"),
            ("o[a-z]t/{replicate}.[!x]son", "out/1.json", "out/{replicate}.json", "1"),
            ("run{replicate}_?.json", "run1_2_3.json", "run{replicate}_3.json", "1_2"),
            ("a[--z]{replicate}", "ab1", "ab{replicate}", "1"),
        ],
    )
    def test_group(self, pattern: str, path: str, group: str, replicate: str) -> None:
        assert find_replicate(pattern, path) == (group, replicate)

    @pytest.mark.parametrize(
        ("pattern", "path"),
        [("out/*.json", "out/a.json"), ("{replicate}.json", "a/b.json"), ("s-{replicate}.json", "s-.json"), ("[", "[")],
    )
    def test_none(self, pattern: str, path: str) -> None:
        assert find_replicate(pattern, path) is None

    @given(pattern=st.text("ab*?[]!-/{}^&|~\\", max_size=12), path=st.text("ab/-[]", max_size=12))
    def test_no_pattern_breaks_it(self, pattern: str, path: str) -> None:
        for text in (pattern, f"{pattern}{{replicate}}"):
            found = find_replicate(text, path)
            assert found is None or found[0].replace("{replicate}", found[1]) == path

    @given(one=st.text("a1²٣0", max_size=5), other=st.text("a1²٣0", max_size=5))
    def test_natural_order_is_one(self, one: str, other: str) -> None:
        assert (natural(one) < natural(other)) + (natural(other) < natural(one)) == (one != other)

    def test_more_than_one_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"has more than one \{replicate\}"):
            collect(FolderTree(tmp_path), Config(optional=("{replicate}/{replicate}.json",)))

    def test_a_misspelt_one_is_named(self, make: Make) -> None:
        [line] = collect(make({"s1.json": seed(1)}), Config(sources=("s{seed}.json",))).broken
        assert "If {seed} stands for what tells repeated trainings apart, write {replicate}." in line

    def test_one_that_matches_nothing(self, make: Make) -> None:
        [line] = collect(make({"x.json": seed(1)}), Config(sources=("s{replicate}.json",))).broken
        assert line.startswith("sources: s{replicate}.json matches no file. Correct the pattern")

    def test_braces_are_legal_in_names(self, tmp_path: Path) -> None:
        write(tmp_path, **{"a{seed}_json": seed(1)})
        assert collect(FolderTree(tmp_path), Config(sources=("a{seed}.json",))).metrics[0].group == "a{seed}.json"


class TestCollect:
    def test_one_metric_of_many_trainings(self, make: Make) -> None:
        files = {f"out/seed-{n}/eval.json": seed(n / 10, rare=n) for n in (1, 2)}
        run = collect(make({**files, "out/seed-10/eval.json": seed(1.0)}), SEEDS)
        acc, rare = run.metrics
        assert (acc.key, acc.values, acc.labels) == (
            Key("out/seed-{replicate}/eval.json", "acc"),
            (0.1, 0.2, 1.0),
            ("1", "2", "10"),
        )
        assert (rare.values, rare.labels, rare.source) == ((1, 2), ("1", "2"), "out/seed-{replicate}/eval.json")
        assert [source.replicate for source in run.sources] == ["1", "10", "2"]
        assert run.broken == run.notes == ()
        assert parse_run(dump_run(run), "run.json").metrics == run.metrics

    def test_optional_and_a_single_training(self, make: Make) -> None:
        tree = make({"m.json": seed(0.5), "cv/fold1.json": seed(0.7)})
        run = collect(tree, Config(sources=("m.json",), optional=("cv/fold{replicate}.json",)))
        assert [(one.group, one.values, one.labels) for one in run.metrics] == [
            ("m.json", (0.5,), ()),
            ("cv/fold{replicate}.json", (0.7,), ("1",)),
        ]

    def test_other_wildcards_make_other_groups(self, make: Make) -> None:
        tree = make({f"{model}/s{n}.json": seed(n) for model in "ab" for n in (1, 2)})
        run = collect(tree, Config(sources=("*/s{replicate}.json",)))
        assert [(one.group, one.values) for one in run.metrics] == [
            ("a/s{replicate}.json", (1.0, 2.0)),
            ("b/s{replicate}.json", (1.0, 2.0)),
        ]

    def test_curves_stay_one_a_training(self, make: Make) -> None:
        tree = make({f"s{n}/log.csv": f"epoch,loss\n0,{n}\n1,{n * 2}\n" for n in (1, 2)})
        run = collect(tree, Config(sources=("s{replicate}/log.csv",)))
        assert [(one.key.name, one.replicate, one.y) for one in run.series] == [
            ("loss", "1", (1, 2)),
            ("loss", "2", (2, 4)),
        ]
        [curve] = pair_curves(run, None, ())
        assert curve.head is not None
        assert (curve.head.x, curve.head.y, curve.head.replicate) == ((0, 1), (1.5, 3), "")

    def test_parameters_that_all_have(self, make: Make) -> None:
        tree = make(
            {f"s{n}/params.yaml": f"lr: 1e-3\nseed: {n}\ndata: part-{n}\n" for n in (1, 2)} | {"s1/a.json": seed(1)}
        )
        run = collect(tree, Config(sources=("s{replicate}",)))
        assert [(param.group, param.name) for param in run.params] == [("s{replicate}/params.yaml", "lr")]
        [note] = run.notes
        assert note.startswith(
            "s{replicate}/params.yaml: parameters that differ between repeated trainings: data; left out"
        )

    def test_hashes_of_data(self, make: Make) -> None:
        tree = make({f"s{n}.json": seed(1, data_hash="a1b2c3d4", fold_data_hash=f"a1b2c3d4e{n}") for n in (1, 2)})
        facts = collect(tree, Config(sources=("s{replicate}.json",))).data
        assert [(fact.name, fact.value) for fact in facts] == [
            ("s{replicate}.json:data_hash", "recorded:a1b2c3d4"),
            ("s{replicate}.json:fold_data_hash", "recorded:a1b2c3d4e1 recorded:a1b2c3d4e2"),
        ]

    def test_pictures_of_the_first(self, tmp_path: Path) -> None:
        write(tmp_path, s2__cm_png=PNG, s10__cm_png=PNG + b"x")
        run = collect(FolderTree(tmp_path), Config(sources=("s{replicate}/cm.png",)))
        [figure] = run.figures
        assert (figure.name, figure.data) == ("s{replicate}/cm.png", PNG)
        assert run.notes == ("s{replicate}/cm.png: the picture of 2 stands for those of 2 repeated trainings",)
        assert pair_figures(run, run) == ()
        # A run.json names its pictures and does not hold them: nobody can say whether this one changed.
        [pair] = pair_figures(run, parse_run(dump_run(run), "run.json"))
        assert (pair.head, pair.base, pair.is_base_lost) == (figure, None, True)

    def test_what_a_source_keeps_apart_stays_apart(self, tmp_path: Path) -> None:
        for seed in (1, 2):
            folder = tmp_path / f"s{seed}/mlruns"
            shutil.copytree(CASES / "mlflow_files/experiments/mlruns", folder)
        run = collect(FolderTree(tmp_path, MLFLOW), Config(sources=("s{replicate}",)))
        assert [(str(one.key), one.values, one.labels) for one in run.metrics] == [
            ("s{replicate}/mlruns/churn:accuracy", (0.9, 0.9), ("1", "2")),
            ("s{replicate}/mlruns/fraud:accuracy", (0.7, 0.7), ("1", "2")),
        ]

    def test_notes_are_told_once_and_a_broken_file_hides_no_other(self, make: Make) -> None:
        tree = make({"s1.json": "{}", "s2.json": "{}", "s3.json": "{", "s4.json": seed(4)})
        run = collect(tree, Config(sources=("s{replicate}.json",)))
        assert [(one.values, one.labels) for one in run.metrics] == [((4.0,), ("4",))]
        assert len(run.notes) == 1
        assert run.notes[0].startswith("s{replicate}.json: holds no numbers")
        assert len(run.broken) == 1
        assert run.broken[0].startswith("s3.json")


def curve(replicate: str, x: tuple[float, ...], y: tuple[float, ...]) -> Series:
    return Series(name="loss", group="g", x=x, y=y, replicate=replicate, mean=0.0)


class TestMean:
    def mean(self, *series: Series) -> Series:
        [pair] = pair_curves(Run(series=series), None, ())
        assert pair.head is not None
        return pair.head

    def test_what_all_have(self) -> None:
        found = self.mean(curve("1", (0, 1, 2), (1, math.nan, 3)), curve("2", (1, 2, 3), (5, 5, 5)))
        assert list(found.x) == [1, 2]
        assert math.isnan(found.y[0])
        assert (found.y[1], found.mean, found.source) == (4, None, "g")

    def test_infinities(self) -> None:
        found = self.mean(curve("1", (0, 1), (math.inf, math.inf)), curve("2", (0, 1), (-math.inf, 1)))
        assert math.isnan(found.y[0])
        assert found.y[1] == math.inf

    def test_nothing_in_common(self) -> None:
        found = self.mean(curve("1", (0, 2), (1, 1)), curve("2", (1, 3), (2, 2)))
        assert (found.x, found.y, found.replicate) == ((0, 2), (1, 1), "")

    def test_equal_means_are_no_news(self) -> None:
        one, other = curve("1", (0, 1), (1, 1)), curve("2", (0, 1), (3, 3))
        head, base = Run(series=(one, other)), Run(series=(curve("", (0, 1), (2.0, 2.0)),))
        assert pair_curves(head, base, ()) == ()


def test_a_single_point_and_the_time_of_each_step_are_no_curves() -> None:
    names = ("eval_loss", "learning_rate", "grad_norm", "eval_runtime", "eval_samples_per_second", "epoch", "auc-stdv")
    series = [Series(name=name, x=(0, 1), y=(1, 2)) for name in names]
    run = Run(series=(Series(name="train_loss", x=(4,), y=(0.5,)), *series))
    assert [pair.key.name for pair in pair_curves(run, None, ())] == ["eval_loss", "learning_rate", "grad_norm"]
