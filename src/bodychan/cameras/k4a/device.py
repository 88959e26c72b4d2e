"""An open device of the k4a API."""

import ctypes
from ctypes import byref, c_bool, c_int, c_int32, c_size_t, c_uint8, c_void_p
from typing import Self

from bodychan.cameras.k4a.api import (
    AUTO,
    COLOR_CONTROLS,
    FAILED,
    MANUAL,
    SUCCEEDED,
    TIMEOUT,
    Configuration,
    HardwareVersion,
    ImuSample,
    Version,
    check,
)
from bodychan.cameras.k4a.handles import Handle, K4a, NativeCapture
from bodychan.cameras.settings import ControlRange
from bodychan.errors import Unavailable


class Device(Handle):
    """An open device. Waits are in seconds. Messages leave it to the caller to name the device."""

    release = "k4a_device_close"

    @classmethod
    def open(cls, k4a: K4a, index: int) -> Self:
        """Open a device by its number, from 0.

        Raises:
            DeviceUnavailable: IN_USE, the device does not open.
        """
        handle = c_void_p()
        check(
            k4a.functions.k4a_device_open(index, byref(handle)),
            Unavailable.IN_USE,
            f"device {index} does not open: close what uses it, "
            "and on Linux see that users may access USB cameras (udev rules)",
        )
        return cls(k4a, handle)

    def serial(self) -> str:
        """Read the serial number; empty where the device gives none."""
        size = c_size_t(0)
        function = self._k4a.functions.k4a_device_get_serialnum
        function(self.handle, None, byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        if not size.value or function(self.handle, buffer, byref(size)) != SUCCEEDED:
            return ""
        return buffer.value.decode("ascii", "replace")

    def firmware(self) -> dict[str, str]:
        """Read the firmware versions of the colour and depth cameras, under the names of recordings' tags."""
        version = HardwareVersion()
        if self._k4a.functions.k4a_device_get_version(self.handle, byref(version)) != SUCCEEDED:
            return {}
        return {
            "K4A_COLOR_FIRMWARE_VERSION": _dotted(version.rgb),
            "K4A_DEPTH_FIRMWARE_VERSION": _dotted(version.depth),
        }

    def facts(self) -> dict[str, str]:
        """Read what else there is of versions, for a report of a fault."""
        version = HardwareVersion()
        if self._k4a.functions.k4a_device_get_version(self.handle, byref(version)) != SUCCEEDED:
            return {"firmware": "the device does not say"}
        return {
            "audio firmware": _dotted(version.audio),
            "depth sensor firmware": _dotted(version.depth_sensor),
            "firmware build": ("release", "debug")[version.firmware_build != 0],
            "firmware signature": {0: "Microsoft's", 1: "test"}.get(version.firmware_signature, "none"),
        }

    def raw_calibration(self) -> bytes:
        """Read the calibration's JSON, without the NUL at its end.

        Raises:
            DeviceUnavailable: REFUSED.
        """
        size = c_size_t(0)
        function = self._k4a.functions.k4a_device_get_raw_calibration
        function(self.handle, None, byref(size))
        buffer = (c_uint8 * size.value)()
        code = function(self.handle, buffer, byref(size)) if size.value else FAILED
        check(code, Unavailable.REFUSED, "the device does not give its calibration: unplug it and try again")
        return bytes(buffer[: size.value]).rstrip(b"\0")

    def start(self, configuration: Configuration) -> None:
        """Start the cameras and the inertial sensor.

        Raises:
            DeviceUnavailable: REFUSED.
        """
        functions = self._k4a.functions
        check(
            functions.k4a_device_start_cameras(self.handle, byref(configuration)),
            Unavailable.REFUSED,
            "the cameras do not start: use a USB 3 port and its power supply, "
            "choose other modes, and see that the depth engine lies beside the library",
        )
        code = functions.k4a_device_start_imu(self.handle)
        if code != SUCCEEDED:
            functions.k4a_device_stop_cameras(self.handle)
        check(
            code, Unavailable.REFUSED, "the inertial sensor does not start: unplug the device and try again"
        )

    def stop(self) -> None:
        """Stop the cameras and the inertial sensor."""
        self._k4a.functions.k4a_device_stop_imu(self.handle)
        self._k4a.functions.k4a_device_stop_cameras(self.handle)

    def capture(self, wait: float) -> NativeCapture | None:
        """Wait for the next capture; None when there was none in that time.

        Raises:
            DeviceUnavailable: UNPLUGGED.
        """
        handle = c_void_p()
        code = self._k4a.functions.k4a_device_get_capture(self.handle, byref(handle), round(wait * 1000))
        if code == TIMEOUT:
            return None
        check(code, Unavailable.UNPLUGGED, _GONE)
        return NativeCapture(self._k4a, handle)

    def imu_sample(self) -> ImuSample | None:
        """Return the next inertial sample without waiting; None when there is none.

        Raises:
            DeviceUnavailable: UNPLUGGED.
        """
        sample = ImuSample()
        code = self._k4a.functions.k4a_device_get_imu_sample(self.handle, byref(sample), 0)
        if code == TIMEOUT:
            return None
        check(code, Unavailable.UNPLUGGED, _GONE)
        return sample

    def control_range(self, control: str) -> ControlRange:
        """Return what a control of `COLOR_CONTROLS` can be set to.

        Raises:
            DeviceUnavailable: REFUSED; the device has no such control.
        """
        lowest, highest, step, default = (c_int32() for _ in range(4))
        automatic, mode = c_bool(), c_int()
        code = self._k4a.functions.k4a_device_get_color_control_capabilities(
            self.handle,
            COLOR_CONTROLS[control],
            byref(automatic),
            byref(lowest),
            byref(highest),
            byref(step),
            byref(default),
            byref(mode),
        )
        check(code, Unavailable.REFUSED, f"the device has no colour control {control}: leave it out")
        return ControlRange(
            automatic.value, lowest.value, highest.value, step.value, default.value, mode.value == AUTO
        )

    def control(self, control: str) -> int | None:
        """Read a control; None when the device sets it by itself.

        Raises:
            DeviceUnavailable: REFUSED.
        """
        mode, value = c_int(), c_int32()
        code = self._k4a.functions.k4a_device_get_color_control(
            self.handle, COLOR_CONTROLS[control], byref(mode), byref(value)
        )
        check(code, Unavailable.REFUSED, f"the device has no colour control {control}: leave it out")
        return None if mode.value == AUTO else value.value

    def set_control(self, control: str, value: int | None) -> None:
        """Set a control; None lets the device set it by itself.

        Raises:
            DeviceUnavailable: REFUSED.
        """
        code = self._k4a.functions.k4a_device_set_color_control(
            self.handle, COLOR_CONTROLS[control], AUTO if value is None else MANUAL, value or 0
        )
        check(code, Unavailable.REFUSED, f"the device does not take {value} for {control}: try another value")


_GONE = "the device is gone: plug it in again"


def _dotted(version: Version) -> str:
    return f"{version.major}.{version.minor}.{version.iteration}"
