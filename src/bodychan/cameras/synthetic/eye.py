"""A camera's eye on a synthetic scene: what it sees, and the colour picture of it."""

from dataclasses import dataclass

import numba
import numpy as np

from bodychan.cameras.synthetic.figure import PART_GROUPS, Figure
from bodychan.cameras.synthetic.kinematics import Pose
from bodychan.cameras.synthetic.render import trace_figure
from bodychan.cameras.synthetic.room import (
    EVEN_LIGHT,
    FACES_PER_BOX,
    LIGHT,
    Box,
    Sight,
    face_albedos,
    face_colors,
    see_room,
)
from bodychan.model.arrays import F32, F64, U8
from bodychan.optics.lens import Lens

PARTS = len(PART_GROUPS)
_RAY_STEP = 8
_NOISE_SHIFT = 5
"""Noise of a brightness: even over the 8-bit range, shifted down by this, so -4 to 3 levels."""
_JPEG_QUANTISER = 3
_DARKEST, _BRIGHTEST = 8, 247
"""Limits of a colour before the noise, so that this does not wrap round."""


@dataclass(frozen=True)
class Eye:
    """One of the device's cameras before a room; surfaces are the faces of `boxes`, then people's parts."""

    lens: Lens
    rays: F32
    boxes: tuple[Box, ...]

    @property
    def faces(self) -> int:
        """How many surfaces belong to the room."""
        return len(self.boxes) * FACES_PER_BOX

    def room(self, rotation: F64, place: F64) -> Sight:
        """See the room without people; rotation and place of this camera as in `room.see_room`."""
        return see_room(self.rays, rotation, place, self.boxes)

    def people(self, room: Sight, rotation: F64, place: F64, people: list[tuple[Figure, Pose]]) -> Sight:
        """Add people, whose poses are in the room, to the sight of the room."""
        # Only people have normals, and those are written below.
        normal = np.empty_like(room.normal)
        sight = Sight(room.depth.copy(), room.surface.copy(), normal, room.cosine.copy())
        for number, (figure, pose) in enumerate(people):
            capsules = seen_capsules(figure, pose, rotation, place)
            trace_figure(self.rays, self.lens, capsules, self.faces + number * PARTS, sight)
        return sight

    def albedos(self, figures: tuple[Figure, ...]) -> F32:
        """Give the infrared reflectance of every surface, and 0 for no surface at the end."""
        parts = [f.part_albedos for f in figures]
        return np.concatenate([face_albedos(self.boxes), *parts, np.zeros(1, np.float32)])

    def strength(self, sight: Sight, albedos: F32) -> F32:
        """Return the infrared light that comes back, (H, W): reflectance · cos(incidence) · falloff / z².

        z is in metres; the camera's light falls off towards the sides by 1 / (1 + (x/z)² + (y/z)²).
        """
        out = np.empty_like(sight.depth)
        _returned_light(sight.depth, sight.surface, sight.cosine, albedos, self.rays, out)
        return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _returned_light(depth, surface, cosine, albedos, rays, out):  # type: ignore[no-untyped-def]
    one, metres_per_mm = np.float32(1), np.float32(1e-3)
    for y in range(depth.shape[0]):
        for x in range(depth.shape[1]):
            metres = depth[y, x] * metres_per_mm
            falloff = one / (one + rays[y, x, 0] * rays[y, x, 0] + rays[y, x, 1] * rays[y, x, 1])
            out[y, x] = albedos[surface[y, x]] * cosine[y, x] * falloff / (metres * metres)


def seen_capsules(figure: Figure, pose: Pose, rotation: F64, place: F64) -> F64:
    """Give the figure's capsules in the frame of a camera at `place` with `rotation` to the room."""
    capsules = figure.capsules(pose)
    for end in (slice(0, 3), slice(3, 6)):
        capsules[:, end] = (capsules[:, end] - place) @ rotation
    return capsules


def smooth_rays(lens: Lens) -> F32:
    """Give the ray of every pixel from those of every eighth one; they differ by less than 0.02 px.

    `Lens.ray_table` of a large image takes a second, which a picture to look at is not worth.
    """
    axes = [np.append(np.arange(0, n - 1, _RAY_STEP), n - 1) for n in (lens.height, lens.width)]
    v, u = np.meshgrid(*axes, indexing="ij")
    rays, _ = lens.unproject(np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float64))
    down, across = (
        np.stack([np.interp(np.arange(n), axis, one) for one in np.eye(len(axis))], axis=1)
        for axis, n in zip(axes, (lens.height, lens.width), strict=True)
    )
    grid = rays.reshape(len(axes[0]), len(axes[1]), 2)
    return np.ascontiguousarray(
        np.stack([down @ grid[..., k] @ across.T for k in (0, 1)], axis=2), np.float32
    )


def paint_room(room: Sight, boxes: tuple[Box, ...]) -> U8:
    """Paint the empty room, (H, W, 3) RGB."""
    colors = np.concatenate([face_colors(boxes), np.zeros((1, 3), np.float32)])
    return _levels(colors)[room.surface]


def paint_people(picture: U8, sight: Sight, faces: int, figures: tuple[Figure, ...], rotation: F64) -> None:
    """Paint the people over a picture (H, W, 3) of the room, in place."""
    if figures:
        colors = np.concatenate([f.part_colors for f in figures])
        light = np.asarray(LIGHT @ rotation, np.float32)
        _paint(picture, sight.surface, sight.normal, faces, colors, light)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _paint(picture, surface, normal, faces, colors, light):  # type: ignore[no-untyped-def]
    zero, even, lamp = np.float32(0), np.float32(EVEN_LIGHT), np.float32(1 - EVEN_LIGHT)
    darkest, brightest = np.float32(_DARKEST), np.float32(_BRIGHTEST)
    for y in range(surface.shape[0]):
        for x in range(surface.shape[1]):
            part = surface[y, x] - faces
            if part < 0:
                continue
            n = normal[y, x]
            lit = even + lamp * max(n[0] * light[0] + n[1] * light[1] + n[2] * light[2], zero)
            for k in range(3):
                picture[y, x, k] = np.uint8(min(max(colors[part, k] * lit, darkest), brightest))


def encode_jpeg(picture: U8, rng: np.random.Generator) -> bytes:
    """Give a picture (H, W, 3) RGB as a JPEG, with the sensor's noise on its brightness."""
    from av.video.frame import VideoFrame

    from bodychan.cameras.color import encode_jpeg_frame

    height, width = picture.shape[:2]
    frame = VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuvj420p")
    brightness = np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(height, -1)[:, :width]
    noise = np.frombuffer(rng.bytes(height * width), np.int8) >> _NOISE_SHIFT
    np.add(brightness, noise.view(np.uint8).reshape(height, width), out=brightness)
    return encode_jpeg_frame(frame, _JPEG_QUANTISER)


def _levels(colors: F32) -> U8:
    """Round to 8 bits."""
    return np.asarray(np.clip(colors, _DARKEST, _BRIGHTEST).astype(np.uint8))
