"""Microsoft's own remapping, through ctypes: the oracle for ours. It runs OpenGL, so in a process of its own.

    DISPLAY=:99 python libk4atransformation.py FOLDER IN.npz OUT.npz

FOLDER holds libk4a and its depth engine; IN.npz the arrays of `ask`.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_size_t, c_uint32, c_void_p
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libk4arecord import load

Arrays = dict[str, NDArray[Any]]

_DEPTH_MODES = ("OFF", "NFOV_2X2BINNED", "NFOV_UNBINNED", "WFOV_2X2BINNED", "WFOV_UNBINNED", "PASSIVE_IR")
_RESOLUTIONS = ("OFF", "720P", "1080P", "1440P", "1536P", "2160P", "3072P")
_BGRA, _DEPTH16, _CUSTOM8, _CUSTOM16, _CUSTOM = 3, 4, 6, 7, 8
_CALIBRATION_BYTES = 1032
# On Mesa's software OpenGL the depth engine now and then reports success and hands back an image of zeros.
_TRIES = 8
_DEPTH, _COLOR = 0, 1
NO_DISPLAY = "libk4a remaps by OpenGL: install Xvfb and Mesa (Debian: xvfb, libgl1-mesa-dri)"


@contextmanager
def display() -> Iterator[str | None]:
    """Start a screen without a monitor and give its name; None where Xvfb is not installed."""
    server = shutil.which("Xvfb")
    if server is None:
        yield None
        return
    read_end, write_end = os.pipe()
    command = [server, "-displayfd", str(write_end), "-screen", "0", "64x64x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
    os.close(write_end)
    try:
        with os.fdopen(read_end) as pipe:
            number = pipe.readline().strip()
        yield f":{number}" if number else None
    finally:
        process.terminate()
        process.wait()


def ask(folder: Path, screen: str, work: Path, **arrays: object) -> Arrays:
    """Let libk4a remap.

    Args:
        folder: where the libraries are.
        screen: name of a display.
        work: an empty folder for the exchange.
        arrays: `raw` (calibration JSON as uint8), `depth_mode`, `color_resolution`, `depth` (H, W) uint16,
            `color` (Hc, Wc, 3) uint8 RGB, `ir` (H, W) uint16, `index` (H, W) uint8.

    Returns:
        depth_to_color, color_to_depth (RGBA), point_cloud, point_cloud_color (int16), ir_nearest, ir_linear,
        index_nearest; an image that libk4a could not make is missing.
    """
    np.savez(work / "in.npz", **arrays)  # type: ignore[arg-type]
    command = [sys.executable, __file__, str(folder), str(work / "in.npz"), str(work / "out.npz")]
    environment = dict(os.environ, DISPLAY=screen, LIBGL_ALWAYS_SOFTWARE="1")
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
    with np.load(work / "out.npz") as out:
        return dict(out)


class Projection:
    """libk4a's calibration and its projection of points; needs no display."""

    def __init__(self, folder: Path, raw: bytes, depth_mode: str, color_resolution: str) -> None:
        self._k4a = load(folder)
        for name, arguments in (
            ("k4a_calibration_get_from_raw", (c_char_p, c_size_t, c_int, c_int, c_void_p)),
            ("k4a_calibration_3d_to_2d", (c_void_p, c_void_p, c_int, c_int, c_void_p, POINTER(c_int))),
            (
                "k4a_calibration_2d_to_3d",
                (c_void_p, c_void_p, c_float, c_int, c_int, c_void_p, POINTER(c_int)),
            ),
        ):
            function = getattr(self._k4a, name)
            function.restype, function.argtypes = c_int, arguments
        self.calibration = ctypes.create_string_buffer(_CALIBRATION_BYTES)
        mode, resolution = _DEPTH_MODES.index(depth_mode), _RESOLUTIONS.index(color_resolution)
        raw = raw.rstrip(b"\0") + b"\0"
        if self._k4a.k4a_calibration_get_from_raw(raw, len(raw), mode, resolution, self.calibration) != 0:
            raise OSError("libk4a does not read the calibration")

    def project(self, point: NDArray[np.float32], color: bool) -> tuple[NDArray[np.float32], bool]:
        """Give the pixel of a point (3,) of the camera's own frame, and whether it is valid."""
        pixel, valid = np.zeros(2, np.float32), c_int()
        self._k4a.k4a_calibration_3d_to_2d(
            self.calibration, point.ctypes.data, color, color, pixel.ctypes.data, byref(valid)
        )
        return pixel, bool(valid)

    def unproject(
        self, pixel: NDArray[np.float32], depth: float, color: bool
    ) -> tuple[NDArray[np.float32], bool]:
        """Give the point behind a pixel in the camera's own frame, and whether it is valid."""
        point, valid = np.zeros(3, np.float32), c_int()
        self._k4a.k4a_calibration_2d_to_3d(
            self.calibration, pixel.ctypes.data, depth, color, color, point.ctypes.data, byref(valid)
        )
        return point, bool(valid)


