"""RealSense's library (librealsense), as the package pyrealsense2 brings it."""

import ctypes
from functools import cache
from typing import Any

from bodychan.errors import DeviceUnavailable, Unavailable, needs_extra


@cache
def load() -> Any:
    """Import the library.

    Raises:
        MissingExtraError: the package is not installed.
        DeviceUnavailable: WRONG_LIBRARY; it lacks something that it needs itself.
    """
    with needs_extra("realsense", "a RealSense camera or recording"):
        try:
            import pyrealsense2
        except ModuleNotFoundError:
            raise
        except ImportError as error:
            if "libusb" not in str(error):
                raise DeviceUnavailable(
                    Unavailable.WRONG_LIBRARY,
                    f"pyrealsense2 cannot be loaded ({error}): install what it names",
                ) from error
            _load_libusb()
            import pyrealsense2
    return pyrealsense2


def _load_libusb() -> None:
    """Load the library for USB, where the system has none, out of a package: what needs it then finds it."""
    with needs_extra("realsense", "pyrealsense2, where the system has no libusb-1.0-0,"):
        import libusb_package
    ctypes.CDLL(str(libusb_package.get_library_path()))


@cache
def context() -> Any:
    """Give the list of this computer's devices, which follows what is plugged in; see `load` for errors."""
    return load().context()


def devices() -> list[Any]:
    """List the connected devices; see `load` for errors."""
    return list(context().query_devices())


def fact(device: Any, name: str) -> str:
    """Give what a device says of itself, such as its serial_number; empty where it does not."""
    info = getattr(load().camera_info, name)
    return str(device.get_info(info)) if device.supports(info) else ""
