"""Make docs/rest_pose.json and docs/axes.svg: a rest pose that a rig can be built from, and its joints' axes.

    python docs/make_rest_pose.py

Both follow from the joint table. The pose is a T-pose: upright at the origin, facing the camera, arms out to
the sides, palms down. Everything is in channel space: metres, +X to the camera's left, +Y up, +Z away.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bodychan import Joint
from bodychan.cameras.synthetic.kinematics import ArmAngles, Pose, arm_rotations, body_frame, solve_pose
from bodychan.channels.space import TO_CHANNELS
from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_euler_xyz_degrees, matrix_to_quaternion
from bodychan.model.skeleton import BIND_BONES, PARENTS

FOLDER = Path(__file__).resolve().parent


def t_pose() -> Pose:
    """Give the T-pose in SDK space, pelvis at the origin: positions (32, 3) mm, rotations (32, 3, 3)."""
    trunk = body_frame(0.0)
    turning = {joint: trunk for joint in Joint if joint.rotation is None}
    # A right limb's axes are its left twin's in the mirror, negated.
    for leg in (Joint.HIP_RIGHT, Joint.KNEE_RIGHT, Joint.ANKLE_RIGHT):
        turning[leg] = trunk * (-1.0, -1.0, 1.0)
    for left in (True, False):
        turning |= arm_rotations(trunk, ArmAngles(0, 90, 0, 0, 0, 0), left)
    return solve_pose(BIND_BONES, np.zeros(3), turning)


@dataclass(frozen=True, slots=True, eq=False)
class RestPose:
    """The T-pose in channel space.

    `positions` (32, 3) metres; `absolute` and `relative` (32, 3, 3), a joint's axes as columns, in the world
    and in its parent's axes; `offsets` (32, 3) metres, from the parent to the joint in the parent's axes.
    """

    positions: F64
    absolute: F64
    relative: F64
    offsets: F64


def rest_pose() -> RestPose:
    """Bring the T-pose to channel space."""
    pose = t_pose()
    absolute = pose.rotations * np.outer(TO_CHANNELS, TO_CHANNELS)
    relative = absolute.copy()
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            relative[joint] = absolute[parent].T @ absolute[joint]
    return RestPose(pose.positions * TO_CHANNELS / 1000, absolute, relative, BIND_BONES * TO_CHANNELS / 1000)


def as_json() -> str:
    """Write the rest pose as JSON, a line for each joint."""
    rest = rest_pose()
    lengths = np.linalg.norm(rest.offsets, axis=1)
    rows = [
        {
            "name": joint.channel,
            "parent": joint.parent.channel if joint.parent is not None else None,
            "turns": joint.rotation is None,
            "position": _numbers(rest.positions[joint]),
            "direction": _numbers(rest.offsets[joint] / (lengths[joint] or 1.0)),
            "length": _numbers(lengths[[joint]])[0],
            "r": _numbers(matrix_to_euler_xyz_degrees(rest.relative[joint]), 4),
            "wxyz": _numbers(matrix_to_quaternion(rest.relative[joint])),
            "absr": _numbers(matrix_to_euler_xyz_degrees(rest.absolute[joint]), 4),
            "abswxyz": _numbers(matrix_to_quaternion(rest.absolute[joint])),
        }
        for joint in Joint
    ]
    lines = ",\n".join("    " + json.dumps(row) for row in rows)
    return f'{{\n  "about": "{_ABOUT}",\n  "joints": [\n{lines}\n  ]\n}}\n'


_ABOUT = (
    "A T-pose facing the camera, in bodychan's channel space: metres, +X camera's left, +Y up, +Z away. "
    "position: in the world. direction, length: from the parent, in its axes. r, wxyz: rotation in the "
    "parent's axes, degrees with R = Rz Ry Rx, and the same as a quaternion. absr, abswxyz: in the world. "
    "turns: false where the rotation in the parent's axes never changes."
)


def _numbers(values: F64, digits: int = 6) -> list[float]:
    # Adding 0.0 turns -0.0 into 0.0.
    return [round(float(value), digits) + 0.0 for value in values]


# The picture: an orthographic view from a little above and to one side.

_AZIMUTH, _ELEVATION = np.radians(-28.0), np.radians(16.0)
_COLOURS = {"X": "#d62728", "Y": "#2a8f3a", "Z": "#1f5fd6"}


@dataclass(frozen=True)
class _Panel:
    """A part of the picture: its title and where that stands, what is in its middle and where, its joints.

    `scale` in pixels per metre; `axis` is the length of an axis in pixels.
    """

    title: str
    title_at: tuple[float, float]
    middle: str
    middle_at: tuple[float, float]
    scale: float
    axis: float
    joints: str


_PANELS = (
    _Panel(
        "rest pose",
        (30, 40),
        "spine_navel",
        (330, 300),
        400,
        30,
        "pelvis spine_navel spine_chest head shoulder_l elbow_l wrist_l shoulder_r elbow_r wrist_r "
        "hip_l knee_l ankle_l foot_l hip_r knee_r ankle_r foot_r",
    ),
    _Panel("head", (700, 40), "head", (860, 180), 1000, 38, "head nose eye_l ear_l eye_r ear_r"),
    _Panel(
        "neck and shoulders",
        (700, 270),
        "neck",
        (860, 350),
        1000,
        38,
        "neck clavicle_l shoulder_l clavicle_r shoulder_r",
    ),
    _Panel("right hand", (690, 520), "hand_r", (780, 620), 900, 38, "wrist_r hand_r handtip_r thumb_r"),
    _Panel("left hand", (940, 520), "hand_l", (1000, 620), 900, 38, "wrist_l hand_l handtip_l thumb_l"),
)


def as_svg() -> str:
    """Draw the rest pose and its joints' axes as SVG."""
    rest = rest_pose()
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1140 760" font-family="sans-serif">',
        '<rect width="1140" height="760" fill="#ffffff"/>',
        *(line for panel in _PANELS for line in _drawn(panel, rest)),
        *_world(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _flat(points: F64) -> F64:
    """Project points (..., 3) in channel space to the picture's right and down (..., 2)."""
    # Seen from the camera, +X goes to the left.
    right, up, near = -points[..., 0], points[..., 1], -points[..., 2]
    across = np.cos(_AZIMUTH) * right + np.sin(_AZIMUTH) * near
    towards = np.cos(_AZIMUTH) * near - np.sin(_AZIMUTH) * right
    return np.stack([across, np.sin(_ELEVATION) * towards - np.cos(_ELEVATION) * up], axis=-1)


def _drawn(panel: _Panel, rest: RestPose) -> list[str]:
    shown = [joint for joint in Joint if joint.channel in panel.joints.split()]
    middle = next(joint for joint in Joint if joint.channel == panel.middle)
    at = (_flat(rest.positions) - _flat(rest.positions[middle])) * panel.scale + panel.middle_at
    lines = [_text(np.array(panel.title_at), panel.title, 15)]
    for joint in shown:
        parent = joint.parent
        while parent is not None and parent not in shown:
            parent = parent.parent
        if parent is not None:
            lines.append(_line(at[parent], at[joint], "#c4c8d0", 6))
    for joint in shown:
        lines += _axes(at[joint], rest.absolute[joint], panel.axis)
        # Left and right lie close together in places: their names go to either side.
        right = joint.side == "right"
        lines.append(
            _text(at[joint] + (-6 if right else 6, 16), joint.channel, 11, "end" if right else "start")
        )
    return lines


def _world() -> list[str]:
    at = np.array([75.0, 640.0])
    ends = at + _flat(np.eye(3)) * 60
    names = (((0, 20), "+X, to the camera's left"), ((6, -4), "+Y, up"), ((8, 4), "+Z, away from the camera"))
    return [
        *_axes(at, np.eye(3), 60),
        *(_text(end + offset, name, 12) for end, (offset, name) in zip(ends, names, strict=True)),
        _text(np.array([30.0, 720.0]), "The world's axes, and each joint's: X red, Y green, Z blue", 13),
    ]


def _axes(at: F64, frame: F64, pixels: float) -> list[str]:
    ends = at + _flat(frame.T) * pixels
    return [_line(at, end, colour, 2.5) for end, colour in zip(ends, _COLOURS.values(), strict=True)]


def _line(start: F64, end: F64, colour: str, width: float) -> str:
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
        f'stroke="{colour}" stroke-width="{width}" stroke-linecap="round"/>'
    )


def _text(at: F64, text: str, size: int, anchor: str = "start") -> str:
    # The white outline keeps it legible over lines.
    return (
        f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" font-size="{size}" text-anchor="{anchor}" fill="#22252b" '
        f'stroke="#ffffff" stroke-width="3" paint-order="stroke">{text}</text>'
    )


def main() -> None:
    """Write both files."""
    (FOLDER / "rest_pose.json").write_text(as_json(), encoding="utf-8")
    (FOLDER / "axes.svg").write_text(as_svg(), encoding="utf-8")


if __name__ == "__main__":
    main()
