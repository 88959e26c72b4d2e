"""Live devices: an Azure Kinect through Microsoft's library, a Femto through Orbbec's wrapper of it."""

import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from bodychan.cameras.base import Camera
from bodychan.cameras.faults import Faults
from bodychan.cameras.k4a.api import COLOR_CONTROLS, FRAME_RATES, MICROSOFT, ORBBEC, ORBBEC_FRAME_RATES
from bodychan.cameras.k4a.device import ControlRange, Device
from bodychan.cameras.k4a.grabber import Grabber, running
from bodychan.cameras.k4a.handles import K4a
from bodychan.cameras.k4a.images import Converter, take_sample
from bodychan.cameras.k4a.library import Library
from bodychan.cameras.settings import DeviceSettings, check_control_names
from bodychan.errors import CalibrationError, CameraError, DeviceUnavailable, Unavailable
from bodychan.model.capture import Capture
from bodychan.optics.calibration import Calibration
from bodychan.optics.modes import DEFAULT_COLOR_RESOLUTION

# Serial numbers have 11 or 12 characters.
_INDEX_DIGITS = 3


@dataclass(frozen=True, slots=True)
class _Maker:
    library: Library
    frame_rates: Mapping[int, int]
    device: str
    metric_radius_test: bool


MAKERS = {
    "k4a": _Maker(MICROSOFT, FRAME_RATES, "Azure Kinect", metric_radius_test=True),
    "orbbec": _Maker(ORBBEC, ORBBEC_FRAME_RATES, "Femto", metric_radius_test=False),
}
"""Kinds of live devices by the scheme of their URL."""


class LiveCamera(Camera):
    """A device: `k4a:INDEX`, `k4a:SERIAL`, `orbbec:INDEX` or `orbbec:SERIAL`.

    Up to three digits are an index, from 0; anything else is a serial number. A thread keeps the newest
    capture: `read` waits for one that has not been read yet, `latest` does not wait. `start_usec` is 0
    until the first capture has been read. Captures are numbered by device time, so that a gap in the
    numbers tells how many frame periods brought none.
    """

    live = True
    seekable = False

    def __init__(self, url: str, settings: DeviceSettings | None = None) -> None:
        """Open a device and start its cameras and inertial sensor.

        Raises:
            DeviceUnavailable: there is no library or device, or it is in use, or it refuses the settings.
            CameraError: no device has such a setting, or two settings exclude each other.
        """
        settings = settings or DeviceSettings()
        scheme, _, which = url.partition(":")
        maker = MAKERS[scheme]
        self.name = url
        self.settings = settings
        self.fps = settings.fps
        self.start_usec = 0
        self.measures_depth = settings.depth_mode != "PASSIVE_IR"
        self.duration_usec = None
        self.warnings = []
        with _told_of(url):
            configuration = settings.configuration(maker.frame_rates)
            device = _open(K4a(maker.library, settings.library), scheme, which)
            try:
                serial = device.serial()
                _refuse_second(scheme, serial)
                self.calibration = _calibration(device, settings, maker)
                self.tags = {"K4A_DEVICE_SERIAL_NUMBER": serial} | device.firmware() | settings.tags()
                self.warnings += [f"{url}: {text}" for text in self.calibration.warnings]
                _set_controls(device, settings.color_controls)
                device.start(configuration)
            except BaseException:
                device.close()
                raise
        converter = Converter(settings, Faults(url, self.warnings))
        self._grabber = Grabber(f"{scheme}:{serial}", device, converter.capture, take_sample)
        self._grabber.start()
        # Stops the device even if nobody closes the camera: when it is collected, or when Python exits.
        self._stop = weakref.finalize(self, self._grabber.stop)

    @property
    def dropped(self) -> int:
        """Captures that a newer one replaced before they were read."""
        return self._grabber.dropped

    def _latest(self) -> Capture | None:
        return self._take(0.0)

    def color_control(self, name: str) -> tuple[int | None, ControlRange]:
        """Read a colour control, None where it is automatic, and what it can be set to.

        Raises:
            CameraError: there is no such control, or the device is gone.
        """
        check_control_names({name: None})
        with self._device() as device:
            return device.control(name), device.control_range(name)

    def set_color_controls(self, controls: Mapping[str, int | None]) -> None:
        """Set colour controls; None is automatic. White balance is rounded to what the device takes.

        Raises:
            CameraError: the device has no such control or does not take the value, or it is gone.
        """
        check_control_names(controls)
        with self._device() as device:
            _set_controls(device, controls)

    def reset_color_controls(self) -> None:
        """Set every colour control that the device has to its default.

        Raises:
            CameraError: the device is gone.
        """
        with self._device() as device:
            for name in COLOR_CONTROLS:
                # Not every device has every control.
                with suppress(DeviceUnavailable):
                    able = device.control_range(name)
                    device.set_control(name, None if able.default_automatic else able.default)

    def _read(self) -> Capture | None:
        capture = self._take(self.settings.timeout)
        self._require_open()
        if capture is None:
            raise DeviceUnavailable(
                Unavailable.NO_CAPTURE,
                f"{self.name}: no capture came for {self.settings.timeout:g} s: {self._advice()}",
            )
        return capture

    def _take(self, wait: float) -> Capture | None:
        with _told_of(self.name):
            capture = self._grabber.take(wait)
        if capture is not None and self.start_usec == 0:
            self.start_usec = capture.device_usec
        return capture

    def _advice(self) -> str:
        if self.settings.wired_sync == "SUBORDINATE":
            return "start its master, and plug the sync cable into the master's OUT and this device's IN"
        return "read again; if it stays so, unplug the device, and use a USB 3 port and its power supply"

    @contextmanager
    def _device(self) -> Iterator[Device]:
        self._require_open()
        with _told_of(self.name), self._grabber.device() as device:
            yield device

    def _close(self) -> None:
        self._stop()


