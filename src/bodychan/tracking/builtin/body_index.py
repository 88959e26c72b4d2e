"""Whose pixel is it: the body index map of a depth image, from the bodies that were tracked in it.

Each bone is a capsule of the table below, scaled with the body. Points on a body's capsules are the
body's. From there it grows over the depth image as far as the surface goes on, to what clothes, hair and a
stout body add, and no farther than that; a point goes to the body whose capsules it is nearest to, so that
bodies that touch come apart between them.
"""

import math

import numpy as np
from numba import njit

from bodychan.model.arrays import F64, I64, U8, U16, frozen
from bodychan.model.bodies import NOBODY, Bodies
from bodychan.model.skeleton import PARENTS, SPINE_NAVEL_MM, Joint
from bodychan.optics.calibration import Calibration

RADII_MM = {
    "SPINE": (140.0, 140.0),
    "NECK": (110.0, 110.0),
    "CLAVICLE": (85.0, 85.0),
    "SHOULDER": (75.0, 75.0),
    "ELBOW": (40.0, 38.0),
    "WRIST": (38.0, 26.0),
    "HAND": (36.0, 40.0),
    "HANDTIP": (30.0, 22.0),
    "THUMB": (26.0, 22.0),
    "HIP": (110.0, 110.0),
    "KNEE": (88.0, 68.0),
    "ANKLE": (52.0, 46.0),
    "FOOT": (46.0, 42.0),
    "HEAD": (105.0, 105.0),
    "NOSE": (105.0, 105.0),
    "EYE": (95.0, 95.0),
    "EAR": (95.0, 95.0),
}
"""Radius of the capsule of the bone that ends in a joint, at its upper end and at the joint, mm for the
template's size. Those of arms and legs are medians over rendered clothed people."""

_ON_MM = 20.0
"""A point no farther outside a capsule than this is on the body: the error of fit and sensor."""
_GROWN_MM = {
    "SPINE": 180.0,
    "NECK": 150.0,
    "CLAVICLE": 120.0,
    "SHOULDER": 120.0,
    "HIP": 150.0,
    "KNEE": 110.0,
    "HEAD": 120.0,
    "EAR": 120.0,
    "NOSE": 100.0,
    "EYE": 100.0,
    "FOOT": 40.0,
}
_GROWN_ELSEWHERE_MM = 70.0
"""How far outside the capsule of the bone that ends in a joint a body may reach. Feet stand on floors."""
_BEHIND = 0.2
"""What lies farther behind a bone's line than this share of its distance from it is no skin of the bone: skin
that is seen faces the camera. So chairs and walls behind a body stay apart."""
_NEAREST_MM, _WIDER = 200.0, 1.3
"""For the pixels that are looked at: the lens's distortion moves none farther than by this factor."""
_STEP_MM, _STEP_SHARE = 12.0, 0.008
"""Neighbouring pixels of one surface differ by no more, and by this share of their depth: more than the
sensor's noise, less than the gap to what is behind."""


def _by_joint(table: dict[str, float], default: float) -> F64:
    return frozen(np.array([table.get(joint.part, default) for joint in Joint]))


_GROWN = _by_joint(_GROWN_MM, _GROWN_ELSEWHERE_MM)
_RADII = frozen(
    np.stack([_by_joint({k: r[end] for k, r in RADII_MM.items()}, 0.0) for end in (0, 1)], axis=1)
)
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
        boxes = _boxes(starts, ends, radii, calibration)
        rays = calibration.lenses["depth"].ray_table
        owner, seeds = claim(depth, rays, starts, ends, radii, boxes)
        grow(depth, owner, seeds, out)
    return frozen(out)


def capsules(positions: F64) -> tuple[F64, F64, F64]:
    """Give the capsules of bodies (N, 32, 3) mm: the bones' two ends (N, 31, 3), radii at both (N, 31, 2)."""
    return positions[:, _PARENT[1:]], positions[:, 1:], _RADII[1:] * _scales(positions)[:, None, None]


def _scales(positions: F64) -> F64:
    """Give each body's size as a share of the template's, from its spine."""
    spine = np.linalg.norm(positions[:, Joint.NECK] - positions[:, Joint.PELVIS], axis=-1)
    return np.asarray(np.clip(spine / (3.016 * SPINE_NAVEL_MM), 0.6, 1.3))


