"""What the sensors of a RealSense deliver, and how they see: profiles, and a calibration out of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bodychan.cameras.faults import Faults
from bodychan.cameras.realsense.frames import IMU_AXES
from bodychan.errors import CameraError
from bodychan.model.arrays import F64
from bodychan.optics.calibration import Calibration
from bodychan.optics.compose import compose, resolution_of
from bodychan.optics.lens import Lens
from bodychan.optics.modes import size_name

# How far a lens of another model may lie from ours, anywhere in the image.
_TOLERATED_PIXELS = 0.1
# How much farther out than a lens without distortion the rays go that are looked at.
_BEYOND = 1.3
_GRID = 25


def size_of(profile: Any) -> tuple[int, int]:
    """Give the (width, height) of a profile's images."""
    video = profile.as_video_stream_profile()
    return video.width(), video.height()


def stream_name(profile: Any) -> tuple[str, int]:
    """Tell streams of a device apart, by kind and number."""
    return profile.stream_type().name, profile.stream_index()


def calibration(rs: Any, used: Mapping[str, Any], faults: Faults) -> Calibration:
    """Put a device's own intrinsics and poses into a calibration.

    Args:
        rs: the library.
        used: the profiles that are used, by our names of them: "depth" and any others.
        faults: what the device does not say is noted there.

    Raises:
        CameraError: a lens bends light in a way that our model of lenses cannot, or has no parameters.
        CalibrationError: the parameters describe no camera.
    """
    depth, color = used["depth"], used.get("color")
    cameras = {"depth": depth} | ({} if color is None else {"color": color})
    lenses = {name: lens_of(rs, name, _intrinsics(name, profile)) for name, profile in cameras.items()}
    poses = {
        kind: _pose(depth, profile, kind, faults)
        for kind, profile in used.items()
        if kind in ("color", "accel", "gyro")
    }
    resolution = None if color is None else resolution_of(size_of(color))
    return compose(size_name(size_of(depth)), resolution, lenses, poses)


def _intrinsics(name: str, profile: Any) -> Any:
    try:
        return profile.as_video_stream_profile().get_intrinsics()
    except RuntimeError as error:
        raise CameraError(f"the device does not say how its {name} camera sees ({error})") from error


def lens_of(rs: Any, name: str, given: Any) -> Lens:
    """Turn the library's parameters of a lens into ours.

    Its Brown-Conrady is ours. Its other models are taken through its own projection, to which ours is fitted.

    Raises:
        CameraError: ours cannot follow it.
    """
    model, (k1, k2, p1, p2, k3) = given.model, given.coeffs
    if (
        model not in (rs.distortion.none, rs.distortion.brown_conrady)
        and any(given.coeffs)
        and given.fx > 0 < given.fy
    ):
        (k1, k2, k3, p1, p2), off = _fitted(rs, given)
        if not off < _TOLERATED_PIXELS:
            raise CameraError(
                f"the {name} camera's lens is of the model {model.name}, which bodychan's Brown-Conrady "
                f"misses by {off:.1f} pixels: choose another resolution, or have the camera calibrated"
            )
    elif model == rs.distortion.none:
        k1 = k2 = k3 = p1 = p2 = 0.0
    return Lens(
        given.width, given.height, given.ppx, given.ppy, given.fx, given.fy, (k1, k2, k3, 0, 0, 0), (p1, p2)
    )


def _fitted(rs: Any, given: Any) -> tuple[list[float], float]:
    """Fit k1, k2, k3, p1, p2 to what the library projects; give also how far off they are, in pixels."""
    x = (np.linspace(0, given.width - 1, _GRID) - given.ppx) / given.fx * _BEYOND
    y = (np.linspace(0, given.height - 1, _GRID) - given.ppy) / given.fy * _BEYOND
    rays = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    pixels = np.array([rs.rs2_project_point_to_pixel(given, [*ray, 1.0]) for ray in rays.tolist()])
    inside = ((pixels >= -0.5) & (pixels <= np.array([given.width, given.height]) - 0.5)).all(axis=1)
    rays, bent = rays[inside], (pixels[inside] - [given.ppx, given.ppy]) / [given.fx, given.fy]
    x, y = rays.T
    r2 = x * x + y * y
    along_x = [x * r2, x * r2**2, x * r2**3, 2 * x * y, r2 + 2 * x * x]
    along_y = [y * r2, y * r2**2, y * r2**3, r2 + 2 * y * y, 2 * x * y]
    terms = np.concatenate([np.stack(along_x, axis=1), np.stack(along_y, axis=1)])
    wanted = np.concatenate([bent[:, 0] - x, bent[:, 1] - y])
    found = np.linalg.lstsq(terms, wanted, rcond=None)[0]
    off = np.abs(terms @ found - wanted).max(initial=0.0) * max(given.fx, given.fy)
    return found.tolist(), float(off)


def _pose(depth: Any, profile: Any, kind: str, faults: Faults) -> F64:
    """Give the pose (4, 4) mm from the depth camera to a sensor, inertial ones in our axes."""
    pose = np.eye(4)
    try:
        given = depth.get_extrinsics_to(profile)
    except RuntimeError as error:
        if kind == "color":
            raise CameraError(
                f"the device does not say where its colour camera is ({error}): use it without colour"
            ) from error
        if kind == "accel":
            faults.note(
                "pose", "it is not said where the inertial sensor is: the depth camera's place is taken"
            )
    else:
        pose[:3, :3] = np.array(given.rotation).reshape(3, 3, order="F")
        pose[:3, 3] = 1000.0 * np.array(given.translation)
    if kind != "color":
        pose[:3] = IMU_AXES @ pose[:3]
    return pose
