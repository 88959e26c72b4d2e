"""Frames of a device, copied out of Orbbec's library."""

from collections.abc import Callable

import numpy as np

from bodychan.cameras.assembly import Frame
from bodychan.cameras.orbbec import api
from bodychan.cameras.orbbec.sdk import Sdk, address_of
from bodychan.errors import CameraError
from bodychan.model.arrays import frozen

COLOR_FORMATS = {number: name for name, number in api.COLOR_FORMATS.items()} | {api.YUYV: "YUY2"}
"""Our names of colour formats by Orbbec's numbers."""


def read_frame(sdk: Sdk, handle: int, wanted: Callable[[str, int], bool]) -> Frame | None:
    """Copy a frame, of one that is not wanted the kind and time only; None for kinds of no use here."""
    kind = api.FRAME_KINDS.get(sdk.call("ob_frame_get_type", handle))
    if kind is None:
        return None
    usec = sdk.call("ob_frame_get_timestamp_us", handle)
    if not wanted(kind, usec):
        return Frame(kind, usec)
    if kind in ("accel", "gyro"):
        value = sdk.call(f"ob_{kind}_frame_get_value", handle)
        warmth = sdk.call("ob_accel_frame_get_temperature", handle) if kind == "accel" else float("nan")
        vector = frozen(np.array((value.x, value.y, value.z), np.float32))
        return Frame(kind, usec, vector=vector, temperature=warmth)
    number = sdk.call("ob_frame_get_index", handle)
    width = sdk.call("ob_video_frame_get_width", handle)
    height = sdk.call("ob_video_frame_get_height", handle)
    memory = address_of(sdk.call("ob_frame_get_data", handle), sdk.call("ob_frame_get_data_size", handle))
    if kind == "color":
        form = COLOR_FORMATS.get(sdk.call("ob_frame_get_format", handle), "")
        return Frame(kind, usec, coded=bytes(memory), number=number, format=form, size=(width, height))
    pixels = np.ctypeslib.as_array(memory).view("<u2")
    if pixels.size != width * height:
        raise CameraError(f"a {kind} image of {width}x{height} has {pixels.size} pixels: update the firmware")
    pixels = pixels.reshape(height, width).astype(np.uint16)
    if kind == "depth" and (scale := sdk.call("ob_depth_frame_get_value_scale", handle)) not in (0.0, 1.0):
        pixels = np.minimum(np.rint(pixels * np.float32(scale)), 65535).astype(np.uint16)
    return Frame(kind, usec, frozen(pixels), number=number)
