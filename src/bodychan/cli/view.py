"""The viewer's command."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bodychan.cli.common import note, parameters_option, part_options, warn

if TYPE_CHECKING:
    from bodychan.operators.kinect.playback import Playback


@click.command()
@click.argument("source", required=False)
@parameters_option
@part_options
@click.option(
    "--speed", type=click.FloatRange(min=0.05, max=20), default=1.0, metavar="X", help="Playback speed."
)
@click.option("--loop", is_flag=True, help="Play a recording again and again.")
@click.option("--no-open", is_flag=True, help="Do not open the page, only say its address.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen at; 0 takes any that is free.")
@click.option(
    "--host", default="127.0.0.1", metavar="ADDRESS", help="Let other computers look, by a secret address."
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The only folder that the page may read and write; here if not given.",
)
def view(
    source: str | None,
    parameters: Mapping[str, str],
    start: float,
    duration: float | None,
    speed: float,
    loop: bool,
    no_open: bool,
    port: int | None,
    host: str,
    root: Path,
) -> None:
    """Show SOURCE in a web page: bodies, images, channels, parameters, outputs, recording.

    Without SOURCE the page begins with what there is: cameras, recordings in the folder, synthetic scenes.
    SOURCE may also be a project's .toml file. Ctrl-C ends it.
    """
    from bodychan.operators.kinect.playback import Playback

    playback = Playback(start, duration, speed, loop)
    show(source or "", parameters, playback, (), root=root, host=host, port=port, opens=not no_open)


def show(
    source: str,
    parameters: Mapping[str, str],
    playback: "Playback",
    targets: tuple[str, ...],
    *,
    root: Path = Path(),
    host: str = "127.0.0.1",
    port: int | None = None,
    opens: bool = True,
    fps: float = 60.0,
    overwrite: bool = False,
) -> None:
    """Serve the page until Ctrl-C."""
    from bodychan.viewer.serve import serve
    from bodychan.viewer.start import session_for

    session = session_for(source, parameters, playback, targets, root=root, fps=fps, overwrite=overwrite)
    try:
        serve(session, host=host, port=port, show=opens, announce=_announce)
    except KeyboardInterrupt:
        pass
    finally:
        warn(session.close())


def _announce(address: str) -> None:
    note(f"the viewer is at {address} (Ctrl-C ends it)")
