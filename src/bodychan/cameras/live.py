"""Live devices, each through its maker's library: an Azure Kinect, a Femto, a RealSense."""

import math
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from bodychan.cameras.base import Camera
from bodychan.cameras.faults import Faults
from bodychan.cameras.grabber import ChangedError, Grabber, Source, running
from bodychan.cameras.numbering import Numbering
from bodychan.cameras.settings import COLOR_CONTROLS, ControlRange, DeviceSettings, check_control_names
from bodychan.errors import CalibrationError, CameraError, DeviceUnavailable, Unavailable
from bodychan.model.capture import Capture
from bodychan.optics.calibration import Calibration


class Device(Source, Protocol):
    """What a live camera needs of a maker's device, open but not started."""

    serial: str
    calibration: Calibration
    tags: dict[str, str]
    """What the device and its settings say of themselves, by the names of recordings' tags."""
    facts: dict[str, str]
    """What else it says, for a report of a fault: connection, versions, modes; "" where it does not say."""

    def start(self) -> None:
        """Start the cameras and the inertial sensor.

        Raises:
            DeviceUnavailable: REFUSED.
        """

    def control_range(self, control: str) -> ControlRange:
        """Say what a control of `COLOR_CONTROLS` can be set to.

        Raises:
            DeviceUnavailable: REFUSED; the device has no such control.
        """

    def control(self, control: str) -> int | None:
        """Read a control; None when the device sets it by itself."""

    def set_control(self, control: str, value: int | None) -> None:
        """Set a control; None lets the device set it by itself."""


def _open_k4a(scheme: str, which: str, settings: DeviceSettings, faults: Faults) -> Device:
    from bodychan.cameras.k4a.source import K4aSource

    return K4aSource.open(scheme, which, settings, faults)


def _open_orbbec(scheme: str, which: str, settings: DeviceSettings, faults: Faults) -> Device:
    from bodychan.cameras.orbbec.source import OrbbecSource, is_chosen

    if is_chosen(settings.library):
        return OrbbecSource.open(which, settings, faults)
    return _open_k4a(scheme, which, settings, faults)


def _open_realsense(_scheme: str, which: str, settings: DeviceSettings, faults: Faults) -> Device:
    from bodychan.cameras.realsense.source import RealSenseSource

    return RealSenseSource.open(which, settings, faults)


MAKERS: dict[str, Callable[[str, str, DeviceSettings, Faults], Device]] = {
    "k4a": _open_k4a,
    "orbbec": _open_orbbec,
    "realsense": _open_realsense,
}
"""What opens a live device, by the scheme of its URL."""


# A device that delivers nothing for so long is opened anew.
_PATIENCE_SECONDS = 5.0


@dataclass
class _Opening:
    """How a device is opened, and opened again after it was lost."""

    url: str
    settings: DeviceSettings
    faults: Faults
    controls: dict[str, int | None] = field(default_factory=dict)
    """The colour controls that it was told, which it forgets when it loses power."""

    def first(self) -> Device:
        """Open and start the device.

        Raises:
            DeviceUnavailable: there is no library or device, or it is in use, or it refuses the settings.
            CameraError: no device has such a setting, or two settings exclude each other.
        """
        scheme, _, which = self.url.partition(":")
        if not which:
            raise CameraError(f"name a device, by index ({scheme}:0) or serial number")
        device = MAKERS[scheme](scheme, which, self.settings, self.faults)
        try:
            _refuse_second(scheme, device.serial)
            _set_controls(device, self.settings.color_controls)
            self.controls |= self.settings.color_controls
            device.start()
        except BaseException:
            device.close()
            raise
        return device

    def again(self, serial: str, calibration: Calibration) -> Device:
        """Open and start the device with a serial number, which was lost.

        Raises:
            DeviceUnavailable: it is not there yet, or cannot be used yet.
            ChangedError: another device answers, or it sees with another calibration.
        """
        scheme, _, which = self.url.partition(":")
        device = MAKERS[scheme](scheme, serial or which, self.settings, self.faults)
        try:
            changed = "device" if device.serial != serial else "calibration"
            if device.serial != serial or device.calibration.raw != calibration.raw:
                raise ChangedError(
                    f"what came back has another {changed} than what was lost, so nothing of before holds: "
                    "open it anew"
                )
            device.start()
        except BaseException:
            device.close()
            raise
        return device

    def restore(self, device: Device) -> None:
        """Set the colour controls as they were; what the device does not take any more is noted."""
        try:
            _set_controls(device, self.controls)
        except CameraError as error:
            self.faults.note(
                "controls", f"its colour controls are not as they were before it was away: {error}"
            )


