from dataclasses import replace

import numpy as np
import pytest

from bodychan.fusion.joints import Joined, Word, joined
from bodychan.model.arrays import F64
from bodychan.model.rotations import quaternion_to_matrix
from bodychan.model.skeleton import BIND_BONES, PARENTS, Confidence, Joint
from rigs import bodies_of, moments, oval

MEDIUM = np.full(32, Confidence.MEDIUM, np.uint8)
TURNING = [joint for joint in Joint if joint.rotation is None]
FRONT, SIDE = np.array([0.0, -1200.0, 0.0]), np.array([-2650.0, -1200.0, 2650.0])


def word(place: F64, second: float = 1.0, errors: float | None = 25.0) -> Word:
    """What a camera without any error says."""
    joints, orientations = bodies_of([oval], second)
    return Word(joints[0], orientations[0], MEDIUM, None if errors is None else np.full(32, errors), place)


def merged(*words: Word, before: Joined | None = None, seconds: float = 0.0) -> Joined:
    return joined(words, np.stack([each.counts() for each in words]), before, seconds)


def off(body: Joined, second: float = 1.0) -> F64:
    return np.asarray(np.linalg.norm(body.joints - bodies_of([oval], second)[0][0], axis=1))


def test_cameras_that_agree_are_believed() -> None:
    body = merged(word(FRONT), word(SIDE))
    assert off(body).max() < 1
    turned = quaternion_to_matrix(body.orientations) - quaternion_to_matrix(word(FRONT).orientations)
    assert np.abs(turned[TURNING]).max() < 0.02
    assert body.errors == pytest.approx(25.0 / np.sqrt(2), rel=0.5)


def test_a_merged_body_hangs_together_and_keeps_its_lengths() -> None:
    rng, body, lengths = np.random.default_rng(3), None, []
    for before, second in zip(moments(61)[:-1], moments(61)[1:], strict=True):
        noisy = [
            replace(said, joints=said.joints + rng.normal(0, 15, (32, 3)))
            for said in (word(FRONT, second), word(SIDE, second))
        ]
        body = merged(*noisy, before=body, seconds=second - before)
        frames = quaternion_to_matrix(body.orientations)
        bones = body.joints[1:] - body.joints[list(PARENTS)[1:]]
        mm = np.linalg.norm(bones, axis=1)
        along = np.einsum("nij,nj->ni", frames[list(PARENTS)[1:]], BIND_BONES[1:])
        along /= np.linalg.norm(BIND_BONES[1:], axis=1, keepdims=True)
        np.testing.assert_allclose(bones, along * mm[:, None], atol=1e-6)
        lengths.append(mm)
    spread = np.std(lengths[30:], axis=0)
    assert (spread / np.mean(lengths[30:], axis=0)).max() < 0.02


def test_who_expects_smaller_errors_is_believed_more() -> None:
    true = word(FRONT)
    astray = true.joints + np.array([40.0, 0.0, 0.0])
    sure = [
        merged(word(FRONT, errors=good), replace(word(SIDE, errors=bad), joints=astray))
        for good, bad in ((15.0, 60.0), (60.0, 15.0))
    ]
    assert off(sure[0]).mean() < 5
    assert off(sure[1]).mean() > 35


def test_what_is_not_seen_counts_less_though_its_error_seems_small() -> None:
    arm = [Joint.ELBOW_LEFT, Joint.WRIST_LEFT, Joint.HAND_LEFT, Joint.HANDTIP_LEFT, Joint.THUMB_LEFT]
    confidence = MEDIUM.copy()
    confidence[arm] = Confidence.LOW
    astray = word(SIDE).joints.copy()
    astray[arm] += (0.0, 0.0, 80.0)
    hidden, seen = (
        merged(word(FRONT), replace(word(SIDE), joints=astray, confidence=which))
        for which in (confidence, MEDIUM)
    )
    assert off(hidden)[arm].mean() < 0.75 * off(seen)[arm].mean()


def test_without_errors_confidence_distance_and_how_much_is_seen_decide() -> None:
    said = word(FRONT, errors=None)
    low = replace(said, confidence=np.full(32, Confidence.LOW, np.uint8))
    none = replace(said, confidence=np.zeros(32, np.uint8))
    far = replace(said, place=FRONT - (0.0, 0.0, 4000.0))
    half = replace(
        said, confidence=np.where(np.arange(32) < 16, Confidence.MEDIUM, Confidence.LOW).astype(np.uint8)
    )
    assert (said.counts() > 5 * low.counts()).all()
    assert (low.counts() > 2 * none.counts()).all()
    assert (said.counts() > 1.3 * far.counts()).all()
    assert (said.counts()[:16] > half.counts()[:16]).all()


def test_a_joint_far_behind_the_pelvis_counts_less() -> None:
    said = word(FRONT)
    joints = said.joints.copy()
    joints[Joint.WRIST_LEFT] = joints[Joint.PELVIS] + (0.0, 0.0, 550.0)
    counts = replace(said, joints=joints).counts()
    assert counts[Joint.WRIST_LEFT] == pytest.approx(1 / 25.0**2 / 4, rel=0.1)


def test_joints_of_a_tracker_without_orientations_are_where_it_says() -> None:
    none = np.tile([1.0, 0.0, 0.0, 0.0], (32, 1))
    body = None
    for _ in range(5):
        words = [replace(word(place), orientations=none) for place in (FRONT, SIDE)]
        body = merged(*words, before=body, seconds=1 / 15)
    assert body is not None
    assert np.median(off(body)) < 15
    assert off(body).max() < 60  # face, hands and feet lie as the template has them


def test_one_who_contradicts_two_is_overruled() -> None:
    there = word(SIDE).joints
    third = replace(word(-SIDE), joints=there + np.array([0.0, 250.0, 0.0]))
    body = merged(word(FRONT), word(SIDE), word(SIDE), third)
    assert off(body).mean() < 20
