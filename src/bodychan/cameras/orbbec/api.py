"""The C API of OrbbecSDK 2 as far as it is needed here: structs, functions, numbers.

The names and values are those of libobsensor/h (OrbbecSDK_v2, MIT). Every function takes the address of an
error as its last argument, which is not written down in `PROTOTYPES`.
"""

from ctypes import (
    POINTER,
    Structure,
    c_bool,
    c_char,
    c_char_p,
    c_float,
    c_int,
    c_int16,
    c_int32,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)

from bodychan.cameras.library import Prototype

LOG_OFF = 5
IR, COLOR, DEPTH, ACCEL, GYRO = 1, 2, 3, 4, 5
"""Sensors, and the streams of them."""
FRAME_KINDS = {1: "ir", 2: "color", 3: "depth", 4: "accel", 7: "gyro"}
"""What a frame is, by its type."""
Y16, NEVER_AGGREGATED = 8, 3
"""The format of depth and infrared; frames are given one by one, not as sets of one of each sensor."""
COLOR_FORMATS = {"MJPG": 5, "NV12": 3, "YUY2": 1, "BGRA": 25}
YUYV = 0
"""Another name of YUY2."""
BROWN_CONRADY_MODELS = (0, 3, 4)
"""No distortion, Brown-Conrady, and the same with k4 to k6: all are cases of our lens."""
PLAYING, PAUSED, STOPPED = 1, 2, 3
"""Of a recording that is played."""
DISCONNECTED = 2
"""The kind of error of a camera that is gone."""
SYNC_MODES = {"STANDALONE": 1 << 1, "MASTER": 1 << 2, "SUBORDINATE": 1 << 3}
FEMTOS = {0x0669: "Femto Mega", 0x066B: "Femto Bolt", 0x06C0: "Femto Mega I"}
"""The cameras that measure as an Azure Kinect does, by their USB product number."""
COLOR_CONTROLS = {
    "exposure": (2001, 2000),
    "gain": (2002, None),
    "whitebalance": (2004, 2003),
    "brightness": (2005, None),
    "sharpness": (2006, None),
    "saturation": (2008, None),
    "contrast": (2009, None),
    "backlight": (2013, None),
    "powerfreq": (2015, None),
}
"""Colour controls: the property that holds the value, and the one that says whether it is automatic."""
READ_WRITE = 3


class Error(Structure):
    """ob_error."""

    _fields_ = (
        ("status", c_int),
        ("message", c_char * 256),
        ("function", c_char * 256),
        ("args", c_char * 256),
        ("kind", c_int),
    )


class Intrinsic(Structure):
    """ob_camera_intrinsic, in pixels."""

    _fields_ = (
        ("fx", c_float),
        ("fy", c_float),
        ("cx", c_float),
        ("cy", c_float),
        ("width", c_int16),
        ("height", c_int16),
    )


class Distortion(Structure):
    """ob_camera_distortion."""

    _fields_ = (
        *((f"k{i}", c_float) for i in range(1, 7)),
        ("p1", c_float),
        ("p2", c_float),
        ("model", c_int),
    )


class Extrinsic(Structure):
    """ob_extrinsic: rotation row by row, translation in mm."""

    _fields_ = (("rotation", c_float * 9), ("translation", c_float * 3))


class Vector(Structure):
    """ob_float_3d."""

    _fields_ = (("x", c_float), ("y", c_float), ("z", c_float))


class Range(Structure):
    """ob_int_property_range."""

    _fields_ = (
        ("current", c_int32),
        ("highest", c_int32),
        ("lowest", c_int32),
        ("step", c_int32),
        ("default", c_int32),
    )


