"""Whether what was found and lifted can be a person: a trunk, at a person's distance, of a person's size.

The networks are sure of much that is nobody: a hand before the lens, a picture on the wall, a mug; and of
people where the depth image shows something else. How large and how far away it is they cannot know.
"""

from enum import Enum

import numpy as np

from bodychan.tracking.blazepose.landmarks import TRUNK, Landmark, Landmarks
from bodychan.tracking.builtin.observe.complete import ADULT_SCALE, SCALE_LIMITS, measured_scale
from bodychan.tracking.builtin.observe.lift import Lifted

DEPTH_RANGE_MM = {
    "NFOV_2X2BINNED": (500.0, 5460.0),
    "NFOV_UNBINNED": (500.0, 3860.0),
    "WFOV_2X2BINNED": (250.0, 2880.0),
    "WFOV_UNBINNED": (250.0, 2210.0),
    "PASSIVE_IR": (0.0, 0.0),
}
"""Operating range of each depth mode, from Microsoft's hardware specification."""

_LIMBS = [Landmark[f"{part}_{side}"] for part in ("ELBOW", "KNEE") for side in ("LEFT", "RIGHT")]
_LEAST_CORE = 2
"""Shoulders and hips that must have been measured for a body to be there."""
_APPARENT_ERROR = 1.25
"""The size by the image is right within this factor; within 1.2 for 98 % of rendered people."""


class Reason(Enum):
    """Why a region that was looked at gives no body."""

    UNSURE = "not sure enough"
    NO_DEPTH = "no depth"
    NO_TRUNK = "no trunk"
    TOO_NEAR = "too near"
    NO_SIZE = "no person's size"
    TWICE = "found twice"
    TOO_MANY = "one too many"


def why_nobody(lifted: Lifted, landmarks: Landmarks, focal: float, nearest_mm: float) -> Reason | None:
    """Say why nobody is there: no trunk, nearer than can be seen, no person's size; None = somebody is.

    Args:
        lifted: what was found, in the room.
        landmarks: the same in the image.
        focal: focal length of that image, pixels.
        nearest_mm: depth at which the depth camera's mode begins to measure.
    """
    if lifted.measured[TRUNK].sum() < _LEAST_CORE:
        return Reason.NO_TRUNK
    if lifted.depth_mm < nearest_mm:
        return Reason.TOO_NEAR
    low, high = SCALE_LIMITS
    scale = measured_scale(lifted.points, lifted.seen)
    if scale is None:
        scale = apparent_scale(lifted, landmarks, focal)
        low, high = low / _APPARENT_ERROR, high * _APPARENT_ERROR
    return None if low <= scale <= high else Reason.NO_SIZE


def apparent_scale(lifted: Lifted, landmarks: Landmarks, focal: float) -> float:
    """Give the size relative to the template by how large the trunk and what is next to it appear.

    The network's guess of the pose says how large that would be for an adult at the person's distance.
    """
    marks = [*TRUNK, *_LIMBS]
    seen = landmarks.pixels[marks] * (lifted.depth_mm / focal)
    guess = landmarks.world[marks, :2]
    spread = [float(np.linalg.norm(points - points.mean(axis=0))) for points in (seen, guess)]
    return ADULT_SCALE * spread[0] / max(spread[1], 1.0)
