"""The compiled twin of `frames`: the same rules, with vectors as tuples of three numbers."""

import math

import numba
import numpy as np
from numba import types

from bodychan.articulated.frames import FASTEST_TWIST, LAST_PALM, REST, SHOULDER_TWIST, STRAIGHT
from bodychan.model.arrays import F64, I64
from bodychan.model.rotations import quaternion_to_matrix
from bodychan.model.skeleton import JOINT_COUNT, Joint
from bodychan.optics.compiled import INNER, KERNEL, fills, reads


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
    before = frames.copy() if before is None else np.ascontiguousarray(before)
    frames[Joint.PELVIS], frames[Joint.SPINE_CHEST], frames[Joint.HEAD] = trunk, chest, head
    hints = np.array([trunk[:, 2] + chest[:, 2], chest[:, 1], -chest[:, 1]])
    bases, ends = np.array([chest, trunk]), np.array([palms, toes])
    given = (np.ascontiguousarray(positions), hints, bases, ends, before, FASTEST_TWIST * seconds)
    _orient_kernel(*given, *_TABLES, frames)
    return frames


_SIDES = ("LEFT", "RIGHT")
_LIMBS = ("SHOULDER ELBOW WRIST HAND", "HIP KNEE ANKLE FOOT")


def _tables() -> tuple[F64, I64, I64, I64, F64]:
    """Give what the kernel must know of the skeleton; as arguments, since they may change without it.

    The `REST` frames (32, 2, 3, 3) hinted by Y and by Z; `laid` (3, 3) are joints whose hints are given: the
    joint, that at its bone's end and the hinted axis; `limbs` (4, 4) from top to end, arms first, left first;
    the joints that keep still relative to their parents: both (N, 2), and the rotations (N, 3, 3) between.
    """
    rest = np.zeros((JOINT_COUNT, 2, 3, 3))
    for (joint, axis), turned in REST.items():
        rest[joint, axis - 1] = turned
    laid = [[Joint.SPINE_NAVEL, Joint.SPINE_CHEST, 2]]
    laid += [[Joint[f"CLAVICLE_{side}"], Joint[f"SHOULDER_{side}"], 1] for side in _SIDES]
    limbs = [[Joint[f"{name}_{side}"] for name in names.split()] for names in _LIMBS for side in _SIDES]
    fixed = [(j, j.parent, j.rotation) for j in Joint if j.rotation is not None and j.parent is not None]
    # Hands first: the finger tips hang on them.
    hands = [(Joint[f"HAND_{side}"], Joint[f"WRIST_{side}"], (1.0, 0.0, 0.0, 0.0)) for side in _SIDES]
    fixed = hands + fixed
    return (
        rest,
        np.array(laid, np.int64),
        np.array(limbs, np.int64),
        np.array([(joint, parent) for joint, parent, _ in fixed], np.int64),
        np.ascontiguousarray(quaternion_to_matrix(np.array([r for _, _, r in fixed]))),
    )


_TABLES = _tables()
_TWIST = (math.cos(SHOULDER_TWIST), math.sin(SHOULDER_TWIST))


# In the kernel a vector is a tuple of three numbers, which costs no memory, and a frame a row of `frames`.
# Few functions, few calls of them and no whole arrays: numba takes seconds to compile anything else.
@numba.njit(**INNER)
def _between(positions, start, end):  # type: ignore[no-untyped-def]  # pragma: no cover
    return (
        positions[end, 0] - positions[start, 0],
        positions[end, 1] - positions[start, 1],
        positions[end, 2] - positions[start, 2],
    )


@numba.njit(**INNER)
def _add(a, b, times):  # type: ignore[no-untyped-def]  # pragma: no cover
    return (a[0] + b[0] * times, a[1] + b[1] * times, a[2] + b[2] * times)


@numba.njit(**INNER)
def _dot(a, b):  # type: ignore[no-untyped-def]  # pragma: no cover
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@numba.njit(**INNER)
def _cross(a, b):  # type: ignore[no-untyped-def]  # pragma: no cover
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


