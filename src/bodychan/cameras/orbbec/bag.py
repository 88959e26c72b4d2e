"""Recordings of Orbbec's own kind: `.bag` files of Femto cameras, played by Orbbec's library."""

import struct
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path

from bodychan.cameras.base import Camera
from bodychan.cameras.faults import Faults
from bodychan.cameras.orbbec import api
from bodychan.cameras.orbbec.frames import COLOR_FORMATS, Assembler, Frame
from bodychan.cameras.orbbec.player import Player
from bodychan.cameras.orbbec.profiles import SENSORS, Profile, calibration, mode_of, profiles
from bodychan.cameras.orbbec.sdk import Handle, Sdk, SdkError, find
from bodychan.errors import CalibrationError, CameraError, RecordingError
from bodychan.model.capture import Capture
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES

_MAGIC = b"#ROSBAG V2.0\n"
_INDEX_FIELD = b"index_pos="
_HEAD_BYTES = 4096
# A device's real rate is within a percent of its nominal one.
_RATE_TOLERANCE = 0.01
# Far enough back to meet the last capture, or the one before a time: captures are no more than 200 ms apart.
_LOOK_BACK_USEC = 500_000


class BagCamera(Camera):
    """A recording of a Femto, in the order of its times; see `Camera`.

    Inertial samples join the first capture whose time is not before theirs; those after the last capture join
    that one.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        """Open a recording and look at its first and last capture.

        Raises:
            DeviceUnavailable: Orbbec's library is not here.
            RecordingError: the file cannot be read, is no bag of a Femto, or holds no capture.
        """
        self.name = fspath(path)
        _require_whole(Path(self.name))
        sdk = find()
        self.warnings = []
        self._faults = Faults(self.name, self.warnings)
        self._length: int | None = None
        self._start: Frame | None = None
        # The next window is played while the one before is used.
        self._ahead = ThreadPoolExecutor(1, "bag")
        self._coming: Future[list[Frame] | None] | None = None
        try:
            self._player = Player(sdk, Path(self.name))
        except SdkError as error:
            raise self._unreadable(str(error)) from error
        try:
            self._describe(sdk)
            self._find_ends()
            self._play(None)
        except BaseException:
            self._close()
            raise

    def _unreadable(self, why: str) -> RecordingError:
        return RecordingError(f"{self.name}: Orbbec's library cannot read it ({why}); copy it again")

    def _describe(self, sdk: Sdk) -> None:
        """Read what the bag says of its device, and choose what is played.

        Raises:
            RecordingError: it is none of a Femto.
        """
        given = self._player.device.call("ob_device_get_device_info")
        with Handle(sdk, given, "ob_delete_device_info") as info:
            pid = info.call("ob_device_info_get_pid")
            name, serial, firmware = (
                sdk.text(f"ob_device_info_get_{what}", info.handle)
                for what in ("name", "serial_number", "firmware_version")
            )
        name = name.removesuffix("(Playback)")
        found = {kind: listed[0] for kind in SENSORS if (listed := profiles(self._player.pipeline, kind))}
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
        resolution = self._resolution(found)
        self._profiles = list(found.values())
        try:
            self.calibration = calibration(self._profiles, mode, resolution)
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

    def _resolution(self, found: dict[str, Profile]) -> str | None:
        """Give the colour resolution; colour that an Azure Kinect's recording cannot hold is left out."""
        color = found.get("color")
        if color is None:
            return None
        resolution = mode_of(color.size, COLOR_RESOLUTIONS)
        if resolution is None or _color_format(color) is None:
            width, height = color.size
            self._faults.note(
                "colour", f"its colour images, {width}x{height} in format {color.format}, are left out"
            )
            del found["color"]
            return None
        return resolution

    def _find_ends(self) -> None:
        """Look at the first and the last capture.

        Raises:
            RecordingError: there is none.
        """
        self._period_usec = 1e6 / self.fps
        self._play(None)
        first = self._read()
        if first is None or self._start is None:
            raise RecordingError(f"{self.name}: it holds no images: record for longer")
        self.start_usec = first.device_usec
        last = None
        self._play(self._player.end_usec - _LOOK_BACK_USEC)
        while (capture := self._read()) is not None:
            last = capture
        if last is None:
            raise RecordingError(
                f"{self.name}: its images end long before its inertial samples: record it again"
            )
        self.duration_usec = last.device_usec - self.start_usec + round(self._period_usec)
        counted = self._newest.number - self._start.number
        real = (self._newest.usec - self._start.usec) / counted if counted > 0 else 0.0
        if abs(real - self._period_usec) < _RATE_TOLERANCE * self._period_usec:
            self._period_usec = real

    def _play(self, after_usec: int | None) -> None:
        if self._coming is not None:
            self._coming.result()
        self._windows = self._player.frames(self._profiles, after_usec)
        self._coming = self._ahead.submit(next, self._windows, None)
        kinds = [profile.kind for profile in self._profiles]
        self._assembler = Assembler(kinds, self.fps, self._number, self._faults, ordered=True)
        self._index, self._ended = 0, False
        self._pending: Capture | None = None

    def _number(self, frame: Frame) -> int:
        """Count frame periods of the device's real rate from the first image, wherever playing began."""
        self._newest = frame
        if self._start is None:
            self._start = frame
        index = 1 + round((frame.usec - self._start.usec) / self._period_usec)
        self._index = max(self._index + 1, index)
        return self._index

    def _read(self) -> Capture | None:
        try:
            return self._next()
        except CameraError as error:
            raise RecordingError(f"{self.name}: {error}") from error
        except SdkError as error:
            raise self._unreadable(str(error)) from error

    def _next(self) -> Capture | None:
        pending, self._pending = self._pending, None
        if pending is not None:
            return pending
        while (capture := self._assembler.take()) is None and not self._ended:
            assert self._coming is not None
            frames = self._coming.result()
            if frames is None:
                self._assembler.finish()
                self._ended = True
                continue
            self._coming = self._ahead.submit(next, self._windows, None)
            for frame in frames:
                self._assembler.add(frame)
        if capture is None:
            return None
        last = self._ended and not self._assembler.images
        samples = self._assembler.samples(None if last else capture.device_usec)
        return replace(capture, imu=samples)

    def _seek(self, device_usec: int) -> None:
        after_usec = device_usec - _LOOK_BACK_USEC
        self._play(after_usec if after_usec > self.start_usec else None)
        while (capture := self._read()) is not None and capture.device_usec < device_usec:
            pass
        self._pending = capture

    def _count(self) -> int:
        """Count the captures by playing the recording once."""
        if self._length is None:
            with BagCamera(self.name) as other:
                self._length = sum(1 for _ in other)
        return self._length

    def _close(self) -> None:
        self._ahead.shutdown(cancel_futures=True)
        self._player.close()


def _color_format(profile: Profile) -> str | None:
    return COLOR_FORMATS.get(profile.format)


def _require_whole(path: Path) -> None:
    """Refuse what the library could not tell from a bag of its own, or says nothing understandable of.

    Raises:
        RecordingError: the file is missing, no bag, or was cut off: its index lies at its end.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise RecordingError(f"{path}: there is no such file; check its name") from error
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}; choose a file that can be read") from error
    if not head.startswith(_MAGIC):
        raise RecordingError(f"{path} is no bag (.bag) of Orbbec's recorder; check what it is")
    at = head.find(_INDEX_FIELD) + len(_INDEX_FIELD)
    index = struct.unpack_from("<Q", head.ljust(_HEAD_BYTES, b"\0"), at)[0]
    if not 0 < index < size:
        raise RecordingError(
            f"{path} was cut off: its index, which lies at the end, is missing; copy it again, or have "
            "`rosbag reindex` make a new one"
        )
