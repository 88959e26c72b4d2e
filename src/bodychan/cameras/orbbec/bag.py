"""Recordings of Orbbec's own kind: `.bag` files of Femto cameras, played by Orbbec's library."""

from os import PathLike, fspath
from pathlib import Path
from typing import Self

from bodychan.cameras.faults import Faults
from bodychan.cameras.orbbec import api
from bodychan.cameras.orbbec.frames import COLOR_FORMATS
from bodychan.cameras.orbbec.player import Player, unreadable
from bodychan.cameras.orbbec.profiles import SENSORS, Profile, calibration, mode_of, profiles
from bodychan.cameras.orbbec.sdk import Handle, SdkError, find
from bodychan.cameras.played import PlayedCamera
from bodychan.errors import CalibrationError, CameraError, RecordingError
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES


class BagCamera(PlayedCamera):
    """A recording of a Femto; see `PlayedCamera`."""

    def __init__(self, path: str | PathLike[str]) -> None:
        """Open a recording and look at its first and last capture.

        Raises:
            DeviceUnavailable: Orbbec's library is not here.
            RecordingError: the file cannot be read, is no bag of a Femto, or holds no capture.
        """
        self.name = fspath(path)
        sdk = find()
        self.warnings = []
        faults = Faults(self.name, self.warnings)
        try:
            player = Player(sdk, Path(self.name))
        except SdkError as error:
            raise unreadable(Path(self.name), str(error)) from error
        try:
            used = self._describe(player, faults)
        except BaseException:
            player.close()
            raise
        player.profiles = used
        self._begin(player, [profile.kind for profile in used], faults)

    def _describe(self, player: Player, faults: Faults) -> list[Profile]:
        """Read what the bag says of its device, and choose what is played.

        Raises:
            RecordingError: it is none of a Femto.
        """
        sdk = player.device.sdk
        given = player.device.call("ob_device_get_device_info")
        with Handle(sdk, given, "ob_delete_device_info") as info:
            pid = info.call("ob_device_info_get_pid")
            name, serial, firmware = (
                sdk.text(f"ob_device_info_get_{what}", info.handle)
                for what in ("name", "serial_number", "firmware_version")
            )
        name = name.removesuffix("(Playback)")
        found = {kind: listed[0] for kind in SENSORS if (listed := profiles(player.pipeline, kind))}
        if pid not in api.FEMTOS:
            raise RecordingError(
                f"{self.name} is a recording of a camera {name or 'without a name'}: "
                "bodychan reads those of Femto Bolt, Mega and Mega I"
            )
        primary = found.get("depth") or found.get("ir")
        if primary is None:
            raise RecordingError(f"{self.name} has neither depth nor infrared images: record one of them")
        mode = mode_of(primary.size, DEPTH_MODES, passive="depth" not in found)
        if mode is None:
            width, height = primary.size
            what = "depth images" if "depth" in found else "infrared images"
            alone = "" if "depth" in found else " without depth"
            raise RecordingError(
                f"{self.name} has {what} of {width}x{height}{alone}, which no mode of a Femto gives"
            )
        resolution = _resolution(found, faults)
        used = list(found.values())
        try:
            self.calibration = calibration(used, mode, resolution)
        except (CalibrationError, CameraError) as error:
            raise RecordingError(f"{self.name}: {error}") from error
        self.warnings += [f"{self.name}: {text}" for text in self.calibration.warnings]
        self.fps = primary.fps
        self.measures_depth = "depth" in found
        self.tags = {
            "K4A_DEVICE_SERIAL_NUMBER": serial,
            "K4A_COLOR_FIRMWARE_VERSION": firmware,
            "K4A_DEPTH_FIRMWARE_VERSION": firmware,
            "K4A_DEPTH_MODE": mode if self.measures_depth else "OFF",
            "K4A_IR_MODE": ("ACTIVE" if self.measures_depth else "PASSIVE") if "ir" in found else "OFF",
            "K4A_IMU_MODE": "ON" if {"accel", "gyro"} <= found.keys() else "OFF",
            "K4A_COLOR_MODE": f"{_color_format(found['color'])}_{resolution}" if resolution else "OFF",
            "ORBBEC_DEVICE": name,
        }
        return used

    def _again(self) -> Self:
        return type(self)(self.name)


def _resolution(found: dict[str, Profile], faults: Faults) -> str | None:
    """Give the colour resolution; colour that an Azure Kinect's recording cannot hold is left out."""
    color = found.get("color")
    if color is None:
        return None
    resolution = mode_of(color.size, COLOR_RESOLUTIONS)
    if resolution is None or _color_format(color) is None:
        width, height = color.size
        faults.note("colour", f"its colour images, {width}x{height} in format {color.format}, are left out")
        del found["color"]
        return None
    return resolution


def _color_format(profile: Profile) -> str | None:
    return COLOR_FORMATS.get(profile.format)
