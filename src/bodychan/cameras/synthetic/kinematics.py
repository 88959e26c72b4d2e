"""The synthetic figure's skeleton in motion: joint angles in, the 32 joint frames of the joint table out.

Room axes: x right, y down, z away from the camera's first place, mm, floor at y = 0. A body frame is a
matrix whose columns are the person's up, forward and left. Left limbs have the axes that `skeleton` states;
a right limb is computed as a left one in the mirrored body and has its three axes negated.
"""

from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F64, Float
from bodychan.model.rotations import quaternion_to_matrix
from bodychan.model.skeleton import JOINT_COUNT, PARENTS, Joint

UP: F64 = np.array([0.0, -1.0, 0.0])

_JOINTS = tuple(Joint)
_MIRROR = np.diag([1.0, 1.0, -1.0])
_FIXED = {
    int(j): quaternion_to_matrix(np.array(j.rotation) / np.linalg.norm(j.rotation))
    for j in Joint
    if j.rotation is not None
}
# The left arm hanging straight, palm inwards, in the chest's (up, forward, left): down, forward, inwards.
_ARM_DOWN = np.diag([-1.0, 1.0, -1.0])
_CLAVICLE_REST = np.array([[-0.24, 0.0, -0.97], [0.20, 0.98, -0.05], [0.95, -0.20, -0.24]])
# k4abt turns the upper arm's frame by this much about its own length against the forearm's (measured).
_UPPER_ARM_TWIST = np.radians(55.0)
_REACH = 0.999
"""Share of a leg's full length to which the two-bone solution keeps, so that the knee never locks."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Joint frames in the room: `positions` (32, 3) mm, `rotations` (32, 3, 3) with joint axes as columns."""

    positions: F64
    rotations: F64


@dataclass(frozen=True, slots=True)
class ArmAngles:
    """Angles of one arm in degrees; all 0 is an arm that hangs straight down with the palm inwards.

    `raise_forward` and `raise_aside` lift the upper arm, `twist` turns it about its length (negative: the
    inside of the elbow turns up when the arm is raised aside), `elbow` bends it (0 to 150), `pronation`
    turns the palm backwards, `wrist` bends the hand towards the palm.
    """

    raise_forward: float = 0.0
    raise_aside: float = 8.0
    twist: float = 0.0
    elbow: float = 12.0
    pronation: float = 15.0
    wrist: float = 5.0

    def mixed(self, other: "ArmAngles", share: float) -> "ArmAngles":
        """Blend towards another set of angles; share 0 is this one, 1 the other."""
        pairs = ((getattr(self, n), getattr(other, n)) for n in self.__slots__)
        return ArmAngles(*(a + share * (b - a) for a, b in pairs))


def turn(axis: int, degrees: float) -> F64:
    """Give the (3, 3) rotation by an angle about coordinate axis 0, 1 or 2."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(3)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


def body_frame(heading: float) -> F64:
    """Give the (3, 3) up, forward, left of an upright person; 0° faces the camera, 90° its right side."""
    c, s = np.cos(np.radians(heading)), np.sin(np.radians(heading))
    return np.array([[0.0, s, c], [-1.0, 0.0, 0.0], [0.0, -c, s]])


def arm_rotations(chest: F64, angles: ArmAngles, left: bool) -> dict[Joint, F64]:
    """Give the rotations of one arm's turning joints for a chest frame (3, 3)."""
    lift = max(0.0, np.hypot(angles.raise_aside, angles.raise_forward) - 30.0)
    clavicle = turn(1, 0.25 * lift) @ _orthonormal(_CLAVICLE_REST)
    upper = turn(1, angles.raise_aside) @ turn(2, -angles.raise_forward) @ _ARM_DOWN @ turn(0, angles.twist)
    forearm = upper @ turn(2, angles.elbow)
    wrist = forearm @ turn(0, angles.pronation - 90.0) @ turn(2, -angles.wrist)
    local = {
        Joint.CLAVICLE_LEFT: clavicle,
        Joint.SHOULDER_LEFT: upper @ turn(0, np.degrees(_UPPER_ARM_TWIST)),
        Joint.ELBOW_LEFT: forearm,
        Joint.WRIST_LEFT: wrist,
        Joint.HAND_LEFT: wrist,
    }
    return _placed(chest, local, left)


def leg_rotations(
    hip: Float, ankle: Float, forward: Float, foot: F64, thigh_mm: float, shank_mm: float, left: bool
) -> tuple[dict[Joint, F64], F64]:
    """Solve one leg as two bones from the hip to an ankle, the knee bent towards `forward`.

    Args:
        hip: (3,) room mm.
        ankle: (3,) where the ankle should be.
        forward: (3,) direction in which the knee points.
        foot: (3, 3) axes of the left ankle joint; those of the right one are made of them.
        thigh_mm: length of the thigh.
        shank_mm: length of the shank.
        left: whether it is the left leg.

    Returns:
        the rotations of hip, knee and ankle, and the place (3,) that the ankle takes: the wanted one, or
        the furthest on the way to it.
    """
    reach = np.asarray(ankle, dtype=np.float64) - hip
    whole = float(np.linalg.norm(reach))
    down = reach / whole
    distance = min(whole, _REACH * (thigh_mm + shank_mm))
    ahead = forward - np.dot(forward, down) * down
    ahead /= np.linalg.norm(ahead)
    cosine = (thigh_mm**2 + distance**2 - shank_mm**2) / (2 * thigh_mm * distance)
    sine = np.sqrt(max(0.0, 1 - cosine * cosine))
    knee = thigh_mm * (cosine * down + sine * ahead)
    end = distance * down
    across = np.cross(-down, ahead)
    local = {
        Joint.HIP_LEFT: _leg_frame(-knee / thigh_mm, across),
        Joint.KNEE_LEFT: _leg_frame((knee - end) / shank_mm, across),
        Joint.ANKLE_LEFT: foot,
    }
    if not left:
        local = {j.mirrored: r * [-1.0, -1.0, 1.0] for j, r in local.items()}
    return local, hip + end


def solve_pose(bones: F64, pelvis: Float, turning: dict[Joint, F64]) -> Pose:
    """Chain the joints from the pelvis outwards.

    Args:
        bones: (32, 3) vector from parent to joint in the parent's frame, mm.
        pelvis: (3,) place of the pelvis in the room.
        turning: room rotation of every joint that has one of its own.
    """
    positions, rotations = np.empty((JOINT_COUNT, 3)), np.empty((JOINT_COUNT, 3, 3))
    for joint, parent in enumerate(PARENTS):
        fixed = _FIXED.get(joint)
        rotations[joint] = turning[_JOINTS[joint]] if fixed is None else rotations[parent] @ fixed
        positions[joint] = pelvis if parent < 0 else positions[parent] + rotations[parent] @ bones[joint]
    return Pose(positions, rotations)


def _placed(body: F64, local: dict[Joint, F64], left: bool) -> dict[Joint, F64]:
    """Turn a left limb, given in body axes, into room rotations of that limb or of its right twin."""
    if left:
        return {j: body @ r for j, r in local.items()}
    return {j.mirrored: body @ -(_MIRROR @ r) for j, r in local.items()}


def _leg_frame(up: F64, left: F64) -> F64:
    return np.stack([up, np.cross(left, up), left], axis=1)


def _orthonormal(matrix: F64) -> F64:
    u, _, v = np.linalg.svd(matrix)
    return np.asarray(u @ v)
