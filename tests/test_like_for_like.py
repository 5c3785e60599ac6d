from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.config import Config, read_config
from cml_bot.job import Job
from cml_bot.like_for_like import has_other_amount, has_other_data, tell_differences
from cml_bot.model import Build, Fact, Metric, Param, Repeats, Run, Series
from cml_bot.pipeline import make_report
from tests.repositories import commit, make_repository, switch

RAN = (Fact(name="Python", value="3.11"),)


def data(*facts: tuple[str, str, str], ran: bool = True) -> Run:
    found = tuple(Fact(name=name, value=value, detail=detail) for name, value, detail in facts)
    return Run(data=found, environment=RAN if ran else ())


def trained(**params: str) -> Run:
    return Run(params=tuple(Param(name=name, value=value, group="params.yaml") for name, value in params.items()))


def course(last: float, label: str = "epoch", **params: str) -> Run:
    series = (Series(name="loss", x=(0, last), y=(1, 2), x_label=label), Series(name="lr", x=(), y=()))
    return Run(series=series, params=trained(**params).params)


class TestData:
    @pytest.mark.parametrize(
        ("base", "head", "says"),
        [
            ("120 000 rows, 4.0 MB", "131 500 rows, 4.1 MB", "train.csv changed (120 → 131 500 rows)"),
            ("120\u202f000 rows", "131\u202f500 rows", "train.csv changed (120\u202f000 → 131\u202f500 rows)"),
            ("2 rows, 10\xa0B", "2 rows, 12\xa0B", "train.csv changed (10 → 12\xa0B)"),
            ("2 rows, 10\xa0B", "1 row, 5\xa0B", "train.csv changed (2 → 1 row)"),
            ("2 rows, 10\xa0B", "2 rows, 10\xa0B", "train.csv changed (still 2 rows, 10\xa0B)"),
            ("2 rows, 980\xa0kB", "1.2\xa0MB", "train.csv changed (980\xa0kB → 1.2\xa0MB)"),
            ("", "1.2\xa0MB", "train.csv changed"),
        ],
    )
    def test_a_file_that_changed(self, base: str, head: str, says: str) -> None:
        here, there = data(("train.csv", "sha256:1", head)), data(("train.csv", "sha256:2", base))
        assert tell_differences(here, there) == (says,)
        assert tell_differences(here, there, with_data=False) == ()
        assert has_other_data(here, there)

    def test_the_same(self) -> None:
        here = data(("train.csv", "sha256:1", "2 rows"))
        assert tell_differences(here, data(("train.csv", "sha256:1", "told otherwise"))) == ()

    def test_kinds_are_never_mixed(self) -> None:
        here, there = data(("train.csv", "sha256:1", "")), data(("train.csv", "md5:1", ""))
        assert not has_other_data(here, there)
        both = data(("train.csv", "sha256:1", ""), ("train.csv", "md5:2", ""))
        assert not has_other_data(here, both)
        assert has_other_data(there, both)
        assert tell_differences(there, both) == ("train.csv changed",)

    def test_a_file_that_grew_beyond_what_is_read_whole(self) -> None:
        here, there = data(("a", "sampled:1", "1.1\xa0GB")), data(("a", "sha256:1", "1.0\xa0GB"))
        assert tell_differences(here, there) == ("a changed (1.0 → 1.1\xa0GB)",)

    def test_one_file_more_than_get_a_fingerprint_each(self) -> None:
        many = data(("data/*", "files:1", "201 files"))
        each = data(*((f"data/{n}", f"sha256:{n}", "") for n in range(200)))
        assert tell_differences(many, each) == ("data/* is new (201 files)",)
        assert has_other_data(each, many)

    def test_a_file_that_is_known_by_another_kind_is_not_missing(self) -> None:
        here = data(("d/big.csv", "sampled:1", ""), ("d/small.csv", "sha256:2", ""))
        there = data(("d/big.csv", "lfs:1", ""), ("d/small.csv", "sha256:2", ""))
        assert not has_other_data(here, there)

    def test_new_and_gone(self) -> None:
        one = data(("d/a.csv", "sha256:1", ""), ("d/b.csv", "sha256:2", "3 rows"))
        other = data(("d/a.csv", "sha256:1", ""))
        assert tell_differences(one, other) == ("d/b.csv is new (3 rows)",)
        assert tell_differences(other, one) == ("d/b.csv is gone (3 rows)",)

    def test_where_one_side_knows_nothing(self) -> None:
        one = data(("d/a.csv", "sha256:1", ""))
        assert tell_differences(one, Run()) == tell_differences(Run(), one) == ()
        assert tell_differences(one, data(("x", "md5:1", ""))) == ()

    def test_what_git_may_not_hold_is_not_new(self) -> None:
        """The labels are committed, the images are not: no news of every pull request."""
        here = data(("labels.csv", "sha256:1", ""), ("images/a.png", "sha256:2", ""))
        there = data(("labels.csv", "sha256:1", ""), ran=False)
        assert not has_other_data(here, there)
        assert not has_other_data(there, here)
        assert has_other_data(here, data(("labels.csv", "sha256:1", "")))
        beside = data(("labels.csv", "sha256:1", ""), ("images/b.png", "sha256:3", ""), ran=False)
        assert tell_differences(here, beside) == ("images/a.png is new", "images/b.png is gone")

    def test_a_new_evaluation_is_a_new_metric_and_no_other_data(self) -> None:
        one = data(("m.json:task_hashes.a", "recorded:1", ""))
        both = data(("m.json:task_hashes.a", "recorded:1", ""), ("m.json:task_hashes.b", "recorded:2", ""))
        assert not has_other_data(one, both)
        assert has_other_data(one, data(("m.json:task_hashes.a", "recorded:9", "")))

    def test_very_many(self) -> None:
        here, there = (data(*((f"{n:02}.csv", f"sha256:{side}", "") for n in range(20))) for side in "ab")
        told = tell_differences(here, there)
        assert len(told) == 6
        assert told[-1] == "15 more pieces of the data differ"


