"""Joint frames: which way the axes of each joint point, given where the joints are.

The rules are those of `skeleton`, measured on k4abt: X along the bone, elbows and knees turn about Z. What
positions leave open, the turn of a straight limb about its own axis, follows the capture before, the trunk,
the palm, the foot. A right limb's axes are those of its left twin in the mirrored pose, negated.

`frames_kernels` does the same, compiled.
"""

import math

import numpy as np

from bodychan.model.arrays import F64
from bodychan.model.rotations import quaternion_to_matrix, rotation_between
from bodychan.model.skeleton import BIND_BONES, JOINT_COUNT, Joint

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


def hinge(upper: F64, lower: F64, hint: F64) -> F64:
    """Give the axis about which a limb bends, from its two bones; the hint decides where it is straight."""
    upper, lower = unit(upper), unit(lower)
    across = cross(upper, lower)
    return unit(across + hint * STRAIGHT * max(0.0, 1.0 - float(np.linalg.norm(across))))


REST = {
    (joint, axis): frame(BIND_BONES[joint], np.eye(3)[axis], axis)
    for joint in Joint
    for axis in (1, 2)
    if joint.parent is not None
}
"""The template's bones as frames, by joint and hinted axis."""


def kept(axis: F64, bone: F64, before: F64, most: float) -> F64:
    """Give the axis across a bone, turned by no more than `most` rad from where it was `before`, if known."""
    was = unit(before - bone * (bone @ before))
    now = unit(axis - bone * (bone @ axis))
    if not was.any() or not now.any():
        return axis
    aside = cross(bone, was)
    turned = math.atan2(float(now @ aside), float(now @ was))
    if abs(turned) <= most:
        return axis
    turned = math.copysign(most, turned)
    return was * math.cos(turned) + aside * math.sin(turned)


def carried(before: F64, child: Joint, bone: F64, twist: F64 | None = None) -> F64:
    """Give where the hinted axis of a joint was in the capture before, if its bone had been as it is now.

    Args:
        before: (3, 3) the joint's frame then; null = not known.
        child: in whose direction the bone goes.
        bone: (3,) its direction now.
        twist: (3, 3) turn of the frame about the bone after it was laid along it; None = none.
    """
    old = (before if twist is None else before @ twist.T) @ REST[child, 2]
    if not old.any() or not bone.any():
        return np.zeros(3)
    return np.asarray(rotation_between(old[:, 0], bone) @ old[:, 2])


def orient_in_numpy(
    positions: F64,
    trunk: F64,
    chest: F64,
    head: F64,
    palms: F64,
    toes: F64,
    before: F64 | None = None,
    seconds: float = 0.0,
) -> F64:
    """Give the frames of all joints.

    Args:
        positions: (32, 3) of the joints.
        trunk: (3, 3) frame of the pelvis.
        chest: (3, 3) frame of the chest.
        head: (3, 3) frame of the head.
        palms: (2, 3) left, right: from the little finger's side of the hand to the thumb's; null = not known.
        toes: (2, 3) left, right: from heel to toe; null = not known.
        before: (32, 3, 3) frames of the capture before; None = there was none.
        seconds: since then.

    Returns:
        (32, 3, 3), columns are the joints' axes.
    """
    before = np.zeros((JOINT_COUNT, 3, 3)) if before is None else before
    most = FASTEST_TWIST * seconds
    frames = np.tile(np.eye(3), (JOINT_COUNT, 1, 1))
    frames[Joint.PELVIS] = trunk
    frames[Joint.SPINE_NAVEL] = bone_frame(
        Joint.SPINE_CHEST,
        positions[Joint.SPINE_CHEST] - positions[Joint.SPINE_NAVEL],
        trunk[:, 2] + chest[:, 2],
    )
    frames[Joint.SPINE_CHEST] = chest
    frames[Joint.HEAD] = head
    for index, (side, sign) in enumerate((("LEFT", 1.0), ("RIGHT", -1.0))):
        _orient_arm(frames, positions, chest, palms[index], side, sign, before, most)
        _orient_leg(frames, positions, trunk, toes[index], side, before, most)
    for joint in Joint:
        if joint.rotation is not None and joint.parent is not None:
            frames[joint] = frames[joint.parent] @ quaternion_to_matrix(np.array(joint.rotation))
    return frames


def _orient_arm(
    frames: F64,
    positions: F64,
    chest: F64,
    palm: F64,
    side: str,
    sign: float,
    before: F64,
    most: float,
) -> None:
    clavicle, shoulder, elbow, wrist, hand = (
        Joint[f"{name}_{side}"] for name in ("CLAVICLE", "SHOULDER", "ELBOW", "WRIST", "HAND")
    )
    frames[clavicle] = bone_frame(
        shoulder, positions[shoulder] - positions[clavicle], sign * chest[:, 1], axis=1
    )
    upper = unit(positions[elbow] - positions[shoulder])
    lower = unit(positions[wrist] - positions[elbow])
    # The arm that hangs bends about the body's right; a raised one takes that axis along.
    resting = rotation_between(-chest[:, 0], upper if upper.any() else -chest[:, 0])
    c, s = np.cos(SHOULDER_TWIST), np.sin(SHOULDER_TWIST)
    twist = np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    last = carried(before[shoulder], elbow, upper, twist)
    axis = _hinted(upper, lower, resting @ -chest[:, 2], last, most)
    frames[shoulder] = bone_frame(elbow, upper, axis) @ twist
    frames[elbow] = bone_frame(wrist, lower, axis)
    thumb_side = unit(sign * palm if palm.any() else frames[elbow][:, 1])
    bone = unit(positions[hand] - positions[wrist])
    last = carried(before[wrist], hand, bone)
    frames[wrist] = bone_frame(hand, bone, kept(thumb_side + LAST_PALM * last, bone, last, most))
    frames[hand] = frames[wrist]


def _hinted(upper: F64, lower: F64, resting: F64, last: F64, most: float) -> F64:
    """Give the hinge axis of a limb that has one at rest and, unless null, had one in the capture before."""
    hint = unit(last + resting) if last.any() else resting
    return kept(hinge(upper, lower, hint), upper, last, most)


def _orient_leg(
    frames: F64, positions: F64, trunk: F64, toe: F64, side: str, before: F64, most: float
) -> None:
    hip, knee, ankle, foot = (Joint[f"{name}_{side}"] for name in ("HIP", "KNEE", "ANKLE", "FOOT"))
    thigh = unit(positions[knee] - positions[hip])
    shank = unit(positions[ankle] - positions[knee])
    swung = rotation_between(-trunk[:, 0], thigh if thigh.any() else -trunk[:, 0])
    hint = swung @ trunk[:, 2] + unit(cross(toe, shank))
    axis = _hinted(thigh, shank, unit(hint), carried(before[hip], knee, thigh), most)
    frames[hip] = bone_frame(knee, thigh, axis)
    frames[knee] = bone_frame(ankle, shank, axis)
    frames[ankle] = bone_frame(foot, positions[foot] - positions[ankle], axis)