@contextmanager
def _told_of(name: str) -> Iterator[None]:
    """Begin the message of every error with the camera's name."""
    try:
        yield
    except DeviceUnavailable as error:
        raise DeviceUnavailable(error.reason, f"{name}: {error}") from error
    except (CameraError, CalibrationError) as error:
        raise CameraError(f"{name}: {error}") from error


def _open(k4a: K4a, scheme: str, which: str) -> Device:
    if not which:
        raise CameraError(f"name a device, by index ({scheme}:0) or serial number")
    count = k4a.device_count()
    if count == 0:
        raise DeviceUnavailable(
            Unavailable.NO_DEVICE,
            f"no {MAKERS[scheme].device} is connected: plug it into a USB 3 port and its power supply",
        )
    if which.isdecimal() and len(which) <= _INDEX_DIGITS:
        if int(which) >= count:
            raise DeviceUnavailable(
                Unavailable.NO_DEVICE,
                f"no device {which}: {count} connected, so use 0 to {count - 1}, or a serial number",
            )
        return _open_index(k4a, scheme, int(which))
    return _open_serial(k4a, scheme, which, count)


def _open_index(k4a: K4a, scheme: str, index: int) -> Device:
    try:
        return Device.open(k4a, index)
    except DeviceUnavailable as error:
        raise DeviceUnavailable(error.reason, f"{error}{_open_here(scheme)}") from error


def _open_serial(k4a: K4a, scheme: str, serial: str, count: int) -> Device:
    seen: list[str] = []
    for index in range(count):
        try:
            device = Device.open(k4a, index)
        except DeviceUnavailable:
            continue
        if device.serial() == serial:
            return device
        seen.append(device.serial())
        device.close()
    if len(seen) < count:
        raise DeviceUnavailable(
            Unavailable.IN_USE,
            f"no free device has the serial number '{serial}' (free: {', '.join(seen) or 'none'}), and "
            f"{count - len(seen)} in use may have it: close what uses it{_open_here(scheme)}",
        )
    raise DeviceUnavailable(
        Unavailable.NO_DEVICE,
        f"no device has the serial number '{serial}': connected are {', '.join(seen)}",
    )


def _refuse_second(scheme: str, serial: str) -> None:
    """Refuse a device that this process has open: Orbbec's wrapper would give it to both."""
    if serial and any(grabber.name == f"{scheme}:{serial}" for grabber in running()):
        raise DeviceUnavailable(
            Unavailable.IN_USE,
            f"the device with serial number {serial} is open already in this program: "
            "use that camera, or close it first",
        )


def _open_here(scheme: str) -> str:
    mine = [grabber.name for grabber in running() if grabber.name.startswith(f"{scheme}:")]
    return f"; this program has open: {', '.join(mine)}" if mine else ""


def _calibration(device: Device, settings: DeviceSettings, maker: _Maker) -> Calibration:
    # Without colour the resolution does not matter; recordings without colour state the same one.
    resolution = settings.color_resolution if settings.color else DEFAULT_COLOR_RESOLUTION
    return Calibration.from_json(
        device.raw_calibration(),
        settings.depth_mode,
        resolution,
        metric_radius_test=maker.metric_radius_test,
    )


def _set_controls(device: Device, controls: Mapping[str, int | None]) -> None:
    for name, value in controls.items():
        able = device.control_range(name)
        if value is None:
            if not able.automatic:
                raise CameraError(f"{name} cannot be automatic: give it {able.lowest} to {able.highest}")
        elif not able.lowest <= value <= able.highest:
            raise CameraError(f"{name} is {able.lowest} to {able.highest} on this device, not {value}")
        elif name == "whitebalance":
            value = able.lowest + round((value - able.lowest) / able.step) * able.step
        device.set_control(name, value)