class SyncConfiguration(Structure):
    """ob_multi_device_sync_config; packed, as ObTypes.h is as a whole."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (
        ("mode", c_int),
        ("depth_delay_usec", c_int),
        ("color_delay_usec", c_int),
        ("trigger_to_image_delay_usec", c_int),
        ("trigger_out", c_bool),
        ("trigger_out_delay_usec", c_int),
        ("frames_per_trigger", c_int),
    )


_HANDLE = c_void_p
_BY_HANDLE = (_HANDLE,)

_WITHOUT_ERROR = {
    "ob_set_logger_severity": Prototype(None, (c_int,)),
    "ob_set_logger_to_console": Prototype(None, (c_int,)),
    "ob_set_logger_to_file": Prototype(None, (c_int, c_char_p)),
    "ob_set_extensions_directory": Prototype(None, (c_char_p,)),
    "ob_create_context_with_config": Prototype(_HANDLE, (c_char_p,)),
    "ob_create_net_device": Prototype(_HANDLE, (_HANDLE, c_char_p, c_uint16)),
    "ob_enable_net_device_enumeration": Prototype(None, (_HANDLE, c_bool)),
    "ob_query_device_list": Prototype(_HANDLE, _BY_HANDLE),
    "ob_device_list_get_count": Prototype(c_uint32, _BY_HANDLE),
    "ob_device_list_get_device": Prototype(_HANDLE, (_HANDLE, c_uint32)),
    "ob_device_list_get_device_name": Prototype(c_char_p, (_HANDLE, c_uint32)),
    "ob_device_list_get_device_pid": Prototype(c_int, (_HANDLE, c_uint32)),
    "ob_device_list_get_device_serial_number": Prototype(c_char_p, (_HANDLE, c_uint32)),
    "ob_device_list_get_device_connection_type": Prototype(c_char_p, (_HANDLE, c_uint32)),
    "ob_delete_device_list": Prototype(None, _BY_HANDLE),
    "ob_create_playback_device": Prototype(_HANDLE, (c_char_p,)),
    "ob_delete_device": Prototype(None, _BY_HANDLE),
    "ob_playback_device_get_duration": Prototype(c_uint64, _BY_HANDLE),
    "ob_playback_device_set_playback_rate": Prototype(None, (_HANDLE, c_float)),
    "ob_playback_device_get_current_playback_status": Prototype(c_int, _BY_HANDLE),
    "ob_playback_device_get_position": Prototype(c_uint64, _BY_HANDLE),
    "ob_playback_device_pause": Prototype(None, _BY_HANDLE),
    "ob_playback_device_resume": Prototype(None, _BY_HANDLE),
    "ob_playback_device_seek": Prototype(None, (_HANDLE, c_uint64)),
    "ob_device_get_device_info": Prototype(_HANDLE, _BY_HANDLE),
    "ob_device_info_get_name": Prototype(c_char_p, _BY_HANDLE),
    "ob_device_info_get_pid": Prototype(c_int, _BY_HANDLE),
    "ob_device_info_get_serial_number": Prototype(c_char_p, _BY_HANDLE),
    "ob_device_info_get_firmware_version": Prototype(c_char_p, _BY_HANDLE),
    "ob_device_info_get_hardware_version": Prototype(c_char_p, _BY_HANDLE),
    "ob_device_info_get_connection_type": Prototype(c_char_p, _BY_HANDLE),
    "ob_device_info_get_supported_min_sdk_version": Prototype(c_char_p, _BY_HANDLE),
    "ob_delete_device_info": Prototype(None, _BY_HANDLE),
    "ob_device_get_sensor_list": Prototype(_HANDLE, _BY_HANDLE),
    "ob_sensor_list_get_count": Prototype(c_uint32, _BY_HANDLE),
    "ob_sensor_list_get_sensor_type": Prototype(c_int, (_HANDLE, c_uint32)),
    "ob_delete_sensor_list": Prototype(None, _BY_HANDLE),
    "ob_device_is_property_supported": Prototype(c_bool, (_HANDLE, c_int, c_int)),
    "ob_device_get_int_property": Prototype(c_int32, (_HANDLE, c_int)),
    "ob_device_get_int_property_range": Prototype(Range, (_HANDLE, c_int)),
    "ob_device_set_int_property": Prototype(None, (_HANDLE, c_int, c_int32)),
    "ob_device_get_bool_property": Prototype(c_bool, (_HANDLE, c_int)),
    "ob_device_set_bool_property": Prototype(None, (_HANDLE, c_int, c_bool)),
    "ob_device_get_multi_device_sync_config": Prototype(SyncConfiguration, _BY_HANDLE),
    "ob_device_set_multi_device_sync_config": Prototype(None, (_HANDLE, POINTER(SyncConfiguration))),
    "ob_create_pipeline_with_device": Prototype(_HANDLE, _BY_HANDLE),
    "ob_delete_pipeline": Prototype(None, _BY_HANDLE),
    "ob_pipeline_start_with_config": Prototype(None, (_HANDLE, _HANDLE)),
    "ob_pipeline_wait_for_frameset": Prototype(_HANDLE, (_HANDLE, c_uint32)),
    "ob_pipeline_stop": Prototype(None, _BY_HANDLE),
    "ob_pipeline_get_stream_profile_list": Prototype(_HANDLE, (_HANDLE, c_int)),
    "ob_stream_profile_list_get_count": Prototype(c_uint32, _BY_HANDLE),
    "ob_stream_profile_list_get_profile": Prototype(_HANDLE, (_HANDLE, c_int)),
    "ob_delete_stream_profile_list": Prototype(None, _BY_HANDLE),
    "ob_delete_stream_profile": Prototype(None, _BY_HANDLE),
    "ob_stream_profile_get_format": Prototype(c_int, _BY_HANDLE),
    "ob_video_stream_profile_get_fps": Prototype(c_uint32, _BY_HANDLE),
    "ob_video_stream_profile_get_width": Prototype(c_uint32, _BY_HANDLE),
    "ob_video_stream_profile_get_height": Prototype(c_uint32, _BY_HANDLE),
    "ob_video_stream_profile_get_intrinsic": Prototype(Intrinsic, _BY_HANDLE),
    "ob_video_stream_profile_get_distortion": Prototype(Distortion, _BY_HANDLE),
    "ob_stream_profile_get_extrinsic_to": Prototype(Extrinsic, (_HANDLE, _HANDLE)),
    "ob_create_config": Prototype(_HANDLE),
    "ob_config_enable_stream_with_stream_profile": Prototype(None, (_HANDLE, _HANDLE)),
    "ob_config_set_frame_aggregate_output_mode": Prototype(None, (_HANDLE, c_int)),
    "ob_delete_config": Prototype(None, _BY_HANDLE),
    "ob_frameset_get_count": Prototype(c_uint32, _BY_HANDLE),
    "ob_frameset_get_frame_by_index": Prototype(_HANDLE, (_HANDLE, c_uint32)),
    "ob_frame_get_type": Prototype(c_int, _BY_HANDLE),
    "ob_frame_get_format": Prototype(c_int, _BY_HANDLE),
    "ob_frame_get_index": Prototype(c_uint64, _BY_HANDLE),
    "ob_frame_get_timestamp_us": Prototype(c_uint64, _BY_HANDLE),
    "ob_frame_get_data": Prototype(c_void_p, _BY_HANDLE),
    "ob_frame_get_data_size": Prototype(c_uint32, _BY_HANDLE),
    "ob_video_frame_get_width": Prototype(c_uint32, _BY_HANDLE),
    "ob_video_frame_get_height": Prototype(c_uint32, _BY_HANDLE),
    "ob_depth_frame_get_value_scale": Prototype(c_float, _BY_HANDLE),
    "ob_accel_frame_get_value": Prototype(Vector, _BY_HANDLE),
    "ob_accel_frame_get_temperature": Prototype(c_float, _BY_HANDLE),
    "ob_gyro_frame_get_value": Prototype(Vector, _BY_HANDLE),
    "ob_delete_frame": Prototype(None, _BY_HANDLE),
}
PROTOTYPES = {
    name: Prototype(result, (*arguments, POINTER(POINTER(Error))))
    for name, (result, arguments) in _WITHOUT_ERROR.items()
} | {"ob_delete_error": Prototype(None, (POINTER(Error),)), "ob_get_version": Prototype(c_int)}
