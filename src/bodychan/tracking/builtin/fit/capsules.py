"""The limbs as capsules, and what the points of a body's skin say about where they lie.

A limb is a capsule: all that is within a radius of the line between its joints, where the radius changes
evenly from one end to the other. Points of the depth image lie on the side of it that faces the camera, so
they tell where the line lies, across the limb and in depth. Along the limb they tell nothing: that is for
landmarks and bone lengths.
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from bodychan.model.arrays import F64, frozen
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.fit.proportions import CORE, LIMBS

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
_FROM = {"KNEE": 0.5}
"""Share of a limb above which its skin is not that of a capsule: the buttocks, the belly."""

_TRUNK_MM = {
    ("SHOULDER_LEFT", "SHOULDER_RIGHT", "HIP_LEFT", "HIP_RIGHT"): 140.0,
    ("SHOULDER_LEFT", "SHOULDER_LEFT", "HIP_LEFT", "HIP_LEFT"): 92.0,
    ("SHOULDER_RIGHT", "SHOULDER_RIGHT", "HIP_RIGHT", "HIP_RIGHT"): 92.0,
    ("SHOULDER_LEFT", "SHOULDER_LEFT", "SHOULDER_RIGHT", "SHOULDER_RIGHT"): 70.0,
    ("HIP_LEFT", "HIP_LEFT", "HIP_RIGHT", "HIP_RIGHT"): 110.0,
}
"""Capsules of the trunk and their radii. No capsule has a trunk's shape, so these only claim the points that
are the trunk's, that an arm may not take them for its own."""
_HEAD_MM = 110.0
"""The same for neck and head."""
_NEVER = 2.0
"""A share of the length that no point reaches: its capsule only claims points."""

_GATE_MM = 40.0
"""A point farther than this outside all capsules is not on the body."""
_ROBUST_MM = 25.0
"""Distance from the capsule at which a point counts for a quarter (Geman and McClure's weight)."""


def _capsules() -> tuple[list[list[int]], list[tuple[float, float]], list[float]]:
    row = {joint.name: i for i, joint in enumerate(CORE)}
    ends, radii, first = [], [], []
    for name in LIMBS:
        for side in ("LEFT", "RIGHT"):
            child = Joint[f"{name}_{side}"]
            parent = child.parent
            assert parent is not None
            ends.append([row[parent.name]] * 2 + [row[child.name]] * 2)
            radii.append(RADII_MM[name])
            first.append(_FROM.get(name, 0.0))
    for names, radius in _TRUNK_MM.items():
        ends.append([row[name] for name in names])
        radii.append((radius, radius))
        first.append(_NEVER)
    return ends, radii, first


_ENDS, _RADII_MM, _FIRST = (np.array(values) for values in _capsules())
ENDS = frozen(_ENDS)
"""(13, 4) rows of `CORE`: a capsule goes from the middle of the first two to the middle of the other two. The
first eight are the limbs, in the order of `shape.LINKS`."""
LIMB_COUNT = 2 * len(LIMBS)
_ALL_RADII_MM = frozen(np.concatenate([_RADII_MM, [[_HEAD_MM, _HEAD_MM]]]))
ALL_FIRST = frozen(np.append(_FIRST, _NEVER))


@dataclass(frozen=True, slots=True, eq=False)
class Capsules:
    """One body's capsules: `radii` (14, 2) mm at both ends, and where its `head` (3,) mm is."""

    radii: F64
    head: F64

    @classmethod
    def of(cls, scale: float, thickness: F64, head: F64) -> "Capsules":
        """Give the capsules of a person of some size, whose limbs are so thick (4,) relative to the usual."""
        radii = _ALL_RADII_MM * scale
        radii[:LIMB_COUNT] *= np.repeat(thickness, 2)[:, None]
        return cls(radii, head)

    def lines(self, joints: F64) -> tuple[F64, F64]:
        """Give where the capsules' lines start and end, (14, 3) mm each, with the joints (12, 3) so."""
        starts, ends = joints[ENDS[:, :2]].mean(axis=1), joints[ENDS[:, 2:]].mean(axis=1)
        neck = joints[:2].mean(axis=0)
        return np.concatenate([starts, [neck]]), np.concatenate([ends, [self.head]])


@dataclass(frozen=True, slots=True, eq=False)
class Pull:
    """Where the skin wants the lines of C capsules.

    `hessians` (C, 6, 6) and `gradients` (C, 6), over start and end, of half the sum of the squared distances
    of the points from the capsules in mm; `weights` (C,) the sum of the points' weights; `widths` (C,) how
    thick the capsules look across the view relative to their radii, NaN where too little is seen.
    """

    hessians: F64
    gradients: F64
    weights: F64
    widths: F64


_LEAST_SEEN = 15
"""Points from which on a capsule's width is believed."""
_LOOKS = 2.0 / 0.9
"""Radius of a cylinder over the mean distance, across the view, of its points from its axis; they are spread
evenly there, but those farthest out are lost to the gate and to rough outlines."""


def pull(points: F64, lines: tuple[F64, F64], radii: F64) -> Pull:
    """Give where points of the skin (N, 3) mm want capsules of these lines and radii (14, 2) mm."""
    hessians, gradients, sums = gather(points, *lines, radii, ALL_FIRST)
    return Pull(hessians, gradients, sums[:, 0], widths(sums))


def widths(sums: F64) -> F64:
    """Give how thick capsules look relative to their radii (C,), from the sums (C, 3) of `gather`."""
    _, across, counts = sums.T
    return np.where(counts >= _LEAST_SEEN, _LOOKS * across / np.maximum(counts, 1.0), np.nan)


