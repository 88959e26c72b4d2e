import numpy as np
import pytest
from training.bodies import Bank
from training.samples import ACTION, PRESENT, SIDE_MM, SIZE, VISIBLE, YAW, Z0_MM, Samples, generate
from training.sensor import NONE

from bodychan.model.skeleton import Joint

COUNT = 300


@pytest.fixture(scope="module")
def samples(bank: Bank) -> Samples:
    return generate(bank, COUNT, 11)


def test_the_same_number_gives_the_same_samples(bank: Bank, samples: Samples) -> None:
    for one, other in zip(generate(bank, COUNT, 11), samples, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(generate(bank, 20, 12).depth, samples.depth[:20])


def test_in_some_crops_nobody_is_there_and_then_nothing_is_seen(samples: Samples) -> None:
    nobody = samples.about[:, PRESENT] == 0
    assert 0.05 < nobody.mean() < 0.2
    assert (samples.visible[nobody] != VISIBLE).all()


def test_visible_joints_lie_behind_the_skin_that_is_seen_before_them(samples: Samples) -> None:
    deep: dict[int, list[float]] = {int(j): [] for j in Joint}
    for depth, joints, visible, about in zip(
        samples.depth, samples.joints, samples.visible, samples.about, strict=True
    ):
        for j in np.flatnonzero(visible == VISIBLE):
            column, row = (joints[j, :2] * SIZE).astype(int)
            behind = joints[j, 2] * about[SIDE_MM] - depth[row, column]
            if depth[row, column] != NONE and behind > -100:  # else just off the body's outline
                deep[int(j)].append(behind)
    medians = {j: float(np.median(values)) for j, values in deep.items() if len(values) > 20}
    assert len(medians) > 25
    assert min(medians.values()) > -20, "of a body the joints lie inside, give or take an ear"
    assert max(medians.values()) < 260
    assert medians[Joint.PELVIS] > medians[Joint.WRIST_LEFT] + 40


def test_left_and_right_are_the_persons_own(samples: Samples) -> None:
    """Of those who face the camera and do not lie, the left hip is to the right in the image."""
    about = samples.about
    facing = (about[:, PRESENT] > 0) & (np.cos(about[:, YAW]) < -0.8) & (about[:, ACTION] < 2)
    hips = samples.joints[facing][:, [Joint.HIP_LEFT, Joint.HIP_RIGHT], 0]
    assert facing.sum() > 30
    assert (hips[:, 0] > hips[:, 1]).mean() > 0.97


def test_bodies_in_crops_have_the_size_of_people(samples: Samples) -> None:
    """Shanks from crops' numbers: what truth says, with the camera's own scale, is some decimetres long."""
    there = samples.about[:, PRESENT] > 0
    side, z0 = samples.about[there, SIDE_MM, None], samples.about[there, Z0_MM, None]
    joints = samples.joints[there]
    depth = z0 + joints[..., 2] * side
    across = (joints[..., :2] - 0.5) * (side / z0 * depth)[..., None]
    places = np.concatenate([across, depth[..., None]], axis=2)
    shanks = np.linalg.norm(places[:, Joint.KNEE_LEFT] - places[:, Joint.ANKLE_LEFT], axis=1)
    assert 300 < np.median(shanks) < 520
    assert (shanks > 150).all()
