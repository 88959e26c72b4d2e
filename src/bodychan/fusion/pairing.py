"""The same joints, and the same limbs, as two cameras see them at the same moments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bodychan.fusion.rigid import ALONG, Pairs, covariance, inverse, moved_points, refine_rigid
from bodychan.fusion.tracks import Track
from bodychan.model.arrays import F64, I64
from bodychan.model.skeleton import Confidence, Joint

_SAME_MM = 400.0
"""Two bodies whose joints are nearer than this on average are one person, once the pose is about known."""
MOST_MOMENTS = 400
"""How many moments of two tracks are used at most."""
_TANGENT_SECONDS = 0.1
_ENDS = ("HAND", "THUMB", "FOOT", "EYE", "EAR", "NOSE")
USED = [joint for joint in Joint if not joint.name.startswith(_ENDS)]
"""Joints that are tracked well enough to measure by."""
_ARMS = np.array([joint.name.startswith(("SHOULDER", "ELBOW", "WRIST")) for joint in USED])
_THIN, _THICK = 0.02, 0.002
"""What joints of arms and all others count beside a limb that was measured by its skin. How deep a joint
lies in the flesh is guessed by a tracker, from all sides alike: the less flesh, the smaller that error."""
_LIMB_ACROSS, _LIMB_ALONG = 0.15, 50.0
"""Variances of a limb's middle, against that of a joint across its ray: along its axis it is where the
tracker has it, and no better known than joints are."""


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """When two tracks are there together, as one person: the rows (S,) of the first, and the second then.

    `second` (S, 32, 3) with `confidence` (S, 32) and `velocity` (S, 32, 3) mm/s; `limbs` (S, 4, 3)
    and their `strides` (S, 4, 3) mm/s; `moments` is how many there are in all, S of them taken.
    """

    one: Track
    rows: I64
    second: F64
    confidence: F64
    velocity: F64
    limbs: F64
    strides: F64
    moments: int

    @classmethod
    def of(
        cls, one: Track, other: Track, offset: float, pose: F64 | None, most: int = MOST_MOMENTS
    ) -> "Together":
        """Find when two tracks are there; with a pose, from the second to the first, also at one place."""
        times = one.seconds - offset
        second, confidence = other.at(times)
        velocity = _velocity(lambda seconds: other.at(seconds)[0], times)
        there = np.isfinite(velocity).all(axis=(1, 2)) & np.isfinite(second).all(axis=(1, 2))
        if pose is not None:
            apart = np.linalg.norm(moved_points(pose, second) - one.positions, axis=2)[:, USED].mean(axis=1)
            there &= np.nan_to_num(apart, nan=np.inf) < _SAME_MM
        rows = np.flatnonzero(there)
        if len(rows) > most:
            rows = rows[np.linspace(0, len(rows) - 1, most).round().astype(int)]
        limbs, strides = other.limbs_at(times[rows]), _velocity(other.limbs_at, times[rows])
        return cls(
            one, rows, second[rows], confidence[rows], velocity[rows], limbs, strides, int(there.sum())
        )

    def joints(self) -> Pairs:
        """Give the joints: of the second as source, of the first as target."""
        first = self.one.positions[self.rows]
        weights = _weights(self.one.confidence[self.rows]) * _weights(self.confidence)
        a, b, velocity = (values[:, USED].reshape(-1, 3) for values in (first, self.second, self.velocity))
        return Pairs(b, _along_rays(b), a, _along_rays(a), velocity, (weights[:, USED] * self._each).ravel())

    def skin(self) -> Pairs:
        """Give the limbs that both measured by their skin, and all joints, which count little beside them.

        Joints have no velocity here: limbs tell the time better.
        """
        joints = self.joints()
        weights = joints.weights.reshape(-1, len(USED)) * np.where(_ARMS, _THIN, _THICK)
        still = replace(joints, weights=weights.ravel(), velocity=np.zeros_like(joints.velocity))
        return Pairs.joined([still, self.limbs_by_skin()])

    def limbs_by_skin(self) -> Pairs:
        """Give the limbs that both measured."""
        first, axes = self.one.limbs[self.rows], self.one.axes[self.rows]
        both = np.isfinite(first).all(axis=2) & np.isfinite(self.limbs).all(axis=2)
        both &= np.isfinite(self.strides).all(axis=2)
        a, b, axis, velocity = first[both], self.limbs[both], axes[both], self.strides[both]
        across = np.broadcast_to(_LIMB_ACROSS * np.eye(3), (len(a), 3, 3))
        weights = np.full(len(a), self._each)
        return Pairs(b, across, a, covariance(axis, _LIMB_ALONG, _LIMB_ACROSS), velocity, weights)

    @property
    def _each(self) -> float:
        """What a moment that was taken stands for."""
        return self.moments / max(len(self.rows), 1)


def later(joints: Pairs, pose: F64) -> float:
    """Give by how many seconds the source's bodies ought to be later to move as the target's do.

    The places of a body tell less of it than how it moves about itself: on a way round, a little later is
    nearly the same as a little farther on.
    """
    return refine_rigid(joints.about_centres(len(USED)), pose, timed=True).later


def together_with_all(
    tracks: Sequence[list[Track]], poses: Sequence[F64], offsets: Sequence[float], camera: int
) -> list[tuple[Together, F64]]:
    """Give what a camera shares with all others, and for each the other's pose in the frame of the rig."""
    parts = []
    for other in range(len(tracks)):
        if other != camera:
            to_other = inverse(poses[other]) @ poses[camera]
            offset = offsets[camera] - offsets[other]
            parts += [
                (Together.of(a, b, offset, to_other), poses[other])
                for a in tracks[other]
                for b in tracks[camera]
            ]
    return parts


def _velocity(at: Callable[[F64], F64], times: F64) -> F64:
    return (at(times + _TANGENT_SECONDS) - at(times - _TANGENT_SECONDS)) / (2 * _TANGENT_SECONDS)


def _along_rays(points: F64) -> F64:
    return covariance(points / np.linalg.norm(points, axis=1, keepdims=True), ALONG)


def _weights(confidence: F64) -> F64:
    return np.where(confidence >= Confidence.MEDIUM, 1.0, np.where(confidence >= Confidence.LOW, 0.1, 1e-3))
