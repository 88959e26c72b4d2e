"""Joint frames: which way the axes of each joint point, given where the joints are.

The rules are those of `skeleton`, measured on k4abt: X along the bone, elbows and knees turn about Z. What
positions leave open, the turn of a straight limb about its own axis, follows the trunk, the palm, the foot.
A right limb's axes are those of its left twin in the mirrored pose, negated.
"""

import math

import numba
import numpy as np
from numba import types

from bodychan.geometry import quaternion_to_matrix, rotation_between
from bodychan.skeleton import BIND_BONES, JOINT_COUNT, Joint
from bodychan.tracking.compiled import fills, reads
from bodychan.types import F64, I64

_SHOULDER_TWIST = np.radians(55.0)
"""Turn about X between upper arm and elbow hinge in k4abt's output."""
_STRAIGHT = 0.2
"""Sine of the bend below which a limb's hinge axis is taken more from the hint than from the bend."""


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
    return frame(bone, hint, axis) @ _REST[child, axis].T


def hinge(upper: F64, lower: F64, hint: F64) -> F64:
    """Give the axis about which a limb bends, from its two bones; the hint decides where it is straight."""
    upper, lower = unit(upper), unit(lower)
    across = cross(upper, lower)
    return unit(across + hint * _STRAIGHT * max(0.0, 1.0 - float(np.linalg.norm(across))))


_REST = {
    (joint, axis): frame(BIND_BONES[joint], np.eye(3)[axis], axis)
    for joint in Joint
    for axis in (1, 2)
    if joint.parent is not None
}
"""The template's bones as frames, by joint and hinted axis."""


def orient(positions: F64, trunk: F64, chest: F64, head: F64, palms: F64, toes: F64) -> F64:
    """Give the frames of all joints.

    Args:
        positions: (32, 3) of the joints.
        trunk: (3, 3) frame of the pelvis.
        chest: (3, 3) frame of the chest.
        head: (3, 3) frame of the head.
        palms: (2, 3) left, right: from the little finger's side of the hand to the thumb's; null = not known.
        toes: (2, 3) left, right: from heel to toe; null = not known.

    Returns:
        (32, 3, 3), columns are the joints' axes.
    """
    frames = np.zeros((JOINT_COUNT, 3, 3))
    given = [np.ascontiguousarray(values) for values in (positions, trunk, chest, head, palms, toes)]
    _orient_kernel(*given, *_TABLES, frames)  # type: ignore[call-arg]
    return frames


def orient_in_numpy(positions: F64, trunk: F64, chest: F64, head: F64, palms: F64, toes: F64) -> F64:
    """Do what `orient` does in plain numpy: the statement of it, some fifty times slower."""
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
        _orient_arm(frames, positions, chest, palms[index], side, sign)
        _orient_leg(frames, positions, trunk, toes[index], side)
    for joint in Joint:
        if joint.rotation is not None and joint.parent is not None:
            frames[joint] = frames[joint.parent] @ quaternion_to_matrix(np.array(joint.rotation))
    return frames


def _orient_arm(frames: F64, positions: F64, chest: F64, palm: F64, side: str, sign: float) -> None:
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
    axis = hinge(upper, lower, resting @ -chest[:, 2])
    c, s = np.cos(_SHOULDER_TWIST), np.sin(_SHOULDER_TWIST)
    twist = np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    frames[shoulder] = bone_frame(elbow, upper, axis) @ twist
    frames[elbow] = bone_frame(wrist, lower, axis)
    thumb_side = sign * palm if palm.any() else frames[elbow][:, 1]
    frames[wrist] = bone_frame(hand, positions[hand] - positions[wrist], thumb_side)
    frames[hand] = frames[wrist]


def _orient_leg(frames: F64, positions: F64, trunk: F64, toe: F64, side: str) -> None:
    hip, knee, ankle, foot = (Joint[f"{name}_{side}"] for name in ("HIP", "KNEE", "ANKLE", "FOOT"))
    thigh = unit(positions[knee] - positions[hip])
    shank = unit(positions[ankle] - positions[knee])
    swung = rotation_between(-trunk[:, 0], thigh if thigh.any() else -trunk[:, 0])
    hint = swung @ trunk[:, 2] + unit(cross(toe, shank))
    axis = hinge(thigh, shank, unit(hint))
    frames[hip] = bone_frame(knee, thigh, axis)
    frames[knee] = bone_frame(ankle, shank, axis)
    frames[ankle] = bone_frame(foot, positions[foot] - positions[ankle], axis)


def _joints(names: str) -> list[list[int]]:
    """Give the indices of joints of the left side and of the right side, (2, N)."""
    return [[int(Joint[f"{name}_{side}"]) for name in names.split()] for side in ("LEFT", "RIGHT")]


