"""Whose pixel is it: the body index map of a depth image, from the bodies that were tracked in it.

A pixel belongs to the body whose limbs its point is nearest to, if it lies on them: each bone is a capsule of
the table in `capsules`, scaled with the body.
"""

import numpy as np
from numba import njit

from bodychan.bodies import NOBODY, Bodies
from bodychan.calibration import Calibration
from bodychan.skeleton import PARENTS, SPINE_NAVEL_MM, Joint
from bodychan.tracking.capsules import RADII_MM
from bodychan.types import F32, F64, U8, U16, frozen

_MARGIN_MM = 65.0
"""What lies farther than this outside a capsule is not on the body: clothes, hair, and errors of the fit."""


def _radii() -> F64:
    by_joint = [RADII_MM.get(joint.name.partition("_")[0], (0.0, 0.0)) for joint in Joint]
    return frozen(np.array(by_joint))


_RADII = _radii()
_PARENT = np.array(PARENTS)


def index_map(depth: U16, bodies: Bodies, calibration: Calibration) -> U8:
    """Give the row of the body that each depth pixel shows, `NOBODY` where it shows none.

    Args:
        depth: (H, W) mm, in which `bodies` were tracked.
        bodies: at most 255.
        calibration: the camera's.

    Returns:
        (H, W) uint8.
    """
    out = np.full(depth.shape, NOBODY, np.uint8)
    if len(bodies):
        starts, ends, radii = capsules(bodies.positions)
        boxes = _boxes(bodies.positions, calibration)
        fill(depth, calibration.lenses["depth"].ray_table, starts, ends, radii, boxes, out)
    return frozen(out)


def capsules(positions: F64) -> tuple[F64, F64, F64]:
    """Give the capsules of bodies (N, 32, 3) mm: the bones' two ends (N, 31, 3), radii at both (N, 31, 2)."""
    return positions[:, _PARENT[1:]], positions[:, 1:], _RADII[1:] * _scales(positions)[:, None, None]


def _scales(positions: F64) -> F64:
    """Give each body's size as a share of the template's, from its spine."""
    spine = np.linalg.norm(positions[:, Joint.NECK] - positions[:, Joint.PELVIS], axis=-1)
    return np.asarray(np.clip(spine / (3.016 * SPINE_NAVEL_MM), 0.6, 1.3))


def _boxes(positions: F64, calibration: Calibration) -> F64:
    """Give the pixels (left, top, right, bottom) that a body can be in; all, where a joint has no image."""
    lens = calibration.lenses["depth"]
    boxes = np.empty((len(positions), 4))
    for box, points in zip(boxes, positions, strict=True):
        pixels, valid = lens.project(points)
        reach = (_RADII.max() + _MARGIN_MM) * 1.5 * lens.fx / max(float(points[:, 2].min()), 300.0)
        if valid.all():
            box[:] = *(pixels.min(axis=0) - reach), *(pixels.max(axis=0) + reach)
        else:
            box[:] = 0, 0, lens.width, lens.height
    size = np.array([lens.width, lens.height] * 2)
    return np.clip(boxes, 0, size)


def fill_plainly(depth: U16, rays: F32, starts: F64, ends: F64, radii: F64, boxes: F64, out: U8) -> None:
    """Do what `fill` does in plain numpy: the reference for it."""
    best = np.full(depth.shape, _MARGIN_MM)
    for body, (left, top, right, bottom) in enumerate(boxes.astype(int)):
        part = (slice(top, bottom), slice(left, right))
        z = depth[part].astype(np.float64)
        points = np.concatenate([rays[part] * z[..., None], z[..., None]], axis=-1)
        for start, end, (first, last) in zip(starts[body], ends[body], radii[body], strict=True):
            bone = end - start
            along = np.clip((points - start) @ bone / max(float(bone @ bone), 1e-9), 0, 1)
            off = np.linalg.norm(points - start - along[..., None] * bone, axis=-1)
            off -= first + along * (last - first)
            nearer = (z > 0) & (off < best[part])
            best[part][nearer] = off[nearer]
            out[part][nearer] = body


@njit(cache=True)
def fill(depth, rays, starts, ends, radii, boxes, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Write the nearest body's row into `out` (H, W), where a pixel lies on one; see `index_map`."""
    best = np.full(depth.shape, _MARGIN_MM)
    for body in range(len(starts)):
        for v in range(int(boxes[body, 1]), int(boxes[body, 3])):
            for u in range(int(boxes[body, 0]), int(boxes[body, 2])):
                z = float(depth[v, u])
                if z == 0.0:
                    continue
                x, y = rays[v, u, 0] * z, rays[v, u, 1] * z
                for bone in range(starts.shape[1]):
                    sx, sy, sz = starts[body, bone, 0], starts[body, bone, 1], starts[body, bone, 2]
                    bx, by, bz = ends[body, bone, 0] - sx, ends[body, bone, 1] - sy, ends[body, bone, 2] - sz
                    first, last = radii[body, bone, 0], radii[body, bone, 1]
                    reach = max(first, last) + best[v, u]
                    # Most bones are far away in depth alone.
                    if z < sz + min(bz, 0.0) - reach or z > sz + max(bz, 0.0) + reach:
                        continue
                    dot = (x - sx) * bx + (y - sy) * by + (z - sz) * bz
                    along = min(max(dot / max(bx * bx + by * by + bz * bz, 1e-9), 0.0), 1.0)
                    dx, dy, dz = x - sx - along * bx, y - sy - along * by, z - sz - along * bz
                    off = np.sqrt(dx * dx + dy * dy + dz * dz) - first - along * (last - first)
                    if off < best[v, u]:
                        best[v, u] = off
                        out[v, u] = body
