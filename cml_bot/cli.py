"""The command line: the only place that prints, exits, and reads the environment and the clock.

Everything heavy is imported where it is used, so that ``mlbot --help`` pays for click alone.
"""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cml_bot import __version__
from cml_bot.errors import BUG, INTERRUPTED, ConfigError, InputError, MlbotError
from cml_bot.forges import FORGES
from cml_bot.review import CommentWhen, Pictures, StatusWhen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from cml_bot.config import Config
    from cml_bot.history_table import History
    from cml_bot.job import Job
    from cml_bot.join_runs import Joined
    from cml_bot.model import Run
    from cml_bot.workspace import Named

Command = TypeVar("Command", bound="Callable[..., Any]")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
HISTORY_FORMATS = ("terminal", "markdown", "json", "csv")
FORMATS = ("terminal", "markdown", "html", "json")


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code.

    click's own handling is off: it would leave 1 for an interruption, which here means that a gate failed.
    """
    # Python leaves None for a stream that whoever started us has closed: nobody reads what we say then.
    sys.stdout, sys.stderr = (stream or io.StringIO() for stream in (sys.stdout, sys.stderr))
    for stream in (sys.stdout, sys.stderr):
        # A stream that knows fewer characters than a report has shows a question mark for the others.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        return int(cli.main(args=list(arguments), prog_name="mlbot", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        _complain(error.format_message())
        return ConfigError.exit_code
    except click.UsageError as error:
        message = error.format_message().rstrip(".")
        _complain(f"{error.ctx.command_path if error.ctx else 'mlbot'}: {message}. See --help.")
        return ConfigError.exit_code
    except MlbotError as error:
        _complain(f"mlbot: {error}")
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _complain("mlbot: interrupted.")
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # The reader of our output has gone (`mlbot doctor | head`), for which click would leave 1.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        return 0
    except Exception:
        import traceback

        _complain(traceback.format_exc())
        _complain(f"mlbot: this is a bug in mlbot {__version__}. Please report it with the lines above.")
        return BUG


def _complain(text: str) -> None:
    from cml_bot.tokens import redact

    click.echo(CONTROLS.sub("", redact(text)), err=True)


def _option(name: str, *more: str, **settings: Any) -> Callable[[Command], Command]:
    """Make an option that is no key of mlbot.toml: its variable is read by click, the others' by config.py."""
    variable = "MLBOT_" + name.removeprefix("--").partition("/")[0].upper()
    return click.option(name, *more, envvar=variable, **settings)


