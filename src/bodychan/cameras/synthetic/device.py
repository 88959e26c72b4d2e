"""The virtual Azure Kinect: its calibration file, how it is held, and its inertial sensor.

The calibration is made up, with numbers near those of real devices: the depth camera looks 5.9° further down
than the colour camera and the inertial sensor, which sit level in the case.
"""

import json
from collections.abc import Callable
from functools import cache

import numpy as np

from bodychan.cameras.synthetic.kinematics import turn
from bodychan.model.arrays import F64, frozen
from bodychan.model.capture import ImuSample
from bodychan.optics.calibration import Calibration

SERIAL_NUMBER = "000000000000"
TILT_DEG = 5.9
IMU_HZ = 208
GRAVITY = 9.81

Placement = Callable[[float], tuple[F64, F64]]
"""From seconds to where the depth camera is: rotation (3, 3) from its axes to the room's, place (3,) mm."""

_ACCEL_NOISE, _GYRO_NOISE = 0.012, 0.0016
_ACCEL_BIAS: F64 = frozen(np.array([0.021, -0.034, 0.028]))
_GYRO_BIAS: F64 = frozen(np.array([-0.0012, 0.0021, 0.0008]))
_HALF_STEP_S = 2e-3


@cache
def device_calibration() -> Calibration:
    """Return the device's calibration; all cameras share one, because its ray tables take time to compute."""
    return Calibration.from_json(calibration_json())


def calibration_json() -> bytes:
    """Give the device's calibration as the file that a recording carries."""
    s, c = float(np.sin(np.radians(TILT_DEG))), float(np.cos(np.radians(TILT_DEG)))
    depth = [0.50812, 0.51137, 0.49243, 0.49255, 0.53127, -0.01883, -0.00243, 0.87214, 0.08294, -0.01305]
    color = [0.50124, 0.50381, 0.47712, 0.63618, 0.34121, -2.47133, 1.44221, 0.21983, -2.28514, 1.36492]
    level = [0.0, s, -c, -1.0, 0.0, 0.0, 0.0, c, s]
    cameras = [
        _camera(
            "D0",
            "Depth",
            (1024, 1024),
            [*depth, 0.0, 0.0, -6.4e-5, 4.1e-5],
            1.74,
            np.eye(3).ravel(),
            (0, 0, 0),
        ),
        _camera(
            "PV0",
            "PhotoVideo",
            (4096, 3072),
            [*color, 0.0, 0.0, 3.1e-4, -2.2e-4],
            0.0,
            (1.0, 0.0, 0.0, 0.0, c, s, 0.0, -s, c),
            (-0.0320, -0.0021, 0.0039),
        ),
    ]
    sensors = [
        {
            "SensorType": f"CALIBRATION_InertialSensorType_{name}",
            "Rt": {"Rotation": level, "Translation": place},
        }
        for name, place in (("Gyro", [0.0, 0.0, 0.0]), ("Accelerometer", [-0.0510, 0.0034, 0.0013]))
    ]
    metadata = {"SerialId": SERIAL_NUMBER, "Version": {"Major": 1, "Minor": 2}, "DeviceName": "synthetic"}
    content = {"Cameras": cameras, "InertialSensors": sensors, "Metadata": metadata}
    return json.dumps({"CalibrationInformation": content}).encode()


def hold(height_mm: float) -> Placement:
    """Hold the device still and level at a height above the floor."""
    rotation, place = frozen(turn(0, -TILT_DEG)), frozen(np.array([0.0, -height_mm, 0.0]))
    return lambda _seconds: (rotation, place)


def hold_in_hand(height_mm: float) -> Placement:
    """Move the device slowly: it pans to both sides, nods a little and wanders by a hand's breadth."""

    def placement(seconds: float) -> tuple[F64, F64]:
        pan = 7.0 * np.sin(2 * np.pi * seconds / 6.1)
        nod = 2.0 * np.sin(2 * np.pi * seconds / 4.3)
        place = (
            140.0 * np.sin(2 * np.pi * seconds / 7.7),
            -height_mm + 40.0 * np.sin(2 * np.pi * seconds / 5.3),
            110.0 * np.sin(2 * np.pi * seconds / 9.1),
        )
        return turn(1, pan) @ turn(0, nod - TILT_DEG), np.array(place)

    return placement


def imu_samples(
    calibration: Calibration,
    placement: Placement,
    first: int,
    last: int,
    start_usec: int,
    rng: np.random.Generator,
) -> tuple[ImuSample, ...]:
    """Give samples `first` to `last` (exclusive) of the inertial sensor.

    Args:
        calibration: says how the sensor sits in the device.
        placement: where the device is; 0 s is sample 0.
        first: number of the first sample.
        last: number after the last sample.
        start_usec: device time of sample 0.
        rng: source of the noise.
    """
    noise = rng.standard_normal((last - first, 6))
    samples = []
    for number, (*accel_noise, a, b, c) in zip(range(first, last), noise.tolist(), strict=True):
        accel, gyro = _motion(calibration, placement, number / IMU_HZ)
        accel = accel + _ACCEL_BIAS + _ACCEL_NOISE * np.array(accel_noise)
        gyro = gyro + _GYRO_BIAS + _GYRO_NOISE * np.array([a, b, c])
        usec = start_usec + round(number * 1e6 / IMU_HZ)
        samples.append(
            ImuSample(frozen(accel.astype(np.float32)), usec, frozen(gyro.astype(np.float32)), usec, 31.5)
        )
    return tuple(samples)


def _motion(calibration: Calibration, placement: Placement, seconds: float) -> tuple[F64, F64]:
    """Give the true acceleration (m/s², against free fall) and turning rate (rad/s) in the sensors' axes."""
    to_accel, to_gyro = calibration.poses["accel"], calibration.poses["gyro"]
    sits = -to_accel[:3, :3].T @ to_accel[:3, 3]
    h = _HALF_STEP_S
    (before, p0), (now, p1), (after, p2) = (placement(seconds + dt) for dt in (-h, 0.0, h))
    bend = (after @ sits + p2) - 2 * (now @ sits + p1) + (before @ sits + p0)
    felt = bend / (h * h * 1000.0) - np.array([0.0, GRAVITY, 0.0])
    spin = (after - before) @ now.T / (2 * h)
    rate = 0.5 * np.array([spin[2, 1] - spin[1, 2], spin[0, 2] - spin[2, 0], spin[1, 0] - spin[0, 1]])
    return to_accel[:3, :3] @ now.T @ felt, to_gyro[:3, :3] @ now.T @ rate


def _camera(
    location: str,
    purpose: str,
    size: tuple[int, int],
    parameters: list[float],
    radius: float,
    rotation: "np.typing.ArrayLike",
    translation: tuple[float, float, float],
) -> dict[str, object]:
    return {
        "Location": f"CALIBRATION_CameraLocation{location}",
        "Purpose": f"CALIBRATION_CameraPurpose{purpose}",
        "SensorWidth": size[0],
        "SensorHeight": size[1],
        "MetricRadius": radius,
        "Intrinsics": {
            "ModelParameterCount": 14,
            "ModelParameters": parameters,
            "ModelType": "CALIBRATION_LensDistortionModelBrownConrady",
        },
        "Rt": {"Rotation": np.asarray(rotation, dtype=float).tolist(), "Translation": list(translation)},
    }
