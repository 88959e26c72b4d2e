"""The command line. Each command imports what it needs when it runs, so that --help comes at once."""

import logging
import os
import signal
import sys
import time
import traceback

import click

from bodychan.cli.batch import batch, summarize
from bodychan.cli.bench import bench
from bodychan.cli.cameras import cameras
from bodychan.cli.common import Notes, note
from bodychan.cli.facts import info, params
from bodychan.cli.live import run
from bodychan.cli.offline import convert, demo
from bodychan.cli.recordings import record, repair
from bodychan.cli.rigs import calibrate
from bodychan.cli.tracker import debug_frame
from bodychan.cli.view import view
from bodychan.errors import BodychanError, ParameterError, PatternError
from bodychan.model.closing import STOPPING

_ECHO_SECONDS = 2.0
"""A second Ctrl-C within this time of the first is taken for its echo: files are being closed."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bodychan")
@click.option(
    "--traceback", is_flag=True, expose_value=False, help="Show the whole of an error, for a bug report."
)
def cli() -> None:
    """Body tracking as channels.

    An Azure Kinect recording or synthetic scene goes in, named channels of up to 16 players come out.
    """


for command in (demo, convert, run, view, record, repair, info, cameras, params, bench, debug_frame):
    cli.add_command(command)
for command in (batch, summarize, calibrate):
    cli.add_command(command)


def main() -> None:
    """Run the command line: exit status 0, 1 (the work failed) or 2 (the call was wrong)."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--traceback"]
    whole = len(arguments) < len(sys.argv) - 1
    logger = logging.getLogger("bodychan")
    logger.setLevel(logging.INFO)
    logger.handlers = [Notes()]
    stopping = _stop_when_asked()
    try:
        status = _run(arguments, whole=whole)
    finally:
        # Python takes half a second to end, and with its own handlers gone a second Ctrl-C would kill it.
        for number in stopping:
            signal.signal(number, signal.SIG_IGN)
    if status:
        sys.exit(status)


def _run(arguments: list[str], *, whole: bool) -> int:
    """Run a command and give its exit status; `whole` shows the whole of an error."""
    try:
        cli.main(arguments, prog_name="bodychan", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except BodychanError as error:
        if whole:
            traceback.print_exc()
        note(str(error))
        return 2 if isinstance(error, ParameterError | PatternError) else 1
    except OSError as error:
        if error.filename is not None:
            raise
        # Standard output is full or closed. Python must not try to flush to it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            note(f"cannot write to standard output: {error.strerror or error}")
        return 1
    except (KeyboardInterrupt, click.Abort):
        note("stopped by Ctrl-C")
        return 1
    return 0


def _stop_when_asked() -> list[signal.Signals]:
    """Treat requests to end like Ctrl-C, so that files are closed properly; give those that are.

    What whoever started the process wants ignored, as `nohup` does, stays ignored.
    """
    until = 0.0

    def stop(_signal: int, _frame: object) -> None:
        nonlocal until
        if time.monotonic() >= until:
            until = time.monotonic() + _ECHO_SECONDS
            raise KeyboardInterrupt

    stopping = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    for number in stopping:
        signal.signal(number, stop)
    return stopping
