"""The built-in tracker: the stages joined, and the only place that remembers the capture before."""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bodychan.bodies import Bodies
from bodychan.calibration import Calibration
from bodychan.capture import Capture
from bodychan.errors import ParameterError, did_you_mean
from bodychan.skeleton import Confidence
from bodychan.tracking.base import Tracker
from bodychan.tracking.complete import ADULT_SCALE, complete, measured_scale
from bodychan.tracking.detect import Detector
from bodychan.tracking.finder import QUARTER_TURNS, Finder
from bodychan.tracking.fit import Pose, core_joints, fit
from bodychan.tracking.girth import deeper, excess, updated
from bodychan.tracking.identity import LOST_SECONDS, Likeness, Registry, assign, duplicates
from bodychan.tracking.image import View, view
from bodychan.tracking.landmarks import Landmark, Landmarks
from bodychan.tracking.lift import Lifted, cloud, grid, lift
from bodychan.tracking.look import look
from bodychan.tracking.models import locate
from bodychan.tracking.plausible import is_a_body
from bodychan.tracking.region import Region, warm_up
from bodychan.tracking.scheduler import Scheduler, ahead
from bodychan.tracking.shape import Shape
from bodychan.tracking.steady import FORGOTTEN_SECONDS, Motion, steady
from bodychan.types import F64, U8, U16

_LOG = logging.getLogger(__name__)

_NEW_SCORE, _KEPT_SCORE = 0.7, 0.4
"""How sure the landmark model must be of a person to begin and to go on."""
_LONGEST_SECONDS = 0.2
"""One capture changes what is known of a person by no more than so much time is worth."""

DEPTH_RANGE_MM = {
    "NFOV_2X2BINNED": (500.0, 5460.0),
    "NFOV_UNBINNED": (500.0, 3860.0),
    "WFOV_2X2BINNED": (250.0, 2880.0),
    "WFOV_UNBINNED": (250.0, 2210.0),
    "PASSIVE_IR": (0.0, 0.0),
}
"""Operating range of each depth mode, from Microsoft's hardware specification."""

_CORE = [Landmark.SHOULDER_LEFT, Landmark.SHOULDER_RIGHT, Landmark.HIP_LEFT, Landmark.HIP_RIGHT]


@dataclass(frozen=True, slots=True, eq=False)
class _Body:
    """What is carried from capture to capture of one body, by id."""

    region: Region
    camera: str
    depth_mm: float
    scale: float
    shape: Shape
    excess: float | None
    motion: Motion
    pose: Pose
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    landmarks: Landmarks
    lifted: Lifted
    excess: float | None

    @property
    def place(self) -> F64:
        return np.asarray(self.lifted.points[_CORE].mean(0))


