import numpy as np
import pytest

from bodychan.cameras.synthetic.device import (
    GRAVITY,
    IMU_HZ,
    TILT_DEG,
    calibration_json,
    hold,
    hold_in_hand,
    imu_samples,
)
from bodychan.model.arrays import F64
from bodychan.optics.calibration import Calibration
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES

CALIBRATION = Calibration.from_json(calibration_json())


def test_the_calibration_has_numbers_of_a_real_device() -> None:
    depth, color = CALIBRATION.lenses["depth"], CALIBRATION.lenses["color"]
    assert (depth.width, depth.height, color.width, color.height) == (640, 576, 1280, 720)
    assert depth.fx == pytest.approx(504, abs=3)
    assert color.fx == pytest.approx(610, abs=3)
    assert depth.metric_radius == 1.74
    assert all(depth.radial)
    assert all(depth.tangential)
    assert np.isfinite(depth.ray_table).all()


@pytest.mark.parametrize("mode", DEPTH_MODES)
@pytest.mark.parametrize("resolution", COLOR_RESOLUTIONS)
def test_the_calibration_reads_in_every_mode(mode: str, resolution: str) -> None:
    Calibration.from_json(calibration_json(), mode, resolution)


def test_the_depth_camera_looks_further_down_and_the_colour_camera_is_beside_it() -> None:
    to_color = CALIBRATION.extrinsics("depth", "color")
    ahead = to_color[:3, :3] @ [0, 0, 1]
    assert np.degrees(np.arctan2(ahead[1], ahead[2])) == pytest.approx(TILT_DEG)
    np.testing.assert_allclose(to_color[:3, 3], [-32, -2.1, 3.9])


def test_the_inertial_axes_are_backward_left_and_down() -> None:
    # In the level colour camera: x right, y down, z forward.
    axes = CALIBRATION.extrinsics("color", "accel")[:3, :3]
    np.testing.assert_allclose(axes, [[0, 0, -1], [-1, 0, 0], [0, 1, 0]], atol=1e-9)


def test_a_device_at_rest_feels_gravity_downwards_and_does_not_turn() -> None:
    samples = imu_samples(CALIBRATION, hold(1100.0), 0, 2000, 10, np.random.default_rng(0))
    accel, gyro = (np.mean([getattr(s, n) for s in samples], axis=0) for n in ("accel", "gyro"))
    np.testing.assert_allclose(accel, [0, 0, -GRAVITY], atol=0.05)
    np.testing.assert_allclose(gyro, 0, atol=0.005)
    assert samples[0].accel_usec == 10
    assert samples[IMU_HZ].accel_usec == samples[IMU_HZ].gyro_usec == 1_000_010
    assert 20 < samples[0].temperature < 45


def test_the_gyro_adds_up_to_how_a_moving_device_has_turned() -> None:
    placement = hold_in_hand(1100.0)
    samples = imu_samples(CALIBRATION, placement, 0, 2 * IMU_HZ, 0, np.random.default_rng(0))
    to_gyro = CALIBRATION.poses["gyro"][:3, :3]
    rotation = placement(0.0)[0]
    for sample in samples:
        x, y, z = to_gyro.T @ sample.gyro / IMU_HZ
        step = np.array([[1, -z, y], [z, 1, -x], [-y, x, 1]])
        u, _, v = np.linalg.svd(rotation @ step)
        rotation = u @ v
    cosine = (np.trace(rotation.T @ placement(2.0)[0]) - 1) / 2
    turned = (np.trace(placement(0.0)[0].T @ placement(2.0)[0]) - 1) / 2
    assert np.degrees(np.arccos(turned)) > 3
    assert np.degrees(np.arccos(min(1.0, cosine))) < 0.6


def test_a_device_in_free_fall_feels_nothing() -> None:
    def falling(seconds: float) -> tuple[F64, F64]:
        return np.eye(3), np.array([0.0, 0.5 * GRAVITY * 1000 * seconds**2, 0.0])

    samples = imu_samples(CALIBRATION, falling, 0, 400, 0, np.random.default_rng(0))
    np.testing.assert_allclose(np.mean([s.accel for s in samples], axis=0), 0, atol=0.05)
