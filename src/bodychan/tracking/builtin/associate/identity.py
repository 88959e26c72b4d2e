"""Which body is which: ids that stay with a person from capture to capture.

A person is known by place: each body's position is predicted from its last place and speed, and bodies are
matched to the predictions so that the sum of the distances is least. Somebody who was away for longer is
known again by size and look. Times are seconds of device time, so that nothing depends on the frame rate.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bodychan.model.arrays import F64
from bodychan.model.assignment import least

LOST_SECONDS = 2.0
"""How long a body that is not seen any more is known by its place."""
MEMORY_SECONDS = 10.0
"""How long it is known by its size and look, if nothing else is wished."""
_MOST_KNOWN = 64
"""Bodies that are remembered, those seen last; so that a clock that stands still fills no memory."""
_REACH_MM = 350.0
_REACH_PER_SECOND_MM = 1200.0
"""How far from its prediction a body may be found: at once, and more for each second unseen."""
_SPEED_SECONDS = 0.15
_SPEED_LIMIT = 4000.0
"""mm/s; people do not run faster in a room."""
_COAST_SECONDS = 0.4
"""How long an unseen body is thought to go on at its speed."""
_SIZE_ERROR, _LIGHT_ERROR = 0.15, 0.6
"""Differences in the logarithms of size and of brightness that one person often has at first sight and later;
light falls differently in every place."""
_ALIKE, _UNLIKE = 1.5, 3.0
"""Sum of the differences, each relative to its error: up to the first somebody is known again, beyond the
second somebody in the right place is somebody else."""
_UNLIKE_AFTER_SECONDS = 0.3
_LIKENESS_SECONDS = 2.0
"""Over which size and look are averaged."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """By what a person is known again.

    `look` (2,) is that of `observe.appearance` in the image of `camera`, `size` relative to the template's.
    """

    camera: str
    look: F64
    size: float

    def unlike(self, other: "Likeness") -> float:
        """Give how different two are; 0 = alike, about 1 = as different as one person may be."""
        apart = abs(math.log(self.size / other.size)) / _SIZE_ERROR
        if self.camera != other.camera:
            return apart
        return apart + float(np.abs(self.look - other.look).mean()) / _LIGHT_ERROR

    def after(self, newer: "Likeness", seconds: float) -> "Likeness":
        """Give the likeness after one more capture, a mean over time."""
        gain = 1.0 - math.exp(-max(seconds, 0.0) / _LIKENESS_SECONDS)
        size = self.size * (newer.size / self.size) ** gain
        same = self.camera == newer.camera
        look = self.look + gain * (newer.look - self.look) if same else newer.look
        return Likeness(newer.camera, look, size)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One body: its id, the time (s) and place (3,) mm at which it was last seen, its speed (3,) mm/s."""

    id: int
    seconds: float
    place: F64
    speed: F64
    likeness: Likeness

    def predict(self, seconds: float) -> F64:
        """Give the place (3,) mm where the body is expected at a time."""
        return self.place + self.speed * min(max(seconds - self.seconds, 0.0), _COAST_SECONDS)

    def reach_mm(self, seconds: float) -> float:
        """Give how far from there it may be found."""
        return _REACH_MM + _REACH_PER_SECOND_MM * (seconds - self.seconds)


@dataclass(frozen=True, slots=True)
class Registry:
    """All bodies that are seen or were seen a moment ago, oldest first, and the id of the next new one.

    `memory` is for how many seconds a body that is not seen is known again.
    """

    tracks: tuple[Track, ...] = ()
    next_id: int = 1
    memory: float = MEMORY_SECONDS

    def by_the_clock_of(self, seconds: float) -> "Registry":
        """Give the same registry after a clock that went back, as recordings that start again do.

        What was known stays as old as it was: else it would lie in the future, and be there for ever.
        """
        back = max((t.seconds for t in self.tracks), default=seconds) - seconds
        if back <= 0:
            return self
        return replace(self, tracks=tuple(replace(t, seconds=t.seconds - back) for t in self.tracks))


def assign(
    registry: Registry, places: F64, seconds: float, likenesses: Sequence[Likeness]
) -> tuple[Registry, list[int]]:
    """Give the bodies at `places` (N, 3) mm with their N likenesses ids, and the registry afterwards."""
    registry = registry.by_the_clock_of(seconds)
    alive = [t for t in registry.tracks if seconds - t.seconds <= registry.memory]
    matches = _match([t for t in alive if seconds - t.seconds <= LOST_SECONDS], places, likenesses, seconds)
    away = [t for t in alive if t not in matches.values()]
    left = [i for i in range(len(places)) if i not in matches]
    matches |= _known_again(away, left, places, likenesses, seconds)
    tracks = {t.id: t for t in alive}
    next_id = registry.next_id
    ids = []
    for index, (place, likeness) in enumerate(zip(places, likenesses, strict=True)):
        if index in matches:
            track = _moved(matches[index], place, likeness, seconds)
        else:
            track = Track(next_id, seconds, place, np.zeros(3), likeness)
            next_id += 1
        tracks[track.id] = track
        ids.append(track.id)
    latest = sorted(tracks.values(), key=lambda track: (track.seconds, track.id))[-_MOST_KNOWN:]
    return replace(registry, tracks=tuple(sorted(latest, key=lambda track: track.id)), next_id=next_id), ids


def _match(tracks: list[Track], places: F64, known: Sequence[Likeness], seconds: float) -> dict[int, Track]:
    if not tracks or not len(places):
        return {}
    predicted = np.array([t.predict(seconds) for t in tracks])
    unseen = np.array([seconds - t.seconds for t in tracks])
    reach = np.array([t.reach_mm(seconds) for t in tracks])
    distances = np.linalg.norm(places[None] - predicted[:, None], axis=2)
    fits = distances <= reach[:, None]
    for i in np.flatnonzero(unseen > _UNLIKE_AFTER_SECONDS):
        fits[i] &= [tracks[i].likeness.unlike(likeness) <= _UNLIKE for likeness in known]
    # A pair that does not fit costs more than any other choice: it is taken only where nothing is left.
    cost = np.where(fits, distances, 1e6)
    return {j: tracks[i] for i, j in least(cost) if cost[i, j] < 1e6}


def _known_again(
    away: list[Track], rows: list[int], places: F64, known: Sequence[Likeness], seconds: float
) -> dict[int, Track]:
    """Match new bodies to people who are away and may have come here, the most alike first."""
    pairs = sorted(
        (track.likeness.unlike(known[row]), track.id, row)
        for track in away
        for row in rows
        if np.linalg.norm(places[row] - track.place) <= track.reach_mm(seconds)
    )
    by_id = {track.id: track for track in away}
    found: dict[int, Track] = {}
    for unlike, number, row in pairs:
        if unlike <= _ALIKE and row not in found and number in by_id:
            found[row] = by_id.pop(number)
    return found


def _moved(track: Track, place: F64, likeness: Likeness, seconds: float) -> Track:
    step = seconds - track.seconds
    likeness = track.likeness.after(likeness, step)
    if step <= 0:
        return replace(track, place=place, likeness=likeness)
    if step > LOST_SECONDS:
        return Track(track.id, seconds, place, np.zeros(3), likeness)
    speed = (place - track.place) / step
    gain = 1.0 - np.exp(-step / _SPEED_SECONDS)
    speed = track.speed + gain * (speed - track.speed)
    fastest = float(np.linalg.norm(speed))
    speed *= min(1.0, _SPEED_LIMIT / max(fastest, 1e-9))
    return Track(track.id, seconds, place, speed, likeness)
