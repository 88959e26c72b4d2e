"""Square crops of a capture as the joint network takes them; `training.samples` makes the same ones."""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit, types

from bodychan.model.arrays import F32, F64, I64, U16, frozen
from bodychan.optics.compiled import KERNEL, fills, reads
from bodychan.tracking.builtin.observe.upright import Raster

SIZE = 128
CHANNELS = 4
MARGIN = 1.28
"""Side of a crop over the longer side of the box about the joints in view, as in training."""
_LEAST_SIDE = 0.06
"""Tangent; a person at 8 m is three times as wide."""
_DEPTH_MM = 1000.0
"""Depth is given up to so much before and behind the crop's."""
_SIDE_MM = 2000.0
_NEAR = np.float32(0.6)
"""Infrared is relative to the median over what is so near to the crop's depth, in units of `_DEPTH_MM`."""
_LEAST_NEAR = 50
_SURFACE_MM = 250.0
_UNDER_SKIN_MM = 70.0
"""The surface of a person lies so much nearer than the middle of their joints, and half of it within so much
of that; a neighbour a step behind does not."""

_OFFSETS: F64 = frozen((np.arange(SIZE) + 0.5) / SIZE - 0.5)
_NO_INFRARED: U16 = frozen(np.zeros(0, np.uint16))


@dataclass(frozen=True, slots=True)
class Square:
    """What is cut out: middle and side in tangents, and the depth in mm that counts as its own."""

    x: float
    y: float
    side: float
    depth_mm: float

    @property
    def side_mm(self) -> float:
        """Side of the square at its depth."""
        return self.side * self.depth_mm


def around(points: F64, raster: Raster) -> tuple[float, float, float]:
    """Give middle and side of the square about points (N, 3) mm that are in the image of a raster."""
    tangents = points[:, :2] / np.maximum(points[:, 2:], 1.0)
    rows, columns = raster.source.shape
    low = np.array([raster.left, raster.top])
    high = low + np.array([columns, rows]) / raster.focal
    first, last = np.clip(tangents.min(axis=0), low, high), np.clip(tangents.max(axis=0), low, high)
    side = max(float((last - first).max()) * MARGIN, _LEAST_SIDE)
    x, y = (first + last) / 2
    return float(x), float(y), side


def cut(depth: U16, infrared: U16 | None, raster: Raster, square: Square) -> F32:
    """Give a crop (4, S, S): depth, whether there is any, the crop's size, infrared (0 without)."""
    out, near = np.empty((CHANNELS, SIZE, SIZE), np.float32), np.empty(SIZE * SIZE, np.float32)
    reflected = _NO_INFRARED if infrared is None else infrared.ravel()
    cells = _cells(raster, square.x, square.y, square.side)
    out[2] = square.side * square.depth_mm / _SIDE_MM - 1.0
    count = _cut(depth.ravel(), reflected, raster.source, cells, square.depth_mm, out, near)
    if infrared is not None:
        _relate(out, near[:count])
    return out


def _relate(crop: F32, near: F32) -> None:
    """Make infrared relative to the median over what is `near` the crop's depth, in hundredths of it."""
    usual = _median(near) if len(near) >= _LEAST_NEAR else 0.0
    if usual <= 0:
        crop[3] = 0.0
        return
    light = crop[3]
    light *= 100.0 / usual
    np.floor(light, out=light)
    np.minimum(light, 254.0, out=light)
    light /= 100.0
    light -= 1.0
    np.copyto(light, 0.0, where=crop[1] == 0)


def _median(values: F32) -> float:
    """Do what `np.median` does, in half the time, for at least two values."""
    middle = len(values) // 2
    below, above = np.partition(values, (middle - 1, middle))[middle - 1 : middle + 1]
    return float(above if len(values) % 2 else (below + above) / np.float32(2.0))


def surface_mm(depth: U16, raster: Raster, place: tuple[float, float, float], expected_mm: float) -> float:
    """Give the median depth in a square of what is near the expected depth; that itself if too little is."""
    first = math.floor(expected_mm - _SURFACE_MM)
    counts = np.zeros(2 * int(_SURFACE_MM) + 2, np.int64)
    _count(depth.ravel(), raster.source, _cells(raster, *place), expected_mm, first, counts)
    total = np.cumsum(counts)
    if total[-1] <= _LEAST_NEAR:
        return expected_mm
    below, above = np.searchsorted(total, ((total[-1] + 1) // 2, total[-1] // 2 + 1))
    return float(first + (below + above) / 2)


def square_about(points: F64, depth: U16, raster: Raster) -> Square:
    """Give the square about the joints (N, 3) mm of somebody, at the depth of their surface."""
    place = around(points, raster)
    expected = float(np.median(points[:, 2])) - _UNDER_SKIN_MM
    return Square(*place, surface_mm(depth, raster, place, max(expected, 200.0)))


def _cells(raster: Raster, x: float, y: float, side: float) -> I64:
    """Give the columns and rows (2, S) of a raster that a square's show; -1 = outside."""
    tangents = np.array([[x], [y]]) + _OFFSETS * side
    cells = np.floor((tangents - [[raster.left], [raster.top]]) * raster.focal).astype(np.int64)
    rows, columns = raster.source.shape
    cells[(cells < 0) | (cells >= [[columns], [rows]])] = -1
    return cells


_DEPTH, _SOURCE, _CELLS = reads(types.uint16, 1), reads(types.int32, 2), reads(types.int64, 2)


@njit(
    types.void(_DEPTH, _SOURCE, _CELLS, types.float64, types.int64, fills(types.int64, 1)),
    **KERNEL,
)
def _count(depth, source, cells, expected, first, counts):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Count each depth, from the `first`, of what is near the expected one."""
    for row in cells[1]:
        for column in cells[0]:
            pixel = source[row, column] if row >= 0 and column >= 0 else -1
            z = depth[pixel] if pixel >= 0 else 0
            if z > 0 and abs(z - expected) < _SURFACE_MM:
                counts[z - first] += 1


@njit(
    types.int64(
        *(_DEPTH, _DEPTH, _SOURCE, _CELLS, types.float64), fills(types.float32, 3), fills(types.float32, 1)
    ),
    **KERNEL,
)
def _cut(depth, infrared, source, cells, middle, out, near):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Fill depth and the light that is reflected; give how much of the light is `near` the square's depth."""
    count = 0
    for v in range(SIZE):
        for u in range(SIZE):
            row, column = cells[1, v], cells[0, u]
            pixel = source[row, column] if row >= 0 and column >= 0 else -1
            z = float(depth[pixel]) if pixel >= 0 else 0.0
            out[0, v, u] = min(max((z - middle) / _DEPTH_MM, -1.0), 1.0) if z > 0 else 0.0
            out[1, v, u] = 1.0 if z > 0 else 0.0
            out[3, v, u] = math.sqrt(float(infrared[pixel])) * z if z > 0 and len(infrared) > 0 else 0.0
            if z > 0 and abs(out[0, v, u]) < _NEAR:
                near[count] = out[3, v, u]
                count += 1
    return count
