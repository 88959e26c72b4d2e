"""What a computer has for live cameras: USB devices as it sees them, rights, a display."""

import os
import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_USB = Path("/sys/bus/usb/devices")
_USB_MEMORY = Path("/sys/module/usbcore/parameters/usbfs_memory_mb")
_RULES = tuple(map(Path, ("/etc/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d")))
MICROSOFT, ORBBEC = "045e", "2bc5"
"""The makers' USB vendor numbers."""
# An Azure Kinect's hubs, cameras and microphones; the vendor makes much else.
_AZURE_KINECT = {"097a", "097b", "097c", "097d", "097e"}


class UsbDevice(NamedTuple):
    """A USB device as Linux lists it; `megabits` a second is the speed it runs at."""

    ids: str
    name: str
    serial: str
    megabits: float

    def told(self) -> str:
        """Say all of it."""
        return f"{self.ids} {self.name} at {self.megabits:g} Mbit/s".replace("  ", " ")


def usb_devices(vendor: str) -> list[UsbDevice]:
    """List the cameras of a maker that Linux sees on USB, whether they can be opened or not."""
    return [device for device in _all_usb(vendor) if vendor != MICROSOFT or device.ids[5:] in _AZURE_KINECT]


def _all_usb(vendor: str) -> Iterator[UsbDevice]:
    for folder in sorted(_USB.glob("*")):
        if _text(folder / "idVendor") == vendor:
            ids = f"{vendor}:{_text(folder / 'idProduct')}"
            speed = re.fullmatch(r"[\d.]+", _text(folder / "speed"))
            megabits = float(speed[0]) if speed else 0.0
            yield UsbDevice(ids, _text(folder / "product"), _text(folder / "serial"), megabits)


def usb_speed(vendor: str, serial: str) -> str:
    """Say how fast the camera with a serial number is connected; empty where nobody tells."""
    speeds = [device.megabits for device in usb_devices(vendor) if serial and device.serial == serial]
    if not speeds:
        return ""
    return f"USB 3, {max(speeds):g} Mbit/s" if max(speeds) >= 5000 else f"USB 2, {max(speeds):g} Mbit/s"


def rules_for(vendor: str) -> list[str]:
    """Name the udev rules that speak of a maker's devices."""
    files = sorted(file for folder in _RULES for file in folder.glob("*.rules"))
    return list(dict.fromkeys(file.name for file in files if vendor in _text(file).lower()))


def facts_for(vendor: str) -> dict[str, str]:
    """Describe the computer, for a report of a fault of a maker's camera."""
    facts = {"system": platform.platform()}
    if sys.platform != "linux":
        return facts
    try:
        facts["distribution"] = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        facts["distribution"] = "it does not say"
    seen = ", ".join(device.told() for device in usb_devices(vendor))
    rules = ", ".join(rules_for(vendor))
    memory = _text(_USB_MEMORY)
    if memory:
        facts["USB memory"] = f"{memory} MB (several cameras need more than 16)"
    return facts | {
        "on USB": seen or "no camera of this maker",
        "udev rules": rules or "none for this maker: only root may open its USB cameras",
        "display": os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or "none",
    }


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
