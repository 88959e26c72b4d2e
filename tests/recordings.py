"""Small recordings for tests: each image carries its capture's number, so that loss and doubling show."""

import json
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from bodychan import Calibration, Capture, ImuSample
from bodychan.cameras.color import decode_color
from bodychan.cameras.recording.writer import Recorder
from bodychan.model.arrays import frozen
from bodychan.model.capture import ColorImage
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES

START_USEC = 2_000_000
"""Device time of the first capture."""


def calibration_json() -> bytes:
    """A made-up device: depth camera tilted down by 6 degrees, colour camera 32 mm beside it."""
    tilt = [1.0, 0.0, 0.0, 0.0, 0.994522, 0.104528, 0.0, -0.104528, 0.994522]
    imu = [0.0, 0.104528, -0.994522, -1.0, 0.0, 0.0, 0.0, 0.994522, 0.104528]
    brown = "CALIBRATION_LensDistortionModelBrownConrady"

    def camera(
        location: str, parameters: list[float], rotation: list[float], size: tuple[int, int]
    ) -> object:
        moved = [0.0, 0.0, 0.0] if location == "D0" else [-0.032, -0.002, 0.004]
        return {
            "Location": f"CALIBRATION_CameraLocation{location}",
            "Intrinsics": {
                "ModelParameterCount": 14,
                "ModelParameters": parameters,
                "ModelType": brown,
            },
            "Rt": {"Rotation": rotation, "Translation": moved},
            "SensorWidth": size[0],
            "SensorHeight": size[1],
            "MetricRadius": 1.74 if location == "D0" else 0.0,
        }

    depth = [0.505, 0.498, 0.4925, 0.4926, 3.1, 2.0, 0.1, 3.4, 3.0, 0.6, 0.0, 0.0, -0.00005, 0.00003]
    color = [0.4995, 0.5021, 0.4762, 0.6349, 0.6, -2.8, 1.6, 0.47, -2.6, 1.5, 0.0, 0.0, -0.0002, 0.0004]
    information = {
        "Cameras": [
            camera("D0", depth, list(np.eye(3).ravel()), (1024, 1024)),
            camera("PV0", color, tilt, (4096, 3072)),
        ],
        "InertialSensors": [
            {
                "SensorType": f"CALIBRATION_InertialSensorType_{sensor}",
                "Rt": {"Rotation": imu, "Translation": translation},
            }
            for sensor, translation in (("Gyro", [0.0, 0.0, 0.0]), ("Accelerometer", [-0.05, 0.003, 0.001]))
        ],
    }
    return json.dumps({"CalibrationInformation": information}).encode()


def calibration(mode: str = "NFOV_2X2BINNED", resolution: str = "720P") -> Calibration:
    """The made-up device in a pair of modes."""
    return Calibration.from_json(calibration_json(), mode, resolution)


@cache
def jpeg(number: int, width: int, height: int) -> bytes:
    """A JPEG whose brightness says its number."""
    encoder = CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj422p"
    encoder.time_base = Fraction(1, 30)
    picture = np.full((height, width, 3), 16 + number % 200, np.uint8)
    frame = VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuvj422p")
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def color_image(image_format: str, number: int, resolution: str = "720P") -> ColorImage:
    """A colour image of a format, grey as its number says."""
    width, height = COLOR_RESOLUTIONS[resolution].size
    if image_format == "MJPG":
        data = jpeg(number, width, height)
    else:
        level = 16 + number % 200
        data = {
            "NV12": bytes([level]) * (width * height) + b"\x80" * (width * height // 2),
            "YUY2": bytes([level, 128]) * (width * height),
            "BGRA": bytes([level, level, level, 255]) * (width * height),
        }[image_format]
    return ColorImage(image_format, width, height, data, decode_color)


def imu_samples(first_usec: int, count: int, step_usec: int = 4807) -> tuple[ImuSample, ...]:
    """Samples at 208 Hz whose values follow from their times."""
    return tuple(
        ImuSample(
            frozen(np.array([0.25, usec % 1000, -9.75], np.float32)),
            usec,
            frozen(np.array([usec % 7, 0.5, 0.125], np.float32)),
            usec + 3,
        )
        for usec in range(first_usec, first_usec + count * step_usec, step_usec)
    )


def make_capture(
    number: int,
    mode: str = "NFOV_2X2BINNED",
    *,
    fps: int = 30,
    images: Iterable[str] = ("color", "depth", "ir"),
    color_format: str = "MJPG",
    resolution: str = "720P",
    usec: int | None = None,
    shift_usec: int = 0,
) -> Capture:
    """Capture `number` (from 1), at its device time; `shift_usec` is that of its colour after its depth.

    The first pixel of depth and infrared is the number.
    """
    if usec is None:
        usec = START_USEC + (number - 1) * 10**6 // fps
    width, height = DEPTH_MODES[mode].size
    depth = (np.arange(width * height, dtype=np.uint32) * 7 % 4999).astype(np.uint16).reshape(height, width)
    ir = depth[::-1] * np.uint16(3)
    depth[0, 0] = ir[0, 0] = number
    return Capture(
        number,
        depth if "depth" in images else None,
        ir if "ir" in images else None,
        color_image(color_format, number, resolution) if "color" in images else None,
        usec if "depth" in images else None,
        usec if "ir" in images else None,
        usec + shift_usec if "color" in images else None,
        imu_samples(usec - 6 * 4807, 7),
    )


def write_recording(
    path: Path, captures: Iterable[Capture], mode: str = "NFOV_2X2BINNED", fps: int = 30
) -> Path:
    """Write captures with MJPG colour, depth, infrared and inertial samples."""
    with Recorder(path, calibration(mode), fps) as recorder:
        for capture in captures:
            recorder.write(capture)
    return path


def write_unfinished(
    path: Path, captures: Iterable[Capture], mode: str = "NFOV_2X2BINNED", fps: int = 30
) -> bytes:
    """Write all clusters of a recording to a file that is never closed; give the bytes of the closed one."""
    closed = path.with_suffix(".closed")
    with Recorder(closed, calibration(mode), fps) as recorder:
        for capture in captures:
            recorder.write(capture)
        recorder._flush(None)
        path.write_bytes(closed.read_bytes())
    return closed.read_bytes()


def numbers(captures: Iterable[Capture]) -> list[int]:
    """The numbers in the depth images."""
    return [int(capture.depth[0, 0]) for capture in captures if capture.depth is not None]


def assert_equal(ours: Capture, expected: Capture) -> None:
    """Every image, time and sample must be the same, bit for bit."""
    assert ours.index == expected.index
    assert (ours.depth_usec, ours.ir_usec, ours.color_usec) == (
        expected.depth_usec,
        expected.ir_usec,
        expected.color_usec,
    )
    for mine, other in ((ours.depth, expected.depth), (ours.ir, expected.ir)):
        assert (mine is None) == (other is None)
        if mine is not None and other is not None:
            assert mine.dtype == np.uint16
            np.testing.assert_array_equal(mine, other)
    assert color_bytes_of(ours) == color_bytes_of(expected)
    assert [sample_values(sample) for sample in ours.imu] == [sample_values(s) for s in expected.imu]


def color_bytes_of(capture: Capture) -> tuple[str, int, int, bytes] | None:
    """The colour image as it stands in the file."""
    image = capture.color_image
    return None if image is None else (image.format, image.width, image.height, image.data)


def sample_values(sample: ImuSample) -> tuple[int, list[float], int, list[float]]:
    """An inertial sample as plain values."""
    return sample.accel_usec, sample.accel.tolist(), sample.gyro_usec, sample.gyro.tolist()
