from dataclasses import replace

import numpy as np
import pytest

from bodychan.model.arrays import F64, U16, frozen
from bodychan.model.skeleton import JOINT_COUNT, Joint
from bodychan.tracking.builtin.observe.crop import Square
from bodychan.tracking.builtin.observe.network import Look
from bodychan.tracking.builtin.observe.skin import behind_skin
from bodychan.tracking.builtin.observe.upright import Raster
from people import person

SIDE, FOCAL = 400, 250.0
RASTER = Raster(
    frozen(np.arange(SIDE * SIDE, dtype=np.int32).reshape(SIDE, SIDE)),
    FOCAL,
    -SIDE / 2 / FOCAL,
    -SIDE / 2 / FOCAL,
)
LOOK = Look(
    Square(0.0, 0.0, 0.9, 2400.0),
    person().positions,
    np.full(JOINT_COUNT, 40.0),
    np.full(JOINT_COUNT, 0.9),
    0.99,
)
WRIST, UNDER_MM = Joint.WRIST_LEFT, 27.0


def _wall(z: float) -> U16:
    return np.full((SIDE, SIDE), round(z), np.uint16)


def _depths(joints: F64) -> F64:
    return np.asarray(joints[:, 2])


def test_a_wrist_comes_nearer_to_where_the_skin_says_it_is() -> None:
    z = LOOK.joints[WRIST, 2]
    for off in (-30.0, -10.0, 10.0, 30.0):
        found = behind_skin(LOOK, _wall(z - UNDER_MM + off), RASTER)
        assert 0.3 * abs(off) < abs(found[WRIST, 2] - z) < abs(off)
        assert np.sign(found[WRIST, 2] - z) == np.sign(off)


def test_it_stays_on_its_ray() -> None:
    found = behind_skin(LOOK, _wall(LOOK.joints[WRIST, 2] - 60.0), RASTER)
    np.testing.assert_allclose(
        found[:, :2] / found[:, 2:], LOOK.joints[:, :2] / LOOK.joints[:, 2:], rtol=1e-12, atol=1e-12
    )


def test_the_surer_the_network_the_less_the_skin_moves_it() -> None:
    z = LOOK.joints[WRIST, 2]
    moves = [
        behind_skin(replace(LOOK, sigma=np.full(JOINT_COUNT, sigma)), _wall(z - 7.0), RASTER)[WRIST, 2] - z
        for sigma in (5.0, 20.0, 80.0)
    ]
    assert 0 < moves[0] < moves[1] < moves[2] < 20.0


def test_a_surface_far_from_a_joint_is_not_its_skin() -> None:
    z = LOOK.joints[WRIST, 2]
    found = behind_skin(LOOK, _wall(z + 1500.0), RASTER)
    assert abs(found[WRIST, 2] - z) < 2.0


@pytest.mark.parametrize("gaps", ["none around", "all but one"])
def test_pixels_without_depth_say_nothing(gaps: str) -> None:
    z = LOOK.joints[WRIST, 2]
    depth = np.zeros((SIDE, SIDE), np.uint16)
    if gaps == "all but one":
        depth.ravel()[RASTER.pixels(LOOK.joints)] = round(z)
    found = behind_skin(LOOK, depth, RASTER)
    assert (found[WRIST, 2] > z) == (gaps == "all but one")
    if gaps == "none around":
        np.testing.assert_array_equal(found, LOOK.joints)


def test_hidden_joints_and_deep_ones_stay_and_the_look_is_left_alone() -> None:
    before = LOOK.joints.copy()
    hidden = replace(LOOK, seen=np.where(np.arange(JOINT_COUNT) == WRIST, 0.2, 0.9))
    found = behind_skin(hidden, _wall(LOOK.joints[WRIST, 2]), RASTER)
    still = [WRIST, Joint.PELVIS, Joint.SPINE_CHEST, Joint.HEAD, Joint.HIP_LEFT, Joint.SHOULDER_RIGHT]
    np.testing.assert_array_equal(found[still], LOOK.joints[still])
    assert (_depths(found) != _depths(LOOK.joints)).sum() == 15, "the limbs' other joints"
    np.testing.assert_array_equal(LOOK.joints, before)
