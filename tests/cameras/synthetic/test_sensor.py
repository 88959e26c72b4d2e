import numpy as np
import pytest

from bodychan.cameras.synthetic.device import calibration_json
from bodychan.cameras.synthetic.sensor import lit_area, measure_depth, measure_infrared
from bodychan.model.arrays import F32, U16
from bodychan.optics.calibration import Calibration

SHAPE = (200, 300)
ALL = np.ones(SHAPE, bool)


def _wall(metres: float, albedo: float, cosine: float = 1.0) -> tuple[F32, F32, F32]:
    depth = np.full(SHAPE, 1000 * metres, np.float32)
    strength = np.full(SHAPE, albedo * cosine / metres**2, np.float32)
    return depth, strength, np.full(SHAPE, cosine, np.float32)


def _measured(metres: float, albedo: float, cosine: float = 1.0) -> U16:
    return measure_depth(*_wall(metres, albedo, cosine), ALL, np.random.default_rng(1))


@pytest.mark.parametrize(("metres", "sd"), [(1.5, 1.5), (2.5, 3.7), (3.9, 9.0)])
def test_depth_noise_grows_with_distance(metres: float, sd: float) -> None:
    image = _measured(metres, 0.6)
    assert image.std() == pytest.approx(sd, rel=0.2)
    assert image.mean() == pytest.approx(1000 * metres, abs=0.3)


def test_dark_and_slanted_surfaces_are_noisier() -> None:
    assert _measured(2.0, 0.2).std() > 1.5 * _measured(2.0, 0.6).std()
    assert _measured(2.0, 0.6, 0.3).std() > 1.5 * _measured(2.0, 0.6).std()


def test_too_weak_or_too_strong_light_measures_nothing() -> None:
    assert (_measured(3.9, 0.05) == 0).all()
    assert (_measured(0.3, 0.9) == 0).all()
    assert (_measured(1.5, 0.6) > 0).all()


def test_nothing_is_measured_where_the_sensor_does_not_look() -> None:
    valid = ALL.copy()
    valid[:50] = False
    rng = np.random.default_rng(0)
    assert not measure_depth(*_wall(2.0, 0.5), valid, rng)[:50].any()
    assert not measure_infrared(_wall(2.0, 0.5)[1], valid, rng)[:50].any()


def test_pixels_at_a_depth_edge_drop_out_or_fly_between() -> None:
    depth, strength, cosine = _wall(2.0, 0.6)
    depth[:, 150:] = 3000
    image = measure_depth(depth, strength, cosine, ALL, np.random.default_rng(0))
    edge = image[:, 149:151]
    assert 0.15 < (edge == 0).mean() < 0.45
    assert 0.1 < ((edge > 2100) & (edge < 2900)).mean() < 0.45
    away = np.delete(image, [149, 150], axis=1)
    assert ((np.abs(away.astype(int) - 2000) < 60) | (np.abs(away.astype(int) - 3000) < 60)).all()


def test_infrared_is_brighter_nearer_and_has_noise() -> None:
    rng = np.random.default_rng(0)
    near, far = (measure_infrared(_wall(m, 0.5)[1], ALL, rng) for m in (1.5, 3.0))
    assert near.mean() == pytest.approx(4 * far.mean(), rel=0.02)
    assert 2 < far.std() < 0.1 * far.mean()
    assert near.dtype == np.uint16


def test_the_lit_area_is_the_hexagon_of_a_narrow_field_of_view() -> None:
    area = lit_area(Calibration.from_json(calibration_json()).lenses["depth"])
    assert area[288].all()
    assert area[0].sum() / 640 == pytest.approx(0.565, abs=0.02)  # a real device: 362 of 640
    assert area.mean() == pytest.approx(0.78, abs=0.02)
    np.testing.assert_array_equal(area, area[::-1, ::-1])
