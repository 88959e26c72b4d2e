"""What the commands of the command line share."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import click

overwrite = click.option("--overwrite", is_flag=True, help="Replace files that exist.")


def note(text: str) -> None:
    """Say something on standard error, under the program's name."""
    click.echo(f"bodychan: {text}", err=True)


def warn(warnings: Iterable[str]) -> None:
    """Say what was odd, a line each."""
    for warning in warnings:
        note(f"warning: {warning}")


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
        task = self._bar.add_task(Path(self._title).name, total=None)
        self._bar.start()
        return lambda done, expected: self._bar.update(task, completed=done, total=expected)

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()
