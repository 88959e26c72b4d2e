"""How a synthetic person moves: where they are, how they step, what their arms do; pure functions of time.

A person follows a `Route` of places and headings. A step clock ticks all the time; each foot stands on the
place that belongs to the middle of its stance, so it neither slides nor passes the floor, and a person who
stays where they are does not step at all. Legs are solved from feet and pelvis (`kinematics`).
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bodychan.cameras.synthetic.figure import SOLE_MM, SOLE_TURN, Figure
from bodychan.cameras.synthetic.kinematics import (
    UP,
    ArmAngles,
    Pose,
    arm_rotations,
    body_frame,
    leg_rotations,
    solve_pose,
    turn,
)
from bodychan.model.arrays import F64, frozen
from bodychan.model.skeleton import Joint

STRIDE_S = 1.1
"""Time of two steps."""
_STANCE = 0.62
"""Share of its stride that a foot stands on the floor."""
_HEEL_OFF = 0.62
"""Share of the stance after which the heel rises over the toe."""
_HEEL_STRIKE_DEG = 16.0
_TOE_OFF_DEG = 26.0
_LIFT_MM = 35.0
_STEP_WIDTH = 80.0
"""Sideways from the middle to a foot, in the joint table's mm."""
_TOE = np.array([-SOLE_MM, 165.0, 0.0])
_HEEL = np.array([-SOLE_MM, -46.0, 0.0])
_NOD_DEG = 4.0
"""By so much the head's axes are tilted forward in somebody who looks ahead: the tip of a nose is some 10 mm
lower than the openings of the ears, and the table has it 2 mm higher."""
_STAND_REACH = 0.985
_STEP_REACH = 0.996

_RAISED = ArmAngles(8.0, 158.0, -80.0, 14.0, 0.0, 0.0)
GESTURES: dict[str, tuple[ArmAngles | None, ArmAngles | None]] = {
    "wave": (None, ArmAngles(10.0, 78.0, -88.0, 95.0, 0.0, 0.0)),
    "arms_up": (_RAISED, _RAISED),
    "reach": (ArmAngles(82.0, 6.0, 0.0, 8.0, 40.0, 0.0), None),
}
"""Angles of the left and the right arm in each gesture; None leaves the arm as it is."""
_FADE_S = 0.9
_WAVE_HZ, _WAVE_DEG = 1.2, 26.0


@dataclass(frozen=True, slots=True)
class Gesture:
    """A gesture of `GESTURES` between two times in seconds; it fades in and out."""

    name: str
    start: float
    end: float


@dataclass(frozen=True)
class Route:
    """Where a person is: keys (seconds, x mm, z mm, heading °), passed smoothly with a rest at each.

    The first key is at 0 s. The route starts again after the last key, whose place is that of the first
    and whose heading differs from the first by whole turns.
    """

    keys: tuple[tuple[float, float, float, float], ...]

    @cached_property
    def _table(self) -> F64:
        return frozen(np.array(self.keys, dtype=np.float64))

    def at(self, seconds: float) -> F64:
        """Give x mm, z mm and heading in degrees at a time, (3,)."""
        keys = self._table
        if len(keys) == 1:
            return keys[0, 1:]
        rounds, time = divmod(seconds, keys[-1, 0])
        i = int(np.searchsorted(keys[:, 0], time, side="right")) - 1
        i = min(i, len(keys) - 2)
        u = (time - keys[i, 0]) / (keys[i + 1, 0] - keys[i, 0])
        here = keys[i, 1:] + u * u * (3 - 2 * u) * (keys[i + 1, 1:] - keys[i, 1:])
        here[2] += rounds * (keys[-1, 3] - keys[0, 3])
        return np.asarray(here)


@dataclass(frozen=True)
class Oval:
    """Walking round an oval without end, counter-clockwise seen from above: centre, half axes in mm."""

    x: float
    z: float
    a: float
    b: float
    seconds: float
    start: float = 0.0
    """Share of a round at which it begins, from the far end."""

    def at(self, seconds: float) -> F64:
        """Give x mm, z mm and heading in degrees at a time, (3,)."""
        rounds = self.start + seconds / self.seconds
        s, c = np.sin(2 * np.pi * rounds), np.cos(2 * np.pi * rounds)
        # The path is (a s, b c), its direction (a c, -b s), and a heading h faces (sin h, -cos h).
        ahead = np.degrees(np.arctan2(self.a * c, self.b * s))
        even = 90.0 - 360.0 * rounds
        heading = even + (ahead - even + 180.0) % 360.0 - 180.0
        return np.array([self.x + self.a * s, self.z + self.b * c, heading])


