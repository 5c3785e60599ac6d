"""The words of a report where there is little to say, or the same of both sides."""

from __future__ import annotations

from pathlib import Path

from cml_bot.model import Goal, Metric, Role, Run
from cml_bot.wording import second_line
from cml_bot.wording_counts import fold_titles, tell_outcome
from cml_bot.wording_rows import sort_rows
from tests.making import make_report
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
