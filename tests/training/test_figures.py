import numpy as np
import pytest
from training.bodies import FOREARM, HIPS, SHANK, TRUNK, Bank
from training.figures import _hang, _straighten, dress, held_cloth, joints_at_rest, stretched
from training.geometry import seed

from bodychan.model.skeleton import Joint


def _rest_joints(bank: Bank, heads: np.ndarray, tails: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    bare = vertices.astype(np.float64)
    return joints_at_rest(heads, tails, bare, bank.nose, bank.left_ear, bank.right_ear)


def test_clothes_lie_on_the_body_or_stand_off_it(bank: Bank) -> None:
    seed(3)
    for k in range(10):
        rest = bank.vertices[k]
        dressed = dress(rest, bank.faces, bank.parts, bank.heads[k])
        moved = np.linalg.norm(dressed - rest, axis=1)
        trunk = bank.parts == TRUNK
        assert 0.0005 < np.median(moved[trunk]) < 0.12
        front = trunk & (rest[:, 2] > np.quantile(rest[trunk, 2], 0.9))
        assert (dressed[front, 2] >= rest[front, 2] - 1e-6).mean() > 0.9


def test_a_shirt_that_hangs_comes_no_nearer_to_the_spine_on_its_way_down(bank: Bank) -> None:
    points, kinds = bank.vertices[1].astype(np.float64), bank.parts
    _hang(points, kinds, 1.0, 1.0)
    shirt = (kinds == TRUNK) | (kinds == HIPS)
    middle = bank.vertices[1][shirt, 2].mean()
    strip = shirt & (points[:, 0] > 0.0) & (points[:, 0] < 0.05) & (points[:, 2] > middle)
    down = np.argsort(-points[strip, 1])
    assert strip.sum() > 10
    assert (np.diff(points[strip, 2][down]) >= -1e-9).all()


@pytest.mark.parametrize(("part", "first", "last"), [(SHANK, 4, 6), (FOREARM, 78, 80)])
def test_a_straight_trouser_leg_or_sleeve_does_not_become_thinner(
    bank: Bank, part: int, first: int, last: int
) -> None:
    before = bank.vertices[2].astype(np.float64)
    start, end = bank.heads[2][[first, last]].astype(np.float64)
    points = before.copy()
    _straighten(points, bank.parts == part, start, end, 1.0)
    axis = (end - start) / np.linalg.norm(end - start)

    def girths(vertices: np.ndarray) -> np.ndarray:
        along = (vertices - start) @ axis / np.linalg.norm(end - start)
        radius = np.linalg.norm(vertices - start - (vertices - start) @ axis[:, None] * axis, axis=1)
        mine = (bank.parts == part) & (radius < 0.2)
        shares = ((0.3, 0.6), (0.75, 1.0))
        return np.array([radius[mine & (along > low) & (along < high)].mean() for low, high in shares])

    bare, clad = girths(before), girths(points)
    assert bare[1] < 0.9 * bare[0], "limbs become thinner"
    assert clad[1] / clad[0] > bare[1] / bare[0] + 0.05
    assert (clad >= bare - 1e-9).all()


def test_stretched_bodies_have_other_proportions_on_both_sides_alike(bank: Bank) -> None:
    seed(5)
    thighs = []
    for _ in range(30):
        vertices, heads, tails = stretched(
            bank.vertices[0], bank.heads[0], bank.tails[0], bank.parents, bank.weights, bank.indices
        )
        j = _rest_joints(bank, heads, tails, vertices)
        left = np.linalg.norm(j[Joint.HIP_LEFT] - j[Joint.KNEE_LEFT])
        right = np.linalg.norm(j[Joint.HIP_RIGHT] - j[Joint.KNEE_RIGHT])
        assert abs(left - right) < 0.004
        thighs.append(left)
    assert 0.02 < np.std(thighs) / np.mean(thighs) < 0.09


def test_upper_arms_are_little_longer_than_forearms_as_between_people_s_joint_centres(bank: Bank) -> None:
    seed(6)
    shares = []
    for k in range(len(bank.vertices)):
        body = bank.vertices[k], bank.heads[k], bank.tails[k], bank.parents, bank.weights, bank.indices
        _, heads, _ = stretched(*body)
        shares.append([_ratio(heads, *arm) for arm in ((50, 52, 54), (76, 78, 80))])
    left, right = np.transpose(shares)
    np.testing.assert_allclose(left, right, rtol=5e-3)
    assert 1.0 < left.mean() < 1.1, "1.048 for men, 1.041 for women by de Leva"
    assert 0.03 < left.std() < 0.08


def _ratio(heads: np.ndarray, first: int, second: int, last: int) -> float:
    upper, lower = np.linalg.norm(heads[second] - heads[first]), np.linalg.norm(heads[last] - heads[second])
    return float(upper / lower)


def test_held_cloth_hangs_down_between_both_hands() -> None:
    seed(8)
    left, right = np.array([0.25, 1.2, 0.4]), np.array([-0.2, 1.25, 0.35])
    cloth = held_cloth(left, right, 1.0)
    assert cloth[:, 1].max() < 1.35
    assert cloth[:, 1].min() < 1.05
    along = (cloth - (left + right) / 2) @ (left - right) / np.linalg.norm(left - right)
    top = along[: len(along) // 7]
    assert top.max() > 0.2, "from hand to hand"
    assert top.min() < -0.2
    assert np.ptp((cloth - left) @ np.array([0.0, 0.0, 1.0])) < 0.5, "flat"
