"""One person's landmarks from capture to capture: steady while still, without delay while moving.

Each landmark has a place and a speed. Where it is seen near to where it was expected, within the noise of
network and sensor, it moves a little towards that; farther off it goes there at once. So noise is averaged
and motion is not: what is farther from the expectation than the noise is motion. Two errors of single
captures are told from motion by their size: another surface measured behind or before a landmark, and the
person's left and right taken for each other.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from bodychan.tracking.complete import Completed
from bodychan.tracking.landmarks import LANDMARK_COUNT, Landmark
from bodychan.types import F64, I64, Bool, frozen

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
_SWAP_GAIN, _SWAP_MM = 0.5, 150.0
"""Left and right change places if that makes the steps smaller than this share, and by so much."""
_DOUBT_SHARE, _DOUBT_SECONDS = 0.5, (0.3, 1.5)
"""How long the network may contradict what was believed before it is believed: a share of the time for which
it agreed with it, within limits. Nobody turns round from one capture to the next."""
_FAR_MM = 400.0
"""No step of one landmark counts for more when left and right are told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """How one person's landmarks moved until `seconds`.

    `points` (33, 3) mm and `speeds` (33, 3) mm/s, depth camera; `world` (33, 3) mm, the network's guess of
    the pose; `jumped` (33,) s for which a landmark has been seen at a depth that is not believed, `swapped`
    s for which left and right have been changed, `agreed` s for which they had not been before.
    """

    seconds: float
    points: F64
    speeds: F64
    world: F64
    jumped: F64
    swapped: float = 0.0
    agreed: float = 0.0


def steady(body: Completed, before: Motion | None, seconds: float) -> tuple[Completed, Motion]:
    """Give the landmarks as they are believed to be, and the motion with this capture.

    Args:
        body: the landmarks of this capture.
        before: the person's motion until the capture before; None for a new person.
        seconds: time of this capture.
    """
    if before is None or not 0 < seconds - before.seconds < FORGOTTEN_SECONDS:
        still = np.zeros((LANDMARK_COUNT, 3))
        return body, Motion(seconds, body.points, still, body.world, np.zeros(LANDMARK_COUNT))
    step = seconds - before.seconds
    expected = before.points + before.speeds * step
    body, swapped, agreed = _unswapped(body, expected, before, step)
    points, jumped = _followed(body, expected, before.jumped, step)
    gain = 1.0 - math.exp(-step / _SPEED_SECONDS)
    speeds = before.speeds + gain * ((points - before.points) / step - before.speeds)
    speeds[~body.seen] = speeds[_TRUNK].mean(axis=0)
    off = body.world - before.world
    world = before.world + _gain(np.linalg.norm(off, axis=1), _WORLD_NOISE_MM, step)[:, None] * off
    motion = Motion(seconds, points, speeds, world, jumped, swapped, agreed)
    return replace(body, points=points, world=world), motion


def _followed(body: Completed, expected: F64, jumped: F64, step: float) -> tuple[F64, F64]:
    rays = body.points / np.maximum(np.linalg.norm(body.points, axis=1), 1.0)[:, None]
    off = body.points - expected
    depth = (off * rays).sum(axis=1)
    across = off - depth[:, None] * rays
    noise = _NOISE_PER_M * np.maximum(body.points[:, 2], 500.0) / 1000.0
    gains = _gain(np.linalg.norm(across, axis=1), noise, step)
    depth_gains = _gain(np.abs(depth), _DEPTH_NOISE_MM, step)
    jumped = np.where(np.abs(depth) > _JUMP_MM, jumped + step, 0.0)
    doubted = (jumped > 0) & (jumped < _JUMP_SECONDS)
    depth_gains = np.where(doubted, np.minimum(depth_gains, _JUMP_GAIN), depth_gains)
    gains = np.where(body.seen, gains, np.minimum(gains, _UNSEEN_GAIN))
    depth_gains = np.where(body.seen, depth_gains, np.minimum(depth_gains, _UNSEEN_GAIN))
    return expected + gains[:, None] * across + (depth_gains * depth)[:, None] * rays, jumped


def _gain(off: F64, noise: F64 | float, step: float) -> F64:
    """Give the share of each step `off` that is taken: little within the noise, all far outside it."""
    least = 1.0 - (1.0 - _LEAST_GAIN) ** (step / _FRAME_SECONDS)
    return np.asarray(least + (1.0 - least) * off**2 / (off**2 + noise**2))


_TRUNK = [Landmark.SHOULDER_LEFT, Landmark.SHOULDER_RIGHT, Landmark.HIP_LEFT, Landmark.HIP_RIGHT]


def _mirror(*parts: str) -> I64:
    order = np.arange(LANDMARK_COUNT)
    for landmark in Landmark:
        part, _, side = landmark.name.rpartition("_")
        if side in ("LEFT", "RIGHT") and (not parts or part in parts):
            order[landmark] = Landmark[f"{part}_{'RIGHT' if side == 'LEFT' else 'LEFT'}"]
    return frozen(order)


_SWAPS = (
    _mirror(),
    _mirror("KNEE", "ANKLE", "HEEL", "TOE"),
    _mirror("ELBOW", "WRIST", "PINKY", "INDEX", "THUMB"),
)
"""What the network takes for each other: all of a person, the legs, the arms."""
_JUDGED = np.array(
    [
        landmark.name.partition("_")[0] in ("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE")
        for landmark in Landmark
    ]
)
"""The landmarks by whose steps left and right are told apart."""


def _unswapped(body: Completed, expected: F64, before: Motion, step: float) -> tuple[Completed, float, float]:
    """Change left and right where that is much nearer to what was expected; give `swapped` and `agreed`."""
    shortest, longest = _DOUBT_SECONDS
    order = None
    if before.swapped <= min(max(_DOUBT_SHARE * before.agreed, shortest), longest):
        order = _best_swap(body.points, expected)
    if order is None:
        return body, 0.0, 0.0 if before.swapped > shortest else before.agreed + step
    changed = replace(body, points=body.points[order], seen=body.seen[order], world=body.world[order])
    return changed, before.swapped + step, before.agreed


def _best_swap(points: F64, expected: F64) -> I64 | None:
    chosen, best = None, 0.0
    for order in _SWAPS:
        judged = _JUDGED & (order != np.arange(LANDMARK_COUNT))
        kept = _misfit(points, expected, judged)
        changed = _misfit(points[order], expected, judged)
        if changed < _SWAP_GAIN * kept and kept - changed > max(_SWAP_MM * judged.sum() / 4, best):
            chosen, best = order, kept - changed
    return chosen


def _misfit(points: F64, expected: F64, judged: Bool) -> float:
    return float(np.minimum(np.linalg.norm((points - expected)[judged], axis=1), _FAR_MM).sum())
