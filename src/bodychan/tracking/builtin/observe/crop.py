"""Square crops of a capture as the joint network takes them; `training.samples` makes the same ones."""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from bodychan.model.arrays import F32, F64, U16
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
_NEAR_MM = 600.0
"""Infrared is relative to the median over what is so near to the crop's depth."""
_LEAST_NEAR = 50
_SURFACE_MM = 400.0
_UNDER_SKIN_MM = 70.0
"""The surface of a person lies so much nearer than the middle of their joints, and within so much of that."""


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
    out = np.empty((CHANNELS, SIZE, SIZE), np.float32)
    reflected = np.zeros((0, 0), np.uint16) if infrared is None else infrared
    place = (square.x, square.y, square.side, square.depth_mm)
    _cut(depth.ravel(), reflected.ravel(), raster.source, raster.focal, raster.left, raster.top, place, out)
    if infrared is not None:
        _relate(out)
    return out


def _relate(crop: F32) -> None:
    """Make infrared relative to the median over what is near the crop's depth, in hundredths of it."""
    near = crop[3][(crop[1] > 0) & (np.abs(crop[0]) < _NEAR_MM / _DEPTH_MM)]
    usual = float(np.median(near)) if len(near) >= _LEAST_NEAR else 0.0
    if usual <= 0:
        crop[3] = 0.0
        return
    related = np.minimum(np.floor(crop[3] * (100.0 / usual)), 254.0) / 100.0 - 1.0
    crop[3] = np.where(crop[1] > 0, related, 0.0)


def surface_mm(depth: U16, raster: Raster, place: tuple[float, float, float], expected_mm: float) -> float:
    """Give the median depth in a square of what is near the expected depth; that itself if too little is."""
    found = _near(depth.ravel(), raster.source, raster.focal, raster.left, raster.top, place, expected_mm)
    return float(np.median(found)) if len(found) > _LEAST_NEAR else expected_mm


def square_about(points: F64, depth: U16, raster: Raster) -> Square:
    """Give the square about the joints (N, 3) mm of somebody, at the depth of their surface."""
    place = around(points, raster)
    expected = float(np.median(points[:, 2])) - _UNDER_SKIN_MM
    return Square(*place, surface_mm(depth, raster, place, max(expected, 200.0)))


@njit(cache=True, nogil=True)
def _pixel(source, focal, left, top, x, y):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Give the flat index of the pixel that shows a tangent, -1 = none."""
    column, row = math.floor((x - left) * focal), math.floor((y - top) * focal)
    if 0 <= row < source.shape[0] and 0 <= column < source.shape[1]:
        return source[row, column]
    return -1


@njit(cache=True, nogil=True)
def _near(depth, source, focal, left, top, place, expected):  # type: ignore[no-untyped-def]  # pragma: no cover
    x0, y0, side = place
    found, count = np.empty(SIZE * SIZE), 0
    for v in range(SIZE):
        for u in range(SIZE):
            x, y = x0 + ((u + 0.5) / SIZE - 0.5) * side, y0 + ((v + 0.5) / SIZE - 0.5) * side
            pixel = _pixel(source, focal, left, top, x, y)
            if pixel >= 0 and depth[pixel] > 0 and abs(depth[pixel] - expected) < _SURFACE_MM:
                found[count] = depth[pixel]
                count += 1
    return found[:count]


@njit(cache=True, nogil=True)
def _cut(depth, infrared, source, focal, left, top, place, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    x0, y0, side, middle = place
    for v in range(SIZE):
        for u in range(SIZE):
            x, y = x0 + ((u + 0.5) / SIZE - 0.5) * side, y0 + ((v + 0.5) / SIZE - 0.5) * side
            pixel = _pixel(source, focal, left, top, x, y)
            z = float(depth[pixel]) if pixel >= 0 else 0.0
            out[0, v, u] = min(max((z - middle) / _DEPTH_MM, -1.0), 1.0) if z > 0 else 0.0
            out[1, v, u] = 1.0 if z > 0 else 0.0
            out[2, v, u] = side * middle / _SIDE_MM - 1.0
            out[3, v, u] = math.sqrt(float(infrared[pixel])) * z if z > 0 and len(infrared) else 0.0
