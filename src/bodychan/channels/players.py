"""Player slots: which body is p1, which p2, who is let in, and how long a lost body is held."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bodychan.model.arrays import F64, I64, U8, Bool, frozen
from bodychan.model.bodies import Bodies
from bodychan.model.skeleton import JOINT_COUNT, Confidence, Joint

_REMEMBERED_SECONDS = 60.0
"""How long after it was last seen a body keeps its age; trackers recover an id within seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """The P players of one capture: `Bodies` laid out in a fixed number of slots.

    `ids` (P,) int64, 0 = empty slot; `positions` (P, 32, 3) mm and `orientations` (P, 32, 4) wxyz in the
    depth camera's SDK frame; `confidence` (P, 32); `tracked` (P,) whether the body is seen in this capture,
    not held from an earlier one; `age` (P,) seconds since it was first seen. In an empty slot everything is
    0 and the orientations are the identity.
    """

    frame: int
    device_usec: int
    ids: I64
    positions: F64
    orientations: F64
    confidence: U8
    tracked: Bool
    age: F64


@dataclass(frozen=True, slots=True)
class Rules:
    """How bodies are assigned to slots.

    `policy`: "compact" in the tracker's order, the others move up when one leaves, as in TouchDesigner;
    "sticky" a body keeps its slot, a new one takes the first free slot; "nearest" by distance from the
    camera; "leftright" from left to right in the camera's image; "fixedid" slot k is for `ids[k]`.

    `hold` is how many seconds a lost body keeps its slot and its last pose. Only bodies whose pelvis is
    between `near` and `far` metres from the camera (`far` 0 = no limit) and in the `zone`, the least and the
    greatest x, y, z in channel space, are let in. A body that is in stays in until it has been outside by
    more than `hysteresis` metres for `dwell` seconds. Likewise "nearest" and "leftright" reorder when two
    bodies have been in the wrong order by more than `hysteresis` metres for `dwell` seconds.
    """

    policy: str = "compact"
    hold: float = 0.0
    near: float = 0.0
    far: float = 0.0
    zone: tuple[tuple[float, float], ...] | None = None
    hysteresis: float = 0.15
    dwell: float = 0.5
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """One body as it was last seen: `positions` (32, 3) and so on; `pelvis` (3,) m in channel space.

    `inside` is whether it was let in when it was seen last; `outside_usec` since when it has been outside the
    limits by more than the hysteresis, None while it is not.
    """

    id: int
    first_usec: int
    last_usec: int
    positions: F64
    orientations: F64
    confidence: U8
    pelvis: F64
    inside: bool
    outside_usec: int | None


