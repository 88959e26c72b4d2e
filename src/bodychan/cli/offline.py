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
@overwrite
def convert(
    recording: str,
    out: tuple[str, ...],
    rig: str | None,
    parameters: Mapping[str, str],
    start: float,
    duration: float | None,
    overwrite: bool,
) -> None:
    """Track RECORDING and write OUT (.parquet, .csv): one row per camera frame, as fast as it goes.

    With --rig as many recordings as the rig has cameras come before OUT.
    """
    from bodychan.apps import convert as offline

    part = playback_of(start, duration)
    with Progress(recording) as progress:
        if rig is None:
            report = offline.convert(
                recording, out, parameters, playback=part, overwrite=overwrite, progress=progress
            )
        else:
            from bodychan.apps.rigs import convert_rig

            recordings, out = split_sources(rig, (recording, *out))
            report = convert_rig(
                recordings, rig, out, parameters, playback=part, overwrite=overwrite, progress=progress
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
    click.echo(f"{', '.join(out)}: {report.rows} rows of {report.channels} channels, {people} seen")
    if report.failures:
        sys.exit(1)
