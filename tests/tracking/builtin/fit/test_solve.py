import numpy as np
import pytest

from bodychan.model.arrays import F64, Bool
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.fit import solve_kernels, solve_plain
from bodychan.tracking.builtin.fit.capsules import Capsules
from bodychan.tracking.builtin.fit.proportions import CORE, link_lengths
from bodychan.tracking.builtin.fit.solve import Seen, solve
from bodychan.tracking.builtin.fit.solve_plain import Wanted
from people import person

EVERYTHING = np.ones(len(CORE), dtype=bool)
LIMBS = slice(0, 8)


def joints(yaw: float = 20.0) -> F64:
    return person(yaw=yaw).positions[list(CORE)]


NOTHING = np.zeros((0, 3))
USUAL = Capsules.of(1.1, np.ones(4), np.array([0.0, -600.0, 2500.0]))
CORES = {joint: row for row, joint in enumerate(CORE)}


def solved(places: F64, measured: Bool, lengths: F64, points: F64 = NOTHING, cover: F64 | None = None) -> F64:
    cover = np.zeros(len(CORE)) if cover is None else cover
    return solve(Seen(places, measured, points, cover), lengths, USUAL).joints


def skin(true: F64, around: Capsules = USUAL) -> F64:
    """Points on the sides of the arms' and legs' capsules that face the camera."""
    starts, ends = (line[:8] for line in around.lines(true))
    share, angle = (g.ravel() for g in np.meshgrid(np.linspace(0.05, 0.95, 20), np.linspace(-1.5, 1.5, 15)))
    points = []
    for start, end, (first, last) in zip(starts, ends, around.radii, strict=False):
        middle = start + share[:, None] * (end - start)
        near = -middle / np.linalg.norm(middle, axis=1)[:, None]
        along = (end - start) / np.linalg.norm(end - start)
        near -= (near @ along)[:, None] * along
        near /= np.linalg.norm(near, axis=1)[:, None]
        out = np.cos(angle)[:, None] * near + np.sin(angle)[:, None] * np.cross(along, near)
        points.append(middle + (first + share * (last - first))[:, None] * out)
    return np.concatenate(points)


def test_joints_whose_lengths_hold_stay_where_they_are() -> None:
    true = joints()
    assert np.allclose(solved(true, EVERYTHING, link_lengths(true)), true, atol=1e-6)


@pytest.mark.parametrize("yaw", [0.0, 50.0, 180.0, -90.0])
def test_noisy_joints_come_nearer_to_the_truth_and_their_bones_to_their_lengths(yaw: float) -> None:
    true = joints(yaw)
    rng = np.random.default_rng(7)
    before, after = [], []
    for _ in range(50):
        noisy = true + rng.normal(0, 20, true.shape)
        found = solved(noisy, EVERYTHING, link_lengths(true))
        before.append(np.linalg.norm(noisy - true))
        after.append(np.linalg.norm(found - true))
        assert np.abs(link_lengths(found) - link_lengths(true))[LIMBS].max() < 8
    assert np.mean(after) < 0.95 * np.mean(before)


def test_a_joint_at_a_wrong_depth_is_put_where_its_bones_reach() -> None:
    true = person(knee=0.0).positions[list(CORE)]
    knee = CORE.index(Joint.KNEE_LEFT)
    wrong = true.copy()
    wrong[knee] *= 1 + 300 / true[knee, 2]
    found = solved(wrong, EVERYTHING, link_lengths(true))
    assert np.linalg.norm(found[knee] - true[knee]) < 0.7 * np.linalg.norm(wrong[knee] - true[knee])


def test_what_was_not_seen_hardly_moves_what_was() -> None:
    true = joints()
    knee = CORE.index(Joint.KNEE_RIGHT)
    wrong = true.copy()
    wrong[knee] -= (0.0, 100.0, 0.0)  # up the thigh, which makes it too short and the shank too long
    unseen = EVERYTHING.copy()
    unseen[knee] = False
    off = [
        np.linalg.norm(solved(wrong, seen, link_lengths(true)) - true, axis=1)
        for seen in (EVERYTHING, unseen)
    ]
    assert np.delete(off[1], knee).max() < np.delete(off[0], knee).max()


def test_all_joints_in_one_place_still_give_finite_numbers() -> None:
    place = np.tile([0.0, 0.0, 2000.0], (len(CORE), 1))
    assert np.isfinite(solved(place, EVERYTHING, link_lengths(joints()))).all()
    assert np.isfinite(solved(np.zeros((len(CORE), 3)), ~EVERYTHING, link_lengths(joints()))).all()


