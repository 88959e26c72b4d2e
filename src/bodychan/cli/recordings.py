"""Commands about recordings and other files of ours: record and repair."""

from pathlib import Path

import click

from bodychan.cli.common import Progress, overwrite, positive, warn
from bodychan.cli.devices import camera_options, settings_of


@click.command()
@click.argument("source", required=False)
@click.argument("out", required=False)
@click.option("--seconds", type=positive, metavar="S", help="Stop after so many seconds.")
@click.option(
    "--queue",
    type=positive,
    default=2.0,
    show_default=True,
    metavar="S",
    help="Seconds of a live camera that may wait in memory for the disk, 1 GiB at most.",
)
@click.option("--repair", "broken", metavar="FILE", help="The same as `bodychan repair FILE [OUT]`.")
@camera_options("--fps", without_color=True)
@overwrite
@click.pass_context
def record(
    context: click.Context,
    source: str | None,
    out: str | None,
    seconds: float | None,
    queue: float,
    broken: str | None,
    overwrite: bool,
) -> None:
    """Record SOURCE to OUT.mkv, as Microsoft's recorder would, until Ctrl-C or its end.

    The options of the camera are for live ones.
    """
    from bodychan.apps import record as recording

    if broken is not None:
        # With --repair the only argument is where to.
        _repair(broken, source, overwrite)
        return
    if source is None or out is None:
        raise click.UsageError("name a SOURCE and an OUT, such as: bodychan record k4a:0 take.mkv")
    settings = settings_of(context, source)
    with Progress(out) as progress:
        report = recording.record(
            source,
            out,
            settings=settings,
            seconds=seconds,
            queue=queue,
            overwrite=overwrite,
            progress=progress,
        )
    warn(report.warnings)
    how = "; stopped by Ctrl-C" if report.stopped else ""
    click.echo(
        f"{report.path}: {report.seconds:.1f} s, {report.captures} captures, {report.dropped} dropped{how}"
    )


@click.command()
@click.argument("file")
@click.argument("out", required=False)
@overwrite
def repair(file: str, out: str | None, overwrite: bool) -> None:
    """Finish FILE, whatever a crash cut off, in its place or into OUT.

    take.mkv finds take.partial.mkv and gives it that name. What is whole is kept: of a recording (.mkv) every
    image, of a table every row (.csv), second (.xdf, .mcap) or group of rows (.parquet), of skeletons and
    markers (.bvh, .glb, .c3d …) every frame.
    """
    _repair(file, out, overwrite)


def _repair(file: str, out: str | None, overwrite: bool) -> None:
    from bodychan.apps import repair as repairing

    found = repairing.repair(file, out, overwrite=overwrite)
    if found is None:
        name = Path(file)
        click.echo(f"{file} needs no repair" + ("; rename it" if ".partial" in name.suffixes else ""))
        return
    place, what = found
    click.echo(f"{place}: {what}")
