"""Channel space beyond the camera's own axes: levelled by gravity or by hand, mirrored as in a mirror."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bodychan.channels.players import Slots
from bodychan.model.arrays import F64, frozen
from bodychan.model.capture import ImuSample
from bodychan.model.rotations import quaternion_to_matrix, unit
from bodychan.model.skeleton import JOINT_COUNT, Joint
from bodychan.optics.calibration import Calibration

TO_CHANNELS: F64 = frozen(np.array([-1.0, -1.0, 1.0]))
"""SDK axes to channel axes, component by component."""

_AVERAGED_SECONDS = 2.0
"""Time constant of the mean of gravity: longer than shaking, shorter than it takes to tilt a camera."""

_WEAKEST_GRAVITY = 1.0
"""A mean acceleration below this, in m/s², gives no reliable direction: the camera is falling."""

_MIRROR = np.array([-1.0, 1.0, 1.0])
_SWAPPED = np.array([int(joint.mirrored) for joint in Joint])


def _mirrored_axes() -> F64:
    """Return the signs (32, 3) of each joint's axes in a mirrored body: R' = diag(mirror) · R · diag(signs).

    Trunk and head keep X up and Y forward and turn Z to the mirrored person's left. A limb's axes are those
    of its twin's mirrored pose, all negated. A joint that has no rotation of its own follows its parent.
    """
    signs = np.empty((JOINT_COUNT, 3))
    for joint in Joint:
        signs[joint] = (1.0, 1.0, -1.0) if joint.side == "centre" else (-1.0, -1.0, -1.0)
        if joint.rotation is not None and joint.parent is not None:
            fixed, twin = (np.array(j.rotation or joint.rotation) for j in (joint, joint.mirrored))
            own = quaternion_to_matrix(unit(fixed))
            other = quaternion_to_matrix(unit(twin))
            signs[joint] = np.rint(np.diagonal(own.T @ np.diag(signs[joint.parent]) @ other))
    return frozen(signs)


_MIRRORED_AXES = _mirrored_axes()


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Where the channels' axes lie; image positions do not depend on it.

    `level` (3, 3) turns the camera's channel axes so that +Y is up; None leaves them. `height` is that of the
    camera over the floor, metres: the floor is at y = 0. In a `mirrored` space x is negated after that, and
    the channels of a left joint show the right one, and the other way round.
    """

    level: F64 | None = None
    height: float = 0.0
    mirrored: bool = False

    def points(self, metres: F64) -> F64:
        """Bring points (..., 3) from the camera's channel axes to this space."""
        if self.level is not None:
            metres = metres @ self.level.T + (0.0, self.height, 0.0)
        return metres * _MIRROR if self.mirrored else metres

    def rotations(self, matrices: F64) -> F64:
        """Bring the joints' rotations (P, 32, 3, 3) from the camera's channel axes to this space.

        In a mirrored space each row must be that of the joint's twin; `slots` sees to it.
        """
        if self.level is not None:
            matrices = self.level @ matrices
        return _MIRROR[:, None] * matrices * _MIRRORED_AXES[:, None, :] if self.mirrored else matrices

    def slots(self, slots: Slots) -> Slots:
        """Swap left and right where the space is mirrored."""
        if not self.mirrored:
            return slots
        return replace(
            slots,
            positions=frozen(slots.positions[:, _SWAPPED]),
            orientations=frozen(slots.orientations[:, _SWAPPED]),
            confidence=frozen(slots.confidence[:, _SWAPPED]),
        )


def levelled_by(up: F64) -> F64:
    """Return the (3, 3) rotation from the camera's channel axes to level ones.

    The new +Z is the level part of where the camera looks; for a camera that looks straight down or up, of
    where the top of its image points.

    Args:
        up: (3,) of any length, the direction up in the camera's channel axes.
    """
    y = up / np.linalg.norm(up)
    ahead = np.array([0.0, 0.0, 1.0])
    if abs(y[2]) > 0.999:
        ahead = np.array([0.0, -math.copysign(1.0, y[2]), 0.0])
    z = ahead - (ahead @ y) * y
    z /= np.linalg.norm(z)
    return frozen(np.stack([np.cross(y, z), y, z]))


def levelled_by_hand(tilt_degrees: float) -> F64:
    """Return the (3, 3) rotation to level axes for a camera that looks down by an angle."""
    tilt = math.radians(tilt_degrees)
    return levelled_by(np.array([0.0, math.cos(tilt), -math.sin(tilt)]))


@dataclass(frozen=True, slots=True, eq=False)
class Gravity:
    """The mean of the accelerometer, (3,) m/s² in its own axes, up to device time `usec`."""

    mean: F64
    captures: int
    usec: int


def averaged(before: Gravity | None, samples: Sequence[ImuSample]) -> Gravity | None:
    """Add the samples of one capture to the mean of gravity; None while there is none.

    It is the plain mean of the captures at first, and an exponential one later. Samples that are not finite
    are skipped, as is a capture that was already added, and when time runs backwards the mean starts again.
    """
    good = [sample for sample in samples if np.isfinite(sample.accel).all()]
    if not good:
        return before
    now = good[-1].accel_usec
    if before is not None and now == before.usec:
        return before
    mean: F64 = np.array([sample.accel for sample in good], dtype=np.float64).mean(axis=0)
    if before is None or now <= before.usec:
        return Gravity(frozen(mean), 1, now)
    forgotten = -math.expm1((before.usec - now) / (_AVERAGED_SECONDS * 1e6))
    share = max(1.0 / (before.captures + 1), forgotten)
    mean = np.asarray(before.mean + share * (mean - before.mean))
    return Gravity(frozen(mean), before.captures + 1, now)


def up_of(gravity: Gravity | None, calibration: Calibration) -> F64 | None:
    """Return the direction up in the camera's channel axes, (3,); None where the sensor cannot say.

    An accelerometer at rest measures what holds it up, so that its reading points up.
    """
    if gravity is None or "accel" not in calibration.poses:
        return None
    if np.linalg.norm(gravity.mean) < _WEAKEST_GRAVITY:
        return None
    return np.asarray(calibration.poses["accel"][:3, :3].T @ gravity.mean * TO_CHANNELS)
