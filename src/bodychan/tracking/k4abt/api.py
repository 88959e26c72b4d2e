"""The k4abt API, Microsoft's body tracking library: structs, functions, and a tracker that gives out values.

The names and values are those of k4abt.h and k4abttypes.h, version 1.1 (Body Tracking SDK 1.1.2, the last).
Never run against the real library: the facts are from its headers and documentation.
"""

import os
from ctypes import (
    CDLL,
    POINTER,
    Structure,
    byref,
    c_char_p,
    c_float,
    c_int,
    c_int32,
    c_uint32,
    c_uint64,
    c_void_p,
)
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bodychan.cameras.k4a.api import SUCCEEDED, TIMEOUT, CalibrationStruct
from bodychan.cameras.k4a.handles import K4a, NativeCapture, NativeImage
from bodychan.cameras.library import Library, Prototype
from bodychan.errors import TrackerError
from bodychan.model.arrays import U8
from bodychan.model.skeleton import JOINT_COUNT

SENSOR_ORIENTATIONS = {"default": 0, "cw90": 1, "ccw90": 2, "flipped": 3}
"""k4abt_sensor_orientation_t, by the names of the TOP's menu."""
PROCESSING_MODES = {"gpudefault": 0, "cpu": 1, "directml": 4}
"""k4abt_tracker_processing_mode_t, by the names of the TOP's menu; 2 is CUDA and 3 TensorRT."""
INVALID_ID = 0xFFFFFFFF
"""K4ABT_INVALID_BODY_ID."""

JOINT = np.dtype([("position", "<f4", 3), ("orientation", "<f4", 4), ("confidence", "<i4")])
"""k4abt_joint_t: mm in the depth camera's frame, wxyz, 0 to 3; k4abt_skeleton_t is 32 of them."""


class Configuration(Structure):
    """k4abt_tracker_configuration_t of 1.1; before 1.1 it had no model_path."""

    _fields_ = (
        ("sensor_orientation", c_int),
        ("processing_mode", c_int),
        ("gpu_device_id", c_int32),
        ("model_path", c_char_p),
    )


_HANDLE, _RESULT, _WAIT_RESULT = c_void_p, c_int, c_int

PROTOTYPES = {
    "k4abt_tracker_create": Prototype(_RESULT, (POINTER(CalibrationStruct), Configuration, POINTER(_HANDLE))),
    "k4abt_tracker_destroy": Prototype(None, (_HANDLE,)),
    "k4abt_tracker_set_temporal_smoothing": Prototype(None, (_HANDLE, c_float)),
    "k4abt_tracker_enqueue_capture": Prototype(_WAIT_RESULT, (_HANDLE, _HANDLE, c_int32)),
    "k4abt_tracker_pop_result": Prototype(_WAIT_RESULT, (_HANDLE, POINTER(_HANDLE), c_int32)),
    "k4abt_tracker_shutdown": Prototype(None, (_HANDLE,)),
    "k4abt_frame_release": Prototype(None, (_HANDLE,)),
    "k4abt_frame_get_num_bodies": Prototype(c_uint32, (_HANDLE,)),
    "k4abt_frame_get_body_skeleton": Prototype(_RESULT, (_HANDLE, c_uint32, c_void_p)),
    "k4abt_frame_get_body_id": Prototype(c_uint32, (_HANDLE, c_uint32)),
    "k4abt_frame_get_device_timestamp_usec": Prototype(c_uint64, (_HANDLE,)),
    "k4abt_frame_get_body_index_map": Prototype(_HANDLE, (_HANDLE,)),
}

_SDK = r"C:\Program Files\Azure Kinect Body Tracking SDK"

K4ABT = Library(
    title="Microsoft's body tracking library (k4abt)",
    variable="BODYCHAN_K4ABT",
    places={
        "win32": (
            # The folder tools has all that the library loads by itself; the other has the library only.
            rf"{_SDK}\tools\k4abt.dll",
            rf"{_SDK}\sdk\windows-desktop\amd64\release\bin\k4abt.dll",
        ),
        "linux": (
            "/usr/lib/libk4abt.so.1*",
            "/usr/lib/x86_64-linux-gnu/libk4abt.so.1*",
            "/usr/local/lib/libk4abt.so.1*",
        ),
    },
    names={"win32": ("k4abt.dll",), "linux": ("libk4abt.so.1.1", "libk4abt.so")},
    remedy="install the Azure Kinect Body Tracking SDK 1.1.2 (on Linux the package libk4abt1.1)",
    prototypes=PROTOTYPES,
)


