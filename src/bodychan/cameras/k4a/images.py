"""Copies what a device's library holds into captures and inertial samples."""

from functools import partial

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


def take_sample(device: Device) -> ImuSample | None:
    """Take the next inertial sample off a device; None when there is none.

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
    # Operators import live cameras to know them; only who looks at colour needs the decoder.
    from bodychan.cameras.color import decode_or_note

    return decode_or_note(image, where, faults)


class Converter:
    """Copies what the library holds into captures, and numbers them."""

    def __init__(self, settings: DeviceSettings, faults: Faults) -> None:
        self._settings = settings
        self._faults = faults
        self._period_usec = 1e6 / settings.fps
        self._previous: tuple[int, int] | None = None

    def capture(self, native: NativeCapture) -> Capture | None:
        """Copy a capture; None where it has no image. A colour image that is not as asked for is left out.

        Raises:
            CameraError: a depth or infrared image has another size or format than asked for.
        """
        depth, depth_usec = self._pixels(native, "depth", DEPTH16)
        ir, ir_usec = self._pixels(native, "ir", IR16)
        color, color_usec = self._color(native)
        times = [usec for usec in (depth_usec, ir_usec, color_usec) if usec is not None]
        if not times:
            return None
        return Capture(self._number(times[0]), depth, ir, color, depth_usec, ir_usec, color_usec)

    def _number(self, usec: int) -> int:
        """Count from the capture before, so that a camera a little off its nominal rate does not drift."""
        index = 1
        if self._previous is not None:
            index, before = self._previous
            if usec <= before:
                self._faults.note(
                    "clock", f"the device's clock went back from {before} to {usec} µs; times jump there"
                )
            index += max(1, round((usec - before) / self._period_usec))
        self._previous = index, usec
        return index

    def _pixels(self, native: NativeCapture, kind: str, form: int) -> tuple[U16 | None, int | None]:
        image = native.image(kind)
        if image is None:
            return None, None
        with image:
            width, height = size = DEPTH_MODES[self._settings.depth_mode].size
            _require(image, kind, form, size)
            pixels = image.rows(2 * width).view("<u2").astype(np.uint16, copy=False)
            return frozen(pixels.reshape(height, width)), image.device_usec

    def _color(self, native: NativeCapture) -> tuple[ColorImage | None, int | None]:
        image = native.image("color")
        if image is None:
            return None, None
        form = self._settings.color_format
        width, height = size = COLOR_RESOLUTIONS[self._settings.color_resolution].size
        row_bytes = {"NV12": width, "YUY2": 2 * width, "BGRA": 4 * width}.get(form)
        with image:
            try:
                _require(image, "colour", COLOR_FORMATS[form], size)
                data, usec = image.data(row_bytes), image.device_usec
            except CameraError as error:
                # Depth and infrared go on without it.
                self._faults.note("colour", f"{error}; the captures have no colour")
                return None, None
        decode = partial(_decode, where=f"colour image at device time {usec} µs", faults=self._faults)
        return ColorImage(form, width, height, data, decode), usec


def _require(image: NativeImage, kind: str, form: int, size: tuple[int, int]) -> None:
    if (image.format, image.size) != (form, size):
        got, want = "x".join(map(str, image.size)), "x".join(map(str, size))
        raise CameraError(
            f"a {kind} image is {got} in format {image.format}, asked for was {want} in "
            f"format {form}: update the device's firmware and library, or choose another mode"
        )
