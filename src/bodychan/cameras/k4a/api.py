"""The k4a API that Microsoft's library and Orbbec's wrapper export: structs, functions, codes.

The names and values are those of k4a.h and k4atypes.h, version 1.4 (Microsoft, MIT).
"""

import ctypes
from ctypes import (
    POINTER,
    Structure,
    c_bool,
    c_char_p,
    c_float,
    c_int,
    c_int32,
    c_size_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)

from bodychan.cameras.library import Library, Prototype
from bodychan.errors import DeviceUnavailable, Unavailable
from bodychan.optics import modes

SUCCEEDED, FAILED, TIMEOUT = 0, 1, 2
"""Return codes; only calls that wait return TIMEOUT."""

DEPTH_MODES = {"OFF": 0} | {name: mode.k4a for name, mode in modes.DEPTH_MODES.items()}
COLOR_RESOLUTIONS = {"OFF": 0} | {name: mode.k4a for name, mode in modes.COLOR_RESOLUTIONS.items()}
COLOR_FORMATS = {"MJPG": 0, "NV12": 1, "YUY2": 2, "BGRA": 3}
DEPTH16, IR16 = 4, 5
"""Image formats besides those of colour."""
FRAME_RATES = {5: 0, 15: 1, 30: 2}
ORBBEC_FRAME_RATES = FRAME_RATES | {25: 3}
WIRED_SYNC_MODES = {"STANDALONE": 0, "MASTER": 1, "SUBORDINATE": 2}
COLOR_CONTROLS = {
    "exposure": 0,
    "brightness": 2,
    "contrast": 3,
    "saturation": 4,
    "sharpness": 5,
    "whitebalance": 6,
    "backlight": 7,
    "gain": 8,
    "powerfreq": 9,
}
AUTO, MANUAL = 0, 1
"""Whether the device sets a colour control by itself."""


class Configuration(Structure):
    """k4a_device_configuration_t."""

    _fields_ = (
        ("color_format", c_int),
        ("color_resolution", c_int),
        ("depth_mode", c_int),
        ("camera_fps", c_int),
        ("synchronized_images_only", c_bool),
        ("depth_delay_off_color_usec", c_int32),
        ("wired_sync_mode", c_int),
        ("subordinate_delay_off_master_usec", c_uint32),
        ("disable_streaming_indicator", c_bool),
    )


class ImuSample(Structure):
    """k4a_imu_sample_t: °C, m/s², rad/s."""

    _fields_ = (
        ("temperature", c_float),
        ("accel", c_float * 3),
        ("accel_usec", c_uint64),
        ("gyro", c_float * 3),
        ("gyro_usec", c_uint64),
    )


class Version(Structure):
    """k4a_version_t."""

    _fields_ = (("major", c_uint32), ("minor", c_uint32), ("iteration", c_uint32))


class HardwareVersion(Structure):
    """k4a_hardware_version_t; `rgb` and `depth` are the cameras' firmware."""

    _fields_ = (
        ("rgb", Version),
        ("depth", Version),
        ("audio", Version),
        ("depth_sensor", Version),
        ("firmware_build", c_int),
        ("firmware_signature", c_int),
    )


class Extrinsics(Structure):
    """k4a_calibration_extrinsics_t: rotation row by row, translation in mm."""

    _fields_ = (("rotation", c_float * 9), ("translation", c_float * 3))


class Intrinsics(Structure):
    """k4a_calibration_intrinsics_t: cx cy fx fy k1..k6 codx cody p2 p1 and the metric radius."""

    _fields_ = (("type", c_int), ("parameter_count", c_uint32), ("parameters", c_float * 15))


class CameraCalibration(Structure):
    """k4a_calibration_camera_t."""

    _fields_ = (
        ("extrinsics", Extrinsics),
        ("intrinsics", Intrinsics),
        ("width", c_int),
        ("height", c_int),
        ("metric_radius", c_float),
    )


class CalibrationStruct(Structure):
    """k4a_calibration_t; `extrinsics[source][target]` of depth, colour, gyro, accel."""

    _fields_ = (
        ("depth", CameraCalibration),
        ("color", CameraCalibration),
        ("extrinsics", (Extrinsics * 4) * 4),
        ("depth_mode", c_int),
        ("color_resolution", c_int),
    )


_HANDLE, _RESULT = c_void_p, c_int

