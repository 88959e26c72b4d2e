"""The command that tracks in real time: run."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from bodychan.cli.common import (
    Number,
    StatusLine,
    compiling,
    overwrite,
    parameters_option,
    part_options,
    playback_of,
    positive,
    rig_option,
    warn,
)
from bodychan.cli.devices import camera_options, parameters_of
from bodychan.cli.view import show

if TYPE_CHECKING:
    from bodychan.apps.meter import Report, Status


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@rig_option
@click.option(
    "--to",
    "targets",
    multiple=True,
    metavar="TARGET",
    help="osc://HOST:PORT, another stream, a file, or terminal. Repeatable.",
)
@parameters_option
@part_options
@click.option("--speed", type=positive, default=1.0, metavar="X", help="Play a recording X times as fast.")
@click.option("--loop", is_flag=True, help="Play a recording again and again.")
@click.option(
    "--fps",
    type=Number(min=0, max=1000, min_open=True),
    default=60.0,
    show_default=True,
    metavar="N",
    help="Put channels out N times a second.",
)
@camera_options("--camera-fps", without_color=False)
@click.option("--view", "in_page", is_flag=True, help="Show it in a web page as well, until Ctrl-C.")
@click.option("--on-change", is_flag=True, help="Put channels out only when they have changed.")
@overwrite
@click.pass_context
def run(
    context: click.Context,
    sources: tuple[str, ...],
    rig: str | None,
    targets: tuple[str, ...],
    parameters: Mapping[str, str],
    start: float,
    duration: float | None,
    speed: float,
    loop: bool,
    fps: float,
    in_page: bool,
    on_change: bool,
    overwrite: bool,
) -> None:
    """Track SOURCE in real time and put its channels out, until Ctrl-C or the end of the recording.

    TARGET is a stream such as osc://HOST:PORT[/PREFIX] (docs/protocols.md has them all), a table (.parquet,
    .csv), a recording of the camera (.mkv) or terminal, which is where channels go without --to. With --loop,
    and from a live camera, --duration counts the seconds of the show. SOURCE may also be a project that was
    saved to a .toml file: it says itself what goes where. With --rig there are as many sources as the rig has
    cameras. The options of the camera are for live ones.
    """
    asked = parameters_of(context, sources)
    parameters = {**asked, **parameters}
    if rig is None and len(sources) > 1:
        raise click.UsageError("several sources need the rig that their cameras are in: pass --rig RIG.toml")
    source = sources[0]
    if in_page:
        if on_change or rig is not None:
            raise click.UsageError(
                "--view goes with one source and every frame: leave out --rig and --on-change"
            )
        show(
            source,
            parameters,
            playback_of(start, duration, speed, loop),
            targets,
            fps=fps,
            overwrite=overwrite,
        )
        return
    if source.lower().endswith(".toml"):
        given = [
            name
            for name in context.params
            if name not in ("sources", "overwrite")
            and context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        ]
        if given or asked:
            raise click.UsageError(f"{source} says itself what is played and where to: give no other options")
        from bodychan.apps import show as saved

        with StatusLine(quiet=False) as line, compiling(line):
            report = saved.run(source, overwrite=overwrite, status=lambda status: line(_line(status)))
    else:
        if loop and rig is not None:
            raise click.UsageError("--loop is for one recording: those of a rig end at different times")
        if loop and any(target.partition("?")[0].lower().endswith(".mkv") for target in targets):
            raise click.UsageError("--loop cannot be recorded: its times go back; leave out one of the two")
        from bodychan.apps import live

        with StatusLine(quiet=not targets or "terminal" in targets) as line, compiling(line):
            report = live.run(
                source if rig is None else sources,
                targets,
                parameters,
                rig=rig,
                playback=playback_of(start, duration, speed, loop),
                fps=fps,
                overwrite=overwrite,
                on_change=on_change,
                status=lambda status: line(_line(status)),
            )
    _tell(", ".join(sources), report)


def _line(status: "Status") -> str:
    """Say how the show goes, in one line."""
    skipped = max(0.0, status.captures - status.tracked)
    return (
        f"sending to {', '.join(status.targets)}: {status.frames:.0f} a second; "
        f"{status.captures:.0f} captures a second, {skipped:.0f} of them skipped; " + _lag(status.lag_seconds)
    )


def _lag(seconds: float | None) -> str:
    return "no bodies yet" if seconds is None else f"bodies {1000 * seconds:.0f} ms behind"


def _tell(source: str, report: "Report") -> None:
    """Say what the show did; under a table in a pipe only what went wrong."""
    warn(report.warnings)
    if sys.stdout.isatty() or all(sent.target != "terminal" for sent in report.sent):
        for sent in report.sent:
            rate = f", {sent.writes / report.seconds:.1f} a second" if report.seconds else ""
            lost = f", {sent.lost} lost" if sent.lost else ""
            click.echo(f"{sent.target}: {sent.writes} frames in {report.seconds:.1f} s{rate}{lost}")
        skipped = max(0, report.captures - report.tracked)
        click.echo(
            f"{source}: {report.captures} captures, {skipped} skipped; "
            + (_lag(report.lag_seconds) + " on average" if report.tracked else "nothing was tracked")
        )
    if report.failures:  # each was told when it came
        sys.exit(1)
