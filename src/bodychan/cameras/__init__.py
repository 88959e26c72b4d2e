"""Cameras: recordings and synthetic scenes, all one type."""

from os import PathLike, fspath

from bodychan.cameras.base import Camera
from bodychan.errors import CameraError, did_you_mean

__all__ = ["Camera", "open_camera"]


def open_camera(source: str | PathLike[str]) -> Camera:
    """Open a camera by its URL, or a recording by its path.

    Args:
        source: `take.mkv` (an Azure Kinect recording), or `synthetic:SCENE[?seed=N&seconds=S&fps=F]`.

    Raises:
        CameraError: there is no such scene or kind of camera.
        RecordingError: the file is missing or not a readable Azure Kinect recording.
    """
    url = fspath(source)
    scheme, colon, _ = url.partition(":")
    if colon and scheme == "synthetic":
        from bodychan.cameras.synthetic import SyntheticCamera

        return SyntheticCamera(url)
    # One letter before the colon is a drive of Windows.
    if colon and scheme.isalnum() and len(scheme) > 1 and "/" not in scheme:
        raise CameraError(
            f"no kind of camera '{scheme}:': {did_you_mean(scheme, ['synthetic'])}, or a file's path"
        )
    from bodychan.cameras.recording import RecordingCamera

    return RecordingCamera(url)
