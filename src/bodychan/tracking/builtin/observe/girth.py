"""How stout a person is, by the width of the waist: joints lie deeper in stout people than in slim ones."""

import math

import numpy as np

from bodychan.model.arrays import F64, U16, frozen
from bodychan.optics.lens import Lens
from bodychan.tracking.blazepose.landmarks import LANDMARK_COUNT, Landmark
from bodychan.tracking.builtin.observe.lift import Lifted

_LEVELS = (0.2, 0.35, 0.5)
"""Heights, from hips to shoulders, at which the width is measured; arms widen one or the other, not all."""
_HALF_MM, _STEP_MM = 350.0, 8.0
_SAME_MM = 150.0
"""What is nearer or farther by more than the skin in the trunk's middle does not belong to it."""
_DEEP_MM = 300.0
"""The skin in the middle is no farther from the trunk's axis."""
_FRONTAL = 0.4
"""Sine of the turn up to which the width is seen, and not the thickness."""
_USUAL_MM, _MOST_MM = 250.0, 180.0
"""Width of a waist for the template's size, and how much wider one may be."""
_DOWN_SECONDS, _UP_SECONDS = 0.5, 5.0
"""Over which the width is averaged: arms, and people beside, make it wider at times and never narrower."""

_DEEPER = np.zeros(LANDMARK_COUNT)
for _name, _share in (("SHOULDER", 0.28), ("HIP", 0.5), ("KNEE", 0.16)):
    for _side in ("LEFT", "RIGHT"):
        _DEEPER[Landmark[f"{_name}_{_side}"]] = _share
frozen(_DEEPER)


def excess(lifted: Lifted, world: F64, depth: U16, lens: Lens, scale: float) -> float | None:
    """Give by how much a waist is wider than usual, mm for the template's size; None where it is not seen.

    Args:
        lifted: the person's landmarks in the room.
        world: (33, 3) mm, the network's guess of the pose.
        depth: (H, W) mm, of the same capture.
        lens: the depth camera's.
        scale: size of the person relative to the template.
    """
    across = world[Landmark.SHOULDER_LEFT] - world[Landmark.SHOULDER_RIGHT]
    core = [Landmark[f"{part}_{side}"] for part in ("SHOULDER", "HIP") for side in ("LEFT", "RIGHT")]
    if abs(across[2]) > _FRONTAL * float(np.linalg.norm(across)) or not lifted.seen[core].all():
        return None
    shoulders, hips = lifted.points[core].reshape(2, 2, 3).mean(axis=1)
    widths = [_width(hips + level * (shoulders - hips), shoulders - hips, depth, lens) for level in _LEVELS]
    narrowest = min(widths) / scale
    return min(max(narrowest - _USUAL_MM, 0.0), _MOST_MM) if narrowest > 0 else None


def deeper(excess_mm: float, scale: float) -> F64:
    """Give by how much (33,) mm deeper joints lie below the skin; shares as measured on rendered people."""
    return np.asarray(_DEEPER * (excess_mm * scale))


def updated(known: float | None, measured: float | None, seconds: float) -> float | None:
    """Average over time."""
    if known is None or measured is None:
        return measured if known is None else known
    gain = 1.0 - math.exp(-seconds / (_UP_SECONDS if measured > known else _DOWN_SECONDS))
    return known + gain * (measured - known)


def _width(middle: F64, up: F64, depth: U16, lens: Lens) -> float:
    """Measure how wide the surface at a place of the trunk is, at right angles to it; 0 = nothing there."""
    axis = np.cross(up, middle)
    steps = np.arange(-_HALF_MM, _HALF_MM + 1.0, _STEP_MM)
    points = middle + steps[:, None] * (axis / max(float(np.linalg.norm(axis)), 1.0))
    pixels, valid = lens.project(points)
    cells = np.rint(pixels).astype(np.int64)
    height, width = depth.shape
    valid &= ((cells >= 0) & (cells < (width, height))).all(axis=1)
    cells[~valid] = 0
    z = np.where(valid, depth[cells[:, 1], cells[:, 0]], 0).astype(np.float64)
    centre = len(steps) // 2
    if z[centre] == 0 or abs(z[centre] - middle[2]) > _DEEP_MM:
        return 0.0
    off = np.flatnonzero((z == 0) | (np.abs(z - z[centre]) > _SAME_MM))
    left = off[off < centre].max(initial=-1)
    right = off[off > centre].min(initial=len(steps))
    # The line lies inside the body; what is seen along it is the skin before it.
    return float((right - left - 1) * _STEP_MM * z[centre] / middle[2])
