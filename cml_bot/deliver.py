"""Where a report goes: standard output, the folder, the job's summary and the review. Gives the exit code."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from cml_bot import standard_streams
from cml_bot.as_json import dump_report
from cml_bot.differences import add_differences
from cml_bot.errors import GATE_FAILED, ConfigError, InputError, MlbotError
from cml_bot.forges import load_forge, quieten
from cml_bot.model import Outcome
from cml_bot.own_folder import REPORT
from cml_bot.progress import tell_nothing, telling
from cml_bot.review import USUAL, Announced, Manner
from cml_bot.tokens import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cml_bot.model import Report, Run
    from cml_bot.progress import Tell
    from cml_bot.render import Drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the caller asked for; None where it is left to mlbot."""

    form: str | None = None
    output: str | None = None
    publish: bool | None = None
    manner: Manner = USUAL
    tell: Tell = field(default=tell_nothing, repr=False, compare=False)
    """Is told what is being done, for whoever waits."""

    @property
    def folder_in_ci(self) -> str:
        """The folder that is written in CI, whatever is printed."""
        return self.output or REPORT


def deliver(report: Report, run: Run, wish: Wish, env: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Hand the report out everywhere it is wanted. A gate's exit code comes only after that.

    Raises:
        ConfigError: the folder cannot be written, or there is no review to publish to.
        PublishError: the forge refused, for another reason than a missing right.
    """
    in_ci = bool(report.build.forge)
    if wish.publish and not in_ci:
        raise ConfigError("--publish", "no CI job was found here, so there is no review", "Leave it out.")
    folder = wish.folder_in_ci if in_ci or wish.form is None else wish.output or ""
    if folder or wish.form in ("html", "markdown"):
        pairs = add_differences(report.figures, report.base.label or "before", is_strange=not report.is_trusted)
        report = replace(report, figures=pairs)
    drawn = _draw(report, wish.tell, with_curves=bool(folder)) if folder or wish.form == "html" else None
    ways: list[Callable[[], None]] = []
    if folder and drawn:
        ways.append(partial(_write_folder, Path(folder), report, run, drawn))
    if in_ci:
        ways.append(partial(_tell_job, report, drawn, wish, env, err))
    # Printing comes last: whoever reads it may leave before the end.
    _try_all([*ways, partial(_print, report, wish.form or "terminal", drawn, env, out)], err)
    if folder and not in_ci:
        page = Path(folder, "page.html").resolve()
        standard_streams.tell(err, f"\nThe whole report: {page} (report.md and report.json lie beside it)\n")
    if report.verdict.outcome is Outcome.FAIL:
        return GATE_FAILED
    return InputError.exit_code if report.broken else 0


def _try_all(ways: Sequence[Callable[[], None]], err: TextIO) -> None:
    """Go every way out: one that fails does not close the others. The last failure is raised, those before are told."""
    failures: list[Exception] = []
    for way in ways:
        try:
            way()
        except Exception as error:
            failures.append(error)
    # A bug is raised rather than what was expected to go wrong.
    failures.sort(key=lambda error: not isinstance(error, MlbotError))
    standard_streams.tell(err, "".join(f"mlbot: {redact(str(error))}\n" for error in failures[:-1]))
    if failures:
        raise failures[-1]


def _write_folder(folder: Path, report: Report, run: Run, drawn: Drawn) -> None:
    from cml_bot.report_folder import write_folder

    write_folder(folder, report, run, drawn)


def _draw(report: Report, tell: Tell, *, with_curves: bool) -> Drawn:
    from cml_bot.render import draw_figures

    return draw_figures(report, tell, with_curves=with_curves)


def _print(report: Report, form: str, drawn: Drawn | None, env: Mapping[str, str], out: TextIO) -> None:
    try:
        out.write(_render(report, form, drawn, env, out))
        out.flush()
    except BrokenPipeError:
        # `mlbot report | head`: the reader has gone, and the gates still decide.
        standard_streams.mute(out)
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise ConfigError("standard output", what, "Look where it goes to.") from error


def _render(report: Report, form: str, drawn: Drawn | None, env: Mapping[str, str], out: TextIO) -> str:
    if form == "json":
        return dump_report(report)
    if form == "terminal":
        from cml_bot.terminal import render_terminal

        return quieten(render_terminal(report, out, env), report.build.forge)
    from cml_bot.page import render_html
    from cml_bot.render import render

    return render_html(report, drawn) if drawn and form == "html" else render(report, None, {}, whole=True).body


def _tell_job(report: Report, drawn: Drawn | None, wish: Wish, env: Mapping[str, str], err: TextIO) -> None:
    """Tell the review unless told not to, and the job too: a fork's token may do no more than that.

    Raises:
        PublishError: the forge refused, for another reason than a missing right; the job was told all the same.
    """
    from cml_bot.announce import announce
    from cml_bot.reach import connect
    from cml_bot.render import render

    page = render(report, None, {}, charts=wish.manner.pictures.is_charted, whole=True)
    ci = load_forge(report.build.forge)
    # Not to standard output, which may be wanted as JSON: the runner reads commands from both.
    standard_streams.tell(err, "".join(f"{line}\n" for line in ci.annotate(report.verdict.checks)))
    told = Announced()
    if wish.publish is not False:
        with telling("publishing", wish.tell):
            told = announce(report, page, drawn, wish.manner, partial(connect, report.build, env))
    unwritten = ci.tell_job(env, page, outcome=report.outcome, comment_url=told.url, report_path=wish.folder_in_ci)
    standard_streams.tell(err, "".join(f"mlbot: {redact(line)}\n" for line in (*told.lines, *unwritten)))
    if told.failure is not None:
        raise told.failure
