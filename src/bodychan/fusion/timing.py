"""How far two cameras' clocks are apart, by the motion of the people that both see.

How fast a joint moves does not depend on where a camera is: speeds of the same person, seen by two cameras,
are the same curves, shifted by what the clocks differ.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bodychan.fusion.tracks import Track
from bodychan.model.arrays import F64
from bodychan.model.skeleton import Joint

STEP_SECONDS = 1 / 30
"""Spacing of the curves of speed, and of the shifts that are tried."""

_WINDOW_SECONDS = 0.2
"""Speeds are means over so long: a tracked joint jitters by more than it moves from capture to capture."""

_LEAST_SECONDS = 2.0
"""So long two people must be there together to be compared."""

_JOINTS = (
    Joint.PELVIS,
    Joint.HEAD,
    Joint.WRIST_LEFT,
    Joint.WRIST_RIGHT,
    Joint.ANKLE_LEFT,
    Joint.ANKLE_RIGHT,
    Joint.KNEE_LEFT,
    Joint.KNEE_RIGHT,
)
_PEAKS = 12
"""Shifts of two tracks that are looked at more closely."""


@dataclass(frozen=True, slots=True)
class Match:
    """Two tracks that may be one person's, if the second clock shows `offset` seconds less than the first.

    `likeness` is the mean correlation of the speeds of their joints, 1 at most, less for short matches.
    """

    first: Track
    second: Track
    offset: float
    likeness: float


def likely_matches(firsts: Sequence[Track], seconds: Sequence[Track]) -> list[Match]:
    """Give the pairs of tracks and offsets at which speeds are most alike, the likeliest first."""
    curves = [(track, *_speeds(track)) for track in firsts], [(track, *_speeds(track)) for track in seconds]
    found = [
        match
        for one, start, speeds in curves[0]
        for other, other_start, other_speeds in curves[1]
        for match in _peaks(one, other, start - other_start, speeds, other_speeds)
    ]
    return sorted(found, key=lambda match: -match.likeness)


def _speeds(track: Track) -> tuple[float, F64]:
    """Give the second at which curves of speed begin, and the curves (S, J), m/s, NaN where there is none.

    They begin at a multiple of the step, so that those of two tracks lie on one grid.
    """
    first = np.ceil(track.seconds[0] / STEP_SECONDS)
    last = np.floor(track.seconds[-1] / STEP_SECONDS)
    times = np.arange(first, last + 1) * STEP_SECONDS
    half = _WINDOW_SECONDS / 2
    after, before = (track.at(times + shift)[0][:, _JOINTS] for shift in (half, -half))
    return float(times[0]), np.linalg.norm(after - before, axis=2) / (1000 * _WINDOW_SECONDS)


def _peaks(one: Track, other: Track, apart: float, a: F64, b: F64) -> Iterator[Match]:
    """Give the shifts at which the curves of two tracks correlate best."""
    likeness = _likeness(a, b)
    rising = np.append(True, likeness[1:] > likeness[:-1]) & np.append(likeness[:-1] >= likeness[1:], True)
    peaks = np.flatnonzero(rising & (likeness > 0))
    for peak in peaks[np.argsort(-likeness[peaks], kind="stable")][:_PEAKS]:
        shift = int(peak) - (len(b) - 1)
        yield Match(one, other, apart + shift * STEP_SECONDS, float(likeness[peak]))


def _likeness(a: F64, b: F64) -> F64:
    """Correlate curves at every shift: number k lets sample i + k - (len(b) - 1) of `a` meet sample i of `b`.

    It is the normalised cross-correlation of the samples that both have, as a product in the frequency
    domain (Padfield 2012), 0 where there are too few.
    """
    (x, has_x), (y, has_y) = _centred(a), _centred(b)
    both = _correlate(has_x, has_y)
    energy = np.sqrt(_correlate(x * x, has_y).clip(0) * _correlate(has_x, y * y).clip(0))
    correlation = (_correlate(x, y) / np.maximum(energy, 1e-6)).mean(axis=1)
    seconds = both.min(axis=1) * STEP_SECONDS
    # Few samples are alike by chance (Fisher 1921: as 1 / sqrt of their number).
    chance = 1.0 / np.sqrt(np.maximum(seconds, STEP_SECONDS))
    return np.where(seconds >= _LEAST_SECONDS - STEP_SECONDS, correlation - chance, 0.0)


def _centred(curves: F64) -> tuple[F64, F64]:
    """Give curves about their means with 0 where they have no value, and where they have one."""
    has = np.isfinite(curves)
    mean = np.where(has, curves, 0.0).sum(axis=0) / np.maximum(has.sum(axis=0), 1)
    return np.where(has, curves - mean, 0.0), has.astype(np.float64)


def _correlate(a: F64, b: F64) -> F64:
    from scipy.signal import fftconvolve

    return np.asarray(fftconvolve(a, b[::-1], axes=0))
