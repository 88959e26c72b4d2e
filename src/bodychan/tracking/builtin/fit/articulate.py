"""One articulated body: every joint is where its parent's frame and the bone's length put it.

`settle` turns the joints of a body until they agree best with where they were seen: Gauss-Newton over the
root's place and the turns, in which a turn takes along all that hangs on it.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from bodychan.model.arrays import F64, I64, Bool, frozen
from bodychan.model.rotations import quaternion_to_matrix
from bodychan.model.skeleton import BIND_BONES, JOINT_COUNT, PARENTS, Joint

_STEPS = 4
"""After three steps nothing moves by more than a tenth of a millimetre on the development takes."""
_STIFFNESS = {"HEAD": 400.0, "NECK": 60.0, "WRIST": 60.0, "ANKLE": 60.0, "CLAVICLE": 30.0}
_STIFFNESS_ELSEWHERE = 8.0
"""How strongly, in 1/rad², joints keep the frames that `orient` gives them. The template's face, hands and
feet differ from people's, so that they should not turn what they hang on."""


class Tree(NamedTuple):
    """The skeleton: `parents` (32,), `bones` (32, 3) unit vectors in the parents' frames.

    `turning` (32,) are joints with a rotation of their own, the others have that of `fixed` (32, 3, 3) in
    their parents' frames; `stiffness` (32,).
    """

    parents: I64
    bones: F64
    turning: Bool
    fixed: F64
    stiffness: F64


def _tree() -> Tree:
    lengths = np.linalg.norm(BIND_BONES, axis=1)
    lengths[Joint.PELVIS] = 1.0
    # The neck is free to turn: people bow their heads, and a stiff neck would put them centimetres away.
    own = np.array([j.rotation is None or j is Joint.NECK for j in Joint])
    own[[Joint.HAND_LEFT, Joint.HAND_RIGHT]] = False  # a hand's frame is its wrist's
    fixed = np.tile(np.eye(3), (JOINT_COUNT, 1, 1))
    stiffness = np.full(JOINT_COUNT, _STIFFNESS_ELSEWHERE)
    for joint in Joint:
        if joint.rotation is not None:
            q = np.array(joint.rotation)
            fixed[joint] = quaternion_to_matrix(q / np.linalg.norm(q))
        stiffness[joint] = _STIFFNESS.get(joint.name.partition("_")[0], _STIFFNESS_ELSEWHERE)
    bones = BIND_BONES / lengths[:, None]
    return Tree(frozen(np.array(PARENTS)), frozen(bones), frozen(own), frozen(fixed), frozen(stiffness))


TREE = _tree()


def settle(targets: F64, sigma: F64, lengths: F64, frames: F64) -> tuple[F64, F64]:
    """Give positions (32, 3) mm and frames (32, 3, 3) of the body that fits best.

    Args:
        targets: (32, 3) mm, where the joints were seen.
        sigma: (32,) mm, the error to expect of each.
        lengths: (32,) mm of the bones that end in each joint.
        frames: (32, 3, 3) to begin with, and to keep to where nothing else is known.
    """
    turned, root = frames.copy(), targets[Joint.PELVIS].copy()
    positions = np.empty((JOINT_COUNT, 3))
    _settle(*TREE, targets, 1.0 / np.square(sigma), lengths, turned, root, positions)
    return positions, turned


def hang(root: F64, frames: F64, lengths: F64) -> F64:
    """Give the positions (32, 3) of a body's joints; what `settle` does last, in plain numpy."""
    positions = np.empty((JOINT_COUNT, 3))
    positions[0] = root
    for joint in range(1, JOINT_COUNT):
        parent = PARENTS[joint]
        positions[joint] = positions[parent] + frames[parent] @ TREE.bones[joint] * lengths[joint]
    return positions


@njit(cache=True, nogil=True)
def _hang(parents, bones, turning, fixed, lengths, frames, root, positions):  # type: ignore[no-untyped-def]  # pragma: no cover
    for a in range(3):
        positions[0, a] = root[a]
    for j in range(1, len(parents)):
        p = parents[j]
        for a in range(3):
            bone = 0.0
            for b in range(3):
                bone += frames[p, a, b] * bones[j, b]
            positions[j, a] = positions[p, a] + bone * lengths[j]
        if not turning[j]:
            for a in range(3):
                for b in range(3):
                    total = 0.0
                    for c in range(3):
                        total += frames[p, a, c] * fixed[j, c, b]
                    frames[j, a, b] = total


