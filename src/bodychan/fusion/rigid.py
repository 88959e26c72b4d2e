"""Rigid transformations: applying them to points and bodies, and fitting one between two sets of points."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from bodychan.fusion.floor import Plane
from bodychan.model.arrays import F64, Float
from bodychan.model.bodies import Bodies
from bodychan.model.rotations import (
    matrix_to_quaternion,
    quaternion_product,
    quaternion_to_matrix,
    vector_to_quaternion,
)

ALONG = 3.0
"""A tracked joint's variance along the camera's ray over that across it; 2 to 3 was measured."""
_FLOOR_WEIGHT, _FLOOR_POINTS = 100.0, 200
_ROUNDS, _SETTLED = 20, 1e-4
_SCALE_MM = 40.0
"""Distance beyond which a pair of points counts less and less (Cauchy): about a tracked joint's error."""


def moved_points(matrix: F64, points: Float) -> F64:
    """Apply a transformation (4, 4) to points (..., 3)."""
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def moved_bodies(matrix: F64, bodies: Bodies) -> Bodies:
    """Apply a transformation (4, 4), mm, to the joints of bodies and their axes: from a camera to its rig."""
    turned = quaternion_product(matrix_to_quaternion(matrix[:3, :3]), bodies.orientations)
    return replace(
        bodies,
        positions=moved_points(matrix, bodies.positions),
        orientations=turned,
        index_map=None,
        space="rig",
    )


