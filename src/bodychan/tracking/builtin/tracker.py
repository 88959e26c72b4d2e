"""The built-in tracker: the stages joined, and the only place that remembers the capture before."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from bodychan.errors import ParameterError, did_you_mean
from bodychan.model.arrays import F64, U8
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.optics.calibration import Calibration
from bodychan.tracking.base import Tracker
from bodychan.tracking.blazepose.crop import warm_up
from bodychan.tracking.blazepose.detector import Detector
from bodychan.tracking.blazepose.landmarks import Landmarks
from bodychan.tracking.blazepose.models import locate
from bodychan.tracking.blazepose.pool import Coming, Scheduler, ahead, processors
from bodychan.tracking.blazepose.view import View, view, without_nearer
from bodychan.tracking.builtin.associate.identity import LOST_SECONDS, MEMORY_SECONDS, Registry, assign
from bodychan.tracking.builtin.detect.finder import QUARTER_TURNS, Finder, Missing, Proposal, Search
from bodychan.tracking.builtin.fit.body import Body, Followed, carry, delivered, follow
from bodychan.tracking.builtin.observe.candidate import (
    KEPT_SCORE,
    Candidate,
    Dropped,
    Origin,
    Sight,
    judge,
    likeness,
    one_each,
)
from bodychan.tracking.builtin.observe.lift import cloud, grid
from bodychan.tracking.builtin.observe.plausible import Reason
from bodychan.tracking.builtin.observe.steady import FORGOTTEN_SECONDS
from bodychan.tracking.builtin.trace import Trace

_LOG = logging.getLogger(__name__)

_APART_MM = 400.0
"""Nobody who was lost stands nearer than this to somebody who is seen."""


class BuiltinTracker(Tracker):
    """Finds bodies with the BlazePose networks and the depth image.

    Args:
        calibration: of the camera, in the modes of its captures.
        max_bodies: bodies to follow at most.
        models: folder of the model files; see `models.locate`.
        threads: for the networks; None = up to four.
        orientation: how the sensor is mounted: default, cw90, ccw90 or flipped.
        memory: for how many seconds somebody who is not seen keeps their id.

    Raises:
        ModelError: the model files are not there.
        ParameterError: there is no such orientation, or `memory` is negative.
    """

    def __init__(
        self,
        calibration: Calibration,
        *,
        max_bodies: int = 6,
        models: Path | None = None,
        threads: int | None = None,
        orientation: str = "default",
        memory: float = MEMORY_SECONDS,
    ) -> None:
        if orientation not in QUARTER_TURNS:
            raise ParameterError(
                f"no sensor orientation '{orientation}': {did_you_mean(orientation, QUARTER_TURNS)}"
            )
        if not memory >= 0:
            raise ParameterError(f"memory is {memory}: it must be 0 or more seconds")
        files = locate(models, notify=_LOG.info)
        warm_up()
        threads = threads or min(4, processors())
        self._calibration = calibration
        self._max_bodies = max_bodies
        self._finder = Finder(Detector(files.detector, threads), calibration, max_bodies, orientation)
        self._landmarks = Scheduler(files.landmarks, threads)
        self._grid = grid(calibration)
        self._registry = Registry(memory=memory)
        self._bodies: dict[int, Body] = {}
        self._lost: dict[int, Body] = {}

    def track(self, capture: Capture) -> Bodies:
        """Give the bodies of the next capture; none where it has no depth image."""
        return self._step(capture, view(capture)).bodies

    def track_each(self, captures: Iterable[Capture]) -> Iterator[tuple[Capture, Bodies]]:
        """Track a run of captures; the next one is decoded and looked at meanwhile."""
        for capture, seen, coming in ahead(captures, view):
            yield capture, self._step(capture, seen, coming).bodies

    def explain(self, capture: Capture) -> Trace:
        """Track the next capture, as `track` does, and give what each stage did with it."""
        return self._step(capture, view(capture))

    def close(self) -> None:
        """Let go of the threads; a second call does nothing."""
        self._landmarks.close()

    def _step(self, capture: Capture, seen: View | None, coming: Coming | None = None) -> Trace:
        if capture.depth is None or seen is None:
            return Trace(capture, seen, Search(), [], {}, Bodies.none(capture.index, capture.device_usec))
        sight = Sight(seen, capture.depth, self._calibration, capture.device_usec / 1e6)
        bodies = self._fresh(sight)
        followed = self._look_again(sight, bodies, coming)
        found = {i for i, find in zip(bodies, followed, strict=True) if isinstance(find, Candidate)}
        search = self._search(sight, _candidates(followed), found)
        new = self._look_at_new(sight, search.proposals)
        finds = one_each([*followed, *new], self._max_bodies)
        for proposal, find in zip(search.proposals, finds[len(followed) :], strict=True):
            if _is_wasted(find):
                self._finder.leave_alone(proposal, sight.seconds)
        people = self._follow(sight, _candidates(finds), coming)
        return Trace(capture, seen, search, finds, people, delivered(capture, self._bodies))

    def _fresh(self, sight: Sight) -> dict[int, Body]:
        """Give the bodies of the capture before.

        None after a gap: people are elsewhere then, and where they were, half of them may be seen.
        """
        return {i: b for i, b in self._bodies.items() if abs(sight.seconds - b.seconds) < FORGOTTEN_SECONDS}

    def _look_again(
        self, sight: Sight, bodies: Mapping[int, Body], coming: Coming | None
    ) -> list[Candidate | Dropped]:
        """Look where bodies should be, and begin with the next capture; gives a find for each."""
        regions = [body.region_in(sight.view.camera, self._calibration) for body in bodies.values()]
        found = self._landmarks.find([sight.view.image] * len(regions), regions)
        return self._judge(sight, [Origin.FOLLOWED] * len(bodies), found, bodies.values(), coming)

    def _search(self, sight: Sight, followed: list[Candidate], found: set[int]) -> Search:
        """Search for people who are not followed; `found` are the ids of those who are."""
        known = [c.landmarks.next_region for c in followed]
        places = [c.place for c in followed]
        missing = self._missing(sight, found)
        return self._finder.propose(sight.view, sight.depth, known, places, missing, sight.seconds)

    def _look_at_new(self, sight: Sight, proposals: Sequence[Proposal]) -> list[Candidate | Dropped]:
        """Look twice where somebody may be: the second region is where the landmark model places them.

        Gives a find for each proposal, in their order.
        """
        images = [self._freed(sight, proposal) for proposal in proposals]
        looks = list(self._landmarks.find(images, [p.region for p in proposals]))
        origins = [Origin.DETECTED if p.place is None else Origin.SHAPE for p in proposals]
        sure = [i for i, landmarks in enumerate(looks) if landmarks.score > KEPT_SCORE]
        finds: list[Candidate | Dropped] = [
            Dropped(origin, landmarks, None, Reason.UNSURE)
            for origin, landmarks in zip(origins, looks, strict=True)
        ]
        found = self._landmarks.find([images[i] for i in sure], [looks[i].next_region for i in sure])
        seen = self._judge(sight, [origins[i] for i in sure], found, [None] * len(sure))
        for i, find in zip(sure, seen, strict=True):
            finds[i] = find
        return finds

    def _freed(self, sight: Sight, proposal: Proposal) -> U8:
        """Give the image without those who stand before who may be there."""
        if not proposal.nearest_mm:
            return sight.view.image
        return without_nearer(sight.view, sight.depth, proposal.nearest_mm, self._calibration)

    def _judge(
        self,
        sight: Sight,
        origins: Sequence[Origin],
        found: Iterable[Landmarks],
        bodies: Iterable[Body | None],
        coming: Coming | None = None,
    ) -> list[Candidate | Dropped]:
        """Say what is in each region; of a body that is followed, more is known."""
        if not origins:
            return []
        around = cloud(sight.depth, self._grid, self._calibration, sight.view.camera)
        finds = []
        for origin, landmarks, body in zip(origins, found, bodies, strict=True):
            if coming is not None and landmarks.score >= KEPT_SCORE:  # it is most likely a person
                self._landmarks.begin(coming, [landmarks.next_region], len(origins))
            finds.append(judge(origin, landmarks, sight, around, body.known if body else None))
        return finds

    def _missing(self, sight: Sight, found: set[int]) -> list[Missing]:
        """Give who was seen a moment ago and is not `found`."""
        missing = []
        camera = sight.view.camera
        for track in self._registry.tracks:
            body = self._bodies.get(track.id) or self._lost.get(track.id)
            if track.id in found or body is None or sight.seconds - track.seconds > LOST_SECONDS:
                continue
            now = track.predict(sight.seconds)
            pixels, _ = self._calibration.project(np.stack([track.place, now]), "depth", camera)
            region = body.region_in(camera, self._calibration).moved(*pixels)
            missing.append(Missing(region, now, track.reach_mm(sight.seconds)))
        return missing

    def _follow(
        self, sight: Sight, candidates: list[Candidate], coming: Coming | None
    ) -> dict[int, Followed]:
        """Say who everybody is, take them to their poses, and remember them; in the order of their ids."""
        places = np.reshape([c.place for c in candidates], (-1, 3))
        likenesses = [likeness(c, sight) for c in candidates]
        self._registry, ids = assign(self._registry, places, sight.seconds, likenesses)
        before = self._bodies | self._lost
        by_id = sorted(zip(ids, candidates, strict=True), key=lambda pair: pair[0])
        carried = self._carry(sight, [c.place for c in candidates], set(ids))
        if coming is not None:  # where to look next is known before the bodies are
            regions = {i: c.landmarks.next_region for i, c in by_id}
            regions |= {i: body.region for i, body in carried.items()}
            self._landmarks.begin(coming, list(regions.values()), len(regions))
            self._landmarks.wait_for_begun()
        people = {i: follow(c, before.get(i), sight) for i, c in by_id}
        now = {i: person.body for i, person in people.items()} | carried
        known = {track.id for track in self._registry.tracks}
        self._lost = {i: b for i, b in before.items() if i in known and i not in now}
        self._bodies = {i: now[i] for i in sorted(now)}
        return people

    def _carry(self, sight: Sight, places: list[F64], found: set[int]) -> dict[int, Body]:
        """Carry on the bodies that were not found where nobody else stands."""
        carried = {}
        for track in self._registry.tracks:
            body = self._bodies.get(track.id)
            if body is None or track.id in found:
                continue
            now = track.predict(sight.seconds)
            if all(np.linalg.norm(now - place) > _APART_MM for place in places):
                moved = carry(body, now - track.predict(body.seconds), sight)
                if moved is not None:
                    carried[track.id] = moved
        return carried


def _is_wasted(find: Candidate | Dropped) -> bool:
    """Say whether to look there again soon would be for nothing."""
    return isinstance(find, Dropped) and (find.landmarks.score <= KEPT_SCORE or find.reason is Reason.TWICE)


def _candidates(finds: Sequence[Candidate | Dropped]) -> list[Candidate]:
    return [find for find in finds if isinstance(find, Candidate)]
