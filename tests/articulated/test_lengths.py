import numpy as np

from bodychan.articulated.lengths import Lengths
from bodychan.model.skeleton import JOINT_COUNT, Joint
from people import person

SURE = np.full(JOINT_COUNT, 10.0)
UNSURE = np.full(JOINT_COUNT, 300.0)


def test_the_first_lengths_are_those_that_are_seen() -> None:
    somebody = person(scale=1.2)
    lengths = Lengths.first(somebody.positions, SURE)
    assert abs(lengths.size - 1.2) < 1e-3
    assert lengths.mm[Joint.PELVIS] == 0
    assert lengths.mm[Joint.KNEE_LEFT] == lengths.mm[Joint.KNEE_RIGHT]


def test_the_surer_side_counts_more_from_the_beginning() -> None:
    seen = person(scale=1.0).positions
    seen[Joint.WRIST_LEFT] += 200.0
    sigma = SURE.copy()
    sigma[Joint.WRIST_LEFT] = 800.0
    usual = Lengths.first(person(scale=1.0).positions, SURE).mm[Joint.WRIST_LEFT]
    assert abs(Lengths.first(seen, sigma).mm[Joint.WRIST_LEFT] / usual - 1) < 0.05


def test_lengths_settle_at_what_is_seen_and_then_hardly_move() -> None:
    rng = np.random.default_rng(2)
    lengths = Lengths.first(person(scale=1.0).positions, SURE)
    history = []
    for _ in range(600):
        seen = person(scale=1.1).positions + rng.normal(0, 10, (JOINT_COUNT, 3))
        lengths = lengths.after(seen, SURE, 1 / 30)
        history.append(lengths.mm)
    assert abs(lengths.size / 1.1 - 1) < 0.03
    settled = np.array(history)[300:, 1:]
    assert ((settled.max(axis=0) - settled.min(axis=0)) / settled.mean(axis=0)).max() < 0.02


def test_what_is_not_seen_changes_nobody_s_size() -> None:
    lengths = Lengths.first(person(scale=1.0).positions, SURE)
    for _ in range(60):
        lengths = lengths.after(person(scale=1.0).positions, SURE, 1 / 30)
    after = lengths
    for _ in range(15):
        after = after.after(person(scale=0.5).positions, UNSURE, 1 / 30)
    assert abs(after.size / lengths.size - 1) < 0.05


def test_the_errors_of_both_sides_count_by_how_sure_each_is() -> None:
    seen, sigma = person(scale=1.0).positions, SURE.copy()
    sigma[[Joint.ELBOW_LEFT, Joint.WRIST_LEFT]] = 200.0
    lengths = Lengths.first(seen, SURE)
    for _ in range(30):
        lengths = lengths.after(seen, sigma, 1 / 30)
    assert lengths.errors[Joint.WRIST_LEFT] == lengths.errors[Joint.WRIST_RIGHT]
    assert lengths.errors[Joint.WRIST_RIGHT] < 40, "the right arm is sure"
    assert lengths.seconds[Joint.WRIST_RIGHT] < lengths.seconds[Joint.KNEE_RIGHT]


def test_a_length_that_was_guessed_is_learnt_anew_when_it_is_seen() -> None:
    true, guessed, sigma = person(scale=1.0).positions, person(scale=1.0).positions, SURE.copy()
    legs = [joint for joint in Joint if joint.part in ("KNEE", "ANKLE", "FOOT")]
    guessed[legs] = true[Joint.PELVIS] + 0.7 * (true[legs] - true[Joint.PELVIS])
    sigma[legs] = 150.0
    lengths = Lengths.first(guessed, sigma)
    for _ in range(300):
        lengths = lengths.after(guessed, sigma, 1 / 30)
    assert lengths.mm[Joint.ANKLE_LEFT] < 0.85 * Lengths.first(true, SURE).mm[Joint.ANKLE_LEFT]
    for _ in range(60):
        lengths = lengths.after(true, SURE, 1 / 30)
    np.testing.assert_allclose(lengths.mm[legs], Lengths.first(true, SURE).mm[legs], rtol=0.03)
    assert lengths.errors[Joint.ANKLE_LEFT] < 25
