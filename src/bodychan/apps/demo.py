"""The main job on the synthetic camera: track, print, save, show a picture."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from bodychan.apps.convert import rows
from bodychan.apps.wiring import wire
from bodychan.channels.channels import Channels
from bodychan.errors import needs_extra
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.model.skeleton import Joint
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.project import Project
from bodychan.outputs.files import explained
from bodychan.outputs.registry import open_output

SCENE = "synthetic:two"
_SECONDS = 3.0
_PLOTTED = ("p1/pelvis:tx", "p1/head:ty", "p2/wrist_r:ty")


@dataclass(frozen=True)
class Demo:
    """What the demo produces: the channels of its last capture, and two files."""

    last: Channels
    table: Path
    picture: Path


def run(
    folder: Path,
    *,
    overwrite: bool = False,
    progress: Callable[[int, int | None], None] = lambda _done, _expected: None,
) -> Demo:
    """Track a synthetic scene; write demo.parquet and demo.png into `folder`, which is made if need be.

    `progress` is called with the captures done and expected.

    Raises:
        OutputError: a file exists and `overwrite` is off, or cannot be written.
        MissingExtraError: matplotlib, which draws the picture, is not installed.
    """
    with needs_extra("plots", "the demo's picture"):
        from bodychan.apps import picture

    table, image = folder / "demo.parquet", folder / "demo.png"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explained(folder, error) from error
    picture.require_free(image, overwrite=overwrite)
    history: list[Channels] = []
    seen: tuple[Capture, Bodies] | None = None
    with Project() as project, open_output(table, overwrite=overwrite) as output:
        top, chop = wire(project, SCENE, {"maxplayers": 2, "confidence": True}, Playback(duration=_SECONDS))
        for row in rows(project, top, chop):
            output.write(row)
            history.append(row)
            progress(len(history), round(_SECONDS * project.fps))
            if top.capture is not None and top.bodies is not None:
                seen = top.capture, top.bodies
        assert seen is not None  # the scene has captures
        figure = picture.draw(*seen, top.open().calibration, history, _PLOTTED)
    picture.save(figure, image, overwrite=overwrite)
    return Demo(history[-1], table, image)


def joint_table(channels: Channels, player: str = "p1") -> Table:
    """Lay out a player's joints: position in metres, confidence."""
    table = Table(title=f"{player}, body id {channels[f'{player}/id']:.0f}", title_justify="left")
    for heading in ("joint", "tx", "ty", "tz", "confidence"):
        table.add_column(heading, justify="left" if heading == "joint" else "right")
    for joint in Joint:
        name = f"{player}/{joint.channel}"
        table.add_row(
            joint.channel,
            *(f"{channels[f'{name}:t{axis}']:.3f}" for axis in "xyz"),
            f"{channels[f'{name}:confidence']:.0f}",
        )
    return table