class TestEnvironment:
    def tell(self, head: dict[str, str], base: dict[str, str]) -> tuple[str, ...]:
        sides = [tuple(Fact(name=name, value=value) for name, value in side.items()) for side in (head, base)]
        return tell_differences(Run(environment=sides[0]), Run(environment=sides[1]))

    def test_what_differs_is_one_sentence(self) -> None:
        base = {"Python": "3.11", "torch": "2.3.1", "GPU": "Tesla T4", "jax": "1"}
        head = {"Python": "3.11", "torch": "2.4.0", "GPU": "A100", "numpy": "2.0"}
        [told] = self.tell(head, base)
        assert told == "the environment differs: torch 2.3.1 → 2.4.0, GPU Tesla T4 → A100"

    def test_a_card_on_one_side_alone(self) -> None:
        assert self.tell({"GPU": "A100", "Python": "3"}, {"Python": "3"}) == (
            "the environment differs: GPU none → A100",
        )
        assert self.tell({"Python": "3"}, {"GPU": "A100", "Python": "3"}) == (
            "the environment differs: GPU A100 → none",
        )

    def test_a_side_that_knows_nothing(self) -> None:
        assert self.tell({"GPU": "A100"}, {}) == self.tell({}, {"GPU": "A100"}) == ()


class TestAmount:
    def test_settings(self) -> None:
        [told] = tell_differences(trained(lr="1", epochs="10"), trained(lr="2", epochs="20"))
        assert told == "the amount of training differs: epochs 20 → 10"
        assert not has_other_amount(trained(epochs="10"), trained(epochs="1e1"))
        assert not has_other_amount(trained(epochs="10"), trained())

    @pytest.mark.parametrize(
        "name", ["train.num_epochs", "max-steps", "numTrainEpochs", "model/n_estimators", "total_timesteps"]
    )
    def test_names(self, name: str) -> None:
        one, other = (Run(params=(Param(name=name, value=value),)) for value in ("100", "200"))
        assert has_other_amount(one, other)

    @pytest.mark.parametrize("name", ["warmup_steps", "epochs.lr", "lr", "save_steps", "n_layers"])
    def test_other_names(self, name: str) -> None:
        one, other = (Run(params=(Param(name=name, value=value),)) for value in ("100", "200"))
        assert not has_other_amount(one, other)

    @pytest.mark.parametrize("value", ["nan", "inf", "many", "", "[1, 2]", "null", "1" * 5000])
    def test_values_that_are_no_number(self, value: str) -> None:
        assert not has_other_amount(trained(epochs=value), trained(epochs="10"))

    def test_curves(self) -> None:
        assert tell_differences(course(20), course(10)) == (
            "the amount of training differs: the curves end at epoch 10 → 20",
        )
        assert not has_other_amount(course(20), course(10, label="step"))
        assert not has_other_amount(course(0.9, label="fpr"), course(0.1, label="fpr"))

    def test_stopping_early_is_no_other_amount(self) -> None:
        assert not has_other_amount(course(40), course(30))
        assert has_other_amount(course(41), course(30))

    def test_where_the_best_step_was_kept_the_length_says_nothing(self) -> None:
        kept = Run(series=(Series(name="loss", x=(0, 48), y=(1, 2), x_label="epoch", best=34.0),))
        for one, other in ((kept, course(10)), (course(10), kept)):
            assert not has_other_amount(one, other)
        settings = trained(epochs="20").params
        assert has_other_amount(Run(series=kept.series, params=settings), course(10, epochs="10"))

    def test_settings_count_before_curves(self) -> None:
        [told] = tell_differences(course(20, epochs="20"), course(10, epochs="10"))
        assert told == "the amount of training differs: epochs 10 → 20"


