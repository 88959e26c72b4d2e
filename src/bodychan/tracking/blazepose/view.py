"""What the networks see of a capture: its colour image, else its IR image, else a relief of its depth."""

import math
from dataclasses import dataclass

import numba
import numpy as np

from bodychan.model.arrays import F64, U8, U16
from bodychan.model.capture import Capture
from bodychan.optics.calibration import Calibration

_WHITE_PERCENTILE = 99.0
_EVERY = 4
"""Pixels skipped, each way, where only a percentile is wanted."""
_FOCAL = 0.6
"""Focal length of the depth modes relative to the image's width, between narrow and wide."""
_BRIGHT_MM = 2000.0
"""Up to here the lamp of the relief shines on surfaces in full."""
_EDGE_MM = 30.0
"""Where the steps to the two neighbours differ by more than this, one of them belongs to another surface."""

_PAINT, _SPARSE = 90, 2
"""The grey of what is painted over; and every so-many-th pixel of the depth image says where that is."""


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


def without_nearer(seen: View, depth: U16, limit_mm: float, calibration: Calibration) -> U8:
    """Give the image with all that is nearer than a limit painted over, so that nobody is seen in it.

    Args:
        seen: the image.
        depth: (H, W) mm, of the same capture.
        limit_mm: depth in the depth camera.
        calibration: of the device.
    """
    image = seen.image.copy()
    if seen.camera == "depth":
        image[(depth > 0) & (depth < limit_mm)] = _PAINT
        return image
    part = depth[::_SPARSE, ::_SPARSE]
    near = (part > 0) & (part < limit_mm)
    rays = calibration.lenses["depth"].ray_table[::_SPARSE, ::_SPARSE][near]
    z = part[near].astype(np.float64)[:, None]
    points = calibration.transform(np.concatenate([rays * z, z], axis=1), "depth", seen.camera)
    lens = calibration.lenses[seen.camera]
    pixels, valid = lens.project(points)
    left, top = np.floor(pixels[valid]).astype(np.int64).T
    # Each pixel of the depth image covers some of the larger one.
    size = math.ceil(_SPARSE * lens.fx / calibration.lenses["depth"].fx) + 1
    for dy, dx in np.ndindex(size, size):
        x, y = left + dx - size // 2, top + dy - size // 2
        inside = (x >= 0) & (x < image.shape[1]) & (y >= 0) & (y < image.shape[0])
        image[y[inside], x[inside]] = _PAINT
    return image


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
    """Shade a depth image (H, W) mm as if a lamp stood beside the camera; invalid pixels are black.

    A surface seen at a slant is darker. What lies behind an edge has a dark outline along it, so that what is
    in front stands out; the nearer side goes on as its own surface does, so that the outline takes nothing
    from a finger.
    """
    out = np.empty(depth.shape, np.uint8)
    _relief_kernel(np.ascontiguousarray(depth), _FOCAL * depth.shape[1], out)
    return out


def relief_in_numpy(depth: U16) -> U8:
    """Do what `relief` does in plain numpy: the statement of it, some ten times slower."""
    z = depth.astype(np.float64)
    z[z == 0] = np.nan
    # The cosine of the angle at which a surface is seen, by its slope per mm of width.
    per_mm = _FOCAL * depth.shape[1] / z
    cosine = 1.0 / np.sqrt(1.0 + (_slope(z) * per_mm) ** 2 + (_slope(z.T).T * per_mm) ** 2)
    shade = np.sqrt(cosine) * np.minimum(_BRIGHT_MM / z, 1.0)
    return np.asarray((np.nan_to_num(shade) * 255).astype(np.uint8))


def _slope(z: F64) -> F64:
    """Give how steep (H, W), in mm per pixel, a depth image is along its rows; NaN = no depth."""
    steps = np.diff(z, axis=1, prepend=np.nan, append=np.nan)
    behind, ahead = steps[:, :-1], steps[:, 1:]
    one, other = np.abs(behind), np.abs(ahead)
    least = np.fmin(one, other)
    limit = least + _EDGE_MM
    at_edge = np.where((behind > limit) | (ahead < -limit), np.fmax(one, other), least)
    slope = np.where(np.abs(ahead - behind) <= _EDGE_MM, np.abs(ahead + behind) / 2, at_edge)
    return np.nan_to_num(slope)


@numba.njit(cache=True, nogil=True)
def _relief_kernel(depth: U16, focal: float, out: U8) -> None:
    height, width = depth.shape
    for v in range(height):
        for u in range(width):
            z = float(depth[v, u])
            if z == 0.0:
                out[v, u] = 0
                continue
            left = float(depth[v, u - 1]) if u > 0 else 0.0
            right = float(depth[v, u + 1]) if u < width - 1 else 0.0
            above = float(depth[v - 1, u]) if v > 0 else 0.0
            below = float(depth[v + 1, u]) if v < height - 1 else 0.0
            across = _steepness(left, z, right) * focal / z
            down = _steepness(above, z, below) * focal / z
            dark = math.sqrt(math.sqrt(1.0 + across * across + down * down))
            out[v, u] = int(min(_BRIGHT_MM / z, 1.0) / dark * 255.0)


@numba.njit(cache=True, nogil=True)
def _steepness(before: float, z: float, after: float) -> float:
    """Give the slope at one pixel by the depths of two neighbours, 0 = none."""
    if before == 0.0 and after == 0.0:
        return 0.0
    if before == 0.0 or after == 0.0:
        return abs(z - before - after)
    one, other = abs(z - before), abs(after - z)
    if abs(after - 2.0 * z + before) <= _EDGE_MM:
        return abs(after - before) / 2.0
    if z - min(before, after) > min(one, other) + _EDGE_MM:
        return max(one, other)
    return min(one, other)


def _grey(image: U8) -> U8:
    return np.repeat(image[:, :, None], 3, axis=2)
