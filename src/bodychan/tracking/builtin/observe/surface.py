"""Reading a person's own depth: which places of an image are the person's, and how far away they are.

Compiled, since thousands of places are read in each capture; what each kernel does in numpy stands beside it.
"""

import math
from dataclasses import dataclass

import numba
import numpy as np
from numba import types

from bodychan.model.arrays import F64, I64, U16, Bool
from bodychan.optics.compiled import fills, reads
from bodychan.tracking.blazepose.landmarks import INPUT_SIZE, Landmarks


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Squares of the depth image, one around each of a person's N landmarks, and what to look for in them.

    `places` (N, 2) are their middles in the depth image and `pixels` (N, 2) in the image that the person's
    mask belongs to, of which a pixel of the depth image is `scale` pixels. `radii` (N,) pixels of the depth
    image is half a side; `across` places are read on a side. Depths count that are no farther than
    `reach_mm` from `middle_mm`. `shares` (N,) says which part of them, from the nearest, marks the surface,
    and it is all that lies within `thick_mm` of that mark.
    """

    places: F64
    pixels: F64
    scale: float
    radii: F64
    across: int
    shares: F64
    middle_mm: float
    reach_mm: float
    thick_mm: float


def in_mask(landmarks: Landmarks, pixels: F64) -> Bool:
    """Say which pixels (N, 2) of its image a person's mask covers."""
    covered = np.empty(len(pixels), np.bool_)
    mask = np.ascontiguousarray(landmarks.mask)
    _in_mask_kernel(np.ascontiguousarray(pixels), _turn(landmarks), mask, covered)
    return covered


def surfaces(landmarks: Landmarks, windows: Windows, depth: U16) -> tuple[F64, I64]:
    """Read the surface in each window.

    Args:
        landmarks: of the person; only their mask counts.
        windows: where to read.
        depth: (H, W) mm.

    Returns:
        The mean depth of each surface (N,) mm, and how many depths of the person its window holds (N,);
        the first is 0 where the second is.
    """
    w = windows
    depths, counts = np.zeros(len(w.places)), np.zeros(len(w.places), np.int64)
    _surfaces_kernel(
        np.ascontiguousarray(w.places),
        np.ascontiguousarray(w.pixels),
        np.ascontiguousarray(w.radii),
        np.ascontiguousarray(w.shares),
        np.linspace(-1.0, 1.0, w.across),
        w.scale,
        np.array([w.middle_mm, w.reach_mm, w.thick_mm]),
        np.ascontiguousarray(depth),
        _turn(landmarks),
        np.ascontiguousarray(landmarks.mask),
        depths,
        counts,
    )
    return depths, counts


def _turn(landmarks: Landmarks) -> F64:
    """Give the middle (x, y) of a region, and cosine and sine of its turn over its side, (4,)."""
    region = landmarks.region
    c, s = math.cos(region.angle) / region.size, math.sin(region.angle) / region.size
    return np.array([region.x, region.y, c, s])


@numba.njit(cache=True, nogil=True)
def _covers(mask, turn, u, v):  # type: ignore[no-untyped-def]
    """Say whether a mask that is above 0 where the person is, turned like its region, covers a pixel."""
    x, y, c, s = turn[0], turn[1], turn[2], turn[3]
    column = math.floor(((u - x) * c + (v - y) * s + 0.5) * mask.shape[1])
    row = math.floor(((v - y) * c - (u - x) * s + 0.5) * mask.shape[0])
    inside = 0 <= column < mask.shape[1] and 0 <= row < mask.shape[0]
    return inside and mask[row, column] > 0


@numba.njit(
    types.void(
        reads(types.float64, 2), reads(types.float64, 1), reads(types.float32, 2), fills(types.boolean, 1)
    ),
    cache=True,
    nogil=True,
)
def _in_mask_kernel(pixels, turn, mask, covered):  # type: ignore[no-untyped-def]
    for i in range(len(pixels)):
        covered[i] = _covers(mask, turn, pixels[i, 0], pixels[i, 1])


