"""What the depth image shows of one body: points of its limbs' skin, and what lies before its joints."""

import math

import numba
import numpy as np

from bodychan.model.arrays import F32, F64, I64, U16
from bodychan.optics.lens import Lens
from bodychan.tracking.builtin.fit.capsules import LIMB_COUNT, Capsules

_MOST_POINTS = 5000
"""Pixels around a body that are looked at, about."""
_MARGIN_MM = 150.0
"""No skin is farther from the joints than this in the image."""
_NEAR_MM = 110.0
"""Points farther than this outside all limbs are left out: no capsule moves so far in a fit."""
_WINDOW = np.stack(np.meshgrid([-2, 0, 2], [-2, 0, 2]), axis=-1).reshape(-1, 2)


def skin_points(depth: U16, lens: Lens, joints: F64, capsules: Capsules) -> F64:
    """Give points (N, 3) mm of the depth image that lie on or near a body's limbs.

    Args:
        depth: (H, W) mm.
        lens: the depth camera's.
        joints: (12, 3) mm, the joints of `CORE`.
        capsules: the body's.
    """
    box = _box(lens, joints)
    if box is None:
        return np.zeros((0, 3))
    starts, ends = (line[:LIMB_COUNT] for line in capsules.lines(joints))
    radii = capsules.radii[:LIMB_COUNT]
    return np.asarray(_near(np.ascontiguousarray(depth), lens.ray_table, box, starts, ends, radii))


def covers(depth: U16, lens: Lens, joints: F64) -> F64:
    """Give the depth (12,) mm of the surface that is seen where joints (12, 3) are; 0 = none.

    The median of a small window: pixels at outlines fly.
    """
    pixels, valid = lens.project(joints)
    cells = np.rint(np.where(valid[:, None], pixels, -100.0)).astype(np.int64)[:, None] + _WINDOW
    inside = ((cells >= 0) & (cells < (lens.width, lens.height))).all(axis=-1)
    x, y = np.moveaxis(np.clip(cells, 0, (lens.width - 1, lens.height - 1)), -1, 0)
    z = np.sort(np.where(inside, depth[y, x], 0), axis=1)
    return z[:, z.shape[1] // 2].astype(np.float64)


def _box(lens: Lens, joints: F64) -> I64 | None:
    """Give the pixels to look at: left, top, right, bottom, step; None = no joint is before the camera."""
    pixels, valid = lens.project(joints)
    if not valid.any():
        return None
    margin = _MARGIN_MM * lens.fx / max(float(np.median(joints[:, 2])), 300.0)
    size = (lens.width, lens.height)
    left, top = np.clip(pixels[valid].min(axis=0) - margin, 0, size).astype(int).tolist()
    right, bottom = np.clip(pixels[valid].max(axis=0) + margin, 0, size).astype(int).tolist()
    step = max(2, math.ceil(math.sqrt((right - left) * (bottom - top) / _MOST_POINTS)))
    return np.array([left, top, right, bottom, step])


def near_plainly(depth: U16, rays: F32, box: I64, starts: F64, ends: F64, radii: F64) -> F64:
    """Do what the kernel does in plain numpy: the points of the pixels in `box` that are near to a limb."""
    left, top, right, bottom, step = box.tolist()
    z = depth[top:bottom:step, left:right:step].astype(np.float64)
    points = np.concatenate([rays[top:bottom:step, left:right:step] * z[..., None], z[..., None]], axis=-1)
    points = points[(z > 0) & np.isfinite(points[..., 0])]
    near = np.zeros(len(points), dtype=bool)
    for start, end, (first, last) in zip(starts, ends, radii, strict=True):
        bone = end - start
        t = np.clip((points - start) @ bone / max(float(bone @ bone), 1e-6), 0.0, 1.0)
        apart = np.linalg.norm(points - start - t[:, None] * bone, axis=1) - first - t * (last - first)
        near |= apart < _NEAR_MM
    return np.asarray(points[near])


@numba.njit(cache=True, nogil=True)
def _near(depth, rays, box, starts, ends, radii):  # type: ignore[no-untyped-def]
    left, top, right, bottom, step = box[0], box[1], box[2], box[3], box[4]
    columns, rows = max(0, (right - left + step - 1) // step), max(0, (bottom - top + step - 1) // step)
    found, count = np.empty((columns * rows, 3)), 0
    for v in range(top, bottom, step):
        for u in range(left, right, step):
            z = float(depth[v, u])
            x, y = rays[v, u, 0] * z, rays[v, u, 1] * z
            if z == 0.0 or not math.isfinite(x):
                continue
            for c in range(len(starts)):
                bx, by, bz = ends[c, 0] - starts[c, 0], ends[c, 1] - starts[c, 1], ends[c, 2] - starts[c, 2]
                px, py, pz = x - starts[c, 0], y - starts[c, 1], z - starts[c, 2]
                reach = max(radii[c, 0], radii[c, 1]) + _NEAR_MM
                # Most limbs are far away in depth or across alone.
                if pz < min(bz, 0.0) - reach or pz > max(bz, 0.0) + reach:
                    continue
                if px < min(bx, 0.0) - reach or px > max(bx, 0.0) + reach:
                    continue
                t = (px * bx + py * by + pz * bz) / max(bx * bx + by * by + bz * bz, 1e-6)
                t = min(max(t, 0.0), 1.0)
                ox, oy, oz = px - t * bx, py - t * by, pz - t * bz
                apart = math.sqrt(ox * ox + oy * oy + oz * oz) - radii[c, 0] - t * (radii[c, 1] - radii[c, 0])
                if apart < _NEAR_MM:
                    found[count, 0], found[count, 1], found[count, 2] = x, y, z
                    count += 1
                    break
    return found[:count].copy()
