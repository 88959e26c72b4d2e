"""Where heads may be in a depth image: something as wide as a head with nothing beside and above it.

In a group bodies touch, but heads stand apart. What is found is no person yet: the joint network decides.
"""

import math

import numpy as np
from numba import njit, types

from bodychan.model.arrays import F32, F64, U16, frozen
from bodychan.optics.compiled import INNER, KERNEL, fills, reads
from bodychan.tracking.builtin.observe.upright import Raster

_RANGE_MM = (350.0, 6500.0)
_INNER_MM, _OUTER_MM = 60.0, 200.0
"""Radii: within the first there is head all over, at the second, in the upper half, nothing."""
_FLAT_MM = 130.0
"""A head is no deeper than this between its middle and its rim."""
_CLEAR_MM = 180.0
"""What is so much farther away than the head is not its own."""
_LEAST_INNER, _LEAST_CLEAR = 7, 9
"""Of eight places within the head and eleven around it."""
_FAR_MM = 10_000.0
_ONE_HEAD_MM = 220.0
_MOST = 12
_LEAST_PIXELS = 1.2
"""Heads whose radius is smaller in the coarse image are not looked for."""


def coarse_depth(depth: U16, raster: Raster) -> F32:
    """Give the depth image (H, W) as the coarse raster shows it, 0 = none."""
    found = depth.ravel().take(raster.source, mode="clip").astype(np.float32)
    found[raster.source < 0] = 0.0
    return found


def heads(depth: F32, raster: Raster) -> F64:
    """Give the middles (N, 3) mm of what may be heads, in the upright camera's frame, the clearest first."""
    scores = np.zeros(depth.shape, np.float32)
    _score(depth, raster.focal, _AROUND, _WITHIN, scores)
    rows, columns = np.nonzero(scores)
    if not len(rows):
        return np.zeros((0, 3))
    z = depth[rows, columns].astype(np.float64)
    x = (raster.left + (columns + 0.5) / raster.focal) * z
    y = (raster.top + (rows + 0.5) / raster.focal) * z
    # Of heads that are as clear the nearest comes first.
    points, left = np.stack([x, y, z], axis=1), scores[rows, columns] - z / _FAR_MM
    found: list[F64] = []
    while len(found) < _MOST and left.max() > 0:
        near = np.linalg.norm(points - points[int(left.argmax())], axis=1) < _ONE_HEAD_MM
        found.append(points[near & (left > 0)].mean(axis=0))
        left[near] = -1.0
    return np.array(found)


def _directions(angles: list[float]) -> F64:
    """Give what to take from row and column (N, 2) to go in directions, per step."""
    return frozen(np.array([[math.sin(angle), math.cos(angle)] for angle in angles]))


# From a little below the left to a little below the right; what is nearest to the top, where most things that
# are no heads go on, comes first.
_AROUND = _directions(sorted((math.pi * (k - 0.5) / 9.0 for k in range(11)), key=lambda a: -math.sin(a)))
_WITHIN = _directions([math.pi * k / 4 for k in range(8)])


@njit(**INNER)
def _at(depth, row, column, direction, reach):  # type: ignore[no-untyped-def]  # pragma: no cover
    r, c = int(np.rint(row - reach * direction[0])), int(np.rint(column - reach * direction[1]))
    if 0 <= r < depth.shape[0] and 0 <= c < depth.shape[1]:
        return depth[r, c]
    return np.float32(0.0)


@njit(
    types.void(
        *(reads(types.float32, 2), types.float64, reads(types.float64, 2), reads(types.float64, 2)),
        fills(types.float32, 2),
    ),
    **KERNEL,
)
def _score(depth, focal, around, within, scores):  # type: ignore[no-untyped-def]  # pragma: no cover
    for row in range(depth.shape[0]):
        for column in range(depth.shape[1]):
            z = depth[row, column]
            if z < _RANGE_MM[0] or z > _RANGE_MM[1] or _INNER_MM * focal / z < _LEAST_PIXELS * 0.5:
                continue
            inner, outer, clear, filled = _INNER_MM * focal / z, _OUTER_MM * focal / z, 0, 0
            for k in range(len(around)):
                there = _at(depth, row, column, around[k], outer)
                clear += there == 0.0 or there > z + _CLEAR_MM
                if k - clear >= len(around) - _LEAST_CLEAR:
                    break
            if clear < _LEAST_CLEAR:
                continue
            for k in range(len(within)):
                there = _at(depth, row, column, within[k], inner)
                filled += there > 0 and abs(there - z) < _FLAT_MM
                if k - filled >= len(within) - _LEAST_INNER:
                    break
            if filled >= _LEAST_INNER:
                scores[row, column] = clear + filled
