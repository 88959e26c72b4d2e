"""Values at given times from values at other times: hold, or interpolate between two that belong together."""

import numpy as np

from bodychan.channels.kinds import Kinds
from bodychan.model.arrays import F64, Bool
from bodychan.model.rotations import (
    euler_xyz_degrees_to_quaternion,
    matrix_to_euler_xyz_degrees,
    quaternion_to_matrix,
    slerp,
)

TOLERANCE_SECONDS = 1e-6
"""Device time has microseconds: what is nearer than that is at the same time."""


def resample(kinds: Kinds, at: F64, values: F64, times: F64, *, linear: bool = False) -> F64:
    """Return the values of channels at other times.

    Args:
        kinds: of C channels.
        at: (M,) seconds, ascending: when each column of values began to hold.
        values: (C, M).
        times: (S,) seconds, ascending.
        linear: interpolate from one column to the next instead of holding the older. Joints turn the shorter
            way round their axis; counters, ids, flags and confidences hold, as does a player whose id changes
            and a point that is not known at either end.

    Returns:
        (C, S) float64; 0 before the first column, the last column after it.
    """
    if not len(at):
        return np.zeros((len(kinds), len(times)))
    place = np.searchsorted(at, times + TOLERANCE_SECONDS, side="right") - 1
    older = np.maximum(place, 0)
    samples = np.asarray(values[:, older])
    if linear and len(at) > 1:
        newer = np.minimum(older + 1, len(at) - 1)
        gap = at[newer] - at[older]
        share = np.divide(times - at[older], gap, out=np.zeros_like(gap), where=gap > 0).clip(0.0, 1.0)
        # A sample at a column's own time is that column, to the last bit.
        between = np.flatnonzero(share > 0)
        if len(between):
            ends = samples[:, between], values[:, newer[between]]
            samples[:, between] = _interpolated(kinds, *ends, share[between])
    samples[:, place < 0] = 0.0
    return samples


def _interpolated(kinds: Kinds, older: F64, newer: F64, share: F64) -> F64:
    """Return what lies a share (S,) of the way from one column to the other, all (C, S)."""
    with np.errstate(over="ignore", invalid="ignore"):
        result = older + share * (newer - older)
    if len(kinds.single_angles):
        # Of a rotation that is not there whole no more is known than this angle.
        start, end = older[kinds.single_angles], newer[kinds.single_angles]
        result[kinds.single_angles] = _wrapped(start + share * _wrapped(end - start))
    if len(kinds.rotations):
        result[kinds.rotations] = _turned(kinds, older, newer, share, result[kinds.rotations])
    hold = _not_together(kinds, older, newer) | kinds.held[:, None] | ~np.isfinite(result)
    return np.where(hold, older, result)


def _turned(kinds: Kinds, older: F64, newer: F64, share: F64, straight: F64) -> F64:
    """Return the angles (K, 3, S) of joints that turn steadily about one axis; `straight` for whole turns."""
    start, end = (
        euler_xyz_degrees_to_quaternion(np.moveaxis(ends[kinds.rotations], 1, -1)) for ends in (older, newer)
    )
    matrices = quaternion_to_matrix(slerp(start, end, np.broadcast_to(share, start.shape[:-1])))
    angles = np.moveaxis(matrix_to_euler_xyz_degrees(matrices), -1, 1)
    turns = np.round((straight - angles) / 360.0) * kinds.unrolled[:, None, None]
    return np.asarray(angles + 360.0 * turns)


def _wrapped(degrees: F64) -> F64:
    """Bring angles into (-180, 180]."""
    return np.asarray(180.0 - (180.0 - degrees) % 360.0)


def _not_together(kinds: Kinds, older: F64, newer: F64) -> Bool:
    """Say which values (C, S) do not lead to one another: somebody else's, or those of an unknown point."""
    owned = kinds.identity >= 0
    apart = owned[:, None] & (older[kinds.identity] != newer[kinds.identity])
    rows, firsts = kinds.places
    if len(rows):
        sizes = np.diff([*firsts, len(rows)])
        known = [np.logical_or.reduceat(ends[rows] != 0, firsts, axis=0) for ends in (older, newer)]
        apart[rows] |= np.repeat(~(known[0] & known[1]), sizes, axis=0)
    return np.asarray(apart)