PROTOTYPES = {
    "k4a_device_get_installed_count": Prototype(c_uint32),
    "k4a_device_open": Prototype(_RESULT, (c_uint32, POINTER(_HANDLE))),
    "k4a_device_close": Prototype(None, (_HANDLE,)),
    "k4a_device_get_serialnum": Prototype(_RESULT, (_HANDLE, c_char_p, POINTER(c_size_t))),
    "k4a_device_get_version": Prototype(_RESULT, (_HANDLE, POINTER(HardwareVersion))),
    "k4a_device_get_raw_calibration": Prototype(_RESULT, (_HANDLE, POINTER(c_uint8), POINTER(c_size_t))),
    "k4a_device_start_cameras": Prototype(_RESULT, (_HANDLE, POINTER(Configuration))),
    "k4a_device_stop_cameras": Prototype(None, (_HANDLE,)),
    "k4a_device_start_imu": Prototype(_RESULT, (_HANDLE,)),
    "k4a_device_stop_imu": Prototype(None, (_HANDLE,)),
    "k4a_device_get_capture": Prototype(_RESULT, (_HANDLE, POINTER(_HANDLE), c_int32)),
    "k4a_device_get_imu_sample": Prototype(_RESULT, (_HANDLE, POINTER(ImuSample), c_int32)),
    "k4a_device_get_color_control": Prototype(_RESULT, (_HANDLE, c_int, POINTER(c_int), POINTER(c_int32))),
    "k4a_device_set_color_control": Prototype(_RESULT, (_HANDLE, c_int, c_int, c_int32)),
    "k4a_device_get_color_control_capabilities": Prototype(
        _RESULT, (_HANDLE, c_int, POINTER(c_bool), *(POINTER(c_int32),) * 4, POINTER(c_int))
    ),
    "k4a_calibration_get_from_raw": Prototype(
        _RESULT, (c_char_p, c_size_t, c_int, c_int, POINTER(CalibrationStruct))
    ),
    "k4a_capture_create": Prototype(_RESULT, (POINTER(_HANDLE),)),
    "k4a_capture_release": Prototype(None, (_HANDLE,)),
    "k4a_capture_get_color_image": Prototype(_HANDLE, (_HANDLE,)),
    "k4a_capture_get_depth_image": Prototype(_HANDLE, (_HANDLE,)),
    "k4a_capture_get_ir_image": Prototype(_HANDLE, (_HANDLE,)),
    "k4a_capture_set_depth_image": Prototype(None, (_HANDLE, _HANDLE)),
    "k4a_capture_set_ir_image": Prototype(None, (_HANDLE, _HANDLE)),
    "k4a_image_create": Prototype(_RESULT, (c_int, c_int, c_int, c_int, POINTER(_HANDLE))),
    "k4a_image_release": Prototype(None, (_HANDLE,)),
    "k4a_image_get_buffer": Prototype(_HANDLE, (_HANDLE,)),
    "k4a_image_get_size": Prototype(c_size_t, (_HANDLE,)),
    "k4a_image_get_format": Prototype(c_int, (_HANDLE,)),
    "k4a_image_get_width_pixels": Prototype(c_int, (_HANDLE,)),
    "k4a_image_get_height_pixels": Prototype(c_int, (_HANDLE,)),
    "k4a_image_get_stride_bytes": Prototype(c_int, (_HANDLE,)),
    "k4a_image_get_device_timestamp_usec": Prototype(c_uint64, (_HANDLE,)),
    "k4a_image_set_device_timestamp_usec": Prototype(None, (_HANDLE, c_uint64)),
}

# Only Orbbec's wrapper exports any of these; which ones depends on its version and on the system.
_ORBBEC_ONLY = (
    "k4a_depth_engine_helper_create",
    "k4a_device_get_pid",
    "k4a_device_get_wired_sync_mode",
    "k4a_device_switch_device_clock_sync_mode",
    "k4a_set_orbbec_extensions_directory",
)


def _is_orbbec(loaded: ctypes.CDLL) -> bool:
    return any(hasattr(loaded, name) for name in _ORBBEC_ONLY)


def _not_microsoft(loaded: ctypes.CDLL) -> str | None:
    return (
        "is Orbbec's wrapper, not Microsoft's library: open Femto cameras as orbbec:, "
        f"or name Microsoft's library in {MICROSOFT.variable}"
        if _is_orbbec(loaded)
        else None
    )


def _not_orbbec(loaded: ctypes.CDLL) -> str | None:
    return (
        None
        if _is_orbbec(loaded)
        else "is Microsoft's library, not Orbbec's wrapper: open Azure Kinect cameras as k4a:, "
        f"or name Orbbec's wrapper in {ORBBEC.variable}"
    )


MICROSOFT = Library(
    title="Microsoft's Azure Kinect library (k4a)",
    variable="BODYCHAN_K4A",
    places={
        "win32": (r"C:\Program Files\Azure Kinect SDK v*\sdk\windows-desktop\amd64\release\bin\k4a.dll",),
        "linux": (
            "/usr/lib/*-linux-gnu/libk4a.so.1*",
            "/usr/lib/libk4a.so.1*",
            "/usr/local/lib/libk4a.so.1*",
        ),
    },
    names={"win32": ("k4a.dll",), "linux": ("libk4a.so.1.4", "libk4a.so")},
    remedy="run pip install 'bodychan[azure]', or install the Azure Kinect Sensor SDK 1.4",
    prototypes=PROTOTYPES,
    # pyk4a-bundle: on Linux in pyk4a_bundle.libs, on Windows in pyk4a.
    packages=("pyk4a_bundle", "pyk4a"),
    objection=_not_microsoft,
)
ORBBEC = Library(
    title="Orbbec's K4A wrapper (k4a)",
    variable="BODYCHAN_ORBBEC",
    places={
        "win32": (r"C:\Program Files\OrbbecSDK K4A Wrapper*\bin\k4a.dll",),
        "linux": (
            "/opt/OrbbecSDK*K4A*/lib/libk4a.so*",
            "/usr/local/lib/libk4a.so*",
            "/usr/lib/*-linux-gnu/libk4a.so*",
        ),
    },
    names={"win32": ("k4a.dll",), "linux": ("libk4a.so",)},
    remedy="unpack a release of the OrbbecSDK K4A Wrapper",
    prototypes=PROTOTYPES,
    objection=_not_orbbec,
)


def check(code: int, reason: Unavailable, message: str) -> None:
    """Turn a result other than success into an exception.

    Raises:
        DeviceUnavailable: with this reason and message.
    """
    if code != SUCCEEDED:
        raise DeviceUnavailable(reason, message)
