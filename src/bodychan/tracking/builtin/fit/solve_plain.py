"""What `solve` does, in plain numpy: the statement of it, and its constants."""

from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F64, I64, Bool, frozen
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.fit.capsules import ENDS, LIMB_COUNT, Capsules, pull
from bodychan.tracking.builtin.fit.proportions import CORE, LINKS

_ACROSS_MM, _ALONG_MM = 15.0, 15.0
"""Errors to be expected of a joint that was seen: the network's, and those of depth and of the skin."""
_ACROSS_UNSEEN_MM, _ALONG_UNSEEN_MM = 40.0, 120.0
LINK_MM = np.array([3.0] * 8 + [4.0, 4.0, 30.0])
"""How far a link may stray from its length: the trunk bends."""
HUBER = 3.0
ROUNDS = 5

CAPSULE_MM, FEW = 5.0, 15.0
"""How far a limb's skin may be from its capsule, all points together; and the number of points from which on
they count for as much as that says: neighbouring points err alike."""

_INSIDE_MM, _BEHIND_MM, SKIN_MM = 25.0, 70.0, 10.0
"""How far joints lie at least below the skin that is seen before them, which is their own or, where they are
hidden, that of what hides them; and within how much."""
BEYOND_MM = 300.0
"""Skin that is farther behind a joint than this is not skin but the room: the joint lies off the outline."""
FOLDED, FOLDED_MM = 0.27, 10.0
"""Shoulder and wrist, hip and ankle are no nearer to each other than this share of the limb's length: about
150 degrees of bend."""
BACKWARD_MM, KNEE_MM = 20.0, 10.0
"""A knee is no farther behind the line from hip to ankle than this, within so much."""

_HALF = np.array([-0.5, -0.5, 0.5, 0.5])


def _rows(*names: str) -> I64:
    return frozen(np.array([[CORE.index(Joint[f"{n}_{side}"]) for n in names] for side in ("LEFT", "RIGHT")]))


