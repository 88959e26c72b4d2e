"""The project's own measurements."""

import click

from bodychan.cli.tracker import bench_tracker


@click.group()
def bench() -> None:
    """Measure bodychan on this machine."""


@bench.command("read")
@click.argument("recording")
@click.option("--captures", type=click.IntRange(min=1), default=300, help="How many to read.")
def bench_read(recording: str, captures: int) -> None:
    """Measure how fast depth, IR and undecoded colour are read, and how much memory that takes."""
    from bodychan.apps import bench as measure

    click.echo(measure.read(recording, captures))


@bench.command("convert")
@click.argument("recording")
@click.option(
    "--captures", type=click.IntRange(min=2), help="How many, going round; all of them once if not given."
)
def bench_convert(recording: str, captures: int | None) -> None:
    """Measure how fast a recording is read, tracked and turned into channels."""
    from bodychan.apps import bench as measure

    click.echo(measure.convert(recording, captures))


@bench.command("channels")
@click.option("--players", type=click.IntRange(1, 16), default=6, help="Players with a body.")
def bench_channels(players: int) -> None:
    """Measure how long the channels of some players take, every group on."""
    from bodychan.apps import bench as measure

    click.echo(measure.channels(players))


bench.add_command(bench_tracker)
