"""Objects of the k4a API as context managers: each is released exactly once, its data are copied out."""

import ctypes
import os
from ctypes import byref, c_void_p
from os import PathLike

import numpy as np

from bodychan.cameras.k4a.api import COLOR_RESOLUTIONS, DEPTH16, DEPTH_MODES, IR16, CalibrationStruct, check
from bodychan.cameras.library import Library, load
from bodychan.errors import CameraError, Unavailable
from bodychan.model.arrays import U8, U16
from bodychan.model.closing import Closing


class K4a:
    """Microsoft's library or Orbbec's wrapper, loaded."""

    def __init__(self, library: Library, path: str | PathLike[str] | None = None) -> None:
        """Load it.

        Raises:
            DeviceUnavailable: NO_LIBRARY or WRONG_LIBRARY.
        """
        # By default the library writes its log to standard output, into whatever the program prints there.
        os.environ.setdefault("K4A_ENABLE_LOG_TO_STDOUT", "0")
        self.functions = load(library, path)

    def device_count(self) -> int:
        """Count the connected devices, those in use included."""
        return int(self.functions.k4a_device_get_installed_count())

    def calibration(self, raw: bytes, depth_mode: str, color_resolution: str) -> CalibrationStruct:
        """Give the calibration as the library's own struct, from a device's or recording's JSON.

        Raises:
            DeviceUnavailable: REFUSED.
        """
        # The library wants the NUL that ends the text, and wants it counted.
        text = raw.rstrip(b"\0") + b"\0"
        calibration = CalibrationStruct()
        check(
            self.functions.k4a_calibration_get_from_raw(
                text,
                len(text),
                DEPTH_MODES[depth_mode],
                COLOR_RESOLUTIONS[color_resolution],
                byref(calibration),
            ),
            Unavailable.REFUSED,
            f"the library does not accept the calibration in {depth_mode} with {color_resolution}: "
            "take the calibration of the device",
        )
        return calibration

    def make_capture(self, depth: U16, ir: U16, device_usec: int) -> "NativeCapture":
        """Make a capture of the library from copies of two images, (H, W) uint16.

        Raises:
            DeviceUnavailable: REFUSED, out of memory.
        """
        handle = c_void_p()
        check(
            self.functions.k4a_capture_create(byref(handle)),
            Unavailable.REFUSED,
            "the library makes no capture: free some memory",
        )
        capture = NativeCapture(self, handle)
        try:
            for form, pixels, put in (
                (DEPTH16, depth, self.functions.k4a_capture_set_depth_image),
                (IR16, ir, self.functions.k4a_capture_set_ir_image),
            ):
                with self._make_image(form, pixels, device_usec) as image:
                    put(capture.handle, image.handle)
        except BaseException:
            capture.close()
            raise
        return capture

    def _make_image(self, form: int, pixels: U16, device_usec: int) -> "NativeImage":
        pixels = np.ascontiguousarray(pixels, np.uint16)
        height, width = pixels.shape
        handle = c_void_p()
        check(
            self.functions.k4a_image_create(form, width, height, 2 * width, byref(handle)),
            Unavailable.REFUSED,
            f"the library makes no image of {width}x{height}: free some memory",
        )
        image = NativeImage(self, handle)
        ctypes.memmove(self.functions.k4a_image_get_buffer(handle), pixels.ctypes.data, pixels.nbytes)
        self.functions.k4a_image_set_device_timestamp_usec(handle, device_usec)
        return image


class Handle(Closing):
    """An object of the library that must be released; a context manager."""

    release = ""
    """Name of the function that releases it."""

    def __init__(self, k4a: K4a, handle: c_void_p) -> None:
        self._k4a = k4a
        self._handle: c_void_p | None = handle

    @property
    def handle(self) -> c_void_p:
        """The handle itself, for calls.

        Raises:
            CameraError: it has been given back.
        """
        if self._handle is None:
            raise CameraError(f"a {type(self).__name__} is used after close: keep it open for as long")
        return self._handle

    def close(self) -> None:
        """Release it; a second call does nothing."""
        if self._handle is not None:
            getattr(self._k4a.functions, self.release)(self._handle)
            self._handle = None


class NativeImage(Handle):
    """An image; its data are copied."""

    release = "k4a_image_release"

    @property
    def format(self) -> int:
        """The number of its pixel format."""
        return int(self._k4a.functions.k4a_image_get_format(self.handle))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        functions = self._k4a.functions
        width = functions.k4a_image_get_width_pixels(self.handle)
        return int(width), int(functions.k4a_image_get_height_pixels(self.handle))

    @property
    def device_usec(self) -> int:
        """Device time in microseconds."""
        return int(self._k4a.functions.k4a_image_get_device_timestamp_usec(self.handle))

    @property
    def stride(self) -> int:
        """Bytes from one row to the next; 0 where there are no rows (MJPG)."""
        return int(self._k4a.functions.k4a_image_get_stride_bytes(self.handle))

    def data(self, row_bytes: int | None = None) -> bytes:
        """Copy the bytes: all of them, or the first `row_bytes` of every row.

        Raises:
            CameraError: the rows are shorter than that.
        """
        return (self._memory() if row_bytes is None else self._rows(row_bytes)).tobytes()

    def rows(self, row_bytes: int) -> U8:
        """Copy the first `row_bytes` of every row: (rows, row_bytes) uint8.

        Raises:
            CameraError: the rows are shorter than that.
        """
        return self._rows(row_bytes).copy()

    def _rows(self, row_bytes: int) -> U8:
        stride, data = self.stride or row_bytes, self._memory()
        if stride < row_bytes or data.size % stride:
            raise CameraError(
                f"an image has {data.size} bytes in rows of {stride}, {row_bytes} a row were expected: "
                "update the device's firmware and library"
            )
        return data.reshape(-1, stride)[:, :row_bytes]

    def _memory(self) -> U8:
        """Return a view of the library's memory, valid until `close`."""
        address = self._k4a.functions.k4a_image_get_buffer(self.handle)
        count = self._k4a.functions.k4a_image_get_size(self.handle)
        if not address:
            return np.empty(0, np.uint8)
        return np.frombuffer((ctypes.c_uint8 * count).from_address(address), np.uint8)


class NativeCapture(Handle):
    """Images of one frame period."""

    release = "k4a_capture_release"

    def image(self, kind: str) -> NativeImage | None:
        """Give the "color", "depth" or "ir" image; None where the capture has none. Close it after use."""
        handle = getattr(self._k4a.functions, f"k4a_capture_get_{kind}_image")(self.handle)
        return NativeImage(self._k4a, c_void_p(handle)) if handle else None
