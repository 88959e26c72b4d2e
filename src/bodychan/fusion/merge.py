"""Bodies of several cameras become one set: who is who, and where their joints are."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bodychan.fusion.joints import Joined, Word, joined
from bodychan.fusion.rig import Rig
from bodychan.fusion.rigid import moved_bodies
from bodychan.model.arrays import F64, U8
from bodychan.model.assignment import least
from bodychan.model.bodies import Bodies
from bodychan.model.skeleton import JOINT_COUNT, Joint

_TRUNK = [
    Joint.PELVIS,
    Joint.SPINE_CHEST,
    Joint.NECK,
    Joint.SHOULDER_LEFT,
    Joint.SHOULDER_RIGHT,
    Joint.HIP_LEFT,
    Joint.HIP_RIGHT,
]
_NEAR_MM = 600.0
"""Bodies whose trunks are farther apart are two people; nearer ones may be, the best fit in all decides."""
_KNOWN_MM = 250.0
"""By so much nearer a body counts that was this person's in the capture before."""
_MEMORY_SECONDS = 2.0
"""How long, in seconds, a person whom no camera sees keeps their id."""
_STRAY_MM_PER_SECOND = 800.0
"""So fast somebody may have gone meanwhile."""
_LONGEST_SECONDS = 0.1
"""Bodies of another moment are moved on as their person moves, but for no longer than this."""
_SETTLING_SECONDS = 0.15
"""Time constant of the weights, so that no joint leaps when a camera begins or ceases to see it."""
_NEW = 1e-3
"""The least share of its weight that a camera has at once."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The bodies of one camera in the frame of the rig, `late` seconds before the moment that is wanted.

    `place` (3,) mm is where the camera is.
    """

    camera: int
    bodies: Bodies
    place: F64
    late: float

    def word(self, row: int, velocity: F64) -> Word:
        """Give what the camera says of one body, moved on as its person moves, (3,) mm/s."""
        bodies = self.bodies
        late = float(np.clip(self.late, -_LONGEST_SECONDS, _LONGEST_SECONDS))
        return Word(
            bodies.positions[row] + velocity * late,
            bodies.orientations[row],
            bodies.confidence[row],
            None if bodies.errors_mm is None else bodies.errors_mm[row],
            self.place,
        )


@dataclass(slots=True)
class _Person:
    """Somebody whom the cameras see, and what is remembered of them."""

    id: int
    trunk: F64
    usec: int
    velocity: F64 = field(default_factory=lambda: np.zeros(3))
    """mm/s, smoothed."""
    rows: dict[int, int] = field(default_factory=dict)
    """Camera → id of their body there."""
    weights: dict[int, F64] = field(default_factory=dict)
    """Camera → what its joints counted last, (32,)."""
    joined: Joined | None = None
    """Their body, as it was last."""


