"""Where a report goes: standard output, the folder, the job's summary and the review. Gives the exit code."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from cml_bot.as_json import dump_report
from cml_bot.errors import GATE_FAILED, ConfigError, ForbiddenError, InputError, PublishError
from cml_bot.forges import load_forge
from cml_bot.forges.github_commands import annotate, append_outputs, append_summary, quiet
from cml_bot.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cml_bot.model import Page, Report, Run
    from cml_bot.render import Drawn

FOLDER = "mlbot-report"
TOKENS = ("MLBOT_TOKEN", "GITHUB_TOKEN")
"""Variables that hold a token, the first one that is set counts. Never an option: those are seen by every process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the caller asked for; None where it is left to mlbot."""

    form: str | None = None
    output: str | None = None
    publish: bool | None = None


def deliver(report: Report, run: Run, wish: Wish, env: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Hand the report out everywhere it is wanted. A gate's exit code comes only after that.

    Raises:
        ConfigError: the folder cannot be written, or there is no review to publish to.
        PublishError: the forge refused, for another reason than a missing right.
    """
    in_ci = bool(report.build.forge)
    if wish.publish and not in_ci:
        raise ConfigError("--publish", "no CI job was found here, so there is no review", "Leave it out.")
    folder = wish.output or (FOLDER if in_ci or wish.form is None else "")
    drawn = _draw(report) if folder or wish.form == "html" else None
    # One way out that fails does not close the others. Printing comes last: whoever reads it may leave before the end.
    with ExitStack() as ways:
        ways.callback(_print, report, wish.form or "terminal", drawn, out)
        if in_ci:
            ways.callback(_tell_job, report, folder, env, err, is_silent=wish.publish is False)
        if folder and drawn:
            ways.callback(_write_folder, Path(folder), report, run, drawn)
    if folder and not in_ci:
        page = Path(folder, "page.html").resolve()
        err.write(f"\nThe whole report: {page} (report.md and report.json lie beside it)\n")
    if report.verdict.outcome is Outcome.FAIL:
        return GATE_FAILED
    return InputError.exit_code if report.broken else 0


def find_token(env: Mapping[str, str]) -> str:
    """Read the token from the environment; empty when there is none."""
    return next((env[name].strip() for name in TOKENS if env.get(name, "").strip()), "")


def _write_folder(folder: Path, report: Report, run: Run, drawn: Drawn) -> None:
    from cml_bot.report_folder import write_folder

    write_folder(folder, report, run, drawn)


def _draw(report: Report) -> Drawn:
    from cml_bot.render import draw_figures

    return draw_figures(report)


def _print(report: Report, form: str, drawn: Drawn | None, out: TextIO) -> None:
    try:
        out.write(_render(report, form, drawn, out))
        out.flush()
    except BrokenPipeError:
        # `mlbot report | head`: the reader has gone, and the gates still decide.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise ConfigError("standard output", what, "Look where it goes to.") from error


def _render(report: Report, form: str, drawn: Drawn | None, out: TextIO) -> str:
    if form == "json":
        return dump_report(report)
    if form == "terminal":
        from cml_bot.terminal import render_terminal

        text = render_terminal(report, out)
        # Names in it are foreign, and GitHub takes lines of the log for commands.
        return quiet(text) + "\n" if report.build.forge == "github" else text
    from cml_bot.render import render, render_html

    return render_html(report, drawn) if drawn and form == "html" else render(report, None).body


def _tell_job(report: Report, folder: str, env: Mapping[str, str], err: TextIO, *, is_silent: bool) -> None:
    """Comment on the review unless told not to, and tell the job too: a fork's token may do no more than that."""
    from cml_bot.render import render

    page = render(report, None)
    # Not to standard output, which may be wanted as JSON: the runner reads commands from both.
    err.writelines(f"{line}\n" for line in annotate(report.verdict.checks))
    url = ""
    try:
        url = "" if is_silent else _comment(report, page, find_token(env), err)
    except ForbiddenError as error:
        err.write(f"mlbot: {error}\n")
    finally:
        _fill_files_of_the_job(report, page, url, folder, env, err)


def _fill_files_of_the_job(
    report: Report, page: Page, url: str, folder: str, env: Mapping[str, str], err: TextIO
) -> None:
    """Write the summary and the outputs; a file that cannot be written costs a line, not the exit code."""
    try:
        if env.get("GITHUB_STEP_SUMMARY"):
            shown = append_summary(Path(env["GITHUB_STEP_SUMMARY"]), page.body, page.short)
            err.write("mlbot: the job's summary is full, so the report is not in it.\n" if shown == "none" else "")
        if env.get("GITHUB_OUTPUT"):
            outcome = report.verdict.outcome
            append_outputs(Path(env["GITHUB_OUTPUT"]), outcome=outcome, comment_url=url, report_path=folder)
    except PublishError as error:
        err.write(f"mlbot: {error}\n")


def _comment(report: Report, page: Page, token: str, err: TextIO) -> str:
    """Keep the one comment up to date and give its address; empty when there is no review to comment on."""
    build = report.build
    if build.pull is None:
        err.write("mlbot: this build belongs to no pull request, so there is nothing to comment on.\n")
        return ""
    from cml_bot.publish import publish

    forge = load_forge(build.forge).connect(build, token)
    done = publish(page, forge, name=report.name, sha=build.sha, run_id=build.run_id)
    err.write(f"mlbot: comment {done.action}: {done.comment.url}\n")
    return done.comment.url
