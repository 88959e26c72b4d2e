"""Copies images and inertial samples out of a device's library into values."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np

from bodychan.cameras.faults import Faults
from bodychan.cameras.k4a.api import COLOR_FORMATS, DEPTH16, IR16
from bodychan.cameras.k4a.device import Device
from bodychan.cameras.k4a.handles import NativeCapture, NativeImage
from bodychan.cameras.settings import DeviceSettings
from bodychan.errors import CameraError
from bodychan.model.arrays import U8, U16, frozen
from bodychan.model.capture import Capture, ColorImage, ImuSample
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES

_NAMES = {"color": "colour", "ir": "infrared"}
_Image = TypeVar("_Image", U16, ColorImage)


def take_sample(device: Device) -> ImuSample | None:
    """Return a device's next inertial sample; None when there is none.

    Raises:
        DeviceUnavailable: UNPLUGGED.
    """
    native = device.imu_sample()
    if native is None:
        return None
    return ImuSample(
        frozen(np.array(native.accel, np.float32)),
        native.accel_usec,
        frozen(np.array(native.gyro, np.float32)),
        native.gyro_usec,
        native.temperature,
    )


def _decode(image: ColorImage, where: str, faults: Faults) -> U8 | None:
    # Operators import live cameras at start-up; only readers of colour need the decoder, which loads FFmpeg.
    from bodychan.cameras.color import decode_or_note

    return decode_or_note(image, where, faults)


class Converter:
    """Copies captures out of the library; whoever runs the device numbers them."""

    def __init__(self, settings: DeviceSettings, faults: Faults) -> None:
        self._settings = settings
        self._faults = faults

    def capture(self, native: NativeCapture) -> Capture | None:
        """Copy a capture; None where it has no usable image.

        An image of another size or format than asked for is left out with a warning; the others go on.
        """
        depth, depth_usec = self._copied(native, "depth", partial(self._pixels, "depth", DEPTH16))
        ir, ir_usec = self._copied(native, "ir", partial(self._pixels, "ir", IR16))
        color, color_usec = self._copied(native, "color", self._color)
        if depth is None and ir is None and color is None:
            return None
        return Capture(0, depth, ir, color, depth_usec, ir_usec, color_usec)

    def _copied(
        self, native: NativeCapture, kind: str, copy: Callable[[NativeImage], _Image]
    ) -> tuple[_Image | None, int | None]:
        """Copy one image and its time, or note that it is not as asked for."""
        image = native.image(kind)
        if image is None:
            return None, None
        with image:
            try:
                return copy(image), image.device_usec
            except CameraError as error:
                self._faults.note(kind, f"{error}; it is left out")
                return None, None

    def _pixels(self, kind: str, form: int, image: NativeImage) -> U16:
        width, height = size = DEPTH_MODES[self._settings.depth_mode].size
        _require(image, kind, form, size)
        pixels = image.rows(2 * width).view("<u2").astype(np.uint16, copy=False)
        return frozen(pixels.reshape(height, width))

    def _color(self, image: NativeImage) -> ColorImage:
        form = self._settings.color_format
        width, height = size = COLOR_RESOLUTIONS[self._settings.color_resolution].size
        _require(image, "color", COLOR_FORMATS[form], size)
        row_bytes = {"NV12": width, "YUY2": 2 * width, "BGRA": 4 * width}.get(form)
        where = f"colour image at device time {image.device_usec} µs"
        decode = partial(_decode, where=where, faults=self._faults)
        return ColorImage(form, width, height, image.data(row_bytes), decode)


def _require(image: NativeImage, kind: str, form: int, size: tuple[int, int]) -> None:
    if (image.format, image.size) != (form, size):
        got, want = "x".join(map(str, image.size)), "x".join(map(str, size))
        raise CameraError(
            f"the {_NAMES.get(kind, kind)} image is {got} in format {image.format}, asked for was {want} in "
            f"format {form}: update the device's firmware and library, or choose another mode"
        )
