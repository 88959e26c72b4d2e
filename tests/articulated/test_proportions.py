import numpy as np
import pytest

from bodychan.articulated.proportions import BONES, _people, likely
from bodychan.model.skeleton import JOINT_COUNT, Joint

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
    found = likely(usual(size), USUALLY)
    assert found[Joint.PELVIS] == 0
    limbs = [joint for joint in Joint if joint.part in ("SPINE", "NECK", "ELBOW", "WRIST", "KNEE", "ANKLE")]
    np.testing.assert_allclose(found[limbs], usual(size)[limbs], rtol=0.05)


def test_both_sides_are_alike() -> None:
    mm = usual()
    mm[[Joint.KNEE_LEFT, Joint.KNEE_RIGHT]] *= 1.1
    found = likely(mm, USUALLY)
    for bone in BONES:
        assert found[bone] == found[bone.mirrored]


def test_an_unusual_length_is_believed_in_part_and_the_more_the_surer_it_is() -> None:
    mm = usual()
    mm[[Joint.ELBOW_LEFT, Joint.ELBOW_RIGHT]] *= 1.2
    rows = [likely(mm, np.full(JOINT_COUNT, error))[Joint.ELBOW_LEFT] for error in (100.0, 30.0, 5.0)]
    assert usual()[Joint.ELBOW_LEFT] < rows[0] < rows[1] < rows[2] < mm[Joint.ELBOW_LEFT]


@pytest.mark.parametrize("unseen", [1e4, np.inf])
def test_bones_that_were_never_seen_are_as_long_as_the_others_say(unseen: float) -> None:
    mm, errors = usual(1.2), USUALLY.copy()
    legs = [joint for joint in Joint if joint.part in ("KNEE", "ANKLE", "FOOT")]
    mm[legs], errors[legs] = usual(0.6)[legs], unseen
    found = likely(mm, errors)
    np.testing.assert_allclose(found[legs], usual(1.2)[legs], rtol=0.1)
    mm[legs] = usual(1.5)[legs]
    np.testing.assert_allclose(likely(mm, errors), found, rtol=0.01)


def test_who_was_not_seen_at_all_is_the_most_usual_person() -> None:
    np.testing.assert_allclose(likely(usual(2.0), np.full(JOINT_COUNT, 1e4)), usual(), rtol=0.01)


@pytest.mark.parametrize(("chain", "joint"), [(("ELBOW", "WRIST"), "ELBOW"), (("KNEE", "ANKLE"), "KNEE")])
def test_an_unsure_joint_within_a_limb_makes_one_bone_longer_and_the_other_shorter(
    chain: tuple[str, str], joint: str
) -> None:
    bones = [Joint[f"{part}_LEFT"] for part in chain]
    errors = np.full(JOINT_COUNT, 15.0)
    errors[[Joint[f"{joint}_LEFT"], Joint[f"{joint}_RIGHT"]]] = 80.0

    def moved(by: tuple[float, float]) -> np.ndarray:
        mm = usual()
        mm[bones] += np.array(by)
        mm[[bone.mirrored for bone in bones]] = mm[bones]
        return np.asarray(likely(mm, errors)[bones] - usual()[bones])

    assert (moved((40.0, 40.0)) > 25).all(), "the limb is longer as a whole"
    assert (np.abs(moved((40.0, -40.0))) < 12).all(), "the joint is elsewhere"


def test_lengths_that_are_measured_surely_are_believed_more() -> None:
    mm, errors = usual(), USUALLY.copy()
    forearms = [Joint.WRIST_LEFT, Joint.WRIST_RIGHT]
    mm[forearms] *= 0.8
    believed = likely(mm, errors)[Joint.WRIST_LEFT]
    errors[forearms] = 100.0
    doubted = likely(mm, errors)[Joint.WRIST_LEFT]
    assert mm[Joint.WRIST_LEFT] < believed < doubted < usual()[Joint.WRIST_LEFT]
