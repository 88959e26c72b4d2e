"""A RealSense without a camera: a software device of its own library, which can be played or recorded."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bodychan.cameras.realsense import sdk
from bodychan.errors import DeviceUnavailable, MissingExtraError
from bodychan.model.arrays import U8

DEPTH_SIZE, COLOR_SIZE = (424, 240), (320, 180)
START_USEC = 5_000_000
PERIOD_USEC = 33_333
SERIAL = "017322071705"
# Of the colour camera's place, row by row: turned by 90° about the optical axis, and beside the depth camera.
TURN, BESIDE_M = [0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0], [0.015, 0.001, -0.002]
BESIDE_IMU_M = [-0.005, 0.01, 0.012]
STRAIGHT = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
GRAVITY, TURNING = (0.5, -9.75, 0.25), (0.125, 0.25, 0.375)


def library() -> Any:
    """Give RealSense's library, or skip the test with the command that installs it."""
    try:
        return sdk.load()
    except (MissingExtraError, DeviceUnavailable) as error:
        pytest.skip(f"{error}")


@dataclass(frozen=True)
class Model:
    """What a software device is like. `colour` and `depth` are the distortion models and coefficients."""

    name: str = "Intel RealSense D435I"
    depth_size: tuple[int, int] = DEPTH_SIZE
    depth: tuple[str, tuple[float, ...]] = ("brown_conrady", (0.0, 0.0, 0.0, 0.0, 0.0))
    color: tuple[str, tuple[float, ...]] = ("inverse_brown_conrady", (-0.055, 0.066, -0.0008, 0.0009, -0.021))
    color_format: str = "rgb8"
    units: float = 0.001
    fps: int = 30
    streams: frozenset[str] = frozenset(("depth", "ir", "color", "accel", "gyro"))
    stamped: bool = True
    domain: str = "hardware_clock"
    more_depth: tuple[tuple[int, int], ...] = ()
    controls: Mapping[str, tuple[float, float, float, float]] = field(default_factory=dict)


BYTES = {"z16": 2, "y8": 1, "rgb8": 3, "bgr8": 3, "yuyv": 2, "uyvy": 2, "rgba8": 4, "bgra8": 4}


