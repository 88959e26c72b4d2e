"""The command line. Each command imports what it needs when it runs, so that --help comes at once."""

import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from bodychan.cli.common import Progress, note, warn
from bodychan.cli.common import overwrite as overwrite_option
from bodychan.cli.tracker import bench_tracker, debug_frame
from bodychan.errors import BodychanError, ParameterError

if TYPE_CHECKING:
    from bodychan.operators.kinect.playback import Playback

_Command = TypeVar("_Command", bound=Callable[..., None])


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bodychan")
@click.option(
    "--traceback", is_flag=True, expose_value=False, help="Show the whole of an error, for a bug report."
)
def cli() -> None:
    """Body tracking as channels.

    An Azure Kinect recording or synthetic scene goes in, named channels of up to 16 players come out.
    """


def _parameters(_context: click.Context, _option: click.Parameter, texts: Iterable[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"'{text}' is not NAME=VALUE, such as maxplayers=2")
        values[name.strip()] = value
    return values


_par = click.option(
    "--par",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_parameters,
    help="Set an operator's parameter, e.g. maxplayers=2; top.NAME or chop.NAME says whose. Repeatable.",
)
_seconds = click.FloatRange(min=0)
_positive = click.FloatRange(min=0, min_open=True)


def _part(command: _Command) -> _Command:
    """Add the options that choose a part of a recording."""
    command = click.option("--duration", type=_positive, metavar="S", help="Stop after so many seconds.")(
        command
    )
    return click.option("--start", type=_seconds, default=0.0, metavar="S", help="Begin S seconds in.")(
        command
    )


def _playback(start: float, duration: float | None, speed: float = 1.0, loop: bool = False) -> "Playback":
    from bodychan.operators.kinect.playback import Playback

    return Playback(start, duration, speed, loop)


@cli.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("bodychan-demo"), help="Folder for the files."
)
@overwrite_option
def demo(out: Path, overwrite: bool) -> None:
    """Do the main job on the synthetic camera: track, print, save, show a picture."""
    from rich.console import Console

    from bodychan.apps import demo as main_job

    result = main_job.run(out, overwrite=overwrite)
    console = Console()
    for player in ("p1", "p2"):
        console.print(main_job.joint_table(result.last, player))
    click.echo(f"channels of every capture: {result.table}")
    click.echo(f"picture:                   {result.picture}")


@cli.command()
@click.argument("recording")
@click.argument("out", nargs=-1, required=True)
@_par
@_part
@overwrite_option
def convert(
    recording: str,
    out: tuple[str, ...],
    parameters: Mapping[str, str],
    start: float,
    duration: float | None,
    overwrite: bool,
) -> None:
    """Track RECORDING and write OUT (.parquet, .csv): one row per camera frame, as fast as it goes."""
    from bodychan.apps import convert as offline

    with Progress(recording) as progress:
        report = offline.convert(
            recording,
            out,
            parameters,
            playback=_playback(start, duration),
            overwrite=overwrite,
            progress=progress,
        )
    warn(report.warnings)
    if report.partial is not None:
        where = f"; they are in {', '.join(report.partial)}" if report.partial else ""
        note(f"stopped by Ctrl-C after {report.rows} captures{where}")
        sys.exit(1)
    people = f"{len(report.bodies)} bodies" if len(report.bodies) != 1 else "1 body"
    click.echo(f"{', '.join(out)}: {report.rows} rows of {report.channels} channels, {people} seen")


@cli.command()
@click.argument("source")
@click.option(
    "--to", "targets", multiple=True, metavar="TARGET", help="osc://HOST:PORT, a file, or terminal."
)
@_par
@_part
@click.option("--speed", type=_positive, default=1.0, metavar="X", help="Play a recording X times as fast.")
@click.option("--loop", is_flag=True, help="Play a recording again and again.")
@overwrite_option
def run(
    source: str,
    targets: tuple[str, ...],
    parameters: Mapping[str, str],
    start: float,
    duration: float | None,
    speed: float,
    loop: bool,
    overwrite: bool,
) -> None:
    """Track SOURCE in real time and send its channels, until Ctrl-C or the end of the recording.

    Without --to the channels are shown in the terminal. SOURCE may also be a project that was saved to a
    .toml file: it says itself what goes where.
    """
    from bodychan.apps.convert import wire
    from bodychan.apps.record import RecordingFile
    from bodychan.operators.project import Project
    from bodychan.outputs.registry import open_output

    if source.lower().endswith(".toml"):
        if targets or parameters or start or duration or loop or speed != 1.0:
            raise click.UsageError(f"{source} says itself what is played and where to: give no other options")
        from bodychan.apps import show

        warn(show.run(source, overwrite=overwrite))
        return
    with Project(realtime=True) as project, ExitStack() as stack:
        top, chop = wire(project, source, parameters, _playback(start, duration, speed, loop))
        recordings = [target for target in targets if target.lower().endswith(".mkv")]
        if recordings and loop:
            raise click.UsageError("--loop cannot be recorded: its times go back; leave out one of the two")
        for target in [t for t in targets if t not in recordings] or ["terminal"]:
            project.attach(chop, stack.enter_context(open_output(target, overwrite=overwrite)))
        camera = top.open()
        for target in recordings:
            top.capture_sinks.append(stack.enter_context(RecordingFile(target, camera, overwrite=overwrite)))
        try:
            project.play(lambda: top.ended or bool(top.errors()))
        except KeyboardInterrupt:
            stack.close()
        warn(camera.warnings)
        if top.errors():
            raise BodychanError(top.errors())


