"""Where the joints are: Gauss-Newton over the twelve joints of `shape.CORE`.

The sum of these squares is least:

* how far each joint is from where it was seen, across its viewing ray and along it; along the ray, where
  another surface may have been measured, large errors count by their size and not by its square (Huber);
* how far each link is from its length;
* how far the points of the skin are from the limbs' capsules;
* how far a joint stands out of the skin that is seen before it;
* how much farther a limb bends than limbs do.
"""

from dataclasses import dataclass

import numpy as np

from bodychan.skeleton import Joint
from bodychan.tracking.capsules import ENDS, LIMB_COUNT, Capsules, pull
from bodychan.tracking.shape import CORE, LINKS
from bodychan.types import F64, I64, Bool, frozen

_ACROSS_MM, _ALONG_MM = 15.0, 15.0
"""Errors to be expected of a joint that was seen: the network's, and those of depth and of the skin."""
_ACROSS_UNSEEN_MM, _ALONG_UNSEEN_MM = 40.0, 120.0
_LINK_MM = np.array([3.0] * 8 + [4.0, 4.0, 30.0])
"""How far a link may stray from its length: the trunk bends."""
_HUBER = 3.0
_ROUNDS = 5

_CAPSULE_MM, _FEW = 5.0, 15.0
"""How far a limb's skin may be from its capsule, all points together; and the number of points from which on
they count for as much as that says: neighbouring points err alike."""

_INSIDE_MM, _BEHIND_MM, _SKIN_MM = 25.0, 70.0, 10.0
"""How far joints lie at least below the skin that is seen before them, which is their own or, where they are
hidden, that of what hides them; and within how much."""
_BEYOND_MM = 300.0
"""Skin that is farther behind a joint than this is not skin but the room: the joint lies off the outline."""
_FOLDED, _FOLDED_MM = 0.27, 10.0
"""Shoulder and wrist, hip and ankle are no nearer to each other than this share of the limb's length: about
150 degrees of bend."""
_BACKWARD_MM, _KNEE_MM = 20.0, 10.0
"""A knee is no farther behind the line from hip to ankle than this, within so much."""

_HALF = np.array([-0.5, -0.5, 0.5, 0.5])


def _rows(*names: str) -> I64:
    return frozen(np.array([[CORE.index(Joint[f"{n}_{side}"]) for n in names] for side in ("LEFT", "RIGHT")]))


