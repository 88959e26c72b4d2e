"""Joint frames in plain numpy, the rules as statements: what `frames_kernels` is compared with."""

import math

import numpy as np

from bodychan.articulated.frames import (
    FASTEST_TWIST,
    LAST_PALM,
    REST,
    SHOULDER_TWIST,
    STRAIGHT,
    bone_frame,
    cross,
    unit,
)
from bodychan.model.arrays import F64
from bodychan.model.rotations import quaternion_to_matrix, rotation_between
from bodychan.model.skeleton import JOINT_COUNT, Joint


def hinge(upper: F64, lower: F64, hint: F64) -> F64:
    """Give the axis about which a limb bends, from its two bones; the hint decides where it is straight."""
    upper, lower = unit(upper), unit(lower)
    across = cross(upper, lower)
    return unit(across + hint * STRAIGHT * max(0.0, 1.0 - float(np.linalg.norm(across))))


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


def orient(
    positions: F64,
    trunk: F64,
    chest: F64,
    head: F64,
    palms: F64,
    toes: F64,
    before: F64 | None = None,
    seconds: float = 0.0,
) -> F64:
    """See `frames_kernels.orient`, which is some fifty times faster."""
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