@cli.command()
@click.argument("source", required=False)
@click.argument("out", required=False)
@click.option("--seconds", type=_positive, metavar="S", help="Stop after so many seconds.")
@click.option(
    "--repair", "broken", metavar="FILE", help="Finish a recording that was cut off; into OUT if given."
)
@overwrite_option
def record(
    source: str | None, out: str | None, seconds: float | None, broken: str | None, overwrite: bool
) -> None:
    """Record SOURCE to OUT.mkv, as Microsoft's recorder would, until Ctrl-C or its end."""
    from bodychan.apps import record as recording

    if broken is not None:
        # With --repair the only argument is where to.
        _repair(broken, source, overwrite)
        return
    if source is None or out is None:
        raise click.UsageError("name a SOURCE and an OUT, such as: bodychan record k4a:0 take.mkv")
    with Progress(out) as progress:
        report = recording.record(source, out, seconds=seconds, overwrite=overwrite, progress=progress)
    warn(report.warnings)
    how = "; stopped by Ctrl-C" if report.stopped else ""
    click.echo(
        f"{report.path}: {report.seconds:.1f} s, {report.captures} captures, {report.dropped} dropped{how}"
    )


def _repair(broken: str, out: str | None, overwrite: bool) -> None:
    from bodychan.apps import record as recording

    found = recording.repair(broken, out, overwrite=overwrite)
    if found is None:
        click.echo(f"{broken} needs no repair")
        return
    lost = f"; {found.lost_bytes} bytes belonged to no whole image" if found.lost_bytes else ""
    damaged = f"; {found.damaged} clusters are damaged" if found.damaged else ""
    click.echo(f"{out or broken}: {found.seconds:.1f} s, whole again{lost}{damaged}")


@cli.command()
@click.argument("source", required=False)
def info(source: str | None) -> None:
    """Say what is installed, or what is in SOURCE."""
    from bodychan.apps import info as facts

    found = facts.environment() if source is None else facts.describe(source)
    width = max(map(len, found))
    for name, value in found.items():
        click.echo(f"{name:{width}}  {value}")


@cli.command()
@click.argument("operator", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "schema"]),
    default="text",
    help="text; the page of the docs; or JSON Schema.",
)
def params(operator: str | None, form: str) -> None:
    """List the parameters of OPERATOR, such as KinectAzureCHOP, or of every operator."""
    from bodychan.operators import catalog as registry

    kinds = [registry.kind_of(operator)] if operator else list(registry.KINDS.values())
    click.echo(registry.listing(kinds, form))


@cli.group()
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
cli.add_command(debug_frame)


def main() -> None:
    """Run the command line: exit status 0, 1 (the work failed) or 2 (the call was wrong)."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--traceback"]
    whole = len(arguments) < len(sys.argv) - 1
    signal.signal(signal.SIGTERM, _interrupt)
    logging.basicConfig(format="bodychan: %(message)s")
    logging.getLogger("bodychan").setLevel(logging.INFO)
    try:
        cli.main(arguments, prog_name="bodychan", standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BodychanError as error:
        if whole:
            traceback.print_exc()
        note(str(error))
        sys.exit(2 if isinstance(error, ParameterError) else 1)
    except BrokenPipeError:
        # Whoever read our output has gone; Python must not try to flush to it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (KeyboardInterrupt, click.Abort):
        note("stopped by Ctrl-C")
        sys.exit(1)


def _interrupt(_signal: int, _frame: object) -> None:
    """Treat a request to end like Ctrl-C, so that files are closed properly."""
    raise KeyboardInterrupt
