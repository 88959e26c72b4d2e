"""One body's motion over a whole take, at a steady rate: what formats of skeletons and markers hold."""

from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F64, I64, Bool
from bodychan.model.rotations import (
    euler_xyz_degrees_to_quaternion,
    matrix_to_quaternion,
    quaternion_to_matrix,
)
from bodychan.model.skeleton import PARENTS, Joint
from bodychan.outputs.skeletons import Skeletons

_LONGEST_GAP = 10.0
"""Seconds without a sample that a motion has at most: clocks jump."""

_TRUNK, _LEG_RIGHT = (90.0, 0.0, -90.0), (-90.0, 0.0, 90.0)
_TURNING = {
    "pelvis": _TRUNK,
    "spine_navel": _TRUNK,
    "spine_chest": _TRUNK,
    "head": _TRUNK,
    "clavicle_l": (87.1365, -11.3574, -0.6789),
    "shoulder_l": (35.0, 0.0, 0.0),
    "elbow_l": (90.0, 0.0, 0.0),
    "wrist_l": (180.0, 0.0, 0.0),
    "hand_l": (180.0, 0.0, 0.0),
    "clavicle_r": (-92.8635, 11.3574, 0.6789),
    "shoulder_r": (-145.0, 0.0, 0.0),
    "elbow_r": (-90.0, 0.0, 0.0),
    "wrist_r": (0.0, 0.0, 0.0),
    "hand_r": (0.0, 0.0, 0.0),
    "hip_l": _TRUNK,
    "knee_l": _TRUNK,
    "ankle_l": _TRUNK,
    "hip_r": _LEG_RIGHT,
    "knee_r": _LEG_RIGHT,
    "ankle_r": _LEG_RIGHT,
}


def _rest() -> F64:
    rest = np.empty((len(Joint), 3, 3))
    for joint in Joint:
        if joint.parent is None or joint.rotation is None:
            angles = np.array(_TURNING[joint.channel])
            rest[joint] = quaternion_to_matrix(euler_xyz_degrees_to_quaternion(angles))
        else:
            # R' = D R D with D = diag(-1, -1, 1), which is also half a turn about Z.
            fixed = np.array(joint.rotation) * (1.0, -1.0, -1.0, 1.0)
            rest[joint] = rest[joint.parent] @ quaternion_to_matrix(fixed / np.linalg.norm(fixed))
    rest.setflags(write=False)
    return rest


REST: F64 = _rest()
"""(32, 3, 3) rotations in channel space of the T-pose in docs/rest_pose.json, a joint's axes as columns."""

PARENT_OR_SELF: I64 = np.array([max(parent, 0) for parent in PARENTS])


@dataclass(frozen=True, eq=False)
class Motion:
    """F frames of one body in channel space, `rate` a second.

    `seen` (F,) bool: in the other frames the body keeps the pose that it had last, or has first. `positions`
    (F, 32, 3) metres; `rotations` (F, 32, 3, 3), joint axes as columns, empty where they were not asked for;
    `confidence` (F, 32), 2 throughout where it is not known.
    """

    body: int
    rate: float
    seen: Bool
    positions: F64
    rotations: F64
    confidence: F64

    @property
    def local(self) -> F64:
        """(F, 32, 3) metres from each joint's parent to the joint in the parent's axes; the pelvis is 0."""
        bones = self.positions - self.positions[:, PARENT_OR_SELF]
        return np.asarray(np.einsum("fjba,fjb->fja", self.rotations[:, PARENT_OR_SELF], bones))

    @property
    def offsets(self) -> F64:
        """(32, 3) the median of `local` over the frames in which the body was seen."""
        return np.asarray(np.median(self.local[self.seen], axis=0))


def relative(rotations: F64) -> F64:
    """Turn rotations (..., 32, 3, 3) in the world into those in the parent's axes, but for the pelvis."""
    found = np.swapaxes(rotations[..., PARENT_OR_SELF, :, :], -1, -2) @ rotations
    found[..., Joint.PELVIS, :, :] = rotations[..., Joint.PELVIS, :, :]
    return np.asarray(found)


def steady_quaternions(rotations: F64) -> F64:
    """Turn rotations (F, ..., 3, 3) into quaternions (F, ..., 4) wxyz whose signs do not jump."""
    found = matrix_to_quaternion(rotations)
    flips = np.where((found[1:] * found[:-1]).sum(axis=-1) < 0, -1.0, 1.0)
    found[1:] *= np.cumprod(flips, axis=0)[..., None]
    return found


def seconds(timestamps_usec: F64 | None, places: F64, rate: float) -> F64:
    """Give the times (S,) of samples from the first on.

    They follow the device times where these increase, as they do with one sample per capture; elsewhere the
    samples' places (S,) on the timeline, and where these do not increase their number. A gap is ten seconds
    at most.
    """
    candidates = [places / rate] if timestamps_usec is None else [timestamps_usec / 1e6, places / rate]
    for times in candidates:
        steps = np.diff(times)
        if (steps > 0).all():
            return np.concatenate([[0.0], np.cumsum(np.minimum(steps, _LONGEST_GAP))])
    return np.asarray(np.arange(len(places)) / rate)


def motions(people: Skeletons, times: F64, rate: float) -> list[Motion]:
    """Put together the motion of every body that was seen, in the order of their ids.

    Args:
        people: the players of S samples.
        times: (S,) seconds of the samples, see `seconds`.
        rate: frames per second. A sample goes to the frame that is nearest.
    """
    frames = np.rint(times * rate).astype(np.int64)
    ids = people.ids
    return [_motion(people, body, frames, rate) for body in np.unique(ids[ids != 0]).tolist()]


def _motion(skeletons: Skeletons, body: int, frames: I64, rate: float) -> Motion:
    player, sample = np.nonzero(skeletons.ids == body)
    order = np.argsort(sample, kind="stable")
    player, sample = player[order], sample[order]
    count = int(frames[-1]) + 1
    # For each frame the last sample of this body up to it, and before its first that one.
    latest = np.full(count, -1, np.int64)
    latest[frames[sample]] = np.arange(len(sample))
    seen = latest >= 0
    latest = np.maximum(np.maximum.accumulate(latest), 0)
    at = player[latest], sample[latest]
    rotations, confidence = skeletons.rotations, skeletons.confidence
    return Motion(
        body,
        rate,
        seen,
        skeletons.positions[at],
        rotations[at] if rotations.size else rotations,
        confidence[at],
    )
