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

__all__ = ["CAMERAS", "RECORDINGS", "Camera", "open_camera"]


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


def _matroska(path: str) -> Camera:
    from bodychan.cameras.recording.camera import RecordingCamera

    return RecordingCamera(path)


def _bag(path: str) -> Camera:
    from bodychan.cameras.rosbag import maker_of

    if maker_of(path) == "realsense":
        return _realsense(path)
    from bodychan.cameras.orbbec.bag import BagCamera

    return BagCamera(path)


def _realsense(path: str) -> Camera:
    from bodychan.cameras.realsense.recording import RealSenseRecording

    return RealSenseRecording(path)


RECORDINGS: dict[str, Callable[[str], Camera]] = {".mkv": _matroska, ".bag": _bag, ".db3": _realsense}
"""What opens a recording, by the suffix of its file's name."""


def _recording(path: str) -> Camera:
    # Whatever is called otherwise may be one of ours all the same.
    return RECORDINGS.get(Path(path).suffix.lower(), _matroska)(path)


CAMERAS: Kinds[Callable[[str, "DeviceSettings | None"], Camera]] = Kinds(
    "bodychan.cameras",
    {
        "synthetic": _synthetic,
        "k4a": _live,
        "orbbec": _live,
        "realsense": _live,
        "zenoh": _network,
        "file": _file,
    },
    CameraError,
)
"""The kinds of cameras by the scheme of their URL; each is called with the URL and the settings."""


def open_camera(source: str | PathLike[str], settings: "DeviceSettings | None" = None) -> Camera:
    """Open a camera by its URL, or a recording by its path.

    Args:
        source: `take.mkv` or `file:///…/take.mkv` (an Azure Kinect recording), `take.bag` (a Femto's or a
            RealSense's, by its maker's recorder), `take.db3` (a RealSense's),
            `synthetic:SCENE[?seed=N&seconds=S&fps=F]`, `k4a:INDEX` or `k4a:SERIAL` (an Azure Kinect),
            likewise `orbbec:` (a Femto) and `realsense:`, or a scheme that another package has registered.
        settings: the modes of a live device; recordings and scenes bring their own.

    Raises:
        CameraError: there is no such scene or kind of camera.
        DeviceUnavailable: the live device cannot be used; its `reason` says why.
        RecordingError: the file is missing or not a readable recording.
        MissingExtraError: the maker's package is an optional one, which is not installed.
    """
    url = fspath(source)
    scheme = scheme_of(url)
    if scheme in CAMERAS:
        return CAMERAS.maker(scheme)(scheme + url[len(scheme) :], settings)
    # A file's name may have a colon in it.
    if scheme and not url.lower().endswith(tuple(RECORDINGS)) and not Path(url).exists():
        known = did_you_mean(scheme, CAMERAS.names())
        raise CameraError(f"no kind of camera '{scheme}:': {known}, or a file's path")
    return _recording(url)
