"""The ten images of a Kinect Azure TOP, in the pixel formats of its page."""

from collections.abc import Callable

import numpy as np

from bodychan.model.arrays import F32, U8, U16, Bool, frozen
from bodychan.model.bodies import NOBODY, Bodies
from bodychan.model.capture import Capture, ColorImage
from bodychan.optics import remap
from bodychan.optics.calibration import Calibration
from bodychan.tracking.builtin.body_index import index_map

Image = F32 | U8 | U16
"""(H, W) or (H, W, 4), the first row at the top."""


def render(name: str, capture: Capture | None, bodies: Bodies | None, calibration: Calibration) -> Image:
    """Return one image of a capture; black where the capture lacks what it takes.

    | image | pixels |
    |---|---|
    | color, colorremap | (H, W, 4) uint8 RGBA |
    | depth, depthremap | (H, W) float32, metres |
    | ir, irremap | (H, W) uint16 |
    | playerindex, playerindexremap | (H, W) uint8, (body id × 25) mod 256, 1 where that is 0; 0 = nobody |
    | pointcloud, pointcloudremap | (H, W, 4) float32, X, Y, Z in metres of channel space, A 1 where valid |

    Args:
        name: a name of the menu `image`; `…remap` is the image as the other camera sees it.
        capture: where the images come from; None gives black.
        bodies: tracked in that capture, for the player index; None gives nobody.
        calibration: the camera's.
    """
    make, blank, camera = _IMAGES[name]
    image = None if capture is None else make(capture, bodies, calibration)
    if image is not None:
        return image
    lens = calibration.lenses[camera]
    return np.zeros((lens.height, lens.width, *blank.shape), blank.dtype)


def warm_up(name: str, calibration: Calibration) -> None:
    """Compile or load what an image takes, and compute the calibration's rays, ahead of the first frame."""
    lenses = calibration.lenses
    depth = np.zeros((lenses["depth"].height, lenses["depth"].width), np.uint16)
    color = ColorImage(
        "", 0, 0, b"", lambda _: np.zeros((lenses["color"].height, lenses["color"].width, 3), np.uint8)
    )
    nothing = Capture(index=0, depth=frozen(depth), ir=frozen(depth), color_image=color)
    render(name, nothing, Bodies.none(0, 0), calibration)


def _rgba(rgb: U8) -> U8:
    opaque = np.full((*rgb.shape[:2], 1), 255, np.uint8)
    return np.concatenate([rgb, opaque], axis=2)


def _color(capture: Capture, _bodies: Bodies | None, _calibration: Calibration) -> Image | None:
    return None if capture.color is None else _rgba(capture.color)


def _color_in_depth(capture: Capture, _bodies: Bodies | None, calibration: Calibration) -> Image | None:
    if capture.color is None or capture.depth is None:
        return None
    return _rgba(remap.color_to_depth(capture.color, capture.depth, calibration))


def _metres(depth: U16) -> F32:
    return depth.astype(np.float32) / np.float32(1000)


def _depth(capture: Capture, _bodies: Bodies | None, _calibration: Calibration) -> Image | None:
    return None if capture.depth is None else _metres(capture.depth)


def _depth_in_color(capture: Capture, _bodies: Bodies | None, calibration: Calibration) -> Image | None:
    return None if capture.depth is None else _metres(remap.depth_to_color(capture.depth, calibration))


def _ir(capture: Capture, _bodies: Bodies | None, _calibration: Calibration) -> Image | None:
    return capture.ir


def _ir_in_color(capture: Capture, _bodies: Bodies | None, calibration: Calibration) -> Image | None:
    if capture.ir is None or capture.depth is None:
        return None
    return remap.ir_to_color(capture.ir, capture.depth, calibration)


def _rows(capture: Capture, bodies: Bodies | None, calibration: Calibration) -> U8 | None:
    if capture.depth is None or bodies is None or bodies.frame != capture.index:
        return None
    return bodies.index_map if bodies.index_map is not None else index_map(capture.depth, bodies, calibration)


def _players(rows: U8, bodies: Bodies) -> U8:
    values = np.zeros(NOBODY + 1, np.uint8)
    # Ids that are multiples of 256 would be nobody; they share 1 with body 41.
    values[: len(bodies)] = np.maximum(bodies.ids * 25 % 256, 1)
    return values[rows]


def _player_index(capture: Capture, bodies: Bodies | None, calibration: Calibration) -> Image | None:
    rows = _rows(capture, bodies, calibration)
    return None if rows is None or bodies is None else _players(rows, bodies)


def _player_index_in_color(capture: Capture, bodies: Bodies | None, calibration: Calibration) -> Image | None:
    rows = _rows(capture, bodies, calibration)
    if rows is None or bodies is None or capture.depth is None:
        return None
    return _players(remap.index_to_color(rows, capture.depth, calibration, invalid=NOBODY), bodies)


def _world(points: F32) -> F32:
    """Turn SDK mm (H, W, 3) into metres of channel space, with A = 1 where there is a point."""
    valid: Bool = points[..., 2] > 0
    out = np.zeros((*points.shape[:2], 4), np.float32)
    out[..., :3] = points * np.array([-0.001, -0.001, 0.001], np.float32)
    out[..., 3] = valid
    out[~valid] = 0.0
    return out


def _point_cloud(capture: Capture, _bodies: Bodies | None, calibration: Calibration) -> Image | None:
    return None if capture.depth is None else _world(remap.point_cloud(capture.depth, calibration))


def _point_cloud_in_color(capture: Capture, _bodies: Bodies | None, calibration: Calibration) -> Image | None:
    return None if capture.depth is None else _world(remap.point_cloud_to_color(capture.depth, calibration))


_Make = Callable[[Capture, Bodies | None, Calibration], Image | None]

# One black pixel of each format.
_RGBA8: U8 = np.zeros(4, np.uint8)
_RGBA32: F32 = np.zeros(4, np.float32)
_MONO8: U8 = np.zeros((), np.uint8)
_MONO16: U16 = np.zeros((), np.uint16)
_MONO32: F32 = np.zeros((), np.float32)

_IMAGES: dict[str, tuple[_Make, Image, str]] = {
    "color": (_color, _RGBA8, "color"),
    "colorremap": (_color_in_depth, _RGBA8, "depth"),
    "depth": (_depth, _MONO32, "depth"),
    "depthremap": (_depth_in_color, _MONO32, "color"),
    "ir": (_ir, _MONO16, "depth"),
    "irremap": (_ir_in_color, _MONO16, "color"),
    "playerindex": (_player_index, _MONO8, "depth"),
    "playerindexremap": (_player_index_in_color, _MONO8, "color"),
    "pointcloud": (_point_cloud, _RGBA32, "depth"),
    "pointcloudremap": (_point_cloud_in_color, _RGBA32, "color"),
}
