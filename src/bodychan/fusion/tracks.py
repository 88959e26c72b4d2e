"""The bodies of one camera over time, and where they were in between."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F64, Float, frozen
from bodychan.model.bodies import Bodies

_LONGEST_GAP_SECONDS = 0.2
"""Nothing is told of a body between two captures that are farther apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One body: `seconds` (T,) of the camera's clock, rising; `positions` (T, 32, 3) mm of its depth camera.

    `confidence` (T, 32), 0 to 3.
    """

    body: int
    seconds: F64
    positions: F64
    confidence: F64

    def at(self, seconds: Float) -> tuple[F64, F64]:
        """Give positions (S, 32, 3) and confidence (S, 32) at times (S,), in between linearly.

        They are NaN and 0 where the body was not seen.
        """
        after = np.searchsorted(self.seconds, seconds).clip(1, max(len(self.seconds) - 1, 1))
        if len(self.seconds) < 2:
            return np.full((len(seconds), *self.positions.shape[1:]), np.nan), np.zeros((len(seconds), 32))
        t0, t1 = self.seconds[after - 1], self.seconds[after]
        share = ((seconds - t0) / (t1 - t0))[:, None]
        there = (t1 - t0 <= _LONGEST_GAP_SECONDS) & (share[:, 0] > -1e-6) & (share[:, 0] < 1 + 1e-6)
        positions = (1 - share[..., None]) * self.positions[after - 1] + share[..., None] * self.positions[
            after
        ]
        positions[~there] = np.nan
        confidence = np.minimum(self.confidence[after - 1], self.confidence[after])
        return positions, np.where(there[:, None], confidence, 0.0)


def tracks_of(run: Sequence[Bodies], least_seconds: float = 0.5) -> list[Track]:
    """Sort the bodies of one camera's captures by id; those that were there only shortly are left out."""
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
        confidence = np.stack([run[capture].confidence[row] for capture, row in places])
        tracks.append(Track(body, frozen(seconds), frozen(positions), frozen(confidence.astype(np.float64))))
    return tracks
