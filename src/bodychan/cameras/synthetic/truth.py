"""The people of a synthetic scene as they really are, and which of their joints the depth camera sees."""

import numpy as np

from bodychan.cameras.synthetic.eye import Eye, seen_capsules
from bodychan.cameras.synthetic.figure import Figure
from bodychan.cameras.synthetic.kinematics import Pose
from bodychan.cameras.synthetic.render import thickness, trace_rays
from bodychan.cameras.synthetic.room import see_room
from bodychan.model.arrays import F64, Bool
from bodychan.model.bodies import Bodies
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import JOINT_COUNT, Confidence, Joint

_SKIN_MM = 30.0
_SLANT = 1.25
_LEAST_MM = {
    Joint.PELVIS: 165.0,
    Joint.SPINE_NAVEL: 150.0,
    Joint.SPINE_CHEST: 165.0,
    Joint.NECK: 90.0,
    Joint.HEAD: 110.0,
    Joint.HIP_LEFT: 125.0,
    Joint.HIP_RIGHT: 125.0,
}
"""Flesh before a joint deep in the trunk, seen from any side; mm of the joint table."""


def true_bodies(
    index: int,
    device_usec: int,
    people: list[tuple[Figure, Pose]],
    placement: tuple[F64, F64],
    eye: Eye,
    lit: Bool,
) -> Bodies:
    """Return everyone whom the depth camera sees at least in part.

    Args:
        index: of the capture.
        device_usec: of the capture.
        people: figures and their poses in the room; ids number them from 1.
        placement: rotation (3, 3) and place (3,) of the depth camera in the room.
        eye: the depth camera.
        lit: (H, W) where it can see.
    """
    rotation, place = placement
    if not people:
        return Bodies.none(index, device_usec)
    positions = np.stack([(pose.positions - place) @ rotation for _, pose in people])
    orientations = np.stack([matrix_to_quaternion(rotation.T @ pose.rotations) for _, pose in people])
    capsules = [seen_capsules(figure, pose, rotation, place) for figure, pose in people]
    inside = _in_view(positions.reshape(-1, 3), eye, lit)
    rays = positions.reshape(-1, 3)[inside]
    rays_32 = (rays[:, :2] / rays[:, 2:]).astype(np.float32)[:, None]
    sight = see_room(rays_32, rotation, place, eye.boxes)
    for body in capsules:
        trace_rays(rays_32, body, sight)
    first = sight.depth[:, 0].astype(np.float64)
    flesh = np.stack(
        [_flesh(f, p, c) for (f, _), p, c in zip(people, positions, capsules, strict=True)]
    ).reshape(-1)
    seen = positions.reshape(-1, 3)[inside, 2] - first <= flesh[inside]
    confidence = np.full(len(people) * JOINT_COUNT, Confidence.NONE, np.uint8)
    confidence[inside] = np.where(seen, Confidence.MEDIUM, Confidence.LOW)
    rows = confidence.reshape(len(people), JOINT_COUNT)
    kept = np.flatnonzero((rows == Confidence.MEDIUM).any(axis=1))
    return Bodies(index, device_usec, kept + 1, positions[kept], orientations[kept], rows[kept])


def _flesh(figure: Figure, joints: F64, capsules: F64) -> F64:
    """Give how far before each joint (32, 3) the skin may be that counts as the joint's own, (32,) mm.

    That is as far as the flesh round the joint is thick, and somewhat more, since a ray seldom meets the skin
    squarely.
    """
    least = np.array([_LEAST_MM.get(joint, 0.0) for joint in Joint]) * figure.scale
    return np.maximum(_SLANT * thickness(joints, capsules) + _SKIN_MM, least)


def _in_view(points: F64, eye: Eye, lit: Bool) -> Bool:
    """Say which points (N, 3) of the depth camera's frame fall on a pixel that can see."""
    pixels, valid = eye.lens.project(points)
    u, v = np.rint(pixels.T).astype(int)
    valid &= (u >= 0) & (u < eye.lens.width) & (v >= 0) & (v < eye.lens.height)
    valid[valid] = lit[v[valid], u[valid]]
    return valid
