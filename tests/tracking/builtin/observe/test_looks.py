from dataclasses import replace

import numpy as np
import pytest

from bodychan import Calibration
from bodychan.model.skeleton import JOINT_COUNT, Joint
from bodychan.tracking.builtin.detect.search import Proposal
from bodychan.tracking.builtin.observe.crop import Square
from bodychan.tracking.builtin.observe.looks import Fate, found_again, found_new, one_each, support
from bodychan.tracking.builtin.observe.network import Look
from bodychan.tracking.builtin.observe.upright import Upright
from people import person

SQUARE = Square(0.0, 0.0, 0.9, 2400.0)
PROPOSAL = Proposal(SQUARE, np.zeros(3), "head")
SURE = Look(SQUARE, person().positions, np.full(JOINT_COUNT, 20.0), np.full(JOINT_COUNT, 0.9), 0.99)


def test_somebody_new_must_be_surer_than_somebody_who_is_followed() -> None:
    doubtful = replace(SURE, presence=0.6)
    assert found_new(doubtful, 1.0, PROPOSAL).fate is Fate.NOBODY
    assert found_again(doubtful, 1.0, 0, doubtful.joints, 1 / 30).fate is Fate.PERSON


@pytest.mark.parametrize(
    ("look", "supported", "fate"),
    [
        (SURE, 1.0, Fate.PERSON),
        (replace(SURE, sigma=np.full(JOINT_COUNT, 150.0)), 1.0, Fate.UNSURE),
        (SURE, 0.2, Fate.AIR),
        (replace(SURE, joints=person(scale=0.3).positions), 1.0, Fate.SIZE),
        (replace(SURE, joints=person(place=(0.0, 0.0, 480.0)).positions), 1.0, Fate.NEAR),
        (replace(SURE, seen=np.where(np.arange(JOINT_COUNT) >= Joint.HIP_LEFT, 0.9, 0.1)), 1.0, Fate.PERSON),
        (replace(SURE, seen=np.full(JOINT_COUNT, 0.1)), 1.0, Fate.LEGS),
    ],
)
def test_what_is_nobody_is_told_with_its_reason(look: Look, supported: float, fate: Fate) -> None:
    if fate is Fate.PERSON and look is not SURE:
        seen = look.seen.copy()
        seen[[Joint.NECK, Joint.HEAD]] = 0.9
        look = replace(look, seen=seen)
    assert found_new(look, supported, PROPOSAL).fate is fate


def test_nobody_leaps() -> None:
    expected = SURE.joints + np.array([500.0, 0.0, 0.0])
    assert found_again(SURE, 1.0, 0, expected, 1 / 30).fate is Fate.LEAPT
    assert found_again(SURE, 1.0, 0, expected, 0.3).fate is Fate.PERSON


def test_two_looks_at_one_person_leave_the_nearer_to_where_it_should_be() -> None:
    right = found_again(SURE, 1.0, 1, SURE.joints, 1 / 30)
    slipped = found_again(SURE, 1.0, 0, SURE.joints + np.array([150.0, 0.0, 0.0]), 1 / 30)
    new = found_new(SURE, 1.0, PROPOSAL)
    assert [f.fate for f in one_each([slipped, right, new])] == [Fate.TWICE, Fate.PERSON, Fate.TWICE]
    beside = replace(right, look=replace(SURE, joints=SURE.joints + np.array([500.0, 0.0, 0.0])))
    assert [f.fate for f in one_each([right, beside])] == [Fate.PERSON, Fate.PERSON]


def test_joints_that_are_seen_need_a_surface(calibration: Calibration) -> None:
    raster = Upright(calibration).fine
    near = np.full((576, 640), 2370, np.uint16)
    assert support(SURE, near, raster) > 0.75
    assert support(SURE, near + np.uint16(600), raster) == 0
    assert support(SURE, np.zeros_like(near), raster) == 0
