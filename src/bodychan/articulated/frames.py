"""Joint frames: which way the axes of each joint point, given where the joints are.

The rules are those of `skeleton`, measured on k4abt: X along the bone, elbows and knees turn about Z. What
positions leave open, the turn of a straight limb about its own axis, follows the capture before, the trunk,
the palm, the foot. A right limb's axes are those of its left twin in the mirrored pose, negated.

Here are the constants and single frames; `frames_kernels` orients whole bodies.
"""

import math

import numpy as np

from bodychan.model.arrays import F64
from bodychan.model.skeleton import BIND_BONES, Joint

SHOULDER_TWIST = np.radians(55.0)
"""Turn about X between upper arm and elbow hinge in k4abt's output."""
STRAIGHT = 0.35
"""Sine of the bend below which a limb's hinge axis is taken more from the hint than from the bend."""
LAST_PALM = 0.5
"""Weight of the palm of the capture before against the one that is seen now."""
FASTEST_TWIST = np.radians(900.0)
"""No limb turns faster about its own axis, rad/s. What seems to, by half a turn, is nearly straight."""


def cross(a: F64, b: F64) -> F64:
    """Give the cross product of two vectors (3,); numpy's own takes ten times as long for single ones."""
    (ax, ay, az), (bx, by, bz) = a.tolist(), b.tolist()
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def unit(vector: F64) -> F64:
    """Give the direction of a vector (3,); a null vector stays null."""
    length = math.sqrt(vector @ vector)
    return vector / length if length > 1e-9 else np.zeros(3)


def frame(x: F64, hint: F64, axis: int = 2) -> F64:
    """Give the rotation whose X axis is `x` and whose Y (`axis` 1) or Z (2) is as near to `hint` as can."""
    x = unit(x)
    x = x if x.any() else np.array([1.0, 0.0, 0.0])
    other = unit(hint - x * (x @ hint))
    if not other.any():
        other = unit(cross(x, np.eye(3)[np.argmin(np.abs(x))]))
    if axis == 1:
        return np.stack([x, other, cross(x, other)], axis=1)
    return np.stack([x, cross(other, x), other], axis=1)


def bone_frame(child: Joint, bone: F64, hint: F64, axis: int = 2) -> F64:
    """Give the frame of `child`'s parent in which the template's bone lies along `bone`; see `frame`."""
    return frame(bone, hint, axis) @ REST[child, axis].T


REST = {
    (joint, axis): frame(BIND_BONES[joint], np.eye(3)[axis], axis)
    for joint in Joint
    for axis in (1, 2)
    if joint.parent is not None
}
"""The template's bones as frames, by joint and hinted axis."""
