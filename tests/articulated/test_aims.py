import numpy as np
import pytest

from bodychan.articulated.aims import aims, first_frames
from bodychan.model.skeleton import JOINT_COUNT, Joint
from people import person

SIGMA = np.full(JOINT_COUNT, 12.0)


def test_the_pelvis_lies_between_the_hips_and_ends_count_for_less() -> None:
    joints = person().positions
    joints[Joint.PELVIS] += 40.0
    aim = aims(joints, SIGMA)
    assert np.allclose(aim.joints[Joint.PELVIS], joints[[Joint.HIP_LEFT, Joint.HIP_RIGHT]].mean(axis=0))
    assert aim.slack[Joint.FOOT_LEFT] > aim.slack[Joint.KNEE_LEFT] == aim.sigma[Joint.KNEE_LEFT]
    assert aim.sigma[Joint.FOOT_LEFT] == SIGMA[Joint.FOOT_LEFT]


@pytest.mark.parametrize("yaw", [0.0, 60.0, 180.0, 250.0])
def test_the_first_frames_are_those_of_the_person(yaw: float) -> None:
    somebody = person(yaw=yaw, elbow=50.0, knee=40.0)
    frames = first_frames(somebody.positions, None, 0.0)
    for name in ("PELVIS", "SPINE_CHEST", "SHOULDER_LEFT", "ELBOW_RIGHT", "HIP_LEFT", "KNEE_RIGHT"):
        turned = frames[Joint[name]].T @ somebody.frames[Joint[name]]
        angle = np.degrees(np.arccos(np.clip((np.trace(turned) - 1) / 2, -1, 1)))
        assert angle < 12, name
