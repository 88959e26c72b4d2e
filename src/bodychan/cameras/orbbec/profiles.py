"""What a device's sensors can deliver, and how they see: profiles, and a calibration out of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bodychan.cameras.assembly import IMAGES
from bodychan.cameras.orbbec import api
from bodychan.cameras.orbbec.api import Distortion, Extrinsic, Intrinsic
from bodychan.cameras.orbbec.sdk import Handle, SdkError
from bodychan.errors import CameraError
from bodychan.model.arrays import F64
from bodychan.optics.calibration import Calibration
from bodychan.optics.compose import compose
from bodychan.optics.lens import Lens
from bodychan.optics.modes import Mode

SENSORS = {"ir": api.IR, "color": api.COLOR, "depth": api.DEPTH, "accel": api.ACCEL, "gyro": api.GYRO}
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

    Raises:
        CameraError: a lens has a distortion model that Femtos do not use.
        CalibrationError: the parameters describe no camera.
    """
    by_kind = {profile.kind: profile for profile in used}
    depth = by_kind.get("depth") or by_kind["ir"]
    lenses = {"depth": _lens(depth)}
    if color_resolution is not None:
        lenses["color"] = _lens(by_kind["color"])
    posed: list[str] = [kind for kind in ("color", "gyro", "accel") if kind in by_kind]
    poses = {kind: _matrix(depth.pose_of(by_kind[kind])) for kind in posed}
    return compose(depth_mode, color_resolution, lenses, poses)


def _lens(profile: Profile) -> Lens:
    lens: Intrinsic = profile.handle.call("ob_video_stream_profile_get_intrinsic")
    bent: Distortion = profile.handle.call("ob_video_stream_profile_get_distortion")
    if bent.model not in api.BROWN_CONRADY_MODELS:
        raise CameraError(
            f"the {profile.kind} camera has distortion model {bent.model}, which no Femto uses: "
            "bodychan reads Femto Bolt, Mega and Mega I"
        )
    radial = (bent.k1, bent.k2, bent.k3, bent.k4, bent.k5, bent.k6)
    return Lens(*profile.size, lens.cx, lens.cy, lens.fx, lens.fy, radial, (bent.p1, bent.p2))


def _matrix(pose: Extrinsic) -> F64:
    """Give a pose as a (4, 4) matrix in mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(pose.rotation, np.float64).reshape(3, 3)
    matrix[:3, 3] = np.array(pose.translation, np.float64)
    return matrix
