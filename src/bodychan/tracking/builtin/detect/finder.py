"""Who looks for people that are not followed yet: the detector and the depth image, as often as is due."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bodychan.model.arrays import F64, U16
from bodychan.optics.calibration import Calibration
from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.detector import Detections, Detector, merge
from bodychan.tracking.blazepose.view import View, for_detector
from bodychan.tracking.builtin.detect.blobs import Blob, blobs
from bodychan.tracking.builtin.detect.search import Scan, due, parts

_DETECTOR_SCORE = 0.4
_SAME_SHIFT, _SAME_SIZE = 0.12, 1.5
"""Two regions whose centres are so near, relative to their side, and whose sides differ so little are one."""
_SAME_OVERLAP = 0.5
"""A followed body whose region shares so much with where another was expected may be that one."""
_LOST_MARGIN = 1.2
_TRIES = 2
"""Shapes of the depth image that are tried in one capture."""
_REST_SECONDS, _SHORT_REST_SECONDS = 1.0, 0.15
"""How long a shape that is nobody is left alone; the second where somebody missing may be it."""
_BEFORE_MM = 250.0
"""What is so much nearer than the middle of a shape is something else."""
_MOST_NOBODY = 64
"""Shapes that are remembered as nobody; so that a clock that stands still fills no memory."""
_STILL_MM = 120.0
"""A shape that has moved farther is no furniture."""

QUARTER_TURNS = {"default": 0, "cw90": -1, "ccw90": 1, "flipped": 2}
"""How far, clockwise in the image, people's up is from the image's up when the sensor is mounted so. A sensor
turned clockwise, as seen from behind it, sees people's heads on its left."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Where a person may be: `region` of the image; `place` (3,) mm of the shape in the depth, if any.

    If nobody is there, it is left alone for `rest` seconds.
    """

    region: Region
    place: F64 | None = None
    rest: float = _REST_SECONDS

    @property
    def nearest_mm(self) -> float:
        """What is nearer than this in the depth image is not the person, but may be one who hides them."""
        return 0.0 if self.place is None else float(self.place[2]) - _BEFORE_MM


@dataclass(frozen=True, slots=True, eq=False)
class Missing:
    """Somebody who was seen a moment ago.

    `region` of the image is where they should be now, `place` (3,) mm where their trunk is then; they may be
    `reach_mm` away from it.
    """

    region: Region
    place: F64
    reach_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What was searched in a capture, and what came of it.

    `lost` are the regions where somebody should be who is not followed any more; `squares` the parts of the
    image that the detector was given, `found` whom it found in them; `proposals` where a person may be.
    """

    lost: Sequence[Region] = ()
    squares: Sequence[Region] = ()
    found: Detections = field(default_factory=Detections.none)
    proposals: Sequence[Proposal] = ()


class Finder:
    """Proposes where people may be; remembers how far the search has come, and what was nobody."""

    def __init__(
        self, detector: Detector, calibration: Calibration, max_bodies: int, orientation: str = "default"
    ) -> None:
        self._turns = QUARTER_TURNS[orientation]
        self._detector = detector
        self._calibration = calibration
        self._max_bodies = max_bodies
        self._scan = Scan()
        self._nobody: list[tuple[F64, float, float]] = []

    def propose(
        self,
        seen: View,
        depth: U16,
        known: list[Region],
        places: list[F64],
        missing: list[Missing],
        seconds: float,
    ) -> Search:
        """Look where it is due, and say where people may be who are not followed.

        Args:
            seen: the capture's image.
            depth: (H, W) mm, of the same capture.
            known: regions of the bodies that are followed.
            places: (3,) mm of their trunks.
            missing: people of the last seconds who are not among these.
            seconds: device time.
        """
        height, width = seen.image.shape[:2]
        lost = [
            replace(somebody.region, size=somebody.region.size * _LOST_MARGIN)
            for somebody in missing
            if not any(somebody.region.overlap(other) > _SAME_OVERLAP for other in known)
        ][: self._max_bodies]
        squares, self._scan = due(
            self._scan, parts(width, height), lost, len(known), self._max_bodies, seconds
        )
        if not squares and (not missing or len(known) >= self._max_bodies):
            return Search(lost)
        upright = [replace(square, angle=self._turns * math.pi / 2) for square in squares]
        found = self._detect(seen, upright)
        standing = self._standing(seen.camera, depth, places, missing, seconds)
        proposals: list[Proposal] = []
        for proposal in (*map(Proposal, found.regions()), *standing):
            if not any(
                _is_same(proposal.region, other) for other in (*known, *(p.region for p in proposals))
            ):
                proposals.append(proposal)
        return Search(lost, upright, found, proposals[: self._max_bodies])

    def _detect(self, seen: View, squares: list[Region]) -> Detections:
        if not squares:
            return Detections.none()
        smooth = for_detector(seen)
        return merge([self._detector.detect(smooth, square, _DETECTOR_SCORE) for square in squares])

    def leave_alone(self, proposal: Proposal, seconds: float) -> None:
        """Take note that nobody is where something was proposed."""
        if proposal.place is not None:
            self._nobody.append((proposal.place, seconds, seconds + proposal.rest))

    def _standing(
        self, camera: str, depth: U16, places: list[F64], missing: list[Missing], seconds: float
    ) -> list[Proposal]:
        """Propose what stands in the room like a person and is neither followed nor known to be nobody."""
        self._nobody = [n for n in self._nobody if n[1] <= seconds < n[2]][-_MOST_NOBODY:]
        proposals: list[Proposal] = []
        for blob in blobs(depth, self._calibration.lenses["depth"], self._turns):
            if len(proposals) == _TRIES or any(blob.is_at(place) for place in places):
                continue
            if any(np.linalg.norm(blob.middle - place) < _STILL_MM for place, _, _ in self._nobody):
                continue
            places = [*places, blob.middle]
            proposal = self._return(blob, missing, camera) or self._somebody(blob, camera)
            if proposal is not None:
                proposals.append(proposal)
        return proposals

    def _somebody(self, blob: Blob, camera: str) -> Proposal | None:
        """Propose somebody of whom nothing is known."""
        pixels, valid = self._calibration.project(blob.hips_and_circle(), "depth", camera)
        return Proposal(Region.around_person(*pixels), blob.middle) if valid.all() else None

    def _return(self, blob: Blob, missing: list[Missing], camera: str) -> Proposal | None:
        """Propose the missing person who should be nearest; None where nobody missing may be there."""
        near = [somebody for somebody in missing if blob.distance(somebody.place) < somebody.reach_mm]
        if not near:
            return None
        somebody = min(near, key=lambda somebody: blob.distance(somebody.place))
        off = blob.middle - somebody.place
        # Of a person half hidden the middle is not seen, but they stand as high as they did.
        there = somebody.place + off - (off @ blob.up) * blob.up
        (was, now), valid = self._calibration.project(np.stack([somebody.place, there]), "depth", camera)
        if not valid.all():
            return None
        region = somebody.region.moved(was, now, float(somebody.place[2] / there[2]))
        return Proposal(region, blob.middle, _SHORT_REST_SECONDS)


def _is_same(region: Region, other: Region) -> bool:
    smaller, larger = sorted((region.size, other.size))
    shift = math.hypot(region.x - other.x, region.y - other.y)
    return shift < _SAME_SHIFT * smaller and larger < _SAME_SIZE * smaller
