"""Remapping: one camera's image as the other camera sees it, and depth images as points.

The results are those of Microsoft's libk4a but for rounding: a depth image is drawn into the colour camera as
a surface of triangles of which the nearest stays, so without holes; colour is looked up between pixels. The
mode and the resolution are the calibration's. Pixels without a measurement (depth 0, or no ray) give 0.

The first call compiles or loads the kernels and computes the calibration's rays: that takes a second, and ten
the first time on a computer. To avoid the delay in the first frame, call with an image of zeros beforehand.
"""

import math
from typing import TypeVar

import numpy as np

from bodychan.errors import CalibrationError
from bodychan.model.arrays import F32, U8, U16, frozen
from bodychan.optics.calibration import Calibration

_Values = TypeVar("_Values", U8, U16)

_FEWEST_STEPS, _MOST_STEPS, _SKEW = 2, 5, 0.6


def depth_to_color(depth: U16, calibration: Calibration) -> U16:
    """Give the depth image as the colour camera sees it.

    Args:
        depth: (H, W) uint16 mm.
        calibration: of the device in the modes of the images.

    Returns:
        (Hc, Wc) uint16, z in the colour camera's frame in mm; 0 where nothing was measured, behind nearer
        surfaces' edges, and outside the depth camera's view.

    Raises:
        CalibrationError: the image is not one of the calibration's depth mode.
    """
    out = np.zeros(_color_shape(calibration), np.uint16)
    _draw(_depth(depth, calibration), calibration, None, False, out, None)
    return out


def ir_to_color(
    ir: U16, depth: U16, calibration: Calibration, *, linear: bool = True, invalid: int = 0
) -> U16:
    """Give the infrared image as the colour camera sees it: its pixels go where those of the depth go.

    Args:
        ir: (H, W) uint16.
        depth: (H, W) uint16 mm.
        calibration: of the device in the modes of the images.
        linear: mix neighbouring pixels; else take the nearest.
        invalid: the value where the depth image gives no surface.

    Returns:
        (Hc, Wc) uint16.

    Raises:
        CalibrationError: an image is not one of the calibration's depth mode.
    """
    return _carry(
        _like_depth("ir", ir, np.dtype(np.uint16), calibration), depth, calibration, linear, invalid
    )


def index_to_color(index: U8, depth: U16, calibration: Calibration, *, invalid: int = 255) -> U8:
    """Give a body index map as the colour camera sees it; indices are never mixed.

    Args:
        index: (H, W) uint8.
        depth: (H, W) uint16 mm.
        calibration: of the device in the modes of the images.
        invalid: the value where the depth image gives no surface; 255 is nobody in a body index map.

    Returns:
        (Hc, Wc) uint8.

    Raises:
        CalibrationError: an image is not one of the calibration's depth mode.
    """
    return _carry(
        _like_depth("index", index, np.dtype(np.uint8), calibration), depth, calibration, False, invalid
    )


def color_to_depth(color: U8, depth: U16, calibration: Calibration) -> U8:
    """Give the colour image as the depth camera sees it, bilinear.

    As in libk4a nothing hides behind anything: two depth pixels that look through the same colour pixel
    both get it.

    Args:
        color: (Hc, Wc, 3) uint8 RGB.
        depth: (H, W) uint16 mm.
        calibration: of the device in the modes of the images.

    Returns:
        (H, W, 3) uint8 RGB; black where there is no depth and where a point lies outside the colour image.

    Raises:
        CalibrationError: an image is not one of the calibration's modes.
    """
    from bodychan.optics import remap_kernels

    depth = _depth(depth, calibration)
    shape = (*_color_shape(calibration), 3)
    color = _checked("color", color, np.dtype(np.uint8), shape, calibration.color_resolution)
    out = np.zeros((*depth.shape, 3), np.uint8)
    planes = calibration.lenses["depth"].ray_planes
    remap_kernels.color_to_depth(color, depth, planes, *_color_camera(calibration), out)
    return out


