"""Tracking: captures in, bodies out, one stage a file.

A capture goes through `image` (what the networks see), `finder` with `search`, `detect` and `blobs` (where
people are), `landmarks` (33 points of each in the image), `sides` (which of them are left), `lift` and
`complete` (the points in the room), `identity` and `look` (which body is which), `steady` (from capture to
capture), `fit` with `shape`, `solve` and `frames` (the 32 joints and their axes). `candidate` joins the
stages that say who is there, `body` those that one body then goes through, `builtin` all of them; `trace` is
what it can tell of one capture.
"""

from pathlib import Path

from bodychan.optics.calibration import Calibration
from bodychan.tracking.base import Tracker
from bodychan.tracking.builtin.associate.identity import MEMORY_SECONDS

__all__ = ["Tracker", "open_tracker"]


def open_tracker(
    calibration: Calibration,
    *,
    max_bodies: int = 6,
    models: Path | None = None,
    orientation: str = "default",
    memory: float = MEMORY_SECONDS,
) -> Tracker:
    """Open the built-in tracker for one camera.

    Args:
        calibration: the camera's, in the modes of its captures.
        max_bodies: bodies to follow at most.
        models: folder with the two model files; None = where the environment says, else the cache, into
            which they are fetched if need be.
        orientation: how the sensor is mounted: default, cw90, ccw90 or flipped.
        memory: for how many seconds somebody who is not seen keeps their id, if size and look tell them from
            others.

    Raises:
        ModelError: the model files are not there and cannot be fetched.
        ParameterError: there is no such orientation, or `memory` is negative.
    """
    from bodychan.tracking.builtin.tracker import BuiltinTracker

    return BuiltinTracker(
        calibration, max_bodies=max_bodies, models=models, orientation=orientation, memory=memory
    )
