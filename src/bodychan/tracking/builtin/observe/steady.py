"""From capture to capture: joints that rest hardly move, joints that move hardly lag.

The 1 € filter (Casiez, Roussel and Vogel, CHI 2012) on each joint, with a cutoff that falls with the error
that the network expects, so that hidden joints do not leap about.
"""

import math
from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F64

FORGOTTEN_SECONDS = 0.5
"""After so long without a capture nothing is known about the motion any more."""
_REST_HZ, _SPEED_HZ = 0.8, 14.0
"""Cutoff at rest, and more for each m/s."""
_DERIVATIVE_HZ = 4.0
_SURE_MM = 25.0
"""Error up to which the cutoff is whole; it falls as the inverse beyond, down to a third."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """A body's joints as they were at `seconds`: `raw` and `level` (32, 3) mm, `speed` (32, 3) mm/s."""

    seconds: float
    raw: F64
    level: F64
    speed: F64


def steadied(joints: F64, sigma: F64, seconds: float, before: Motion | None) -> Motion:
    """Filter joints (32, 3) mm, seen with errors (32,) mm at a time; `level` is the result."""
    step = seconds - before.seconds if before is not None else 0.0
    if before is None or not 0.0 < step <= FORGOTTEN_SECONDS:
        return Motion(seconds, joints, joints, np.zeros_like(joints))
    speed = before.speed + _share(_DERIVATIVE_HZ, step) * ((joints - before.raw) / step - before.speed)
    fast = np.linalg.norm(speed, axis=1, keepdims=True) / 1000.0
    sure = np.clip(_SURE_MM / np.maximum(sigma, 1.0), 1 / 3, 1.0)[:, None]
    share = _share((_REST_HZ + _SPEED_HZ * fast) * sure, step)
    return Motion(seconds, joints, before.level + share * (joints - before.level), speed)


def _share(cutoff: F64 | float, step: float) -> F64:
    return np.asarray(-np.expm1(-2 * math.pi * np.asarray(cutoff) * step))
