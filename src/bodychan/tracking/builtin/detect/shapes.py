"""Pieces of the depth image that hang together and are as large as people: also lying, bowed, cut off.

Level surfaces, floors above all, are left out, so that what stands on them comes apart.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from bodychan.model.arrays import F32, F64
from bodychan.tracking.builtin.observe.upright import Raster

_STEP_MM, _STEP_SHARE = 50.0, 0.03
"""Neighbouring cells are one surface if their depths differ by no more than this and this share of it."""
_LEVEL = 0.8
"""Cosine between a level surface's normal and the image's vertical, at most tilts of a camera."""
_LEAST_AREA_MM2, _EXTENT_MM = 0.05e6, (300.0, 2400.0)
_MOST = 6


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """`low` and `high` (3,) mm are the corners of what it fills, `middle` (3,) mm is on its surface."""

    low: F64
    high: F64
    middle: F64


def shapes(depth: F32, raster: Raster, followed: F64) -> list[Shape]:
    """Give the shapes of a coarse depth image, the nearest first; balls `followed` (N, 4) mm are left out."""
    columns, rows = np.arange(depth.shape[1]), np.arange(depth.shape[0])
    x = (raster.left + (columns + 0.5) / raster.focal).astype(np.float32)
    y = (raster.top + (rows + 0.5) / raster.focal).astype(np.float32)
    labels = np.zeros(depth.shape, np.int32)
    count = _label(depth, x, y, np.ascontiguousarray(followed), labels)
    found = []
    flat, z2 = labels.ravel() + 1, np.square(depth.ravel().astype(np.float64))
    areas = np.bincount(flat, z2, minlength=count + 2)[2:] / raster.focal**2
    for label in 1 + np.flatnonzero(areas > _LEAST_AREA_MM2):
        r, c = np.nonzero(labels == label)
        z = depth[r, c].astype(np.float64)
        points = np.stack([x[c] * z, y[r] * z, z], axis=1)
        low, high = np.percentile(points, (3, 97), axis=0)
        size = float((high - low)[:2].max())
        if _EXTENT_MM[0] < size < _EXTENT_MM[1]:
            found.append(Shape(low, high, np.median(points, axis=0)))
    return sorted(found, key=lambda shape: float(shape.middle[2]))[:_MOST]


@njit(cache=True, nogil=True)
def _is_level(depth, x, y, r, c):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Say whether the surface about a cell is level: by the differences across two cells each way."""
    r0, r1, c0, c1 = max(r - 1, 0), min(r + 1, len(depth) - 1), max(c - 1, 0), min(c + 1, len(x) - 1)
    up, down, left, right = depth[r0, c], depth[r1, c], depth[r, c0], depth[r, c1]
    if up == 0 or down == 0 or left == 0 or right == 0:
        return False
    ax, ay, az = x[c1] * right - x[c0] * left, y[r] * (right - left), right - left
    bx, by, bz = x[c] * (down - up), y[r1] * down - y[r0] * up, down - up
    nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    return abs(ny) > _LEVEL * np.sqrt(nx * nx + ny * ny + nz * nz)


@njit(cache=True, nogil=True)
def _label(depth, x, y, followed, labels):  # type: ignore[no-untyped-def]  # pragma: no cover
    height, width = depth.shape
    queue, count = np.empty(height * width, np.int64), 0
    for r in range(height):
        for c in range(width):
            z = depth[r, c]
            out = z == 0 or _is_level(depth, x, y, r, c)
            for k in range(len(followed)):
                dx, dy, dz = x[c] * z - followed[k, 0], y[r] * z - followed[k, 1], z - followed[k, 2]
                out = out or dx * dx + dy * dy + dz * dz < followed[k, 3] ** 2
            labels[r, c] = -1 if out else 0
    for start in range(height * width):
        if labels[start // width, start % width] != 0:
            continue
        count += 1
        labels[start // width, start % width] = count
        queue[0], first, last = start, 0, 1
        while first < last:
            r, c = queue[first] // width, queue[first] % width
            first += 1
            for v, u in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
                if not (0 <= v < height and 0 <= u < width) or labels[v, u] != 0:
                    continue
                if abs(depth[v, u] - depth[r, c]) <= _STEP_MM + _STEP_SHARE * depth[r, c]:
                    labels[v, u] = count
                    queue[last] = v * width + u
                    last += 1
    return count