class _Engine(Projection):
    def __init__(self, folder: Path, raw: bytes, depth_mode: str, color_resolution: str) -> None:
        ctypes.CDLL(str(next(folder.glob("libdepthengine.so*"))), ctypes.RTLD_GLOBAL)
        super().__init__(folder, raw, depth_mode, color_resolution)
        handle = c_void_p
        for name, result, arguments in (
            ("k4a_transformation_create", handle, (c_void_p,)),
            ("k4a_image_create", c_int, (c_int, c_int, c_int, c_int, POINTER(handle))),
            ("k4a_transformation_depth_image_to_color_camera", c_int, (handle,) * 3),
            (
                "k4a_transformation_depth_image_to_color_camera_custom",
                c_int,
                (*(handle,) * 5, c_int, c_uint32),
            ),
            ("k4a_transformation_color_image_to_depth_camera", c_int, (handle,) * 4),
            ("k4a_transformation_depth_image_to_point_cloud", c_int, (handle, handle, c_int, handle)),
        ):
            function = getattr(self._k4a, name)
            function.restype, function.argtypes = result, arguments
        self._handle = self._k4a.k4a_transformation_create(self.calibration)
        if not self._handle:
            raise OSError("libk4a makes no transformation: is there OpenGL?")

    def image(self, kind: int, array: NDArray[Any]) -> tuple[c_void_p, NDArray[Any]]:
        """Make libk4a's image with the array's content; the array that is given looks into it."""
        image, (height, width) = c_void_p(), array.shape[:2]
        if self._k4a.k4a_image_create(kind, width, height, array[0].nbytes, byref(image)) != 0:
            raise OSError("libk4a makes no image")
        at = self._k4a.k4a_image_get_buffer(image)
        memory = memoryview((ctypes.c_char * array.nbytes).from_address(at)).cast("B")
        inside = np.frombuffer(memory, array.dtype).reshape(array.shape)
        inside[...] = array
        return image, inside

    def call(self, name: str, *arguments: object) -> bool:
        return bool(getattr(self._k4a, f"k4a_transformation_{name}")(self._handle, *arguments) == 0)


def _answer(folder: Path, given: Arrays) -> Arrays:
    engine = _Engine(folder, given["raw"].tobytes(), str(given["depth_mode"]), str(given["color_resolution"]))
    made: Arrays = {}
    height, width = given["depth"].shape
    color_size = given["color"].shape[:2]
    depth, _ = engine.image(_DEPTH16, given["depth"])
    there, there_array = engine.image(_DEPTH16, np.zeros(color_size, np.uint16))
    if engine.call("depth_image_to_color_camera", depth, there):
        made["depth_to_color"] = there_array.copy()
        cloud, cloud_array = engine.image(_CUSTOM, np.zeros((*color_size, 3), np.int16))
        if engine.call("depth_image_to_point_cloud", there, _COLOR, cloud):
            made["point_cloud_color"] = cloud_array.copy()
    cloud, cloud_array = engine.image(_CUSTOM, np.zeros((height, width, 3), np.int16))
    if engine.call("depth_image_to_point_cloud", depth, _DEPTH, cloud):
        made["point_cloud"] = cloud_array.copy()
    bgra = np.dstack([given["color"][..., ::-1], np.full(color_size, 255, np.uint8)])
    color, _ = engine.image(_BGRA, bgra)
    back, back_array = engine.image(_BGRA, np.zeros((height, width, 4), np.uint8))
    if engine.call("color_image_to_depth_camera", depth, color, back):
        made["color_to_depth"] = back_array[..., [2, 1, 0, 3]]
    for name, source, kind, linear, invalid in (
        ("ir_nearest", "ir", _CUSTOM16, 0, 0),
        ("ir_linear", "ir", _CUSTOM16, 1, 7),
        ("index_nearest", "index", _CUSTOM8, 0, 255),
    ):
        carried, _ = engine.image(kind, given[source])
        out, out_array = engine.image(kind, np.zeros(color_size, given[source].dtype))
        for _ in range(_TRIES):
            done = engine.call(
                "depth_image_to_color_camera_custom", depth, carried, there, out, linear, invalid
            )
            if done and out_array.any():
                made[name] = out_array.copy()
                break
    return made


if __name__ == "__main__":
    with np.load(sys.argv[2]) as content:
        np.savez(sys.argv[3], **_answer(Path(sys.argv[1]), dict(content)))  # type: ignore[arg-type]
    os._exit(0)  # the depth engine crashes when it is unloaded