def _tables() -> tuple[F64, I64, I64, I64, F64]:
    """Give what the kernel must know of the skeleton; as arguments, since they may change without it.

    The `_REST` frames (32, 2, 3, 3) hinted by Y and by Z; arms (2, 5) and legs (2, 4); the joints that keep
    still relative to their parents: both (N, 2), and the rotations (N, 3, 3) between.
    """
    rest = np.zeros((JOINT_COUNT, 2, 3, 3))
    for (joint, axis), turned in _REST.items():
        rest[joint, axis - 1] = turned
    fixed = [(j, j.parent, j.rotation) for j in Joint if j.rotation is not None and j.parent is not None]
    return (
        rest,
        np.array(_joints("CLAVICLE SHOULDER ELBOW WRIST HAND")),
        np.array(_joints("HIP KNEE ANKLE FOOT")),
        np.array([(joint, parent) for joint, parent, _ in fixed]),
        np.ascontiguousarray(quaternion_to_matrix(np.array([r for _, _, r in fixed]))),
    )


_TABLES = _tables()

_PELVIS, _NAVEL, _CHEST, _HEAD = (
    int(joint) for joint in (Joint.PELVIS, Joint.SPINE_NAVEL, Joint.SPINE_CHEST, Joint.HEAD)
)
_TWIST_COS, _TWIST_SIN = math.cos(_SHOULDER_TWIST), math.sin(_SHOULDER_TWIST)


# In the kernel a vector is a tuple of three numbers, which costs no memory, and a frame a row of `frames`.
# Nothing is assigned as a whole array: numba takes seconds to compile what that would say of wrong shapes.
@numba.njit(cache=True, nogil=True)
def _set_arm(frames, positions, chest, palm, rest, joints, sign):  # type: ignore[no-untyped-def]
    clavicle, shoulder, elbow, wrist, hand = joints
    collar = _between(positions, clavicle, shoulder)
    _set_bone(frames[clavicle], rest[shoulder, 0], collar, _scale(_column(chest, 1), sign), 1)
    upper, lower = _unit(_between(positions, shoulder, elbow)), _unit(_between(positions, elbow, wrist))
    right = _scale(_column(chest, 0), -1.0)
    resting = _turned(_scale(_column(chest, 2), -1.0), right, upper if _dot(upper, upper) > 0 else right)
    axis = _hinge(upper, lower, resting)
    turned = frames[shoulder]
    _set_bone(turned, rest[elbow, 1], upper, axis, 2)
    for i in range(3):
        y, z = turned[i, 1], turned[i, 2]
        turned[i, 1], turned[i, 2] = y * _TWIST_COS + z * _TWIST_SIN, z * _TWIST_COS - y * _TWIST_SIN
    _set_bone(frames[elbow], rest[wrist, 1], lower, axis, 2)
    thumb = _scale(palm, sign) if _dot(palm, palm) > 0 else _column(frames[elbow], 1)
    _set_bone(frames[wrist], rest[hand, 1], _between(positions, wrist, hand), thumb, 2)
    for i in range(3):
        for k in range(3):
            frames[hand, i, k] = frames[wrist, i, k]


@numba.njit(cache=True, nogil=True)
def _set_leg(frames, positions, trunk, toe, rest, joints):  # type: ignore[no-untyped-def]
    hip, knee, ankle, foot = joints
    thigh, shank = _unit(_between(positions, hip, knee)), _unit(_between(positions, knee, ankle))
    right = _scale(_column(trunk, 0), -1.0)
    swung = _turned(_column(trunk, 2), right, thigh if _dot(thigh, thigh) > 0 else right)
    axis = _hinge(thigh, shank, _unit(_add(swung, _unit(_cross(toe, shank)), 1.0)))
    _set_bone(frames[hip], rest[knee, 1], thigh, axis, 2)
    _set_bone(frames[knee], rest[ankle, 1], shank, axis, 2)
    _set_bone(frames[ankle], rest[foot, 1], _between(positions, ankle, foot), axis, 2)


@numba.njit(cache=True, nogil=True)
def _set_bone(out, rest, bone, hint, axis):  # type: ignore[no-untyped-def]
    """Do `bone_frame`, with the template's bone as the frame `rest`."""
    x = _unit(bone)
    x = x if _dot(x, x) > 0 else (1.0, 0.0, 0.0)
    other = _unit(_add(hint, x, -_dot(x, hint)))
    if _dot(other, other) == 0:
        other = _unit(_cross(x, _smallest(x)))
    y, z = (other, _cross(x, other)) if axis == 1 else (_cross(other, x), other)
    for i in range(3):
        for k in range(3):
            out[i, k] = x[i] * rest[k, 0] + y[i] * rest[k, 1] + z[i] * rest[k, 2]


