from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.errors import PublishError
from cml_bot.forges.github.commands import SUMMARY_LIMIT, annotate, append_outputs, append_summary, quiet, tell_job
from cml_bot.model import Check, Form, Gate, Key, Outcome
from cml_bot.review import Page

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = st.text() | st.text("%:,\r\n=<_ad", max_size=20)


def check(
    outcome: Outcome, text: str = "recall < 0.9", reason: str = "0.8 is below 0.9", name: str | None = "recall"
) -> Check:
    gate = Gate(text=text, pattern="*", form=Form.LIMIT, outcome=outcome)
    return Check(gate=gate, key=Key("eval.json", name) if name else None, outcome=outcome, reason=reason)


def unescape(text: str) -> str:
    for code, sign in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, sign)
    return text


def outputs(text: str) -> dict[str, str]:
    """Read a file of outputs as the runner does."""
    lines = iter(text.split("\n"))
    found = {}
    for line in lines:
        if "<<" in line:
            name, _, end = line.partition("<<")
            found[name] = "\n".join(iter(lambda: next(lines), end))
    return found


def test_failed_and_warned_checks_are_told_and_others_not() -> None:
    checks = [check(Outcome.WARN, name=None), check(Outcome.PASS), check(Outcome.FAIL)]
    assert annotate(checks) == (
        "::error title=mlbot%3A recall < 0.9::eval.json:recall: 0.8 is below 0.9",
        "::warning title=mlbot%3A recall < 0.9::0.8 is below 0.9",
    )


def test_no_checks_say_nothing() -> None:
    assert annotate([]) == ()


@given(text=HOSTILE, reason=HOSTILE)
def test_annotations_stay_one_line_and_lose_nothing(text: str, reason: str) -> None:
    (line,) = annotate([check(Outcome.FAIL, text, reason, name=None)])
    found = re.fullmatch(r"::error title=([^:,\r\n]*)::([^\r\n]*)", line)
    assert found is not None
    assert (unescape(found[1]), unescape(found[2])) == (f"mlbot: {text}", reason)


@pytest.mark.parametrize(("count", "last"), [(10, "eval.json:recall"), (11, "2 more gates failed, see the report")])
def test_ten_annotations_of_a_type(count: int, last: str) -> None:
    lines = annotate([check(Outcome.FAIL)] * count + [check(Outcome.WARN)] * 2)
    errors = [line for line in lines if line.startswith("::error ")]
    assert len(errors) == 10
    assert last in errors[-1]
    assert len(lines) == 12


def test_foreign_text_is_wrapped_by_a_word_that_nobody_knows() -> None:
    first, second = (quiet("::error::not ours").split("\n") for _ in range(2))
    assert first[1] == "::error::not ours"
    assert re.fullmatch(r"::stop-commands::[0-9a-f]{32}", first[0])
    assert first[2] == f"::{first[0].split('::')[2]}::"
    assert first[0] != second[0]


def test_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    assert append_summary(path, ["### a", "short"]) == 0
    assert append_summary(path, ["### b", "short"]) == 0
    assert path.read_text(encoding="utf-8") == "### a\n\n### b\n"


@pytest.mark.parametrize(
    ("limit", "form", "written"), [(31, 0, "é" * 15 + "\n"), (30, 1, "short\n"), (5, 2, "tiny\n"), (4, None, "")]
)
def test_summary_counts_bytes_and_is_never_cut(tmp_path: Path, limit: int, form: int | None, written: str) -> None:
    path = tmp_path / "summary"
    path.touch()
    assert append_summary(path, ["é" * 15, "short", "tiny"], limit=limit) == form
    assert path.read_text(encoding="utf-8") == written


def test_summary_counts_what_the_step_wrote_before(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    path.write_bytes(b"x" * (1024 * 1024 - 10))
    assert append_summary(path, ["#" * 20, "short"]) == 1
    assert path.stat().st_size <= 1024 * 1024


def test_summary_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="cannot be written"):
        append_summary(tmp_path, ["a", "b"])


@given(value=HOSTILE.filter(lambda text: "\r" not in text))
def test_outputs_come_back_whatever_they_hold(value: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("out") / "outputs"
    value = value.encode(errors="replace").decode()
    append_outputs(path, outcome=Outcome.FAIL, comment_url="https://x/1", report_path=value)
    found = outputs(path.read_bytes().decode())
    assert found == {"outcome": "fail", "comment-url": "https://x/1", "report-path": value}


def test_no_output_can_set_another(tmp_path: Path) -> None:
    path = tmp_path / "outputs"
    hostile = "x\nghadelimiter_0\noutcome=pass\noutcome<<E\npass\nE"
    append_outputs(path, outcome=Outcome.FAIL, comment_url=hostile, report_path="r")
    assert outputs(path.read_text(encoding="utf-8")) == {"outcome": "fail", "comment-url": hostile, "report-path": "r"}


def test_outputs_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="cannot be written"):
        append_outputs(tmp_path, outcome=Outcome.PASS, comment_url="", report_path="")


def tell(env: dict[str, str], *forms: str) -> tuple[str, ...]:
    page = Page(forms=forms or ("### a",))
    return tell_job(env, page, outcome=Outcome.WARN, comment_url="https://x/1", report_path="mlbot-report")


def test_the_job_is_told_where_its_variables_say(tmp_path: Path) -> None:
    summary, output = tmp_path / "summary", tmp_path / "output"
    assert tell({"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}) == ()
    assert summary.read_text(encoding="utf-8") == "### a\n"
    assert outputs(output.read_text(encoding="utf-8"))["outcome"] == "warn"


def test_a_job_without_such_files_is_told_nothing() -> None:
    assert tell({}) == ()


def test_a_report_that_does_not_fit_is_told_and_the_outputs_are_written(tmp_path: Path) -> None:
    summary, output = tmp_path / "summary", tmp_path / "output"
    (problem,) = tell({"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}, "x" * SUMMARY_LIMIT)
    assert "does not fit" in problem
    assert not summary.exists()
    assert output.exists()


def test_files_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    problems = tell({"GITHUB_STEP_SUMMARY": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path)})
    assert len(problems) == 2
    assert all("cannot be written" in problem for problem in problems)
