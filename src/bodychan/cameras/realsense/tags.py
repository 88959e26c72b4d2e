"""What a RealSense says of itself, by the names of recordings' tags."""

from collections.abc import Mapping
from typing import Any

from bodychan.cameras.realsense.frames import COLOR_FORMATS
from bodychan.cameras.realsense.profiles import size_of
from bodychan.cameras.realsense.sdk import fact
from bodychan.optics.compose import resolution_of
from bodychan.optics.modes import size_name


def tags(device: Any, used: Mapping[str, Any]) -> dict[str, str]:
    """Describe a device and the profiles of it that are used, by our names of them."""
    color = used.get("color")
    firmware = fact(device, "firmware_version")
    given = {
        "K4A_DEVICE_SERIAL_NUMBER": fact(device, "serial_number"),
        "K4A_COLOR_FIRMWARE_VERSION": firmware,
        "K4A_DEPTH_FIRMWARE_VERSION": firmware,
        "K4A_DEPTH_MODE": size_name(size_of(used["depth"])),
        "K4A_IR_MODE": "ACTIVE" if "ir" in used else "OFF",
        "K4A_IMU_MODE": "ON" if "accel" in used else "OFF",
        "K4A_COLOR_MODE": "OFF",
        "REALSENSE_DEVICE": fact(device, "name"),
        "REALSENSE_USB": fact(device, "usb_type_descriptor"),
    }
    if color is not None:
        form, _ = COLOR_FORMATS[color.format().name]
        given["K4A_COLOR_MODE"] = f"{form}_{resolution_of(size_of(color))}"
    return {name: value for name, value in given.items() if value}
