"""Commands for several cameras."""

import math
from pathlib import Path

import click

from bodychan.cli.common import Progress, overwrite


@click.command()
@click.argument("recordings", nargs=-1, required=True, metavar="A.mkv B.mkv...")
@click.option("-o", "--out", required=True, metavar="RIG.toml", help="The file to write.")
@click.option(
    "--synchronised/--unsynchronised",
    default=None,
    help="Whether the cameras' clocks agree; by default if the recordings say that they were wired.",
)
@overwrite
def calibrate(recordings: tuple[str, ...], out: str, synchronised: bool | None, overwrite: bool) -> None:
    """Find where cameras are from recordings of somebody who walks through what all of them see.

    Ten seconds will do, to and fro and from side to side. Poses, and the offsets of clocks, go to RIG.toml,
    in the space of the first camera.
    """
    from bodychan.apps.calibrate import calibrate_recordings

    if len(recordings) < 2:
        raise click.UsageError("name two recordings or more, one of each camera")
    with Progress("tracking") as progress:
        rig = calibrate_recordings(
            recordings, out, synchronised=synchronised, overwrite=overwrite, progress=progress
        )
    for camera in rig.cameras:
        x, y, z = camera.pose[:3, 3]
        turned = math.degrees(math.acos(max(-1.0, min(1.0, (camera.pose[:3, :3].trace() - 1) / 2))))
        click.echo(
            f"{camera.name}: at {x:.0f} {y:.0f} {z:.0f} mm, turned by {turned:.1f}°, "
            f"clock {camera.offset_usec / 1e6:+.3f} s, joints {camera.residual_mm:.0f} mm from the others"
        )
    click.echo(f"rig: {Path(out)}")


def split_sources(rig: str, names: tuple[str, ...]) -> tuple[list[str], tuple[str, ...]]:
    """Split names into the sources of a rig, as many as it has cameras, and what comes after them."""
    from bodychan.fusion.rig import Rig

    count = len(Rig.load(rig).cameras)
    if len(names) <= count:
        raise click.UsageError(f"{rig} has {count} cameras: name a source for each, and then what to write")
    return list(names[:count]), names[count:]