def inverse(matrix: F64) -> F64:
    """Give the inverse of a rigid transformation (4, 4)."""
    result = np.eye(4)
    result[:3, :3] = matrix[:3, :3].T
    result[:3, 3] = -matrix[:3, :3].T @ matrix[:3, 3]
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The same N points as two cameras see them, mm, each in a frame of its own.

    `source` and `target` (N, 3) with the covariances (N, 3, 3) of their errors, in units of what a joint has
    across the ray on which its camera sees it; `velocity` (N, 3) mm/s of those of the source; `weights` (N,),
    0 or more.
    """

    source: F64
    source_errors: F64
    target: F64
    target_errors: F64
    velocity: F64
    weights: F64

    def __len__(self) -> int:
        return len(self.source)

    def target_moved(self, matrix: F64) -> "Pairs":
        """Give the same with the target in another frame."""
        errors = _turned(matrix, self.target_errors)
        return replace(self, target=moved_points(matrix, self.target), target_errors=errors)

    def about_centres(self, joints: int) -> "Pairs":
        """Give the same about the middle of every so many points: how a body moves, and not where it goes."""

        def centred(points: F64) -> F64:
            bodies = points.reshape(-1, joints, 3)
            return np.asarray((bodies - bodies.mean(axis=1, keepdims=True)).reshape(-1, 3))

        parts = (centred(points) for points in (self.source, self.target, self.velocity))
        source, target, velocity = parts
        return replace(self, source=source, target=target, velocity=velocity)

    def median_mm(self, matrix: F64) -> float:
        """Give the median distance that a transformation leaves, of those points that count most."""
        most = self.weights > 0.5 * self.weights.max()
        apart = moved_points(matrix, self.source[most]) - self.target[most]
        return float(np.median(np.linalg.norm(apart, axis=1)))

    @classmethod
    def joined(cls, parts: Sequence["Pairs"]) -> "Pairs":
        """Give the points of all parts."""
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))


@dataclass(frozen=True, slots=True, eq=False)
class RigidFit:
    """A transformation (4, 4) from source to target, and how it leaves the points.

    `later` is by how many seconds the source's points ought to be later to fit best, `median_mm` the median
    distance that is left, `cost` the mean of the robust function that the fit makes small, `weight` that of
    all points together.
    """

    matrix: F64
    later: float
    median_mm: float
    cost: float
    weight: float


def fit_rigid(pairs: Pairs) -> F64:
    """Fit the transformation (4, 4) from source to target, robustly, from nothing.

    Weighted least squares by the singular value decomposition of the covariance (Kabsch 1976, Umeyama 1991),
    done again and again with the weights of pairs that are far apart reduced (Cauchy's function), until they
    settle. Not all weights may be 0.
    """
    matrix = np.eye(4)
    robust = pairs.weights
    for _ in range(_ROUNDS):
        before, matrix = matrix, _least_squares(pairs.source, pairs.target, robust)
        residuals = np.linalg.norm(moved_points(matrix, pairs.source) - pairs.target, axis=1)
        # What is everywhere farther apart than joints should be is not to be thrown away altogether.
        scale = max(_SCALE_MM, float(np.median(residuals)))
        robust = pairs.weights / (1.0 + (residuals / scale) ** 2)
        if np.abs(matrix - before).max() < 1e-6:
            break
    return matrix


def refine_rigid(
    pairs: Pairs, matrix: F64, *, timed: bool = False, floors: tuple[Plane, Plane] | None = None
) -> RigidFit:
    """Improve a transformation that is about right; `timed` also finds the time between the two cameras.

    The distance of two points is measured by the sum of both covariances (generalised least squares), with
    Cauchy's function against outliers. `floors`, of source and target, are made one, as they are known far
    better than joints. Gauss-Newton over a small turn, a shift and a time by which the source moves on.
    """
    later = 0.0
    information = np.linalg.inv(pairs.target_errors + _turned(matrix, pairs.source_errors))
    for _ in range(_ROUNDS):
        moved = moved_points(matrix, pairs.source)
        velocity = pairs.velocity @ matrix[:3, :3].T
        apart = moved + later * velocity - pairs.target
        squared = (apart * (information @ apart[..., None])[..., 0]).sum(axis=1) / _SCALE_MM**2
        weights = pairs.weights / (1.0 + squared)
        slopes = np.zeros((len(pairs), 3, 7 if timed else 6))
        slopes[:, :, :3] = -_cross(moved)
        slopes[:, :, 3:6] = np.eye(3)
        if timed:
            slopes[:, :, 6] = velocity
        weighted = weights[:, None, None] * (information @ slopes)
        normal = np.tensordot(slopes, weighted, ((0, 1), (0, 1)))
        gradient = np.tensordot(weighted, apart, ((0, 1), (0, 1)))
        if floors is not None:
            heights, tilts = _floor_terms(floors, pairs.source, matrix, slopes.shape[2])
            normal += _FLOOR_WEIGHT * weights.sum() * tilts.T @ tilts
            gradient += _FLOOR_WEIGHT * weights.sum() * tilts.T @ heights
        step = np.linalg.lstsq(normal, -gradient, rcond=None)[0]
        change = np.eye(4)
        change[:3, :3] = quaternion_to_matrix(vector_to_quaternion(step[:3]))
        change[:3, 3] = step[3:6]
        matrix = change @ matrix
        later += float(step[6]) if timed else 0.0
        if np.abs(step).max() < _SETTLED:
            break
    weight = float(pairs.weights.sum())
    cost = float((pairs.weights * np.log1p(squared)).sum()) / weight
    return RigidFit(matrix, later, pairs.median_mm(matrix), cost, weight)


def _floor_terms(floors: tuple[Plane, Plane], source: F64, matrix: F64, unknowns: int) -> tuple[F64, F64]:
    """Give how high points (N,) of the source's floor are over the target's, and the slopes (N, unknowns)."""
    ours, theirs = floors
    foot = moved_points(matrix, ours.foot(source[:: max(len(source) // _FLOOR_POINTS, 1)]))
    slopes = np.zeros((len(foot), unknowns))
    slopes[:, :3] = np.cross(foot, theirs.normal)
    slopes[:, 3:6] = theirs.normal
    count = np.sqrt(len(foot))
    return (foot @ theirs.normal - theirs.distance) / count, slopes / count


def covariance(directions: F64, along: float, across: float = 1.0) -> F64:
    """Give the covariances (N, 3, 3) of errors that differ along unit vectors (N, 3) and across them."""
    outer = directions[:, :, None] * directions[:, None, :]
    return np.asarray(across * np.eye(3) + (along - across) * outer)


def _turned(matrix: F64, errors: F64) -> F64:
    turn = matrix[:3, :3]
    return np.asarray(turn @ errors @ turn.T)


def _cross(vectors: F64) -> F64:
    """Give the matrices (N, 3, 3) of the cross products of vectors with what comes after."""
    x, y, z = vectors.T
    o = np.zeros_like(x)
    return np.moveaxis(np.array([[o, -z, y], [z, o, -x], [-y, x, o]]), 2, 0)


def _least_squares(source: F64, target: F64, weights: F64) -> F64:
    share = weights / weights.sum()
    a, b = share @ source, share @ target
    u, _, vt = np.linalg.svd((source - a).T @ ((target - b) * share[:, None]))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    matrix = np.eye(4)
    matrix[:3, :3] = vt.T @ flip @ u.T
    matrix[:3, 3] = b - matrix[:3, :3] @ a
    return matrix
