"""One person's landmarks from capture to capture: steady while still, without delay while moving.

Each landmark has a place and a speed. Where it is seen near to where it was expected, within the noise of
network and sensor, it moves a little towards that; farther off it goes there at once. So noise is averaged
and motion is not: what is farther from the expectation than the noise is motion. Errors of single captures
are told from motion by their size: another surface measured behind or before a landmark, a trunk seen turned.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from bodychan.model.arrays import F64
from bodychan.tracking.blazepose.landmarks import LANDMARK_COUNT, TRUNK
from bodychan.tracking.builtin.observe.complete import Completed
from bodychan.tracking.builtin.observe.sides import Sides

FORGOTTEN_SECONDS = 0.5
"""After a gap as long as this a person starts anew."""
_FRAME_SECONDS = 1.0 / 30.0
_LEAST_GAIN = 0.2
"""Share of the step towards what is seen that is always taken, in 1/30 s."""
_NOISE_PER_M, _DEPTH_NOISE_MM, _WORLD_NOISE_MM = 5.0, 20.0, 25.0
"""Step at which half of the rest is taken: across the ray, in mm for each metre of distance; along it."""
_UNSEEN_GAIN = 0.3
_SPEED_SECONDS = 0.08
"""Over which a speed is averaged."""
_JUMP_MM, _JUMP_GAIN, _JUMP_SECONDS = 120.0, 0.05, 0.075
"""A step in depth as large as this is believed only when it has lasted so long."""
_ACROSS_MM, _ACROSS_GAIN = np.full(LANDMARK_COUNT, np.inf), 0.3
_ACROSS_MM[TRUNK] = 80.0
"""The same for steps of the trunk across the view, in 1/30 s: no trunk moves so suddenly. Limbs do."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """How one person's landmarks moved until `seconds`.

    `points` (33, 3) mm and `speeds` (33, 3) mm/s, depth camera; `world` (33, 3) mm, the network's guess of
    the pose; `jumped` (33,) s for which a landmark has been seen where it is not believed to be; `sides`
    what is believed of left and right.
    """

    seconds: float
    points: F64
    speeds: F64
    world: F64
    jumped: F64
    sides: Sides

    def lasts_until(self, seconds: float) -> bool:
        """Say whether the person goes on from here at a time, or starts anew."""
        return 0 < seconds - self.seconds < FORGOTTEN_SECONDS

    def predict(self, seconds: float) -> F64:
        """Give the points (33, 3) mm where the landmarks are expected at a time."""
        return self.points + self.speeds * (seconds - self.seconds)


def steady(
    body: Completed, before: Motion | None, seconds: float, sides: Sides | None = None
) -> tuple[Completed, Motion]:
    """Give the landmarks as they are believed to be, and the motion with this capture.

    Args:
        body: the landmarks of this capture.
        before: the person's motion until the capture before; None for a new person.
        seconds: time of this capture.
        sides: what is believed of left and right with this capture; None = no more than before.
    """
    if before is None or not before.lasts_until(seconds):
        still = np.zeros((LANDMARK_COUNT, 3))
        jumped = np.zeros(LANDMARK_COUNT)
        return body, Motion(seconds, body.points, still, body.world, jumped, sides or Sides.unknown())
    step = seconds - before.seconds
    expected = before.predict(seconds)
    points, jumped = _followed(body, expected, before.jumped, step)
    gain = 1.0 - math.exp(-step / _SPEED_SECONDS)
    speeds = before.speeds + gain * ((points - before.points) / step - before.speeds)
    speeds[~body.seen] = speeds[TRUNK].mean(axis=0)
    off = body.world - before.world
    world = before.world + _gain(np.linalg.norm(off, axis=1), _WORLD_NOISE_MM, step)[:, None] * off
    motion = Motion(seconds, points, speeds, world, jumped, sides or before.sides)
    return replace(body, points=points, world=world), motion


def _followed(body: Completed, expected: F64, jumped: F64, step: float) -> tuple[F64, F64]:
    rays = body.points / np.maximum(np.linalg.norm(body.points, axis=1), 1.0)[:, None]
    off = body.points - expected
    depth = (off * rays).sum(axis=1)
    across = off - depth[:, None] * rays
    noise = _NOISE_PER_M * np.maximum(body.points[:, 2], 500.0) / 1000.0
    aside = np.linalg.norm(across, axis=1)
    gains = _gain(aside, noise, step)
    depth_gains = _gain(np.abs(depth), _DEPTH_NOISE_MM, step)
    sudden = (np.abs(depth) > _JUMP_MM) | (aside > _ACROSS_MM * max(step / _FRAME_SECONDS, 1.0))
    jumped = np.where(sudden, jumped + step, 0.0)
    doubted = (jumped > 0) & (jumped < _JUMP_SECONDS)
    depth_gains = np.where(doubted, np.minimum(depth_gains, _JUMP_GAIN), depth_gains)
    gains = np.where(doubted, np.minimum(gains, _ACROSS_GAIN), gains)
    gains = np.where(body.seen, gains, np.minimum(gains, _UNSEEN_GAIN))
    depth_gains = np.where(body.seen, depth_gains, np.minimum(depth_gains, _UNSEEN_GAIN))
    return expected + gains[:, None] * across + (depth_gains * depth)[:, None] * rays, jumped


def _gain(off: F64, noise: F64 | float, step: float) -> F64:
    """Give the share of each step `off` that is taken: little within the noise, all far outside it."""
    least = 1.0 - (1.0 - _LEAST_GAIN) ** (step / _FRAME_SECONDS)
    return np.asarray(least + (1.0 - least) * off**2 / (off**2 + noise**2))
