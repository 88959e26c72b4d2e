"""How tracked bodies behave over time: bone lengths, jitter, lag and identity.

Pure functions over whole runs, with the shapes of `measures`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bodychan.evaluation.measures import BONES, MAJOR, Run, Visibility
from bodychan.model.arrays import F64, Bool
from bodychan.model.skeleton import Joint

SETTLED_SECONDS = 1.0
"""For how long after a body's first capture its bone lengths are not measured."""
STILL_MM_S = 50.0
"""A person is still while no major joint is faster; breathing and sway are slower."""
_LEAST_STILL = 30
"""The fewest second differences that give a meaningful jitter."""
_REACH = 6
"""The lag is searched within so many captures, either way."""
_SLIP_MM_S = 6000.0
"""A joint that seems faster has jumped to another surface or limb, which says nothing about lag."""
_LEAST_LIKENESS = 0.3
"""Below this correlation of velocities the lag is unknown: nobody moved."""

_LENGTHS = {
    **{name: pairs for name, pairs in BONES.items() if name != "spine"},
    "hips": ((Joint.HIP_LEFT, Joint.HIP_RIGHT),),
}
"""Distances that do not change as people move."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """One kind of bone, over `bodies` (ids times sides): errors of the mean length, and how it varies.

    `bias_mm` is the mean error, `error_mm` the mean size of it; `sd_mm` and `worst_sd_mm` are median and
    largest standard deviation over time.
    """

    bodies: int
    bias_mm: float
    error_mm: float
    sd_mm: float
    worst_sd_mm: float


def bone_lengths(runs: Sequence[Run]) -> dict[str, Lengths]:
    """Give the error and the variation of the length of each kind of bone, and of "all"."""
    per_bone = {
        name: [row for run in runs for pair in pairs for row in _per_body(run, *pair)]
        for name, pairs in _LENGTHS.items()
    }
    per_bone["all"] = [row for rows in per_bone.values() for row in rows]
    return {name: _lengths(np.reshape(rows, (-1, 2))) for name, rows in per_bone.items()}


def _lengths(rows: F64) -> Lengths:
    if not len(rows):
        return Lengths(0, *[float("nan")] * 4)
    off, sd = rows.T
    return Lengths(
        len(rows), float(off.mean()), float(np.abs(off).mean()), float(np.median(sd)), float(sd.max())
    )


def _per_body(run: Run, start: Joint, end: Joint) -> list[tuple[float, float]]:
    """Give (error of the mean length, standard deviation) for each settled body of each person."""
    lengths = [
        np.linalg.norm(points[:, :, end] - points[:, :, start], axis=-1)
        for points in (run.truth.joints, run.joints)
    ]
    rows = []
    for person in range(run.matches.shape[1]):
        for body in np.unique(run.matches[:, person][run.matches[:, person] >= 0]):
            own = run.matches[:, person] == body
            first = run.truth.seconds[run.tracked.present[:, body]].min()
            own &= run.truth.seconds >= first + SETTLED_SECONDS
            if own.sum() >= 2:
                true, found = (values[own, person] for values in lengths)
                rows.append((float(found.mean() - true.mean()), float(found.std())))
    return rows


@dataclass(frozen=True, slots=True)
class Jitter:
    """Noise of the joints of people who stand still: sigma in mm per axis, from `samples` differences.

    `axes_mm` is for x, y and z; `sigma_mm` over all three together; `worst_mm` for the worst joint.
    """

    samples: int
    sigma_mm: float
    axes_mm: tuple[float, float, float]
    worst_mm: float


def jitter(runs: Iterable[Run]) -> Jitter:
    """Give the jitter of major joints: median |second difference of the error| / 0.6745 / sqrt 6.

    The second difference of independent noise has 6 times its variance, and the median of |x| is 0.6745 sigma
    for a normal x. Taking differences of the error, not of the joint, removes breathing.
    """
    return _jitter([(run, run.joints) for run in runs])


def _jitter(tracks: Iterable[tuple[Run, F64]]) -> Jitter:
    parts = [np.zeros((0, len(MAJOR), 3))]
    for run, joints in tracks:
        off = (joints - run.truth.joints)[:, :, MAJOR]
        bends = np.abs(off[:-2] - 2 * off[1:-1] + off[2:])
        parts.append(bends[_same_body(run) & _still(run)])
    bends = np.concatenate(parts)
    bends = bends[np.isfinite(bends).all(axis=(1, 2))]
    if len(bends) < _LEAST_STILL:
        nan = float("nan")
        return Jitter(len(bends), nan, (nan, nan, nan), nan)
    x, y, z = (_sigma(bends[:, :, axis]) for axis in range(3))
    worst = max(_sigma(bends[:, joint]) for joint in range(len(MAJOR)))
    return Jitter(len(bends), _sigma(bends), (x, y, z), worst)


def _sigma(bends: F64) -> float:
    return float(np.median(bends)) / 0.6745 / 6**0.5


def _same_body(run: Run) -> Bool:
    """Say at which inner captures (T - 2, P) a person has one body three times in a row."""
    one, two, three = run.matches[:-2], run.matches[1:-1], run.matches[2:]
    return np.asarray((one == two) & (two == three) & (two >= 0))


def _still(run: Run) -> Bool:
    """Say at which inner captures (T - 2, P) a person is still, from the one before to the one after."""
    step = np.linalg.norm(np.diff(run.truth.joints[:, :, MAJOR], axis=0), axis=-1).max(axis=-1)
    slow = step / np.diff(run.truth.seconds)[:, None] < STILL_MM_S
    return np.asarray(slow[:-1] & slow[1:])


def lag_ms(runs: Sequence[Run]) -> float:
    """Give by how many ms the bodies' visible joints lag behind the people's; NaN where nobody moves."""
    return _lag_ms([(run, run.joints) for run in runs])


def _lag_ms(tracks: Sequence[tuple[Run, F64]]) -> float:
    true: list[F64] = []
    found: list[F64] = []
    steps = [np.zeros(0)]
    for run, joints in tracks:
        steps.append(np.diff(run.truth.seconds))
        # Hidden joints are estimated, and jump.
        seen = run.truth.visibility == Visibility.VISIBLE
        joints = np.where(seen[..., None], joints, np.nan)
        for person in range(run.matches.shape[1]):
            gap = np.full((_REACH + 1, len(MAJOR) * 3), np.nan)
            for signals, points in ((true, run.truth.joints), (found, joints)):
                signals += [points[:, person, MAJOR].reshape(len(points), -1), gap]
    if not true:
        return float("nan")
    step = float(np.median(np.concatenate(steps)))
    lag = lag_captures(np.concatenate(true), np.concatenate(found), _SLIP_MM_S * step)
    return lag * step * 1000


def lag_captures(true: F64, found: F64, slip: float = np.inf) -> float:
    """Give by how many captures `found` (T, N) comes after `true` (T, N), by cross-correlated velocities.

    Unknown values are NaN; steps of `found` beyond `slip` are left out. The peak is the vertex of a parabola
    through the best whole shift and its neighbours. NaN where nothing moves alike.
    """
    v, w = np.diff(true, axis=0), np.diff(found, axis=0)
    w = np.where(np.abs(w) <= slip, w, np.nan)
    inner = len(v) - 2 * _REACH
    if inner < 1:
        return float("nan")
    shifts = np.arange(-_REACH, _REACH + 1)
    # The same true samples for every shift, or the peak would move with the choice of samples.
    middle = v[_REACH:][:inner]
    likeness = np.array([_likeness(middle, w[_REACH + shift :][:inner]) for shift in shifts])
    best = int(np.argmax(likeness))
    if likeness[best] < _LEAST_LIKENESS:
        return float("nan")
    if not 0 < best < len(likeness) - 1:
        return float(shifts[best])
    before, peak, after = likeness[best - 1 : best + 2]
    return float(shifts[best] + 0.5 * (before - after) / min(before - 2 * peak + after, -1e-12))


def _likeness(v: F64, w: F64) -> float:
    """Correlate velocities where both are known; 0 where one of them is zero throughout."""
    both = np.isfinite(v) & np.isfinite(w)
    a, b = v[both], w[both]
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Trade:
    """Lag and jitter of the tracker's joints after a one-pole low pass of a time constant."""

    filter_ms: float
    lag_ms: float
    jitter_mm: float