_ARMS, LEGS = _rows("SHOULDER", "ELBOW", "WRIST"), _rows("HIP", "KNEE", "ANKLE")
FOLDS = frozen(np.concatenate([_ARMS, LEGS]))


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What the joints (12, 3) are wanted to be near to, all in mm and the depth camera's frame.

    `places` (12, 3) where they were seen, on the `rays` (12, 3), with the weights `across` and `along` the
    ray (12,); `cover` (12,) the distance along the ray of the skin before them, 0 = none, and `least` (12,)
    that of the joint; `lengths` (11,) of the links; `ahead` (3,) where the hips look.
    """

    places: F64
    rays: F64
    across: F64
    along: F64
    cover: F64
    least: F64
    lengths: F64
    ahead: F64

    @classmethod
    def of(cls, joints: F64, measured: Bool, cover: F64, lengths: F64) -> "Wanted":
        """Weigh what was seen; `cover` (12,) is the depth of the skin."""
        rays = joints / np.maximum(np.linalg.norm(joints, axis=1), 1.0)[:, None]
        skin = cover / np.maximum(rays[:, 2], 1e-3)
        return cls(
            joints,
            rays,
            np.where(measured, _ACROSS_MM, _ACROSS_UNSEEN_MM) ** -2.0,
            np.where(measured, _ALONG_MM, _ALONG_UNSEEN_MM) ** -2.0,
            skin,
            skin + np.where(measured, _INSIDE_MM, _BEHIND_MM),
            lengths,
            _ahead(joints),
        )


def solve(wanted: Wanted, points: F64, capsules: Capsules) -> tuple[F64, F64]:
    """Give the joints (12, 3), and how thick the limbs look (8,); see `solve.solve`."""
    found, widths = wanted.places, np.full(LIMB_COUNT, np.nan)
    for _ in range(ROUNDS):
        system = _System.empty(len(found))
        _add_landmarks(system, found, wanted)
        _add_links(system, found, wanted.lengths)
        widths = _add_skin(system, found, points, capsules)
        _add_cover(system, found, wanted)
        _add_folds(system, found, wanted.lengths)
        _add_knees(system, found, wanted.ahead)
        found = found - system.step()
    return found, widths


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


def _add_landmarks(system: _System, found: F64, wanted: Wanted) -> None:
    off = found - wanted.places
    depth = (off * wanted.rays).sum(axis=1)
    robust = wanted.along / np.maximum(1.0, np.abs(depth) * np.sqrt(wanted.along) / HUBER)
    along_rays = wanted.rays[:, :, None] * wanted.rays[:, None, :]
    blocks = wanted.across[:, None, None] * np.eye(3) + (robust - wanted.across)[:, None, None] * along_rays
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
    system.add(slopes, sizes - lengths, LINK_MM**-2.0)


def _add_skin(system: _System, found: F64, points: F64, capsules: Capsules) -> F64:
    """Add the points of the skin; give how thick the limbs look (8,)."""
    pulled = pull(points, capsules.lines(found), capsules.radii)
    for limb in np.flatnonzero(pulled.weights[:LIMB_COUNT] > 0).tolist():
        rows = ENDS[limb, [0, 2]]
        share = CAPSULE_MM**-2.0 / (float(pulled.weights[limb]) + FEW)
        block = share * pulled.hessians[limb].reshape(2, 3, 2, 3)
        system.hessian[rows[:, None], :, rows[None, :]] += block.transpose(0, 2, 1, 3)
        system.gradient[rows] += share * pulled.gradients[limb].reshape(2, 3)
    return pulled.widths[:LIMB_COUNT]


def _add_cover(system: _System, found: F64, wanted: Wanted) -> None:
    """Push joints below the skin that is seen before them."""
    depth = (found * wanted.rays).sum(axis=1)
    off = depth - wanted.least
    out = np.flatnonzero((wanted.cover > 0) & (off < 0) & (off > -BEYOND_MM))
    slopes = np.zeros((len(out), *found.shape))
    slopes[np.arange(len(out)), out] = wanted.rays[out]
    system.add(slopes, off[out], np.full(len(out), SKIN_MM**-2.0))


def _add_folds(system: _System, found: F64, lengths: F64) -> None:
    """Keep the ends of arms and legs apart; `lengths` of the links, whose first eight are the limbs."""
    upper, lower = lengths[[0, 1, 4, 5]], lengths[[2, 3, 6, 7]]
    spans = found[FOLDS[:, 2]] - found[FOLDS[:, 0]]
    sizes = np.linalg.norm(spans, axis=1)
    errors = sizes - FOLDED * (upper + lower)
    bent = np.flatnonzero(errors < 0)
    towards = spans[bent] / np.maximum(sizes[bent], 1e-6)[:, None]
    slopes = np.zeros((len(bent), *found.shape))
    slopes[np.arange(len(bent)), FOLDS[bent, 2]] = towards
    slopes[np.arange(len(bent)), FOLDS[bent, 0]] = -towards
    system.add(slopes, errors[bent], np.full(len(bent), FOLDED_MM**-2.0))


def _add_knees(system: _System, found: F64, ahead: F64) -> None:
    """Keep knees from bending backward."""
    hips, knees, ankles = (found[LEGS[:, i]] for i in range(3))
    errors = (knees - (hips + ankles) / 2) @ ahead + BACKWARD_MM
    bent = np.flatnonzero(errors < 0)
    slopes = np.zeros((len(bent), *found.shape))
    for column, share in ((0, -0.5), (1, 1.0), (2, -0.5)):
        slopes[np.arange(len(bent)), LEGS[bent, column]] = share * ahead
    system.add(slopes, errors[bent], np.full(len(bent), KNEE_MM**-2.0))


def _ahead(joints: F64) -> F64:
    """Give the direction (3,) in which the hips look; null where they have none."""
    shoulders, hips = joints[_ARMS[:, 0]], joints[LEGS[:, 0]]
    left = (hips[0] - hips[1]) + (shoulders[0] - shoulders[1])
    ahead = np.cross(left, shoulders.mean(axis=0) - hips.mean(axis=0))
    length = float(np.linalg.norm(ahead))
    return ahead / length if length > 0 else ahead
