"""One articulated body: every joint is where its parent's frame and the bone's length put it.

`settle` turns the joints of a body until they agree best with where they were seen: Gauss-Newton over the
root's place and the turns, in which a turn takes along all that hangs on it.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, types

from bodychan.model.arrays import F64, I64, Bool, frozen
from bodychan.model.rotations import quaternion_to_matrix
from bodychan.model.skeleton import BIND_BONES, JOINT_COUNT, PARENTS, Joint
from bodychan.optics.compiled import INNER, KERNEL, fills, reads

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
        stiffness[joint] = _STIFFNESS.get(joint.part, _STIFFNESS_ELSEWHERE)
    bones = BIND_BONES / lengths[:, None]
    return Tree(frozen(np.array(PARENTS)), frozen(bones), frozen(own), frozen(fixed), frozen(stiffness))


TREE = _tree()
_COLUMN: I64 = frozen(np.where(TREE.turning, 3 * np.cumsum(TREE.turning), -1))
"""Where in the system of equations each joint's turn is, after the root's place."""
_SIZE = 3 * (1 + int(TREE.turning.sum()))


def settle(targets: F64, sigma: F64, lengths: F64, frames: F64) -> tuple[F64, F64]:
    """Give positions (32, 3) mm and frames (32, 3, 3) of the body that fits best.

    Args:
        targets: (32, 3) mm, where the joints were seen.
        sigma: (32,) mm, the error to expect of each.
        lengths: (32,) mm of the bones that end in each joint.
        frames: (32, 3, 3) to begin with, and to keep to where nothing else is known.
    """
    turned, positions = frames.copy(), np.empty((JOINT_COUNT, 3))
    positions[Joint.PELVIS] = targets[Joint.PELVIS]
    # Kernels get the memory that they need: numba takes long to compile what makes arrays.
    rows = (np.empty((_SIZE, _SIZE)), np.empty(_SIZE), np.zeros(_SIZE))
    chains = (np.empty(JOINT_COUNT, np.int64), np.empty((JOINT_COUNT, 3)), np.empty((JOINT_COUNT, 3, 3)))
    given = (np.ascontiguousarray(targets), 1.0 / np.square(sigma), np.ascontiguousarray(lengths))
    _settle(*TREE, _COLUMN, *given, turned, positions, *rows, *chains)
    return positions, turned


def hang(root: F64, frames: F64, lengths: F64) -> F64:
    """Give the positions (32, 3) of a body's joints; what `settle` does last, in plain numpy."""
    positions = np.empty((JOINT_COUNT, 3))
    positions[0] = root
    for joint in range(1, JOINT_COUNT):
        parent = PARENTS[joint]
        positions[joint] = positions[parent] + frames[parent] @ TREE.bones[joint] * lengths[joint]
    return positions


@njit(**INNER)
def _hang(parents, bones, turning, fixed, lengths, frames, positions):  # type: ignore[no-untyped-def]  # pragma: no cover
    for j in range(1, len(parents)):
        p = parents[j]
        for a in range(3):
            x, y, z = frames[p, a, 0], frames[p, a, 1], frames[p, a, 2]
            bone = x * bones[j, 0] + y * bones[j, 1] + z * bones[j, 2]
            positions[j, a] = positions[p, a] + bone * lengths[j]
            if not turning[j]:
                for b in range(3):
                    frames[j, a, b] = x * fixed[j, 0, b] + y * fixed[j, 1, b] + z * fixed[j, 2, b]


