"""Recordings of RealSense cameras: `.db3`, and `.bag` of earlier versions of RealSense's library."""

from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Self

from bodychan.cameras.faults import Faults
from bodychan.cameras.played import PlayedCamera
from bodychan.cameras.realsense.frames import COLOR_FORMATS, KINDS
from bodychan.cameras.realsense.player import Player
from bodychan.cameras.realsense.profiles import calibration, size_of
from bodychan.cameras.realsense.sdk import fact, load
from bodychan.cameras.realsense.tags import tags
from bodychan.errors import CalibrationError, CameraError, RecordingError


class RealSenseRecording(PlayedCamera):
    """A recording of a RealSense; see `PlayedCamera`. A capture is given for every depth image."""

    def __init__(self, path: str | PathLike[str]) -> None:
        """Open a recording and look at its first and last capture.

        Raises:
            MissingExtraError: pyrealsense2 is not installed.
            RecordingError: the file cannot be read, or has no depth images.
        """
        self.name = fspath(path)
        if not Path(self.name).is_file():
            raise RecordingError(f"{self.name}: there is no such file; check its name")
        rs = load()
        self.warnings = []
        faults = Faults(self.name, self.warnings)
        player = Player(rs, Path(self.name), faults)
        streams = self._streams(player, faults)
        try:
            self.calibration = calibration(rs, streams, faults)
        except (CalibrationError, CameraError) as error:
            raise RecordingError(f"{self.name}: {error}") from error
        self.fps = streams["depth"].fps()
        self.tags = tags(player.device, streams)
        player.streams = streams
        self._begin(player, list(streams), faults, needed="depth")

    def _streams(self, player: Player, faults: Faults) -> dict[str, Any]:
        """Choose what is played: depth, the infrared image that has its pixels, colour, inertial samples."""
        found: dict[str, Any] = {}
        every = [p for sensor in player.device.query_sensors() for p in sensor.get_stream_profiles()]
        for profile in every:
            kind = KINDS.get(profile.stream_type().name)
            if kind is not None and (kind != "ir" or profile.stream_index() < 2):
                found.setdefault(kind, profile)
        depth, infrared, color = (found.get(kind) for kind in ("depth", "ir", "color"))
        if depth is None or depth.format().name != "z16":
            name = fact(player.device, "name") or "a camera without a name"
            raise RecordingError(
                f"{self.name}, of {name}, has no depth images: record with the depth stream on"
            )
        if infrared is not None and size_of(infrared) != size_of(depth):
            del found["ir"]
            faults.note("ir", "its infrared images are not of the depth images' size and are left out")
        if color is not None and color.format().name not in COLOR_FORMATS:
            del found["color"]
            faults.note("colour", f"its colour images, in format {color.format().name}, are left out")
        return _with_both_halves(found)

    def _again(self) -> Self:
        return type(self)(self.name)


def _with_both_halves(found: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out an inertial sensor that is alone: a sample has both halves."""
    whole = {"accel", "gyro"} <= found.keys()
    return {kind: profile for kind, profile in found.items() if whole or kind not in ("accel", "gyro")}