def gather_plainly(points: F64, starts: F64, ends: F64, radii: F64, first: F64) -> tuple[F64, F64, F64]:
    """Do what `gather` does in plain numpy: the reference for it."""
    count = len(starts)
    off, which = np.full(len(points), _GATE_MM), np.full(len(points), -1)
    share, normals = np.zeros(len(points)), np.zeros((len(points), 3))
    for c in range(count):
        bone = ends[c] - starts[c]
        t = np.clip((points - starts[c]) @ bone / max(float(bone @ bone), 1e-6), 0.0, 1.0)
        out = points - starts[c] - t[:, None] * bone
        size = np.linalg.norm(out, axis=1)
        apart = size - radii[c, 0] - t * (radii[c, 1] - radii[c, 0])
        nearer = apart < off
        off[nearer], which[nearer], share[nearer] = apart[nearer], c, t[nearer]
        normals[nearer] = (out / np.maximum(size, 1e-6)[:, None])[nearer]
    facing = (normals * points).sum(axis=1) <= 0
    used = (which >= 0) & (share > first[which]) & (share < 1.0) & facing
    off, which, share, normals, points = (a[used] for a in (off, which, share, normals, points))
    weights = (1.0 + (off / _ROBUST_MM) ** 2) ** -2.0
    slopes = np.concatenate([(share - 1.0)[:, None] * normals, -share[:, None] * normals], axis=1)
    sideways = np.cross(points, (ends - starts)[which])
    sideways /= np.maximum(np.linalg.norm(sideways, axis=1), 1e-6)[:, None]
    radius = radii[which, 0] + share * (radii[which, 1] - radii[which, 0])
    across = np.abs((sideways * normals).sum(axis=1)) * (off + radius) / radius
    hessians, gradients, sums = np.zeros((count, 6, 6)), np.zeros((count, 6)), np.zeros((count, 3))
    np.add.at(hessians, which, weights[:, None, None] * slopes[:, :, None] * slopes[:, None, :])
    np.add.at(gradients, which, (weights * off)[:, None] * slopes)
    np.add.at(sums, which, np.stack([weights, across, np.ones(len(off))], axis=1))
    return hessians, gradients, sums


@njit(cache=True, nogil=True)
def gather(points, starts, ends, radii, first):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Sum over points (N, 3), each by the capsule that it is nearest to, what they say of the C capsules.

    Points count that lie on the side that faces the camera, at a share of the capsule's length of more than
    `first` (C,). Gives hessians (C, 6, 6), gradients (C, 6), and (C, 3) sums of weights, of distances from
    the line across the view relative to the radius, and of points.
    """
    count = len(starts)
    hessians, gradients, sums = np.zeros((count, 6, 6)), np.zeros((count, 6)), np.zeros((count, 3))
    # No arithmetic on whole arrays: numba takes seconds to compile it.
    bones, squares, slope = np.zeros((count, 3)), np.zeros(count), np.zeros(6)
    for c in range(count):
        for a in range(3):
            bones[c, a] = ends[c, a] - starts[c, a]
            squares[c] += bones[c, a] ** 2
        squares[c] = max(squares[c], 1e-6)
    for i in range(len(points)):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        off, which, t, nx, ny, nz = _GATE_MM, -1, 0.0, 0.0, 0.0, 0.0
        for c in range(count):
            px, py, pz = x - starts[c, 0], y - starts[c, 1], z - starts[c, 2]
            reach = max(radii[c, 0], radii[c, 1]) + off
            # Most capsules are far away in depth alone.
            if pz < min(bones[c, 2], 0.0) - reach or pz > max(bones[c, 2], 0.0) + reach:
                continue
            u = (px * bones[c, 0] + py * bones[c, 1] + pz * bones[c, 2]) / squares[c]
            u = min(max(u, 0.0), 1.0)
            ox, oy, oz = px - u * bones[c, 0], py - u * bones[c, 1], pz - u * bones[c, 2]
            size = math.sqrt(ox * ox + oy * oy + oz * oz)
            apart = size - radii[c, 0] - u * (radii[c, 1] - radii[c, 0])
            if apart < off:
                k = 1.0 / max(size, 1e-6)
                off, which, t, nx, ny, nz = apart, c, u, ox * k, oy * k, oz * k
        if which < 0 or t <= first[which] or t >= 1.0 or nx * x + ny * y + nz * z > 0.0:
            continue
        weight = (1.0 + (off / _ROBUST_MM) ** 2) ** -2.0
        slope[0], slope[1], slope[2] = (t - 1.0) * nx, (t - 1.0) * ny, (t - 1.0) * nz
        slope[3], slope[4], slope[5] = -t * nx, -t * ny, -t * nz
        bx, by, bz = bones[which, 0], bones[which, 1], bones[which, 2]
        sx, sy, sz = y * bz - z * by, z * bx - x * bz, x * by - y * bx
        radius = radii[which, 0] + t * (radii[which, 1] - radii[which, 0])
        sideways = abs(sx * nx + sy * ny + sz * nz) / max(math.sqrt(sx * sx + sy * sy + sz * sz), 1e-6)
        sums[which, 0] += weight
        sums[which, 1] += sideways * (off + radius) / radius
        sums[which, 2] += 1.0
        for a in range(6):
            gradients[which, a] += weight * off * slope[a]
            for b in range(6):
                hessians[which, a, b] += weight * slope[a] * slope[b]
    return hessians, gradients, sums
