"""People made from the skeleton table by forward kinematics."""

from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F64
from bodychan.model.skeleton import BIND_BONES, JOINT_COUNT, Joint

UP, FORWARD, LEFT = np.eye(3)
# A person who faces the camera: up is -y, forward -z, their left is +x.
FACING = np.stack([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]], axis=1)


def turn(axis: int, degrees: float) -> F64:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(3)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix[[i, j], [i, j]] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


@dataclass(frozen=True)
class Person:
    """True positions (32, 3) mm and frames (32, 3, 3), depth camera."""

    positions: F64
    frames: F64
    scale: float

    def mirrored(self) -> "Person":
        """The person in the mirror, left and right exchanged, by the sign rule of the joint table."""
        swap = [int(j.mirrored) for j in Joint]
        flip = np.diag([-1.0, 1.0, 1.0])
        frames = np.empty_like(self.frames)
        for joint in Joint:
            image = flip @ self.frames[joint.mirrored]
            frames[joint] = image @ np.diag([1.0, 1.0, -1.0]) if joint.side == "centre" else -image
        return Person((self.positions @ flip)[swap], frames, self.scale)


def person(
    *,
    place: tuple[float, float, float] = (0.0, 0.0, 2500.0),
    yaw: float = 0.0,
    elbow: float = 30.0,
    arm: float = 20.0,
    knee: float = 25.0,
    scale: float = 1.1,
    bend: float = 0.0,
) -> Person:
    """Make one: `arm` degrees forward at the left shoulder (the right one half), bends in degrees."""
    out = FACING @ turn(0, yaw)
    frames = np.tile(np.eye(3), (JOINT_COUNT, 1, 1))
    chest = turn(2, bend)
    for joint in (Joint.SPINE_CHEST, Joint.HEAD):
        frames[joint] = chest
    resting = np.stack([-UP, FORWARD, -LEFT], axis=1)
    other = np.diag([-1.0, -1.0, 1.0])  # a right limb is its left twin turned about the body's left
    for side, rule, share in (("LEFT", np.eye(3), 1.0), ("RIGHT", other, 0.5)):
        upper = chest @ resting @ turn(2, arm * share)
        lower = upper @ turn(2, elbow)
        towards = np.array([-0.24, 0.20, 0.95])
        forward = FORWARD - towards * (FORWARD @ towards) / (towards @ towards)
        x, y = towards / np.linalg.norm(towards), forward / np.linalg.norm(forward)
        frames[Joint[f"CLAVICLE_{side}"]] = rule @ chest @ np.stack([x, y, np.cross(x, y)], axis=1)
        frames[Joint[f"SHOULDER_{side}"]] = rule @ upper @ turn(0, 55.0)
        frames[Joint[f"ELBOW_{side}"]] = rule @ lower
        for name in ("WRIST", "HAND"):
            frames[Joint[f"{name}_{side}"]] = rule @ lower @ turn(0, -90.0)
        thigh = turn(2, -knee * share)
        shank = thigh @ turn(2, knee * share * 1.5)
        frames[Joint[f"HIP_{side}"]] = rule @ thigh
        for name in ("KNEE", "ANKLE"):
            frames[Joint[f"{name}_{side}"]] = rule @ shank
    return _grow(out @ frames, np.array(place), scale)


def _grow(frames: F64, place: F64, scale: float) -> Person:
    from bodychan.model.rotations import quaternion_to_matrix

    positions = np.tile(place, (JOINT_COUNT, 1))
    for joint in Joint:
        if joint.parent is None:
            continue
        if joint.rotation is not None:
            frames[joint] = frames[joint.parent] @ quaternion_to_matrix(np.array(joint.rotation))
        positions[joint] = positions[joint.parent] + frames[joint.parent] @ BIND_BONES[joint] * scale
    return Person(positions, frames, scale)
