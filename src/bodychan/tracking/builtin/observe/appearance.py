"""How a person's clothes reflect infrared, in a few numbers, to be known again by."""

import numpy as np

from bodychan.model.arrays import F64, U16
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.observe.upright import Raster

_INNER = np.linspace(0.25, 0.75, 7)
"""Places within a trunk, or along a thigh, at which the image is read: away from the edges."""
_SIDES = [[Joint[f"{name}_{side}"] for name in ("SHOULDER", "HIP", "KNEE")] for side in ("LEFT", "RIGHT")]


def look(joints: F64, depth: U16, infrared: U16 | None, raster: Raster) -> F64:
    """Give the logarithms of the brightness of trunk and thighs, (2,), as if they were at 1 m.

    Zeros without infrared.
    """
    if infrared is None:
        return np.zeros(2)
    left, right = (joints[side] for side in _SIDES)
    across = left[:2, None] + _INNER[None, :, None] * (right - left)[:2, None]
    trunk = across[0] + _INNER[:, None, None] * (across[1] - across[0])
    thighs = np.stack([side[1] + _INNER[:, None] * (side[2] - side[1]) for side in (left, right)])
    parts = [_brightness(part.reshape(-1, 3), depth, infrared, raster) for part in (trunk, thighs)]
    return np.log(np.array(parts) + 1.0)


def _brightness(points: F64, depth: U16, infrared: U16, raster: Raster) -> float:
    """Give the median of what reflects at points (N, 3) mm."""
    pixels = raster.pixels(points)
    pixels = pixels[pixels >= 0]
    z = depth.ravel()[pixels].astype(np.float64)
    light = infrared.ravel()[pixels] * (z / 1000.0) ** 2
    return float(np.median(light[z > 0])) if (z > 0).any() else 0.0
