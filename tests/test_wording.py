"""The words of a report where there is little to say, or the same of both sides."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from cml_bot.model import NOTHING_HERE, Build, Drift, Goal, Key, Metric, ParamDelta, Role, Rule, Run
from cml_bot.render import render
from cml_bot.views import labels_of
from cml_bot.wording import second_line, tell_next
from cml_bot.wording_counts import fold_titles, tell_outcome
from cml_bot.wording_rows import sort_rows
from tests.making import make_history, make_metric, make_report, make_run
from tests.test_cli import git, mlbot


def size(value: int) -> Metric:
    return Metric(
        name="size", values=(value,), unit="bytes", goal=Goal.LOWER, role=Role.BOOKKEEPING, is_exact=True, group="m.pt"
    )


def accuracy(value: float) -> Metric:
    return Metric(name="accuracy", values=(value,), group="metrics.json")


def test_where_there_are_only_counts_the_report_is_about_those() -> None:
    report = make_report(Run(metrics=(size(14_326),)), Run(metrics=(size(9_270),)))
    rows = sort_rows(report)
    assert tell_outcome(report, rows) == ("📊", "1 changed")
    assert second_line(report, rows).text.startswith("rose from 9\u202f270\u00a0bytes to 14\u202f326\u00a0bytes")
    assert [row.name for row in rows.first] == ["size"]
    assert "bookkeeping" not in fold_titles(report, rows)


def test_beside_metrics_counts_are_folded() -> None:
    report = make_report(Run(metrics=(size(14_326), accuracy(0.9))), Run(metrics=(size(9_270), accuracy(0.9))))
    rows = sort_rows(report)
    assert tell_outcome(report, rows) == ("📊", "1 same")
    assert fold_titles(report, rows)["bookkeeping"] == "1 other number"


def test_a_note_that_holds_for_both_sides_is_said_once(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    for branch, loss in (("main", "0.5"), ("wider", "0.4")):
        if branch != "main":
            git(tmp_path, "switch", "-qc", branch)
        (tmp_path / "metrics.json").write_text(f'{{"loss": {loss}, "acc": "97.3%", "at": [1, 2, 3, {loss}]}}')
        (tmp_path / "history.csv").write_text("epoch,loss\n" if branch == "main" else "epoch,loss\n0,1\n")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-qm", branch)
    said = mlbot(tmp_path, "report", "--format", "markdown").stdout
    assert said.count("text, not numbers: acc") == 1
    assert "on both sides: metrics.json: " in said
    assert "- on main: history.csv: holds a header and no whole row" in said


def detailed(**metrics: float) -> Run:
    """A run whose metrics with a dot in their name are details, as those of a label are."""
    found = ((name.replace("__", "."), value) for name, value in metrics.items())
    return Run(metrics=tuple(replace(make_metric(name, value), is_detail="." in name) for name, value in found))


def histories(count: int = 10, **levels: float) -> list[Run]:
    return make_history(count, {name: (level, level / 200) for name, level in levels.items()})


class TestDetails:
    def test_they_and_numbers_of_the_training_take_no_row_of_the_first_table(self) -> None:
        head = detailed(train_loss=0.2, accuracy=0.8, cat__recall=0.7, dog__recall=0.9)
        base = detailed(train_loss=0.3, accuracy=0.9, cat__recall=0.8, dog__recall=0.9)
        report = make_report(head, base)
        rows = sort_rows(report)
        assert [row.name for row in rows.first] == ["accuracy"]
        assert [row.name for row in rows.more] == ["train_loss", "cat.recall"]
        assert tell_outcome(report, rows) == ("📊", "1 unclear")
        assert fold_titles(report, rows)["more"] == "1 number of single classes and 1 number of training unclear"
        assert fold_titles(report, rows)["same"] == "1 number of single classes stayed the same"

    @pytest.mark.parametrize(
        ("rules", "fail_on"),
        [((Rule(pattern="train_loss", headline=True),), ()), ((), ("train_loss > 0.1",))],
        ids=["configured", "gated"],
    )
    def test_what_somebody_asked_for_is_none(self, rules: tuple[Rule, ...], fail_on: tuple[str, ...]) -> None:
        report = make_report(
            make_run(train_loss=0.2, accuracy=0.8), make_run(train_loss=0.3, accuracy=0.9), rules=rules, fail_on=fail_on
        )
        rows = sort_rows(report)
        assert {row.name for row in rows.first} == {"train_loss", "accuracy"}
        assert "training" not in tell_outcome(report, rows)[1]

    def test_where_there_is_nothing_else_they_are_the_metrics(self) -> None:
        report = make_report(make_run(train_loss=0.2), make_run(train_loss=0.3))
        rows = sort_rows(report)
        assert [row.name for row in rows.first] == ["train_loss"]
        assert tell_outcome(report, rows)[1] == "1 unclear"
        assert second_line(report, rows).name == "train_loss"

    def test_what_changed_alone_is_shown_though_it_is_a_detail(self) -> None:
        past = [replace(run, metrics=(*run.metrics, make_metric("accuracy", 0.9))) for run in histories(train_acc=0.9)]
        report = make_report(make_run(train_acc=0.7, accuracy=0.9), past[-1], history=past)
        rows = sort_rows(report)
        assert [row.name for row in rows.first] == ["train_acc", "accuracy"]
        assert tell_outcome(report, rows)[1] == "1 same, 1 training metric worse"
        assert second_line(report, rows).name == "train_acc"

    def test_the_sentence_speaks_of_none_while_a_metric_changed(self) -> None:
        past = histories(train_acc=0.9, accuracy=0.9)
        report = make_report(make_run(train_acc=0.7, accuracy=0.95), past[-1], history=past)
        assert second_line(report, sort_rows(report)).name == "accuracy"
        assert tell_outcome(report, sort_rows(report))[1] == "1 better, 1 training metric worse"

    def test_on_a_first_report_they_are_counted_apart(self) -> None:
        report = make_report(detailed(accuracy=0.8, cat__recall=0.7, dog__recall=0.9), None)
        assert tell_outcome(report, sort_rows(report))[1] == "first report · 1 metric"


def test_a_row_shows_the_level_that_it_is_held_against() -> None:
    past = histories(recall=0.842)
    report = make_report(make_run(recall=0.801), past[-1], history=past)
    [row] = sort_rows(report).first
    level = row.delta.reference or 0.0
    assert f" {level:.4f}\u00a0±0.0" in row.noise
    assert f"the last 10 runs of main ({level:.4f}\u00a0±0.0" in second_line(report, sort_rows(report)).text


def test_same_says_how_much_noise_could_hide() -> None:
    past = make_history(10, {"rmse": (3.0, 0.6)})
    report = make_report(make_run(rmse=3.1), past[-1], history=past)
    rows = sort_rows(report)
    said = second_line(report, rows).text
    alike = "1 metric is the same as on main"
    assert said.startswith(f"Nothing changed beyond noise: {alike}. It could have changed by up to ±")
    assert said.endswith("% unseen.")
    assert [row.name for row in rows.first] == ["rmse"]
    assert "same" not in fold_titles(report, rows)
    narrow = make_history(10, {"rmse": (3.0, 0.01)})
    report = make_report(make_run(rmse=3.0), narrow[-1], history=narrow)
    assert (
        second_line(report, sort_rows(report)).text == "Nothing changed beyond noise: 1 metric is the same as on main."
    )


@pytest.mark.parametrize("runs", [1, 4])
def test_too_few_runs_are_told_below_the_table_alone(runs: int) -> None:
    past = histories(runs, recall=0.84)
    report = make_report(make_run(recall=0.80), past[-1], history=past)
    rows = sort_rows(report)
    assert [row.noise for row in rows.first] == [""]
    assert tell_next(report, rows.first, second_line(report, rows)) == [
        f"recall could be noise: {5 - runs} more run{'s' if runs < 4 else ''} of main would tell."
    ]


@pytest.mark.parametrize("odd", [math.inf, -math.inf, math.nan])
def test_what_is_no_number_on_either_side_is_said_once(odd: float) -> None:
    report = make_report(make_run(loss=odd), make_run(loss=odd))
    [row] = sort_rows(report).first
    assert (row.status, row.change) == ("not a number", "as before")
    assert tell_outcome(report, sort_rows(report))[1] == "1 not a number"


def test_what_became_no_number_is_said_in_plain_words() -> None:
    report = make_report(make_run(loss=math.nan), make_run(loss=0.3), fail_on=("loss > 1",))
    assert second_line(report, sort_rows(report)).text == "is NaN; it was 0.3."


def test_the_metrics_of_a_glob_are_counted_beside_its_gate() -> None:
    head, base = make_run(val_loss=0.5, loss=0.5, f1=0.9), make_run(val_loss=0.3, loss=0.3, f1=0.9)
    report = make_report(head, base, fail_on=("*loss change > 10%",))
    assert tell_outcome(report, sort_rows(report)) == ("❌", "1 gate failed (2 metrics) · 1 same")
    body = render(report, None, {}).body
    assert "Gate `*loss change > 10%` on val_loss failed" in body
    assert "Gate `*loss change > 10%` on loss failed" in body
    alone = make_report(head, base, fail_on=("loss change > 10%",))
    assert "1 gate failed ·" in tell_outcome(alone, sort_rows(alone))[1]


def test_a_count_that_its_gate_wants_as_it_was_is_told_once() -> None:
    head, base = (Run(metrics=(replace(accuracy(0), name="tests failed", values=(n,), is_exact=True),)) for n in (1, 0))
    report = make_report(head, base, fail_on=("tests failed > 0",))
    assert second_line(report, sort_rows(report)).text == "rose from 0 to 1."


def test_a_setting_that_the_trainer_wrote_down_too_is_told_as_a_parameter() -> None:
    report = make_report(make_run(acc=0.9, lr=0.1, epoch=4), make_run(acc=0.8, lr=0.2, epoch=3))
    assert [row.name for row in sort_rows(report).bookkeeping] == ["lr", "epoch"]
    told = replace(report, params=(ParamDelta(key=Key("params.yaml", "lr"), head="0.1", base="0.2"),))
    assert [row.name for row in sort_rows(told).bookkeeping] == ["epoch"]


class TestFirstReport:
    def test_it_says_when_comparing_starts_and_no_more(self) -> None:
        report = make_report(make_run(acc=0.9), None)
        rows = sort_rows(report)
        assert second_line(report, rows).text.endswith("comparing starts with the first run on main.")
        assert tell_next(report, rows.first, second_line(report, rows)) == []

    def test_a_problem_is_said_instead(self) -> None:
        report = make_report(make_run(acc=0.9), None)
        report = replace(report, base=replace(report.base, source="main could not be fetched (no route)"))
        said = "There is nothing to compare with: main could not be fetched (no route)."
        assert second_line(report, sort_rows(report)).text == said

    def test_where_a_gate_has_the_sentence_it_stands_below(self) -> None:
        report = make_report(make_run(acc=0.9), None, fail_on=("acc < 0.95",))
        rows = sort_rows(report)
        assert second_line(report, rows).text == "is 0.9: 0.90 is below 0.95."
        assert len(tell_next(report, rows.first, second_line(report, rows))) == 1

    def test_gates_that_need_a_base_do_not_say_it_again(self) -> None:
        report = make_report(make_run(acc=0.9, f1=0.8), None, fail_on=("acc regressed", "f1 change > 10%"))
        body = render(report, None, {}).body
        assert body.startswith("### 📊 Churn model: 2 gates not checked yet · first report · 2 metrics")
        assert "warned" not in body
        assert "- `acc regressed`: not checked yet: there is nothing to compare with" in body

    def test_a_limit_is_checked_without_a_base(self) -> None:
        report = make_report(make_run(acc=0.9, f1=0.8), None, fail_on=("acc < 0.5", "f1 regressed"))
        assert tell_outcome(report, sort_rows(report))[1].startswith("1 gate passed · 1 not checked yet · first report")


def test_of_many_metrics_the_noisiest_is_named() -> None:
    past = make_history(10, {"accuracy": (0.9, 0.001), "rmse": (3.0, 0.3)})
    report = make_report(make_run(accuracy=0.9, rmse=3.0), past[-1], history=past)
    said = second_line(report, sort_rows(report)).text
    assert ". The noisiest is rmse: it could have changed by up to ±" in said


def test_seven_that_are_the_same_show_five_and_fold_two() -> None:
    run = make_run(**{f"acc_{number}": 0.5 for number in range(7)})
    report = make_report(run, run)
    rows = sort_rows(report)
    assert (len(rows.first), len(rows.same)) == (5, 2)
    assert fold_titles(report, rows)["same"] == "2 more metrics stayed the same"


def test_metrics_that_are_missing_are_no_unreadable_files() -> None:
    line = f"{NOTHING_HERE}, and main has 1 metric: see that the training ran and kept its files"
    report = replace(make_report(Run(), make_run(acc=0.9)), broken=(line,))
    rows = sort_rows(report)
    assert tell_outcome(report, rows) == ("❌", "no metrics found · 1 gone")
    assert second_line(report, rows).text == f"N{line[1:]}."
    assert render(report, None, {}).body.count("main has 1 metric") == 1


def test_a_run_of_main_is_no_branch() -> None:
    report = make_report(make_run(acc=0.9), make_run(acc=0.9), build=Build(on_main=True))
    assert labels_of(report)["head_label"] == "this run"


def test_commits_of_ours_are_whole_where_somebody_copies_them() -> None:
    good, bad = "0c0ffee" + "1" * 33, "0badcab" + "1" * 33
    drift = Drift(
        key=Key("m", "acc"), best=0.9, level=0.8, noise=0.01, n_best=9, n_level=7, last_good=good, first_bad=bad
    )
    base = make_run(acc=0.8, deadbee1=0.8)
    body = render(replace(make_report(make_run(acc=0.8, deadbee1=0.8), base), drifts=(drift,)), None, {}).body
    assert "; it changed between 0c0ffee and 0badcab\n" in body
    assert "deadbee1" not in body
