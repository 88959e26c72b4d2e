from dataclasses import replace

import numpy as np
import pytest

from bodychan import Calibration
from bodychan.errors import ParameterError
from bodychan.tracking.builtin.observe.upright import QUARTER_TURNS, Upright


@pytest.mark.parametrize("orientation", QUARTER_TURNS)
def test_a_point_s_cell_shows_the_pixel_that_it_appears_in(
    calibration: Calibration, orientation: str
) -> None:
    upright = Upright(calibration, orientation)
    points = np.random.default_rng(1).uniform((-600, -500, 1500), (600, 500, 3000), (50, 3))
    pixels, valid = calibration.lenses["depth"].project(points)
    assert valid.all()
    shown = upright.fine.pixels(points @ upright.turn.T)
    width = calibration.lenses["depth"].width
    there = shown >= 0
    assert there.sum() > 40
    found = np.stack([shown % width, shown // width], axis=1)
    assert np.abs(found - pixels)[there].max() < 1.8


def test_turned_back_and_forth_a_point_is_where_it_was(calibration: Calibration) -> None:
    upright = Upright(calibration, "cw90")
    points = np.random.default_rng(2).normal(size=(5, 3))
    assert np.allclose(upright.to_camera(points @ upright.turn.T), points)


def test_a_sensor_turned_clockwise_sees_heads_on_its_left(calibration: Calibration) -> None:
    up = Upright(calibration, "cw90").to_camera(np.array([0.0, -1.0, 0.0]))
    assert np.allclose(up, [-1.0, 0.0, 0.0])


def test_what_lies_outside_has_no_pixel(calibration: Calibration) -> None:
    points = np.array([[9000.0, 0.0, 1000.0], [0.0, -9000.0, 1000.0]])
    assert (Upright(calibration).fine.pixels(points) == -1).all()


@pytest.mark.parametrize("orientation", QUARTER_TURNS)
def test_the_raster_shows_every_pixel_and_has_no_empty_rim(
    calibration: Calibration, orientation: str
) -> None:
    fine = Upright(calibration, orientation).fine
    lens = calibration.lenses["depth"]
    shown = np.unique(fine.source[fine.source >= 0])
    assert len(shown) > 0.99 * lens.width * lens.height
    for rim in (fine.source[0], fine.source[-1], fine.source[:, 0], fine.source[:, -1]):
        assert (rim >= 0).any()


def test_a_lens_that_sees_nothing_has_a_raster_of_one_empty_cell(calibration: Calibration) -> None:
    lens = replace(calibration.lenses["depth"], metric_radius=-0.0)
    blind = replace(calibration, lenses={**calibration.lenses, "depth": lens})
    assert (Upright(blind).fine.source == -1).all()


def test_an_unknown_orientation_is_refused(calibration: Calibration) -> None:
    with pytest.raises(ParameterError, match="orientation 'cw80'"):
        Upright(calibration, "cw80")
