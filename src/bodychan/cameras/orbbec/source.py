"""An open Femto through Orbbec's own library."""

import os
import sys
from collections.abc import Callable, Sequence
from ctypes import byref
from os import PathLike
from pathlib import Path
from typing import Any, Self

from bodychan.cameras.assembly import IMAGES, Assembler
from bodychan.cameras.faults import Faults
from bodychan.cameras.k4a.api import ORBBEC, ORBBEC_FRAME_RATES
from bodychan.cameras.k4a.handles import K4a
from bodychan.cameras.orbbec import api, files
from bodychan.cameras.orbbec.frames import COLOR_FORMATS
from bodychan.cameras.orbbec.listing import listed, opened, told_by
from bodychan.cameras.orbbec.profiles import SENSORS, Profile, calibration, profiles
from bodychan.cameras.orbbec.sdk import Handle, Sdk, SdkError, find
from bodychan.cameras.orbbec.stream import Stream
from bodychan.cameras.picking import pick
from bodychan.cameras.settings import ControlRange, DeviceSettings
from bodychan.cameras.silence import Silence
from bodychan.errors import CameraError, DeviceUnavailable, Unavailable
from bodychan.model.capture import Capture, ImuSample
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES

_WAIT_S = 0.008
# After so long without a frame the device is looked for among those that are connected.
_SILENT_S = 1.0
_PORT = 8090
_NONE_CONNECTED = (
    "no Femto is connected: plug it into a USB 3 port and its power supply, or name the IP address of one on "
    "the network"
)
# The unit of the library's exposure, in µs.
_EXPOSURE_USEC = 100


def is_chosen(library: str | PathLike[str] | None) -> bool:
    """Whether a Femto is opened through Orbbec's own library, not through its wrapper of the k4a API.

    It is where the library was fetched, unless the wrapper is named, and where neither is there.
    """
    if library is not None:
        path = Path(library)
        return "orbbecsdk" in path.name.lower() or files.library(path).exists()
    if os.environ.get(ORBBEC.variable):
        return False
    try:
        if files.library(files.known_folder()).exists():
            return True
        K4a(ORBBEC)
    except DeviceUnavailable:
        return True
    return False