def in_mask_in_numpy(landmarks: Landmarks, pixels: F64) -> Bool:
    """Do what `in_mask` does in plain numpy, for pixels (..., 2)."""
    cells = np.floor(landmarks.region.to_fractions(pixels) * INPUT_SIZE).astype(np.int64)
    inside = ((cells >= 0) & (cells < INPUT_SIZE)).all(axis=-1)
    cells = np.clip(cells, 0, INPUT_SIZE - 1)
    return np.asarray(inside & (landmarks.mask[cells[..., 1], cells[..., 0]] > 0))


@numba.njit(
    types.void(
        *(*(reads(types.float64, 2),) * 2, *(reads(types.float64, 1),) * 3),
        *(types.float64, reads(types.float64, 1)),
        *(reads(types.uint16, 2), reads(types.float64, 1), reads(types.float32, 2)),
        *(fills(types.float64, 1), fills(types.int64, 1)),
    ),
    cache=True,
    nogil=True,
)
def _surfaces_kernel(  # type: ignore[no-untyped-def]
    places, pixels, radii, shares, steps, scale, limits, depth, turn, mask, out_depths, out_counts
):
    middle, reach, thick = limits[0], limits[1], limits[2]
    held = np.empty(len(steps) ** 2)
    for i in range(len(places)):
        count = 0
        for down in steps:
            v, dv = np.rint(places[i, 1] + radii[i] * down), radii[i] * down * scale
            if not 0 <= v < depth.shape[0]:
                continue
            for right in steps:
                u, du = np.rint(places[i, 0] + radii[i] * right), radii[i] * right * scale
                if not 0 <= u < depth.shape[1]:
                    continue
                z = float(depth[int(v), int(u)])
                near = z > 0 and abs(z - middle) <= reach
                if near and _covers(mask, turn, pixels[i, 0] + du, pixels[i, 1] + dv):
                    at = count  # sorted in as they come: the nearest first
                    while at > 0 and held[at - 1] > z:
                        held[at] = held[at - 1]
                        at -= 1
                    held[at] = z
                    count += 1
        out_counts[i] = count
        if count == 0:
            continue
        mark = held[int(shares[i] * (count - 1))]
        total, within = 0.0, 0
        for k in range(count):
            if abs(held[k] - mark) < thick:
                total += held[k]
                within += 1
        out_depths[i] = total / within


def surfaces_in_numpy(landmarks: Landmarks, windows: Windows, depth: U16) -> tuple[F64, I64]:
    """Do what `surfaces` does in plain numpy."""
    w = windows
    steps = np.linspace(-1.0, 1.0, w.across)
    offsets = w.radii[:, None, None] * np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    depths = read(depth, np.rint(w.places[:, None] + offsets).astype(np.int64)).astype(np.float64)
    own = in_mask_in_numpy(landmarks, w.pixels[:, None] + offsets * w.scale)
    depths[~own | (depths == 0) | (np.abs(depths - w.middle_mm) > w.reach_mm)] = np.inf
    depths.sort(axis=1)
    counts = np.isfinite(depths).sum(axis=1)
    rank = (w.shares * np.maximum(counts - 1, 0)).astype(np.int64)
    marks = np.take_along_axis(depths, rank[:, None], axis=1)
    band = np.abs(depths - np.where(np.isfinite(marks), marks, 0.0)) < w.thick_mm
    return np.where(band, depths, 0.0).sum(axis=1) / np.maximum(band.sum(axis=1), 1), counts


def is_inside(cells: I64, depth: U16) -> Bool:
    """Say which pixels (..., 2) lie in a depth image."""
    return np.asarray(((cells >= 0) & (cells < (depth.shape[1], depth.shape[0]))).all(axis=-1))


def read(depth: U16, cells: I64) -> U16:
    """Read depths at pixels (..., 2); 0 outside the image."""
    limit = (depth.shape[1] - 1, depth.shape[0] - 1)
    clipped = np.clip(cells, 0, limit)
    return np.where(is_inside(cells, depth), depth[clipped[..., 1], clipped[..., 0]], 0).astype(np.uint16)
