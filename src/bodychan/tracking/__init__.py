"""Tracking: captures in, bodies out, one stage a file.

A capture goes through `image` (what the networks see), `detect` and `search` (where people are),
`landmarks` (33 points of each in the image), `lift` and `complete` (the points in the room), `fit` and
`frames` (the 32 joints and their axes) and `identity` (which body is which); `builtin` joins them.
"""

from pathlib import Path

from bodychan.calibration import Calibration
from bodychan.tracking.base import Tracker

__all__ = ["Tracker", "open_tracker"]


def open_tracker(calibration: Calibration, *, max_bodies: int = 6, models: Path | None = None) -> Tracker:
    """Open the built-in tracker for one camera.

    Args:
        calibration: the camera's, in the modes of its captures.
        max_bodies: bodies to follow at most.
        models: folder with the two model files; None = where the environment says, else the cache, into
            which they are fetched if need be.

    Raises:
        ModelError: the model files are not there and cannot be fetched.
    """
    from bodychan.tracking.builtin import BuiltinTracker

    return BuiltinTracker(calibration, max_bodies=max_bodies, models=models)
