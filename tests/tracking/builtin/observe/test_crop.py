import numpy as np
import pytest

from bodychan import Calibration
from bodychan.tracking.builtin.observe.crop import SIZE, Square, around, cut, square_about, surface_mm
from bodychan.tracking.builtin.observe.upright import Upright


@pytest.fixture
def upright(calibration: Calibration) -> Upright:
    return Upright(calibration)


def test_a_crop_holds_depth_from_the_square_s_and_whether_there_is_any(upright: Upright) -> None:
    depth = np.full((576, 640), 2300, np.uint16)
    depth[:, :320] = 0
    crop = cut(depth, None, upright.fine, Square(0.0, 0.0, 0.4, 2000.0))
    assert crop.shape == (4, SIZE, SIZE)
    assert (crop[1, :, 80:] == 1).all()
    assert np.allclose(crop[0, :, 80:], 0.3)
    assert not crop[:2, :, :50].any()
    assert np.allclose(crop[2], 0.4 * 2000.0 / 2000.0 - 1.0)
    assert not crop[3].any()


def test_infrared_is_relative_to_what_is_near_and_does_not_depend_on_distance(upright: Upright) -> None:
    depth = np.full((576, 640), 2000, np.uint16)
    light = np.full((576, 640), 400, np.uint16)
    light[:, 320:] = 1600
    square = Square(-0.05, 0.0, 0.4, 2000.0)
    crop = cut(depth, light, upright.fine, square)
    assert np.abs(crop[3, :, :60]).max() < 0.02
    assert np.abs(crop[3, :, 90:] - 1.0).max() < 0.02
    nearer = cut((depth * 0.5).astype(np.uint16), light * 4, upright.fine, Square(-0.05, 0.0, 0.4, 1000.0))
    assert np.abs(nearer[3] - crop[3]).max() < 0.02


def test_a_square_is_about_what_is_in_the_image(upright: Upright) -> None:
    points = np.array([[-200.0, -700.0, 2000.0], [200.0, 700.0, 2000.0]])
    x, y, side = around(points, upright.fine)
    assert (x, y) == pytest.approx((0.0, 0.0))
    assert side == pytest.approx(0.7 * 1.28)
    below = around(points + np.array([0.0, 1000.0, 0.0]), upright.fine)
    assert below[2] < side


def test_the_depth_of_a_square_is_that_of_the_surface_near_the_joints(upright: Upright) -> None:
    depth = np.full((576, 640), 3000, np.uint16)
    depth[200:380, 280:360] = 1900
    joints = np.array([[-100.0, -300.0, 2000.0], [100.0, 300.0, 2000.0]])
    assert square_about(joints, depth, upright.fine).depth_mm == 1900
    assert surface_mm(np.zeros_like(depth), upright.fine, (0.0, 0.0, 0.3), 1234.0) == 1234.0