def point_cloud(depth: U16, calibration: Calibration) -> F32:
    """Give the point of every depth pixel.

    Args:
        depth: (H, W) uint16 mm.
        calibration: of the device in the depth image's mode.

    Returns:
        (H, W, 3) float32 mm in the depth camera's frame; (0, 0, 0) where there is none.

    Raises:
        CalibrationError: the image is not one of the calibration's depth mode.
    """
    from bodychan.optics import remap_kernels

    depth = _depth(depth, calibration)
    out = np.empty((*depth.shape, 3), np.float32)
    remap_kernels.point_cloud(depth, calibration.lenses["depth"].ray_planes, out)
    return out


def point_cloud_to_color(depth: U16, calibration: Calibration) -> F32:
    """Give the point behind every pixel of the colour image.

    Args:
        depth: (H, W) uint16 mm.
        calibration: of the device in the modes of the images.

    Returns:
        (Hc, Wc, 3) float32 mm; (0, 0, 0) where there is none. In the depth camera's frame, as all points of
        bodychan are, so that both clouds and the bodies lie in one space (libk4a would give the colour
        camera's).

    Raises:
        CalibrationError: the image is not one of the calibration's depth mode.
    """
    from bodychan.optics import remap_kernels

    seen = frozen(depth_to_color(depth, calibration))
    out = np.empty((*seen.shape, 3), np.float32)
    back = frozen(calibration.extrinsics("color", "depth")[:3].astype(np.float32))
    remap_kernels.moved_point_cloud(seen, calibration.lenses["color"].ray_planes, back, out)
    return out


def _carry(values: _Values, depth: U16, calibration: Calibration, linear: bool, invalid: int) -> _Values:
    shape = _color_shape(calibration)
    out = np.full(shape, invalid, values.dtype)
    _draw(_depth(depth, calibration), calibration, values, linear, np.zeros(shape, np.uint16), out)
    return out


def _draw(
    depth: U16,
    calibration: Calibration,
    carried: U16 | U8 | None,
    linear: bool,
    out: U16,
    out_carried: U16 | U8 | None,
) -> None:
    from bodychan.optics import remap_kernels

    depth_lens, color_lens = calibration.lenses["depth"], calibration.lenses["color"]
    # As many steps as most quads have pixels on a side is the fastest; skewed as they are, somewhat more
    # than the ratio of the pixels' sizes.
    side = min(max(math.ceil(color_lens.fx / depth_lens.fx + _SKEW), _FEWEST_STEPS), _MOST_STEPS)
    remap_kernels.depth_to_color(
        depth,
        depth_lens.ray_planes,
        *_color_camera(calibration),
        carried,
        linear,
        tuple(range(side)),
        out,
        out_carried,
    )


def _color_camera(calibration: Calibration) -> tuple[F32, F32]:
    """Give the pose (3, 4) and the lens (16,) of the colour camera for the kernels."""
    pose = calibration.extrinsics("depth", "color")[:3].astype(np.float32)
    return frozen(pose), frozen(calibration.lenses["color"].parameters.astype(np.float32))


def _color_shape(calibration: Calibration) -> tuple[int, int]:
    lens = calibration.lenses["color"]
    return lens.height, lens.width


def _depth(depth: U16, calibration: Calibration) -> U16:
    return _like_depth("depth", depth, np.dtype(np.uint16), calibration)


def _like_depth(name: str, image: _Values, dtype: np.dtype[np.generic], calibration: Calibration) -> _Values:
    lens = calibration.lenses["depth"]
    return _checked(name, image, dtype, (lens.height, lens.width), calibration.depth_mode)


def _checked(
    name: str, image: _Values, dtype: np.dtype[np.generic], shape: tuple[int, ...], mode: str
) -> _Values:
    """Give the image as the kernels want it: contiguous, and read-only so that they are compiled once.

    Raises:
        CalibrationError: it has another shape or type.
    """
    image = np.asarray(image)
    if image.shape != shape or image.dtype != dtype:
        raise CalibrationError(
            f"the {name} image is {image.shape} {image.dtype}, but the calibration is of {mode}, which gives "
            f"{shape} {dtype}; give the image unchanged, and the calibration in the image's modes"
        )
    return frozen(np.ascontiguousarray(image).view())
