"""The compiled twin of `solve_plain`: the same squares, summed one by one."""

import math

import numba
import numpy as np
from numba import types

from bodychan.model.arrays import F64
from bodychan.optics.compiled import fills, reads
from bodychan.tracking.builtin.fit.capsules import ALL_FIRST, ENDS, LIMB_COUNT, Capsules, gather, widths
from bodychan.tracking.builtin.fit.proportions import LINKS
from bodychan.tracking.builtin.fit.solve_plain import (
    BACKWARD_MM,
    BEYOND_MM,
    CAPSULE_MM,
    FEW,
    FOLDED,
    FOLDED_MM,
    FOLDS,
    HUBER,
    KNEE_MM,
    LEGS,
    LINK_MM,
    ROUNDS,
    SKIN_MM,
    Wanted,
)

_LINK_WEIGHTS = LINK_MM**-2.0
_UPPER, _LOWER = np.array([0, 1, 4, 5]), np.array([2, 3, 6, 7])
"""Links of the two parts of each limb in `FOLDS`."""


def solve(wanted: Wanted, points: F64, capsules: Capsules) -> tuple[F64, F64]:
    """See `solve_plain.solve`."""
    found, sums = wanted.places.copy(), np.zeros((len(capsules.radii), 3))
    weights = np.stack([wanted.across, wanted.along, wanted.cover, wanted.least])
    _solve(
        *(wanted.places, wanted.rays, weights, wanted.lengths, wanted.ahead),
        *(points, capsules.radii, capsules.head, found, sums),
    )
    return found, widths(sums)[:LIMB_COUNT]


@numba.njit(cache=True, nogil=True)
def _add(hessian, gradient, rows, slopes, count, error, weight):  # type: ignore[no-untyped-def]
    """Add one residual that depends on `count` joints `rows`, with its slopes (count, 3)."""
    for i in range(count):
        for a in range(3):
            row = 3 * rows[i] + a
            push = weight * slopes[i, a]
            gradient[row] += push * error
            for j in range(count):
                for b in range(3):
                    hessian[row, 3 * rows[j] + b] += push * slopes[j, b]


@numba.njit(cache=True, nogil=True)
def _add_landmarks(hessian, gradient, found, places, rays, weights):  # type: ignore[no-untyped-def]
    for j in range(len(found)):
        across, along = weights[0, j], weights[1, j]
        depth = 0.0
        for a in range(3):
            depth += (found[j, a] - places[j, a]) * rays[j, a]
        along /= max(1.0, abs(depth) * math.sqrt(along) / HUBER)
        for a in range(3):
            row = 3 * j + a
            gradient[row] += across * (found[j, a] - places[j, a]) + (along - across) * depth * rays[j, a]
            hessian[row, row] += across
            for b in range(3):
                hessian[row, 3 * j + b] += (along - across) * rays[j, a] * rays[j, b]


@numba.njit(cache=True, nogil=True)
def _add_links(hessian, gradient, found, lengths, slopes):  # type: ignore[no-untyped-def]
    rows = np.zeros(4, np.int64)
    for link in range(len(LINKS)):
        size = 0.0
        for a in range(3):
            way = 0.0
            for end in range(4):
                rows[end] = LINKS[link, end]
                way += (-0.5 if end < 2 else 0.5) * found[rows[end], a]
            for end in range(4):
                slopes[end, a] = -0.5 * way if end < 2 else 0.5 * way
            size += way * way
        size = math.sqrt(size)
        for end in range(4):
            for a in range(3):
                slopes[end, a] /= max(size, 1e-6)
        _add(hessian, gradient, rows, slopes, 4, size - lengths[link], _LINK_WEIGHTS[link])


@numba.njit(cache=True, nogil=True)
def _add_skin(hessian, gradient, found, points, radii, head):  # type: ignore[no-untyped-def]
    starts, ends = np.zeros((len(radii), 3)), np.zeros((len(radii), 3))
    for c in range(len(ENDS)):
        for a in range(3):
            starts[c, a] = 0.5 * (found[ENDS[c, 0], a] + found[ENDS[c, 1], a])
            ends[c, a] = 0.5 * (found[ENDS[c, 2], a] + found[ENDS[c, 3], a])
    for a in range(3):
        starts[-1, a], ends[-1, a] = 0.5 * (found[0, a] + found[1, a]), head[a]
    blocks, pulls, sums = gather(points, starts, ends, radii, ALL_FIRST)
    for c in range(LIMB_COUNT):
        share = CAPSULE_MM**-2.0 / (sums[c, 0] + FEW)
        for i in range(6):
            row = 3 * ENDS[c, 0 if i < 3 else 2] + i % 3
            gradient[row] += share * pulls[c, i]
            for j in range(6):
                hessian[row, 3 * ENDS[c, 0 if j < 3 else 2] + j % 3] += share * blocks[c, i, j]
    return sums


