"""One body from capture to capture: what is carried of it, and what a new capture makes of that."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bodychan.model.arrays import F64, U8, Bool
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.model.skeleton import Confidence, Joint
from bodychan.optics.calibration import Calibration
from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.landmarks import LANDMARK_COUNT, Landmark
from bodychan.tracking.builtin.fit.capsules import Capsules
from bodychan.tracking.builtin.fit.fit import Pose, core_joints, fit
from bodychan.tracking.builtin.fit.proportions import CORE, Shape
from bodychan.tracking.builtin.fit.skin import covers, skin_points
from bodychan.tracking.builtin.fit.solve import Seen, solve
from bodychan.tracking.builtin.observe.candidate import Candidate, Known, Sight
from bodychan.tracking.builtin.observe.complete import Completed, complete
from bodychan.tracking.builtin.observe.girth import updated
from bodychan.tracking.builtin.observe.plausible import DEPTH_RANGE_MM
from bodychan.tracking.builtin.observe.steady import Motion, steady

_LONGEST_SECONDS = 0.2
"""One capture changes what is known of a person by no more than so much time is worth."""


_CARRIED_SECONDS = 0.4
"""How long a body that the networks do not find is carried on by its skin."""
_OWN_SKIN_MM, _LEAST_SKIN = 200.0, 4
"""Skin that is so near to a joint, in depth, is the body's; and the joints at which there must be some."""


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """What is carried of one body from capture to capture.

    `region` of the image of `camera` is where to look next, `depth_mm` how far away that is; `scale`, `shape`
    and `excess` are the person's size, lengths and girth; `motion` and `pose` are those of the capture at
    `seconds` of device time. `began` and `found` are when the networks found the body first and last.
    """

    region: Region
    camera: str
    depth_mm: float
    scale: float
    shape: Shape
    excess: float | None
    motion: Motion
    pose: Pose
    seconds: float
    began: float
    found: float

    @property
    def known(self) -> Known:
        """What the next capture is judged by."""
        return Known(self.scale, self.excess, self.motion)

    def region_moved(self, moved: F64, calibration: Calibration) -> Region:
        """Give the region after the body moved by (3,) mm, in the pixels of its camera."""
        trunk = self.pose.positions[Joint.PELVIS]
        was, now = calibration.project(np.stack([trunk, trunk + moved]), "depth", self.camera)[0]
        return self.region.moved(was, now)

    def region_in(self, camera: str, calibration: Calibration) -> Region:
        """Give the region in the pixels of the camera that is looked at now."""
        if self.camera == camera:
            return self.region
        ends = self.region.to_image(np.array([[0.5, 0.5], [0.5, 0.1]]))
        points, _ = calibration.unproject(ends, np.full(2, self.depth_mm), self.camera, "depth")
        return Region.around_person(*calibration.project(points, "depth", camera)[0])


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """One body in one capture, stage by stage: as found, completed, steadied, and as it is known afterwards.

    `body.pose` is the fitted skeleton; `fit.core_joints(steadied)` is what it was fitted to.
    """

    candidate: Candidate
    completed: Completed
    steadied: Completed
    body: Body


def follow(candidate: Candidate, before: Body | None, sight: Sight) -> Followed:
    """Take a candidate through the last stages.

    Args:
        candidate: the body in this capture.
        before: what is carried of it; None for a new one.
        sight: the capture.
    """
    elapsed = max(sight.seconds - before.seconds, 0.0) if before else 0.0
    since = min(elapsed, _LONGEST_SECONDS)
    completed = complete(candidate.lifted, candidate.landmarks.world, before.scale if before else None, since)
    shape = before.shape if before else Shape.of_size(completed.scale)
    shape = shape.after(*core_joints(completed), since)
    last = before.motion if before else None
    steadied, motion = steady(completed, last, sight.seconds, candidate.sides)
    limbs = capsules(steadied, shape)
    solved = solve(_skin_around(*core_joints(steadied), limbs, sight), shape.lengths(), limbs)
    pose = fit(steadied, solved.joints, before.pose if before else None, elapsed)
    body = Body(
        candidate.landmarks.next_region,
        sight.view.camera,
        candidate.lifted.depth_mm,
        completed.scale,
        shape.thickened(solved.widths, since),
        updated(before.excess if before else None, candidate.excess, since),
        motion,
        replace(pose, confidence=_ranged(pose, sight.calibration)),
        sight.seconds,
        before.began if before else sight.seconds,
        sight.seconds,
    )
    return Followed(candidate, completed, steadied, body)


