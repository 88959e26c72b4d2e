import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bodychan.articulated.frames import REST, bone_frame, cross, frame
from bodychan.articulated.frames_kernels import orient
from bodychan.model.arrays import F64
from bodychan.model.skeleton import BIND_BONES, JOINT_COUNT, Joint
from people import person
from reference import frames_plain
from reference.frames_plain import hinge, kept

vectors = arrays(np.float64, (3,), elements=st.floats(-1, 1)).filter(lambda v: bool(np.linalg.norm(v) > 0.01))


@given(vectors, vectors, st.sampled_from([1, 2]))
def test_a_frame_is_a_rotation_with_x_along_the_bone(x: F64, hint: F64, axis: int) -> None:
    m = frame(x, hint, axis)
    assert np.allclose(m @ m.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(m) == pytest.approx(1)
    assert np.allclose(m[:, 0], x / np.linalg.norm(x), atol=1e-6)
    assert m[:, axis] @ hint >= -1e-6


def test_a_bone_without_length_still_gives_a_rotation() -> None:
    m = frame(np.zeros(3), np.zeros(3))
    assert np.linalg.det(m) == pytest.approx(1)


@given(vectors, vectors, st.sampled_from([j for j in Joint if j.parent is not None]))
def test_the_template_s_bone_lies_along_the_measured_one(bone: F64, hint: F64, child: Joint) -> None:
    turned = bone_frame(child, bone, hint) @ BIND_BONES[child]
    assert np.allclose(turned / np.linalg.norm(turned), bone / np.linalg.norm(bone), atol=1e-6)


def test_a_bent_limb_turns_about_the_axis_across_it_whatever_the_hint() -> None:
    upper, lower = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, -1.0])
    for hint in (np.array([1.0, 0.0, 0.0]), np.array([-1.0, 0.0, 0.0])):
        assert np.allclose(hinge(upper, lower, hint), [-1, 0, 0])


def test_a_straight_limb_follows_the_hint() -> None:
    down, hint = np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])
    assert np.allclose(hinge(down, down, hint), hint)


@given(vectors, vectors)
def test_the_cross_product_is_numpy_s(a: F64, b: F64) -> None:
    assert np.allclose(cross(a, b), np.cross(a, b))


Pose = tuple[F64, F64, F64, F64, F64, F64]


def given_pose(seed: int) -> Pose:
    random = np.random.default_rng(seed)
    trunk, chest, head = (frame(random.normal(size=3), random.normal(size=3)) for _ in range(3))
    joints = random.normal(0, 500, (JOINT_COUNT, 3))
    return joints, trunk, chest, head, random.normal(size=(2, 3)), random.normal(size=(2, 3))


@pytest.mark.parametrize("seed", range(20))
def test_the_compiled_frames_are_those_of_numpy(seed: int) -> None:
    pose, last = given_pose(seed), orient(*given_pose(seed + 100))
    assert np.allclose(orient(*pose), frames_plain.orient(*pose), rtol=0, atol=1e-12)
    for seconds in (0.0, 1 / 30, 1.0):
        fast, plain = (f(*pose, before=last, seconds=seconds) for f in (orient, frames_plain.orient))
        assert np.allclose(fast, plain, rtol=0, atol=1e-9)


def about_itself(one: F64, other: F64, upper: Joint, middle: Joint) -> float:
    """How far a limb's upper bone has turned about its own axis, in degrees; the bone itself stays."""
    a, b = ((frames[upper] @ REST[middle, 2])[:, 2] for frames in (one, other))
    return float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))


@pytest.mark.parametrize(
    ("upper", "middle", "lower"),
    [
        (Joint.SHOULDER_LEFT, Joint.ELBOW_LEFT, Joint.WRIST_LEFT),
        (Joint.HIP_RIGHT, Joint.KNEE_RIGHT, Joint.ANKLE_RIGHT),
    ],
)
def test_a_limb_that_seems_to_bend_the_other_way_for_a_capture_does_not_turn_round(
    upper: Joint, middle: Joint, lower: Joint
) -> None:
    true = person(elbow=8.0, knee=8.0)
    trunk, chest, head = (true.frames[j] for j in (Joint.PELVIS, Joint.SPINE_CHEST, Joint.HEAD))
    unknown = np.zeros((2, 3))

    def step(positions: F64, before: F64 | None) -> F64:
        return orient(positions, trunk, chest, head, unknown, unknown, before=before, seconds=1 / 30)

    first = step(true.positions, None)
    straight = (true.positions[upper] + true.positions[lower]) / 2
    noisy = true.positions.copy()
    noisy[middle] += 2.2 * (straight - true.positions[middle])
    found = step(noisy, first)
    assert about_itself(found, first, upper, middle) < 31
    assert about_itself(step(true.positions, found), first, upper, middle) < 31


def test_a_limb_that_really_turns_is_followed_as_fast_as_limbs_turn() -> None:
    bone, before = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    turned = np.array([0.0, np.cos(2.0), np.sin(2.0)])
    assert np.allclose(kept(turned, bone, before, 3.0), turned)
    assert np.allclose(kept(turned, bone, before, 0.5), [0.0, np.cos(0.5), np.sin(0.5)])
    assert np.allclose(kept(turned * (1, 1, -1), bone, before, 0.5), [0.0, np.cos(0.5), -np.sin(0.5)])
    assert np.allclose(kept(turned, bone, np.zeros(3), 0.5), turned)


def test_the_compiled_frames_are_those_of_numpy_where_positions_leave_them_open() -> None:
    joints, trunk, chest, head, palms, toes = given_pose(1)
    unknown = np.zeros((2, 3))
    for positions in (np.zeros((JOINT_COUNT, 3)), joints, straight_up(chest)):
        pose = (positions, trunk, chest, head, unknown, unknown)
        assert np.allclose(orient(*pose), frames_plain.orient(*pose), rtol=0, atol=1e-12)
    whole = person().positions
    assert np.allclose(
        orient(whole, trunk.T, chest, head, palms, toes),
        frames_plain.orient(whole, trunk.T, chest, head, palms, toes),
    )


def straight_up(chest: F64) -> F64:
    """Joints all in one line, along which the arms turn half round from where they hang."""
    return np.arange(JOINT_COUNT)[:, None] * 100.0 * chest[:, 0]
