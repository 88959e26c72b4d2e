"""Which body is which: ids that stay with a person from capture to capture.

A person is known by place: each body's position is predicted from its last place and speed, and bodies are
matched to the predictions so that the sum of the distances is least. Times are seconds of device time, so
that nothing depends on the frame rate.
"""

from dataclasses import dataclass, replace

import numpy as np

from bodychan.types import F64, I64

LOST_SECONDS = 1.0
"""How long the id of a body that is not seen any more is kept for it."""
_REACH_MM = 350.0
_REACH_PER_SECOND_MM = 1200.0
"""How far from its prediction a body may be found: at once, and more for each second unseen."""
_SPEED_SECONDS = 0.15
_SPEED_LIMIT = 4000.0
"""mm/s; people do not run faster in a room."""
_COAST_SECONDS = 0.4
"""How long an unseen body is thought to go on at its speed."""
_SAME_PLACE_MM = 200.0
_SAME_POINTS = 0.6
"""Two bodies are one person if they are so near, or share so much of the depth image."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One body: its id, the time (s) and place (3,) mm at which it was last seen, its speed (3,) mm/s."""

    id: int
    seconds: float
    place: F64
    speed: F64

    def predict(self, seconds: float) -> F64:
        """Give the place (3,) mm where the body is expected at a time."""
        return self.place + self.speed * min(seconds - self.seconds, _COAST_SECONDS)


@dataclass(frozen=True, slots=True)
class Registry:
    """All bodies that are seen or were seen a moment ago, oldest first, and the id of the next new one."""

    tracks: tuple[Track, ...] = ()
    next_id: int = 1


def assign(registry: Registry, places: F64, seconds: float) -> tuple[Registry, list[int]]:
    """Give the bodies at `places` (N, 3) mm their ids, and the registry as it is afterwards."""
    alive = [t for t in registry.tracks if seconds - t.seconds <= LOST_SECONDS]
    matches = _match(alive, places, seconds)
    tracks = {t.id: t for t in alive}
    next_id = registry.next_id
    ids = []
    for index, place in enumerate(places):
        if index in matches:
            track = _moved(matches[index], place, seconds)
        else:
            track = Track(next_id, seconds, place, np.zeros(3))
            next_id += 1
        tracks[track.id] = track
        ids.append(track.id)
    return Registry(tuple(tracks[i] for i in sorted(tracks)), next_id), ids


def _match(tracks: list[Track], places: F64, seconds: float) -> dict[int, Track]:
    from scipy.optimize import linear_sum_assignment

    if not tracks or not len(places):
        return {}
    predicted = np.array([t.predict(seconds) for t in tracks])
    unseen = np.array([seconds - t.seconds for t in tracks])
    reach = _REACH_MM + _REACH_PER_SECOND_MM * unseen
    distances = np.linalg.norm(places[None] - predicted[:, None], axis=2)
    # A pair out of reach costs more than any other choice, so that it is taken only where nothing is left.
    cost = np.where(distances <= reach[:, None], distances, 1e6)
    pairs = zip(*linear_sum_assignment(cost), strict=True)
    return {int(j): tracks[i] for i, j in pairs if cost[i, j] < 1e6}


def _moved(track: Track, place: F64, seconds: float) -> Track:
    step = seconds - track.seconds
    if step <= 0:
        return replace(track, place=place)
    speed = (place - track.place) / step
    gain = 1.0 - np.exp(-step / _SPEED_SECONDS)
    speed = track.speed + gain * (speed - track.speed)
    fastest = float(np.linalg.norm(speed))
    return Track(track.id, seconds, place, speed * min(1.0, _SPEED_LIMIT / max(fastest, 1e-9)))


def duplicates(places: F64, strength: F64, shown_by: list[I64]) -> list[int]:
    """Say which of several bodies are the same person as a stronger one.

    Args:
        places: (N, 3) mm.
        strength: (N,), the larger stays.
        shown_by: for each body the indices of the depth points that show it.
    """
    dropped: list[int] = []
    order = [int(index) for index in np.argsort(-strength, kind="stable")]
    for rank, index in enumerate(order):
        for other in (i for i in order[:rank] if i not in dropped):
            near = np.linalg.norm(places[index] - places[other]) < _SAME_PLACE_MM
            fewer = max(min(len(shown_by[index]), len(shown_by[other])), 1)
            shared = len(np.intersect1d(shown_by[index], shown_by[other], assume_unique=True)) / fewer
            if near or shared > _SAME_POINTS:
                dropped.append(index)
                break
    return sorted(dropped)
