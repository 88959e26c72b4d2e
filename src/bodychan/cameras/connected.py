"""What cameras are connected, and what is missing for those that would not work."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bodychan.cameras import computer
from bodychan.cameras.grabber import running
from bodychan.cameras.k4a.api import MICROSOFT, ORBBEC
from bodychan.cameras.k4a.device import Device
from bodychan.cameras.k4a.handles import K4a
from bodychan.cameras.library import Library, can_load
from bodychan.cameras.orbbec import api, files
from bodychan.cameras.orbbec.listing import Listed, listed, opened, told_by
from bodychan.cameras.orbbec.sdk import Sdk, SdkError, find
from bodychan.cameras.orbbec.source import is_chosen
from bodychan.cameras.realsense import sdk as realsense
from bodychan.errors import DeviceUnavailable, MissingExtraError

_RULES = ("/etc/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d")
_PLUG_IN = "none is connected: plug it into a USB 3 port and its power supply"
_PLUG_IN_USB = "none is connected: plug it into a USB 3 port"


@dataclass(frozen=True)
class Connected:
    """A camera, or why there is none of a maker.

    `url` opens it, empty where it cannot be opened; `name` its model and serial number, `facts` what else is
    known of it, `fault` what keeps it from working, or the maker's cameras from being found.
    """

    url: str
    name: str
    facts: tuple[str, ...] = ()
    fault: str = ""

    def told(self) -> str:
        """Say all of it in one line."""
        said = ", ".join(filter(None, (self.url, self.name, *self.facts)))
        return f"{said}: {self.fault}" if self.fault else said


def connected() -> tuple[Connected, ...]:
    """Look for the cameras of all makers; it takes a moment, as libraries are asked for devices."""
    return (*_k4a("k4a", MICROSOFT, "Azure Kinect"), *_orbbec(), *_realsense())


def _k4a(scheme: str, library: Library, model: str) -> list[Connected]:
    try:
        k4a = K4a(library)
    except DeviceUnavailable as error:
        return [Connected("", model, fault=str(error))]
    found = [_k4a_device(k4a, scheme, model, index) for index in range(k4a.device_count())]
    return found or [Connected("", model, fault=_PLUG_IN)]


def _k4a_device(k4a: K4a, scheme: str, model: str, index: int) -> Connected:
    url = f"{scheme}:{index}"
    try:
        with Device.open(k4a, index) as device:
            serial, versions = device.serial(), sorted(set(device.firmware().values()))
            vendor = computer.MICROSOFT if scheme == "k4a" else computer.ORBBEC
            facts = (computer.usb_speed(vendor, serial), f"firmware {' / '.join(versions)}")
            return Connected(url, f"{model} {serial}", tuple(filter(None, facts)))
    except DeviceUnavailable as error:
        return Connected("", f"{model} {index}", fault=str(error))


def _orbbec() -> list[Connected]:
    if not is_chosen(None):
        return _k4a("orbbec", ORBBEC, "Femto")
    try:
        sdk = find()
        found = listed(sdk)
    except DeviceUnavailable as error:
        return [Connected("", "Femto", fault=str(error))]
    except SdkError as error:
        return [Connected("", "Femto", fault=f"Orbbec's library cannot look for devices ({error})")]
    missing = "; ".join(missing_for_femtos())
    if not found:
        return [Connected("", "Femto", fault="; ".join(filter(None, (_PLUG_IN, missing))))]
    return [_femto(sdk, index, device, missing) for index, device in enumerate(found)]


def _femto(sdk: Sdk, index: int, device: Listed, missing: str) -> Connected:
    url, name = f"orbbec:{index}", f"{device.name} {device.serial}"
    speed = computer.usb_speed(computer.ORBBEC, device.serial) or device.connection
    if sys.platform == "darwin" and api.FEMTOS[device.pid] == "Femto Bolt":
        return Connected(url, name, (speed,), _NO_ENGINE)
    if any(grabber.name == f"orbbec:{device.serial}" for grabber in running()):
        return Connected(url, name, (speed, "open in this program"), missing)
    try:
        with opened(sdk, device.place) as handle:
            return Connected(url, name, (speed, f"firmware {told_by(handle).firmware}"), missing)
    except SdkError as error:
        fault = f"it does not open ({error}): close what uses it"
        return Connected("", name, (speed,), "; ".join(filter(None, (fault, missing))))


def _realsense() -> list[Connected]:
    try:
        found = realsense.devices()
    except (DeviceUnavailable, MissingExtraError) as error:
        return [Connected("", "RealSense", fault=str(error))]
    except RuntimeError as error:
        return [Connected("", "RealSense", fault=f"its library cannot look for devices ({error})")]
    if not found:
        return [Connected("", "RealSense", fault="; ".join(filter(None, (_PLUG_IN_USB, _realsense_rules()))))]
    return [_realsense_device(device, index) for index, device in enumerate(found)]


def _realsense_device(device: Any, index: int) -> Connected:
    name, serial, firmware, usb = (
        realsense.fact(device, what)
        for what in ("name", "serial_number", "firmware_version", "usb_type_descriptor")
    )
    facts = [f"firmware {firmware}"] if firmware else []
    if usb:
        # On older ports it has low resolutions only.
        facts.append(f"USB {usb}" if usb >= "3" else f"USB {usb}, where a USB 3 port would give more modes")
    return Connected(f"realsense:{index}", f"{name} {serial}", tuple(facts))


def _realsense_rules() -> str:
    """Say where users may not open its cameras; without udev's rules they are not even found."""
    if sys.platform != "linux" or _has_rules("realsense"):
        return ""
    return (
        "users may not open USB cameras: put 99-realsense-libusb.rules, which lies in the folder config of "
        "the sources of RealSense's library (librealsense), into /etc/udev/rules.d"
    )


_NO_ENGINE = "Orbbec has no depth engine for macOS: a Femto Bolt gives no depth here, a Femto Mega may"


def missing_for_femtos() -> list[str]:
    """Say what this computer lacks for Femtos, one sentence each, with the command that mends it."""
    shared = files.known_folder() / "shared"
    if sys.platform == "win32":
        # Without it Windows gives the time of arrival, not that of the image.
        return [f"for right times register UVC metadata once: run {shared / 'obsensor_metadata_win10.ps1'}"]
    if sys.platform != "linux":
        return []
    missing = []
    if not _has_rules("obsensor"):
        missing.append(f"users may not open USB cameras: run sudo sh {shared / 'install_udev_rules.sh'}")
    if not can_load("libEGL.so.1"):
        missing.append("the depth engine needs EGL: install libegl1")
    return missing


def _has_rules(of: str) -> bool:
    """Whether udev's rules for a maker's cameras are here."""
    return any(rules for place in _RULES for rules in Path(place).glob(f"*{of}*.rules"))
