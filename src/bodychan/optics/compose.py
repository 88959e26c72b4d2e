"""A calibration composed of lenses and poses, for cameras that give the parameters of the images they take.

An Azure Kinect's file has those of its whole sensors; recordings and other machines pass calibrations on in
its form.
"""

from collections.abc import Mapping

import msgspec
import numpy as np

from bodychan.model.arrays import F64
from bodychan.optics.calibration import Calibration
from bodychan.optics.lens import Lens
from bodychan.optics.modes import (
    COLOR_RESOLUTIONS,
    DEFAULT_COLOR_RESOLUTION,
    DEPTH_MODES,
    Mode,
    one_named,
    size_name,
)

# The whole sensors that the modes of an Azure Kinect are binned and cropped from.
_DEPTH_SENSOR, _COLOR_SENSOR = (1024, 1024), (4096, 3072)
_BROWN_CONRADY = "CALIBRATION_LensDistortionModelBrownConrady"
_INERTIAL = {"gyro": "Gyro", "accel": "Accelerometer"}
_NO_RADIUS = 1000.0
"""A metric radius that bounds nothing: a tangent that no ray has."""


def resolution_of(size: tuple[int, int]) -> str:
    """Give the colour resolution of images of a size: that of an Azure Kinect, or the size itself."""
    names = [name for name, mode in COLOR_RESOLUTIONS.items() if mode.size == size]
    return names[0] if names else size_name(size)


def compose(
    depth_mode: str, color_resolution: str | None, lenses: Mapping[str, Lens], poses: Mapping[str, F64]
) -> Calibration:
    """Make a calibration of lenses of one mode; points are not bounded by a metric radius.

    Args:
        depth_mode: a name of `DEPTH_MODES`, or the size of another camera's images, such as 848X480.
        color_resolution: a name of `COLOR_RESOLUTIONS` or such a size. None for a camera without colour: it
            gets a colour camera that sees what the depth camera sees.
        lenses: "depth", and "color" where there is one, of the model of `Lens` without a distortion centre.
        poses: (4, 4) mm from the depth camera to "color", "gyro" and "accel", as far as there are any.

    Raises:
        CalibrationError: the parameters describe no camera.
    """
    depth = one_named(depth_mode, DEPTH_MODES)
    cameras = [_camera("D0", lenses["depth"], depth, _DEPTH_SENSOR, np.eye(4))]
    if color_resolution is not None:
        color = one_named(color_resolution, COLOR_RESOLUTIONS)
        cameras.append(_camera("PV0", lenses["color"], color, _COLOR_SENSOR, poses["color"]))
    elif depth.foreign:
        color_resolution = depth_mode
        cameras.append(_camera("PV0", lenses["depth"], depth, _COLOR_SENSOR, np.eye(4)))
    else:
        color_resolution = DEFAULT_COLOR_RESOLUTION
        size = {"SensorWidth": _COLOR_SENSOR[0], "SensorHeight": _COLOR_SENSOR[1]}
        cameras.append(cameras[0] | {"Location": "CALIBRATION_CameraLocationPV0"} | size)
    sensors = [
        {"SensorType": f"CALIBRATION_InertialSensorType_{name}", "Rt": _rt(poses[kind])}
        for kind, name in _INERTIAL.items()
        if kind in poses
    ]
    content = {"CalibrationInformation": {"Cameras": cameras, "InertialSensors": sensors}}
    return Calibration.from_json(
        msgspec.json.encode(content), depth_mode, color_resolution, metric_radius_test=False
    )


def _camera(location: str, lens: Lens, mode: Mode, sensor: tuple[int, int], pose: F64) -> dict[str, object]:
    (width, height), (left, top) = mode.binned, mode.crop
    # The calibration's pixels start at the image's corner, those of a lens at the centre of the first.
    place = [(lens.cx + 0.5 + left) / width, (lens.cy + 0.5 + top) / height]
    p1, p2 = lens.tangential
    parameters = [*place, lens.fx / width, lens.fy / height, *lens.radial, 0.0, 0.0, p2, p1]
    size = mode.size if mode.foreign else sensor
    return {
        "Location": f"CALIBRATION_CameraLocation{location}",
        "Intrinsics": {
            "ModelParameterCount": 14,
            "ModelParameters": parameters,
            "ModelType": _BROWN_CONRADY,
        },
        "Rt": _rt(pose),
        "SensorWidth": size[0],
        "SensorHeight": size[1],
        "MetricRadius": _NO_RADIUS,
    }


def _rt(pose: F64) -> dict[str, object]:
    return {"Rotation": pose[:3, :3].ravel().tolist(), "Translation": (pose[:3, 3] / 1000.0).tolist()}