_ARMS, _LEGS = _rows("SHOULDER", "ELBOW", "WRIST"), _rows("HIP", "KNEE", "ANKLE")
_FOLDS = frozen(np.concatenate([_ARMS, _LEGS]))


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one capture tells of a body.

    `joints` (12, 3) mm, depth camera, none at the camera itself, where the landmarks put the joints of
    `CORE`; `measured` (12,) which of them were not guessed; `points` (N, 3) mm of the depth image around the
    body; `cover` (12,) mm, the depth of the surface that is seen where each joint is, 0 where there is none.
    """

    joints: F64
    measured: Bool
    points: F64
    cover: F64


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """The `joints` (12, 3) mm, and how thick the eight limbs look, `widths`, relative to their capsules."""

    joints: F64
    widths: F64


def solve(seen: Seen, lengths: F64, capsules: Capsules) -> Solved:
    """Find the joints.

    Args:
        seen: the body in one capture.
        lengths: (11,) mm of the links.
        capsules: the body's.
    """
    landmarks = _Landmarks.of(seen)
    ahead = _ahead(seen.joints)
    found, widths = seen.joints, np.full(LIMB_COUNT, np.nan)
    for _ in range(_ROUNDS):
        system = _System.empty(len(found))
        landmarks.add_to(system, found)
        _add_links(system, found, lengths)
        widths = _add_skin(system, found, seen.points, capsules)
        _add_cover(system, found, landmarks.rays, seen)
        _add_folds(system, found, lengths)
        _add_knees(system, found, ahead)
        found = found - system.step()
    return Solved(found, widths)


@dataclass(frozen=True, slots=True, eq=False)
class _System:
    """The normal equations: `hessian` (J, 3, J, 3) and `gradient` (J, 3), filled in place."""

    hessian: F64
    gradient: F64

    @classmethod
    def empty(cls, count: int) -> "_System":
        return cls(np.zeros((count, 3, count, 3)), np.zeros((count, 3)))

    def add(self, slopes: F64, errors: F64, weights: F64) -> None:
        """Add residuals `errors` (N,) with their `slopes` (N, J, 3) and `weights` (N,)."""
        size = self.gradient.size
        flat = slopes.reshape(len(slopes), size)
        self.hessian.reshape(size, size)[:] += (flat.T * weights) @ flat
        self.gradient.reshape(-1)[:] += flat.T @ (weights * errors)

    def step(self) -> F64:
        size = self.gradient.size
        step = np.linalg.solve(self.hessian.reshape(size, size), self.gradient.ravel())
        return np.asarray(step.reshape(-1, 3))


@dataclass(frozen=True, slots=True, eq=False)
class _Landmarks:
    """The joints as seen, `places` and `rays` (12, 3), with the weights `across` and `along` (12,)."""

    places: F64
    rays: F64
    across: F64
    along: F64

    @classmethod
    def of(cls, seen: Seen) -> "_Landmarks":
        return cls(
            seen.joints,
            seen.joints / np.maximum(np.linalg.norm(seen.joints, axis=1), 1.0)[:, None],
            np.where(seen.measured, _ACROSS_MM, _ACROSS_UNSEEN_MM) ** -2.0,
            np.where(seen.measured, _ALONG_MM, _ALONG_UNSEEN_MM) ** -2.0,
        )

    def add_to(self, system: _System, found: F64) -> None:
        off = found - self.places
        depth = (off * self.rays).sum(axis=1)
        robust = self.along / np.maximum(1.0, np.abs(depth) * np.sqrt(self.along) / _HUBER)
        along_rays = self.rays[:, :, None] * self.rays[:, None, :]
        blocks = self.across[:, None, None] * np.eye(3) + (robust - self.across)[:, None, None] * along_rays
        rows = np.arange(len(found))
        system.hessian[rows, :, rows] += blocks
        system.gradient[:] += (blocks @ off[:, :, None])[:, :, 0]


def _add_links(system: _System, found: F64, lengths: F64) -> None:
    bones = (found[LINKS] * _HALF[None, :, None]).sum(axis=1)
    sizes = np.linalg.norm(bones, axis=1)
    towards = bones / np.maximum(sizes, 1e-6)[:, None]
    slopes = np.zeros((len(LINKS), *found.shape))
    for end in range(4):
        slopes[np.arange(len(LINKS)), LINKS[:, end]] += _HALF[end] * towards
    system.add(slopes, sizes - lengths, _LINK_MM**-2.0)


def _add_skin(system: _System, found: F64, points: F64, capsules: Capsules) -> F64:
    """Add the points of the skin; give how thick the limbs look (8,)."""
    pulled = pull(points, capsules.lines(found), capsules.radii)
    for limb in np.flatnonzero(pulled.weights[:LIMB_COUNT] > 0).tolist():
        rows = ENDS[limb, [0, 2]]
        share = _CAPSULE_MM**-2.0 / (float(pulled.weights[limb]) + _FEW)
        block = share * pulled.hessians[limb].reshape(2, 3, 2, 3)
        system.hessian[rows[:, None], :, rows[None, :]] += block.transpose(0, 2, 1, 3)
        system.gradient[rows] += share * pulled.gradients[limb].reshape(2, 3)
    return pulled.widths[:LIMB_COUNT]


def _add_cover(system: _System, found: F64, rays: F64, seen: Seen) -> None:
    """Push joints below the skin that is seen before them."""
    depth = (found * rays).sum(axis=1)
    skin = seen.cover / np.maximum(rays[:, 2], 1e-3)
    least = skin + np.where(seen.measured, _INSIDE_MM, _BEHIND_MM)
    out = np.flatnonzero((seen.cover > 0) & (depth < least) & (depth > least - _BEYOND_MM))
    slopes = np.zeros((len(out), *found.shape))
    slopes[np.arange(len(out)), out] = rays[out]
    system.add(slopes, (depth - least)[out], np.full(len(out), _SKIN_MM**-2.0))


def _add_folds(system: _System, found: F64, lengths: F64) -> None:
    """Keep the ends of arms and legs apart; `lengths` of the links, whose first eight are the limbs."""
    upper, lower = lengths[[0, 1, 4, 5]], lengths[[2, 3, 6, 7]]
    spans = found[_FOLDS[:, 2]] - found[_FOLDS[:, 0]]
    sizes = np.linalg.norm(spans, axis=1)
    errors = sizes - _FOLDED * (upper + lower)
    bent = np.flatnonzero(errors < 0)
    towards = spans[bent] / np.maximum(sizes[bent], 1e-6)[:, None]
    slopes = np.zeros((len(bent), *found.shape))
    slopes[np.arange(len(bent)), _FOLDS[bent, 2]] = towards
    slopes[np.arange(len(bent)), _FOLDS[bent, 0]] = -towards
    system.add(slopes, errors[bent], np.full(len(bent), _FOLDED_MM**-2.0))


def _add_knees(system: _System, found: F64, ahead: F64) -> None:
    """Keep knees from bending backward."""
    hips, knees, ankles = (found[_LEGS[:, i]] for i in range(3))
    errors = (knees - (hips + ankles) / 2) @ ahead + _BACKWARD_MM
    bent = np.flatnonzero(errors < 0)
    slopes = np.zeros((len(bent), *found.shape))
    for column, share in ((0, -0.5), (1, 1.0), (2, -0.5)):
        slopes[np.arange(len(bent)), _LEGS[bent, column]] = share * ahead
    system.add(slopes, errors[bent], np.full(len(bent), _KNEE_MM**-2.0))


def _ahead(joints: F64) -> F64:
    """Give the direction (3,) in which the hips look; null where they have none."""
    shoulders, hips = joints[_ARMS[:, 0]], joints[_LEGS[:, 0]]
    left = (hips[0] - hips[1]) + (shoulders[0] - shoulders[1])
    ahead = np.cross(left, shoulders.mean(axis=0) - hips.mean(axis=0))
    length = float(np.linalg.norm(ahead))
    return ahead / length if length > 0 else ahead
