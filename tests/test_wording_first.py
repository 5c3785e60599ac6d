"""The first lines and the first table of a report: what leads, and that each thing is said once."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from cml_bot.model import Drift, Key, Run
from cml_bot.render import render
from cml_bot.wording import second_line
from cml_bot.wording_counts import tell_outcome
from cml_bot.wording_noise import find_widest
from cml_bot.wording_rows import sort_rows
from tests.making import make_report, make_run
from tests.test_wording import accuracy, histories


class TestFirstLines:
    def test_a_gate_says_what_the_second_line_does_not(self) -> None:
        past = histories(20, recall=0.84, auc=0.9)
        report = make_report(
            make_run(recall=0.80, auc=0.8), past[-1], history=past, fail_on=("recall regressed", "auc < 0.85")
        )
        body = render(report, None, {}).body
        assert "Gate `recall regressed` failed.\n" in body
        assert "Gate `auc < 0.85` failed: 0.80 is below 0.85." in body

    def test_what_holds_a_gate_back_stays_with_it(self) -> None:
        past = histories(6, recall=0.84)
        report = make_report(make_run(recall=0.80), past[-1], history=past, fail_on=("recall regressed",))
        assert "failing takes" not in second_line(report, sort_rows(report)).text
        body = render(report, None, {}).body
        assert "Gate `recall regressed` warned: failing takes 8 runs of main, so this only warns.\n" in body

    def test_chances_stand_with_the_evidence_alone(self) -> None:
        past = histories(20, recall=0.84)
        report = make_report(make_run(recall=0.80), past[-1], history=past, fail_on=("recall regressed",))
        above, below = render(report, None, {}).body.split("<summary>How this was compared")
        assert not re.search(r"\bp (?:=|below)", above)
        assert "below 0.0001" in below

    def test_a_file_that_is_missing_leads(self) -> None:
        report = make_report(make_run(acc=0.9), make_run(acc=0.9, recall=0.8), fail_on=("recall < 0.5",))
        report = replace(report, broken=("out/eval.json: no such file.",), is_trusted=False)
        rows = sort_rows(report)
        assert tell_outcome(report, rows)[1].startswith("1 file could not be read · 1 gate failed")
        assert second_line(report, rows).text.startswith("1 file that this report needs could not be read")
        assert "> `out/eval.json: no such file.`" in render(report, None, {}).body

    def test_drift_leads_on_main(self) -> None:
        drift = Drift(
            key=Key("m", "acc"), best=0.9, level=0.8, noise=0.01, n_best=9, n_level=7, last_good="a" * 40, first_bad="b"
        )
        report = replace(make_report(make_run(acc=0.8), make_run(acc=0.8)), drifts=(drift,))
        assert second_line(report, sort_rows(report)).text.startswith("Nothing changed")
        on_main = replace(report, build=replace(report.build, on_main=True))
        assert second_line(on_main, sort_rows(on_main)).text.startswith("Main has slid: acc was 0.9")
        assert render(on_main, None, {}).body.count("has slid") == 1

    def test_the_file_of_a_metric_stands_behind_its_name(self) -> None:
        sides = [
            Run(metrics=tuple(replace(accuracy(value), group=group) for group in ("a.json", "b.json")))
            for value in (0.9, 0.8)
        ]
        report = make_report(*sides)
        assert second_line(report, sort_rows(report)).name == "accuracy in a.json"

    def test_only_what_is_known_to_be_good_gets_the_sign_of_it(self) -> None:
        gate = ("acc < 0.5",)
        unclear = make_report(make_run(acc=0.9), make_run(acc=0.8), fail_on=gate)
        assert tell_outcome(unclear, sort_rows(unclear)) == ("📊", "1 gate passed · 1 unclear")
        same = make_report(make_run(acc=0.9), make_run(acc=0.9), fail_on=gate)
        assert tell_outcome(same, sort_rows(same)) == ("✅", "1 gate passed · 1 same")
        first = make_report(make_run(acc=0.9), None, fail_on=gate)
        assert tell_outcome(first, sort_rows(first))[0] == "✅"

    def test_doubts_are_one_box(self) -> None:
        report = make_report(make_run(acc=0.9), make_run(acc=0.8))
        report = replace(
            report, like_for_like=("x.csv changed", "the environment differs: GPU"), unread=("m.csv: odd.",)
        )
        body = render(report, None, {}).body
        assert body.count("[!WARNING]") == 1
        assert "> m.csv: odd.  \n> Not like for like: x.csv changed; the environment differs: GPU\n" in body

    def test_commands_are_code(self) -> None:
        report = make_report(Run(), None)
        assert "the command `mlbot doctor` shows" in render(report, None, {}).body


class TestRows:
    def test_of_many_unclear_ones_the_largest_are_shown(self) -> None:
        names = [f"class_{number:02}" for number in range(20)]
        base = make_run(**dict.fromkeys(names, 0.5))
        head = make_run(**{name: 0.5 + number / 100 for number, name in enumerate(names, 1)})
        rows = sort_rows(make_report(head, base))
        assert [row.name for row in rows.first] == names[:7:-1]
        few = sort_rows(make_report(make_run(a=0.51, b=0.6), make_run(a=0.5, b=0.5)))
        assert [row.name for row in few.first] == ["a", "b"]

    def test_what_became_no_number_is_never_folded_as_of_the_training(self) -> None:
        report = make_report(make_run(train_loss=math.nan, acc=0.9), make_run(train_loss=0.2, acc=0.8))
        assert [row.name for row in sort_rows(report).first] == ["train_loss", "acc"]

    def test_the_noise_of_main_and_of_trainings_have_other_heads(self) -> None:
        past = histories(10, recall=0.84)
        report = make_report(make_run(recall=0.80), past[-1], history=past)
        body = render(report, None, {}).body
        assert "| change | usual on main |" in body
        assert "9f8e7d6 |" not in body

    def test_noise_that_is_larger_than_the_metric_is_left_out(self) -> None:
        report = make_report(make_run(rmse=3.0), None)
        [row] = sort_rows(report).first
        evidence = replace(row.delta.evidence, p=0.5, noise=10.0)
        assert find_widest([replace(row.delta, base=row.delta.head, evidence=evidence)]) is None
