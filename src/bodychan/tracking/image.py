"""What the networks see of a capture: its colour image, else its IR image, else a relief of its depth."""

from dataclasses import dataclass

import numpy as np

from bodychan.capture import Capture
from bodychan.types import F32, U8, U16

_WHITE_PERCENTILE = 99.0
_EVERY = 4
"""Pixels skipped, each way, where only a percentile is wanted."""
_FOCAL = 0.6
"""Focal length of the depth modes relative to the image's width, between narrow and wide."""
_BRIGHT_MM = 2000.0
"""Up to here the lamp of the relief shines on surfaces in full."""
_EDGE_MM = 30.0
"""Where the steps to the two neighbours differ by more than this, one of them belongs to another surface."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """An image (H, W, 3) uint8 and the camera, "color" or "depth", whose pixels it has."""

    image: U8
    camera: str


def view(capture: Capture) -> View | None:
    """Choose the image in which people are easiest to find; None for a capture without images.

    Raises:
        CameraError: the colour image cannot be decoded.
    """
    if capture.color is not None:
        return View(capture.color, "color")
    if capture.ir is not None:
        return View(_grey(tone_mapped(capture.ir)), "depth")
    if capture.depth is not None:
        return View(_grey(relief(capture.depth)), "depth")
    return None


def for_detector(seen: View) -> U8:
    """Smooth an image of the depth camera by the mean over 3x3 pixels, twice; borders keep their values.

    Sensor noise hides people from the detector, which skips most pixels of a large image: with smoothing it
    finds twice as many far ones. The landmark model is better off with the sharp image.
    """
    if seen.camera != "depth":
        return seen.image
    total = seen.image[:, :, 0].astype(np.uint16)
    for _ in range(2):
        rows = total[:-2] + total[1:-1] + total[2:]
        total[1:-1, 1:-1] = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) // 9
    return _grey(total.astype(np.uint8))


def tone_mapped(ir: U16) -> U8:
    """Compress an IR image (H, W) to 8 bits by a square root.

    The lamp's light falls off with the square of the distance; the root leaves a fall with the distance
    itself, as a room has. White is a high percentile, since reflectors saturate.
    """
    sample = ir[::_EVERY, ::_EVERY]
    lit = sample[sample > 0]
    white = float(np.percentile(lit, _WHITE_PERCENTILE)) if len(lit) else 1.0
    table = np.sqrt(np.arange(65536, dtype=np.float32) / np.float32(max(white, 1.0)))
    return np.asarray((np.minimum(table, 1.0) * 255).astype(np.uint8)[ir])


def relief(depth: U16) -> U8:
    """Shade a depth image (H, W) mm as if a lamp stood beside the camera; invalid pixels are black."""
    z = depth.astype(np.float32)
    z[z == 0] = np.nan
    # A surface seen at a slant is darker: the cosine of its angle, by the slope per mm of width.
    per_mm = np.float32(_FOCAL * depth.shape[1]) / z
    cosine = 1.0 / np.sqrt(1.0 + (_slope(z) * per_mm) ** 2 + (_slope(z.T).T * per_mm) ** 2)
    shade = np.sqrt(cosine) * np.minimum(_BRIGHT_MM / z, 1.0)
    return np.asarray((np.nan_to_num(shade) * 255).astype(np.uint8))


def _slope(z: F32) -> F32:
    """Give how steep (H, W), in mm per pixel, a depth image is along its rows; NaN = no depth.

    At an edge it is the step to the neighbour on the same surface: the one across would draw a black outline,
    as thick as a finger. A pixel without neighbours is as if it faced the camera.
    """
    steps = np.diff(z, axis=1, prepend=np.float32(np.nan), append=np.float32(np.nan))
    behind, ahead = steps[:, :-1], steps[:, 1:]
    even = np.abs(ahead - behind) <= _EDGE_MM
    slope = np.where(even, np.abs(ahead + behind) / 2, np.fmin(np.abs(ahead), np.abs(behind)))
    return np.nan_to_num(slope, copy=False)


def _grey(image: U8) -> U8:
    return np.repeat(image[:, :, None], 3, axis=2)
