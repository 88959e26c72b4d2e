"""The synthetic room: boxes with reflectance and colour, seen by casting rays at them.

Room axes: x right, y down, z away from the camera's first place, mm, floor at y = 0.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from bodychan.model.arrays import F32, F64, frozen

I32 = NDArray[np.int32]

_Vector = tuple[float, float, float]

LIGHT: F64 = frozen(np.array([-0.42, -0.76, -0.5]))
"""Direction to the lamp in the room, unit length."""
EVEN_LIGHT = 0.5
"""Share of the light that comes from all sides; the rest is the lamp's."""
_TILE_MM = 600.0
_DARK_TILE = 0.88
NOTHING_MM = 1e6
"""Depth of a ray that meets nothing."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box between two corners, mm; `albedo` its infrared reflectance, `color` RGB 0..255 in full light."""

    low: _Vector
    high: _Vector
    albedo: float
    color: _Vector
    tiled: bool = False


FLOOR = Box((-9e3, 0.0, -9e3), (9e3, 500.0, 9e3), 0.38, (150, 128, 104), tiled=True)
WALL = Box((-9e3, -9e3, 4000.0), (9e3, 0.0, 4500.0), 0.62, (196, 200, 196))
CUPBOARD = Box((1450.0, -820.0, 3550.0), (2250.0, 0.0, 4000.0), 0.5, (120, 96, 80))

FACES_PER_BOX = 12
"""Two tones of the six sides of a box, in the order x-, x+, y-, y+, z-, z+; the tone varies fastest."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What every ray of an image meets first.

    `depth` (H, W) float32 mm along z; `surface` (H, W) int32, first the faces of the room's boxes, then the
    parts of the people, -1 where there is nothing; `normal` (H, W, 3) float32, outward unit normal in the
    camera's frame, meaningful on people only; `cosine` (H, W) float32 of the angle of incidence.
    """

    depth: F32
    surface: I32
    normal: F32
    cosine: F32


def face_albedos(boxes: tuple[Box, ...]) -> F32:
    """Give the infrared reflectance of every face of the boxes."""
    return np.repeat(np.array([b.albedo for b in boxes], dtype=np.float32), FACES_PER_BOX)


def face_colors(boxes: tuple[Box, ...]) -> F32:
    """Give the lit colour (faces, 3) of every face of the boxes; a tiled box has the second tone darker."""
    normals = np.repeat(np.concatenate([np.stack([-e, e]) for e in np.eye(3)]), 2, axis=0)
    tones = np.tile([1.0, _DARK_TILE], 6) * (EVEN_LIGHT + (1 - EVEN_LIGHT) * np.maximum(normals @ LIGHT, 0))
    return np.concatenate([np.outer(tones, b.color) for b in boxes]).astype(np.float32)


def see_room(rays: F32, rotation: F64, place: F64, boxes: tuple[Box, ...]) -> Sight:
    """See the boxes through rays.

    Args:
        rays: (H, W, 2), x/z and y/z in the camera.
        rotation: (3, 3), camera axes to room axes.
        place: (3,) of the camera in the room, mm.
        boxes: what stands in the room.
    """
    corners, tiles = _packed(boxes)
    depth, surface, cosine = _cast(rays, rotation, place, corners, tiles)
    return Sight(depth, surface, np.zeros((*depth.shape, 3), np.float32), cosine)


def _packed(boxes: tuple[Box, ...]) -> tuple[F64, F64]:
    """Give corners (boxes, 6) and tiles per mm (boxes,), 0 where a box has none."""
    corners = np.array([[*b.low, *b.high] for b in boxes]).reshape(-1, 6)
    return corners, np.array([1.0 / _TILE_MM if b.tiled else 0.0 for b in boxes])


@numba.njit(cache=True)
def _cast(rays, rotation, place, corners, tiles):  # type: ignore[no-untyped-def]
    """Do `see_room` ray by ray; tests/reference/room_plain.py has the same in numpy."""
    height, width = rays.shape[:2]
    depth = np.full((height, width), NOTHING_MM, np.float32)
    surface = np.full((height, width), -1, np.int32)
    cosine = np.zeros((height, width), np.float32)
    inverse, way = np.empty(3), np.empty(3)
    for y in range(height):
        for x in range(width):
            for k in range(3):
                way[k] = rotation[k, 0] * rays[y, x, 0] + rotation[k, 1] * rays[y, x, 1] + rotation[k, 2]
                inverse[k] = 1.0 / way[k] if way[k] != 0.0 else 1e30
            nearest = NOTHING_MM
            for box in range(len(corners)):
                entry, leave, axis = -1e30, 1e30, 0
                for k in range(3):
                    a = (corners[box, k] - place[k]) * inverse[k]
                    b = (corners[box, 3 + k] - place[k]) * inverse[k]
                    if min(a, b) > entry:
                        entry, axis = min(a, b), k
                    leave = min(leave, max(a, b))
                if 1.0 < entry < leave and entry < nearest:
                    nearest = entry
                    face = FACES_PER_BOX * box + 4 * axis + (0 if way[axis] > 0 else 2)
                    if tiles[box] > 0.0:
                        i = np.floor((place[0] + entry * way[0]) * tiles[box])
                        j = np.floor((place[2] + entry * way[2]) * tiles[box])
                        face += int(i + j) & 1
                    surface[y, x] = face
                    depth[y, x] = entry
                    length = np.sqrt(way[0] * way[0] + way[1] * way[1] + way[2] * way[2])
                    cosine[y, x] = abs(way[axis]) / length
    return depth, surface, cosine