class SoftwareCamera:
    """A device of which a program sets what it delivers: `device` is what the library makes of it."""

    def __init__(self, model: Model | None = None) -> None:
        self.rs = rs = library()
        self.model = model = model or Model()
        self.device = rs.software_device()
        for name, value in (
            ("name", model.name),
            ("serial_number", SERIAL),
            ("firmware_version", "5.16.0.1"),
            ("usb_type_descriptor", "3.2"),
        ):
            self.device.register_info(getattr(rs.camera_info, name), value)
        self.stereo, self.rgb, self.motion = (
            self.device.add_sensor(name) for name in ("Stereo Module", "RGB Camera", "Motion Module")
        )
        self.stereo.add_read_only_option(rs.option.depth_units, model.units)
        self.profiles: dict[str, Any] = {}
        self.others: list[Any] = []
        self._add_images()
        for uid, kind in ((5, "accel"), (6, "gyro")):
            if kind in model.streams:
                self.profiles[kind] = self.motion.add_motion_stream(self._motion(kind, uid))
        self._relate()
        for name, (low, high, step, default) in model.controls.items():
            able = rs.option_range()
            able.min, able.max, able.step, able.default = low, high, step, default
            self.rgb.add_option(getattr(rs.option, name), able, True)

    def _add_images(self) -> None:
        model = self.model
        for uid, (kind, sensor, size, form, lens) in enumerate(
            (
                ("depth", self.stereo, model.depth_size, "z16", model.depth),
                ("ir", self.stereo, model.depth_size, "y8", model.depth),
                ("color", self.rgb, COLOR_SIZE, model.color_format, model.color),
            )
        ):
            if kind in model.streams:
                self.profiles[kind] = sensor.add_video_stream(self._video(kind, uid, size, form, lens))
        for number, size in enumerate(model.more_depth, 10):
            self.others.append(
                self.stereo.add_video_stream(self._video("depth", number, size, "z16", model.depth))
            )

    def _video(
        self, kind: str, uid: int, size: tuple[int, int], form: str, lens: tuple[str, tuple[float, ...]]
    ) -> Any:
        rs, stream = self.rs, self.rs.video_stream()
        stream.type = rs.stream.infrared if kind == "ir" else getattr(rs.stream, kind)
        stream.index, stream.uid = (1 if kind == "ir" else 0), uid
        stream.width, stream.height = size
        stream.fps, stream.bpp, stream.fmt = self.model.fps, BYTES[form], getattr(rs.format, form)
        stream.intrinsics = intrinsics(rs, size, *lens)
        return stream

    def _motion(self, kind: str, uid: int) -> Any:
        stream = self.rs.motion_stream()
        stream.type, stream.index, stream.uid = getattr(self.rs.stream, kind), 0, uid
        stream.fps, stream.fmt = 200, self.rs.format.motion_xyz32f
        stream.intrinsics = self.rs.motion_device_intrinsic()
        return stream

    def _relate(self) -> None:
        for kind, rotation, translation in (
            ("ir", STRAIGHT, [0.0, 0.0, 0.0]),
            ("color", TURN, BESIDE_M),
            ("accel", STRAIGHT, BESIDE_IMU_M),
            ("gyro", STRAIGHT, BESIDE_IMU_M),
        ):
            if kind in self.profiles and "depth" in self.profiles:
                pose = self.rs.extrinsics()
                # The library has its matrices column by column.
                pose.rotation = np.array(rotation).reshape(3, 3).ravel(order="F").tolist()
                pose.translation = translation
                for depth in (self.profiles["depth"], *self.others):
                    depth.register_extrinsics_to(self.profiles[kind], pose)

    def give(self, number: int, usec: int | None = None, *, only: Iterable[str] | None = None) -> None:
        """Deliver what belongs to a capture, whose number its pixels carry."""
        usec = START_USEC + (number - 1) * PERIOD_USEC if usec is None else usec
        for kind in ("depth", "ir", "color"):
            if kind in self.profiles and (only is None or kind in only):
                self._image(kind, number, usec)
        if only is None and {"accel", "gyro"} <= self.profiles.keys():
            for part in range(6):
                self._sample("accel", usec + part * 5000, GRAVITY, number * 6 + part)
                self._sample("gyro", usec + part * 5000, TURNING, number * 6 + part)

    def _image(self, kind: str, number: int, usec: int) -> None:
        rs, profile = self.rs, self.profiles[kind].as_video_stream_profile()
        sensor = self.rgb if kind == "color" else self.stereo
        frame = rs.software_video_frame()
        pixels = self.pixels(kind, number)
        frame.pixels, frame.bpp = pixels, BYTES[profile.format().name]
        frame.stride = profile.width() * frame.bpp
        frame.profile, frame.frame_number = profile, number
        if kind == "depth":
            frame.depth_units = self.model.units
        self._stamp(sensor, frame, usec)
        sensor.on_video_frame(frame)

    def pixels(self, kind: str, number: int) -> U8:
        """Give the bytes of an image."""
        profile = self.profiles[kind].as_video_stream_profile()
        width, height, form = profile.width(), profile.height(), profile.format().name
        if form == "z16":
            steep = np.arange(width, dtype=np.uint16) * 4
            return np.ascontiguousarray(np.tile(steep + 1000 + number, (height, 1))).view(np.uint8).ravel()
        if form == "y8":
            return np.full(width * height, number % 256, np.uint8)
        pattern = np.array([number % 200, 60, 90, 120][: BYTES[form]], np.uint8)
        return np.tile(pattern, width * height)

    def _sample(self, kind: str, usec: int, values: tuple[float, float, float], number: int) -> None:
        frame, vector = self.rs.software_motion_frame(), self.rs.vector()
        vector.x, vector.y, vector.z = values
        frame.data, frame.frame_number = vector, number
        frame.profile = self.profiles[kind].as_motion_stream_profile()
        self._stamp(self.motion, frame, usec)
        self.motion.on_motion_frame(frame)

    def _stamp(self, sensor: Any, frame: Any, usec: int) -> None:
        frame.timestamp = usec / 1000
        frame.domain = getattr(self.rs.timestamp_domain, self.model.domain)
        if self.model.stamped:
            # A device counts in 32 bits.
            sensor.set_metadata(self.rs.frame_metadata_value.frame_timestamp, usec % (1 << 32))


def intrinsics(rs: Any, size: tuple[int, int], model: str, coeffs: tuple[float, ...]) -> Any:
    """Give the library's parameters of a lens that sees 62 degrees."""
    made = rs.intrinsics()
    made.width, made.height = size
    made.fx, made.fy = size[0] / 1.2, size[0] / 1.2 + 1
    made.ppx, made.ppy = size[0] / 2 - 0.25, size[1] / 2 + 0.5
    made.model, made.coeffs = getattr(rs.distortion, model), list(coeffs)
    return made


@contextmanager
def recording(path: Path, camera: SoftwareCamera) -> Iterator[None]:
    """Record what a camera delivers in the block with the library's own recorder."""
    recorder = camera.rs.recorder(str(path), camera.device)
    sensors = recorder.query_sensors()
    waste = camera.rs.frame_queue(1)
    for sensor in sensors:
        if profiles := sensor.get_stream_profiles():
            sensor.open(profiles)
            sensor.start(waste)
    yield
    for sensor in sensors:
        if sensor.get_stream_profiles():
            sensor.stop()
            sensor.close()


def write_take(
    path: Path, count: int, model: Model | None = None, *, first: int = 1, zero_usec: int = START_USEC
) -> Path:
    """Record captures at the pace at which a camera would deliver them."""
    camera = SoftwareCamera(model)
    with recording(path, camera):
        begin = time.monotonic()
        for number in range(first, first + count):
            time.sleep(max(0.0, begin + (number - first) * PERIOD_USEC / 1e6 - time.monotonic()))
            camera.give(number, zero_usec + (number - 1) * PERIOD_USEC)
    return path
