"""Microsoft's own reader of recordings, through ctypes: the oracle for ours. Only where a user has put it."""

import ctypes
import importlib.util
import os
from collections.abc import Iterator
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_int64, c_size_t, c_uint8, c_uint64, c_void_p
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

VARIABLE = "BODYCHAN_TEST_LIBK4A"
_EOF = 2
HINT = (
    f"libk4arecord is not here: `make` fetches it on Linux x86-64, or set {VARIABLE} to the folder of libk4a "
    "and libk4arecord, such as pyk4a_bundle.libs of the unzipped wheel pyk4a-bundle 1.5.0"
)
_FETCHED = Path(__file__).resolve().parents[1] / ".venv" / "libk4a" / "pyk4a_bundle.libs"


class _ImuSample(ctypes.Structure):
    _fields_ = (
        ("temperature", c_float),
        ("accel", c_float * 3),
        ("accel_usec", c_uint64),
        ("gyro", c_float * 3),
        ("gyro_usec", c_uint64),
    )


@dataclass(frozen=True)
class Image:
    """An image's device time and bytes."""

    usec: int
    data: bytes


@dataclass(frozen=True)
class OracleCapture:
    """A capture as Microsoft's reader groups it."""

    color: Image | None
    depth: Image | None
    ir: Image | None


def find_folder() -> Path | None:
    """Find the folder with the libraries: by the environment, else as fetched, else beside pyk4a_bundle."""
    if VARIABLE in os.environ:
        return Path(os.environ[VARIABLE])
    if _FETCHED.is_dir():
        return _FETCHED
    spec = importlib.util.find_spec("pyk4a_bundle") or importlib.util.find_spec("pyk4a")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parents[1] / "pyk4a_bundle.libs"
    return folder if folder.is_dir() else None


def load(folder: Path) -> ctypes.CDLL:
    """Load the libraries and declare what is used of them."""
    k4a, record = (next(folder.glob(f"{name}[-.]*so*")) for name in ("libk4a", "libk4arecord"))
    # The library reads it once, when it is loaded, and stays loaded for the tests after this one.
    os.environ.setdefault("K4A_ENABLE_LOG_TO_STDOUT", "0")
    ctypes.CDLL(str(k4a), ctypes.RTLD_GLOBAL)
    library = ctypes.CDLL(str(record))
    handle = c_void_p
    for name, result, arguments in (
        ("k4a_playback_open", c_int, (c_char_p, POINTER(handle))),
        ("k4a_playback_close", None, (handle,)),
        ("k4a_playback_get_next_capture", c_int, (handle, POINTER(handle))),
        ("k4a_playback_get_next_imu_sample", c_int, (handle, POINTER(_ImuSample))),
        ("k4a_playback_seek_timestamp", c_int, (handle, c_int64, c_int)),
        ("k4a_playback_get_tag", c_int, (handle, c_char_p, c_char_p, POINTER(c_size_t))),
        ("k4a_playback_get_raw_calibration", c_int, (handle, POINTER(c_uint8), POINTER(c_size_t))),
        ("k4a_capture_get_color_image", handle, (handle,)),
        ("k4a_capture_get_depth_image", handle, (handle,)),
        ("k4a_capture_get_ir_image", handle, (handle,)),
        ("k4a_capture_release", None, (handle,)),
        ("k4a_image_get_buffer", handle, (handle,)),
        ("k4a_image_get_size", c_size_t, (handle,)),
        ("k4a_image_get_device_timestamp_usec", c_uint64, (handle,)),
        ("k4a_image_release", None, (handle,)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Playback:
    """A recording opened by Microsoft's reader."""

    def __init__(self, folder: Path, path: Path) -> None:
        self._library = load(folder)
        self._handle = c_void_p()
        if self._library.k4a_playback_open(str(path).encode(), byref(self._handle)) != 0:
            raise OSError(f"libk4arecord does not open {path}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.k4a_playback_close(self._handle)

    def captures(self) -> Iterator[OracleCapture]:
        """Read all captures from here on."""
        capture = c_void_p()
        while (result := self._library.k4a_playback_get_next_capture(self._handle, byref(capture))) == 0:
            images = [
                self._image(getattr(self._library, f"k4a_capture_get_{kind}_image")(capture))
                for kind in ("color", "depth", "ir")
            ]
            self._library.k4a_capture_release(capture)
            yield OracleCapture(*images)
        if result != _EOF:
            raise OSError("libk4arecord failed before the end of the file")

    def samples(self) -> Iterator[tuple[int, list[float], int, list[float]]]:
        """Read all inertial samples from here on."""
        sample = _ImuSample()
        while self._library.k4a_playback_get_next_imu_sample(self._handle, byref(sample)) == 0:
            yield sample.accel_usec, list(sample.accel), sample.gyro_usec, list(sample.gyro)

    def seek(self, usec: int) -> None:
        """Go to a device time."""
        if self._library.k4a_playback_seek_timestamp(self._handle, usec, 2) != 0:
            raise OSError(f"libk4arecord does not seek to {usec}")

    def tag(self, name: str) -> str | None:
        """Give a tag's value."""
        size = c_size_t(0)
        self._library.k4a_playback_get_tag(self._handle, name.encode(), None, byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        if self._library.k4a_playback_get_tag(self._handle, name.encode(), buffer, byref(size)) != 0:
            return None
        return buffer.value.decode()

    def calibration(self) -> bytes:
        """Give the raw calibration, with the NUL that the reader adds."""
        size = c_size_t(0)
        self._library.k4a_playback_get_raw_calibration(self._handle, None, byref(size))
        buffer = (c_uint8 * size.value)()
        self._library.k4a_playback_get_raw_calibration(self._handle, buffer, byref(size))
        return bytes(buffer)

    def _image(self, image: int | None) -> Image | None:
        if not image:
            return None
        size = self._library.k4a_image_get_size(image)
        data = ctypes.string_at(self._library.k4a_image_get_buffer(image), size)
        usec = self._library.k4a_image_get_device_timestamp_usec(image)
        self._library.k4a_image_release(image)
        return Image(usec, data)


def pixels(image: Image) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
    """Give the values of a depth or infrared image, flat."""
    return np.frombuffer(image.data, np.uint16)
