import numpy as np
import pytest

from bodychan.model.skeleton import JOINT_COUNT, Joint
from bodychan.tracking.builtin.fit.proportions import BONES, _people, likely

LONG, NEVER = np.full(JOINT_COUNT, 60.0), np.zeros(JOINT_COUNT)
USUALLY = np.full(JOINT_COUNT, 28.0)


def usual(size: float = 1.0) -> np.ndarray:
    """Lengths (32,) mm of the most usual person, times a size."""
    out = np.zeros(JOINT_COUNT)
    out[BONES] = size * np.exp(_people()[0])
    out[[b.mirrored for b in BONES]] = out[BONES]
    return out


def test_the_usual_lengths_are_those_of_a_person() -> None:
    mm = usual()
    assert 300 < mm[Joint.KNEE_LEFT] < 480
    assert 0.9 < mm[Joint.ELBOW_LEFT] / mm[Joint.WRIST_LEFT] < 1.15
    assert np.isfinite(_people()[1]).all()
    assert (np.linalg.eigvalsh(_people()[1]) > 0).all()


@pytest.mark.parametrize("size", [0.9, 1.0, 1.1])
def test_a_person_of_usual_proportions_keeps_them(size: float) -> None:
    found = likely(usual(size), USUALLY, LONG)
    assert found[Joint.PELVIS] == 0
    limbs = [joint for joint in Joint if joint.part in ("SPINE", "NECK", "ELBOW", "WRIST", "KNEE", "ANKLE")]
    np.testing.assert_allclose(found[limbs], usual(size)[limbs], rtol=0.05)


def test_both_sides_are_alike() -> None:
    mm = usual()
    mm[[Joint.KNEE_LEFT, Joint.KNEE_RIGHT]] *= 1.1
    found = likely(mm, USUALLY, LONG)
    for bone in BONES:
        assert found[bone] == found[bone.mirrored]


def test_an_unusual_length_is_believed_in_part_and_the_more_the_longer_it_was_seen() -> None:
    mm = usual()
    mm[[Joint.ELBOW_LEFT, Joint.ELBOW_RIGHT]] *= 1.2
    rows = [likely(mm, USUALLY, np.full(JOINT_COUNT, s))[Joint.ELBOW_LEFT] for s in (0.03, 0.3, 30.0)]
    assert usual()[Joint.ELBOW_LEFT] < rows[0] < rows[1] < rows[2] < mm[Joint.ELBOW_LEFT]


def test_bones_that_were_never_seen_are_as_long_as_the_others_say() -> None:
    mm, seconds = usual(1.2), LONG.copy()
    legs = [joint for joint in Joint if joint.part in ("KNEE", "ANKLE", "FOOT")]
    mm[legs], seconds[legs] = usual(0.6)[legs], 0.0
    found = likely(mm, USUALLY, seconds)
    np.testing.assert_allclose(found[legs], usual(1.2)[legs], rtol=0.08)


def test_who_was_not_seen_at_all_is_the_most_usual_person() -> None:
    np.testing.assert_allclose(likely(usual(2.0), USUALLY, NEVER), usual(), rtol=0.01)


def test_lengths_that_are_measured_surely_are_believed_more() -> None:
    mm, errors = usual(), USUALLY.copy()
    forearms = [Joint.WRIST_LEFT, Joint.WRIST_RIGHT]
    mm[forearms] *= 0.8
    believed = likely(mm, errors, LONG)[Joint.WRIST_LEFT]
    errors[forearms] = 100.0
    doubted = likely(mm, errors, LONG)[Joint.WRIST_LEFT]
    assert mm[Joint.WRIST_LEFT] < believed < doubted < usual()[Joint.WRIST_LEFT]


def test_how_long_a_limb_is_as_a_whole_is_believed_more_than_where_it_bends() -> None:
    bones = [Joint.ELBOW_LEFT, Joint.WRIST_LEFT]
    elbow, whole = usual(), usual()
    elbow[bones] += np.array([30.0, -30.0])
    whole[bones] += np.array([30.0, 30.0])
    for mm in (elbow, whole):
        mm[[bone.mirrored for bone in bones]] = mm[bones]
    moved = likely(elbow, USUALLY, LONG)[bones] - usual()[bones]
    longer = likely(whole, USUALLY, LONG)[bones] - usual()[bones]
    assert 0 < moved[0] < 0.7 * 30
    assert abs(moved.sum()) < 6, "the elbow is elsewhere, the arm is as long"
    assert longer.sum() > 1.5 * (moved[0] - moved[1])
