"""An open device of the k4a API: an Azure Kinect, or a Femto through Orbbec's wrapper."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Self

from bodychan.cameras.faults import Faults
from bodychan.cameras.grabber import running
from bodychan.cameras.k4a.api import FRAME_RATES, MICROSOFT, ORBBEC, ORBBEC_FRAME_RATES
from bodychan.cameras.k4a.device import Device
from bodychan.cameras.k4a.handles import K4a
from bodychan.cameras.k4a.images import Converter, take_sample
from bodychan.cameras.library import Library
from bodychan.cameras.settings import DeviceSettings
from bodychan.errors import DeviceUnavailable, Unavailable
from bodychan.model.capture import Capture, ImuSample
from bodychan.optics.calibration import Calibration
from bodychan.optics.modes import DEFAULT_COLOR_RESOLUTION

# Serial numbers have 11 or 12 characters.
_INDEX_DIGITS = 3
# Orbbec's wrapper queues no more than 5 to 10 inertial samples at 500 Hz, so no wait may be longer.
_WAIT_S = 0.008


@dataclass(frozen=True, slots=True)
class _Maker:
    library: Library
    frame_rates: Mapping[int, int]
    device: str
    metric_radius_test: bool


_MAKERS = {
    "k4a": _Maker(MICROSOFT, FRAME_RATES, "Azure Kinect", metric_radius_test=True),
    "orbbec": _Maker(ORBBEC, ORBBEC_FRAME_RATES, "Femto", metric_radius_test=False),
}


class K4aSource:
    """A device, open with its calibration read; see `cameras.live.Device`."""

    def __init__(self, device: Device, maker: _Maker, settings: DeviceSettings, faults: Faults) -> None:
        """Ask a device what it is.

        Raises:
            DeviceUnavailable: REFUSED; it gives no calibration.
            CameraError: a setting is none that a device has.
        """
        self._device = device
        self._configuration = settings.configuration(maker.frame_rates)
        self._convert = Converter(settings, faults).capture
        self.serial = device.serial()
        self.calibration = _calibration(device, settings, maker)
        self.tags = {"K4A_DEVICE_SERIAL_NUMBER": self.serial} | device.firmware() | settings.tags()
        self.facts = device.facts()
        self.control_range = device.control_range
        self.control = device.control
        self.set_control = device.set_control
        self.stop = device.stop
        self.close = device.close

    @classmethod
    def open(cls, scheme: str, which: str, settings: DeviceSettings, faults: Faults) -> Self:
        """Open a device by its index or serial number.

        Raises:
            DeviceUnavailable: there is no library or device, or it is in use, or gives no calibration.
            CameraError: a setting is none that a device has.
        """
        maker = _MAKERS[scheme]
        settings.configuration(maker.frame_rates)
        device = _open(K4a(maker.library, settings.library), scheme, which)
        try:
            return cls(device, maker, settings, faults)
        except BaseException:
            device.close()
            raise

    def start(self) -> None:
        """Start the cameras and the inertial sensor.

        Raises:
            DeviceUnavailable: REFUSED.
        """
        self._device.start(self._configuration)

    def turn(self) -> tuple[Capture | None, list[ImuSample]]:
        """Wait a moment for the next capture; give the inertial samples that have come.

        Raises:
            DeviceUnavailable: UNPLUGGED.
            CameraError: the device delivers something else than it was asked for.
        """
        capture = None
        native = self._device.capture(_WAIT_S)
        if native is not None:
            with native:
                capture = self._convert(native)
        return capture, list(iter(partial(take_sample, self._device), None))


def _open(k4a: K4a, scheme: str, which: str) -> Device:
    count = k4a.device_count()
    if count == 0:
        raise DeviceUnavailable(
            Unavailable.NO_DEVICE,
            f"no {_MAKERS[scheme].device} is connected: plug it into a USB 3 port and its power supply",
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


def _open_here(scheme: str) -> str:
    mine = [grabber.name for grabber in running() if grabber.name.startswith(f"{scheme}:")]
    return f"; this program has open: {', '.join(mine)}" if mine else ""


def _calibration(device: Device, settings: DeviceSettings, maker: _Maker) -> Calibration:
    # Without colour the resolution means nothing; recordings without colour name the same.
    resolution = settings.color_resolution if settings.color else DEFAULT_COLOR_RESOLUTION
    return Calibration.from_json(
        device.raw_calibration(),
        settings.depth_mode,
        resolution,
        metric_radius_test=maker.metric_radius_test,
    )
