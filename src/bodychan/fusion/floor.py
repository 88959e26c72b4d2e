"""The floor before a camera: people stand on it, and all cameras see the same one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bodychan.fusion.tracks import Track
from bodychan.model.arrays import F64, Float
from bodychan.model.skeleton import Joint

_FEET = (Joint.ANKLE_LEFT, Joint.ANKLE_RIGHT, Joint.FOOT_LEFT, Joint.FOOT_RIGHT)
_SOLE_MM = 80.0
"""How much lower the floor is than the lower ones of the joints of standing feet."""
_SEARCH_MM = (250.0, 100.0, 40.0, 20.0)
"""Distances from the plane of the points that it is fitted to, round by round."""
_LEAST_POINTS = 2000
_STEEPEST_COSINE = 0.97
"""The floor is level within 14 degrees, measured by how people hold themselves."""


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """The points p with `normal` · p = `distance`, mm; `normal` (3,) has unit length and points up."""

    normal: F64
    distance: float

    def foot(self, points: F64) -> F64:
        """Give the points of the plane below or above points (N, 3)."""
        return np.asarray(points - (points @ self.normal - self.distance)[:, None] * self.normal)


def find_floor(cloud: Float, tracks: Sequence[Track]) -> Plane | None:
    """Fit the floor to points that a depth camera sees; None where too little of it is seen.

    What people's bodies say of it, which way is up and how high their feet are, is made better by the points
    near it, round by round nearer.

    Args:
        cloud: (N, 3) mm in the camera's frame, people included; those at 0, 0, 0 do not count.
        tracks: people who stand and walk there.
    """
    if not tracks:
        return None
    positions = np.concatenate([track.positions for track in tracks])
    up = np.median(positions[:, Joint.NECK] - positions[:, Joint.PELVIS], axis=0)
    up /= np.linalg.norm(up)
    heights = np.sort(positions[:, _FEET] @ up, axis=1)[:, 0]
    plane = Plane(up, float(np.median(heights)) - _SOLE_MM)
    points = cloud[cloud[:, 2] > 0].astype(np.float64)
    for reach in _SEARCH_MM:
        near = points[np.abs(points @ plane.normal - plane.distance) < reach]
        if len(near) < _LEAST_POINTS:
            return None
        centre = near.mean(axis=0)
        normal = np.linalg.svd((near - centre).T @ (near - centre))[0][:, 2]
        normal *= np.sign(normal @ up)
        plane = Plane(normal, float(centre @ normal))
    return plane if normal @ up > _STEEPEST_COSINE else None