class Fuser:
    """Makes one set of bodies, moment by moment, of those of the cameras of a rig.

    A person has one id, whichever cameras see them, from 1 and never used again. What a camera says of a
    joint counts by the error to expect: what its tracker says, else by confidence, by how much of the body
    that camera sees and by the distance. It counts less where the joint is not seen or is far behind the
    pelvis, across the view more than along it, and less where it contradicts the others. One articulated body
    is fitted to it all, whose bones keep their lengths. Cameras that are not synchronised saw people a little
    earlier or later: they are moved on as they walk. It is causal and deterministic; moments come in order.
    """

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self._people: list[_Person] = []
        self._ids = itertools.count(1)

    def fuse(self, seen: Sequence[Bodies | None], frame: int, device_usec: int) -> Bodies:
        """Give the people of one moment in the SDK frame of the first camera's depth camera.

        Args:
            seen: of each camera of the rig, in its own frame and by its own clock, the bodies nearest to this
                moment; None where it gives none, or has dropped out.
            frame: what the result carries.
            device_usec: the moment, on the first camera's clock; what the result carries.

        Raises:
            ValueError: there are not as many as the rig has cameras.
        """
        views = [
            View(
                number,
                moved_bodies(camera.pose, bodies),
                camera.pose[:3, 3],
                (device_usec - bodies.device_usec - camera.offset_usec) / 1e6,
            )
            for number, (camera, bodies) in enumerate(zip(self.rig.cameras, seen, strict=True))
            if bodies is not None
        ]
        groups = self._sorted(views, device_usec)
        people = sorted(
            (
                (person, _confidence(rows), self._joined(person, views, rows, device_usec))
                for person, rows in groups
                if rows
            ),
            key=lambda item: item[0].id,
        )
        for person, _, body in people:
            _move(person, body, device_usec)
        if not people:
            return Bodies.none(frame, device_usec)
        bodies = [body for _, _, body in people]
        return Bodies(
            frame,
            device_usec,
            np.array([person.id for person, _, _ in people], np.int64),
            np.stack([body.joints for body in bodies]),
            np.stack([body.orientations for body in bodies]),
            np.stack([confidence for _, confidence, _ in people]),
            errors_mm=np.stack([body.errors for body in bodies]),
        )

    def _sorted(self, views: Sequence[View], usec: int) -> list[tuple[_Person, dict[int, tuple[View, int]]]]:
        """Say of every body who it is: people, and for each camera that sees them a view and a row of it."""
        self._people = [p for p in self._people if usec - p.usec <= _MEMORY_SECONDS * 1e6]
        rows: dict[int, dict[int, tuple[View, int]]] = {person.id: {} for person in self._people}
        for view in views:
            trunks = view.bodies.positions[:, _TRUNK]
            who = self._recognised(view, trunks, usec)
            for row, trunk in enumerate(trunks):
                person = who.get(row)
                if person is None:
                    person = _Person(next(self._ids), trunk, usec)
                    self._people.append(person)
                    rows[person.id] = {}
                person.rows[view.camera] = int(view.bodies.ids[row])
                rows[person.id][view.camera] = view, row
        return self._united([(person, rows[person.id]) for person in self._people])

    def _recognised(self, view: View, trunks: F64, usec: int) -> dict[int, _Person]:
        """Give who the bodies of one camera are, as far as they are known: one body a person."""
        people = self._people
        if not people or not len(trunks):
            return {}
        known = np.stack([person.trunk for person in people])
        apart = np.linalg.norm(trunks[:, None] - known, axis=3).mean(axis=2)
        away = np.array([(usec - person.usec) / 1e6 for person in people]).clip(0)
        cost = apart - [
            [_KNOWN_MM * (person.rows.get(view.camera) == body) for person in people]
            for body in view.bodies.ids
        ]
        possible = apart < _NEAR_MM + _STRAY_MM_PER_SECOND * away
        cost = np.where(possible, cost, 1e6)
        return {row: people[column] for row, column in least(cost) if possible[row, column]}

    def _united(
        self, groups: list[tuple[_Person, dict[int, tuple[View, int]]]]
    ) -> list[tuple[_Person, dict[int, tuple[View, int]]]]:
        """Unite two who turn out to be one: seen by different cameras, at one place."""
        kept: list[tuple[_Person, dict[int, tuple[View, int]]]] = []
        for person, rows in groups:
            for _, others in kept:
                if (
                    rows
                    and others
                    and not rows.keys() & others.keys()
                    and _apart(rows, others) < _NEAR_MM / 2
                ):
                    others |= rows
                    self._people.remove(person)
                    break
            else:
                kept.append((person, rows))
        return kept

    def _joined(
        self, person: _Person, views: Sequence[View], rows: Mapping[int, tuple[View, int]], usec: int
    ) -> Joined:
        """Make one body of what all cameras say of one person."""
        seconds = max(usec - person.usec, 0) / 1e6
        keep = float(np.exp(-seconds / _SETTLING_SECONDS))
        there = {view.camera for view in views}
        words, weights = [], {}
        for camera, (view, row) in rows.items():
            word = view.word(row, person.velocity)
            now = word.counts()
            before = person.weights.get(camera, np.zeros(JOINT_COUNT))
            glided = np.maximum(keep * before + (1 - keep) * now, _NEW * now)
            weights[camera] = glided if person.weights else now
            words.append(word)
        person.weights = weights | {
            c: w * keep for c, w in person.weights.items() if c in there - rows.keys()
        }
        return joined(words, np.stack([weights[camera] for camera in rows]), person.joined, seconds)


def _confidence(rows: Mapping[int, tuple[View, int]]) -> U8:
    """Give the best confidence (32,) that any camera has in each joint of a person."""
    return np.asarray(np.stack([view.bodies.confidence[row] for view, row in rows.values()]).max(axis=0))


def _move(person: _Person, body: Joined, usec: int) -> None:
    """Note where somebody is, and how fast they move."""
    trunk = body.joints[_TRUNK]
    seconds = (usec - person.usec) / 1e6
    if seconds > 0:
        moved = (trunk - person.trunk).mean(axis=0) / seconds
        share = -np.expm1(-seconds / _SETTLING_SECONDS)
        person.velocity = person.velocity + share * (moved - person.velocity)
    person.trunk, person.usec, person.joined = trunk, usec, body


def _apart(rows: Mapping[int, tuple[View, int]], others: Mapping[int, tuple[View, int]]) -> float:
    """Give how far the trunks of two sets of bodies are apart, mm."""
    one, other = (
        np.mean([view.bodies.positions[row][_TRUNK] for view, row in each.values()], axis=0)
        for each in (rows, others)
    )
    return float(np.linalg.norm(one - other, axis=1).mean())
