"""Tracking: captures in, bodies out, one stage a file.

A capture is seen by an upright camera with a plain lens (`upright`), from which squares are cut out (`crop`)
for the network of 32 joints (`network`, trained by `training`). Followed people are looked at where they
should be; `search` proposes where others may be, by `heads` and `shapes` in the depth image. `looks` says
what came of each look, `identity` and `appearance` which body is which; `steady` goes from capture to
capture, and `aims`, `frames`, `lengths` and `articulate` make one articulated body of the joints. `body` is
what one person then goes through, `tracker` joins all of them; `trace` is what it can tell of one capture.
"""

from bodychan.optics.calibration import Calibration
from bodychan.tracking.base import Tracker
from bodychan.tracking.builtin.associate.identity import MEMORY_SECONDS

__all__ = ["Tracker", "open_tracker"]


def open_tracker(
    calibration: Calibration,
    *,
    max_bodies: int = 6,
    orientation: str = "default",
    memory: float = MEMORY_SECONDS,
) -> Tracker:
    """Open the built-in tracker for one camera.

    Args:
        calibration: the camera's, in the modes of its captures.
        max_bodies: bodies to follow at most.
        orientation: how the sensor is mounted: default, cw90, ccw90 or flipped.
        memory: for how many seconds somebody who is not seen keeps their id, if size and look tell them from
            others.

    Raises:
        ParameterError: there is no such orientation, or `memory` is negative.
    """
    from bodychan.tracking.builtin.tracker import BuiltinTracker

    return BuiltinTracker(calibration, max_bodies=max_bodies, orientation=orientation, memory=memory)
