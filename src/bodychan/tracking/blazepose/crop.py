"""Square regions of an image, turned so that a person stands upright in them, and cutting them out.

Pixels are 0-centred. Inside a region places are given as fractions, (0, 0) its top-left corner and (1, 1)
its bottom-right one.
"""

import math
from dataclasses import dataclass, replace

import numba
import numpy as np

from bodychan.model.arrays import F32, F64, U8, Float, frozen

_LEAST_PIXELS = 1.0
"""Side of a region at least: points out of a lens's reach fall on one pixel, and in a point is no place."""


@dataclass(frozen=True, slots=True)
class Region:
    """A square in an image: centre (x, y) and side in pixels; `angle` radians, clockwise as seen."""

    x: float
    y: float
    size: float
    angle: float = 0.0

    @classmethod
    def around_person(cls, hips: Float, circle: Float) -> "Region":
        """Make the region that the landmark model expects.

        Args:
            hips: (2,) pixel of the middle of the hips.
            circle: (2,) pixel on the circle around the hips that holds the whole person, above the head.
        """
        dx, dy = float(circle[0] - hips[0]), float(circle[1] - hips[1])
        # The margin of a quarter is that of MediaPipe's pose_detection_to_roi graph.
        size = max(2.5 * math.hypot(dx, dy), _LEAST_PIXELS)
        return cls(float(hips[0]), float(hips[1]), size, math.atan2(dx, -dy))

    @property
    def matrix(self) -> F64:
        """The (2, 3) affine map from fractions of the region to image pixels."""
        c, s = math.cos(self.angle) * self.size, math.sin(self.angle) * self.size
        return np.array([[c, -s, self.x - (c - s) / 2], [s, c, self.y - (s + c) / 2]])

    def to_image(self, fractions: Float) -> F64:
        """Turn places in the region (N, 2) into image pixels (N, 2)."""
        matrix = self.matrix
        return np.asarray(np.asarray(fractions, np.float64) @ matrix[:, :2].T + matrix[:, 2])

    def to_fractions(self, pixels: Float) -> F64:
        """Turn image pixels (..., 2) into places in the region (..., 2)."""
        c, s = math.cos(self.angle) / self.size, math.sin(self.angle) / self.size
        offset = np.asarray(pixels, np.float64) - (self.x, self.y)
        return np.asarray(offset @ np.array([[c, -s], [s, c]]) + 0.5)

    def moved(self, was: Float, now: Float, larger: float = 1.0) -> "Region":
        """Give the region after what was at a pixel (2,) is at another one, and so much larger."""
        x, y = self.x + float(now[0] - was[0]), self.y + float(now[1] - was[1])
        return replace(self, x=x, y=y, size=self.size * larger)

    def overlap(self, other: "Region") -> float:
        """Give the shared area over the joint area of the two squares, their turn left out; 0 to 1."""
        half = (self.size + other.size) / 2
        reach = min(self.size, other.size)
        wide = max(0.0, min(half - abs(self.x - other.x), reach))
        high = max(0.0, min(half - abs(self.y - other.y), reach))
        shared = wide * high
        return shared / (self.size**2 + other.size**2 - shared)


def cut(image: U8, region: Region, size: int, low: float, high: float) -> F32:
    """Cut a region out of an image as a network's input, bilinear.

    Args:
        image: (H, W, 3) uint8; beyond its edges all is black.
        region: the part to take.
        size: side of the result in pixels.
        low: the number that black becomes.
        high: the number that white becomes.

    Returns:
        (size, size, 3) float32.
    """
    out = np.empty((size, size, 3), np.float32)
    _cut_kernel(np.ascontiguousarray(image), region.matrix, low, (high - low) / 255.0, out)
    return out


def warm_up() -> None:
    """Compile what `cut` needs, or read it from the compiler's cache, before the first image comes."""
    image = np.zeros((2, 2, 3), np.uint8)
    for array in (image, frozen(image.copy())):  # two types to the compiler
        cut(array, Region(0.5, 0.5, 2.0), 2, 0.0, 1.0)


def cut_in_numpy(image: U8, region: Region, size: int, low: float, high: float) -> F32:
    """Do what `cut` does in plain numpy: the statement of it, some six times slower."""
    steps = (np.arange(size) + 0.5) / size
    x, y = region.to_image(np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)).T
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    total = np.zeros((size * size, 3))
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        u, v = left + dx, top + dy
        inside = (u >= 0) & (u < image.shape[1]) & (v >= 0) & (v < image.shape[0])
        weight = np.where(inside, (1 - np.abs(x - u)) * (1 - np.abs(y - v)), 0.0)
        pixels = image[np.clip(v, 0, image.shape[0] - 1), np.clip(u, 0, image.shape[1] - 1)]
        total += weight[:, None] * pixels
    return np.asarray(low + total.reshape(size, size, 3) * (high - low) / 255.0, dtype=np.float32)


@numba.njit(cache=True, nogil=True)
def _cut_kernel(image: U8, matrix: F64, low: float, gain: float, out: F32) -> None:
    height, width = image.shape[0], image.shape[1]
    size = out.shape[0]
    for row in range(size):
        fy = (row + 0.5) / size
        for column in range(size):
            fx = (column + 0.5) / size
            x = matrix[0, 0] * fx + matrix[0, 1] * fy + matrix[0, 2]
            y = matrix[1, 0] * fx + matrix[1, 1] * fy + matrix[1, 2]
            left, top = math.floor(x), math.floor(y)
            if 0 <= left < width - 1 and 0 <= top < height - 1:
                # Most pixels: all four neighbours are there.
                a, b = x - left, y - top
                for channel in range(3):
                    upper = (1.0 - a) * image[top, left, channel] + a * image[top, left + 1, channel]
                    lower = (1.0 - a) * image[top + 1, left, channel] + a * image[top + 1, left + 1, channel]
                    out[row, column, channel] = low + ((1.0 - b) * upper + b * lower) * gain
                continue
            red = green = blue = 0.0
            for v in range(max(top, 0), min(top + 2, height)):
                across = y - top if v > top else 1.0 - (y - top)
                for u in range(max(left, 0), min(left + 2, width)):
                    weight = across * (x - left if u > left else 1.0 - (x - left))
                    red += weight * image[v, u, 0]
                    green += weight * image[v, u, 1]
                    blue += weight * image[v, u, 2]
            out[row, column, 0] = low + red * gain
            out[row, column, 1] = low + green * gain
            out[row, column, 2] = low + blue * gain
