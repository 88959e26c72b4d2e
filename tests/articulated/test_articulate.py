import numpy as np
import pytest

from bodychan.articulated.articulate import TREE, hang, settle
from bodychan.model.arrays import F64
from bodychan.model.skeleton import BIND_BONES, JOINT_COUNT, Joint
from people import Person, person, turn

LENGTHS = np.linalg.norm(BIND_BONES, axis=1) * 1.1
EVEN = np.full(JOINT_COUNT, 10.0)


@pytest.fixture
def somebody() -> Person:
    return person(yaw=25.0, elbow=60.0, arm=40.0, knee=30.0)


def test_a_body_that_fits_stays_as_it_is(somebody: Person) -> None:
    joints, frames = settle(somebody.positions, EVEN, LENGTHS, somebody.frames)
    assert np.abs(joints - somebody.positions).max() < 0.5
    assert np.abs(frames - somebody.frames).max() < 0.01


def test_joints_hang_on_their_parents_whatever_they_were_seen_at(somebody: Person) -> None:
    seen = somebody.positions + np.random.default_rng(1).normal(0, 60, (JOINT_COUNT, 3))
    joints, frames = settle(seen, EVEN, LENGTHS, somebody.frames)
    assert np.abs(hang(joints[0], frames, LENGTHS) - joints).max() < 1e-6
    assert np.abs(frames @ frames.transpose(0, 2, 1) - np.eye(3)).max() < 1e-4
    for joint in Joint:
        if joint.parent is not None and not TREE.turning[joint]:
            assert np.allclose(frames[joint], frames[joint.parent] @ TREE.fixed[joint])


def test_a_bent_arm_is_found_from_a_straight_one() -> None:
    start, end = person(elbow=10.0), person(elbow=80.0)
    joints, _ = settle(end.positions, EVEN, LENGTHS, start.frames)
    wrists = [Joint.WRIST_LEFT, Joint.WRIST_RIGHT]
    assert np.linalg.norm(joints[wrists] - end.positions[wrists], axis=1).max() < 10


def test_what_is_seen_badly_counts_little(somebody: Person) -> None:
    seen, sigma = somebody.positions.copy(), EVEN.copy()
    seen[Joint.WRIST_LEFT] += (0.0, 150.0, 0.0)
    well, _ = settle(seen, sigma, LENGTHS, somebody.frames)
    sigma[Joint.WRIST_LEFT] = 300.0
    badly, _ = settle(seen, sigma, LENGTHS, somebody.frames)
    off: list[F64] = [(j - somebody.positions)[Joint.WRIST_LEFT] for j in (well, badly)]
    assert np.linalg.norm(off[1]) < 20 < np.linalg.norm(off[0])


def test_the_head_may_bow_without_the_chest() -> None:
    upright = person()
    seen = upright.positions.copy()
    neck = seen[Joint.NECK]
    head = [j for j in Joint if j.part in ("HEAD", "NOSE", "EYE", "EAR")]
    seen[head] = (seen[head] - neck) @ turn(0, 30.0).T + neck
    joints, _ = settle(seen, EVEN, LENGTHS, upright.frames)
    assert np.linalg.norm(joints[Joint.HEAD] - seen[Joint.HEAD]) < 15
    assert np.linalg.norm(joints[Joint.NECK] - seen[Joint.NECK]) < 10
