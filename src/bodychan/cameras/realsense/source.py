"""An open RealSense through its own library."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

from bodychan.cameras.assembly import Assembler
from bodychan.cameras.faults import Faults
from bodychan.cameras.picking import pick
from bodychan.cameras.realsense import sdk
from bodychan.cameras.realsense.choice import choose
from bodychan.cameras.realsense.controls import Controls
from bodychan.cameras.realsense.frames import COLOR_FORMATS, Reader
from bodychan.cameras.realsense.profiles import calibration, stream_name
from bodychan.cameras.realsense.tags import tags
from bodychan.cameras.settings import DeviceSettings, check_control_names
from bodychan.cameras.silence import Silence
from bodychan.errors import CameraError, DeviceUnavailable, Unavailable, did_you_mean
from bodychan.model.capture import Capture, ImuSample

_WAIT_MS = 8
_AT_ONCE = 100
# Frames that wait in the library: a second of all of them would be more than it keeps.
_WAITING = 50
# After so long without a frame it is asked whether the device is still there.
_SILENT_S = 1.0
_SYNC_MODES = {"STANDALONE": 0, "MASTER": 1, "SUBORDINATE": 2}
_NONE_CONNECTED = "no RealSense is connected: plug it into a USB 3 port with the cable that came with it"


class RealSenseSource:
    """A device, open with its calibration read; see `cameras.live.Device`. Captures have depth."""

    def __init__(self, device: Any, settings: DeviceSettings, faults: Faults) -> None:
        """Ask a device what it is, and choose how it is to deliver.

        Raises:
            DeviceUnavailable: REFUSED; it has no such mode.
            CameraError: a setting is none that a RealSense has, or its calibration cannot be used.
        """
        rs = sdk.load()
        self._rs, self._device, self._settings = rs, device, settings
        self.serial = sdk.fact(device, "serial_number")
        used = choose(device, settings)
        if settings.color and "color" not in used:
            faults.note("colour", "the device has no colour camera")
        self.calibration = calibration(rs, used, faults)
        self.facts = {
            "connection": f"USB {usb}" if (usb := sdk.fact(device, "usb_type_descriptor")) else "",
            "product line": sdk.fact(device, "product_line"),
        }
        self.tags = tags(device, used) | {"K4A_WIRED_SYNC_MODE": settings.wired_sync}
        self._sensors = _sensors_of(device, used)
        # Whoever runs the device numbers its captures.
        self._assembler = Assembler(
            used, settings.fps, lambda _frame: 0, faults, ordered=False, needed="depth"
        )
        self._reader = Reader(rs, faults)
        self._frames = rs.frame_queue(_WAITING)
        self._open: list[Any] = []
        color = used.get("color")
        controls = Controls(rs, next((s for s, mine in self._sensors if color in mine), None))
        self.control_range, self.control, self.set_control = controls.range, controls.get, controls.set
        self._silence = Silence(_SILENT_S)

    @classmethod
    def open(cls, which: str, settings: DeviceSettings, faults: Faults) -> Self:
        """Open a device by its index or serial number.

        Raises:
            MissingExtraError: pyrealsense2 is not installed.
            DeviceUnavailable: there is no device, or it has no such mode.
            CameraError: a setting is none that a RealSense has.
        """
        _check(settings)
        try:
            devices = sdk.devices()
            serials = [sdk.fact(device, "serial_number") for device in devices]
            return cls(devices[pick(which, serials, _NONE_CONNECTED)], settings, faults)
        except RuntimeError as error:
            raise _refused(f"the device does not say what it is ({error})") from error

    def start(self) -> None:
        """Start the cameras and the inertial sensor.

        Raises:
            DeviceUnavailable: REFUSED.
        """
        try:
            for sensor, _ in self._sensors:
                # The library would give the host's times for the device's own.
                if sensor.supports(self._rs.option.global_time_enabled):
                    sensor.set_option(self._rs.option.global_time_enabled, 0)
            self._synchronise()
            for sensor, profiles in self._sensors:
                sensor.open(profiles)
                self._open.append(sensor)
            for sensor in self._open:
                sensor.start(self._frames)
        except RuntimeError as error:
            raise _refused(f"the cameras do not start ({error})") from error
        self._silence.end()

    def _synchronise(self) -> None:
        """Set the wired synchronisation: devices keep it until they lose power."""
        option, wanted = self._rs.option.inter_cam_sync_mode, _SYNC_MODES[self._settings.wired_sync]
        able = [sensor for sensor, _ in self._sensors if sensor.supports(option)]
        if not able and wanted:
            raise _refused("the device has no wired synchronisation")
        for sensor in able:
            sensor.set_option(option, wanted)

    def turn(self) -> tuple[Capture | None, Sequence[ImuSample]]:
        """Wait a moment for the next capture; give the inertial samples that have come.

        Raises:
            DeviceUnavailable: UNPLUGGED.
        """
        return self._assembler.turn(self._listen)

    def _listen(self) -> None:
        """Take the frames that have come, or wait a moment for the first."""
        came, given = self._frames.try_wait_for_frame(_WAIT_MS)
        if came:
            self._silence.end()
        elif self._silence.too_long:
            self._silence.end()
            if not self._device.is_connected():
                raise DeviceUnavailable(Unavailable.UNPLUGGED, "the device is gone: plug it in again")
        for _ in range(_AT_ONCE):
            if not came:
                return
            frame = self._reader.read(given)
            if frame is not None:
                self._assembler.add(frame)
            given = self._frames.poll_for_frame()
            came = bool(given)

    def stop(self) -> None:
        """Stop the cameras and the inertial sensor."""
        while self._open:
            sensor = self._open.pop()
            # Where the device is gone nobody wants to know any more.
            with suppress(RuntimeError):
                sensor.stop()
                sensor.close()

    def close(self) -> None:
        """Let go of the device."""
        self.stop()


def _check(settings: DeviceSettings) -> None:
    """Refuse what no RealSense does.

    Raises:
        CameraError: which setting that is.
    """
    check_control_names(settings.color_controls)
    if settings.wired_sync not in _SYNC_MODES:
        raise CameraError(
            f"no wired sync mode '{settings.wired_sync}': {did_you_mean(settings.wired_sync, _SYNC_MODES)}"
        )
    if settings.color_format not in {ours for ours, _ in COLOR_FORMATS.values()}:
        raise CameraError(f"no colour format '{settings.color_format}': there are MJPG, YUY2, NV12, BGRA")
    if settings.subordinate_delay_usec or settings.depth_delay_usec:
        raise CameraError("a RealSense has no delays for synchronisation: leave them at 0")
    if settings.library is not None:
        raise CameraError("a RealSense's library is the package pyrealsense2: leave 'library' out")
    if not 0 < settings.timeout < float("inf"):
        raise CameraError(f"timeout is a finite time in seconds above 0, not {settings.timeout}")


def _sensors_of(device: Any, used: Mapping[str, Any]) -> list[tuple[Any, list[Any]]]:
    """Give each sensor that is used, with the profiles that it is opened with."""
    found = []
    for sensor in device.query_sensors():
        names = {stream_name(profile) for profile in sensor.get_stream_profiles()}
        mine = [profile for profile in used.values() if stream_name(profile) in names]
        if mine:
            found.append((sensor, mine))
    return found


def _refused(what: str) -> DeviceUnavailable:
    return DeviceUnavailable(
        Unavailable.REFUSED,
        f"{what}: close what else uses the camera, use a USB 3 port, and see `bodychan cameras`",
    )
