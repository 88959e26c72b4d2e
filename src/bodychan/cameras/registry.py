"""Opening a camera by its URL: live devices, recordings and synthetic scenes are one type."""

from collections.abc import Callable
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from bodychan.cameras.base import Camera
from bodychan.errors import CameraError, did_you_mean
from bodychan.plugins import Kinds, scheme_of

if TYPE_CHECKING:
    from bodychan.cameras.settings import DeviceSettings

__all__ = ["CAMERAS", "Camera", "open_camera"]


def _synthetic(url: str, _settings: "DeviceSettings | None") -> Camera:
    from bodychan.cameras.synthetic.camera import SyntheticCamera

    return SyntheticCamera(url)


def _live(url: str, settings: "DeviceSettings | None") -> Camera:
    from bodychan.cameras.live import LiveCamera

    return LiveCamera(url, settings)


def _network(url: str, _settings: "DeviceSettings | None") -> Camera:
    from bodychan.cameras.network import NetworkCamera

    return NetworkCamera(url)


def _file(url: str, _settings: "DeviceSettings | None") -> Camera:
    return _recording(url2pathname(urlsplit(url).path))


def _recording(path: str) -> Camera:
    if path.lower().endswith(".bag"):
        from bodychan.cameras.orbbec.bag import BagCamera

        return BagCamera(path)
    from bodychan.cameras.recording.camera import RecordingCamera

    return RecordingCamera(path)


CAMERAS: Kinds[Callable[[str, "DeviceSettings | None"], Camera]] = Kinds(
    "bodychan.cameras",
    {"synthetic": _synthetic, "k4a": _live, "orbbec": _live, "zenoh": _network, "file": _file},
    CameraError,
)
"""The kinds of cameras by the scheme of their URL; each is called with the URL and the settings."""


def open_camera(source: str | PathLike[str], settings: "DeviceSettings | None" = None) -> Camera:
    """Open a camera by its URL, or a recording by its path.

    Args:
        source: `take.mkv` or `file:///…/take.mkv` (an Azure Kinect recording),
            `take.bag`
            (a Femto's, by Orbbec's recorder), `synthetic:SCENE[?seed=N&seconds=S&fps=F]`, `k4a:INDEX` or
            `k4a:SERIAL` (an Azure Kinect),
            `orbbec:INDEX` or `orbbec:SERIAL` (a Femto), or a scheme that another package has registered.
        settings: the modes of a live device; recordings and scenes bring their own.

    Raises:
        CameraError: there is no such scene or kind of camera.
        DeviceUnavailable: the live device cannot be used; its `reason` says why.
        RecordingError: the file is missing or not a readable Azure Kinect recording.
    """
    url = fspath(source)
    scheme = scheme_of(url)
    if scheme in CAMERAS:
        return CAMERAS.maker(scheme)(scheme + url[len(scheme) :], settings)
    # A file's name may have a colon in it.
    if scheme and not url.lower().endswith((".mkv", ".bag")) and not Path(url).exists():
        known = did_you_mean(scheme, CAMERAS.names())
        raise CameraError(f"no kind of camera '{scheme}:': {known}, or a file's path")
    return _recording(url)
