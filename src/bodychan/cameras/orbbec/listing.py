"""The connected Femtos, and what one says of itself."""

from typing import NamedTuple

from bodychan.cameras.orbbec import api
from bodychan.cameras.orbbec.sdk import Handle, Sdk


class Listed(NamedTuple):
    """A connected device as the library lists it."""

    place: int
    name: str
    pid: int
    serial: str
    connection: str


class Told(NamedTuple):
    """What an open device says of itself; empty where it does not say."""

    name: str
    serial: str
    firmware: str
    hardware: str
    connection: str
    least_sdk: str


def device_list(sdk: Sdk) -> Handle:
    """Ask for the list of devices.

    Raises:
        SdkError: the library cannot look for them.
    """
    return Handle(sdk, sdk.call("ob_query_device_list", sdk.context), "ob_delete_device_list")


def listed(sdk: Sdk) -> list[Listed]:
    """List the connected Femtos, those on the network included.

    Raises:
        SdkError: the library cannot look for them.
    """
    with device_list(sdk) as devices:
        found = []
        for i in range(devices.call("ob_device_list_get_count")):
            pid = devices.call("ob_device_list_get_device_pid", i)
            name, serial, connection = (
                sdk.text(f"ob_device_list_get_device_{what}", devices.handle, i)
                for what in ("name", "serial_number", "connection_type")
            )
            if pid in api.FEMTOS:
                found.append(Listed(i, name or api.FEMTOS[pid], pid, serial, connection))
    return found


def opened(sdk: Sdk, place: int) -> Handle:
    """Open the device at a place in the list.

    Raises:
        SdkError: it does not open.
    """
    with device_list(sdk) as devices:
        return Handle(sdk, devices.call("ob_device_list_get_device", place), "ob_delete_device")


def told_by(device: Handle) -> Told:
    """Ask an open device what it is.

    Raises:
        SdkError: it does not say.
    """
    sdk = device.sdk
    with Handle(sdk, device.call("ob_device_get_device_info"), "ob_delete_device_info") as info:
        return Told(
            *(
                sdk.text(f"ob_device_info_get_{what}", info.handle)
                for what in (
                    "name",
                    "serial_number",
                    "firmware_version",
                    "hardware_version",
                    "connection_type",
                    "supported_min_sdk_version",
                )
            )
        )
