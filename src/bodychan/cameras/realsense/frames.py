"""Frames of a RealSense, copied out of its library: pixels in mm, axes and clock as everywhere here."""

from collections.abc import Callable
from typing import Any

import numpy as np

from bodychan.cameras.assembly import Frame
from bodychan.cameras.faults import Faults
from bodychan.model.arrays import U8, U16, frozen

KINDS = {"depth": "depth", "infrared": "ir", "color": "color", "accel": "accel", "gyro": "gyro"}
"""Our names of the library's streams."""
IMU_AXES = frozen(np.array([[0, 0, -1], [-1, 0, 0], [0, 1, 0]], np.float32))
"""Turns the axes of its inertial sensors, which are the depth camera's, to X backward, Y left, Z down."""
# The clock of most cameras has 32 bits.
_WRAP_USEC = 1 << 32


def _as_it_is(pixels: U8) -> bytes:
    return pixels.tobytes()


def _with_alpha(order: tuple[int, int, int]) -> Callable[[U8], bytes]:
    def convert(pixels: U8) -> bytes:
        out = np.full((*pixels.shape[:2], 4), 255, np.uint8)
        # One by one they take half the time of all at once.
        for at, channel in enumerate(order):
            out[..., at] = pixels[..., channel]
        return out.tobytes()

    return convert


def _swapped(pixels: U8) -> bytes:
    return pixels.view(np.uint8).reshape(-1, 2)[:, ::-1].tobytes()


COLOR_FORMATS: dict[str, tuple[str, Callable[[U8], bytes]]] = {
    "mjpeg": ("MJPG", _as_it_is),
    "yuyv": ("YUY2", _as_it_is),
    "uyvy": ("YUY2", _swapped),
    "nv12": ("NV12", _as_it_is),
    "bgra8": ("BGRA", _as_it_is),
    "bgr8": ("BGRA", _with_alpha((0, 1, 2))),
    "rgba8": ("BGRA", _with_alpha((2, 1, 0))),
    "rgb8": ("BGRA", _with_alpha((2, 1, 0))),
}
"""Of the library's formats of colour images ours, and what turns the pixels into bytes of it."""


class Reader:
    """Copies frames, with times of the clock that the depth images have.

    That is the device's own as it stamps every frame. Where the system keeps these stamps back, it is the
    clock that the library gives in their place. What comes before the first depth image is left out, as is
    what has another clock.
    """

    def __init__(self, rs: Any, faults: Faults, near_usec: int | None = None) -> None:
        """Read frames of the library `rs` from about a device time on: a clock may have wrapped by then."""
        self._rs, self._faults, self._last_usec = rs, faults, near_usec
        self._clock: object = None
        self._stamp = rs.frame_metadata_value.frame_timestamp

    def read(self, frame: Any) -> Frame | None:
        """Copy a frame; None where it is of no use here."""
        profile = frame.profile
        kind = KINDS.get(profile.stream_type().name)
        if kind is None:
            return None
        clock = self._clock_of(frame)
        if self._clock is None and kind == "depth":
            self._clock = clock
            if clock == self._rs.timestamp_domain.system_time:
                self._faults.note(
                    "clock",
                    "the system keeps the images' times back, those of their arrival stand in: install the "
                    "kernel modules of RealSense's library on Linux, register its metadata on Windows",
                )
        if clock != self._clock:
            if self._clock is not None:
                self._faults.note(
                    kind, f"the {kind} frames have another clock than the depth images and are left out"
                )
            return None
        usec = self._usec(frame)
        if kind in ("accel", "gyro"):
            motion = frame.as_motion_frame().get_motion_data()
            vector = IMU_AXES @ np.array((motion.x, motion.y, motion.z), np.float32)
            return Frame(kind, usec, vector=frozen(vector), number=frame.get_frame_number())
        pixels = np.asanyarray(frame.get_data())
        if kind == "color":
            video = profile.as_video_stream_profile()
            form, convert = COLOR_FORMATS[profile.format().name]
            size = video.width(), video.height()
            return Frame(
                kind, usec, coded=convert(pixels), number=frame.get_frame_number(), format=form, size=size
            )
        image = _millimetres(frame, pixels) if kind == "depth" else pixels.astype(np.uint16)
        return Frame(kind, usec, frozen(image), number=frame.get_frame_number())

    def _clock_of(self, frame: Any) -> object:
        """Say what a frame's time is counted by: the device, or whatever the library takes for it."""
        if frame.supports_frame_metadata(self._stamp):
            return self._rs.timestamp_domain.hardware_clock
        return frame.get_frame_timestamp_domain()

    def _usec(self, frame: Any) -> int:
        stamped = frame.supports_frame_metadata(self._stamp)
        stamp = int(frame.get_frame_metadata(self._stamp)) if stamped else round(frame.get_timestamp() * 1000)
        if self._clock != self._rs.timestamp_domain.hardware_clock:
            return stamp
        last = stamp if self._last_usec is None else self._last_usec
        self._last_usec = last + (stamp - last + _WRAP_USEC // 2) % _WRAP_USEC - _WRAP_USEC // 2
        return self._last_usec


def _millimetres(frame: Any, pixels: U16) -> U16:
    scale = 1000.0 * float(frame.as_depth_frame().get_units())
    if abs(scale - 1.0) < 1e-5:
        return pixels.copy()
    out: U16 = np.minimum(np.rint(pixels * np.float32(scale)), 65_535).astype(np.uint16)
    return out
