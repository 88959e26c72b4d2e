"""The calibration of a device in one pair of modes: projection between its sensors.

The facts are those of Microsoft's sensor SDK: the JSON's fields (src/calibration/calibration.c) and the
conversion to a mode (src/transformation/mode_specific_calibration.c).
"""

from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Self, TypeVar

import msgspec
import numpy as np

from bodychan.errors import CalibrationError, did_you_mean
from bodychan.model.arrays import F64, Bool, Float, frozen
from bodychan.optics.lens import Lens
from bodychan.optics.modes import (
    COLOR_RESOLUTIONS,
    DEFAULT_COLOR_RESOLUTION,
    DEFAULT_DEPTH_MODE,
    DEPTH_MODES,
    Mode,
    named,
)

# Old devices describe the colour sensor as 16:9, a crop of the whole 4:3 sensor: (binned, crop, size).
_LEGACY_16_9 = ((4096, 2304), (0, -384), (4096, 3072))

_DEFAULT_METRIC_RADIUS = 1.7
_NO_METRIC_RADIUS = float("inf")
# No parameter of a real lens comes near; beyond it float32, in which images are remapped, overflows.
_GREATEST_NUMBER = 1e6
_DEPTH_SENSOR = (1024, 1024)
# Femtos of all firmwares stay within 0.013; a matrix further off is a damaged file.
_NEARLY_ORTHONORMAL = 0.1
_LOCATION = {"depth": "CALIBRATION_CameraLocationD0", "color": "CALIBRATION_CameraLocationPV0"}
_CAMERAS = {location: camera for camera, location in _LOCATION.items()}
_INERTIAL = {
    "CALIBRATION_InertialSensorType_Gyro": "gyro",
    "CALIBRATION_InertialSensorType_Accelerometer": "accel",
}
_XY_FACTOR = {
    "CALIBRATION_LensDistortionModelBrownConrady": 2.0,
    "CALIBRATION_LensDistortionModelRational6KT": 1.0,
}


class _Rt(msgspec.Struct):
    Rotation: list[float]
    Translation: list[float]


class _Intrinsics(msgspec.Struct):
    ModelParameters: list[float]
    ModelType: str


class _Camera(msgspec.Struct):
    Intrinsics: _Intrinsics
    Rt: _Rt
    # Some writers put every number as a float.
    SensorWidth: float
    SensorHeight: float
    MetricRadius: float = 0.0


class _InertialSensor(msgspec.Struct):
    Rt: _Rt


# Devices list more than is needed here, such as further cameras and a magnetometer. What they say of those is
# left unread, so that nothing in it can be wrong.
class _Information(msgspec.Struct):
    Cameras: list[msgspec.Raw]
    InertialSensors: msgspec.Raw = msgspec.Raw(b"[]")


class _Named(msgspec.Struct):
    Location: object = None
    SensorType: object = None


class _File(msgspec.Struct):
    CalibrationInformation: _Information


_Part = TypeVar("_Part")