@numba.njit(cache=True, nogil=True)
def _add_limits(hessian, gradient, found, rays, weights, lengths, ahead, slopes):  # type: ignore[no-untyped-def]
    rows = np.zeros(4, np.int64)
    for j in range(len(found)):
        off = -weights[3, j]
        for a in range(3):
            off += found[j, a] * rays[j, a]
            slopes[0, a] = rays[j, a]
        rows[0] = j
        if weights[2, j] > 0.0 and -BEYOND_MM < off < 0.0:
            _add(hessian, gradient, rows, slopes, 1, off, SKIN_MM**-2.0)
    for limb in range(len(FOLDS)):
        rows[0], rows[1] = FOLDS[limb, 2], FOLDS[limb, 0]
        size = 0.0
        for a in range(3):
            slopes[0, a] = found[rows[0], a] - found[rows[1], a]
            size += slopes[0, a] ** 2
        size = math.sqrt(size)
        for a in range(3):
            slopes[0, a] /= max(size, 1e-6)
            slopes[1, a] = -slopes[0, a]
        off = size - FOLDED * (lengths[_UPPER[limb]] + lengths[_LOWER[limb]])
        if off < 0.0:
            _add(hessian, gradient, rows, slopes, 2, off, FOLDED_MM**-2.0)
    for leg in range(len(LEGS)):
        off = BACKWARD_MM
        for i in range(3):
            rows[i] = LEGS[leg, i]
            for a in range(3):
                slopes[i, a] = (1.0 if i == 1 else -0.5) * ahead[a]
                off += slopes[i, a] * found[rows[i], a]
        if off < 0.0:
            _add(hessian, gradient, rows, slopes, 3, off, KNEE_MM**-2.0)


@numba.njit(cache=True, nogil=True)
def _step(hessian, gradient):  # type: ignore[no-untyped-def]
    """Solve hessian x = gradient in place, by Cholesky's method; x comes in `gradient`."""
    size = len(gradient)
    for j in range(size):
        for k in range(j):
            hessian[j, j] -= hessian[j, k] ** 2
        hessian[j, j] = math.sqrt(hessian[j, j])
        for i in range(j + 1, size):
            for k in range(j):
                hessian[i, j] -= hessian[i, k] * hessian[j, k]
            hessian[i, j] /= hessian[j, j]
    for i in range(size):
        for k in range(i):
            gradient[i] -= hessian[i, k] * gradient[k]
        gradient[i] /= hessian[i, i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            gradient[i] -= hessian[k, i] * gradient[k]
        gradient[i] /= hessian[i, i]


@numba.njit(
    types.void(
        *(reads(types.float64, 2), reads(types.float64, 2), reads(types.float64, 2)),
        *(reads(types.float64, 1), reads(types.float64, 1)),
        *(reads(types.float64, 2), reads(types.float64, 2), reads(types.float64, 1)),
        *(fills(types.float64, 2), fills(types.float64, 2)),
    ),
    cache=True,
    nogil=True,
)
def _solve(places, rays, weights, lengths, ahead, points, radii, head, found, sums):  # type: ignore[no-untyped-def]
    size = 3 * len(places)
    slopes = np.zeros((4, 3))
    for _ in range(ROUNDS):
        hessian, gradient = np.zeros((size, size)), np.zeros(size)
        _add_landmarks(hessian, gradient, found, places, rays, weights)
        _add_links(hessian, gradient, found, lengths, slopes)
        seen = _add_skin(hessian, gradient, found, points, radii, head)
        _add_limits(hessian, gradient, found, rays, weights, lengths, ahead, slopes)
        _step(hessian, gradient)
        for j in range(len(found)):
            for a in range(3):
                found[j, a] -= gradient[3 * j + a]
        for c in range(len(sums)):
            for k in range(3):
                sums[c, k] = seen[c, k]
