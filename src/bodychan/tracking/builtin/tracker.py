"""The built-in tracker: the stages joined, and the only place that remembers the capture before."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bodychan.articulated.lengths import Lengths
from bodychan.errors import ParameterError
from bodychan.model.arrays import U16
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.optics.calibration import Calibration
from bodychan.optics.modes import DEPTH_MODES, one_named
from bodychan.tracking.base import Tracker
from bodychan.tracking.builtin.associate.identity import (
    LOST_SECONDS,
    MEMORY_SECONDS,
    Likeness,
    Registry,
    assign,
)
from bodychan.tracking.builtin.body import Body, followed
from bodychan.tracking.builtin.detect.search import Proposal, Search
from bodychan.tracking.builtin.observe import looks
from bodychan.tracking.builtin.observe.appearance import look as appearance
from bodychan.tracking.builtin.observe.crop import Square, cut, square_about
from bodychan.tracking.builtin.observe.looks import Fate, Find
from bodychan.tracking.builtin.observe.network import JointNetwork, Look
from bodychan.tracking.builtin.observe.steady import FORGOTTEN_SECONDS
from bodychan.tracking.builtin.observe.upright import Upright
from bodychan.tracking.builtin.threads import Threads
from bodychan.tracking.builtin.trace import Trace

_SECOND_LOOKS = 2
"""How often at most somebody new is looked at again, in the square about the joints that were found."""
_SURELY_NOBODY = 0.1
"""People have a presence of 0.4 and more at first sight on the development takes, most other places 0.03."""
_CAPTURES_TO_BELIEVE = 4
"""Looks in a row that confirm a new person where no single look is certain."""
_CARRIED_SECONDS, _CARRIED_CAPTURES = 0.25, 5
"""For how long a body that is not seen stays as it was, if it had been seen in more captures than that."""


class BuiltinTracker(Tracker):
    """Finds bodies in depth and infrared images with a network of our own; colour is not looked at.

    Args:
        calibration: of the camera, in the modes of its captures.
        max_bodies: bodies to follow at most.
        threads: to look at several people at a time; None = up to four.
        orientation: how the sensor is mounted: default, cw90, ccw90 or flipped.
        memory: for how many seconds somebody who is not seen keeps their id.

    Raises:
        ParameterError: there is no such orientation, or `memory` is negative.
    """

    def __init__(
        self,
        calibration: Calibration,
        *,
        max_bodies: int = 6,
        threads: int | None = None,
        orientation: str = "default",
        memory: float = MEMORY_SECONDS,
    ) -> None:
        if not memory >= 0:
            raise ParameterError(f"memory is {memory}: it must be 0 or more seconds")
        self._calibration = calibration
        self._lit = one_named(calibration.depth_mode, DEPTH_MODES).lit
        self._max_bodies = max_bodies
        self._upright = Upright(calibration, orientation)
        self._network = JointNetwork()
        self._threads = Threads(threads)
        self._search = Search(self._upright, self._threads)
        self._registry = Registry(memory=memory)
        self._bodies: dict[int, Body] = {}
        self._lengths: dict[int, Lengths] = {}
        self._waiting: list[Body] = []

    def track(self, capture: Capture) -> Bodies:
        """Give the bodies of the next capture; none where it has no depth image."""
        return self.explain(capture).bodies

    def explain(self, capture: Capture) -> Trace:
        """Track the next capture, as `track` does, and give what each stage did with it."""
        if capture.depth is None:
            nobody = Bodies.none(capture.index, capture.device_usec)
            return Trace(capture, self._upright, [], {}, [], nobody)
        finds = self._step(capture.depth, self._infrared(capture), capture.device_usec / 1e6)
        return Trace(capture, self._upright, finds, self._bodies, self._waiting, self._delivered(capture))

    def _infrared(self, capture: Capture) -> U16 | None:
        """Give the infrared image if the network knows its kind, and it has the depth image's pixels."""
        depth, infrared = capture.depth, capture.ir
        fits = depth is not None and infrared is not None and infrared.shape == depth.shape
        return infrared if fits and self._lit else None

    def close(self) -> None:
        """Let go of the threads; a second call does nothing."""
        self._threads.close()

    def _step(self, depth: U16, infrared: U16 | None, seconds: float) -> list[Find]:
        ids = [i for i, body in self._bodies.items() if 0 <= seconds - body.seconds < FORGOTTEN_SECONDS]
        people = [self._bodies[i] for i in ids]
        people += [b for b in self._waiting if 0 <= seconds - b.seconds < FORGOTTEN_SECONDS]
        finds = self._look_again(depth, infrared, people, len(ids), seconds)
        finds += self._look_for_new(depth, infrared, finds, seconds)
        finds = looks.one_each(finds)
        for find in finds:
            if find.proposal is not None and find.fate is not Fate.PERSON:
                self._search.leave_alone(find.proposal, seconds, sure=find.look.presence < _SURELY_NOBODY)
        self._carry_on(depth, infrared, finds, people, ids, seconds)
        return finds

    def _look(self, depth: U16, infrared: U16 | None, square: Square, **how: Any) -> Look:
        return self._network.look(cut(depth, infrared, self._upright.fine, square), square, **how)

    def _look_again(
        self, depth: U16, infrared: U16 | None, people: Sequence[Body], known: int, seconds: float
    ) -> list[Find]:
        """Look where the bodies should be that were seen a moment ago; the first `known` have ids."""
        beside = self._threads if len(people) == 1 else None

        def again(row: int) -> Find:
            body = people[row]
            expected = body.expected(seconds)
            square = square_about(expected, depth, self._upright.fine)
            look = self._look(depth, infrared, square, threads=beside)
            supported = looks.support(look, depth, self._upright.fine)
            since = seconds - body.seconds
            return looks.found_again(look, supported, row, expected, since, waiting=row >= known)

        return looks.one_each(self._threads.map(again, range(len(people))))

    def _look_for_new(
        self, depth: U16, infrared: U16 | None, finds: Sequence[Find], seconds: float
    ) -> list[Find]:
        """Search, if it is due, for people who are not followed."""
        there = [find.look.joints for find in finds if find.fate is Fate.PERSON]
        if len(there) >= self._max_bodies:
            return []
        urgent = len(there) < len(finds)
        proposals = self._search.propose(depth, there, seconds, urgent=urgent)
        return self._threads.map(lambda proposal: self._look_first(depth, infrared, proposal), proposals)

    def _look_first(self, depth: U16, infrared: U16 | None, proposal: Proposal) -> Find:
        look = self._look(depth, infrared, proposal.square, doubtful=True)
        for _ in range(_SECOND_LOOKS):
            if look.presence < looks.KEPT.presence:
                break
            again = self._look(depth, infrared, square_about(look.joints, depth, self._upright.fine))
            # Beside somebody else a square may slip from one to the other: the surer look counts.
            less_sure = looks.trunk_sigma_mm(again) >= looks.trunk_sigma_mm(look)
            if less_sure and again.presence >= looks.KEPT.presence:
                break
            look = again
        return looks.found_new(look, looks.support(look, depth, self._upright.fine), proposal)

    def _carry_on(
        self,
        depth: U16,
        infrared: U16 | None,
        finds: Sequence[Find],
        people: Sequence[Body],
        ids: Sequence[int],
        seconds: float,
    ) -> None:
        """Take everybody who was found to their pose, and remember them under their ids."""
        seen: list[Body] = []
        waiting: list[Body] = []
        for find in finds:
            if find.fate is not Fate.PERSON:
                continue
            before = None if find.number is None else people[find.number]
            body = followed(find.look, before, seconds, depth, self._upright, self._calibration)
            known = find.number is not None and find.number < len(ids)
            enough = known or body.captures >= _CAPTURES_TO_BELIEVE or looks.SURE.holds(find.look)
            enough = enough or self._is_missed(body, ids, seconds)
            (seen if enough else waiting).append(body)
        seen = seen[: self._max_bodies]
        places = np.reshape([self._upright.to_camera(body.place) for body in seen], (-1, 3))
        alike = [self._likeness(body, depth, infrared) for body in seen]
        self._registry, numbers = assign(self._registry, places, seconds, alike)
        now = self._carried(finds, people, ids, seconds)
        for number, body in zip(numbers, seen, strict=True):
            # Somebody who comes back, or is found anew where they were lost, has their own lengths.
            before = self._bodies.get(number)
            anew = before is None or body.captures < before.captures
            own = self._lengths.get(number) if anew else None
            place = (depth, self._upright, self._calibration)
            body = followed(body.look, None, seconds, *place, own) if own else body
            now[number] = body.calmed(before, self._upright) if before else body
        self._bodies = {i: now[i] for i in sorted(now)}
        self._remember(numbers)
        self._waiting = waiting

    def _remember(self, numbers: Sequence[int]) -> None:
        """Keep the lengths of everybody whose id may come back."""
        known = {track.id for track in self._registry.tracks}
        self._lengths |= {i: self._bodies[i].lengths for i in numbers}
        self._lengths = {i: lengths for i, lengths in self._lengths.items() if i in known}

    def _is_missed(self, body: Body, ids: Sequence[int], seconds: float) -> bool:
        """Say whether somebody new may be who was lost a moment ago: less evidence is enough then."""
        where = self._upright.to_camera(body.place)
        return any(
            track.id not in ids
            and 0 <= seconds - track.seconds <= LOST_SECONDS
            and np.linalg.norm(where - track.predict(seconds)) <= track.reach_mm(seconds)
            for track in self._registry.tracks
        )

    def _carried(
        self, finds: Sequence[Find], people: Sequence[Body], ids: Sequence[int], seconds: float
    ) -> dict[int, Body]:
        """Give the bodies that are not seen for a moment as they were; not those that are another's."""
        out = {}
        for row, number in enumerate(ids):
            body, fate = people[row], finds[row].fate
            young = body.captures <= _CARRIED_CAPTURES or seconds - body.seconds > _CARRIED_SECONDS
            if fate not in (Fate.PERSON, Fate.TWICE) and not young:
                out[number] = body.unseen(seconds)
        return out

    def _likeness(self, body: Body, depth: U16, infrared: U16 | None) -> Likeness:
        light = appearance(body.pose.joints, depth, infrared, self._upright.fine)
        return Likeness("depth" if infrared is None else "infrared", light, body.lengths.size)

    def _delivered(self, capture: Capture) -> Bodies:
        """Give the bodies as a tracker delivers them, in the depth camera's frame."""
        people = self._bodies.values()
        if not people:
            return Bodies.none(capture.index, capture.device_usec)
        return Bodies(
            capture.index,
            capture.device_usec,
            np.array(list(self._bodies), dtype=np.int64),
            self._upright.to_camera(np.stack([body.pose.joints for body in people])),
            np.stack([body.quaternions for body in people]),
            np.stack([body.confidence for body in people]),
            errors_mm=np.stack([body.errors for body in people]),
        )
