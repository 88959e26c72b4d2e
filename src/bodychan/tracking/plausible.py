"""Whether what was found and lifted can be a person: a trunk, at a person's distance, of a person's size.

The networks are sure of much that is nobody: a hand before the lens, a picture on the wall, a mug; and of
people where the depth image shows something else. How large and how far away it is they cannot know.
"""

import numpy as np

from bodychan.tracking.complete import ADULT_SCALE, SCALE_LIMITS, measured_scale
from bodychan.tracking.landmarks import Landmark, Landmarks
from bodychan.tracking.lift import Lifted

_CORE = [Landmark[f"{part}_{side}"] for part in ("SHOULDER", "HIP") for side in ("LEFT", "RIGHT")]
_LIMBS = [Landmark[f"{part}_{side}"] for part in ("ELBOW", "KNEE") for side in ("LEFT", "RIGHT")]
_LEAST_CORE = 2
"""Shoulders and hips that must have been measured for a body to be there."""
_APPARENT_ERROR = 1.25
"""The size by the image is right within this factor; within 1.2 for 98 % of rendered people."""


def is_a_body(lifted: Lifted, landmarks: Landmarks, focal: float, nearest_mm: float) -> bool:
    """Say whether there is a trunk, no nearer than anybody can be seen, and the size is a person's.

    Args:
        lifted: what was found, in the room.
        landmarks: the same in the image.
        focal: focal length of that image, pixels.
        nearest_mm: depth at which the depth camera's mode begins to measure.
    """
    if lifted.measured[_CORE].sum() < _LEAST_CORE or lifted.depth_mm < nearest_mm:
        return False
    low, high = SCALE_LIMITS
    scale = measured_scale(lifted.points, lifted.seen)
    if scale is not None:
        return low <= scale <= high
    return low / _APPARENT_ERROR <= apparent_scale(lifted, landmarks, focal) <= high * _APPARENT_ERROR


def apparent_scale(lifted: Lifted, landmarks: Landmarks, focal: float) -> float:
    """Give the size relative to the template by how large the trunk and what is next to it appear.

    The network's guess of the pose says how large that would be for an adult at the person's distance.
    """
    marks = [*_CORE, *_LIMBS]
    seen = landmarks.pixels[marks] * (lifted.depth_mm / focal)
    guess = landmarks.world[marks, :2]
    spread = [float(np.linalg.norm(points - points.mean(axis=0))) for points in (seen, guess)]
    return ADULT_SCALE * spread[0] / max(spread[1], 1.0)
