"""The command line: the group of all commands, and what a failure leaves as exit code.

Everything heavy is imported where it is used, so that ``mlbot --help`` pays for click alone.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import click

from cml_bot import __version__
from cml_bot.commands._shared import complain
from cml_bot.commands.collect import collect_bundle
from cml_bot.commands.comment import comment_by_file
from cml_bot.commands.demo import demo
from cml_bot.commands.doctor import doctor
from cml_bot.commands.history import history
from cml_bot.commands.publish import publish_bundles
from cml_bot.commands.record import record_by_hand
from cml_bot.commands.report import report
from cml_bot.errors import BUG, INTERRUPTED, ConfigError, MlbotError
from cml_bot.standard_streams import mute

if TYPE_CHECKING:
    from collections.abc import Sequence


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
        complain(error.format_message())
        return ConfigError.exit_code
    except click.UsageError as error:
        message = error.format_message().rstrip(".")
        complain(f"{error.ctx.command_path if error.ctx else 'mlbot'}: {message}. See --help.")
        return ConfigError.exit_code
    except MlbotError as error:
        complain(f"mlbot: {error}")
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain("mlbot: interrupted.")
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # The reader of our output has gone (`mlbot doctor | head`), for which click would leave 1.
        mute(sys.__stdout__ or sys.stdout)
        return 0
    except Exception:
        import traceback

        complain(traceback.format_exc())
        complain(f"mlbot: this is a bug in mlbot {__version__}. Please report it with the lines above.")
        return BUG


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", message="mlbot %(version)s")
def cli() -> None:
    """The ML reporting bot that lives in the review.

    Exit codes: 0 passed or warned, 1 a gate failed, 2 wrong option or configuration, 3 input missing or broken,
    4 the baseline cannot be read, 5 the forge refused.
    """


for command in (report, collect_bundle, publish_bundles, record_by_hand, history, comment_by_file, doctor, demo):
    cli.add_command(command)