@numba.njit(cache=True, nogil=True)
def _hinge(upper, lower, hint):  # type: ignore[no-untyped-def]
    """Do `hinge` for unit vectors or null ones."""
    across = _cross(upper, lower)
    return _unit(_add(across, hint, _STRAIGHT * max(0.0, 1.0 - math.sqrt(_dot(across, across)))))


@numba.njit(cache=True, nogil=True)
def _turned(vector, source, target):  # type: ignore[no-untyped-def]
    """Turn a vector by `geometry.rotation_between`."""
    w = 1.0 + _dot(source, target)
    opposite = w < 1e-9
    w = 0.0 if opposite else w
    axis = _cross(source, _smallest(source)) if opposite else _cross(source, target)
    length = math.sqrt(w * w + _dot(axis, axis))
    w, axis = w / length, _scale(axis, 1.0 / length)
    aside = _cross(axis, vector)
    return _add(_add(vector, aside, 2.0 * w), _cross(axis, aside), 2.0)


@numba.njit(cache=True, nogil=True)
def _smallest(v):  # type: ignore[no-untyped-def]
    """Give the axis along which a vector is shortest."""
    x, y, z = abs(v[0]), abs(v[1]), abs(v[2])
    if x <= y and x <= z:
        return (1.0, 0.0, 0.0)
    return (0.0, 1.0, 0.0) if y <= z else (0.0, 0.0, 1.0)


@numba.njit(cache=True, nogil=True)
def _between(positions, start, end):  # type: ignore[no-untyped-def]
    a, b = positions[start], positions[end]
    return (b[0] - a[0], b[1] - a[1], b[2] - a[2])


@numba.njit(cache=True, nogil=True)
def _column(matrix, k):  # type: ignore[no-untyped-def]
    return (matrix[0, k], matrix[1, k], matrix[2, k])


@numba.njit(cache=True, nogil=True)
def _vector(row):  # type: ignore[no-untyped-def]
    return (row[0], row[1], row[2])


@numba.njit(cache=True, nogil=True)
def _add(a, b, times):  # type: ignore[no-untyped-def]
    return (a[0] + b[0] * times, a[1] + b[1] * times, a[2] + b[2] * times)


@numba.njit(cache=True, nogil=True)
def _scale(a, times):  # type: ignore[no-untyped-def]
    return (a[0] * times, a[1] * times, a[2] * times)


@numba.njit(cache=True, nogil=True)
def _dot(a, b):  # type: ignore[no-untyped-def]
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@numba.njit(cache=True, nogil=True)
def _cross(a, b):  # type: ignore[no-untyped-def]
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


@numba.njit(cache=True, nogil=True)
def _unit(v):  # type: ignore[no-untyped-def]
    length = math.sqrt(_dot(v, v))
    if length > 1e-9:
        return (v[0] / length, v[1] / length, v[2] / length)
    return (0.0, 0.0, 0.0)


@numba.njit(
    types.void(
        *(reads(types.float64, 2),) * 6,
        *(reads(types.float64, 4), *(reads(types.int64, 2),) * 3, reads(types.float64, 3)),
        fills(types.float64, 3),
    ),
    cache=True,
    nogil=True,
)
def _orient_kernel(positions, trunk, chest, head, palms, toes, rest, arms, legs, ends, turns, frames):  # type: ignore[no-untyped-def]
    for joint in range(len(frames)):
        for i in range(3):
            frames[joint, i, i] = 1.0
    for i in range(3):
        for k in range(3):
            frames[_PELVIS, i, k], frames[_CHEST, i, k], frames[_HEAD, i, k] = (
                trunk[i, k],
                chest[i, k],
                head[i, k],
            )
    both = _add(_column(trunk, 2), _column(chest, 2), 1.0)
    _set_bone(frames[_NAVEL], rest[_CHEST, 1], _between(positions, _NAVEL, _CHEST), both, 2)
    for side in range(2):
        sign = 1.0 - 2.0 * side
        _set_arm(frames, positions, chest, _vector(palms[side]), rest, arms[side], sign)
        _set_leg(frames, positions, trunk, _vector(toes[side]), rest, legs[side])
    for n in range(len(ends)):
        joint, parent = ends[n]
        for i in range(3):
            for k in range(3):
                a, b = frames[parent, i], turns[n]
                frames[joint, i, k] = a[0] * b[0, k] + a[1] * b[1, k] + a[2] * b[2, k]
