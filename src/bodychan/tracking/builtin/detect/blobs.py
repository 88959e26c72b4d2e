"""A second source of people: upright shapes in the depth image that stand free of what is behind them.

The detector misses people who are small, cut off or half hidden; the depth image shows them as something of
a person's width that ends on both sides and goes on upwards. Walls and floors are wider. Nothing is assumed
about the background, and what is proposed is no person yet: the landmark model decides.
"""

from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F64, U16
from bodychan.optics.lens import Lens

_STEPS = 80
"""Places across the image at which depth is read."""
_STEP_MM, _STEP_SHARE = 60.0, 0.03
"""Neighbouring places are one surface if their depths differ by no more than this and this share of it."""
_WIDTH_MM = (60.0, 800.0)
_LEAST_HEIGHT_MM = 450.0
_MIDDLE_WIDTH_MM = (110.0, 700.0)
"""Widths of one row of a person, height of what is seen, and width of the middle row."""
_LEAST_ROWS = 5
"""Rows that are too few for a person even at the end of the sensor's range."""
_SAME_BLOB_MM = 200.0
_LEAST_SHARED = 0.4
"""Rows belong together if their depths differ by less and they share so much of their width."""

_REACH_MM = 350.0
_STATURE_MM = (1400.0, 1900.0)
_HIPS_BELOW, _CIRCLE = 0.48, 0.55
"""From the top of the head to the hips, and from there to the circle around the person, in statures."""
_DEEP_MM = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """Something as wide as a person: `top` (3,) mm its highest place, `middle` (3,) mm, `height` mm.

    `up` (3,) is the direction, in the depth camera's frame, in which a person would stand.
    """

    top: F64
    middle: F64
    height: float
    up: F64

    def is_at(self, place: F64) -> bool:
        """Say whether a body whose trunk is at `place` (3,) mm may be this one."""
        return self.distance(place) < _REACH_MM

    def distance(self, place: F64) -> float:
        """Give how far a place (3,) is away in mm; height does not count."""
        off = self.middle - place
        return float(np.linalg.norm(off - (off @ self.up) * self.up))

    def hips_and_circle(self) -> F64:
        """Give where a person's hips would be, and the circle around the whole person, (2, 3) mm."""
        stature = min(max(self.height, _STATURE_MM[0]), _STATURE_MM[1])
        hips = self.top - _HIPS_BELOW * stature * self.up + np.array([0.0, 0.0, _DEEP_MM])
        return np.stack([hips, hips + _CIRCLE * stature * self.up])


@dataclass(frozen=True, slots=True)
class _Run:
    row: int
    first: int
    last: int
    depth: float
    width: float


def blobs(depth: U16, lens: Lens, turns: int = 0) -> list[Blob]:
    """Find the blobs of a depth image (H, W) mm, the nearest first.

    `turns` says by how many quarters, clockwise in the image, people's up is turned away from the image's.
    """
    step = max(depth.shape[1] // _STEPS, 1)
    part = (slice(step // 2, None, step), slice(step // 2, None, step))
    z = depth[part].astype(np.float64)
    points = np.concatenate([lens.ray_table[part] * z[..., None], z[..., None]], axis=2)
    # From here on as if the sensor stood upright: `upright` turns directions of the camera's frame so.
    c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[turns % 4]
    upright = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    points = np.rot90(points, turns) @ upright.T
    found = []
    for group in _grouped(_runs(points)):
        blob = _blob(group, points, upright)
        if blob is not None:
            found.append(blob)
    return sorted(found, key=lambda blob: float(blob.middle[2]))


def _runs(points: F64) -> list[_Run]:
    """Cut each row where the surface ends; keep the pieces of a person's width."""
    z = points[..., 2]
    border = np.ones((len(z), 1), dtype=bool)
    cut = np.abs(np.diff(z, axis=1)) > _STEP_MM + _STEP_SHARE * z[:, 1:]
    rows, firsts = np.nonzero(np.concatenate([border, cut], axis=1))
    _, lasts = np.nonzero(np.concatenate([cut, border], axis=1))
    widths = points[rows, lasts, 0] - points[rows, firsts, 0]
    fits = (z[rows, firsts] > 0) & (lasts > firsts) & (widths > _WIDTH_MM[0]) & (widths < _WIDTH_MM[1])
    # What is seen between two nearer things, or beside one at the image's edge, is background.
    beyond = np.pad(np.where(z > 0, z, np.inf), ((0, 0), (1, 1)))
    fits &= (beyond[rows, firsts] > z[rows, firsts]) | (beyond[rows, lasts + 2] > z[rows, lasts])
    rows, firsts, lasts = rows[fits], firsts[fits], lasts[fits]
    middles = z[rows, (firsts + lasts) // 2]
    columns = (rows, firsts, lasts, middles, widths[fits])
    return [_Run(*values) for values in zip(*(c.tolist() for c in columns), strict=True)]


def _grouped(runs: list[_Run]) -> list[list[_Run]]:
    """Put the pieces of neighbouring rows together that lie over each other."""
    groups: list[list[_Run]] = []
    open_groups: list[list[_Run]] = []
    for run in runs:
        open_groups = [g for g in open_groups if run.row - g[-1].row <= 2]
        for group in open_groups:
            last = group[-1]
            shared = min(run.last, last.last) - max(run.first, last.first) + 1
            shorter = min(run.last - run.first, last.last - last.first) + 1
            near = abs(run.depth - last.depth) < _SAME_BLOB_MM
            if last.row < run.row and near and shared >= _LEAST_SHARED * shorter:
                group.append(run)
                break
        else:
            groups.append([run])
            open_groups.append(groups[-1])
    return groups


def _blob(group: list[_Run], points: F64, upright: F64) -> Blob | None:
    if len(group) < _LEAST_ROWS:
        return None
    cells = np.array([(run.row, (run.first + run.last) // 2) for run in group])
    line = points[cells[:, 0], cells[:, 1]]
    line = line[line[:, 2] > 0]
    if not len(line):
        return None
    height = float(line[-1, 1] - line[0, 1])
    width = float(np.median([run.width for run in group]))
    if height < _LEAST_HEIGHT_MM or not _MIDDLE_WIDTH_MM[0] < width < _MIDDLE_WIDTH_MM[1]:
        return None
    return Blob(line[0] @ upright, np.median(line, axis=0) @ upright, height, -upright[1])