@dataclass(frozen=True)
class Motion:
    """One person's way through a scene."""

    route: Route | Oval
    gestures: tuple[Gesture, ...] = ()
    phase: float = 0.0
    """Share of a stride by which the step clock is ahead."""

    def pose(self, figure: Figure, seconds: float) -> Pose:
        """Give the figure's joints in the room at a time."""
        return _pose(self, figure, seconds)


@dataclass(frozen=True, slots=True, eq=False)
class _Foot:
    """A foot at one moment: `ankle` (3,) mm in the room, heading and pitch (toes down) in degrees."""

    ankle: F64
    heading: float
    pitch: float

    @property
    def frame(self) -> F64:
        """Up, forward and left of the foot, (3, 3)."""
        return body_frame(self.heading) @ turn(2, self.pitch)

    @property
    def joint(self) -> F64:
        """Axes of the ankle joint, (3, 3); a left one's, as `leg_rotations` takes them."""
        return self.frame @ SOLE_TURN


def _smooth(share: float) -> float:
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


def _pose(motion: Motion, figure: Figure, seconds: float) -> Pose:
    scale, bones = figure.scale, figure.bones
    x, z, heading = motion.route.at(seconds)
    vigour = _vigour(motion, seconds)
    # Left foot foremost at 0: it has just landed.
    cycle = 2 * np.pi * (seconds / STRIDE_S + motion.phase + _STANCE / 2)
    swing = vigour * np.cos(cycle)
    feet = {left: _foot(motion, scale, seconds, left) for left in (True, False)}
    trunk = _trunk(heading, swing, vigour, seconds + 7 * motion.phase)
    idle = 5.0 * (1 - vigour) * np.sin(2 * np.pi * 0.21 * seconds + 9 * motion.phase)
    aside = scale * (20.0 * vigour * np.cos(cycle - np.pi * _STANCE) + idle)
    place = np.array([x, 0.0, z]) + body_frame(heading) @ np.array([0.0, 18.0 * scale, aside])
    hips = {
        True: trunk[Joint.PELVIS] @ bones[Joint.HIP_LEFT],
        False: trunk[Joint.PELVIS] @ bones[Joint.HIP_RIGHT],
    }
    thigh, shank = (float(np.linalg.norm(bones[j])) for j in (Joint.KNEE_LEFT, Joint.ANKLE_LEFT))
    pelvis = place + UP * _pelvis_height(place, hips, feet, thigh + shank, scale)
    turning = dict(trunk)
    for left, foot in feet.items():
        forward = body_frame(heading)[:, 1] + foot.frame[:, 1]
        rotations, _ = leg_rotations(pelvis + hips[left], foot.ankle, forward, foot.joint, thigh, shank, left)
        angles = _arm(motion, swing, vigour, seconds, left)
        turning |= rotations | arm_rotations(trunk[Joint.SPINE_CHEST], angles, left)
    return solve_pose(bones, pelvis, turning)


def _vigour(motion: Motion, seconds: float) -> float:
    """Give the walking speed as a share of a brisk 1.1 m/s, 0 to 1."""
    step = motion.route.at(seconds + 0.25)[:2] - motion.route.at(seconds - 0.25)[:2]
    return min(1.0, float(np.hypot(*step)) / 0.5 / 1100.0)


def _trunk(heading: float, swing: float, vigour: float, seconds: float) -> dict[Joint, F64]:
    """Give the rotations of pelvis, spine and head: the pelvis turns with the legs, the chest against it."""
    breath = np.sin(2 * np.pi * 0.27 * seconds)
    pelvis = body_frame(heading - 6.0 * swing) @ turn(2, 2.0 + 2.0 * vigour)
    navel = pelvis @ turn(0, 5.0 * swing) @ turn(2, -1.0 + 0.3 * breath)
    chest = navel @ turn(0, 6.0 * swing) @ turn(2, -1.0 - 0.9 * breath)
    look = 7.0 * np.sin(2 * np.pi * 0.13 * seconds)
    head = chest @ turn(0, look - 4.0 * swing) @ turn(2, _NOD_DEG + 2.0 * np.sin(2 * np.pi * 0.17 * seconds))
    return {Joint.PELVIS: pelvis, Joint.SPINE_NAVEL: navel, Joint.SPINE_CHEST: chest, Joint.HEAD: head}