@dataclass(frozen=True, eq=False)
class Calibration:
    """Where a device's sensors are and how its cameras see, in one depth mode and one colour resolution.

    Points are mm in the named sensor's frame (cameras: x right, y down, z forward); pixels are 0-centred.
    `lenses` holds "depth" and "color"; `poses` the (4, 4) matrices from the depth camera to each of "depth",
    "color", "gyro" and "accel", of these two only as far as they are usable; `raw` the JSON that it was read
    from; `warnings` say what in it is not usable.
    """

    depth_mode: str
    color_resolution: str
    lenses: dict[str, Lens]
    poses: dict[str, F64]
    raw: bytes
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_json(
        cls,
        source: str | PathLike[str] | bytes,
        depth_mode: str = DEFAULT_DEPTH_MODE,
        color_resolution: str = DEFAULT_COLOR_RESOLUTION,
        *,
        metric_radius_test: bool = True,
    ) -> Self:
        """Read the JSON that a device or recording carries.

        Args:
            source: a path, or the JSON itself as bytes (a byte order mark, and what follows a NUL, as devices
                add, are ignored).
            depth_mode: a name of `DEPTH_MODES`, or of another camera's mode, such as 848X480.
            color_resolution: a name of `COLOR_RESOLUTIONS`, or such a size.
            metric_radius_test: points beyond the metric radius have no image, as in Microsoft's library.
                Orbbec's has no such rule; `made_by_orbbec` says whose device it is.

        Raises:
            CalibrationError: the file cannot be read, is not a calibration, or a mode is unknown.
        """
        name, raw = _read(source)
        depth = _mode("depth mode", depth_mode, DEPTH_MODES)
        color = _mode("colour resolution", color_resolution, COLOR_RESOLUTIONS)
        cameras, inertial = _sensors(name, raw)
        poses = {key: _pose(f"{name}, {key} camera", camera.Rt) for key, camera in cameras.items()}
        warnings = []
        for key, sensor in inertial.items():
            try:
                poses[key] = _pose(f"{name}, {key}", _decoded(sensor, _InertialSensor, name).Rt)
            except CalibrationError as error:
                warnings.append(f"{error}; the {key} has no place, the rest is used")
        lenses = {
            "depth": _lens(f"{name}, depth camera", cameras["depth"], depth, is_depth=True),
            "color": _lens(f"{name}, colour camera", cameras["color"], color, is_depth=False),
        }
        if not metric_radius_test:
            lenses = {key: replace(lens, metric_radius=_NO_METRIC_RADIUS) for key, lens in lenses.items()}
        return cls(depth_mode, color_resolution, lenses, poses, raw, tuple(warnings))

    def extrinsics(self, source: str, target: str) -> F64:
        """Give the (4, 4) matrix that turns homogeneous mm of sensor `source` into mm of `target`.

        As in libk4a, the inverse of a rotation is its transpose. The rotations of Femto devices are so far
        from orthonormal (0.012) that the true inverse would move points by centimetres.

        Raises:
            CalibrationError: the calibration has no such sensor.
        """
        for sensor in (source, target):
            if sensor not in self.poses:
                raise CalibrationError(f"no sensor '{sensor}': {did_you_mean(sensor, self.poses)}")
        rotation, translation = self.poses[source][:3, :3], self.poses[source][:3, 3]
        inverse = np.eye(4)
        inverse[:3, :3] = rotation.T
        inverse[:3, 3] = -rotation.T @ translation
        return np.asarray(self.poses[target] @ inverse)

    @cached_property
    def _known_extrinsics(self) -> dict[tuple[str, str], F64]:
        """The matrices that `transform` has used: making one takes as long as applying it."""
        return {}

    def transform(self, points_mm: Float, source: str, target: str) -> F64:
        """Express points (N, 3) mm of sensor `source` in the frame of sensor `target`."""
        known = self._known_extrinsics
        if (source, target) not in known:
            known[source, target] = frozen(self.extrinsics(source, target))
        matrix = known[source, target]
        return np.asarray(points_mm, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3]

    def project(self, points_mm: Float, source: str = "depth", camera: str = "color") -> tuple[F64, Bool]:
        """Give the pixels of `camera` where points (N, 3) mm of sensor `source` appear.

        Returns:
            pixels (N, 2) float64, also outside the image, and valid (N,) bool: (0, 0) where a point lies
            behind the camera or beyond the range of its lens model.
        """
        return self._lens(camera).project(self.transform(points_mm, source, camera))

    def unproject(
        self, pixels: Float, depth_mm: Float, camera: str = "depth", target: str = "depth"
    ) -> tuple[F64, Bool]:
        """Give the points of sensor `target` at depths `depth_mm` (N,) behind pixels (N, 2) of `camera`.

        Returns:
            points (N, 3) float64 mm and valid (N,) bool; (0, 0, 0) where the depth is 0 or the lens model
            gives the pixel no ray.
        """
        depth_mm = np.asarray(depth_mm, dtype=np.float64)
        rays, valid = self._lens(camera).unproject(pixels)
        valid &= depth_mm > 0
        points = np.concatenate([rays * depth_mm[:, None], depth_mm[:, None]], axis=1)
        points = self.transform(points, camera, target)
        points[~valid] = 0.0
        return points, valid

    def _lens(self, camera: str) -> Lens:
        if camera not in self.lenses:
            raise CalibrationError(f"no camera '{camera}': {did_you_mean(camera, self.lenses)}")
        return self.lenses[camera]


def made_by_orbbec(serial_number: str) -> bool:
    """Tell an Orbbec Femto from an Azure Kinect by its serial number, as K4A_DEVICE_SERIAL_NUMBER holds it.

    The calibration itself does not say. An Azure Kinect's number is twelve digits, 001514394512; Femtos'
    start with letters, CL8K14101E3. Without a number it counts as an Azure Kinect.
    """
    return any(character.isalpha() for character in serial_number)


def _read(source: str | PathLike[str] | bytes) -> tuple[str, bytes]:
    if isinstance(source, bytes):
        return "the calibration", source
    try:
        return str(source), Path(source).read_bytes()
    except OSError as error:
        raise CalibrationError(f"cannot read the calibration {source}: {error.strerror}") from error


def _sensors(name: str, raw: bytes) -> tuple[dict[str, _Camera], dict[str, msgspec.Raw]]:
    """Decode the cameras that are needed, by name, and find the inertial sensors, which may be damaged."""
    text = raw.removeprefix(b"\xef\xbb\xbf").partition(b"\0")[0]
    content = _decoded(text, _File, name).CalibrationInformation
    located = ((_CAMERAS.get(str(_named(camera).Location)), camera) for camera in content.Cameras)
    cameras = {key: _decoded(camera, _Camera, name) for key, camera in located if key}
    for camera in _LOCATION:
        if camera not in cameras:
            raise CalibrationError(f"{name} describes no {camera} camera; take the calibration of the device")
    try:
        listed = msgspec.json.decode(content.InertialSensors, type=list[msgspec.Raw])
    except msgspec.MsgspecError:
        listed = []
    typed = ((_INERTIAL.get(str(_named(sensor).SensorType)), sensor) for sensor in listed)
    return cameras, {key: sensor for key, sensor in typed if key}


