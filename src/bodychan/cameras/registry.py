"""Cameras: live devices, recordings and synthetic scenes, all one type."""

from os import PathLike, fspath
from typing import TYPE_CHECKING

from bodychan.cameras.base import Camera
from bodychan.errors import CameraError, did_you_mean

if TYPE_CHECKING:
    from bodychan.cameras.settings import DeviceSettings

__all__ = ["Camera", "open_camera"]


def open_camera(source: str | PathLike[str], settings: "DeviceSettings | None" = None) -> Camera:
    """Open a camera by its URL, or a recording by its path.

    Args:
        source: `take.mkv` (an Azure Kinect recording), `synthetic:SCENE[?seed=N&seconds=S&fps=F]`,
            `k4a:INDEX` or `k4a:SERIAL` (an Azure Kinect), `orbbec:INDEX` or `orbbec:SERIAL` (a Femto).
        settings: the modes of a live device; recordings and scenes bring their own.

    Raises:
        CameraError: there is no such scene or kind of camera.
        DeviceUnavailable: the live device cannot be used; its `reason` says why.
        RecordingError: the file is missing or not a readable Azure Kinect recording.
    """
    url = fspath(source)
    scheme, colon, _ = url.partition(":")
    if colon and scheme == "synthetic":
        from bodychan.cameras.synthetic.camera import SyntheticCamera

        return SyntheticCamera(url)
    if colon and scheme in ("k4a", "orbbec"):
        from bodychan.cameras.k4a.camera import LiveCamera

        return LiveCamera(url, settings)
    # One letter before the colon is a drive of Windows.
    if colon and scheme.isalnum() and len(scheme) > 1 and "/" not in scheme:
        raise CameraError(
            f"no kind of camera '{scheme}:': {did_you_mean(scheme, ['synthetic', 'k4a', 'orbbec'])}, "
            "or a file's path"
        )
    from bodychan.cameras.recording.camera import RecordingCamera

    return RecordingCamera(url)
