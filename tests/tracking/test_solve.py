import numpy as np
import pytest

from bodychan.skeleton import Joint
from bodychan.tracking.shape import CORE, link_lengths
from bodychan.tracking.solve import solve
from bodychan.types import F64
from people import person

EVERYTHING = np.ones(len(CORE), dtype=bool)
LIMBS = slice(0, 8)


def joints(yaw: float = 20.0) -> F64:
    return person(yaw=yaw).positions[list(CORE)]


def test_joints_whose_lengths_hold_stay_where_they_are() -> None:
    true = joints()
    assert np.allclose(solve(true, EVERYTHING, link_lengths(true)), true, atol=1e-6)


@pytest.mark.parametrize("yaw", [0.0, 50.0, 180.0, -90.0])
def test_noisy_joints_come_nearer_to_the_truth_and_their_bones_to_their_lengths(yaw: float) -> None:
    true = joints(yaw)
    rng = np.random.default_rng(7)
    before, after = [], []
    for _ in range(50):
        noisy = true + rng.normal(0, 20, true.shape)
        found = solve(noisy, EVERYTHING, link_lengths(true))
        before.append(np.linalg.norm(noisy - true))
        after.append(np.linalg.norm(found - true))
        assert np.abs(link_lengths(found) - link_lengths(true))[LIMBS].max() < 8
    assert np.mean(after) < 0.95 * np.mean(before)


def test_a_joint_at_a_wrong_depth_is_put_where_its_bones_reach() -> None:
    true = person(knee=0.0).positions[list(CORE)]
    knee = CORE.index(Joint.KNEE_LEFT)
    wrong = true.copy()
    wrong[knee] *= 1 + 300 / true[knee, 2]
    found = solve(wrong, EVERYTHING, link_lengths(true))
    assert np.linalg.norm(found[knee] - true[knee]) < 0.7 * np.linalg.norm(wrong[knee] - true[knee])


def test_what_was_not_seen_hardly_moves_what_was() -> None:
    true = joints()
    knee = CORE.index(Joint.KNEE_RIGHT)
    wrong = true.copy()
    wrong[knee] -= (0.0, 100.0, 0.0)  # up the thigh, which makes it too short and the shank too long
    unseen = EVERYTHING.copy()
    unseen[knee] = False
    off = [
        np.linalg.norm(solve(wrong, seen, link_lengths(true)) - true, axis=1) for seen in (EVERYTHING, unseen)
    ]
    assert np.delete(off[1], knee).max() < np.delete(off[0], knee).max()


def test_all_joints_in_one_place_still_give_finite_numbers() -> None:
    place = np.tile([0.0, 0.0, 2000.0], (len(CORE), 1))
    assert np.isfinite(solve(place, EVERYTHING, link_lengths(joints()))).all()
    assert np.isfinite(solve(np.zeros((len(CORE), 3)), ~EVERYTHING, link_lengths(joints()))).all()
