"""What a person looks like, in a few numbers: colours of trunk and thighs, or how they reflect infrared."""

import numpy as np

from bodychan.model.arrays import F64
from bodychan.tracking.blazepose.landmarks import Landmark, Landmarks
from bodychan.tracking.blazepose.view import View

_INNER = np.linspace(0.25, 0.75, 7)
"""Places within a trunk, or along a thigh, at which the image is read: away from the edges."""
_NORMAL_MM = 2000.0
"""Infrared is made comparable as if everybody stood here."""


def look(seen: View, landmarks: Landmarks, depth_mm: float) -> F64:
    """Give the logarithms of the mean brightness of trunk and thighs, (2, 3): by red, green, blue.

    Args:
        seen: the image; an infrared one is tone-mapped, so that it falls off with the distance.
        landmarks: of the person in it.
        depth_mm: how far away the person is.
    """
    left, right = (
        landmarks.pixels[[Landmark[f"{name}_{side}"] for name in ("SHOULDER", "HIP", "KNEE")]]
        for side in ("LEFT", "RIGHT")
    )
    across = left[:2, None] + _INNER[None, :, None] * (right - left)[:2, None]
    trunk = across[0] + _INNER[:, None, None] * (across[1] - across[0])
    thighs = np.stack([side[1] + _INNER[:, None] * (side[2] - side[1]) for side in (left, right)])
    means = np.stack([_mean(seen, part.reshape(-1, 2)) for part in (trunk, thighs)])
    if seen.camera == "depth":
        means *= depth_mm / _NORMAL_MM
    return np.asarray(np.log(means + 1.0))


def _mean(seen: View, pixels: F64) -> F64:
    height, width = seen.image.shape[:2]
    u, v = np.rint(np.clip(pixels, 0, (width - 1, height - 1))).astype(np.int64).T
    return np.asarray(seen.image[v, u].mean(axis=0, dtype=np.float64))
