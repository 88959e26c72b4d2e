"""Channels of people who move, made from the joint table without a camera or tracker."""

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from bodychan import Bodies, Channels, Joint
from bodychan.cameras.synthetic.device import device_calibration
from bodychan.cameras.synthetic.kinematics import Pose, solve_pose
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import BIND_BONES
from rows import compact, evaluate

GROUPS = frozenset({"worldspace", "absbonerotations", "confidence"})


def pose(body: int, frame: int) -> Pose:
    """A body's pose in SDK space: every joint turns about an axis of its own, a few degrees per frame."""
    rng = np.random.default_rng(body)
    turning = {}
    for joint in Joint:
        if joint.rotation is None:
            start, axis = Rotation.random(random_state=rng), rng.normal(size=3)
            turning[joint] = (start * Rotation.from_rotvec(0.1 * frame * axis)).as_matrix()
    return solve_pose(
        BIND_BONES * (0.9 + 0.02 * body), np.array([100.0 * body + frame, -50.0, 2500.0]), turning
    )


def bodies(frame: int, ids: Sequence[int]) -> Bodies:
    poses = [pose(body, frame) for body in ids]
    return Bodies(
        frame,
        1_000_000 + 33_333 * frame,
        np.array(ids, np.int64),
        np.array([pose.positions for pose in poses]).reshape(-1, 32, 3),
        matrix_to_quaternion(np.array([pose.rotations for pose in poses]).reshape(-1, 32, 3, 3)),
        np.full((len(ids), 32), 2, np.uint8),
    )


def take(
    ids: Sequence[Sequence[int]],
    *,
    players: int = 2,
    groups: frozenset[str] = GROUPS,
    frames: Sequence[int] | None = None,
) -> list[Channels]:
    """One `Channels` for each capture, with the bodies of these ids in it; `frames` are their numbers."""
    assert groups <= JOINT_GROUPS.keys()
    layout, calibration = Layout(players, groups), device_calibration()
    made = []
    for frame, there in zip(frames or range(len(ids)), ids, strict=True):
        values = evaluate(layout, compact(bodies(frame, there), players), calibration)
        made.append(Channels(layout.names, values[:, None], 30, frame, kinds=layout.kinds))
    return made


def world(body: int, frame: int) -> np.ndarray:
    """(32, 3) metres in channel space: where a body's joints are."""
    return np.asarray(pose(body, frame).positions * (-1, -1, 1) / 1000)