def _review_options(command: Command) -> Command:
    """Add the options that name the review, for CI that mlbot does not know."""
    options = (
        _option("--forge", type=click.Choice(FORGES), help="Where the review is, in CI that mlbot does not know."),
        _option("--repo", metavar="OWNER/NAME|URL", help="The repository of the review; an address names the server."),
        _option("--pull", type=click.IntRange(1), metavar="NUMBER", help="The pull request or merge request."),
        _option("--sha", metavar="SHA", help="The commit under review; the head of the pull request by default."),
    )
    for add in reversed(options):
        command = add(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", message="mlbot %(version)s")
def cli() -> None:
    """The ML reporting bot that lives in the review.

    Exit codes: 0 passed or warned, 1 a gate failed, 2 wrong option or configuration, 3 input missing or broken,
    4 the baseline cannot be read, 5 the forge refused.
    """


@cli.command(short_help="Compare with main, check the gates, publish one report.")
@_option("--against", metavar="REF|PATH", help="Compare with this revision, folder or run.json.")
@_option("--from", "bundles", multiple=True, metavar="PATH", help="Report on bundles of `mlbot collect`, not on files.")
@_option("--head", metavar="REF", help="Report on this revision instead of the files in the workspace.")
@click.option("--title", help="Heading of the report.")
@click.option("--name", help="Name of the sticky comment and of the history of main: one of each per name.")
@click.option("--sources", multiple=True, metavar="GLOB", help="Read these files only. May be repeated.")
@click.option("--params", multiple=True, metavar="GLOB", help="Read parameters from these files. May be repeated.")
@click.option(
    "--fail-on", multiple=True, metavar="GATE", help="Fail when this holds: 'accuracy < 0.9'. May be repeated."
)
@click.option("--warn-on", multiple=True, metavar="GATE", help="Warn when this holds. May be repeated.")
@_option("--format", "form", type=click.Choice(FORMATS), help="Print this form; on a laptop write no folder then.")
@_option("--output", "-o", metavar="FOLDER", help="Write the folder of the report here, not to mlbot-report.")
@_option("--publish/--no-publish", default=None, help="Tell the review: comment and status; in CI the default.")
@click.option("--comment", type=click.Choice(list(CommentWhen)), help="When to comment.  [default: always]")
@click.option("--status", type=click.Choice(list(StatusWhen)), help="Mark the commit.  [default: always]")
@click.option("--pictures", type=click.Choice(list(Pictures)), help="How comments show curves.  [default: auto]")
@_review_options
@_option("--record/--no-record", default=None, help="Record this run of main for later reports; on main the default.")
def report(
    form: str | None,
    output: str | None,
    publish: bool | None,
    record: bool | None,
    bundles: tuple[str, ...],
    **options: Any,
) -> int:
    """Compare this run with main, check the gates, and publish one report.

    In CI it keeps one comment on the pull request up to date. On a laptop it prints the report and writes the folder
    mlbot-report.
    """
    from cml_bot.announce import Manner
    from cml_bot.config import read_config
    from cml_bot.deliver import Wish, deliver
    from cml_bot.pipeline import make_report
    from cml_bot.trusted import refuse_foreign

    against, head, named = options.pop("against"), options.pop("head"), _take_named(options)
    job = _open_job(against=against, head=head, named=named)
    refuse_foreign(job)
    if publish is not False:
        job = _complete(job)
    config = read_config(job.root, os.environ, _as_keys(options))
    joined = _join_bundles(job, bundles)
    if record:
        _refuse_record(job, "--record", joined=joined)
    made, run = make_report(job, config, joined.run if joined else None)
    if form not in (None, "terminal") and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    manner = Manner(comment=config.comment, status=config.status, pictures=config.pictures)
    wish = Wish(form=form, output=output, publish=publish, manner=manner)
    try:
        code = deliver(made, run, wish, os.environ, sys.stdout, sys.stderr)
    except MlbotError:
        # That the review could not be reached is no reason to lose the run.
        _keep(job, config, run, record, joined)
        raise
    _keep(job, config, run, record, joined)
    return code


@cli.command("collect", short_help="Collect the run and keep it as a bundle, for another job to report on.")
@_option("--output", "-o", metavar="FOLDER", default="mlbot-bundle", show_default=True, help="Write the bundle here.")
@click.option("--name", help="As of `mlbot report`.")
@click.option("--sources", multiple=True, metavar="GLOB", help="Read these files only. May be repeated.")
@click.option("--params", multiple=True, metavar="GLOB", help="Read parameters from these files. May be repeated.")
def collect_bundle(output: str, **options: Any) -> int:
    """Collect the run and keep it as a bundle, for another job to report on: numbers and pictures, no words.

    It needs no token and sends nothing. `mlbot report --from` and `mlbot publish` read what it wrote.
    """
    from dataclasses import replace

    from cml_bot.bundle import write_bundle
    from cml_bot.config import read_config
    from cml_bot.filters import plural
    from cml_bot.pipeline import make_run, reviewed_sha
    from cml_bot.trusted import refuse_foreign

    job = _open_job()
    refuse_foreign(job)
    run = make_run(job, read_config(job.root, os.environ, _as_keys(options)))
    write_bundle(Path(output), replace(run, sha=reviewed_sha(job)))
    counts = f"{plural(len(run.metrics), 'metric')}, {plural(len(run.series), 'curve')}"
    click.echo(f"{output}: {counts}, {plural(len(run.figures), 'figure')}")
    for line in (*run.broken, *run.unread):
        _complain(f"mlbot: {line}")
    return InputError.exit_code if run.broken else 0


def _join_bundles(job: Job, paths: tuple[str, ...]) -> Joined | None:
    """Read what is to be reported on in place of files; None where it is files."""
    from cml_bot.bundle_paths import read_paths
    from cml_bot.join_runs import join

    if not paths:
        return None
    if job.head:
        raise ConfigError("--from", "is given together with --head", "Leave one of them out.")
    return join(read_paths(paths, _current_folder()), sha=job.sha or job.build.sha, same={job.build.sha})


@cli.command("publish", short_help="Report on bundles of a job that has no rights, such as a fork's.")
@click.argument("paths", nargs=-1, metavar="[BUNDLE]...")
@_option("--artifact", default="mlbot-bundle", show_default=True, help="Without BUNDLE, read artifacts of this name.")
@click.option("--title", help="Heading of the report.")
@click.option("--name", help="Name of the sticky comment and of the history of main: one of each per name.")
@click.option("--fail-on", multiple=True, metavar="GATE", help="Fail when this holds. May be repeated.")
@click.option("--warn-on", multiple=True, metavar="GATE", help="Warn when this holds. May be repeated.")
@_option("--format", "form", type=click.Choice(FORMATS), help="Print this form.")
@_option("--output", "-o", metavar="FOLDER", help="Write the folder of the report here, not to mlbot-report.")
@click.option("--comment", type=click.Choice(list(CommentWhen)), help="When to comment.  [default: always]")
@click.option("--status", type=click.Choice(list(StatusWhen)), help="Mark the commit.  [default: always]")
@click.option("--pictures", type=click.Choice(list(Pictures)), help="How comments show curves.  [default: auto]")
@_review_options
def publish_bundles(paths: tuple[str, ...], artifact: str, form: str | None, output: str | None, **options: Any) -> int:
    """Report on bundles that a job without rights has collected, such as one of a fork, in a job that has them.

    Without BUNDLE the artifacts of the run are read that this one follows (`workflow_run`). Gates and all else are
    those of the commit that is checked out; the pull request is the one that the forge names. Nothing is recorded.
    """
    from cml_bot.announce import Manner
    from cml_bot.config import read_config
    from cml_bot.deliver import Wish, deliver
    from cml_bot.join_runs import join
    from cml_bot.pipeline import make_report
    from cml_bot.reach import connect
    from cml_bot.trusted import read_given, refuse_changed_config, refuse_foreign, take_review

    job = _open_job(named=_take_named(options))
    if not job.build.forge:
        cure = "Use `mlbot report --from`, or name the review with --forge, --repo and --pull."
        raise ConfigError("mlbot publish", "no CI job was found here, so there is no review", cure)
    refuse_foreign(job)
    refuse_changed_config(job)
    config = read_config(job.root, os.environ, _as_keys(options))
    forge = connect(job.build, os.environ)
    reviewed = take_review(job, forge.find_review())
    if isinstance(reviewed, str):
        _complain(f"mlbot: {reviewed}")
        return 0
    joined = join(read_given(job, forge, paths, _current_folder(), artifact), sha=reviewed.build.sha)
    made, run = make_report(reviewed, config, joined.run)
    manner = Manner(comment=config.comment, status=config.status, pictures=config.pictures)
    wish = Wish(form=form, output=output, publish=True, manner=manner)
    return deliver(made, run, wish, os.environ, sys.stdout, sys.stderr)


@cli.command("record", short_help="Record this run of main for later reports to compare with.")
@click.option("--name", help="Which history of main it belongs to: one branch per name.")
@click.option("--sources", multiple=True, metavar="GLOB", help="Read these files only. May be repeated.")
@click.option("--params", multiple=True, metavar="GLOB", help="Read parameters from these files. May be repeated.")
def record_by_hand(**options: Any) -> int:
    """Record this run of main for later reports to compare with, as `mlbot report` does on main by itself.

    In CI the record is a commit on origin's branch mlbot/NAME, on a laptop on the branch of that name here.
    """
    from cml_bot.config import read_config
    from cml_bot.filters import plural
    from cml_bot.pipeline import make_run
    from cml_bot.records.write import record
    from cml_bot.trusted import refuse_foreign

    job = _open_job()
    refuse_foreign(job)
    config = read_config(job.root, os.environ, _as_keys(options))
    run = make_run(job, config)
    _refuse_record(job, "record", run)
    counts = f"{plural(len(run.metrics), 'metric')}, {plural(len(run.series), 'curve')}"
    click.echo(f"{record(job, config, run)}: {counts} of {run.sha[:7]}")
    for line in run.broken:
        _complain(f"mlbot: {line}")
    return InputError.exit_code if run.broken else 0


def _refuse_record(job: Job, where: str, run: Run | None = None, joined: Joined | None = None) -> None:
    from cml_bot.records.write import find_objection

    objection = find_objection(job, run) or (joined.objection if joined else None)
    if objection:
        raise ConfigError(where, objection.what, objection.cure)


def _keep(job: Job, config: Config, run: Run, is_wanted: bool | None, joined: Joined | None = None) -> None:
    """Record a run where that is allowed. What goes wrong costs a line, and the exit code only if it was asked for."""
    from cml_bot.records.write import find_objection, record

    if is_wanted is False:
        return
    objection = find_objection(job, run) or (joined.objection if joined else None)
    if objection:
        if objection.is_told:
            _complain(f"mlbot: not recorded: {objection.what}. {objection.cure}")
        return
    try:
        kept = record(job, config, run)
        if kept.is_new or is_wanted:
            _complain(f"mlbot: {kept}")
    except MlbotError as error:
        if is_wanted:
            raise
        _complain(f"mlbot: not recorded: {error}")


@cli.command(short_help="Show the metrics of the last runs on main, and the noise of each.")
@click.argument("wanted", nargs=-1, metavar="[METRIC]...")
@_option("--last", type=click.IntRange(1, 50), default=30, show_default=True, help="How many runs to look at.")
@click.option("--name", help="Which history of main: one branch per name.")
@_option("--format", "form", type=click.Choice(HISTORY_FORMATS), default="terminal", help="Print this form.")
def history(wanted: tuple[str, ...], last: int, form: str, **options: Any) -> int:
    """Show the metrics of the last runs on main, and the noise band of each.

    METRIC is a name or a glob such as '*loss*'; without one, all are shown that are no bookkeeping. The runs are those
    that `mlbot report` recorded on the branch mlbot/NAME.
    """
    from cml_bot.config import read_config
    from cml_bot.history_log import read_history

    job = _open_job()
    found = read_history(job, read_config(job.root, os.environ, _as_keys(options)), wanted, last)
    if form != "terminal" and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    click.echo(_write_history(found, form, job.build.forge), nl=False)
    sys.stdout.flush()
    return 0


def _write_history(found: History, form: str, forge: str) -> str:
    from cml_bot import history_forms
    from cml_bot.escape import clean

    if form == "json":
        return history_forms.dump_history(found)
    if form == "markdown":
        return history_forms.render_history(found)
    if form == "csv":
        # A table of numbers has no place for them.
        for note in found.notes:
            _complain(f"mlbot: {clean(note, 600)}")
        return history_forms.write_csv(found)
    from cml_bot.terminal import render_history_terminal

    return _quieten(render_history_terminal(found, sys.stdout), forge)


def _quieten(text: str, forge: str) -> str:
    """Names in it are foreign, and some CI takes lines of its log for commands."""
    from cml_bot.forges import load_forge

    return f"{load_forge(forge).quiet(text)}\n" if forge else text


@cli.command(short_help="Show what mlbot sees, and why.")
@_review_options
def doctor(**options: Any) -> int:
    """Show what mlbot sees: CI, token and its rights, repository, baseline and the files it takes, with reasons."""
    from cml_bot.config import read_config
    from cml_bot.doctor import examine

    job = _open_job(named=_take_named(options))
    text = "\n".join(examine(job, read_config(job.root, os.environ, {}), os.environ))
    click.echo(_quieten(f"{text}\n", job.build.forge), nl=False)
    sys.stdout.flush()
    return 0


@cli.command(short_help="Train real models in a scratch repository, and report.")
@click.option("--folder", metavar="PATH", help="Make the repository here.  [default: a new temporary folder]")
def demo(folder: str | None) -> int:
    """Train real models in a scratch repository, and report on its branch."""
    import tempfile

    from cml_bot.demo import build_demo

    place = Path(folder) if folder else Path(tempfile.mkdtemp(prefix="mlbot-demo-")) / "digits"
    repository = build_demo(place, say=lambda line: click.echo(line, err=True))
    click.echo(f"\n$ cd {repository}\n$ mlbot report", err=True)
    os.chdir(repository)
    # The scratch repository is none of the project that this may be a CI job of.
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "BITBUCKET_BUILD_NUMBER", "BITBUCKET_PIPELINE_UUID"):
        os.environ.pop(name, None)
    return int(cli.main(args=["report", "--no-publish"], prog_name="mlbot", standalone_mode=False) or 0)