class OrbbecSource:
    """A device, open with its calibration read; see `cameras.live.Device`."""

    def __init__(
        self, device: Handle, settings: DeviceSettings, faults: Faults, connected: Callable[[], bool]
    ) -> None:
        """Ask a device what it is, and choose how it is to deliver.

        Args:
            device: it is closed with this.
            settings: what is asked for.
            faults: what is found wrong goes there.
            connected: whether the device is still there.

        Raises:
            DeviceUnavailable: REFUSED; it has no such mode.
            CameraError: a setting is none that a device has.
        """
        sdk = device.sdk
        self._device, self._connected = device, connected
        told = told_by(device)
        self.serial = told.serial
        made = device.call("ob_create_pipeline_with_device")
        self._pipeline = Handle(sdk, made, "ob_delete_pipeline")
        used = _chosen(self._pipeline, settings)
        resolution = settings.color_resolution if settings.color else None
        self.calibration = calibration(used, settings.depth_mode, resolution)
        self.tags = {
            "K4A_DEVICE_SERIAL_NUMBER": self.serial,
            "K4A_COLOR_FIRMWARE_VERSION": told.firmware,
            "K4A_DEPTH_FIRMWARE_VERSION": told.firmware,
            "ORBBEC_DEVICE": told.name,
        } | settings.tags()
        self.facts = {
            "connection": told.connection,
            "hardware": told.hardware,
            "library needed": f"{told.least_sdk} or newer" if told.least_sdk else "",
        } | {f"{kind} modes": _modes(profiles(self._pipeline, kind)) for kind in IMAGES}
        self._settings = settings
        self._stream = Stream(self._pipeline, used)
        self._faults = faults
        kinds = [profile.kind for profile in used]
        # Whoever runs the device numbers its captures.
        self._assembler = Assembler(kinds, settings.fps, lambda _frame: 0, faults, ordered=False)
        self._silence = Silence(_SILENT_S)

    @classmethod
    def open(cls, which: str, settings: DeviceSettings, faults: Faults) -> Self:
        """Open a device by its index, serial number or IP address.

        Raises:
            DeviceUnavailable: there is no library or device, or it is in use or has no such mode.
            CameraError: a setting is none that a device has.
        """
        settings.configuration(ORBBEC_FRAME_RATES)
        sdk = find(settings.library)
        device, serial = _open(sdk, which)

        def connected() -> bool:
            return not serial or any(other.serial == serial for other in listed(sdk))

        try:
            return cls(device, settings, faults, connected)
        except SdkError as error:
            device.close()
            raise _refused(f"the device does not say what it is ({error})") from error
        except BaseException:
            device.close()
            raise

    def start(self) -> None:
        """Start the cameras and the inertial sensor.

        Raises:
            DeviceUnavailable: REFUSED.
        """
        try:
            self._synchronise()
            self._stream.start()
        except SdkError as error:
            raise _refused(f"the cameras do not start ({error})") from error
        self._silence.end()

    def turn(self) -> tuple[Capture | None, Sequence[ImuSample]]:
        """Wait a moment for the next capture; give the inertial samples that have come.

        Raises:
            DeviceUnavailable: UNPLUGGED.
        """
        return self._assembler.turn(self._listen)

    def _listen(self) -> None:
        try:
            frames = self._stream.take(_WAIT_S, damaged=self._note_damaged)
            if frames:
                self._silence.end()
            elif self._silence.too_long:
                self._silence.end()
                if not self._connected():
                    raise SdkError("it is no longer listed", gone=True)
        except SdkError as error:
            raise DeviceUnavailable(
                Unavailable.UNPLUGGED, f"the device is gone ({error}): plug it in again"
            ) from error
        for frame in frames:
            self._assembler.add(frame)

    def _note_damaged(self, error: CameraError) -> None:
        self._faults.note("damaged", f"{error}; it is left out")

    def stop(self) -> None:
        """Stop the cameras and the inertial sensor."""
        self._quietly(self._stream.stop)

    def close(self) -> None:
        """Let go of the device."""
        self._quietly(self._pipeline.close)
        self._quietly(self._device.close)

    def _quietly(self, act: Callable[[], None]) -> None:
        """Do what fails where the device is gone, when nobody wants to know any more."""
        try:
            act()
        except SdkError:
            return

    def control_range(self, control: str) -> ControlRange:
        """Say what a control of `COLOR_CONTROLS` can be set to.

        Raises:
            DeviceUnavailable: REFUSED; the device has no such control.
        """
        value, automatic = api.COLOR_CONTROLS[control]
        able: api.Range = self._ask(control, "ob_device_get_int_property_range", value)
        unit = _EXPOSURE_USEC if control == "exposure" else 1
        lowest, highest, default = able.lowest * unit, able.highest * unit, able.default * unit
        has_auto = automatic is not None and self._supports(automatic)
        return ControlRange(has_auto, lowest, highest, max(1, able.step) * unit, default, has_auto)

    def control(self, control: str) -> int | None:
        """Read a control; None when the device sets it by itself.

        Raises:
            DeviceUnavailable: REFUSED.
        """
        value, automatic = api.COLOR_CONTROLS[control]
        has_auto = automatic is not None and self._supports(automatic)
        if has_auto and self._ask(control, "ob_device_get_bool_property", automatic):
            return None
        unit = _EXPOSURE_USEC if control == "exposure" else 1
        found: int = self._ask(control, "ob_device_get_int_property", value)
        return found * unit

    def set_control(self, control: str, value: int | None) -> None:
        """Set a control; None lets the device set it by itself.

        Raises:
            DeviceUnavailable: REFUSED.
        """
        number, automatic = api.COLOR_CONTROLS[control]
        if automatic is not None and self._supports(automatic):
            self._ask(control, "ob_device_set_bool_property", automatic, value is None)
        if value is not None:
            unit = _EXPOSURE_USEC if control == "exposure" else 1
            self._ask(control, "ob_device_set_int_property", number, value // unit)

    def _ask(self, control: str, function: str, *arguments: object) -> Any:
        try:
            return self._device.call(function, *arguments)
        except SdkError as error:
            raise DeviceUnavailable(
                Unavailable.REFUSED, f"the device does not give or take {control} ({error}): leave it out"
            ) from error

    def _supports(self, number: int) -> bool:
        return bool(self._device.call("ob_device_is_property_supported", number, api.READ_WRITE))

    def _synchronise(self) -> None:
        """Set the wired synchronisation, where it is not as asked for: devices keep it."""
        settings = self._settings
        now: api.SyncConfiguration = self._device.call("ob_device_get_multi_device_sync_config")
        wanted = (
            api.SYNC_MODES[settings.wired_sync],
            settings.subordinate_delay_usec + max(0, settings.depth_delay_usec),
            settings.subordinate_delay_usec + max(0, -settings.depth_delay_usec),
        )
        if (now.mode, now.depth_delay_usec, now.color_delay_usec) != wanted:
            now.mode, now.depth_delay_usec, now.color_delay_usec = wanted
            now.trigger_out = settings.wired_sync != "STANDALONE"
            self._device.call("ob_device_set_multi_device_sync_config", byref(now))


def _refused(what: str) -> DeviceUnavailable:
    return DeviceUnavailable(
        Unavailable.REFUSED,
        f"{what}: use a USB 3 port, choose other modes, and see `bodychan cameras` for what is missing here",
    )


def _open(sdk: Sdk, which: str) -> tuple[Handle, str]:
    """Open a device; give it and its serial number, empty for one by its address."""
    if which.count(".") == 3:
        try:
            made = sdk.call("ob_create_net_device", sdk.context, which.encode(), _PORT)
        except SdkError as error:
            raise DeviceUnavailable(
                Unavailable.NO_DEVICE,
                f"no device answers at {which} ({error}): check its address, cable and firewall",
            ) from error
        return Handle(sdk, made, "ob_delete_device"), ""
    try:
        found = listed(sdk)
    except SdkError as error:
        raise _refused(f"the library cannot look for devices ({error})") from error
    device = found[pick(which, [device.serial for device in found], _NONE_CONNECTED)]
    if sys.platform == "darwin" and api.FEMTOS[device.pid] == "Femto Bolt":
        raise _refused("a Femto Bolt gives no depth on macOS, for which Orbbec has no depth engine")
    try:
        return opened(sdk, device.place), device.serial
    except SdkError as error:
        raise DeviceUnavailable(
            Unavailable.IN_USE,
            f"{device.name} {device.serial} does not open ({error}): close what uses it, and on Linux "
            "install Orbbec's udev rules, see `bodychan cameras`",
        ) from error


def _chosen(pipeline: Handle, settings: DeviceSettings) -> list[Profile]:
    """Choose a profile of each sensor.

    Raises:
        DeviceUnavailable: REFUSED; a sensor has none as asked for.
    """
    size = DEPTH_MODES[settings.depth_mode].size
    wanted: dict[str, tuple[tuple[int, int], Sequence[int]]] = {"ir": (size, (api.Y16,))}
    if settings.depth_mode != "PASSIVE_IR":
        wanted["depth"] = (size, (api.Y16,))
    if settings.color:
        forms = tuple(n for n, name in COLOR_FORMATS.items() if name == settings.color_format)
        wanted["color"] = (COLOR_RESOLUTIONS[settings.color_resolution].size, forms)
    chosen = []
    for kind in SENSORS:
        there = profiles(pipeline, kind)
        if kind in wanted:
            chosen.append(_matching(there, kind, *wanted[kind], settings.fps))
        elif kind in ("accel", "gyro") and there:
            chosen.append(there[0])
    return chosen


def _modes(there: Sequence[Profile]) -> str:
    able = sorted({(*profile.size, profile.fps) for profile in there})
    return ", ".join(f"{w}x{h} at {rate}" for w, h, rate in able)


def _matching(
    there: Sequence[Profile], kind: str, size: tuple[int, int], forms: Sequence[int], fps: int
) -> Profile:
    for profile in there:
        if profile.size == size and profile.fps == fps and profile.format in forms:
            return profile
    width, height = size
    choices = _modes([profile for profile in there if profile.format in forms]) or "none in this format"
    raise DeviceUnavailable(
        Unavailable.REFUSED,
        f"the device has no {kind} images of {width}x{height} at {fps} a second; there are: {choices}",
    )
