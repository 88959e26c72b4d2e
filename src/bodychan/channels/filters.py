"""Filters: less jitter for some lag, joint by joint, positions and rotations alike.

A filter is written once, over points and the steps between them: of positions the step is a vector in metres,
of rotations a rotation vector, so that a rotation is never filtered as angles or as four numbers. A turn
counts as the way of the end of a bone of 0.3 m, so that speeds and radii in metres hold for it too.

A body stays one: the root's place and all rotations are filtered, and every other joint is hung on its parent
as it was before the filter. So no bone is ever stretched.

Times are seconds of device time, and intervals may differ. Parameters that count frames mean those of 30 Hz.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from bodychan.channels.players import Slots
from bodychan.model.arrays import F64, I64, frozen
from bodychan.model.rotations import (
    quaternion_product,
    quaternion_to_matrix,
    quaternion_to_vector,
    vector_to_quaternion,
)
from bodychan.model.skeleton import PARENTS

GAP_SECONDS = 0.5
"""After a gap this long the speeds are stale, and the filter starts again."""

_FRAMES_PER_SECOND = 30.0
_BONE_METRES = 0.3
_SLOWEST = 0.05
"""Speed in m/s at which the lag of a joint at rest is estimated."""

_FASTEST = 1e4
"""No joint moves this fast, in m/s; the filter of one that seems to starts again."""


@dataclass(frozen=True, slots=True)
class OneEuro:
    """Casiez, Roussel and Vogel, "1 € Filter", CHI 2012: a low pass whose cutoff rises with the speed.

    The cutoff is `mincutoff` Hz plus `beta` Hz for each m/s of the joint's speed, which itself goes through
    a low pass of `dcutoff` Hz. The share of a new sample is 1 - exp(-2π · cutoff · dt) instead of the paper's
    first-order approximation of it, so that the result hardly depends on the frame rate.
    """

    mincutoff: float = 1.0
    beta: float = 3.0
    dcutoff: float = 1.0


@dataclass(frozen=True, slots=True)
class Holt:
    """Holt's double exponential smoothing with the parameters of the Kinect for Windows and their defaults.

    `smoothing` 0 to 1 is the share of the past, `correction` 0 to 1 how fast the trend follows, `prediction`
    how many frames ahead the result is. Within `jitterradius` metres of the last result a sample counts less,
    and the result never is farther than `maxdeviation` metres from the sample.
    """

    smoothing: float = 0.5
    correction: float = 0.5
    prediction: float = 0.5
    jitterradius: float = 0.05
    maxdeviation: float = 0.04


Filter = OneEuro | Holt


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """The past of K bodies' joints: `raw` and `level` (K, 32, 3 or 4), the newest sample and its smooth form.

    `trend` (K, 32, 3) is the speed, m/s or rad/s.
    """

    raw: F64
    level: F64
    trend: F64


@dataclass(frozen=True, slots=True, eq=False)
class Filtered:
    """What a filter remembers of the bodies `ids` (K,) at `usec`, `dt` seconds after the previous capture."""

    usec: int
    dt: float
    ids: I64
    positions: _Series
    rotations: _Series


@dataclass(frozen=True, slots=True)
class _Points:
    """The arithmetic that a filter needs for positions or for rotations.

    `minus(a, b)` is the step from b to a, `plus(b, step)` takes it, `metres` is the length of a step of 1.
    """

    minus: Callable[[F64, F64], F64]
    plus: Callable[[F64, F64], F64]
    metres: float

    def length(self, step: F64) -> F64:
        """Return the lengths of steps (..., 3), metres, (..., 1)."""
        return np.asarray(np.linalg.norm(step, axis=-1, keepdims=True) * self.metres)


def _turn_between(a: F64, b: F64) -> F64:
    return quaternion_to_vector(quaternion_product(a, b * (1.0, -1.0, -1.0, -1.0)))


def _turned(b: F64, step: F64) -> F64:
    q = quaternion_product(vector_to_quaternion(step), b)
    return np.asarray(q / np.linalg.norm(q, axis=-1, keepdims=True))


_POSITIONS = _Points(lambda a, b: a - b, lambda b, step: b + step, 1.0)
_ROTATIONS = _Points(_turn_between, _turned, _BONE_METRES)


def smooth(chosen: Filter, slots: Slots, before: Filtered | None) -> tuple[Slots, Filtered]:
    """Filter the joints of every player.

    A body that was not in the previous capture starts again, as do all of them after a gap or when time runs
    backwards.

    Args:
        chosen: the filter.
        slots: the players of this capture.
        before: what the previous capture left; None at the start.

    Returns:
        the players with smooth positions and orientations, and what the next capture needs.
    """
    there = np.flatnonzero(slots.ids)
    ids = slots.ids[there]
    dt = (slots.device_usec - before.usec) / 1e6 if before else 0.0
    if before is None or not 0.0 < dt <= GAP_SECONDS:
        before, dt = None, 1.0 / _FRAMES_PER_SECOND
    positions, orientations = slots.positions.copy(), slots.orientations.copy()
    metres, turns = positions[there] / 1000.0, orientations[there]
    old, known = _rows(ids, before)
    was_at = _past(metres, before.positions if before else None, old, known)
    was_to = _past(turns, before.rotations if before else None, old, known)
    moved, at = _step(chosen, _POSITIONS, metres, was_at, dt)
    turned, to = _step(chosen, _ROTATIONS, turns, was_to, dt)
    positions[there] = _hung(at * 1000.0, to, positions[there], turns)
    orientations[there] = to
    done = replace(slots, positions=frozen(positions), orientations=frozen(orientations))
    return done, Filtered(slots.device_usec, dt, ids, moved, turned)


def _hung(places: F64, turns: F64, before: F64, turns_before: F64) -> F64:
    """Hang the joints of K bodies (K, 32, 3) on their roots as they hung before.

    Args:
        places: filtered; the roots' stay.
        turns: (K, 32, 4) filtered.
        before: places as they were.
        turns_before: rotations as they were.
    """
    frames, old = quaternion_to_matrix(turns), quaternion_to_matrix(turns_before)
    hung = places.copy()
    for joint in range(1, len(PARENTS)):
        parent = PARENTS[joint]
        bone = np.einsum("kba,kb->ka", old[:, parent], before[:, joint] - before[:, parent])
        hung[:, joint] = hung[:, parent] + np.einsum("kab,kb->ka", frames[:, parent], bone)
    return hung


def lag_seconds(chosen: Filter, past: Filtered | None) -> float:
    """Estimate the lag that the filter adds to the joints' positions, in seconds.

    It is the lag of each joint in a straight line at its present speed (at least 0.05 m/s), weighted by that
    speed. The tracker's own lag is not included. It is negative where Holt predicts, and 0 without bodies.
    """
    if past is None or not len(past.ids):
        return 0.0
    speed = np.maximum(_POSITIONS.length(past.positions.trend), _SLOWEST)
    if isinstance(chosen, OneEuro):
        # A low pass with the share a of a new sample trails a ramp by dt · (1 - a) / a.
        rate = 2 * math.pi * (chosen.mincutoff + chosen.beta * speed)
        trails = speed * past.dt / np.expm1(np.minimum(rate * past.dt, 500.0))
    else:
        behind = _behind(chosen, speed * past.dt, past.dt)
        ahead = speed * chosen.prediction / _FRAMES_PER_SECOND
        trails = np.clip(behind - ahead, -chosen.maxdeviation, chosen.maxdeviation)
    return float(trails.sum() / speed.sum())


def _behind(chosen: Holt, step: F64, dt: float) -> F64:
    """Return how many metres Holt's result lags on a ramp of `step` metres per interval.

    The trend removes all lag but that of the jitter radius. The distance d from the last result to the sample
    settles where the filter's share of d equals the step; bisection finds it.
    """
    low, high = step, np.maximum(step, chosen.jitterradius)
    for _ in range(30):
        middle = (low + high) / 2
        short = _jitter_share(chosen, middle, dt) * middle < step
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray(high - step)


def _jitter_share(chosen: Holt, distance: F64, dt: float) -> F64:
    if chosen.jitterradius <= 0:
        return np.ones_like(distance)
    near = np.minimum(distance / chosen.jitterradius, 1.0)
    return np.asarray(1.0 - (1.0 - near) ** (dt * _FRAMES_PER_SECOND))


def _rows(ids: I64, before: Filtered | None) -> tuple[I64, I64]:
    """Match the bodies of `before` with `ids`: their rows there, and in `ids`."""
    if before is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    old, new = np.nonzero(before.ids[:, None] == ids)
    return old, new


def _past(samples: F64, before: _Series | None, old: I64, known: I64) -> _Series:
    """Return the past of each body; a new one has rested where it is now."""
    raw, level, trend = samples.copy(), samples.copy(), np.zeros((*samples.shape[:-1], 3))
    if before is not None:
        raw[known], level[known], trend[known] = before.raw[old], before.level[old], before.trend[old]
    return _Series(raw, level, trend)


def _step(chosen: Filter, points: _Points, samples: F64, past: _Series, dt: float) -> tuple[_Series, F64]:
    """Filter one sample of every joint; return what to remember of it, and the result."""
    with np.errstate(over="ignore", invalid="ignore"):
        if isinstance(chosen, OneEuro):
            level, trend, result = _one_euro(chosen, points, samples, past, dt)
        else:
            level, trend, result = _holt(chosen, points, samples, past, dt)
        speed = points.length(trend)
    # An outlier, or a number too large to calculate with, must not stay in the filter for ever.
    good = np.isfinite(np.concatenate([level, result], axis=-1)).all(axis=-1, keepdims=True)
    good &= speed < _FASTEST
    level, result = np.where(good, level, samples), np.where(good, result, samples)
    return _Series(samples, level, np.where(good, trend, 0.0)), result


def _one_euro(
    chosen: OneEuro, points: _Points, samples: F64, past: _Series, dt: float
) -> tuple[F64, F64, F64]:
    speed = points.minus(samples, past.raw) / dt
    trend = past.trend + _share(chosen.dcutoff, dt) * (speed - past.trend)
    cutoff = chosen.mincutoff + chosen.beta * points.length(trend)
    level = points.plus(past.level, _share(cutoff, dt) * points.minus(samples, past.level))
    return level, trend, level


def _share(cutoff: F64 | float, dt: float) -> F64:
    """Return the share of a new sample in a low pass of so many Hz."""
    return np.asarray(-np.expm1(-2 * math.pi * np.asarray(cutoff) * dt))


def _holt(chosen: Holt, points: _Points, samples: F64, past: _Series, dt: float) -> tuple[F64, F64, F64]:
    frames = dt * _FRAMES_PER_SECOND
    kept = chosen.smoothing**frames
    corrected = 1.0 - (1.0 - chosen.correction) ** frames
    off = points.minus(samples, past.level)
    damped = points.plus(past.level, _jitter_share(chosen, points.length(off), dt) * off)
    foreseen = points.plus(past.level, past.trend * dt)
    level = points.plus(foreseen, (1.0 - kept) * points.minus(damped, foreseen))
    trend = past.trend + corrected * (points.minus(level, past.level) / dt - past.trend)
    ahead = points.plus(level, trend * (chosen.prediction / _FRAMES_PER_SECOND))
    away = points.minus(ahead, samples)
    far = points.length(away)
    allowed = np.minimum(chosen.maxdeviation / np.maximum(far, 1e-12), 1.0)
    return level, trend, np.where(allowed < 1.0, points.plus(samples, allowed * away), ahead)