def _decoded(data: bytes | msgspec.Raw, kind: type[_Part], name: str) -> _Part:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CalibrationError(f"{name} is not an Azure Kinect calibration: {error}") from error


def _named(part: msgspec.Raw) -> _Named:
    """Read what a camera or sensor is called, and nothing else of it."""
    try:
        return msgspec.json.decode(part, type=_Named)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _Named()


def _mode(what: str, name: str, modes: dict[str, Mode]) -> Mode:
    mode = named(name, modes)
    if mode is None:
        raise CalibrationError(f"no {what} '{name}': {did_you_mean(name, modes)}")
    return mode


def _pose(where: str, rt: _Rt) -> F64:
    if len(rt.Rotation) != 9 or len(rt.Translation) != 3:
        raise CalibrationError(f"{where}: Rt must hold 9 rotation and 3 translation numbers")
    _check_numbers(f"{where}: Rt", [*rt.Rotation, *rt.Translation])
    matrix = np.eye(4)
    matrix[:3, :3] = rotation = np.array(rt.Rotation).reshape(3, 3)
    matrix[:3, 3] = 1000.0 * np.array(rt.Translation)
    off = np.abs(rotation @ rotation.T - np.eye(3)).max()
    if off > _NEARLY_ORTHONORMAL or np.linalg.det(rotation) < 0:
        raise CalibrationError(
            f"{where}: Rt.Rotation is not a rotation: its rows must have length 1 and be at right angles"
        )
    return frozen(matrix)


def _check_numbers(what: str, numbers: list[float]) -> None:
    for number in numbers:
        if not abs(number) <= _GREATEST_NUMBER:
            raise CalibrationError(f"{what} holds {number}, which no real camera has; take the device's file")


def _lens(where: str, camera: _Camera, mode: Mode, *, is_depth: bool) -> Lens:
    intrinsics = camera.Intrinsics
    if len(intrinsics.ModelParameters) < 14:
        raise CalibrationError(f"{where}: needs 14 lens parameters, has {len(intrinsics.ModelParameters)}")
    if intrinsics.ModelType not in _XY_FACTOR:
        raise CalibrationError(
            f"{where}: lens model {intrinsics.ModelType} is not supported; devices on sale use BrownConrady"
        )
    size = (camera.SensorWidth, camera.SensorHeight)
    _check_numbers(f"{where}: ModelParameters", [*intrinsics.ModelParameters, camera.MetricRadius, *size])
    cx, cy, fx, fy, *radial, codx, cody, p2, p1 = intrinsics.ModelParameters[:14]
    if fx <= 0 or fy <= 0:
        raise CalibrationError(f"{where}: focal length must be positive, is {fx}, {fy}")
    k1, k2, k3, k4, k5, k6 = radial
    sensor = Lens(
        int(camera.SensorWidth),
        int(camera.SensorHeight),
        cx,
        cy,
        fx,
        fy,
        radial=(k1, k2, k3, k4, k5, k6),
        tangential=(p1, p2),
        distortion_centre=(codx, cody),
        metric_radius=camera.MetricRadius if camera.MetricRadius > 0.0001 else _DEFAULT_METRIC_RADIUS,
        tangential_xy_factor=_XY_FACTOR[intrinsics.ModelType],
    )
    if mode.foreign:
        if size != mode.size:
            raise CalibrationError(
                f"{where}: it describes images of {size[0]:g}x{size[1]:g}, the mode gives "
                f"{mode.size[0]}x{mode.size[1]}: take the calibration of this mode"
            )
    elif not is_depth and size[0] * 9 == size[1] * 16 > 0:
        sensor = _normalised(_cropped(sensor, *_LEGACY_16_9))
    elif not (size == _DEPTH_SENSOR if is_depth else size[0] * 3 == size[1] * 4 > 0):
        raise CalibrationError(
            f"{where}: a {size[0]:g}x{size[1]:g} sensor does not fit: an Azure Kinect's "
            "depth sensor is 1024x1024, its colour sensor 4:3, or 16:9 in old files"
        )
    lens = _cropped(sensor, mode.binned, mode.crop, mode.size)
    # The file counts from the corner of the first pixel, `Lens` from its centre.
    return replace(lens, cx=lens.cx - 0.5, cy=lens.cy - 0.5)


def _cropped(normalised: Lens, binned: tuple[int, int], crop: tuple[int, int], size: tuple[int, int]) -> Lens:
    """Scale intrinsics given as shares of the image to a mode's pixels, with 0 at the image's corner."""
    (bw, bh), (ox, oy), (w, h), n = binned, crop, size, normalised
    return replace(n, width=w, height=h, cx=n.cx * bw - ox, cy=n.cy * bh - oy, fx=n.fx * bw, fy=n.fy * bh)


def _normalised(lens: Lens) -> Lens:
    w, h = lens.width, lens.height
    return replace(lens, cx=lens.cx / w, cy=lens.cy / h, fx=lens.fx / w, fy=lens.fy / h)
