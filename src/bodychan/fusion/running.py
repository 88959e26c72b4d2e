"""The clocks of a rig's cameras while it runs: found by how people move, and followed as they drift.

What has been seen lately is looked at again and again. An offset counts when two looks in a row agree on it,
and is then reached little by little: no joint leaps and nobody's id changes.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bodychan.fusion.clocks import retimed
from bodychan.fusion.rig import Rig
from bodychan.fusion.tracks import tracks_of
from bodychan.model.bodies import Bodies

_WINDOW_USEC, _EVERY_USEC = 20_000_000, 5_000_000
"""How much of what was seen is looked at, and how often."""
_AGREE_USEC = 15_000
"""Two looks that differ by more are not sure of themselves."""
_WORTH_USEC, _TELL_USEC = 5_000, 20_000
"""Offsets that change by less stay as they are; what changes by more is told again."""
_FARTHEST_USEC = 250_000
"""Bodies that are farther apart are not those of one moment: the captures of that moment are not at hand."""
_SLEW = 0.05
"""Seconds by which an offset changes in a second, at most."""
_RESTART_USEC = 1_000_000
"""A clock that jumps by more against ours began anew."""


class Arrivals:
    """What a live camera's clock shows, in our time: the quickest of its bodies of late came at once."""

    def __init__(self) -> None:
        self._gaps: deque[tuple[int, int]] = deque()

    def usec(self, device_usec: int, arrived_usec: int) -> int:
        """Give by our clock when something was seen, by when it came; in order."""
        gap = arrived_usec - device_usec
        if self._gaps and abs(gap - self._gaps[0][1]) > _RESTART_USEC:
            self._gaps.clear()
        while self._gaps and self._gaps[0][0] < arrived_usec - _WINDOW_USEC:
            self._gaps.popleft()
        while self._gaps and self._gaps[-1][1] >= gap:
            self._gaps.pop()
        self._gaps.append((arrived_usec, gap))
        return device_usec + self._gaps[0][1]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What was seen lately by each camera of a rig, by its own clock; `near` as in `retimed`."""

    rig: Rig
    seen: tuple[tuple[Bodies, ...], ...]
    near: tuple[bool, ...]

    def answer(self) -> tuple[int | None, ...]:
        """Give the offset of each clock in µs, None where nothing tells. This takes some 0.1 s."""
        rig, told = retimed(self.rig, [tracks_of(bodies) for bodies in self.seen], self.near)
        return tuple(c.offset_usec if known else None for c, known in zip(rig.cameras, told, strict=True))


@dataclass(frozen=True, slots=True)
class Finding:
    """What is new about a camera's clock: it shows `offset_usec` less than the first one's.

    Not `applied` where that is too far from what was supposed.
    """

    camera: int
    offset_usec: int
    applied: bool


@dataclass(slots=True)
class _Clock:
    """What is known of one camera's clock, µs."""

    now: float
    wanted: int
    told: int | None
    last: int | None = None
    """What the last look found."""
    near: bool = False
    """Whether `wanted` is right but for some ms; the first one's always is."""


class RunningClocks:
    """The offsets of the clocks of a rig's cameras, as they are found while it runs.

    Args:
        rig: whose poses hold, with the offsets to begin with.
        told: whether whoever uses it knows those offsets already.
    """

    def __init__(self, rig: Rig, *, told: bool = False) -> None:
        self.rig = rig
        self._clocks = [
            _Clock(c.offset_usec, c.offset_usec, c.offset_usec if told else None) for c in rig.cameras
        ]
        self._clocks[0].near = True
        self._seen: list[deque[Bodies]] = [deque() for _ in rig.cameras]
        self._asked: int | None = None
        self._moved: int | None = None

    def forget(self) -> None:
        """Begin anew with what is seen: the timeline has jumped. Offsets stay."""
        for seen in self._seen:
            seen.clear()
        self._asked = self._moved = None

    def note(self, camera: int, bodies: Bodies) -> None:
        """Take what a camera saw, by its own clock; the same again counts once."""
        seen = self._seen[camera]
        if seen and bodies.device_usec < seen[-1].device_usec:
            seen.clear()
        if not seen or bodies.device_usec > seen[-1].device_usec:
            seen.append(bodies if bodies.index_map is None else replace(bodies, index_map=None))
        while seen[0].device_usec < bodies.device_usec - _WINDOW_USEC:
            seen.popleft()

    def question(self, usec: int) -> Question | None:
        """Give what is to be worked out at a moment of the first clock; None while it is not due."""
        if self._asked is None or usec < self._asked:
            self._asked = usec
        if usec < self._asked + _EVERY_USEC:
            return None
        self._asked = usec
        rig = self.rig.with_offsets([clock.wanted for clock in self._clocks])
        return Question(rig, tuple(map(tuple, self._seen)), tuple(clock.near for clock in self._clocks))

    def take(self, answer: Sequence[int | None]) -> list[Finding]:
        """Take an answer, empty while there is none; give what is new."""
        findings: list[Finding] = []
        if not answer:
            return findings
        for camera, (clock, found) in enumerate(zip(self._clocks[1:], answer[1:], strict=True), 1):
            before, clock.last = clock.last, found
            clock.near = False
            if found is None or before is None or abs(found - before) > _AGREE_USEC:
                continue
            clock.near = applied = abs(found - clock.now) <= _FARTHEST_USEC
            if applied and abs(found - clock.wanted) > _WORTH_USEC:
                clock.wanted = found
            if clock.told is None or abs(found - clock.told) > _TELL_USEC:
                clock.told = found
                findings.append(Finding(camera, found, applied))
        return findings

    def at(self, usec: int) -> Rig:
        """Give the rig with the offsets of a moment of the first clock; moments come in order."""
        elapsed = 0 if self._moved is None else max(usec - self._moved, 0)
        self._moved = usec
        most = _SLEW * elapsed
        for clock in self._clocks:
            clock.now += min(max(clock.wanted - clock.now, -most), most)
        offsets = [round(clock.now) for clock in self._clocks]
        if offsets != [camera.offset_usec for camera in self.rig.cameras]:
            self.rig = self.rig.with_offsets(offsets)
        return self.rig