NAMES = st.sampled_from(["a/a.csv", "a/b.csv", "epochs", "GPU", "Python", "max_steps", ""])
TEXTS = st.sampled_from(["sha256:1", "sha256:2", "sampled:1", "md5:1", "recorded:1", "recorded:2", "files:1", "1", ""])
FACTS = st.builds(
    Fact, name=NAMES, value=TEXTS, detail=st.sampled_from(["", ",", "1 row", "2 rows, 3\xa0MB"]) | st.text()
)
FLOATS = st.lists(st.floats(), max_size=3).map(tuple)
SERIES = st.builds(Series, name=NAMES, x=FLOATS, y=FLOATS, x_label=st.sampled_from(["epoch", "step", "fpr", ""]))
PARAMS = st.builds(Param, name=NAMES, value=st.sampled_from(["1", "2", "nan", "1e400", "x"]))
RUNS = st.builds(
    Run,
    data=st.lists(FACTS, max_size=4).map(tuple),
    environment=st.lists(FACTS, max_size=2).map(tuple),
    series=st.lists(SERIES, max_size=2).map(tuple),
    params=st.lists(PARAMS, max_size=3).map(tuple),
)


@given(one=RUNS, other=RUNS)
def test_the_order_does_not_matter(one: Run, other: Run) -> None:
    assert has_other_data(one, other) == has_other_data(other, one)
    assert has_other_amount(one, other) == has_other_amount(other, one)
    assert len(tell_differences(one, other)) == len(tell_differences(other, one))


@given(one=RUNS, other=RUNS)
def test_what_is_told_is_what_counts(one: Run, other: Run) -> None:
    only_data = (
        Run(data=one.data, environment=one.environment[:1]),
        Run(data=other.data, environment=one.environment[:1]),
    )
    assert bool(tell_differences(*only_data)) == has_other_data(*only_data)
    only_amount = Run(series=one.series, params=one.params), Run(series=other.series, params=other.params)
    assert bool(tell_differences(*only_amount)) == has_other_amount(*only_amount)


@given(run=RUNS)
def test_a_run_never_differs_from_itself(run: Run) -> None:
    assert tell_differences(run, run) == ()
    assert not has_other_data(run, run)
    assert not has_other_amount(run, run)


def job(root: Path) -> Job:
    return Job(root=root, sha="", build=Build(), now=datetime(2026, 11, 24, tzinfo=UTC), env={})


@pytest.mark.parametrize("when", ["warn", "ignore"])
def test_a_report_tells_of_them(tmp_path: Path, when: str) -> None:
    root = make_repository(tmp_path / "work")
    config = f'data = ["train.csv", "elsewhere.csv"]\nwhen-data-changes = "{when}"\n'
    files = {"metrics.json": '{"acc": 0.5}', "params.yaml": "epochs: 10", "train.csv": "x\n1\n", "mlbot.toml": config}
    commit(root, files)
    switch(root, "other")
    commit(root, {"metrics.json": '{"acc": 0.6}', "params.yaml": "epochs: 20", "train.csv": "x\n1\n2\n"})
    report, run = make_report(job(root), read_config(root, {}, {}))
    amount = "the amount of training differs: epochs 10 → 20"
    expected = {"ignore": (amount,), "warn": ("train.csv changed (1 → 2 rows)", amount)}
    assert report.like_for_like == expected[when]
    assert run.environment[0].name == "Python"
    assert any("elsewhere.csv" in note for note in report.notes)


def test_without_a_base_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('{"acc": 0.5}')
    assert make_report(job(tmp_path), Config())[0].like_for_like == ()


class TestRepeatedTrainings:
    @staticmethod
    def seeds(*labels: str, repeats: Repeats = Repeats.TRAININGS) -> Run:
        values = tuple(0.8 + place / 100 for place in range(len(labels)))
        return Run(metrics=(Metric(name="accuracy", values=values, labels=labels, group="m.json", repeats=repeats),))

    def test_one_that_crashed_is_named(self) -> None:
        base = self.seeds("0", "1", "2", "3", "4")
        [said] = tell_differences(self.seeds("0", "1", "2", "4"), base)
        assert said == "4 of 5 repeated trainings are here; training 3 is missing"
        [said] = tell_differences(self.seeds("2"), base)
        assert said == "1 of 5 repeated trainings are here; trainings 0, 1, 3, 4 are missing"

    def test_a_fold_is_called_one(self) -> None:
        folds = ("fold 0", "fold 1", "fold 2")
        head, base = (self.seeds(*labels, repeats=Repeats.FOLDS) for labels in (folds[:2], folds))
        assert tell_differences(head, base) == ("2 of 3 repeated folds are here; fold 2 is missing",)

    def test_curves_tell_it_as_well(self) -> None:
        head, base = (
            Run(series=tuple(Series(name="loss", x=(0, 1), y=(1, 2), replicate=label) for label in labels))
            for labels in ("ac", "abc")
        )
        assert tell_differences(head, base) == ("2 of 3 repeated trainings are here; training b is missing",)

    @pytest.mark.parametrize("head", [("0", "1", "2"), ("0", "1", "2", "3"), ("5", "6"), ()])
    def test_others_and_more_are_no_loss(self, head: tuple[str, ...]) -> None:
        run = self.seeds(*head) if head else Run(metrics=(Metric(name="accuracy", values=(0.8,), group="m.json"),))
        assert tell_differences(run, self.seeds("0", "1", "2")) == ()
