import numpy as np

from bodychan import Calibration
from bodychan.tracking.builtin.observe.appearance import look
from bodychan.tracking.builtin.observe.upright import Upright
from people import person


def test_brightness_does_not_depend_on_the_distance(calibration: Calibration) -> None:
    raster, seen = Upright(calibration).fine, []
    for z in (1500, 3000):
        depth = np.full((576, 640), z, np.uint16)
        light = np.full((576, 640), round(900 * 4e6 / z**2), np.uint16)
        seen.append(look(person(place=(0.0, 0.0, float(z))).positions, depth, light, raster))
    assert seen[0].shape == (2,)
    assert np.allclose(seen[0], seen[1], atol=0.01)
    assert np.allclose(seen[0], np.log(3601), atol=0.01)


def test_without_infrared_nothing_is_known(calibration: Calibration) -> None:
    depth = np.full((576, 640), 2000, np.uint16)
    assert not look(person().positions, depth, None, Upright(calibration).fine).any()