def _boxes(starts: F64, ends: F64, radii: F64, calibration: Calibration) -> I64:
    """Give the pixels (N, 31, 4) that a bone's skin can be in: left, top, right, bottom.

    All pixels for a bone that comes too near to the camera, or out of its lens, to have a box.
    """
    lens = calibration.lenses["depth"]
    reach = radii.max(axis=-1) + _GROWN[1:]
    near = np.minimum(starts[..., 2], ends[..., 2]) - reach
    pixels, valid = zip(*(lens.project(points.reshape(-1, 3)) for points in (starts, ends)), strict=True)
    corners = np.stack(pixels).reshape(2, *reach.shape, 2)
    margin = (reach * _WIDER * max(lens.fx, lens.fy) / np.maximum(near, 1.0))[..., None]
    boxes = np.concatenate([corners.min(axis=0) - margin, corners.max(axis=0) + margin + 1.0], axis=-1)
    whole = (0, 0, lens.width, lens.height)
    boxed = np.stack(valid).all(axis=0).reshape(reach.shape) & (near > _NEAREST_MM)
    boxes = np.where(boxed[..., None], boxes, whole)
    return np.asarray(np.clip(boxes, 0, whole[2:] * 2).astype(np.int64))


@njit(cache=True, nogil=True)
def claim(depth, rays, starts, ends, radii, boxes):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Say whose each pixel (H, W) may be, and which of them lie on that body.

    Args:
        depth: (H, W) mm.
        rays: (H, W, 2) of its pixels.
        starts: (N, 31, 3) mm of the bodies' bones; see `capsules`.
        ends: (N, 31, 3) mm.
        radii: (N, 31, 2) mm.
        boxes: (N, 31, 4) pixels that each bone's skin can be in.
    """
    owner, on = np.full(depth.shape, NOBODY, np.uint8), np.zeros(depth.shape, np.bool_)
    best = np.full(depth.shape, np.inf)
    for body in range(len(starts)):
        for bone in range(starts.shape[1]):
            sx, sy, sz = starts[body, bone, 0], starts[body, bone, 1], starts[body, bone, 2]
            bx, by, bz = ends[body, bone, 0] - sx, ends[body, bone, 1] - sy, ends[body, bone, 2] - sz
            square = max(bx * bx + by * by + bz * bz, 1e-9)
            first, wider = radii[body, bone, 0], radii[body, bone, 1] - radii[body, bone, 0]
            reach = max(first, first + wider) + _GROWN[bone + 1]
            nearest, farthest = sz + min(bz, 0.0) - reach, sz + max(bz, 0.0) + reach
            left, top, right, bottom = boxes[body, bone]
            for v in range(top, bottom):
                for u in range(left, right):
                    z = float(depth[v, u])
                    if z == 0.0 or z < nearest or z > farthest:
                        continue
                    x, y = rays[v, u, 0] * z - sx, rays[v, u, 1] * z - sy
                    along = (x * bx + y * by + (z - sz) * bz) / square
                    along = min(max(along, 0.0), 1.0)
                    dx, dy, dz = x - along * bx, y - along * by, z - sz - along * bz
                    size = math.sqrt(dx * dx + dy * dy + dz * dz)
                    off = size - first - along * wider
                    if off < min(best[v, u], _GROWN[bone + 1]) and (off < _ON_MM or dz <= _BEHIND * size):
                        best[v, u] = off
                        owner[v, u] = body
                        on[v, u] = off < _ON_MM
    return owner, on


@njit(cache=True, nogil=True)
def grow(depth, owner, seeds, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Write the body of each seed pixel into `out` (H, W), and of those that its surface goes on to.

    Args:
        depth: (H, W) mm.
        owner: (H, W) whose each pixel may be.
        seeds: (H, W) pixels to begin with.
        out: is `NOBODY` before.
    """
    height, width = depth.shape
    queue, count = np.empty(height * width, np.int64), 0
    for v in range(height):
        for u in range(width):
            if seeds[v, u]:
                out[v, u] = owner[v, u]
                queue[count] = v * width + u
                count += 1
    done = 0
    while done < count:
        v, u = queue[done] // width, queue[done] % width
        done += 1
        z = float(depth[v, u])
        for y, x in ((v - 1, u), (v + 1, u), (v, u - 1), (v, u + 1)):
            if not (0 <= y < height and 0 <= x < width) or out[y, x] != NOBODY or owner[y, x] != owner[v, u]:
                continue
            if abs(float(depth[y, x]) - z) <= _STEP_MM + _STEP_SHARE * z:
                out[y, x] = owner[y, x]
                queue[count] = y * width + x
                count += 1