_Wrong = tuple[tuple[tuple[int, int], int], ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """What the assignment remembers from one capture to the next.

    `places` holds the ids in order, 0 = free; `known` the bodies of the last minute; `wrong` the pairs of ids
    in the wrong order, and the device time since which they are.
    """

    usec: int = 0
    places: tuple[int, ...] = ()
    known: tuple[_Known, ...] = ()
    wrong: _Wrong = ()


def place(bodies: Bodies, pelvis: F64, count: int, rules: Rules, before: Placed) -> tuple[Slots, Placed]:
    """Assign the bodies of a capture to slots.

    Args:
        bodies: of this capture.
        pelvis: (N, 3) metres, each body's pelvis in the channels' space.
        count: number of slots.
        rules: who gets which slot.
        before: what the previous capture left; `Placed()` at the start. Dropped when time runs backwards.

    Returns:
        the slots, and what the next capture needs.
    """
    now = bodies.device_usec
    if before.usec > now:
        before = Placed()
    known = {body.id: body for body in before.known if now - body.last_usec <= _REMEMBERED_SECONDS * 1e6}
    seen = _let_in(bodies, pelvis, rules, before, known)
    kept = {b for b in before.places if b in known and now - known[b].last_usec <= rules.hold * 1e6}
    there = kept.union(seen)
    wrong: _Wrong = ()
    if rules.policy == "fixedid":
        places = tuple(body if body in there else 0 for body in rules.ids[:count])
    elif rules.policy == "sticky":
        places = _sticky(before.places[:count], there, seen, count)
    elif rules.policy == "compact":
        places = _compact(before.places, kept, seen)
    else:
        places, wrong = _sorted(before, there, known, now, rules)
    slots = _fill([known.get(body) for body in places[:count]], count, bodies)
    return slots, Placed(now, places, tuple(known.values()), wrong)


def _let_in(bodies: Bodies, pelvis: F64, rules: Rules, before: Placed, known: dict[int, _Known]) -> list[int]:
    """Return the ids inside the limits and those that have not left them yet; update `known`."""
    now = bodies.device_usec
    seen = []
    for row, (body, metres) in enumerate(
        zip(bodies.ids.tolist(), _metres_outside(bodies, pelvis, rules).tolist(), strict=True)
    ):
        past = known.get(body)
        since = None if past is None else past.outside_usec
        if metres <= rules.hysteresis:
            since = None
        elif since is None:
            since = now
        if not metres <= 0.0 and not (past and _stays(past, since, now, rules, before)):
            if past:
                known[body] = replace(past, inside=False)
            continue
        seen.append(body)
        known[body] = _Known(
            body,
            past.first_usec if past else now,
            now,
            bodies.positions[row],
            bodies.orientations[row],
            bodies.confidence[row],
            pelvis[row],
            inside=True,
            outside_usec=since,
        )
    return seen


def _stays(past: _Known, since: int | None, now: int, rules: Rules, before: Placed) -> bool:
    """Say whether a body outside the limits, beyond the hysteresis since `since`, is still in."""
    dwell_usec = rules.dwell * 1e6
    just_seen = past.last_usec >= before.usec or now - past.last_usec <= dwell_usec
    return past.inside and just_seen and (since is None or now - since < dwell_usec)


def _metres_outside(bodies: Bodies, pelvis: F64, rules: Rules) -> F64:
    """Return how far each body is outside the limits and the zone, (N,) metres; 0 inside."""
    outside = np.zeros(len(bodies))
    if rules.near > 0 or rules.far > 0:
        metres = np.linalg.norm(bodies.positions[:, Joint.PELVIS], axis=1) / 1000.0
        outside = np.maximum(outside, rules.near - metres)
        if rules.far > 0:
            outside = np.maximum(outside, metres - rules.far)
    if rules.zone is not None:
        least, greatest = np.array(rules.zone).T
        outside = np.maximum(outside, np.maximum(least - pelvis, pelvis - greatest).max(axis=1))
    return outside


def _compact(before: Sequence[int], kept: Iterable[int], seen: Sequence[int]) -> tuple[int, ...]:
    """Return the visible bodies in the tracker's order, with held ones at their former ranks."""
    places = list(seen)
    lost = set(kept).difference(seen)
    for rank, body in enumerate(before):
        if body in lost:
            places.insert(rank, body)
    return tuple(places)


def _sticky(before: Sequence[int], there: set[int], seen: Iterable[int], count: int) -> tuple[int, ...]:
    places = [body if body in there else 0 for body in before]
    places += [0] * (count - len(places))
    for body in seen:
        if body not in places and 0 in places:
            places[places.index(0)] = body
    return tuple(places)


def _sorted(
    before: Placed, there: set[int], known: dict[int, _Known], now: int, rules: Rules
) -> tuple[tuple[int, ...], _Wrong]:
    """Keep the order, new bodies last, until a pair has been in the wrong one for long enough; then sort."""
    metres = {
        body: float(np.linalg.norm(known[body].positions[Joint.PELVIS])) / 1000.0
        if rules.policy == "nearest"
        else -float(known[body].pelvis[0])
        for body in there
    }
    in_order = tuple(sorted(there, key=lambda body: (metres[body], body)))
    stayed = [body for body in before.places if body in there]
    if not stayed:
        return in_order, ()
    places = tuple(stayed + [body for body in in_order if body not in stayed])
    since = dict(before.wrong)
    wrong = tuple(
        ((first, second), since.get((first, second), now))
        for rank, first in enumerate(places)
        for second in places[rank + 1 :]
        if metres[first] - metres[second] > rules.hysteresis
    )
    if any(now - usec >= rules.dwell * 1e6 for _, usec in wrong):
        return in_order, ()
    return places, wrong


def _fill(chosen: Sequence[_Known | None], count: int, bodies: Bodies) -> Slots:
    now = bodies.device_usec
    ids = np.zeros(count, np.int64)
    positions = np.zeros((count, JOINT_COUNT, 3))
    orientations = np.zeros((count, JOINT_COUNT, 4))
    orientations[..., 0] = 1.0
    confidence = np.zeros((count, JOINT_COUNT), np.uint8)
    tracked = np.zeros(count, np.bool_)
    age = np.zeros(count)
    for at, body in enumerate(chosen):
        if body is None:
            continue
        ids[at], tracked[at] = body.id, body.last_usec == now
        age[at] = (now - body.first_usec) / 1e6
        positions[at], orientations[at] = body.positions, body.orientations
        # The pose of a body that is held is a guess, and its confidence says so.
        confidence[at] = body.confidence if tracked[at] else np.minimum(body.confidence, Confidence.LOW)
    for array in (ids, positions, orientations, confidence, tracked, age):
        frozen(array)
    return Slots(bodies.frame, now, ids, positions, orientations, confidence, tracked, age)