@numba.njit(**INNER)
def _unit(v):  # type: ignore[no-untyped-def]  # pragma: no cover
    length = math.sqrt(_dot(v, v))
    if length > 1e-9:
        return (v[0] / length, v[1] / length, v[2] / length)
    return (0.0, 0.0, 0.0)


@numba.njit(**INNER)
def _across(v):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Give the cross product with the axis along which a vector is shortest."""
    x, y, z = abs(v[0]), abs(v[1]), abs(v[2])
    if x <= y and x <= z:
        return (0.0, v[2], -v[1])
    return (-v[2], 0.0, v[0]) if y <= z else (v[1], -v[0], 0.0)


_VECTOR = types.UniTuple(types.float64, 3)  # type: ignore[no-untyped-call]


@numba.njit(
    types.void(fills(types.float64, 2), reads(types.float64, 2), _VECTOR, _VECTOR, types.int64), **INNER
)
def _set_bone(out, rest, bone, hint, axis):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Do `bone_frame`, with the template's bone as the frame `rest`."""
    x = _unit(bone)
    if _dot(x, x) == 0:
        x = (1.0, 0.0, 0.0)
    other = _unit(_add(hint, x, -_dot(x, hint)))
    if _dot(other, other) == 0:
        other = _unit(_across(x))
    aside = _cross(other, x)
    for i in range(3):
        for k in range(3):
            if axis == 1:
                out[i, k] = x[i] * rest[k, 0] + other[i] * rest[k, 1] - aside[i] * rest[k, 2]
            else:
                out[i, k] = x[i] * rest[k, 0] + aside[i] * rest[k, 1] + other[i] * rest[k, 2]


@numba.njit(**INNER)
def _hinge(upper, lower, resting, last, most):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Give the axis about which a limb bends that has one at rest and, unless null, had one before."""
    hint = resting
    if _dot(last, last) > 0:
        hint = _unit(_add(last, resting, 1.0))
    across = _cross(upper, lower)
    straight = STRAIGHT * max(0.0, 1.0 - math.sqrt(_dot(across, across)))
    return _kept(_unit(_add(across, hint, straight)), upper, last, most)


@numba.njit(**INNER)
def _kept(axis, bone, before, most):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Give the axis across a bone, turned by no more than `most` rad from where it was before, if known."""
    was = _unit(_add(before, bone, -_dot(bone, before)))
    now = _unit(_add(axis, bone, -_dot(bone, axis)))
    if _dot(was, was) == 0 or _dot(now, now) == 0:
        return axis
    aside = _cross(bone, was)
    turned = math.atan2(_dot(now, aside), _dot(now, was))
    if abs(turned) <= most:
        return axis
    turned = most if turned > 0 else -most
    return _add(_add((0.0, 0.0, 0.0), was, math.cos(turned)), aside, math.sin(turned))


@numba.njit(**INNER)
def _carried(before, rest, bone, cos, sin):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Give where the hinted axis of a joint was before, if its bone had been as it is now.

    `before` is the joint's frame, twisted about the bone by an angle's cosine and sine; null = not known.
    """
    x, z = (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
    for k in range(3):
        column = (before[0, k], before[1, k], before[2, k])
        if k > 0:
            other = (before[0, 3 - k], before[1, 3 - k], before[2, 3 - k])
            column = _add(_add((0.0, 0.0, 0.0), column, cos), other, -sin if k == 1 else sin)
        x, z = _add(x, column, rest[k, 0]), _add(z, column, rest[k, 2])
    if _dot(x, x) == 0 or _dot(bone, bone) == 0:
        return (0.0, 0.0, 0.0)
    return _turned(z, x, bone)


@numba.njit(**INNER)
def _turned(vector, source, target):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Turn a vector by `rotations.rotation_between`."""
    w, axis = 1.0 + _dot(source, target), _cross(source, target)
    if w < 1e-9:
        w, axis = 0.0, _across(source)
    length = math.sqrt(w * w + _dot(axis, axis))
    w, axis = w / length, _add((0.0, 0.0, 0.0), axis, 1.0 / length)
    aside = _cross(axis, vector)
    return _add(_add(vector, aside, 2.0 * w), _cross(axis, aside), 2.0)