def carry(before: Body, moved: F64, sight: Sight) -> Body | None:
    """Carry on a body that the networks did not find, by its motion and its skin: people pass in front of it.

    Its joints are guessed then, all of them. None where it was not found for too long, or longer than it had
    been found before, or where too little of its skin is seen.

    Args:
        before: what is carried of it.
        moved: (3,) mm by which it should have moved since.
        sight: the capture.
    """
    longest = min(_CARRIED_SECONDS, before.found - before.began)
    if not 0 <= sight.seconds - before.found <= longest:
        return None
    nothing = np.zeros(LANDMARK_COUNT, dtype=bool)
    motion = replace(before.motion, seconds=sight.seconds, points=before.motion.points + moved)
    body = Completed(motion.points, nothing, motion.world, before.scale)
    limbs = capsules(body, before.shape)
    seen = _skin_around(before.pose.positions[list(CORE)] + moved, nothing[: len(CORE)], limbs, sight)
    own = (seen.cover > 0) & (np.abs(seen.joints[:, 2] - seen.cover) < _OWN_SKIN_MM)
    if np.count_nonzero(own) < _LEAST_SKIN:
        return None
    solved = solve(seen, before.shape.lengths(), limbs)
    pose = fit(body, solved.joints, before.pose, max(sight.seconds - before.seconds, 0.0))
    return replace(
        before,
        region=before.region_moved(moved, sight.calibration),
        motion=motion,
        pose=replace(pose, confidence=_ranged(pose, sight.calibration)),
        seconds=sight.seconds,
    )


def _skin_around(joints: F64, measured: Bool, limbs: Capsules, sight: Sight) -> Seen:
    lens = sight.calibration.lenses["depth"]
    points = skin_points(sight.depth, lens, joints, limbs)
    return Seen(joints, measured, points, covers(sight.depth, lens, joints))


def capsules(body: Completed, shape: Shape) -> Capsules:
    """Give a body's capsules."""
    head = body.points[[Landmark.EAR_LEFT, Landmark.EAR_RIGHT]].mean(axis=0)
    return Capsules.of(body.scale, shape.thickness, head)


def _ranged(pose: Pose, calibration: Calibration) -> U8:
    """Mark the joints that are out of the depth camera's range or outside its view."""
    lens = calibration.lenses["depth"]
    pixels, valid = lens.project(pose.positions)
    low, high = DEPTH_RANGE_MM[calibration.depth_mode]
    z = pose.positions[:, 2]
    valid &= (z >= low) & (z <= high)
    valid &= ((pixels >= -0.5) & (pixels < np.array([lens.width, lens.height]) - 0.5)).all(axis=1)
    return np.where(valid, pose.confidence, Confidence.NONE).astype(np.uint8)


def delivered(capture: Capture, bodies: Mapping[int, Body]) -> Bodies:
    """Give the bodies of a capture, by id, as a tracker delivers them."""
    if not bodies:
        return Bodies.none(capture.index, capture.device_usec)
    poses = [body.pose for body in bodies.values()]
    return Bodies(
        capture.index,
        capture.device_usec,
        np.array(list(bodies), dtype=np.int64),
        np.stack([pose.positions for pose in poses]),
        np.stack([pose.orientations for pose in poses]),
        np.stack([pose.confidence for pose in poses]),
    )
