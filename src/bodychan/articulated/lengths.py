"""The lengths of one person's bones: learnt over many captures, then all but constant."""

from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F64, frozen
from bodychan.model.skeleton import BIND_BONES, JOINT_COUNT, PARENTS, Joint

_PARENT = np.array(PARENTS)
_TEMPLATE = np.linalg.norm(BIND_BONES, axis=1)
_MIRRORED = np.array([int(joint.mirrored) for joint in Joint])
_STEP = (0.8, 1.25)
"""One measurement counts as no shorter or longer than this, relative to what is known."""
_FULL_WEIGHT_MM = 80.0
"""Error of a bone's ends below which a capture counts fully: that of the least sure joints that are seen, so
that all that can be seen settles at the same pace."""
_SIZE_BONES = [
    Joint[f"{part}_{side}"] for part in ("ELBOW", "WRIST", "KNEE", "ANKLE") for side in ("LEFT", "RIGHT")
] + [Joint.SPINE_CHEST, Joint.NECK]
_FIRST_SECONDS, _SETTLED_SECONDS, _MEMORY_SECONDS = 0.15, 0.7, 300.0
"""For how long a new person's first lengths count; how long they are plain means over what was seen, after
which a capture counts by the inverse cube of the time, so that even a first measure that was 15 % off moves a
length by less than 2 % after 2 s; and the least that it counts: as one of so many seconds."""
_CAPTURE_SECONDS, _LONGEST_SECONDS = 1.0 / 30.0, 0.2
_MUCH_SURER = 0.5
"""Share of the error that a bone was learnt with below which it is learnt anew: a leg behind a table was a
guess."""


@dataclass(frozen=True, slots=True, eq=False)
class Lengths:
    """`mm` (32,) of the bone that ends in each joint, 0 for the pelvis.

    `seconds` (32,) it was seen for; `errors` (32,) mm that were to be expected of the joint in one capture.
    """

    mm: F64
    seconds: F64
    errors: F64

    @classmethod
    def first(cls, joints: F64, sigma: F64) -> "Lengths":
        """Begin with the joints (32, 3) mm of one capture, with errors `sigma` (32,) mm to expect."""
        weight = _weights(sigma)
        mm, errors = _paired(_measured(joints), weight), _paired(sigma, weight)
        return cls(frozen(mm), frozen(np.full(JOINT_COUNT, _FIRST_SECONDS)), frozen(errors))

    def after(self, joints: F64, sigma: F64, seconds: float) -> "Lengths":
        """Give the lengths after one more capture, `seconds` after the last."""
        ratio = np.maximum(_measured(joints), 1.0) / np.maximum(self.mm, 1.0)
        weight = _weights(sigma)
        # Both sides of a body are one length.
        off = _paired(np.log(np.clip(ratio, *_STEP)), weight)
        errors = _paired(sigma, weight)
        step = min(max(seconds, _CAPTURE_SECONDS), _LONGEST_SECONDS) * (weight + weight[_MIRRORED]) / 2
        # What was guessed for long and is seen at last begins anew.
        anew = _of_bones(errors) < _MUCH_SURER * _of_bones(self.errors)
        before = np.where(anew, np.minimum(self.seconds, _FIRST_SECONDS), self.seconds)
        total = np.minimum(before + step, _MEMORY_SECONDS)
        share = step / total * np.minimum(_SETTLED_SECONDS / total, 1.0) ** 2
        share = np.clip(share, step / _MEMORY_SECONDS, 1.0)
        mm = self.mm * np.exp(off * share)
        errors = self.errors + (errors - self.errors) * share
        return Lengths(frozen(mm), frozen(total), frozen(errors))

    @property
    def size(self) -> float:
        """The person's size relative to the template's."""
        return float(np.median(self.mm[_SIZE_BONES] / _TEMPLATE[_SIZE_BONES]))


def _measured(joints: F64) -> F64:
    lengths = np.linalg.norm(joints - joints[_PARENT], axis=1)
    lengths[Joint.PELVIS] = 0.0
    return np.asarray(lengths)


def _paired(values: F64, weights: F64) -> F64:
    """Give the weighted means (32,) of both sides."""
    total = weights * values + weights[_MIRRORED] * values[_MIRRORED]
    return np.asarray(total / np.maximum(weights + weights[_MIRRORED], 1e-9))


def _weights(sigma: F64) -> F64:
    """Say how much a capture counts for each bone, by the errors (32,) mm of its ends."""
    return np.asarray(np.minimum(1.0, (_FULL_WEIGHT_MM / _of_bones(sigma)) ** 2))


def _of_bones(sigma: F64) -> F64:
    """Give the errors (32,) mm of bones, by those of the joints at their ends."""
    return np.asarray(np.hypot(sigma, sigma[_PARENT]))
