"""What a camera delivers: one frozen `Capture` per frame period, with the IMU samples that came with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bodychan.model.arrays import F32, U8, U16, checked
from bodychan.model.bodies import Bodies


@dataclass(frozen=True, slots=True, eq=False)
class ImuSample:
    """One sample of the inertial sensor, in the sensor's own axes: X backward, Y left, Z down.

    `accel` (3,) float32 in m/s² with its device time, `gyro` (3,) float32 in rad/s with its own;
    `temperature` in °C, NaN where it is not known (recordings do not store it). The sensor's values are kept
    as they came, finite or not.

    Raises:
        ValueError: `accel` or `gyro` has another type or shape.
    """

    accel: F32
    accel_usec: int
    gyro: F32
    gyro_usec: int
    temperature: float = float("nan")

    def __post_init__(self) -> None:
        for name in ("accel", "gyro"):
            array = checked(f"ImuSample.{name}", getattr(self, name), np.float32, (3,))
            object.__setattr__(self, name, array)


@dataclass(frozen=True, slots=True, eq=False)
class ColorImage:
    """A colour image as the camera or file holds it.

    `format` is one of MJPG, NV12, YUY2, BGRA; `data` the bytes; `decode` turns the image into
    (height, width, 3) uint8 RGB, or None where the data are damaged.
    """

    format: str
    width: int
    height: int
    data: bytes
    decode: Callable[["ColorImage"], U8 | None]


@dataclass(frozen=True, eq=False)
class Capture:
    """The images of one frame period. Any image may be missing: it is then None, and so is its time.

    `index` counts the camera's frame periods from 1, those without a capture (dropped) included.
    `depth` (H, W) uint16 mm, 0 = invalid; `ir` (H, W) uint16; `color_image` the colour as it came, `color`
    the same decoded when first asked for. `imu` holds every sample since the capture before, oldest first.
    Times are device time in microseconds. The images are read-only; writable ones are copied.

    Raises:
        ValueError: an image has another type, or is not two-dimensional.
    """

    index: int
    depth: U16 | None = None
    ir: U16 | None = None
    color_image: ColorImage | None = None
    depth_usec: int | None = None
    ir_usec: int | None = None
    color_usec: int | None = None
    imu: tuple[ImuSample, ...] = field(default=())

    def __post_init__(self) -> None:
        for name in ("depth", "ir"):
            image = getattr(self, name)
            if image is not None:
                image = checked(f"Capture.{name}", image, np.uint16, ("H", "W"))
                object.__setattr__(self, name, image)

    @cached_property
    def color(self) -> U8 | None:
        """The colour image, (H, W, 3) uint8 RGB, decoded on first access.

        None if the capture has none, or a damaged one: the camera then says so in its `warnings`.
        """
        return None if self.color_image is None else self.color_image.decode(self.color_image)

    @property
    def device_usec(self) -> int:
        """Device time of the capture: that of the depth image, else of the IR, else of the colour image."""
        for usec in (self.depth_usec, self.ir_usec, self.color_usec):
            if usec is not None:
                return usec
        return 0


@dataclass(frozen=True, eq=False)
class TrackedCapture(Capture):
    """A capture that was tracked elsewhere, perhaps without images; `bodies` were found in it."""

    bodies: Bodies | None = None
