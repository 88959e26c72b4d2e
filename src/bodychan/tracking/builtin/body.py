"""One body from capture to capture: what is carried of it, and what a new look makes of that."""

from dataclasses import dataclass, replace

import numpy as np

from bodychan.articulated.aims import aims, first_frames
from bodychan.articulated.articulate import settle
from bodychan.articulated.lengths import Lengths
from bodychan.articulated.proportions import likely
from bodychan.articulated.turns import calmed
from bodychan.model.arrays import F64, U8, U16, Bool
from bodychan.model.rotations import continuous_quaternion, matrix_to_quaternion
from bodychan.model.skeleton import Confidence, Joint
from bodychan.optics.calibration import Calibration
from bodychan.optics.modes import DEPTH_MODES, one_named
from bodychan.tracking.builtin.observe.looks import TRUNK, place
from bodychan.tracking.builtin.observe.network import Look
from bodychan.tracking.builtin.observe.skin import behind_skin
from bodychan.tracking.builtin.observe.steady import Motion, steadied
from bodychan.tracking.builtin.observe.upright import Upright

_AHEAD_SECONDS = 0.1
"""A body is thought to go on at its speed for no longer."""
_SEEN, _SEEN_SIGMA_MM = 0.7, 90.0
"""A joint counts as seen from this probability on, with less error to expect: less than 5 % of the hidden
joints of the development takes do: 4.2 %. With earlier weights 0.65 gave 5.8 %, 0.7 4.8 %."""
_UNDER_SKIN_MM = {
    **dict.fromkeys(("PELVIS", "SPINE"), 190.0),
    **dict.fromkeys(("NECK", "CLAVICLE", "SHOULDER"), 130.0),
    **dict.fromkeys(("ELBOW",), 100.0),
    **dict.fromkeys(("ANKLE",), 30.0),
    **dict.fromkeys(("WRIST", "HAND", "EAR"), 80.0),
    **dict.fromkeys(("HANDTIP", "THUMB", "NOSE", "EYE"), 70.0),
    **dict.fromkeys(("HIP",), 170.0),
    **dict.fromkeys(("KNEE",), 120.0),
    **dict.fromkeys(("FOOT",), 90.0),
    **dict.fromkeys(("HEAD",), 150.0),
}
"""Something that is so much nearer than a joint, for the template's size, is not the joint's own skin: what
the network was trained to call seen (`training.samples`) and 20 mm for its error. It calls all ankles in
shoes and trousers seen, of which half are hidden by these in the evaluation set's terms: ankles count when
they are just below what is seen (with 40 mm 7 % of the hidden joints would count, with 70 mm 23 %)."""
_UNSEEN_MM = 150.0
"""The error to expect of a joint that stays where it was while nothing is seen: people go on walking."""
_DEEP = np.array([_UNDER_SKIN_MM[joint.part] for joint in Joint])


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """A body in the upright camera's frame: `joints` (32, 3) mm and `frames` (32, 3, 3)."""

    joints: F64
    frames: F64


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """What is carried of one body.

    `look` is the last one at it, `pose` what was fitted to it with `bones` (32,) mm; `quaternions` (32, 4)
    in the depth camera's frame, `confidence` (32,), `errors` (32,) mm to expect; `seconds` of the capture it
    was seen in last, `captures` it was seen in; when it was `shown` last, which may be later.
    """

    look: Look
    lengths: Lengths
    bones: F64
    motion: Motion
    pose: Pose
    quaternions: F64
    confidence: U8
    errors: F64
    seconds: float
    captures: int
    shown: float

    def expected(self, seconds: float) -> F64:
        """Give where its joints (32, 3) mm should be at a time."""
        ahead = min(max(seconds - self.seconds, 0.0), _AHEAD_SECONDS)
        return np.asarray(self.pose.joints + self.motion.speed[TRUNK].mean(axis=0) * ahead)

    @property
    def place(self) -> F64:
        """The middle of the trunk, (3,) mm."""
        return place(self.pose.joints)

    def unseen(self, seconds: float) -> "Body":
        """Give the body as it was, shown once more, with nothing seen of it."""
        return replace(
            self,
            confidence=np.minimum(self.confidence, np.uint8(Confidence.LOW)),
            errors=np.maximum(self.errors, _UNSEEN_MM),
            shown=seconds,
        )

    def calmed(self, last: "Body", upright: Upright) -> "Body":
        """Give the body with none of its joints turned too fast since it was shown `last`."""
        since = self.shown - last.shown
        joints, frames = calmed(self.pose.joints, self.pose.frames, self.bones, last.pose.frames, since)
        if frames is self.pose.frames:
            return self
        quaternions = continuous_quaternion(matrix_to_quaternion(upright.turn.T @ frames), last.quaternions)
        return replace(self, pose=Pose(joints, frames), quaternions=quaternions)


def followed(
    look: Look,
    before: Body | None,
    seconds: float,
    depth: U16,
    upright: Upright,
    calibration: Calibration,
    own: Lengths | None = None,
) -> Body:
    """Give a body as a look shows it.

    Args:
        look: at it.
        before: what is carried of it; None for a new one.
        seconds: device time.
        depth: (H, W) mm, that was looked at.
        upright: the camera that was looked with.
        calibration: the depth camera's.
        own: the lengths of somebody who was away, where nothing else is carried.
    """
    aim = aims(behind_skin(look, depth, upright.fine), look.sigma)
    elapsed = max(seconds - before.seconds, 0.0) if before else 0.0
    own = before.lengths if before else own
    lengths = own.after(aim.joints, aim.sigma, elapsed) if own else Lengths.first(aim.joints, aim.sigma)
    bones = likely(lengths.mm, lengths.errors)
    motion = steadied(aim.joints, aim.slack, seconds, before.motion if before else None)
    first = first_frames(motion.level, before.pose.frames if before else None, elapsed)
    joints, frames = settle(motion.level, aim.slack, bones, first)
    quaternions = matrix_to_quaternion(upright.turn.T @ frames)
    if before is not None:
        quaternions = continuous_quaternion(quaternions, before.quaternions)
    return Body(
        look,
        lengths,
        bones,
        motion,
        Pose(joints, frames),
        quaternions,
        _confidence(joints, look, _hidden(joints, lengths.size, depth, upright), upright, calibration),
        aim.sigma,
        seconds,
        before.captures + 1 if before else 1,
        seconds,
    )


def _hidden(joints: F64, size: float, depth: U16, upright: Upright) -> Bool:
    """Say of each joint (32, 3) mm whether something lies before it that cannot be its own skin."""
    surface = upright.fine.surface(joints, depth)
    return np.asarray((surface > 0) & (joints[:, 2] - surface > _DEEP * size))


def _confidence(joints: F64, look: Look, hidden: Bool, upright: Upright, calibration: Calibration) -> U8:
    """Give MEDIUM for joints that are seen, NONE for those out of the sensor's range or view, else LOW."""
    points = upright.to_camera(joints)
    lens = calibration.lenses["depth"]
    pixels, valid = lens.project(points)
    low, high = one_named(calibration.depth_mode, DEPTH_MODES).range_mm or (0.0, 0.0)
    valid &= (points[:, 2] >= low) & (points[:, 2] <= high)
    valid &= ((pixels >= -0.5) & (pixels < np.array([lens.width, lens.height]) - 0.5)).all(axis=1)
    seen = (look.seen > _SEEN) & (look.sigma < _SEEN_SIGMA_MM) & ~hidden
    level = np.where(seen, Confidence.MEDIUM, Confidence.LOW)
    return np.where(valid, level, Confidence.NONE).astype(np.uint8)
