"""Where a report goes: standard output, the folder, the job's summary and the review. Gives the exit code."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from cml_bot.as_json import dump_report
from cml_bot.errors import GATE_FAILED, ForbiddenError, InputError
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
        ConfigError: the folder cannot be written.
        PublishError: the forge refused, for another reason than a missing right.
    """
    in_ci = bool(report.build.forge)
    folder = wish.output or (FOLDER if in_ci or wish.form is None else None)
    drawn = _draw(report) if folder or wish.form == "html" else None
    if folder and drawn:
        from cml_bot.report_folder import write_folder

        write_folder(Path(folder), report, run, drawn)
    _print(report, wish.form or "terminal", drawn, out)
    if folder and not in_ci:
        page = Path(folder, "page.html").resolve()
        err.write(f"\nThe whole report: {page} (report.md and report.json lie beside it)\n")
    if in_ci and wish.publish is not False:
        _publish(report, folder or "", env, out, err)
    if report.verdict.outcome is Outcome.FAIL:
        return GATE_FAILED
    return InputError.exit_code if report.broken else 0


def find_token(env: Mapping[str, str]) -> str:
    """Read the token from the environment; empty when there is none."""
    return next((env[name].strip() for name in TOKENS if env.get(name, "").strip()), "")


def _draw(report: Report) -> Drawn:
    from cml_bot.render import draw_figures

    return draw_figures(report)


def _print(report: Report, form: str, drawn: Drawn | None, out: TextIO) -> None:
    if form == "json":
        out.write(dump_report(report))
    elif form == "terminal":
        from cml_bot.terminal import print_report

        if report.build.forge == "github":
            # Names in it are foreign, and GitHub takes lines of the log for commands.
            text = io.StringIO()
            print_report(report, text)
            out.write(quiet(text.getvalue()) + "\n")
        else:
            print_report(report, out)
    else:
        from cml_bot.render import render, render_html

        out.write(render_html(report, drawn) if drawn and form == "html" else render(report, None).body)
    out.flush()


def _publish(report: Report, folder: str, env: Mapping[str, str], out: TextIO, err: TextIO) -> None:
    """Comment on the review, and tell the job too: a fork's token may do no more than that."""
    from cml_bot.render import render

    page = render(report, None)
    out.writelines(f"{line}\n" for line in annotate(report.verdict.checks))
    out.flush()
    url = ""
    try:
        url = _comment(report, page, find_token(env), err)
    except ForbiddenError as error:
        err.write(f"mlbot: {error}\nThe report is in the job's summary and in {folder}/ all the same.\n")
    finally:
        if env.get("GITHUB_STEP_SUMMARY"):
            append_summary(Path(env["GITHUB_STEP_SUMMARY"]), page.body, page.short)
        if env.get("GITHUB_OUTPUT"):
            outcome = report.verdict.outcome
            append_outputs(Path(env["GITHUB_OUTPUT"]), outcome=outcome, comment_url=url, report_path=folder)


def _comment(report: Report, page: Page, token: str, err: TextIO) -> str:
    """Keep the one comment up to date and give its address; empty when there is no review to comment on."""
    build = report.build
    if build.pull is None:
        err.write("mlbot: this build belongs to no pull request, so there is nothing to comment on.\n")
        return ""
    from cml_bot.publish import publish

    forge = load_forge(build.forge).connect(build, token)
    done = publish(page, forge, name=report.name, sha=build.sha, run_id=build.run_id)
    url = done.comment.url if done.comment else ""
    err.write(f"mlbot: comment {done.action}{': ' + url if url else ''}\n")
    return url
