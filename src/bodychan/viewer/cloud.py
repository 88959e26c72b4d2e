"""Point clouds small enough for a wire: a thinned depth image, and the ray of each of its pixels.

The rays are sent once. A depth image is thinned to about 40,000 pixels; each row is sent as differences from
pixel to pixel in millimetres, low bytes before high bytes, deflated: about one byte a point. Depth comes
back exactly, so that what is quantised is quantised by the camera.
"""

import math
import zlib

import numpy as np

from bodychan.model.arrays import F64, I16, U8, U16
from bodychan.optics.calibration import Calibration

MOST_POINTS = 40_000
RAY_SCALE = 8192
"""Rays are x/z and y/z times this, int16: up to ±4, in steps of 0.5 mm at 4 m."""


def stride(height: int, width: int) -> int:
    """Return the step from pixel to pixel that leaves about `MOST_POINTS`."""
    return max(1, round(math.sqrt(height * width / MOST_POINTS)))


def thinned(depth: U16) -> U16:
    """Leave every nth pixel of every nth row."""
    step = stride(*depth.shape)
    return depth[::step, ::step]


def rays(calibration: Calibration) -> I16:
    """Return x/z and y/z (N, 2), SDK axes, of each pixel of a thinned depth image; 0, 0 for no ray."""
    lens = calibration.lenses["depth"]
    step = stride(lens.height, lens.width)
    v, u = np.mgrid[0 : lens.height : step, 0 : lens.width : step].reshape(2, -1)
    pixels = np.stack([u, v], axis=1).astype(np.float64)
    points, valid = calibration.unproject(
        pixels, np.full(len(pixels), 1000.0), camera="depth", target="depth"
    )
    scaled = np.where(valid[:, None], points[:, :2] / 1000.0 * RAY_SCALE, 0.0)
    rounded: I16 = np.clip(np.rint(np.nan_to_num(scaled)), -32768, 32767).astype(np.int16)
    return rounded


def deflated(depth: U16) -> bytes:
    """Write a thinned depth image; `inflated` is its inverse."""
    differences = np.diff(depth, axis=1, prepend=np.uint16(0)).astype("<u2")
    planes = np.ascontiguousarray(differences).view(np.uint8).reshape(-1, 2).T
    return zlib.compress(np.ascontiguousarray(planes).tobytes(), 1)


def inflated(data: bytes, height: int, width: int) -> U16:
    """Read what `deflated` wrote."""
    planes: U8 = np.frombuffer(zlib.decompress(data), np.uint8).reshape(2, -1)
    differences = np.ascontiguousarray(planes.T).view("<u2").reshape(height, width)
    return np.cumsum(differences, axis=1, dtype=np.uint16)


def floor_height(depth: U16, scaled_rays: I16, up: F64) -> float | None:
    """Return how high the lowest surface lies along `up` (channel axes of the camera), metres.

    It is the height that 2 % of the points lie below; None where there are hardly any points.
    """
    metres = depth.ravel() / 1000.0
    seen = metres > 0
    if np.count_nonzero(seen) < 100:
        return None
    x, y = (scaled_rays[seen] / RAY_SCALE * metres[seen, None]).T
    heights = -x * up[0] - y * up[1] + metres[seen] * up[2]
    return float(np.quantile(heights, 0.02))