class BuiltinTracker(Tracker):
    """Finds bodies with the BlazePose networks and the depth image.

    Args:
        calibration: of the camera, in the modes of its captures.
        max_bodies: bodies to follow at most.
        models: folder of the model files; see `models.locate`.
        threads: for the networks; None = up to four.
        orientation: how the sensor is mounted: default, cw90, ccw90 or flipped.

    Raises:
        ModelError: the model files are not there.
        ParameterError: there is no such orientation.
    """

    def __init__(
        self,
        calibration: Calibration,
        *,
        max_bodies: int = 6,
        models: Path | None = None,
        threads: int | None = None,
        orientation: str = "default",
    ) -> None:
        if orientation not in QUARTER_TURNS:
            raise ParameterError(
                f"no sensor orientation '{orientation}': {did_you_mean(orientation, QUARTER_TURNS)}"
            )
        files = locate(models, notify=_LOG.info)
        warm_up()
        threads = threads or min(4, os.cpu_count() or 1)
        self._calibration = calibration
        self._max_bodies = max_bodies
        self._finder = Finder(Detector(files.detector, threads), calibration, max_bodies, orientation)
        self._landmarks = Scheduler(files.landmarks, threads)
        self._grid = grid(calibration)
        self._registry = Registry()
        self._bodies: dict[int, _Body] = {}
        self._lost: dict[int, _Body] = {}

    def track(self, capture: Capture) -> Bodies:
        """Give the bodies of the next capture; none where it has no depth image."""
        return self._track(capture, view(capture))

    def track_each(self, captures: Iterable[Capture]) -> Iterator[tuple[Capture, Bodies]]:
        """Track a run of captures; the colour image of the next is decoded meanwhile."""
        for capture, seen in ahead(captures, view):
            yield capture, self._track(capture, seen)

    def _track(self, capture: Capture, seen: View | None) -> Bodies:
        if capture.depth is None or seen is None:
            return Bodies.none(capture.index, capture.device_usec)
        seconds = capture.device_usec / 1e6
        candidates = self._candidates(seen, capture.depth, seconds)
        places = np.reshape([c.place for c in candidates], (-1, 3))
        likenesses = [self._likeness(c, seen) for c in candidates]
        self._registry, ids = assign(self._registry, places, seconds, likenesses)
        before = self._bodies | self._lost
        now = {
            i: self._fit(c, before.get(i), seen.camera, seconds)
            for i, c in sorted(zip(ids, candidates, strict=True), key=lambda pair: pair[0])
        }
        known = {track.id for track in self._registry.tracks}
        self._lost = {i: b for i, b in before.items() if i in known and i not in now}
        self._bodies = now
        return self._result(capture, now)

    def close(self) -> None:
        """Let go of the threads; a second call does nothing."""
        self._landmarks.close()

    def _candidates(self, seen: View, depth: U16, seconds: float) -> list[_Candidate]:
        # After a gap people are elsewhere: where they were, half of them may be seen, and a wrong pose.
        bodies = [b for b in self._bodies.values() if abs(seconds - b.seconds) < FORGOTTEN_SECONDS]
        carried = [self._region_now(body, seen.camera) for body in bodies]
        followed = self._lift_all(seen, depth, carried, _KEPT_SCORE, bodies)
        count = len(followed)
        fresh = self._fresh(seen, depth, followed, seconds)
        followed += self._lift_all(seen, depth, fresh, _NEW_SCORE, [None] * len(fresh))
        places = np.reshape([c.place for c in followed], (-1, 3))
        # Of two finds of one person the one that was followed goes first, then the finder's better one: the
        # landmark model is as sure of a trunk that it takes for a whole person.
        strength = np.array([c.landmarks.score if i < count else -i for i, c in enumerate(followed)])
        dropped = duplicates(places, strength, [c.lifted.own for c in followed])
        return [c for i, c in enumerate(followed) if i not in dropped][: self._max_bodies]

    def _fresh(self, seen: View, depth: U16, followed: list[_Candidate], seconds: float) -> list[Region]:
        """Give the regions of people who are not among the followed, as the landmark model places them."""
        known = [c.landmarks.next_region for c in followed]
        proposals = self._finder.propose(
            seen, depth, known, [c.place for c in followed], self._expected(seen.camera, seconds), seconds
        )
        fresh = []
        looks = self._landmarks.find(seen.image, [p.region for p in proposals])
        for proposal, landmarks in zip(proposals, looks, strict=True):
            if landmarks.score > _KEPT_SCORE:
                fresh.append(landmarks.next_region)
            else:
                self._finder.leave_alone(proposal, seconds)
        return fresh

    def _expected(self, camera: str, seconds: float) -> list[Region]:
        """Give where the bodies of the last second should be now, if they went on as they did."""
        regions = []
        for track in self._registry.tracks:
            body = self._bodies.get(track.id) or self._lost.get(track.id)
            if body is not None and seconds - track.seconds <= LOST_SECONDS:
                places = np.stack([track.place, track.predict(seconds)])
                was, is_now = self._calibration.project(places, "depth", camera)[0]
                region = self._region_now(body, camera)
                x, y = is_now - was
                regions.append(replace(region, x=region.x + x, y=region.y + y))
        return regions

    def _lift_all(
        self, seen: View, depth: U16, regions: list[Region], least: float, bodies: Sequence[_Body | None]
    ) -> list[_Candidate]:
        candidates: list[_Candidate] = []
        if not regions:
            return candidates
        around = cloud(depth, self._grid, self._calibration, seen.camera)
        focal = self._calibration.lenses[seen.camera].fx
        nearest = DEPTH_RANGE_MM[self._calibration.depth_mode][0]
        for landmarks, body in zip(self._landmarks.find(seen.image, regions), bodies, strict=True):
            if landmarks.score < least:
                continue
            scale = body.scale if body else ADULT_SCALE
            deep = deeper(body.excess, scale) if body and body.excess else 0.0
            size = scale / ADULT_SCALE
            lifted = lift(landmarks, depth, around, self._calibration, seen.camera, size, deep)
            if lifted is not None and is_a_body(lifted, landmarks, focal, nearest):
                lens = self._calibration.lenses["depth"]
                candidates.append(
                    _Candidate(landmarks, lifted, excess(lifted, landmarks.world, depth, lens, scale))
                )
        return candidates

    def _region_now(self, body: _Body, camera: str) -> Region:
        """Give a body's region in the pixels of the camera that is looked at now."""
        if body.camera == camera:
            return body.region
        ends = body.region.to_image(np.array([[0.5, 0.5], [0.5, 0.1]]))
        points, _ = self._calibration.unproject(ends, np.full(2, body.depth_mm), body.camera, "depth")
        return Region.around_person(*self._calibration.project(points, "depth", camera)[0])

    def _likeness(self, candidate: _Candidate, seen: View) -> Likeness:
        lifted = candidate.lifted
        size = measured_scale(lifted.points, lifted.seen)
        return Likeness(seen.camera, look(seen, candidate.landmarks, lifted.depth_mm), size)

    def _fit(self, candidate: _Candidate, before: _Body | None, camera: str, seconds: float) -> _Body:
        since = min(max(seconds - before.seconds, 0.0), _LONGEST_SECONDS) if before else 0.0
        measured = complete(
            candidate.lifted, candidate.landmarks.world, before.scale if before else None, since
        )
        shape = before.shape if before else Shape.of_size(measured.scale)
        shape = shape.after(*core_joints(measured), since)
        steadied, motion = steady(measured, before.motion if before else None, seconds)
        pose = fit(steadied, before.pose if before else None, shape)
        return _Body(
            candidate.landmarks.next_region,
            camera,
            candidate.lifted.depth_mm,
            measured.scale,
            shape,
            updated(before.excess if before else None, candidate.excess, since),
            motion,
            replace(pose, confidence=self._ranged(pose)),
            seconds,
        )

    def _ranged(self, pose: Pose) -> U8:
        """Mark the joints that are out of the depth camera's range or outside its view."""
        lens = self._calibration.lenses["depth"]
        pixels, valid = lens.project(pose.positions)
        low, high = DEPTH_RANGE_MM[self._calibration.depth_mode]
        z = pose.positions[:, 2]
        valid &= (z >= low) & (z <= high)
        valid &= ((pixels >= -0.5) & (pixels < np.array([lens.width, lens.height]) - 0.5)).all(axis=1)
        return np.where(valid, pose.confidence, Confidence.NONE).astype(np.uint8)

    def _result(self, capture: Capture, bodies: dict[int, _Body]) -> Bodies:
        if not bodies:
            return Bodies.none(capture.index, capture.device_usec)
        return Bodies(
            capture.index,
            capture.device_usec,
            np.array(list(bodies), dtype=np.int64),
            np.stack([b.pose.positions for b in bodies.values()]),
            np.stack([b.pose.orientations for b in bodies.values()]),
            np.stack([b.pose.confidence for b in bodies.values()]),
        )
