"""Where limbs are by their skin: axes of forearms and shanks, measured in the depth image.

A tracker takes a joint to be too deep or too near by a centimetre or two, everywhere and from all sides
alike, and no number of captures averages that away. The skin of a limb that is about round says where its
axis is, however wrong the tracker's joints are: they only tell where to look.
"""

from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F64, Bool, Float
from bodychan.model.bodies import Bodies
from bodychan.model.skeleton import Joint

LIMBS = tuple(
    (Joint[f"{start}_{side}"], Joint[f"{end}_{side}"], thickness)
    for side in ("LEFT", "RIGHT")
    for start, end, thickness in (("ELBOW", "WRIST", 0.14), ("KNEE", "ANKLE", 0.13))
)
"""Limbs from joint to joint, and about how thick each is: its radius against its length."""

_PART = (0.3, 0.85)
"""The part of a limb that is looked at: without knee, elbow, hand and foot."""
_AROUND_MM = 30.0
"""So far beyond twice its radius the skin may be from where the tracker has the limb."""
_LEAST_POINTS = 40
_SKIN_MM = 12.0
"""Points so near to the surface that was fitted are the limb's."""
_EDGE = 0.87
"""Farther to the side, in radii, the skin is turned away so much that it is measured badly."""
_NOISE_MM = 6.0
"""About how far points are off the surface."""
_SCALES_MM = np.maximum(20.0 * 0.7 ** np.arange(10), _NOISE_MM)
"""Distance beyond which points count less and less (Cauchy), round by round."""
_TAPER, _TAPER_SPREAD, _TURN_SPREAD, _RADIUS_SPREAD = -0.05, 0.1, 0.3, 0.3
"""How limbs become thinner, and usual spreads: of that, of the turn against the joints, of the radius."""
_SIDE, _SHARE, _THINNEST, _THICKEST = 0.6, 0.6, 0.5, 1.9
"""A limb is believed that is seen so far to both sides, owns such a share of its points, and is so thick."""


@dataclass(frozen=True, slots=True, eq=False)
class Limbs:
    """The limbs of the N bodies of one capture, NaN where one could not be measured.

    `middles` (N, 4, 3) mm are points of their axes, `directions` (N, 4, 3) of unit length, `radii` (N, 4) mm;
    in the frame of the bodies, in the order of `LIMBS`.
    """

    middles: F64
    directions: F64
    radii: F64


@dataclass(frozen=True, slots=True, eq=False)
class _Cone:
    """A limb: a point of its axis, the axis' direction, the radius there, and how it changes along."""

    middle: F64
    direction: F64
    radius: float
    taper: float = 0.0

    @property
    def across(self) -> tuple[F64, F64]:
        """Two directions across the axis: sideways as the camera sees it, and away from the camera."""
        sideways = np.cross(self.direction, self.middle)
        length = float(np.linalg.norm(sideways))
        # Of a limb that points at the camera nothing is known: any direction will do.
        sideways = sideways / length if length > 1e-6 else np.roll(self.direction, 1)
        away = np.cross(sideways, self.direction)
        return sideways, away

    def seen(self, points: F64) -> tuple[F64, F64, F64]:
        """Give for points (N, 3) their place along the axis, sideways in radii, and before the surface.

        Sideways a point is known well, and its depth is not: the surface is looked up where the point is
        seen, and how far before it the point is counts by how much the surface faces the camera. What is
        measured from the axis instead makes limbs too thin and too near where depth is noisy.
        """
        sideways, away = self.across
        apart = points - self.middle
        along = apart @ self.direction
        radius = np.maximum(self.radius + self.taper * along, 1.0)
        side = apart @ sideways / radius
        facing = np.sqrt(1.0 - side.clip(-_EDGE, _EDGE) ** 2)
        return along, side, -facing * (apart @ away + facing * radius)


def find_limbs(cloud: Float, bodies: Bodies) -> Limbs:
    """Measure the limbs of all bodies of a capture.

    Args:
        cloud: (M, 3) mm, what the depth image shows, in the frame of the bodies; those at 0, 0, 0 do not
            count.
        bodies: of that capture.
    """
    shape = len(bodies), len(LIMBS)
    found = Limbs(np.full((*shape, 3), np.nan), np.full((*shape, 3), np.nan), np.full(shape, np.nan))
    for row, joints in enumerate(bodies.positions):
        low, high = joints.min(axis=0) - 150.0, joints.max(axis=0) + 150.0
        points = cloud[((cloud > low) & (cloud < high) & (cloud[:, 2:] > 0)).all(axis=1)].astype(np.float64)
        for number, (start, end, thickness) in enumerate(LIMBS):
            cone = _fitted(points, joints[start], joints[end], thickness)
            if cone is not None:
                found.middles[row, number] = cone.middle
                found.directions[row, number] = cone.direction
                found.radii[row, number] = cone.radius
    return found


