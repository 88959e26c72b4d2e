"""The compiled twin of `frames`: the same rules, with vectors as tuples of three numbers."""

import math

import numba
import numpy as np
from numba import types

from bodychan.model.arrays import F64, I64
from bodychan.model.rotations import quaternion_to_matrix
from bodychan.model.skeleton import JOINT_COUNT, Joint
from bodychan.optics.compiled import fills, reads
from bodychan.tracking.builtin.fit.frames import FASTEST_TWIST, LAST_PALM, REST, SHOULDER_TWIST, STRAIGHT


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
    frames = np.zeros((JOINT_COUNT, 3, 3))
    before = np.zeros_like(frames) if before is None else before
    given = [np.ascontiguousarray(values) for values in (positions, trunk, chest, head, palms, toes, before)]
    _orient_kernel(*given, FASTEST_TWIST * seconds, *_TABLES, frames)  # type: ignore[call-arg]
    return frames


def _joints(names: str) -> list[list[int]]:
    """Give the indices of joints of the left side and of the right side, (2, N)."""
    return [[int(Joint[f"{name}_{side}"]) for name in names.split()] for side in ("LEFT", "RIGHT")]


def _tables() -> tuple[F64, I64, I64, I64, F64]:
    """Give what the kernel must know of the skeleton; as arguments, since they may change without it.

    The `REST` frames (32, 2, 3, 3) hinted by Y and by Z; arms (2, 5) and legs (2, 4); the joints that keep
    still relative to their parents: both (N, 2), and the rotations (N, 3, 3) between.
    """
    rest = np.zeros((JOINT_COUNT, 2, 3, 3))
    for (joint, axis), turned in REST.items():
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
_TWIST_COS, _TWIST_SIN = math.cos(SHOULDER_TWIST), math.sin(SHOULDER_TWIST)


# In the kernel a vector is a tuple of three numbers, which costs no memory, and a frame a row of `frames`.
# Nothing is assigned as a whole array: numba takes seconds to compile what that would say of wrong shapes.
@numba.njit(cache=True, nogil=True)
def _set_arm(frames, positions, chest, palm, before, most, rest, joints, sign):  # type: ignore[no-untyped-def]
    clavicle, shoulder, elbow, wrist, hand = joints
    collar = _between(positions, clavicle, shoulder)
    _set_bone(frames[clavicle], rest[shoulder, 0], collar, _scale(_column(chest, 1), sign), 1)
    upper, lower = _unit(_between(positions, shoulder, elbow)), _unit(_between(positions, elbow, wrist))
    right = _scale(_column(chest, 0), -1.0)
    resting = _turned(_scale(_column(chest, 2), -1.0), right, upper if _dot(upper, upper) > 0 else right)
    last = _carried(before[shoulder], rest[elbow, 1], upper, _TWIST_COS, _TWIST_SIN)
    axis = _settled(upper, lower, resting, last, most)
    turned = frames[shoulder]
    _set_bone(turned, rest[elbow, 1], upper, axis, 2)
    for i in range(3):
        y, z = turned[i, 1], turned[i, 2]
        turned[i, 1], turned[i, 2] = y * _TWIST_COS + z * _TWIST_SIN, z * _TWIST_COS - y * _TWIST_SIN
    _set_bone(frames[elbow], rest[wrist, 1], lower, axis, 2)
    thumb = _unit(_scale(palm, sign) if _dot(palm, palm) > 0 else _column(frames[elbow], 1))
    bone = _unit(_between(positions, wrist, hand))
    last = _carried(before[wrist], rest[hand, 1], bone, 1.0, 0.0)
    thumb = _kept(_add(thumb, last, LAST_PALM), bone, last, most)
    _set_bone(frames[wrist], rest[hand, 1], bone, thumb, 2)
    for i in range(3):
        for k in range(3):
            frames[hand, i, k] = frames[wrist, i, k]


@numba.njit(cache=True, nogil=True)
def _set_leg(frames, positions, trunk, toe, before, most, rest, joints):  # type: ignore[no-untyped-def]
    hip, knee, ankle, foot = joints
    thigh, shank = _unit(_between(positions, hip, knee)), _unit(_between(positions, knee, ankle))
    right = _scale(_column(trunk, 0), -1.0)
    swung = _turned(_column(trunk, 2), right, thigh if _dot(thigh, thigh) > 0 else right)
    resting = _unit(_add(swung, _unit(_cross(toe, shank)), 1.0))
    last = _carried(before[hip], rest[knee, 1], thigh, 1.0, 0.0)
    axis = _settled(thigh, shank, resting, last, most)
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
    return _unit(_add(across, hint, STRAIGHT * max(0.0, 1.0 - math.sqrt(_dot(across, across)))))


@numba.njit(cache=True, nogil=True)
def _settled(upper, lower, resting, last, most):  # type: ignore[no-untyped-def]
    """Do `_hinted` for unit vectors or null ones."""
    hint = _unit(_add(last, resting, 1.0)) if _dot(last, last) > 0 else resting
    return _kept(_hinge(upper, lower, hint), upper, last, most)


@numba.njit(cache=True, nogil=True)
def _kept(axis, bone, before, most):  # type: ignore[no-untyped-def]
    """Do `kept`."""
    was = _unit(_add(before, bone, -_dot(bone, before)))
    now = _unit(_add(axis, bone, -_dot(bone, axis)))
    if _dot(was, was) == 0 or _dot(now, now) == 0:
        return axis
    aside = _cross(bone, was)
    turned = math.atan2(_dot(now, aside), _dot(now, was))
    if abs(turned) <= most:
        return axis
    turned = most if turned > 0 else -most
    return _add(_scale(was, math.cos(turned)), aside, math.sin(turned))


@numba.njit(cache=True, nogil=True)
def _carried(before, rest, bone, cos, sin):  # type: ignore[no-untyped-def]
    """Do `carried`, with the template's bone as the frame `rest`, and the twist by its cosine and sine."""
    x, z = (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
    for k in range(3):
        column = _column(before, k)
        if k == 1:
            column = _add(_scale(column, cos), _column(before, 2), -sin)
        elif k == 2:
            column = _add(_scale(column, cos), _column(before, 1), sin)
        x, z = _add(x, column, rest[k, 0]), _add(z, column, rest[k, 2])
    return _turned(z, x, bone) if _dot(x, x) > 0 and _dot(bone, bone) > 0 else (0.0, 0.0, 0.0)


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
        *(*(reads(types.float64, 2),) * 6, reads(types.float64, 3), types.float64),
        *(reads(types.float64, 4), *(reads(types.int64, 2),) * 3, reads(types.float64, 3)),
        fills(types.float64, 3),
    ),
    cache=True,
    nogil=True,
)
def _orient_kernel(  # type: ignore[no-untyped-def]
    positions, trunk, chest, head, palms, toes, before, most, rest, arms, legs, ends, turns, frames
):
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
        _set_arm(frames, positions, chest, _vector(palms[side]), before, most, rest, arms[side], sign)
        _set_leg(frames, positions, trunk, _vector(toes[side]), before, most, rest, legs[side])
    for n in range(len(ends)):
        joint, parent = ends[n]
        for i in range(3):
            for k in range(3):
                a, b = frames[parent, i], turns[n]
                frames[joint, i, k] = a[0] * b[0, k] + a[1] * b[1, k] + a[2] * b[2, k]
