"""Pieces of the depth image that hang together and are as large as people: also lying, bowed, cut off.

Level surfaces, floors above all, are left out, so that what stands on them comes apart.
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit, types

from bodychan.model.arrays import F32, F64, I64
from bodychan.optics.compiled import INNER, KERNEL, fills, reads
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
    found = []
    for r, c in _pieces(depth, x, y, raster.focal, followed):
        z = depth[r, c].astype(np.float64)
        points = np.stack([x[c] * z, y[r] * z, z], axis=1)
        low, high = np.percentile(points, (3, 97), axis=0)
        size = float((high - low)[:2].max())
        if _EXTENT_MM[0] < size < _EXTENT_MM[1]:
            found.append(Shape(low, high, np.median(points, axis=0)))
    return sorted(found, key=lambda shape: float(shape.middle[2]))[:_MOST]


def _pieces(depth: F32, x: F32, y: F32, focal: float, followed: F64) -> list[tuple[I64, I64]]:
    """Give rows and columns of the cells of each piece that is large enough."""
    low, high = followed[:, :3] - followed[:, 3:], followed[:, :3] + followed[:, 3:]
    box = np.concatenate([low.min(axis=0, initial=np.inf), high.max(axis=0, initial=-np.inf)])
    taken, cells = np.zeros(depth.shape, np.bool_), np.empty(depth.size, np.int64)
    ends = np.zeros(depth.size + 1, np.int64)
    count = _gather(depth, x, y, np.ascontiguousarray(followed), box, taken, cells, ends)
    z2 = np.square(depth.ravel()[cells[: ends[count]]].astype(np.float64))
    areas = np.diff(np.concatenate([[0.0], np.cumsum(z2)])[ends[: count + 1]]) / focal**2
    large = np.flatnonzero(areas > _LEAST_AREA_MM2)
    return [np.divmod(cells[ends[i] : ends[i + 1]], depth.shape[1]) for i in large]


@njit(**INNER)
def _is_level(depth, x, y, r, c):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Say whether the surface about a cell is level: by the differences across two cells each way."""
    r0, r1, c0, c1 = max(r - 1, 0), min(r + 1, len(depth) - 1), max(c - 1, 0), min(c + 1, len(x) - 1)
    up, down, left, right = depth[r0, c], depth[r1, c], depth[r, c0], depth[r, c1]
    if up == 0 or down == 0 or left == 0 or right == 0:
        return False
    ax, ay, az = x[c1] * right - x[c0] * left, y[r] * (right - left), right - left
    bx, by, bz = x[c] * (down - up), y[r1] * down - y[r0] * up, down - up
    nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    return abs(ny) > _LEVEL * math.sqrt(nx * nx + ny * ny + nz * nz)


@njit(**INNER)
def _is_followed(x, y, z, followed, box):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Say whether a point is in one of the balls (N, 4), which are all in the box (low, then high)."""
    if x < box[0] or y < box[1] or z < box[2] or x > box[3] or y > box[4] or z > box[5]:
        return False
    for k in range(len(followed)):
        dx, dy, dz = x - followed[k, 0], y - followed[k, 1], z - followed[k, 2]
        if dx * dx + dy * dy + dz * dz < followed[k, 3] ** 2:
            return True
    return False


@njit(
    types.int64(
        *(reads(types.float32, 2), reads(types.float32, 1), reads(types.float32, 1)),
        *(reads(types.float64, 2), reads(types.float64, 1)),
        *(fills(types.bool_, 2), fills(types.int64, 1), fills(types.int64, 1)),
    ),
    **KERNEL,
)
def _gather(depth, x, y, followed, box, taken, cells, ends):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Fill `cells` with those of one piece after the other, by flat index, and where each of them `ends`.

    Returns how many there are. Nothing is `taken` before, and the first end is 0.
    """
    height, width, count, last = len(y), len(x), 0, 0
    for r in range(height):
        for c in range(width):
            z = depth[r, c]
            taken[r, c] = z == 0 or _is_level(depth, x, y, r, c)
            if not taken[r, c]:
                taken[r, c] = _is_followed(x[c] * z, y[r] * z, z, followed, box)
    for start in range(height * width):
        if taken[start // width, start % width]:
            continue
        taken[start // width, start % width] = True
        cells[last], first, last = start, last, last + 1
        while first < last:
            r, c = cells[first] // width, cells[first] % width
            first += 1
            for k in range(4):  # above, to the left, to the right, below
                v, u = r + (k == 3) - (k == 0), c + (k == 2) - (k == 1)
                if v < 0 or u < 0 or v >= height or u >= width or taken[v, u]:
                    continue
                if abs(depth[v, u] - depth[r, c]) <= _STEP_MM + _STEP_SHARE * depth[r, c]:
                    taken[v, u] = True
                    cells[last] = v * width + u
                    last += 1
        count += 1
        ends[count] = last
    return count
