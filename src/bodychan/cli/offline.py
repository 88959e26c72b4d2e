"""Commands that track as fast as it goes: demo and convert."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from bodychan.cli.common import (
    Progress,
    note,
    overwrite,
    parameters_option,
    part_options,
    playback_of,
    program,
    rig_option,
    warn,
)
from bodychan.cli.rigs import split_sources
from bodychan.outputs.targets import joined, split

_TABLES = (".parquet", ".csv")


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("bodychan-demo"), help="Folder for the files."
)
@overwrite
def demo(out: Path, overwrite: bool) -> None:
    """Do the main job on the synthetic camera: track, print, save, show a picture."""
    from rich.console import Console

    from bodychan.apps import demo as main_job

    with Progress("two people, rendered and tracked") as progress:
        result = main_job.run(out, overwrite=overwrite, progress=progress)
    console = Console()
    for player in ("p1", "p2"):
        console.print(main_job.joint_table(result.last, player))
    click.echo(f"channels of every capture: {result.table}")
    click.echo(f"picture:                   {result.picture}")
    click.echo(f"live, in the browser:      {program()} view {main_job.SCENE}")


@click.command()
@click.argument("recording")
@click.argument("out", nargs=-1, required=True)
@rig_option
@parameters_option
@part_options
@click.option(
    "--empty",
    type=click.Choice(["zero", "nan", "null"]),
    help="What tables have where nobody is; zero unless told.",
)
@click.option("--long", is_flag=True, help="Tables have one row per body and capture.")
@click.option("--angles", is_flag=True, help="Add joint angles, from ankle to wrist; docs/angles.md.")
@overwrite
def convert(
    recording: str,
    out: tuple[str, ...],
    rig: str | None,
    parameters: Mapping[str, str],
    start: float,
    duration: float | None,
    empty: str | None,
    long: bool,
    angles: bool,
    overwrite: bool,
) -> None:
    """Track RECORDING and write OUT: one row per camera frame, as fast as it goes.

    OUT is a table (.parquet, .csv, .chan, .clip, .xdf, .mcap), a skeleton (.bvh, .glb, .usda, .usdc, .json),
    markers (.c3d, .trc) or what `run` takes. RECORDING may also be a table (.parquet, .csv) that was written
    before: it is converted without tracking again. With --rig as many recordings as the rig has cameras come
    before OUT.
    """
    options = {"empty": empty, "long": "1" if long else None}
    with Progress(recording) as progress:
        if rig is None and recording.lower().endswith(_TABLES):
            from bodychan.apps.reconvert import reconvert

            if parameters or start or duration is not None:
                raise click.UsageError("a table is tracked already: leave out --par, --start and --duration")
            out = _with_options(out, options)
            report = reconvert(recording, out, angles=angles, overwrite=overwrite, progress=progress)
        else:
            from bodychan.apps.convert import convert as track_into

            recordings, out = ([recording], out) if rig is None else split_sources(rig, (recording, *out))
            out = _with_options(out, options)
            report = track_into(
                recordings,
                out,
                parameters,
                rig=rig,
                playback=playback_of(start, duration),
                angles=angles,
                overwrite=overwrite,
                progress=progress,
            )
    warn(report.warnings)
    for failure in report.failures:
        note(failure)
    if report.partial is not None:
        where = f"; they are in {', '.join(report.partial)}" if report.partial else ""
        note(f"stopped by Ctrl-C after {report.rows} captures{where}")
    if report.partial is not None or len(report.failures) == len(out):
        sys.exit(1)
    people = f"{len(report.bodies)} bodies" if len(report.bodies) != 1 else "1 body"
    click.echo(f"{', '.join(report.places)}: {report.rows} rows of {report.channels} channels, {people} seen")
    if report.failures:
        sys.exit(1)


def _with_options(targets: tuple[str, ...], options: Mapping[str, str | None]) -> tuple[str, ...]:
    """Give options to the tables among the targets."""
    given = {name: value for name, value in options.items() if value is not None}
    tables = [target for target in targets if split(target)[0].lower().endswith(_TABLES)]
    if given and not tables:
        raise click.UsageError(f"--{next(iter(given))} is for tables, {' and '.join(_TABLES)}: name one")
    return tuple(joined(target, given) if target in tables else target for target in targets)
