"""Which of a maker's connected devices is meant: by its place in the list, or by its serial number."""

from collections.abc import Sequence

from bodychan.errors import DeviceUnavailable, Unavailable

# Serial numbers are longer.
_INDEX_DIGITS = 3


def pick(which: str, serials: Sequence[str], none: str) -> int:
    """Give the place of a device among those that are connected.

    Args:
        which: up to three digits are the place itself, anything else is a serial number.
        serials: of the devices that are connected.
        none: what is said where there is no device.

    Raises:
        DeviceUnavailable: NO_DEVICE; the message lists what is connected.
    """
    if not serials:
        raise DeviceUnavailable(Unavailable.NO_DEVICE, none)
    if which.isdecimal() and len(which) <= _INDEX_DIGITS:
        if int(which) < len(serials):
            return int(which)
        raise DeviceUnavailable(
            Unavailable.NO_DEVICE,
            f"no device {which}: {len(serials)} connected, so use 0 to {len(serials) - 1}, or a serial "
            "number",
        )
    if which in serials:
        return serials.index(which)
    raise DeviceUnavailable(
        Unavailable.NO_DEVICE,
        f"no device has the serial number '{which}': connected are {', '.join(serials)}",
    )
