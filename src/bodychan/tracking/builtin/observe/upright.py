"""One capture as if the sensor stood upright behind a plain lens: what the networks and searches look at.

Places in the image are tangents (x/z, y/z) in the upright camera's frame, which is the depth camera's turned
about its axis by quarters. So no distortion, mode or mounting concerns anything that comes after.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from bodychan.errors import ParameterError, did_you_mean
from bodychan.model.arrays import F64, I32, I64, U16, frozen
from bodychan.optics.calibration import Calibration
from bodychan.optics.lens import Lens

QUARTER_TURNS = {"default": 0, "cw90": -1, "ccw90": 1, "flipped": 2}
"""How far, clockwise in the image, people's up is from the image's up when the sensor is mounted so. A sensor
turned clockwise, as seen from behind it, sees people's heads on its left."""
_WIDEST = 1.8
"""Tangent beyond which nothing is looked at: 61° off the axis, more than the widest mode sees well."""
_COARSE_FOCAL = 126.0
"""Pixels per tangent in which people are searched: a quarter of the narrow mode's; a head at 4 m is 6."""

_ROWS = 64
"""Rows of a raster that are made at a time."""
_Tangents = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Which pixel of the camera's image each cell of an upright image shows.

    `source` (H, W) is the flat index of the pixel, -1 = none. Cell (row, column) has the tangents
    `left + (column + 0.5) / focal` and `top + (row + 0.5) / focal`.
    """

    source: I32
    focal: float
    left: float
    top: float

    @property
    def corners(self) -> tuple[_Tangents, _Tangents]:
        """The least and the greatest tangents that it shows."""
        rows, columns = self.source.shape
        return (self.left, self.top), (self.left + columns / self.focal, self.top + rows / self.focal)

    def pixels(self, points: F64) -> I64:
        """Give the flat index of the pixel that shows each point (N, 3) of the upright frame, -1 = none."""
        tangents = points[:, :2] / np.maximum(points[:, 2:], 1.0)
        cells = np.floor((tangents - (self.left, self.top)) * self.focal).astype(np.int64)
        rows, columns = self.source.shape
        inside = ((cells >= 0) & (cells < (columns, rows))).all(axis=1)
        found = np.full(len(points), -1)
        found[inside] = self.source[cells[inside, 1], cells[inside, 0]]
        return found

    def surface(self, points: F64, depth: U16) -> U16:
        """Give the depth (N,) mm that an image (H, W) shows at points (N, 3), 0 where it shows none."""
        pixels = self.pixels(points)
        return np.where(pixels >= 0, depth.ravel()[np.maximum(pixels, 0)], np.uint16(0))


def _trimmed(raster: Raster) -> Raster:
    """Give a raster without the rows and columns at its rim that show nothing."""
    rows, columns = (np.flatnonzero((raster.source >= 0).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return replace(raster, source=raster.source[:1, :1])
    (top, bottom), (left, right) = rows[[0, -1]].tolist(), columns[[0, -1]].tolist()
    source = frozen(raster.source[top : bottom + 1, left : right + 1].copy())
    return Raster(source, raster.focal, raster.left + left / raster.focal, raster.top + top / raster.focal)


class Upright:
    """The upright camera of a calibration.

    `turn` (3, 3) turns points of the depth camera's frame into its frame; `fine` has the sensor's resolution,
    `coarse` that of the search.

    Raises:
        ParameterError: there is no such orientation.
    """

    def __init__(self, calibration: Calibration, orientation: str = "default") -> None:
        if orientation not in QUARTER_TURNS:
            raise ParameterError(
                f"no sensor orientation '{orientation}': {did_you_mean(orientation, QUARTER_TURNS)}"
            )
        c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[QUARTER_TURNS[orientation] % 4]
        self.turn: F64 = frozen(np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]]))
        lens = calibration.lenses["depth"]
        everything = self._raster(lens, (-_WIDEST, -_WIDEST), (_WIDEST, _WIDEST), _COARSE_FOCAL)
        self.fine = _trimmed(self._raster(lens, *_trimmed(everything).corners, lens.fx))
        self.coarse = self._raster(lens, *self.fine.corners, _COARSE_FOCAL)

    def _raster(self, lens: Lens, low: _Tangents, high: _Tangents, focal: float) -> Raster:
        """Give the raster from one corner to the other; a few rows at a time, which takes little memory."""
        columns, rows = (max(math.ceil((high[axis] - low[axis]) * focal), 1) for axis in (0, 1))
        source = np.empty((rows, columns), np.int32)
        rays = np.ones((_ROWS, columns, 3))
        x = low[0] + (np.arange(columns) + 0.5) / focal
        for first in range(0, rows, _ROWS):
            y = low[1] + (np.arange(first, min(first + _ROWS, rows)) + 0.5) / focal
            some = rays[: len(y)]
            for axis in (0, 1):
                some[:, :, axis] = x * self.turn[0, axis] + y[:, None] * self.turn[1, axis]
            pixels, valid = lens.project(some.reshape(-1, 3))
            u, v = np.rint(pixels.T).astype(np.int32)
            valid &= (u >= 0) & (u < lens.width) & (v >= 0) & (v < lens.height)
            source[first : first + len(y)] = np.where(valid, v * lens.width + u, -1).reshape(len(y), columns)
        return Raster(frozen(source), focal, *low)

    def to_camera(self, points: F64) -> F64:
        """Turn points or directions (..., 3) of the upright camera into the depth camera's frame."""
        return np.asarray(points @ self.turn)
