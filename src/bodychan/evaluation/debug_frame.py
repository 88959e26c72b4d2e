"""What the built-in tracker did with one capture of a recording, stage by stage, as one picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bodychan.calibration import Calibration
from bodychan.cameras import open_camera
from bodychan.cameras.base import Camera
from bodychan.capture import Capture
from bodychan.errors import CameraError
from bodychan.evaluation.truth import People, known_by_source, truth_reader
from bodychan.operators.tables import MAX_PLAYERS
from bodychan.outputs.files import require_free
from bodychan.tracking.builtin import BuiltinTracker
from bodychan.tracking.image import View
from bodychan.tracking.segment import index_map
from bodychan.tracking.trace import Trace
from bodychan.types import U8

WARM_CAPTURES = 30
"""So many captures before the one that is drawn are tracked as well: sizes and ids have settled then."""


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """One capture, explained.

    `trace` is what the tracker did, after up to `WARM_CAPTURES` captures before; `seen` what the networks
    saw; `owner` (H, W) the body index map, None without a depth image; `truth` the people as they are, where
    that is known.
    """

    calibration: Calibration
    trace: Trace
    seen: View
    owner: U8 | None
    truth: People | None


def run(recording: str, number: int, out: Path, *, overwrite: bool = False) -> Stages:
    """Draw every stage of one capture into a PNG.

    Args:
        recording: what `open_camera` takes; where NAME.gt.json lies beside it, the truth is drawn too.
        number: of the capture, counted from 1, dropped ones counted too.
        out: the picture.
        overwrite: replace it if it exists.

    Raises:
        CameraError: the recording cannot be read, has no such capture, or the capture has no image.
        ModelError: the tracker's model files are missing and cannot be fetched.
        OutputError: the picture exists and `overwrite` is off, or cannot be written.
    """
    from bodychan import picture
    from bodychan.evaluation import debug_plots

    require_free(out, overwrite=overwrite)
    known = known_by_source(recording)
    with (
        open_camera(recording) as camera,
        BuiltinTracker(camera.calibration, max_bodies=MAX_PLAYERS) as tracker,
    ):
        trace = _explained(tracker, camera, number)
        true = truth_reader(known, camera)(trace.capture) if known else None
        stages = stages_of(trace, camera.calibration, true)
        picture.save(debug_plots.draw(stages, recording), out, overwrite=overwrite)
    return stages


def stages_of(trace: Trace, calibration: Calibration, true: People | None = None) -> Stages:
    """Put together what is drawn.

    Raises:
        CameraError: the capture has no image.
    """
    if trace.seen is None:
        raise CameraError(f"capture {trace.capture.index} has no image: choose another")
    depth = trace.capture.depth
    owner = None if depth is None else index_map(depth, trace.bodies, calibration)
    return Stages(calibration, trace, trace.seen, owner, true)


def _explained(tracker: BuiltinTracker, camera: Camera, number: int) -> Trace:
    """Track the captures that lead up to one, and explain that one."""
    for capture in _until(camera, number):
        if capture.index == number:
            return tracker.explain(capture)
        tracker.track(capture)
    raise CameraError(f"{camera.name} has no capture {number}: it has {len(camera)}")


def _until(camera: Camera, number: int) -> Iterator[Capture]:
    """Give the captures that lead up to one, and that one last."""
    if number < 1:
        raise CameraError(f"{camera.name} has no capture {number}: they are counted from 1")
    first = max(number - WARM_CAPTURES, 1)
    camera.seek(camera.start_usec + round((first - 1.5) * 1e6 / camera.fps))
    for capture in camera:
        if capture.index > number:
            raise CameraError(
                f"{camera.name} has no capture {number}, it was dropped: the next is {capture.index}"
            )
        yield capture