@numba.njit(**INNER)
def _set_hand(frames, positions, palm, sign, elbow, wrist, hand, before, most, rest):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Turn a wrist so that the thumb lies on the palm's side."""
    thumb = _unit(_add((0.0, 0.0, 0.0), palm, sign))
    if _dot(palm, palm) == 0:
        thumb = _unit((frames[elbow, 0, 1], frames[elbow, 1, 1], frames[elbow, 2, 1]))
    bone = _unit(_between(positions, wrist, hand))
    last = _carried(before[wrist], rest[hand, 1], bone, 1.0, 0.0)
    thumb = _kept(_add(thumb, last, LAST_PALM), bone, last, most)
    _set_bone(frames[wrist], rest[hand, 1], bone, thumb, 2)


@numba.njit(
    types.void(
        *(*(reads(types.float64, 2),) * 2, *(reads(types.float64, 3),) * 3, types.float64),
        *(reads(types.float64, 4), *(reads(types.int64, 2),) * 3, reads(types.float64, 3)),
        fills(types.float64, 3),
    ),
    **KERNEL,
)
def _orient_kernel(  # type: ignore[no-untyped-def]  # pragma: no cover
    positions, hints, bases, ends, before, most, rest, laid, limbs, fixed, turns, frames
):
    for n in range(len(laid)):
        joint, child, axis = laid[n, 0], laid[n, 1], laid[n, 2]
        hint = (hints[n, 0], hints[n, 1], hints[n, 2])
        _set_bone(frames[joint], rest[child, axis - 1], _between(positions, joint, child), hint, axis)
    for n in range(4):
        top, middle, low, end = limbs[n, 0], limbs[n, 1], limbs[n, 2], limbs[n, 3]
        leg, side = n // 2, n % 2
        base, given = bases[leg], (ends[leg, side, 0], ends[leg, side, 1], ends[leg, side, 2])
        cos, sin, way = (1.0, 0.0, 1.0) if leg == 1 else (*_TWIST, -1.0)
        upper, lower = _unit(_between(positions, top, middle)), _unit(_between(positions, middle, low))
        # The limb that hangs bends about the body's right; a raised one takes that axis along.
        right = (-base[0, 0], -base[1, 0], -base[2, 0])
        resting = _turned(
            (base[0, 2] * way, base[1, 2] * way, base[2, 2] * way),
            right,
            upper if _dot(upper, upper) > 0 else right,
        )
        if leg == 1:
            resting = _unit(_add(resting, _unit(_cross(given, lower)), 1.0))
        last = _carried(before[top], rest[middle, 1], upper, cos, sin)
        axis = _hinge(upper, lower, resting, last, most)
        _set_bone(frames[top], rest[middle, 1], upper, axis, 2)
        _set_bone(frames[middle], rest[low, 1], lower, axis, 2)
        if leg == 1:
            _set_bone(frames[low], rest[end, 1], _between(positions, low, end), axis, 2)
            continue
        for i in range(3):
            y, z = frames[top, i, 1], frames[top, i, 2]
            frames[top, i, 1], frames[top, i, 2] = y * cos + z * sin, z * cos - y * sin
        _set_hand(frames, positions, given, 1.0 - 2.0 * side, middle, low, end, before, most, rest)
    for n in range(len(fixed)):
        joint, parent = fixed[n, 0], fixed[n, 1]
        for i in range(3):
            for k in range(3):
                frames[joint, i, k] = (
                    frames[parent, i, 0] * turns[n, 0, k]
                    + frames[parent, i, 1] * turns[n, 1, k]
                    + frames[parent, i, 2] * turns[n, 2, k]
                )