def trade(runs: Sequence[Run], filters_ms: Sequence[float] = (0, 20, 40, 80, 160)) -> list[Trade]:
    """Give lag against jitter for filters of growing strength after the tracker; 0 is no filter."""
    rows = []
    for tau in filters_ms:
        tracks = [(run, smoothed(run.joints, run.truth.seconds, tau / 1000)) for run in runs]
        rows.append(Trade(tau, _lag_ms(tracks), _jitter(tracks).sigma_mm))
    return rows


def smoothed(joints: F64, seconds: F64, tau: float) -> F64:
    """Filter joints (T, ...) by a one-pole low pass, reset by NaN; `tau` in seconds."""
    out = joints.copy()
    if tau > 0:
        for t in range(1, len(out)):
            gain = 1 - np.exp(-(seconds[t] - seconds[t - 1]) / tau)
            moved = out[t - 1] + gain * (joints[t] - out[t - 1])
            out[t] = np.where(np.isfinite(out[t - 1]), moved, joints[t])
    return out


@dataclass(frozen=True, slots=True)
class Identity:
    """How well ids were kept.

    `switches`: how often a person's id changed. `fragmentations`: how often a person was lost for a while
    though they could be seen. `shared`: how many ids more than one person had.
    """

    switches: int
    fragmentations: int
    shared: int


def identity(runs: Iterable[Run]) -> Identity:
    """Count id switches and broken tracks; a person who leaves and returns should get the old id."""
    switches = fragmentations = shared = 0
    for run in runs:
        for column, counted in zip(run.matches.T, run.counted.T, strict=True):
            times = np.flatnonzero(column >= 0)
            switches += int((np.diff(column[times]) != 0).sum())
            missed = np.cumsum(counted & (column < 0))
            fragmentations += int((np.diff(missed[times]) > 0).sum())
        owners = [(run.matches == body).any(axis=0).sum() for body in range(len(run.tracked.ids))]
        shared += sum(int(n > 1) for n in owners)
    return Identity(switches, fragmentations, shared)
