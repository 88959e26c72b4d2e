"""The images of a TOP as pictures that a browser shows."""

import numpy as np

from bodychan.cameras.color import encode_jpeg
from bodychan.model.arrays import F32, U8
from bodychan.operators.kinect.images import Image

_WIDEST = 960
"""Pictures are thinned to at most so many pixels across."""

_NEAR, _FAR = 0.4, 6.0
"""Depths that the colours run between, metres."""


def _ramp() -> U8:
    """Return 256 colours from near to far: warm to cold, by hue, as bright as each other hue allows."""
    at = np.linspace(0.0, 1.0, 256)
    channels = [np.clip(1.5 - np.abs(4.0 * at - peak), 0.0, 1.0) for peak in (1.0, 2.0, 3.0)]
    return np.asarray(255 * np.stack(channels, axis=1), np.uint8)


_RAMP = _ramp()


def jpeg(name: str, image: Image, *, widest: int = _WIDEST) -> bytes:
    """Draw one of the ten images as a JPEG.

    Args:
        name: of the menu `image`: says what the pixels mean.
        image: as `images.render` returns it.
        widest: thin it until it is no wider.
    """
    step = -(-image.shape[1] // widest)
    return encode_jpeg(_drawn(name.removesuffix("remap"), image[::step, ::step]))


def _drawn(kind: str, image: Image) -> U8:
    if kind == "color":
        return image[..., :3].astype(np.uint8)
    if kind == "depth":
        return _by_depth(image.astype(np.float32))
    if kind == "ir":
        # Infrared falls with the square of the distance: its root shows near and far alike.
        bright = np.sqrt(image.astype(np.float32) / max(float(np.quantile(image, 0.99)), 1.0))
        gray = np.asarray(255 * np.clip(bright, 0.0, 1.0), np.uint8)
        return np.repeat(gray[..., None], 3, axis=2)
    if kind == "playerindex":
        return _by_player(image.astype(np.uint8))
    return _by_depth(image[..., 2].astype(np.float32))


def _by_depth(metres: F32) -> U8:
    at = np.clip((metres - _NEAR) / (_FAR - _NEAR) * 255, 0, 255).astype(np.uint8)
    colors: U8 = _RAMP[at]
    colors[metres <= 0] = 0
    return colors


def _by_player(values: U8) -> U8:
    """Return every player index a hue of its own; nobody is black."""
    colors: U8 = _RAMP[(values.astype(np.int64) * 67) % 256]
    colors[values == 0] = 0
    return colors