def _arm(motion: Motion, swing: float, vigour: float, seconds: float, left: bool) -> ArmAngles:
    """Give one arm's angles: it swings against the leg of its side, unless a gesture takes it."""
    forward = (-26.0 if left else 26.0) * swing
    angles = ArmAngles(raise_forward=forward, elbow=12.0 + 16.0 * vigour + 0.35 * max(0.0, forward))
    for gesture in motion.gestures:
        share = _smooth((seconds - gesture.start) / _FADE_S) * _smooth((gesture.end - seconds) / _FADE_S)
        goal = GESTURES[gesture.name][0 if left else 1]
        if goal is None or share == 0.0:
            continue
        if gesture.name == "wave":
            beat = np.sin(2 * np.pi * _WAVE_HZ * (seconds - gesture.start))
            goal = replace(goal, elbow=goal.elbow + _WAVE_DEG * beat)
        angles = angles.mixed(goal, share)
    return angles


def _footprint(motion: Motion, scale: float, stride: int, left: bool) -> F64:
    """Give where the foot of one stride stands: x, z, heading (3,), below the ankle."""
    middle = (stride + (0.0 if left else 0.5) - motion.phase) * STRIDE_S
    x, z, heading = motion.route.at(middle)
    sideways = body_frame(heading)[:, 2] * _STEP_WIDTH * scale * (1 if left else -1)
    return np.array([x + sideways[0], z + sideways[2], heading])


def _foot(motion: Motion, scale: float, seconds: float, left: bool) -> _Foot:
    clock = seconds / STRIDE_S + motion.phase - (0.0 if left else 0.5)
    stride = int(np.floor(clock + 0.5))
    past = clock - stride
    if abs(past) <= _STANCE / 2:
        return _standing(motion, scale, stride, past / _STANCE + 0.5, left)
    before, after = (stride, stride + 1) if past > 0 else (stride - 1, stride)
    share = (clock - before - _STANCE / 2) / (1 - _STANCE)
    start, end = _standing(motion, scale, before, 1.0, left), _standing(motion, scale, after, 0.0, left)
    return _swinging(motion, scale, (before, after), (start, end), share, left)


def _standing(motion: Motion, scale: float, stride: int, share: float, left: bool) -> _Foot:
    """Give a foot on the floor: it comes down on the heel, and leaves over the toe."""
    here = _footprint(motion, scale, stride, left)
    came = _length(here, _footprint(motion, scale, stride - 1, left))
    goes = _length(here, _footprint(motion, scale, stride + 1, left))
    strike = -_HEEL_STRIKE_DEG * came * (1 - _smooth(share / 0.16))
    rise = _TOE_OFF_DEG * goes * _smooth((share - _HEEL_OFF) / (1 - _HEEL_OFF) / 2) * 2
    pivot = scale * (_HEEL if strike < 0 else _TOE)
    moved = body_frame(here[2]) @ (pivot - turn(2, strike + rise) @ pivot)
    return _Foot(np.array([here[0], -SOLE_MM * scale, here[1]]) + moved, float(here[2]), strike + rise)


def _swinging(
    motion: Motion,
    scale: float,
    strides: tuple[int, int],
    feet: tuple[_Foot, _Foot],
    share: float,
    left: bool,
) -> _Foot:
    """Carry a foot from one stand to the next, above the floor."""
    prints = [_footprint(motion, scale, s, left) for s in strides]
    gone = _smooth(share)
    start, end = feet
    foot = _Foot(
        start.ankle
        + gone * (end.ankle - start.ankle)
        + UP * scale * _LIFT_MM * _length(*prints) * np.sin(np.pi * share),
        start.heading + gone * (end.heading - start.heading),
        start.pitch + gone * (end.pitch - start.pitch),
    )
    lowest = max(float((foot.ankle + foot.frame @ (scale * tip))[1]) for tip in (_HEEL, _TOE))
    return replace(foot, ankle=foot.ankle + UP * max(0.0, lowest))


def _length(here: F64, there: F64) -> float:
    """Give how far two footprints are apart, as a share of a long stride, 0 to 1; turning counts too."""
    gone = np.hypot(*(there[:2] - here[:2])) / 900.0 + abs(there[2] - here[2]) / 180.0
    return min(1.0, float(gone))


def _pelvis_height(
    place: F64, hips: dict[bool, F64], feet: dict[bool, _Foot], leg: float, scale: float
) -> float:
    """Give how high the pelvis can be so that both legs reach their ankles."""
    heights = [_STAND_REACH * leg + SOLE_MM * scale]
    for left, foot in feet.items():
        level = np.hypot(*(foot.ankle - place - hips[left])[[0, 2]])
        up = np.sqrt(max((_STEP_REACH * leg) ** 2 - level**2, 1.0))
        heights.append(float(up - foot.ankle[1] + hips[left][1]))
    width = 15.0 * scale
    lowest = heights[0]
    for height in heights[1:]:
        over = max(width - abs(lowest - height), 0.0)
        lowest = min(lowest, height) - over * over / (4 * width)
    return lowest
