"""Commands for many recordings."""

import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from bodychan.cli.common import note, parameters_option, warn
from bodychan.cli.common import overwrite as overwrite_option

if TYPE_CHECKING:
    from bodychan.apps.batch.run import Report

_MOST_TOLD = 20
"""Failures that are told in full; the manifest has all of them."""


def _shard(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, int]:
    number, slash, count = text.partition("/")
    if not slash or not number.isdigit() or not count.isdigit():
        raise click.BadParameter(f"'{text}' is not I/N, such as 1/8 for the first of eight parts")
    if not 1 <= int(number) <= int(count):
        raise click.BadParameter(f"there is no part {number} of {count}: they count from 1 to {count}")
    return int(number), int(count)


def _formats(_context: click.Context, _option: click.Parameter, text: str) -> tuple[str, ...]:
    formats = tuple(dict.fromkeys(part.strip().lstrip(".") for part in text.split(",") if part.strip()))
    if not formats:
        raise click.BadParameter("name a format, such as parquet, or several: parquet,csv")
    return formats


@click.command()
@click.argument("patterns", nargs=-1, required=True, metavar="DIR|GLOB...")
@click.option("--out", required=True, metavar="DIR", help="Folder or URL for results and manifest.")
@click.option(
    "--format",
    "formats",
    default="parquet",
    metavar="F,F",
    callback=_formats,
    help="Formats of the results: suffixes that `convert` knows; parquet if not given.",
)
@parameters_option
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes; by default one a processor.")
@click.option("--scheduler", metavar="URL", help="Work on a Dask cluster: tcp://HOST:PORT, or local.")
@click.option("--shard", default="1/1", metavar="I/N", callback=_shard, help="Only the Ith of N parts.")
@click.option("--retry", is_flag=True, help="Also try again what failed before.")
@overwrite_option
def batch(
    patterns: tuple[str, ...],
    out: str,
    formats: tuple[str, ...],
    parameters: Mapping[str, str],
    workers: int | None,
    scheduler: str | None,
    shard: tuple[int, int],
    retry: bool,
    overwrite: bool,
) -> None:
    """Convert many recordings; what is done already is skipped.

    DIR|GLOB are folders with recordings (.mkv, .bag, .db3) in them or below, and patterns such as
    'takes/**/*.mkv', in quotes. Paths and --out may be URLs of fsspec, such as s3://bucket/takes. Ctrl-C
    stops the batch, and the same command goes on with it. DIR/manifest.jsonl says what became of each
    recording.
    """
    from bodychan.apps.batch.run import Batch, Engine, Plan

    work = Batch(Plan(patterns, out, parameters, formats, shard, retry, overwrite))
    began = time.monotonic()
    with _Progress(len(work.jobs)) as progress:
        report = work.run(Engine(workers, scheduler), progress)
    _tell(report, out, time.monotonic() - began)
    if report.failed or report.left:
        sys.exit(1)


def _tell(report: "Report", out: str, seconds: float) -> None:
    for entry in report.failed[:_MOST_TOLD]:
        note(entry.error if entry.source in entry.error else f"{entry.source}: {entry.error}")
    if len(report.failed) > _MOST_TOLD:
        note(f"and {len(report.failed) - _MOST_TOLD} more failed: see the manifest in {out}")
    rate = f", {report.captures / seconds:.0f} captures/s" if report.captures else ""
    click.echo(
        f"{out}: {report.done} done, {len(report.failed)} failed, {report.skipped} done before; "
        f"{seconds:.0f} s{rate}"
    )
    if report.failed:
        note("the same command leaves out what failed, until it is given --retry")
    if report.left:
        note(f"stopped by Ctrl-C, {report.left} recordings are left: the same command goes on with them")


class _Progress:
    """A progress bar with rate and time left on a terminal, nothing in a pipe."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    def __enter__(self) -> Callable[[int, int], None]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("recordings"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
            transient=True,
        )
        task = self._bar.add_task("batch", total=self._jobs, rate="")
        began = time.monotonic()
        self._bar.start()

        def show(jobs: int, captures: int) -> None:
            rate = captures / max(time.monotonic() - began, 1e-3)
            self._bar.update(task, completed=jobs, rate=f"{rate:.0f} captures/s")

        return show

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()


@click.command()
@click.argument("folder", metavar="DIR")
def summarize(folder: str) -> None:
    """Sum up a batch: a table of all takes, and DIR/summary.csv and DIR/summary.png, which are replaced."""
    from rich.console import Console

    from bodychan.apps.batch import summary

    found = summary.summarize(folder)
    warn(found.warnings)
    Console(width=None if sys.stdout.isatty() else 160).print(found.table)
    click.echo("\n".join(found.files))