@njit(**INNER)
def _gather(parents, column, targets, weights, positions, matrix, right, chain, lever):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Add what the joints want to the normal equations: a turn moves by its cross product with the lever.

    Of the matrix only the lower triangle is filled.
    """
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
            matrix[c, 1] -= w * z
            matrix[c, 2] += w * y
            matrix[c + 1, 0] += w * z
            matrix[c + 1, 2] -= w * x
            matrix[c + 2, 0] -= w * y
            matrix[c + 2, 1] += w * x
            for n in range(m, length):  # from here up, where the columns are lower
                d, dot = chain[n], x * lever[n, 0] + y * lever[n, 1] + z * lever[n, 2]
                for a in range(3):
                    matrix[c + a, d + a] += w * dot
                    for b in range(3):
                        matrix[c + a, d + b] -= w * lever[n, a] * lever[m, b]


@njit(**INNER)
def _solve(matrix, right):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Solve a symmetric positive system in place, by Cholesky's decomposition of the lower triangle."""
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


@njit(**INNER)
def _turn(parents, column, step, frames, total):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Turn every joint's frame, by its own step after those of all that it hangs on, which is its `total`."""
    for j in range(len(parents)):
        p, c = parents[j], column[j]
        for a in range(3):
            for b in range(3):
                total[j, a, b] = total[p, a, b] if j > 0 else (1.0 if a == b else 0.0)
        if c < 0:
            continue
        x, y, z = step[c], step[c + 1], step[c + 2]
        angle = math.sqrt(x * x + y * y + z * z)
        s = 0.5 if angle < 1e-9 else math.sin(0.5 * angle) / angle
        w, x, y, z = math.cos(0.5 * angle), x * s, y * s, z * s
        for a in range(3):  # times the rotation of the quaternion w, x, y, z
            t, u, v = total[j, a, 0], total[j, a, 1], total[j, a, 2]
            total[j, a, 0] = (
                t * (1 - 2 * (y * y + z * z)) + u * (2 * (x * y + w * z)) + v * (2 * (x * z - w * y))
            )
            total[j, a, 1] = (
                t * (2 * (x * y - w * z)) + u * (1 - 2 * (x * x + z * z)) + v * (2 * (y * z + w * x))
            )
            total[j, a, 2] = (
                t * (2 * (x * z + w * y)) + u * (2 * (y * z - w * x)) + v * (1 - 2 * (x * x + y * y))
            )
        for b in range(3):
            t, u, v = frames[j, 0, b], frames[j, 1, b], frames[j, 2, b]
            for a in range(3):
                frames[j, a, b] = total[j, a, 0] * t + total[j, a, 1] * u + total[j, a, 2] * v


_NUMBERS, _LISTS, _BLOCKS = (reads(types.float64, dimensions) for dimensions in (1, 2, 3))


@njit(
    types.void(
        *(reads(types.int64, 1), _LISTS, reads(types.bool_, 1), _BLOCKS, _NUMBERS),
        *(reads(types.int64, 1), _LISTS, _NUMBERS, _NUMBERS),
        *(fills(types.float64, dimensions) for dimensions in (3, 2, 2, 1, 1)),
        *(fills(types.int64, 1), fills(types.float64, 2), fills(types.float64, 3)),
    ),
    **KERNEL,
)
def _settle(  # type: ignore[no-untyped-def]  # pragma: no cover
    parents,
    bones,
    turning,
    fixed,
    stiffness,
    column,
    targets,
    weights,
    lengths,
    frames,
    positions,
    matrix,
    right,
    turns,
    chain,
    lever,
    total,
):
    size = len(right)
    for _ in range(_STEPS):
        _hang(parents, bones, turning, fixed, lengths, frames, positions)
        for a in range(size):
            right[a] = 0.0
            for b in range(size):
                matrix[a, b] = 0.0
        _gather(parents, column, targets, weights, positions, matrix, right, chain, lever)
        for j in range(len(parents)):
            if column[j] >= 0:
                for a in range(column[j], column[j] + 3):
                    matrix[a, a] += stiffness[j]
                    right[a] -= stiffness[j] * turns[a]
        _solve(matrix, right)
        for a in range(3):
            positions[0, a] += right[a]
        for a in range(3, size):
            turns[a] += right[a]
        _turn(parents, column, right, frames, total)
    _hang(parents, bones, turning, fixed, lengths, frames, positions)