class BodyFrame(NamedTuple):
    """A result as k4abt gives it, copied out of its memory.

    `device_usec` is that of the capture; `ids` (N,) uint32; `joints` (N, 32) of `JOINT`; `index_map` (H, W)
    uint8, the index among these N bodies, 255 = background; None where k4abt gives none.
    """

    device_usec: int
    ids: NDArray[np.uint32]
    joints: NDArray[np.void]
    index_map: U8 | None


class NativeTracker:
    """A k4abt tracker. Two threads may call `enqueue` and `pop` at once, a third `shutdown`."""

    def __init__(
        self,
        k4a: K4a,
        functions: CDLL,
        calibration: CalibrationStruct,
        *,
        orientation: int,
        processing_mode: int,
        gpu: int,
        model: Path | None,
    ) -> None:
        """Make it; the library loads its model now, which takes seconds.

        Raises:
            TrackerError: the library does not make one.
        """
        self._k4a, self._functions = k4a, functions
        self._handle = c_void_p()
        path = None if model is None else os.fsencode(model)
        code = functions.k4abt_tracker_create(
            byref(calibration), Configuration(orientation, processing_mode, gpu, path), byref(self._handle)
        )
        if code != SUCCEEDED:
            raise TrackerError(_not_made(processing_mode, gpu, model))

    def set_smoothing(self, factor: float) -> None:
        """Smooth over time: 0 not at all, 1 fully."""
        self._functions.k4abt_tracker_set_temporal_smoothing(self._handle, factor)

    def enqueue(self, capture: NativeCapture, wait_ms: int) -> bool:
        """Hand a capture in; False when the queue was full all that time. The library keeps a reference.

        Raises:
            TrackerError: the tracker has stopped.
        """
        code = self._functions.k4abt_tracker_enqueue_capture(self._handle, capture.handle, wait_ms)
        if code not in (SUCCEEDED, TIMEOUT):
            raise TrackerError(f"k4abt does not take a capture: {_STOPPED}")
        return bool(code == SUCCEEDED)

    def pop(self, wait_ms: int) -> BodyFrame | None:
        """Take the next result, in the order of the captures; None when there was none in that time.

        Raises:
            TrackerError: the tracker has stopped.
            CameraError: the index map has no rows of its width.
        """
        frame = c_void_p()
        code = self._functions.k4abt_tracker_pop_result(self._handle, byref(frame), wait_ms)
        if code == TIMEOUT:
            return None
        if code != SUCCEEDED:
            raise TrackerError(f"k4abt gives no more results: {_STOPPED}")
        try:
            return self._copied(frame)
        finally:
            self._functions.k4abt_frame_release(frame)

    def shutdown(self) -> None:
        """Let both queues end: calls that wait return, later ones fail."""
        self._functions.k4abt_tracker_shutdown(self._handle)

    def destroy(self) -> None:
        """Give the tracker back; no call may be under way, none may follow."""
        self._functions.k4abt_tracker_destroy(self._handle)

    def _copied(self, frame: c_void_p) -> BodyFrame:
        functions = self._functions
        count = int(functions.k4abt_frame_get_num_bodies(frame))
        joints = np.zeros((count, JOINT_COUNT), JOINT)
        for i in range(count):
            if functions.k4abt_frame_get_body_skeleton(frame, i, joints[i].ctypes.data) != SUCCEEDED:
                joints["position"][i] = np.nan
        ids = np.array([functions.k4abt_frame_get_body_id(frame, i) for i in range(count)], np.uint32)
        usec = int(functions.k4abt_frame_get_device_timestamp_usec(frame))
        return BodyFrame(usec, ids, joints, self._index_map(frame))

    def _index_map(self, frame: c_void_p) -> U8 | None:
        handle = self._functions.k4abt_frame_get_body_index_map(frame)
        if not handle:
            return None
        with NativeImage(self._k4a, c_void_p(handle)) as image:
            return image.rows(image.size[0])


_STOPPED = "its graphics driver may have failed, or its memory run out; close the tracker and open it again"


def _not_made(processing_mode: int, gpu: int, model: Path | None) -> str:
    mode = next(name for name, value in PROCESSING_MODES.items() if value == processing_mode)
    causes = []
    if mode != "cpu":
        causes.append(
            f"there is no graphics card number {gpu} that it can use (processing mode cpu needs none)"
        )
    if mode == "directml":
        causes.append("directml is for Windows only")
    causes.append(
        f"{model} is not a model of this version"
        if model
        else "its model dnn_model_2_0_op11.onnx was not found (name it)"
    )
    causes.append("the libraries that come with it (onnxruntime, CUDA) are not on the system's search path")
    return f"k4abt does not make a tracker in processing mode {mode}: either {'; or '.join(causes)}"