@njit(cache=True, nogil=True)
def _settle(  # type: ignore[no-untyped-def]  # pragma: no cover
    parents, bones, turning, fixed, stiffness, targets, weights, lengths, frames, root, positions
):
    count = len(parents)
    column, size = np.full(count, -1), 3
    for j in range(count):
        if turning[j]:
            column[j] = size
            size += 3
    turns = np.zeros(size)
    for _ in range(_STEPS):
        _hang(parents, bones, turning, fixed, lengths, frames, root, positions)
        matrix, right = np.zeros((size, size)), np.zeros(size)
        _gather(parents, column, targets, weights, positions, matrix, right)
        for j in range(count):
            if column[j] >= 0:
                for a in range(column[j], column[j] + 3):
                    matrix[a, a] += stiffness[j]
                    right[a] -= stiffness[j] * turns[a]
        _solve(matrix, right)
        for a in range(3):
            root[a] += right[a]
        for a in range(3, size):
            turns[a] += right[a]
        _turn(parents, column, right, frames)
    _hang(parents, bones, turning, fixed, lengths, frames, root, positions)


@njit(cache=True, nogil=True)
def _gather(parents, column, targets, weights, positions, matrix, right):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Add what the joints want to the normal equations: a turn moves by its cross product with the lever."""
    # No arithmetic on whole arrays: numba takes seconds to compile it.
    chain, lever = np.empty(len(parents), np.int64), np.empty((len(parents), 3))
    for k in range(len(parents)):
        w, length, j = weights[k], 0, parents[k]
        while j >= 0:
            if column[j] >= 0:
                chain[length] = column[j]
                for a in range(3):
                    lever[length, a] = positions[k, a] - positions[j, a]
                length += 1
            j = parents[j]
        ex, ey, ez = (
            w * (targets[k, 0] - positions[k, 0]),
            w * (targets[k, 1] - positions[k, 1]),
            w * (targets[k, 2] - positions[k, 2]),
        )
        right[0], right[1], right[2] = right[0] + ex, right[1] + ey, right[2] + ez
        for a in range(3):
            matrix[a, a] += w
        for m in range(length):
            c, x, y, z = chain[m], lever[m, 0], lever[m, 1], lever[m, 2]
            right[c] += y * ez - z * ey
            right[c + 1] += z * ex - x * ez
            right[c + 2] += x * ey - y * ex
            _cross_block(matrix, c, w * x, w * y, w * z)
            for n in range(length):
                d, dot = chain[n], 0.0
                for a in range(3):
                    dot += lever[m, a] * lever[n, a]
                for a in range(3):
                    matrix[c + a, d + a] += w * dot
                    for b in range(3):
                        matrix[c + a, d + b] -= w * lever[n, a] * lever[m, b]


@njit(cache=True, nogil=True)
def _cross_block(matrix, c, x, y, z):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Add what a lever (x, y, z) couples between the root's place and the turn in column c."""
    matrix[0, c + 1] += z
    matrix[0, c + 2] -= y
    matrix[1, c] -= z
    matrix[1, c + 2] += x
    matrix[2, c] += y
    matrix[2, c + 1] -= x
    matrix[c + 1, 0] += z
    matrix[c + 2, 0] -= y
    matrix[c, 1] -= z
    matrix[c + 2, 1] += x
    matrix[c, 2] += y
    matrix[c + 1, 2] -= x


@njit(cache=True, nogil=True)
def _solve(matrix, right):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Solve a symmetric positive system in place, by Cholesky's decomposition."""
    n = len(right)
    for i in range(n):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = math.sqrt(max(total, 1e-12)) if i == j else total / matrix[j, j]
    for i in range(n):
        for k in range(i):
            right[i] -= matrix[i, k] * right[k]
        right[i] /= matrix[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            right[i] -= matrix[k, i] * right[k]
        right[i] /= matrix[i, i]


@njit(cache=True, nogil=True)
def _turn(parents, column, step, frames):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Turn every joint's frame, by its own step after those of all that it hangs on."""
    total, own, turned = np.zeros((len(parents), 3, 3)), np.zeros((3, 3)), np.zeros((3, 3))
    for j in range(len(parents)):
        for a in range(3):
            for b in range(3):
                total[j, a, b] = total[parents[j], a, b] if j > 0 else (1.0 if a == b else 0.0)
        if column[j] >= 0:
            _rotation(step, column[j], own)
            _multiply(total[j], own, turned)
            for a in range(3):
                for b in range(3):
                    total[j, a, b] = turned[a, b]
            _multiply(total[j], frames[j], turned)
            for a in range(3):
                for b in range(3):
                    frames[j, a, b] = turned[a, b]


@njit(cache=True, nogil=True)
def _multiply(left, right, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    for a in range(3):
        for b in range(3):
            out[a, b] = left[a, 0] * right[0, b] + left[a, 1] * right[1, b] + left[a, 2] * right[2, b]


@njit(cache=True, nogil=True)
def _rotation(step, c, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Write the rotation by the vector in a column of the step."""
    angle = math.sqrt(step[c] ** 2 + step[c + 1] ** 2 + step[c + 2] ** 2)
    s = 0.5 if angle < 1e-9 else math.sin(0.5 * angle) / angle
    w, x, y, z = math.cos(0.5 * angle), step[c] * s, step[c + 1] * s, step[c + 2] * s
    out[0, 0], out[0, 1], out[0, 2] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
    out[1, 0], out[1, 1], out[1, 2] = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    out[2, 0], out[2, 1], out[2, 2] = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