def _open_job(against: str | None = None, head: str | None = None, named: Named | None = None) -> Job:
    from cml_bot.workspace import NOTHING_NAMED, open_job

    place, now = _current_folder(), _now()
    return open_job(place, os.environ, now, against=against or "", head=head or "", named=named or NOTHING_NAMED)


def _take_named(options: dict[str, Any]) -> Named:
    from cml_bot.workspace import Named

    return Named(**{key: options.pop(key) for key in ("forge", "repo", "pull", "sha")})


def _complete(job: Job) -> Job:
    """Ask the forge what the job leaves open; a forge that does not answer costs the comment, not the report."""
    from cml_bot.reach import complete

    try:
        return complete(job, os.environ)
    except MlbotError as error:
        _complain(f"mlbot: {error}")
        return job


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise ConfigError("the current folder", "was deleted", "Change to one that exists.") from error


def _now() -> datetime:
    """Read the clock; SOURCE_DATE_EPOCH sets it, so that a report can be made anew to the byte.

    Source: https://reproducible-builds.org/specs/source-date-epoch/
    """
    from datetime import UTC, datetime

    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        return datetime.fromtimestamp(int(fixed), UTC) if fixed else datetime.now(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError("SOURCE_DATE_EPOCH", f"is {fixed!r}", "Give it seconds since 1970.") from error


def _as_keys(options: Mapping[str, Any]) -> dict[str, Any]:
    """Name options as the configuration does."""
    return {name.replace("_", "-"): value for name, value in options.items()}
