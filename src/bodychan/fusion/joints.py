"""One person's body by what several cameras say of it: articulated, as a tracker's is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bodychan.articulated.aims import first_frames
from bodychan.articulated.articulate import TREE, settle
from bodychan.articulated.lengths import Lengths
from bodychan.fusion.rigid import ALONG
from bodychan.model.arrays import F64, U8
from bodychan.model.rotations import continuous_quaternion, matrix_to_quaternion, quaternion_to_matrix
from bodychan.model.skeleton import PARENTS, Confidence, Joint

_PARENT = np.array(PARENTS)
_USUAL_MM = np.array([100.0, 40.0, 25.0, 25.0])
"""The error to expect of a joint of each confidence, where the tracker does not say."""
_FAR_MM = 6000.0
"""Distance at which that is 1.4 times as much: depth is noisier there, and people are smaller."""
_NOTHING_SEEN = 0.1
"""What the word of a camera counts that sees no joint of somebody, beside one that sees all."""
_GUESSED_MM = 30.0
"""What is not seen is a guess, and off by so much more than it seems."""
_DEEP_MM, _SKIN_MM = 600.0, 50.0
"""So much farther from the camera than the pelvis, but for the skin, a joint counts a quarter."""
_DOUBT_MM = 60.0
"""Distance from what the others say beyond which a camera's joint counts less and less."""
_ROUNDS = 3
_ASTRAY = np.cos(np.radians(45.0))
"""Orientations that put bones farther from where they are do not count: joints alone make frames then."""
_LEAST_MM = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """What one camera says of one person, in the frame of the rig.

    `joints` (32, 3) mm, `orientations` (32, 4), `confidence` (32,); `errors` (32,) mm to expect, None from a
    tracker that does not say; `place` (3,) mm is where the camera is.
    """

    joints: F64
    orientations: F64
    confidence: U8
    errors: F64 | None
    place: F64

    def counts(self) -> F64:
        """Give what its word on each joint (32,) counts: 1 / mm², of the error to expect."""
        distance = np.linalg.norm(self.joints - self.place, axis=1)
        errors = self._usual(distance) if self.errors is None else self.errors
        guessed = np.where(self.confidence >= Confidence.MEDIUM, 0.0, _GUESSED_MM)
        behind = np.maximum(distance - distance[Joint.PELVIS] + _SKIN_MM, 0.0)
        return np.asarray(1.0 / (np.hypot(errors, guessed) * (1.0 + behind / _DEEP_MM)) ** 2)

    def _usual(self, distance: F64) -> F64:
        seen = (self.confidence >= Confidence.MEDIUM).mean()
        usual = _USUAL_MM[self.confidence] / np.sqrt(_NOTHING_SEEN + seen)
        return np.asarray(usual * np.hypot(1.0, distance / _FAR_MM))


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """One person at one moment: `joints` (32, 3) mm, `orientations` (32, 4), `errors` (32,) mm to expect.

    `lengths` are those of the bones, as far as they are known by then.
    """

    joints: F64
    orientations: F64
    errors: F64
    lengths: Lengths


def joined(words: Sequence[Word], counts: F64, before: Joined | None, seconds: float) -> Joined:
    """Give the one articulated body that fits best what all cameras say.

    Args:
        words: of the cameras that see the person, V of them, one or more.
        counts: (V, 32), what each of them counts, see `Word.counts`.
        before: the body a moment ago; None = there was none. Bones keep its lengths, but for what was learnt.
        seconds: since then.
    """
    joints, counts = _means(words, counts)
    errors = np.maximum(1.0 / np.sqrt(counts.sum(axis=0)), _LEAST_MM)
    frames = quaternion_to_matrix(_mean_orientations(words, counts))
    if not _carry(frames, joints):
        last = None if before is None else quaternion_to_matrix(before.orientations)
        frames = first_frames(joints, last, seconds)
    lengths = before.lengths.after(joints, errors, seconds) if before else Lengths.first(joints, errors)
    joints, frames = settle(joints, errors, lengths.mm, frames)
    orientations = matrix_to_quaternion(frames)
    if before is not None:
        orientations = continuous_quaternion(orientations, before.orientations)
    return Joined(joints, orientations, errors, lengths)


def _carry(frames: F64, joints: F64) -> bool:
    """Say whether most bones lie where frames (32, 3, 3) put them; not those of a tracker that gives none."""
    bones = joints[1:] - joints[_PARENT[1:]]
    along = ((frames[_PARENT[1:]] @ TREE.bones[1:, :, None])[..., 0] * bones).sum(axis=1)
    return bool(np.median(along / np.linalg.norm(bones, axis=1)) > _ASTRAY)


def _means(words: Sequence[Word], counts: F64) -> tuple[F64, F64]:
    """Give the joints (32, 3) that fit best what cameras say, and what that counts (V, 32) in the end.

    Each camera knows a joint's place across its ray better than along it: the joint's information matrix is
    what it counts times I - (1 - 1 / ratio) r rᵀ, and the best place is the mean with these as weights. Done
    again with what is far from the mean counted less (Cauchy's function).
    """
    positions = np.stack([word.joints for word in words])
    rays = positions - np.stack([word.place for word in words])[:, None]
    rays /= np.linalg.norm(rays, axis=2, keepdims=True)
    shape = np.eye(3) - (1.0 - 1.0 / ALONG) * rays[..., :, None] * rays[..., None, :]
    robust, mean = counts, positions[0]
    for _ in range(_ROUNDS if len(positions) > 1 else 0):
        information = robust[..., None, None] * shape
        total = (information @ positions[..., None]).sum(axis=0)
        mean = np.linalg.solve(information.sum(axis=0), total)[..., 0]
        apart = np.linalg.norm(positions - mean, axis=2)
        robust = counts / (1.0 + (apart / _DOUBT_MM) ** 2)
    return mean, robust


def _mean_orientations(words: Sequence[Word], counts: F64) -> F64:
    """Give the weighted means (32, 4) of unit quaternions, signs alike, as unit quaternions."""
    orientations = np.stack([word.orientations for word in words])
    surest = np.take_along_axis(orientations, counts.argmax(axis=0)[None, :, None], axis=0)
    signs = np.where((orientations * surest).sum(axis=2, keepdims=True) < 0, -1.0, 1.0)
    mean = (counts[..., None] * signs * orientations).sum(axis=0)
    return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True))
