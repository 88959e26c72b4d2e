import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodychan.cameras.synthetic.kinematics import (
    ArmAngles,
    arm_rotations,
    body_frame,
    leg_rotations,
    solve_pose,
    turn,
)
from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import BIND_BONES, PARENTS, Joint

angle = st.floats(-170, 170)
arms = st.builds(ArmAngles, angle, angle, angle, st.floats(0, 150), angle, st.floats(-40, 60))
UPRIGHT = np.eye(3)  # up, forward, left


def _turning(arms: ArmAngles) -> dict[Joint, F64]:
    trunk = dict.fromkeys((Joint.PELVIS, Joint.SPINE_NAVEL, Joint.SPINE_CHEST, Joint.HEAD), UPRIGHT)
    legs = dict.fromkeys((Joint.HIP_LEFT, Joint.KNEE_LEFT, Joint.ANKLE_LEFT), UPRIGHT)
    legs |= {j.mirrored: r * [-1, -1, 1] for j, r in legs.items()}
    return trunk | legs | arm_rotations(UPRIGHT, arms, True) | arm_rotations(UPRIGHT, arms, False)


def test_the_resting_joint_frames_are_those_measured_on_k4abt() -> None:
    rotations = arm_rotations(UPRIGHT, ArmAngles(0, 0, 0, 0, 0, 0), left=True)
    axes = {j: r.T for j, r in rotations.items()}  # rows X, Y, Z in up, forward, left
    np.testing.assert_allclose(axes[Joint.CLAVICLE_LEFT][0], [-0.24, 0.20, 0.95], atol=0.01)
    np.testing.assert_allclose(axes[Joint.SHOULDER_LEFT][0], [-1, 0, 0], atol=1e-9)
    assert axes[Joint.SHOULDER_LEFT][1] @ [0, 0.47, -0.87] > 0.97
    np.testing.assert_allclose(axes[Joint.ELBOW_LEFT], [[-1, 0, 0], [0, 1, 0], [0, 0, -1]], atol=1e-9)
    np.testing.assert_allclose(axes[Joint.WRIST_LEFT], [[-1, 0, 0], [0, 0, 1], [0, 1, 0]], atol=1e-9)


@given(arms)
def test_a_right_arm_is_the_left_one_mirrored_with_all_axes_negated(arm: ArmAngles) -> None:
    left, right = arm_rotations(UPRIGHT, arm, True), arm_rotations(UPRIGHT, arm, False)
    for joint, rotation in left.items():
        np.testing.assert_allclose(right[joint.mirrored], -np.diag([1, 1, -1]) @ rotation, atol=1e-12)
        assert np.linalg.det(right[joint.mirrored]) == pytest.approx(1)


@given(arms)
def test_symmetric_angles_give_a_symmetric_person(arm: ArmAngles) -> None:
    pose = solve_pose(BIND_BONES, np.zeros(3), _turning(arm))
    for joint in Joint:
        mirrored = pose.positions[joint.mirrored] * [1, 1, -1]
        np.testing.assert_allclose(pose.positions[joint], mirrored, atol=1e-6)


def test_bending_the_elbow_brings_the_hand_forward_and_up() -> None:
    straight = solve_pose(BIND_BONES, np.zeros(3), _turning(ArmAngles(elbow=0)))
    bent = solve_pose(BIND_BONES, np.zeros(3), _turning(ArmAngles(elbow=90)))
    for joint in (Joint.HAND_LEFT, Joint.HAND_RIGHT):
        up, forward, _ = bent.positions[joint] - straight.positions[joint]
        assert up > 150
        assert forward > 150


@given(arms)
def test_the_pose_chains_the_bones_and_keeps_the_fixed_rotations(arm: ArmAngles) -> None:
    pose = solve_pose(BIND_BONES, np.array([10.0, 20.0, 30.0]), _turning(arm))
    np.testing.assert_allclose(
        pose.rotations @ pose.rotations.transpose(0, 2, 1), [np.eye(3)] * 32, atol=1e-9
    )
    for joint in Joint:
        parent = PARENTS[joint]
        if parent < 0:
            continue
        bone = pose.rotations[parent].T @ (pose.positions[joint] - pose.positions[parent])
        np.testing.assert_allclose(bone, BIND_BONES[joint], atol=1e-9)
        if joint.rotation is not None:
            local = matrix_to_quaternion(pose.rotations[parent].T @ pose.rotations[joint])
            assert abs(local @ np.array(joint.rotation)) == pytest.approx(1, abs=2e-3)


@given(st.floats(-250, 250), st.floats(-80, 80), st.floats(430, 640), st.floats(-60, 60), st.booleans())
def test_a_solved_leg_reaches_its_ankle_and_bends_at_the_knee_only_backwards(
    ahead: float, aside: float, down: float, heading: float, left: bool
) -> None:
    body = body_frame(heading)
    hip = np.array([100.0, -900.0, 2500.0])
    ankle = hip + body @ np.array([-down, ahead, aside])
    thigh, shank = 357.0, 343.0
    turning, reached = leg_rotations(hip, ankle, body[:, 1], body, thigh, shank, left)
    np.testing.assert_allclose(reached, ankle, atol=1e-6)
    sign = 1 if left else -1
    names = (Joint.HIP_LEFT, Joint.KNEE_LEFT) if left else (Joint.HIP_RIGHT, Joint.KNEE_RIGHT)
    upper, lower = (turning[j] for j in names)
    knee = hip - sign * thigh * upper[:, 0]
    np.testing.assert_allclose(knee - sign * shank * lower[:, 0], ankle, atol=1e-6)
    bend = upper.T @ lower  # about Z only, and never the wrong way
    assert bend[2, 2] == pytest.approx(1)
    assert bend[1, 0] >= 0
    assert (knee - (hip + ankle) / 2) @ body[:, 1] > 0
    for rotation in turning.values():
        assert np.linalg.det(rotation) == pytest.approx(1)


def test_a_leg_that_is_too_short_stops_on_the_way() -> None:
    hip, ankle = np.zeros(3), np.array([0.0, 1000.0, 0.0])
    _, reached = leg_rotations(hip, ankle, np.array([0.0, 0, -1]), body_frame(0), 357.0, 343.0, True)
    np.testing.assert_allclose(reached, [0, 0.999 * 700, 0])


def test_a_body_frame_is_up_forward_and_left() -> None:
    up, forward, left = body_frame(0).T
    np.testing.assert_allclose([up, forward, left], [[0, -1, 0], [0, 0, -1], [1, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(body_frame(90)[:, 1], [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(body_frame(0) @ turn(0, 30.0), body_frame(30), atol=1e-12)
