import numpy as np
import pytest

from bodychan.articulated.articulate import TREE, hang
from bodychan.articulated.turns import calmed
from bodychan.model.arrays import F64
from bodychan.model.rotations import (
    matrix_to_quaternion,
    quaternion_product,
    quaternion_to_matrix,
    quaternion_to_vector,
    vector_to_quaternion,
)
from bodychan.model.skeleton import BIND_BONES, JOINT_COUNT, PARENTS, Joint

LENGTHS = np.linalg.norm(BIND_BONES, axis=1)
PERIOD = 1.0 / 30.0


def _body(turns: dict[Joint, tuple[float, float, float]]) -> F64:
    """Frames (32, 3, 3) of somebody at rest but for turned joints, by rotation vectors in degrees."""
    frames = np.tile(np.eye(3), (JOINT_COUNT, 1, 1))
    for joint, vector in turns.items():
        frames[joint] = quaternion_to_matrix(vector_to_quaternion(np.radians(vector)))
    for joint in Joint:
        if not TREE.turning[joint]:
            frames[joint] = frames[PARENTS[joint]] @ TREE.fixed[joint]
    return frames


def _apart(frames: F64, others: F64) -> F64:
    inverse = matrix_to_quaternion(others) * np.array([1.0, -1.0, -1.0, -1.0])
    vectors = quaternion_to_vector(quaternion_product(matrix_to_quaternion(frames), inverse))
    return np.asarray(np.degrees(np.linalg.norm(vectors, axis=-1)))


def test_who_moves_as_people_do_is_left_as_they_are() -> None:
    before, now = _body({}), _body({Joint.WRIST_LEFT: (0.0, 80.0, 0.0), Joint.HEAD: (30.0, 0.0, 40.0)})
    joints = hang(np.zeros(3), now, LENGTHS)
    found, frames = calmed(joints, now, LENGTHS, before, PERIOD)
    assert found is joints
    assert frames is now


@pytest.mark.parametrize("degrees", [95.0, 140.0, 179.0])
def test_a_trunk_that_flips_turns_on_as_far_as_it_can(degrees: float) -> None:
    before, now = _body({}), _body({Joint.PELVIS: (0.0, degrees, 0.0)})
    _, frames = calmed(hang(np.zeros(3), now, LENGTHS), now, LENGTHS, before, PERIOD)
    assert _apart(frames, before)[Joint.PELVIS] == pytest.approx(85.0)
    assert _apart(frames, now)[Joint.PELVIS] == pytest.approx(degrees - 85.0)
    _, later = calmed(hang(np.zeros(3), now, LENGTHS), now, LENGTHS, frames, PERIOD)
    left = max(degrees - 170.0, 0.0)
    assert _apart(later, now)[Joint.PELVIS] == pytest.approx(left, abs=1e-6)


def test_what_has_had_time_may_turn_farther() -> None:
    before, now = _body({}), _body({Joint.ELBOW_LEFT: (150.0, 0.0, 0.0)})
    _, frames = calmed(hang(np.zeros(3), now, LENGTHS), now, LENGTHS, before, 2 * PERIOD)
    assert frames is now


def test_the_body_still_hangs_together_where_its_root_is() -> None:
    root = np.array([100.0, 200.0, 3000.0])
    before = _body({})
    now = _body({Joint.WRIST_LEFT: (0.0, 170.0, 0.0), Joint.SHOULDER_RIGHT: (120.0, 0.0, 0.0)})
    found, frames = calmed(hang(root, now, LENGTHS), now, LENGTHS, before, PERIOD)
    np.testing.assert_allclose(found[0], root)
    np.testing.assert_allclose(found, hang(root, frames, LENGTHS))
    np.testing.assert_allclose(frames @ frames.transpose(0, 2, 1), np.tile(np.eye(3), (32, 1, 1)), atol=1e-12)
    np.testing.assert_allclose(
        frames[Joint.HAND_LEFT], frames[Joint.WRIST_LEFT] @ TREE.fixed[Joint.HAND_LEFT], atol=1e-12
    )
    assert _apart(frames, before).max() == pytest.approx(85.0)
