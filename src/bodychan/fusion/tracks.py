"""The bodies of one camera over time, and where they were in between."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bodychan.fusion.limbs import LIMBS, Limbs
from bodychan.model.arrays import F64, I64, Bool, Float, frozen
from bodychan.model.bodies import Bodies

_LONGEST_GAP_SECONDS = 0.25
"""Nothing is told of a body between two captures that are farther apart; slow cameras give 5 a second."""
_SAME_RADIUS = 0.25
"""Somebody's limb is as thick as it usually is, within this share: else something else was measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One body: `seconds` (T,) of the camera's clock, rising; `positions` (T, 32, 3) mm of its depth camera.

    `confidence` (T, 32), 0 to 3; `limbs` (T, 4, 3) and `axes` (T, 4, 3), the middles and directions of
    `limbs.LIMBS` by their skin, NaN where they were not measured.
    """

    body: int
    seconds: F64
    positions: F64
    confidence: F64
    limbs: F64
    axes: F64

    def at(self, seconds: Float) -> tuple[F64, F64]:
        """Give positions (S, 32, 3) and confidence (S, 32) at times (S,), in between linearly.

        They are NaN and 0 where the body was not seen.
        """
        after, share, there = self._between(seconds)
        positions = self._mean(self.positions, after, share, there)
        confidence = np.minimum(self.confidence[after - 1], self.confidence[after])
        return positions, np.where(there[:, None], confidence, 0.0)

    def limbs_at(self, seconds: Float) -> F64:
        """Give the middles (S, 4, 3) of limbs at times (S,), in between linearly; NaN as in `at`."""
        return self._mean(self.limbs, *self._between(seconds))

    def _between(self, seconds: Float) -> tuple[I64, F64, Bool]:
        """Give for each time (S,) the capture after it, how far on the way to it that is, and if it is."""
        after = np.searchsorted(self.seconds, seconds).clip(1, max(len(self.seconds) - 1, 1))
        if len(self.seconds) < 2:
            return np.zeros(len(seconds), np.int64), np.zeros(len(seconds)), np.zeros(len(seconds), bool)
        t0, t1 = self.seconds[after - 1], self.seconds[after]
        share = np.asarray((seconds - t0) / (t1 - t0))
        there = (t1 - t0 <= _LONGEST_GAP_SECONDS) & (share > -1e-6) & (share < 1 + 1e-6)
        return after, share, there

    @staticmethod
    def _mean(values: F64, after: I64, share: F64, there: Bool) -> F64:
        share = share[:, None, None]
        before, behind = values[after - 1], values[after]
        # At its own time a capture counts alone: the one beside it may know nothing.
        mean = np.where(share > 1 - 1e-6, behind, (1 - share) * before + share * behind)
        return np.where(there[:, None, None], np.where(share < 1e-6, before, mean), np.nan)


def tracks_of(run: Sequence[Bodies], limbs: Sequence[Limbs] = (), least_seconds: float = 0.5) -> list[Track]:
    """Sort the bodies of one camera's captures by id; those that were there only shortly are left out.

    Args:
        run: of each capture.
        limbs: of the bodies of each capture; empty where they were not measured.
        least_seconds: how long a body must be there.
    """
    rows: dict[int, list[tuple[int, int]]] = {}
    for capture, bodies in enumerate(run):
        for row, body in enumerate(bodies.ids):
            rows.setdefault(int(body), []).append((capture, row))
    tracks = []
    for body, places in rows.items():
        seconds = np.array([run[capture].device_usec for capture, _ in places]) / 1e6
        if seconds[-1] - seconds[0] < least_seconds:
            continue
        positions = np.stack([run[capture].positions[row] for capture, row in places])
        confidence = np.stack([run[capture].confidence[row] for capture, row in places]).astype(np.float64)
        middles, axes = _limbs(
            [(limbs[capture], row) for capture, row in places] if limbs else [], len(places)
        )
        tracks.append(
            Track(body, *(frozen(each) for each in (seconds, positions, confidence, middles, axes)))
        )
    return tracks


def _limbs(places: Sequence[tuple[Limbs, int]], count: int) -> tuple[F64, F64]:
    """Give middles and directions (T, 4, 3) of the limbs of one body, of those that are as thick as ever."""
    if not places:
        return np.full((count, len(LIMBS), 3), np.nan), np.full((count, len(LIMBS), 3), np.nan)
    middles, axes = (
        np.stack([getattr(limbs, name)[row] for limbs, row in places]) for name in ("middles", "directions")
    )
    radii = np.stack([limbs.radii[row] for limbs, row in places])
    usual = np.array([np.median(r[np.isfinite(r)]) if np.isfinite(r).any() else np.nan for r in radii.T])
    other = ~(np.abs(radii / usual - 1.0) < _SAME_RADIUS)
    middles[other], axes[other] = np.nan, np.nan
    return middles, axes
