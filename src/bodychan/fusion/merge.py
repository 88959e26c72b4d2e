"""Bodies of several cameras become one set: who is who, and where their joints are."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bodychan.fusion.rig import Rig
from bodychan.fusion.rigid import ALONG, moved_bodies
from bodychan.model.arrays import F64, U8
from bodychan.model.assignment import least
from bodychan.model.bodies import Bodies
from bodychan.model.skeleton import JOINT_COUNT, Confidence, Joint

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
_LEVELS = np.array([0.003, 0.05, 1.0, 1.0])
"""What a joint of each confidence counts: a predicted one next to nothing beside one that was seen."""
_FAR_MM = 6000.0
"""Distance from a camera at which its word counts half: depth is noisier there, and people are smaller."""
_DEEP_MM, _SKIN_MM = 400.0, 50.0
"""So much farther from the camera than the pelvis, but for the skin, a joint counts a quarter."""
_DOUBT_MM = 60.0
"""Distance from what the others say beyond which a camera's joint counts less and less."""
_ROUNDS = 3
_LONGEST_SECONDS = 0.1
"""Bodies of another moment are moved on as their person moves, but for no longer than this."""
_SETTLING_SECONDS = 0.15
"""Time constant of the weights, so that no joint leaps when a camera begins or ceases to see it."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The bodies of one camera in the frame of the rig, `late` seconds before the moment that is wanted.

    `place` (3,) mm is where the camera is.
    """

    camera: int
    bodies: Bodies
    place: F64
    late: float


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


class Fuser:
    """Makes one set of bodies, moment by moment, of those of the cameras of a rig.

    A person has one id, whichever cameras see them, from 1 and never used again. What a camera says of a
    joint counts by its confidence, by how much of the body that camera sees, by the distance, and by how far
    behind the pelvis the joint is; across the view it counts more than along it; and what contradicts the
    others counts less. Cameras that are not synchronised saw people a little earlier or later: they are
    moved on as they walk. It is causal and deterministic; moments come in order.
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
        people = [(person, self._joined(person, views, rows, device_usec)) for person, rows in groups if rows]
        for person, (positions, *_) in people:
            _move(person, positions[_TRUNK], device_usec)
        people.sort(key=lambda item: item[0].id)
        if not people:
            return Bodies.none(frame, device_usec)
        return Bodies(
            frame,
            device_usec,
            np.array([person.id for person, _ in people], np.int64),
            np.stack([positions for _, (positions, _, _) in people]),
            np.stack([orientations for _, (_, orientations, _) in people]),
            np.stack([confidence for _, (_, _, confidence) in people]),
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
    ) -> tuple[F64, F64, U8]:
        """Give positions (32, 3), orientations (32, 4) and confidence (32,) of one person."""
        keep = float(np.exp(-max(usec - person.usec, 0) / 1e6 / _SETTLING_SECONDS))
        there = {view.camera for view in views}
        weights = {}
        for camera, (view, row) in rows.items():
            now = _weights(view, row)
            before = person.weights.get(camera, np.zeros(JOINT_COUNT))
            weights[camera] = keep * before + (1 - keep) * now if person.weights else now
        person.weights = weights | {
            c: w * keep for c, w in person.weights.items() if c in there - rows.keys()
        }
        positions = np.stack(
            [view.bodies.positions[row] + _on_the_way(view, person) for view, row in rows.values()]
        )
        rays = positions - np.stack([view.place for view, _ in rows.values()])[:, None]
        counted = np.stack([weights[camera] for camera in rows])
        joined, counted = _means(positions, rays / np.linalg.norm(rays, axis=2, keepdims=True), counted)
        orientations = np.stack([view.bodies.orientations[row] for view, row in rows.values()])
        confidence = np.stack([view.bodies.confidence[row] for view, row in rows.values()]).max(axis=0)
        return joined, _mean_orientations(orientations, counted), confidence


def _on_the_way(view: View, person: _Person) -> F64:
    """Give how far somebody has moved since a camera saw them, (3,) mm."""
    return person.velocity * float(np.clip(view.late, -_LONGEST_SECONDS, _LONGEST_SECONDS))


def _move(person: _Person, trunk: F64, usec: int) -> None:
    """Note where somebody is, and how fast they move."""
    seconds = (usec - person.usec) / 1e6
    if seconds > 0:
        moved = (trunk - person.trunk).mean(axis=0) / seconds
        share = -np.expm1(-seconds / _SETTLING_SECONDS)
        person.velocity = person.velocity + share * (moved - person.velocity)
    person.trunk, person.usec = trunk, usec


def _weights(view: View, row: int) -> F64:
    """Give what a camera's word on each joint (32,) of a body counts."""
    levels = _LEVELS[view.bodies.confidence[row]]
    seen = (view.bodies.confidence[row] >= Confidence.MEDIUM).mean()
    distance = np.linalg.norm(view.bodies.positions[row] - view.place, axis=1)
    behind = np.maximum(distance - distance[Joint.PELVIS] + _SKIN_MM, 0.0)
    near = 1.0 / (1.0 + (distance / _FAR_MM) ** 2)
    return np.asarray(levels * (0.1 + seen) * near / (1.0 + behind / _DEEP_MM) ** 2)


def _means(positions: F64, rays: F64, weights: F64) -> tuple[F64, F64]:
    """Give the joints (32, 3) that fit best what cameras say of them, and the weights (V, 32) in the end.

    Each camera knows a joint's place across its ray better than along it: the joint's information matrix is
    its weight times I - (1 - 1 / ratio) r rᵀ, and the best place is the mean with these as weights. Done
    again with what is far from the mean counted less (Cauchy's function).
    """
    along = rays[..., :, None] * rays[..., None, :]
    shape = np.eye(3) - (1.0 - 1.0 / ALONG) * along
    robust = weights
    mean = positions[0]
    for _ in range(_ROUNDS if len(positions) > 1 else 0):
        information = robust[..., None, None] * shape
        total = (information @ positions[..., None]).sum(axis=0)
        mean = np.linalg.solve(information.sum(axis=0), total)[..., 0]
        apart = np.linalg.norm(positions - mean, axis=2)
        robust = weights / (1.0 + (apart / _DOUBT_MM) ** 2)
    return mean, robust


def _mean_orientations(orientations: F64, weights: F64) -> F64:
    """Give the weighted means (32, 4) of unit quaternions (V, 32, 4), signs alike, as unit quaternions."""
    surest = np.take_along_axis(orientations, weights.argmax(axis=0)[None, :, None], axis=0)
    signs = np.where((orientations * surest).sum(axis=2, keepdims=True) < 0, -1.0, 1.0)
    mean = (weights[..., None] * signs * orientations).sum(axis=0)
    return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True))


def _apart(rows: Mapping[int, tuple[View, int]], others: Mapping[int, tuple[View, int]]) -> float:
    """Give how far the trunks of two sets of bodies are apart, mm."""
    one, other = (
        np.mean([view.bodies.positions[row][_TRUNK] for view, row in each.values()], axis=0)
        for each in (rows, others)
    )
    return float(np.linalg.norm(one - other, axis=1).mean())