def test_the_skin_pulls_limbs_to_their_middle() -> None:
    true = joints()
    rng = np.random.default_rng(11)
    limbs = [row for joint, row in CORES.items() if "ELBOW" in joint.name or "KNEE" in joint.name]
    before, after = [], []
    for _ in range(20):
        noisy = true + rng.normal(0, 15, true.shape)
        found = [
            solved(noisy, EVERYTHING, link_lengths(true), points)[limbs] for points in (NOTHING, skin(true))
        ]
        errors = [np.linalg.norm(f - true[limbs], axis=1).mean() for f in found]
        before.append(errors[0])
        after.append(errors[1])
    assert np.mean(after) < 0.75 * np.mean(before)


def test_limbs_look_thicker_than_believed_until_that_is_believed() -> None:
    true = joints()
    stout = Capsules.of(1.1, np.array([1.2, 1.2, 1.2, 1.2]), USUAL.head)

    def widths(around: Capsules, believed: Capsules) -> F64:
        seen = Seen(true, EVERYTHING, skin(true, around), np.zeros(len(CORE)))
        clear_of_the_trunk = [2, 3, 6, 7]
        return solve(seen, link_lengths(true), believed).widths[clear_of_the_trunk]

    usual = widths(USUAL, USUAL)
    assert (widths(stout, USUAL) > 1.05 * usual).all()
    assert np.allclose(widths(stout, stout), usual, atol=0.02)


def test_nothing_of_the_skin_gives_no_thickness() -> None:
    seen = Seen(joints(), EVERYTHING, NOTHING, np.zeros(len(CORE)))
    assert np.isnan(solve(seen, link_lengths(joints()), USUAL).widths).all()


def test_a_hidden_joint_is_put_behind_what_hides_it() -> None:
    true = joints()
    wrist = CORES[Joint.WRIST_LEFT]
    places, measured, cover = true.copy(), EVERYTHING.copy(), np.zeros(len(CORE))
    places[wrist] *= 1 - 150 / true[wrist, 2]
    measured[wrist] = False
    cover[wrist] = true[wrist, 2] + 60
    found = solved(places, measured, link_lengths(true), cover=cover)
    assert found[wrist, 2] > cover[wrist] - 5
    assert solved(places, measured, link_lengths(true))[wrist, 2] < cover[wrist] - 20


def test_the_room_behind_a_joint_beside_the_outline_does_not_pull_it() -> None:
    true = joints()
    cover = np.full(len(CORE), 4000.0)
    assert np.allclose(solved(true, EVERYTHING, link_lengths(true), cover=cover), true, atol=1e-6)


def test_a_knee_does_not_bend_backward() -> None:
    true = person(knee=0.0).positions[list(CORE)]
    knee = CORES[Joint.KNEE_LEFT]
    wrong = true.copy()
    wrong[knee, 2] += 120
    found = solved(wrong, EVERYTHING, link_lengths(wrong))
    assert found[knee, 2] - true[knee, 2] < 70


def test_an_arm_does_not_fold_flat() -> None:
    true = joints()
    shoulder, elbow, wrist = (CORES[Joint[f"{name}_LEFT"]] for name in ("SHOULDER", "ELBOW", "WRIST"))
    wrong = true.copy()
    wrong[wrist] = true[shoulder] + 0.1 * (true[elbow] - true[shoulder])
    found = solved(wrong, EVERYTHING, link_lengths(true))
    whole = link_lengths(true)[[0, 2]].sum()
    assert np.linalg.norm(found[wrist] - found[shoulder]) > 0.2 * whole


@pytest.mark.parametrize("seed", range(5))
def test_the_kernel_equals_its_plain_twin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = joints(yaw=float(rng.uniform(-180, 180)))
    places = true + rng.normal(0, 60, true.shape)
    cover = np.where(rng.random(len(CORE)) < 0.5, true[:, 2] + rng.uniform(-80, 80, len(CORE)), 0.0)
    wanted = Wanted.of(
        places, rng.random(len(CORE)) < 0.7, cover, link_lengths(true) * rng.uniform(0.9, 1.1, 11)
    )
    points = skin(true) + rng.normal(0, 10, (len(skin(true)), 3))
    fast, plain = (module.solve(wanted, points, USUAL) for module in (solve_kernels, solve_plain))
    assert np.allclose(fast[0], plain[0], rtol=0, atol=1e-6)
    assert np.allclose(fast[1], plain[1], rtol=1e-9, equal_nan=True)