class LiveCamera(Camera):
    """A device: `k4a:INDEX`, `k4a:SERIAL`, and likewise `orbbec:` and `realsense:`.

    Up to three digits are an index, from 0; anything else is a serial number. A thread keeps the newest
    capture: `read` waits for one that has not been read yet, `latest` does not wait. `start_usec` is 0
    until the first capture has been read. Captures are numbered by device time, so that a gap in the
    numbers tells how many frame periods brought none.

    A device that is lost (pulled out, reset, silent for five seconds) is looked for by its serial number and
    opened again, in the same modes and with the same colour controls. Numbers and times go on; `away` says
    meanwhile what has happened.
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
        self.name = url
        self.settings = settings
        self.fps = settings.fps
        self.start_usec = 0
        self.measures_depth = settings.depth_mode != "PASSIVE_IR"
        self.duration_usec = None
        self.warnings = []
        faults = Faults(url, self.warnings)
        opening = _Opening(url, settings, faults)
        with _told_of(url):
            device = opening.first()
        serial, calibration = device.serial, device.calibration
        self.calibration, self.tags, self.facts = calibration, device.tags, device.facts
        self.warnings += [f"{url}: {text}" for text in calibration.warnings]
        self._controls = opening.controls
        # What the thread is given must not hold the camera, which else would never be collected.
        self._grabber = Grabber(
            f"{url.partition(':')[0]}:{serial}",
            url,
            device,
            reopen=lambda: opening.again(serial, calibration),
            restore=opening.restore,
            numbering=Numbering(settings.fps, faults),
            faults=faults,
            # A subordinate has to wait for its master.
            patience=math.inf if settings.wired_sync == "SUBORDINATE" else _PATIENCE_SECONDS,
        )
        self._grabber.start()
        # Stops the device even if nobody closes the camera: when it is collected, or when Python exits.
        self._stop = weakref.finalize(self, self._grabber.stop)

    @property
    def dropped(self) -> int:
        """Captures that a newer one replaced before they were read."""
        return self._grabber.dropped

    @property
    def backlog(self) -> int:
        """How many captures are kept until they are read."""
        return self._grabber.backlog

    @backlog.setter
    def backlog(self, count: int) -> None:
        self._grabber.backlog = count

    @property
    def away(self) -> str:
        """Why the device gives nothing for the moment; empty while it works."""
        return self._grabber.away

    @property
    def away_seconds(self) -> float:
        """How long the device has been away; 0 while it works."""
        return self._grabber.away_seconds

    @property
    def outages(self) -> int:
        """How often the device was lost."""
        return self._grabber.outages

    def _latest(self) -> Capture | None:
        return self._take(0.0)

    def color_control(self, name: str) -> tuple[int | None, ControlRange]:
        """Read a colour control, None where it is automatic, and what it can be set to.

        Raises:
            CameraError: there is no such control, or the device is gone.
        """
        check_control_names({name: None})
        with self._device() as device:
            if device is None:
                raise DeviceUnavailable(Unavailable.UNPLUGGED, f"{self.away}: ask again when it is back")
            return device.control(name), device.control_range(name)

    def set_color_controls(self, controls: Mapping[str, int | None]) -> None:
        """Set colour controls; None is automatic. White balance is rounded to what the device takes.

        Of a device that is away they are set when it is back.

        Raises:
            CameraError: the device has no such control or does not take the value.
        """
        check_control_names(controls)
        with self._device() as device:
            if device is not None:
                _set_controls(device, controls)
            self._controls |= controls

    def reset_color_controls(self) -> None:
        """Set every colour control that the device has to its default, which one that is away does itself."""
        with self._device() as device:
            self._controls.clear()
            if device is None:
                return
            for name in COLOR_CONTROLS:
                # Not every device has every control.
                with suppress(DeviceUnavailable):
                    able = device.control_range(name)
                    device.set_control(name, None if able.default_automatic else able.default)

    def _read(self) -> Capture | None:
        capture = self._take(self.settings.timeout)
        self._require_open()
        if capture is None and self.away:
            raise DeviceUnavailable(
                Unavailable.UNPLUGGED, f"{self.name}: {self.away}; read again to wait until it is back"
            )
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
    def _device(self) -> Iterator[Device | None]:
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


def _refuse_second(scheme: str, serial: str) -> None:
    """Refuse a device that this process has open: Orbbec's wrapper would give it to both."""
    for grabber in running():
        if serial and grabber.name == f"{scheme}:{serial}":
            told = (
                "is still being closed, from which its library does not come back: unplug it, or begin anew"
                if grabber.stopping
                else "is open already in this program: use that camera, or close it first"
            )
            raise DeviceUnavailable(Unavailable.IN_USE, f"the device with serial number {serial} {told}")


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
