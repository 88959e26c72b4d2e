"""What a device's sensors can deliver, and how they see: profiles, and a calibration out of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from bodychan.cameras.orbbec import api
from bodychan.cameras.orbbec.api import Distortion, Extrinsic, Intrinsic
from bodychan.cameras.orbbec.frames import IMAGES
from bodychan.cameras.orbbec.sdk import Handle, SdkError
from bodychan.errors import CameraError
from bodychan.optics.calibration import Calibration
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEFAULT_COLOR_RESOLUTION, DEPTH_MODES, Mode

SENSORS = {"ir": api.IR, "color": api.COLOR, "depth": api.DEPTH, "accel": api.ACCEL, "gyro": api.GYRO}
# The whole sensors that modes are binned and cropped from.
_DEPTH_SENSOR, _COLOR_SENSOR = (1024, 1024), (4096, 3072)
_BROWN_CONRADY = "CALIBRATION_LensDistortionModelBrownConrady"
_NO_POSE = Extrinsic((1, 0, 0, 0, 1, 0, 0, 0, 1), (0, 0, 0))


@dataclass(frozen=True)
class Profile:
    """One way in which a sensor can deliver; `size` and `fps` are those of images, else (0, 0) and 0."""

    handle: Handle
    kind: str
    format: int
    size: tuple[int, int]
    fps: int

    def pose_of(self, other: "Profile") -> Extrinsic:
        """Give the pose from this sensor to another, none where the device does not say."""
        try:
            pose: Extrinsic = self.handle.call("ob_stream_profile_get_extrinsic_to", other.handle.handle)
        except SdkError:
            return _NO_POSE
        return pose


def profiles(pipeline: Handle, kind: str) -> list[Profile]:
    """List the profiles of a sensor; empty where the device has no such sensor."""
    sdk = pipeline.sdk
    try:
        listed = pipeline.call("ob_pipeline_get_stream_profile_list", SENSORS[kind])
    except SdkError:
        return []
    with Handle(sdk, listed, "ob_delete_stream_profile_list") as given:
        count = given.call("ob_stream_profile_list_get_count")
        handles = [
            Handle(sdk, given.call("ob_stream_profile_list_get_profile", i), "ob_delete_stream_profile")
            for i in range(count)
        ]
    return [_profile(handle, kind) for handle in handles]


def _profile(handle: Handle, kind: str) -> Profile:
    form = handle.call("ob_stream_profile_get_format")
    if kind not in IMAGES:
        return Profile(handle, kind, form, (0, 0), 0)
    width = handle.call("ob_video_stream_profile_get_width")
    height = handle.call("ob_video_stream_profile_get_height")
    return Profile(handle, kind, form, (width, height), handle.call("ob_video_stream_profile_get_fps"))


def mode_of(size: tuple[int, int], modes: dict[str, Mode], *, passive: bool = False) -> str | None:
    """Give the name of the mode whose images have this size; None where there is none."""
    names = [name for name, mode in modes.items() if mode.size == size and passive == (name == "PASSIVE_IR")]
    return names[0] if names else None


def calibration(used: Sequence[Profile], depth_mode: str, color_resolution: str | None) -> Calibration:
    """Put the device's own intrinsics and poses, which are those of one mode, into a calibration.

    Orbbec's cameras give the parameters of the images that they deliver, an Azure Kinect those of the whole
    sensor: the binning and cropping of the mode is undone here. A device without colour gets a colour camera
    that sees what the depth camera sees.

    Raises:
        CameraError: a lens has a distortion model that Femtos do not use.
        CalibrationError: the parameters describe no camera.
    """
    by_kind = {profile.kind: profile for profile in used}
    depth = by_kind.get("depth") or by_kind["ir"]
    color = by_kind.get("color") if color_resolution else None
    cameras = [_camera("D0", depth, DEPTH_MODES[depth_mode], _DEPTH_SENSOR, _NO_POSE)]
    if color is not None and color_resolution:
        mode = COLOR_RESOLUTIONS[color_resolution]
        cameras.append(_camera("PV0", color, mode, _COLOR_SENSOR, depth.pose_of(color)))
    else:
        cameras.append(_stand_in_for_color(cameras[0]))
    sensors = [
        {"SensorType": f"CALIBRATION_InertialSensorType_{name}", "Rt": _rt(depth.pose_of(by_kind[kind]))}
        for kind, name in (("gyro", "Gyro"), ("accel", "Accelerometer"))
        if kind in by_kind
    ]
    content = {"CalibrationInformation": {"Cameras": cameras, "InertialSensors": sensors}}
    return Calibration.from_json(
        msgspec.json.encode(content),
        depth_mode,
        color_resolution or DEFAULT_COLOR_RESOLUTION,
        metric_radius_test=False,
    )


def _camera(
    location: str, profile: Profile, mode: Mode, sensor: tuple[int, int], pose: Extrinsic
) -> dict[str, object]:
    lens: Intrinsic = profile.handle.call("ob_video_stream_profile_get_intrinsic")
    bent: Distortion = profile.handle.call("ob_video_stream_profile_get_distortion")
    if bent.model not in api.BROWN_CONRADY_MODELS:
        raise CameraError(
            f"the {profile.kind} camera has distortion model {bent.model}, which no Femto uses: "
            "bodychan reads Femto Bolt, Mega and Mega I"
        )
    (width, height), (left, top) = mode.binned, mode.crop
    # The calibration's pixels start at the image's corner, Orbbec's at the centre of the first.
    place = [(lens.cx + 0.5 + left) / width, (lens.cy + 0.5 + top) / height]
    focal = [lens.fx / width, lens.fy / height]
    radial = [bent.k1, bent.k2, bent.k3, bent.k4, bent.k5, bent.k6]
    return {
        "Location": f"CALIBRATION_CameraLocation{location}",
        "Intrinsics": {
            "ModelParameterCount": 14,
            "ModelParameters": [*place, *focal, *radial, 0.0, 0.0, bent.p2, bent.p1],
            "ModelType": _BROWN_CONRADY,
        },
        "Rt": _rt(pose),
        "SensorWidth": sensor[0],
        "SensorHeight": sensor[1],
        "MetricRadius": 0.0,
    }


def _stand_in_for_color(depth: dict[str, object]) -> dict[str, object]:
    return depth | {
        "Location": "CALIBRATION_CameraLocationPV0",
        "SensorWidth": _COLOR_SENSOR[0],
        "SensorHeight": _COLOR_SENSOR[1],
    }


def _rt(pose: Extrinsic) -> dict[str, object]:
    return {
        "Rotation": [float(value) for value in pose.rotation],
        "Translation": (np.array(pose.translation, np.float64) / 1000.0).tolist(),
    }
