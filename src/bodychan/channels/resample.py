"""Values at given times from values at other times: hold, or linear between two that belong together."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bodychan.model.arrays import F64, I64, Bool

TOLERANCE_SECONDS = 1e-6
"""Device time has microseconds: what is nearer than that is at the same time."""

_HELD = ("frame", "timestamp", "id", "confidence")
_ANGLES = (":rx", ":ry", ":rz", ":absrx", ":absry", ":absrz")


class Kinds(NamedTuple):
    """How each of C channels goes from one value to the next.

    `held` (C,): it never takes a value between two. `angle` (C,): degrees, the shorter way round. `identity`
    (C,): row of the id of the player that the channel belongs to, its own row where it belongs to none.
    """

    held: Bool
    angle: Bool
    identity: I64


@lru_cache(maxsize=16)
def kinds_of(names: tuple[str, ...]) -> Kinds:
    """Tell from channel names how their values go on."""
    rows = {name: row for row, name in enumerate(names)}
    held = [name.rpartition("/")[2].rpartition(":")[2] in _HELD for name in names]
    angle = [name.endswith(_ANGLES) for name in names]
    identity = [rows.get(f"{name.partition('/')[0]}/id", row) for row, name in enumerate(names)]
    return Kinds(np.array(held, bool), np.array(angle, bool), np.array(identity, np.int64))


def resample(names: tuple[str, ...], at: F64, values: F64, times: F64, *, linear: bool = False) -> F64:
    """Give the values of channels at other times.

    Args:
        names: C channels.
        at: (M,) seconds, ascending: when each column of values began to hold.
        values: (C, M).
        times: (S,) seconds, ascending.
        linear: go straight from one column to the next instead of holding the older; numbers such as ids
            still hold, angles go the shorter way round, and a player holds where its id changes.

    Returns:
        (C, S) float64; 0 before the first column, the last column after it.
    """
    if not len(at):
        return np.zeros((len(names), len(times)))
    place = np.searchsorted(at, times + TOLERANCE_SECONDS, side="right") - 1
    older = np.maximum(place, 0)
    samples = np.asarray(values[:, older])
    if linear and len(at) > 1:
        newer = np.minimum(older + 1, len(at) - 1)
        gap = at[newer] - at[older]
        weight = np.divide(times - at[older], gap, out=np.zeros_like(gap), where=gap > 0).clip(0.0, 1.0)
        samples = samples + weight * _steps(names, samples, values[:, newer])
    samples[:, place < 0] = 0.0
    return samples


def _steps(names: tuple[str, ...], older: F64, newer: F64) -> F64:
    """Give how far each channel goes from one column to the next; 0 where it holds."""
    kinds = kinds_of(names)
    step = newer - older
    step[kinds.angle] = (step[kinds.angle] + 180.0) % 360.0 - 180.0
    # A channel that belongs to no player is its own identity, and changes: only players are compared.
    owned = (kinds.identity != np.arange(len(names)))[:, None]
    step[owned & (older[kinds.identity] != newer[kinds.identity])] = 0.0
    step[kinds.held] = 0.0
    return step