def _fitted(points: F64, start: F64, end: F64, thickness: float) -> _Cone | None:
    """Fit a cone to the skin near a limb; None where it does not show enough of itself."""
    length = float(np.linalg.norm(end - start))
    if length < 1.0:
        return None
    half = (_PART[1] - _PART[0]) / 2 * length
    usual = thickness * length
    middle = start + (_PART[0] + _PART[1]) / 2 * (end - start)
    expected = _Cone(middle, (end - start) / length, usual)
    apart = points - middle
    along = apart @ expected.direction
    beyond = np.linalg.norm(apart - along[:, None] * expected.direction, axis=1)
    points = points[(np.abs(along) < half) & (beyond < 2 * usual + _AROUND_MM)]
    cone = _behind_its_skin(points, expected)
    if cone is None:
        return None
    for scale in _SCALES_MM:
        cone = _improved(cone, points, half, usual, scale)
    return cone if _believed(cone, points, half, usual) else None


def _behind_its_skin(points: F64, expected: _Cone) -> _Cone | None:
    """Give the limb as far behind the skin in its middle as it is thick; None where there is no skin."""
    sideways, away = expected.across
    apart = points - expected.middle
    front = apart[np.abs(apart @ sideways) < expected.radius / 2]
    if len(points) < _LEAST_POINTS or len(front) == 0:
        return None
    shift = float(np.median(front @ away)) + 0.8 * expected.radius
    return _Cone(expected.middle + shift * away, expected.direction, expected.radius)


def _improved(cone: _Cone, points: F64, half: float, usual: float, scale: float) -> _Cone:
    """Move, turn and thicken a cone by one step of Gauss and Newton, within what is usual of limbs."""
    along, side, before = cone.seen(points)
    inside = np.abs(side) < _EDGE
    along, side, before = along[inside], side[inside], before[inside]
    facing = np.sqrt(1.0 - side**2)
    # By how much less a point is before the surface when that moves, sideways and away, turns, or grows.
    slopes = np.stack([-side, facing, -along * side, along * facing, -np.ones_like(along), -along], axis=1)
    weighted = slopes * ((np.abs(along) < half) / (1.0 + (before / scale) ** 2))[:, None]
    spreads = np.array([np.inf, np.inf, _TURN_SPREAD, _TURN_SPREAD, _RADIUS_SPREAD * usual, _TAPER_SPREAD])
    usually = np.array([0.0, 0.0, 0.0, 0.0, usual - cone.radius, _TAPER - cone.taper])
    known = (_NOISE_MM / spreads) ** 2
    # The small number keeps it solvable where points lie on a line.
    normal = weighted.T @ slopes + np.diag(known + 1e-6)
    step = np.linalg.solve(normal, known * usually - weighted.T @ before)
    most = np.array([30.0, 30.0, 0.2, 0.2, 0.3 * cone.radius, 0.2])
    x, y, turn_x, turn_y, thicker, taper = step.clip(-most, most)
    sideways, away = cone.across
    direction = cone.direction + turn_x * sideways + turn_y * away
    return _Cone(
        cone.middle + x * sideways + y * away,
        direction / np.linalg.norm(direction),
        cone.radius + float(thicker),
        cone.taper + float(taper),
    )


def _believed(cone: _Cone, points: F64, half: float, usual: float) -> bool:
    along, side, before = cone.seen(points)
    looked_at: Bool = np.abs(along) < half
    own = looked_at & (np.abs(before) < _SKIN_MM) & (np.abs(side) < 1.0)
    if own.sum() < _LEAST_POINTS or own.sum() < _SHARE * looked_at.sum():
        return False
    left, right = np.quantile(side[own], (0.05, 0.95))
    thick = _THINNEST * usual < cone.radius < _THICKEST * usual
    return bool(left < -_SIDE and right > _SIDE and thick)
