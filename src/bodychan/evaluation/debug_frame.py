"""What the built-in tracker did with one capture of a recording, stage by stage, as one picture."""

from collections.abc import Iterator
from pathlib import Path

from bodychan.cameras.base import Camera
from bodychan.cameras.registry import open_camera
from bodychan.errors import CameraError, needs_extra
from bodychan.evaluation.debug_stages import Stages, stages_of
from bodychan.evaluation.truth import known_by_source, truth_reader
from bodychan.model.capture import Capture
from bodychan.operators.kinect.tables import MAX_PLAYERS
from bodychan.tracking.builtin.trace import Trace
from bodychan.tracking.builtin.tracker import BuiltinTracker

WARM_CAPTURES = 30
"""How many captures before the one that is drawn are tracked first, so that sizes and ids have settled."""


def run(recording: str, number: int, out: Path, *, overwrite: bool = False) -> Stages:
    """Draw every stage of one capture into a PNG.

    Args:
        recording: what `open_camera` takes; where NAME.gt.json lies beside it, the truth is drawn too.
        number: of the capture, counted from 1, dropped captures included.
        out: the picture.
        overwrite: replace it if it exists.

    Raises:
        MissingExtraError: matplotlib, which draws the picture, is not installed.
        CameraError: the recording cannot be read, has no such capture, or the capture has no image.
        OutputError: the picture is no .png, exists and `overwrite` is off, or cannot be written.
    """
    with needs_extra("plots", "the picture of the tracker's stages"):
        from bodychan.apps import picture
        from bodychan.evaluation import debug_plots

    picture.require_free(out, overwrite=overwrite)
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


def _explained(tracker: BuiltinTracker, camera: Camera, number: int) -> Trace:
    """Track the captures before one, and explain that one."""
    for capture in _until(camera, number):
        if capture.index == number:
            return tracker.explain(capture)
        tracker.track(capture)
    raise CameraError(f"{camera.name} has no capture {number}: it has {len(camera)}")


def _until(camera: Camera, number: int) -> Iterator[Capture]:
    """Give the captures before one, and that one last."""
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
