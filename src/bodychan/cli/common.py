"""What the commands of the command line share."""

import contextlib
import logging
import math
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from bodychan.operators.kinect.playback import Playback

_Command = TypeVar("_Command", bound=Callable[..., None])

overwrite = click.option("--overwrite", is_flag=True, help="Replace files that exist.")


def _parameters(_context: click.Context, _option: click.Parameter, texts: Iterable[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"'{text}' is not NAME=VALUE, such as maxplayers=2")
        values[name.strip()] = value
    return values


parameters_option = click.option(
    "--par",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_parameters,
    help="Set an operator's parameter, e.g. maxplayers=2; top.NAME or chop.NAME says whose. Repeatable.",
)


rig_option = click.option(
    "--rig", metavar="RIG.toml", help="Several cameras as one: the file that `bodychan calibrate` makes."
)


class Number(click.FloatRange):
    """A finite number: click takes nan and inf for numbers of any range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a number, or say what is wrong with it."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


_seconds = Number(min=0, max=1e9)
positive = Number(min=0, max=1e9, min_open=True)


def part_options(command: _Command) -> _Command:
    """Add the options that choose a part of a recording."""
    command = click.option("--duration", type=positive, metavar="S", help="Stop after so many seconds.")(
        command
    )
    return click.option("--start", type=_seconds, default=0.0, metavar="S", help="Begin S seconds in.")(
        command
    )


def playback_of(start: float, duration: float | None, speed: float = 1.0, loop: bool = False) -> "Playback":
    """Give the part that the options choose."""
    from bodychan.operators.kinect.playback import Playback

    return Playback(start, duration, speed, loop)


def program() -> str:
    """Return how this program was called, for what is said to be called next."""
    called = Path(sys.argv[0])
    found = shutil.which("bodychan")
    if called.name != "bodychan" or (found and Path(found).resolve() == called.resolve()):
        return "bodychan"
    return os.path.relpath(called)


def note(text: str) -> None:
    """Say something on standard error, under the program's name."""
    with contextlib.suppress(OSError):  # the terminal may be gone: nobody is there to be told
        click.echo(f"bodychan: {text}", err=True)


def warn(warnings: Iterable[str]) -> None:
    """Say what was odd, a line each."""
    for warning in warnings:
        note(f"warning: {warning}")


class Notes(logging.Handler):
    """Gives what is logged as notes, above progress bars and not across them."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say one message."""
        warning = "warning: " if record.levelno == logging.WARNING else ""
        note(warning + record.getMessage())


class Progress:
    """A progress bar on a terminal, nothing in a pipe."""

    def __init__(self, title: str) -> None:
        self._title = title

    def __enter__(self) -> Callable[[int, int | None], None]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
            transient=True,
        )
        title = Path(self._title).name
        task = self._bar.add_task(title, total=None)
        self._bar.start()
        self._compiling = contextlib.ExitStack()
        self._compiling.enter_context(
            compiling(lambda text: self._bar.update(task, description=text, refresh=True))
        )
        return lambda done, expected: self._bar.update(
            task, completed=done, total=expected, description=title
        )

    def __exit__(self, *_error: object) -> None:
        self._compiling.close()
        self._bar.stop()


@contextlib.contextmanager
def compiling(tell: Callable[[str], None]) -> Iterator[None]:
    """Tell on a terminal what happens in the first seconds of a first run: kernels are compiled, once."""
    if not sys.stderr.isatty():
        yield
        return
    from bodychan.apps.kernels import watched

    with watched(lambda count: tell(f"compiling the kernels, once, some seconds: {count} done")):
        yield


class StatusLine:
    """One line on a terminal that says how a show goes; nothing in a pipe, or below a table."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet or not sys.stderr.isatty()

    def __enter__(self) -> Callable[[str], None]:
        if self._quiet:
            return lambda _text: None
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        self._live = Live(console=Console(stderr=True), refresh_per_second=4, transient=True)
        self._live.start()
        return lambda text: self._live.update(Text(text, no_wrap=True, overflow="ellipsis"))

    def __exit__(self, *_error: object) -> None:
        if not self._quiet:
            self._live.stop()
