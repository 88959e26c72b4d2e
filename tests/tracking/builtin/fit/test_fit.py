from dataclasses import replace

import numpy as np
import pytest

from bodychan.model.arrays import F64
from bodychan.model.rotations import quaternion_to_matrix
from bodychan.model.skeleton import BIND_BONES, Joint
from bodychan.tracking.blazepose.landmarks import Landmark
from bodychan.tracking.builtin.fit.fit import Pose, core_joints, fit
from bodychan.tracking.builtin.observe.complete import Completed
from people import Person, person

POSES = [
    person(),
    person(yaw=70.0),
    person(yaw=180.0, elbow=10.0, knee=15.0),
    person(elbow=90.0, arm=60.0, knee=60.0, scale=0.8),
    person(bend=25.0, place=(600.0, -200.0, 3200.0)),
]
NAMES = ["standing", "sideways", "from behind", "child stepping", "bent and aside"]
LIMBS = [
    Joint[f"{part}_{side}"]
    for part in ("SHOULDER", "ELBOW", "WRIST", "HAND", "HANDTIP", "THUMB", "HIP", "KNEE", "ANKLE", "FOOT")
    for side in ("LEFT", "RIGHT")
]
TRUNK = [Joint.PELVIS, Joint.SPINE_NAVEL, Joint.SPINE_CHEST, Joint.NECK]


def hung(body: Completed, previous: Pose | None) -> Pose:
    """The skeleton on the joints as they were seen."""
    return fit(body, core_joints(body)[0], previous)


def degrees_apart(pose: Pose, frames: F64) -> F64:
    found = quaternion_to_matrix(pose.orientations)
    cosine = (np.einsum("nij,nij->n", found, frames) - 1) / 2
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


@pytest.mark.parametrize("true", POSES, ids=NAMES)
def test_limbs_come_back_where_they_are(true: Person) -> None:
    pose = hung(true.completed(), None)
    off = np.linalg.norm(pose.positions - true.positions, axis=1)
    assert off[LIMBS].max() < 2
    assert degrees_apart(pose, true.frames)[LIMBS].max() < 4


@pytest.mark.parametrize("true", POSES, ids=NAMES)
def test_trunk_and_head_come_back_as_near_as_the_proportions_allow(true: Person) -> None:
    pose = hung(true.completed(), None)
    off = np.linalg.norm(pose.positions - true.positions, axis=1)
    assert off[TRUNK].max() < 35
    turned = degrees_apart(pose, true.frames)
    assert turned[Joint.PELVIS] < 6
    assert turned[Joint.HEAD] < 3
    assert turned[Joint.SPINE_CHEST] < 15


@pytest.mark.parametrize("true", POSES, ids=NAMES)
def test_a_mirrored_person_gives_the_mirrored_pose(true: Person) -> None:
    pose = hung(true.completed(), None)
    mirrored = hung(true.mirrored().completed(), None)
    expected = Person(pose.positions, quaternion_to_matrix(pose.orientations), true.scale).mirrored()
    assert np.allclose(mirrored.positions, expected.positions, atol=1e-6)
    own = [j for j in Joint if j.rotation is None]
    assert degrees_apart(mirrored, expected.frames)[own].max() < 0.01


@pytest.mark.parametrize("true", POSES, ids=NAMES)
def test_every_joint_lies_in_the_direction_that_its_parent_s_frame_gives(true: Person) -> None:
    pose = hung(true.completed(), None)
    frames = quaternion_to_matrix(pose.orientations)
    free = {Joint.HEAD, Joint.HIP_LEFT, Joint.HIP_RIGHT}  # set by what is seen, not by neck and pelvis
    for joint in Joint:
        if joint.parent is None or joint in free:
            continue
        bone = pose.positions[joint] - pose.positions[joint.parent]
        template = frames[joint.parent] @ BIND_BONES[joint]
        cosine = bone @ template / np.linalg.norm(bone) / np.linalg.norm(template)
        assert cosine == pytest.approx(1, abs=1e-6), joint.name


@pytest.mark.parametrize("yaw", [0.0, 60.0, -90.0])
def test_the_head_comes_back_from_the_face(yaw: float) -> None:
    true = person(yaw=yaw)
    assert np.linalg.norm(hung(true.completed(), None).positions - true.positions, axis=1)[Joint.HEAD] < 5


def test_from_behind_the_head_lies_below_the_skin_that_is_seen() -> None:
    true = person(yaw=180.0)
    body = true.completed()
    face = list(range(Landmark.MOUTH_RIGHT + 1))
    back = true.positions[Joint.HEAD, 2] - 70.0 * true.scale
    body.points[face] *= back / body.points[face, 2:]
    assert np.linalg.norm(hung(body, None).positions - true.positions, axis=1)[Joint.HEAD] < 15


def test_quaternions_keep_their_sign_from_capture_to_capture() -> None:
    previous = hung(person(yaw=-170.0).completed(), None)
    for yaw in range(-170, 200, 10):
        pose = hung(person(yaw=float(yaw)).completed(), previous)
        assert np.allclose(np.linalg.norm(pose.orientations, axis=1), 1)
        assert (np.einsum("ij,ij->i", pose.orientations, previous.orientations) > 0).all()
        previous = pose


def test_a_joint_that_was_not_seen_has_low_confidence() -> None:
    body = person().completed()
    seen = body.seen.copy()
    seen[[Landmark.WRIST_LEFT, Landmark.HIP_LEFT, Landmark.HIP_RIGHT, Landmark.TOE_RIGHT]] = False
    confidence = hung(replace(body, seen=seen), None).confidence
    low = [Joint.WRIST_LEFT, Joint.HIP_LEFT, Joint.HIP_RIGHT, Joint.FOOT_RIGHT, Joint.PELVIS]
    low += [Joint.SPINE_NAVEL, Joint.SPINE_CHEST]
    assert (confidence[low] == 1).all()
    assert (np.delete(confidence, low) == 2).all()


def test_landmarks_all_in_one_place_still_give_finite_numbers() -> None:
    body = person().completed()
    point = np.tile([0.0, 0.0, 2000.0], (len(body.points), 1))
    pose = hung(replace(body, points=point, world=np.zeros_like(point)), None)
    assert np.isfinite(pose.positions).all()
    assert np.allclose(np.linalg.norm(pose.orientations, axis=1), 1)
