"""One capture as if the sensor stood upright behind a plain lens: what the networks and searches look at.

Places in the image are tangents (x/z, y/z) in the upright camera's frame, which is the depth camera's turned
about its axis by quarters. So no distortion, mode or mounting concerns anything that comes after.
"""

from dataclasses import dataclass

import numpy as np

from bodychan.errors import ParameterError, did_you_mean
from bodychan.model.arrays import F64, I32, I64, frozen
from bodychan.optics.calibration import Calibration
from bodychan.optics.lens import Lens

QUARTER_TURNS = {"default": 0, "cw90": -1, "ccw90": 1, "flipped": 2}
"""How far, clockwise in the image, people's up is from the image's up when the sensor is mounted so. A sensor
turned clockwise, as seen from behind it, sees people's heads on its left."""
_WIDEST = 1.8
"""Tangent beyond which nothing is looked at: 61° off the axis, more than the widest mode sees well."""
_COARSE_FOCAL = 126.0
"""Pixels per tangent in which people are searched: a quarter of the narrow mode's; a head at 4 m is 6."""


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

    def pixels(self, points: F64) -> I64:
        """Give the flat index of the pixel that shows each point (N, 3) of the upright frame, -1 = none."""
        tangents = points[:, :2] / np.maximum(points[:, 2:], 1.0)
        cells = np.floor((tangents - (self.left, self.top)) * self.focal).astype(np.int64)
        rows, columns = self.source.shape
        inside = ((cells >= 0) & (cells < (columns, rows))).all(axis=1)
        found = np.full(len(points), -1)
        found[inside] = self.source[cells[inside, 1], cells[inside, 0]]
        return found


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
        corners = self._corners(lens)
        self.fine = self._raster(lens, corners, lens.fx)
        self.coarse = self._raster(lens, corners, _COARSE_FOCAL)

    def _corners(self, lens: Lens) -> F64:
        """Give the least and greatest tangents (2, 2) that the lens sees, within limits."""
        rays = lens.ray_table.reshape(-1, 2) @ self.turn[:2, :2].T
        rays = rays[np.isfinite(rays).all(axis=1)]
        if not len(rays):
            return np.zeros((2, 2))
        return np.asarray(np.clip([rays.min(axis=0), rays.max(axis=0)], -_WIDEST, _WIDEST))

    def _raster(self, lens: Lens, corners: F64, focal: float) -> Raster:
        columns, rows = np.maximum(np.ceil((corners[1] - corners[0]) * focal), 1).astype(int)
        u, v = np.meshgrid((np.arange(columns) + 0.5) / focal, (np.arange(rows) + 0.5) / focal)
        tangents = np.stack([u.ravel(), v.ravel()], axis=1) + corners[0]
        rays = np.concatenate([tangents @ self.turn[:2, :2], np.ones((len(tangents), 1))], axis=1)
        pixels, valid = lens.project(rays)
        nearest = np.rint(pixels).astype(np.int64)
        valid &= ((nearest >= 0) & (nearest < (lens.width, lens.height))).all(axis=1)
        source = np.where(valid, nearest[:, 1] * lens.width + nearest[:, 0], -1)
        left, top = corners[0]
        return Raster(frozen(source.reshape(rows, columns).astype(np.int32)), focal, float(left), float(top))

    def to_camera(self, points: F64) -> F64:
        """Turn points or directions (..., 3) of the upright camera into the depth camera's frame."""
        return np.asarray(points @ self.turn)
