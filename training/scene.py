"""Rooms with people and things, seen by a camera: what each pixel of a crop shows, without noise.

World frame: x left, y up, z away from the camera, which stands above (0, 0, 0); metres. A camera is
(height, cos and sin of its tilt, cos and sin of its roll).
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from training.bodies import FOOT, FOREARM, HAND, HIPS, NECK, SHANK, THIGH, TRUNK, UPPER_ARM
from training.figures import HAIR, PARTS
from training.geometry import around, between, chance
from training.raster import triangles

NOBODY, TARGET, THING, OTHER, FLOOR = 0, 1, 2, 3, -1
"""What a pixel shows."""
SKIRT, LONG_HAIR = PARTS, PARTS + 1
PER_PERSON = PARTS + 2
PEOPLE = 4
"""People in a scene at most, the target included."""
_FLOOR_SURFACE = PEOPLE * PER_PERSON
_WALL_SURFACE, _THING_SURFACE = _FLOOR_SURFACE + 1, _FLOOR_SURFACE + 2
_THINGS = 6
SURFACES = _THING_SURFACE + _THINGS
HELD_CLOTH = SURFACES - 1

_BOX = np.array(
    [
        [0, 1, 2], [0, 2, 3], [4, 6, 5], [4, 7, 6], [0, 4, 5], [0, 5, 1],
        [1, 5, 6], [1, 6, 2], [2, 6, 7], [2, 7, 3], [3, 7, 4], [3, 4, 0],
    ],
    np.int32,
)  # fmt: skip
_PLAIN = np.zeros(128, np.int32)
"""All vertices of a thing have the same surface."""


class Canvas(NamedTuple):
    """What is rendered so far, (S, S) each; see `raster.triangles`. `albedo` is by surface."""

    depth: NDArray[Any]
    surface: NDArray[Any]
    shows: NDArray[Any]
    slope: NDArray[Any]
    albedo: NDArray[Any]


@njit(cache=True)
def blank(size):  # type: ignore[no-untyped-def]
    """Give an empty canvas, with reflectances drawn for every surface."""
    albedo = np.empty(SURFACES)
    for k in range(SURFACES):
        albedo[k] = between(0.05, 0.9)
    for person in range(PEOPLE):
        _reflect(albedo[person * PER_PERSON : (person + 1) * PER_PERSON])
    return Canvas(
        np.full((size, size), 1e9),
        np.zeros((size, size), np.int32),
        np.zeros((size, size), np.int32),
        np.ones((size, size)),
        albedo,
    )


@njit(cache=True)
def _reflect(albedo):  # type: ignore[no-untyped-def]
    """Draw how a person's skin, clothes, shoes and hair reflect near infrared."""
    bare, upper, lower = between(0.4, 0.85), between(0.06, 0.9), between(0.06, 0.9)
    albedo[:] = bare
    albedo[TRUNK] = albedo[UPPER_ARM] = upper
    if chance(0.5):
        albedo[FOREARM] = upper
    albedo[HIPS] = albedo[THIGH] = albedo[SKIRT] = lower
    if chance(0.75):
        albedo[SHANK] = lower
    albedo[FOOT] = between(0.04, 0.7)
    albedo[HAIR] = albedo[LONG_HAIR] = between(0.05, 0.6)
    albedo[HAND] = albedo[NECK] = bare


@njit(cache=True)
def seen(points, camera):  # type: ignore[no-untyped-def]
    """Give world points (N, 3) in the camera's frame: x right, y down, z forward."""
    height, ct, st, cr, sr = camera
    out = np.empty((len(points), 3))
    for i in range(len(points)):
        x, y = -points[i, 0], height - points[i, 1]
        x, y = cr * x - sr * y, sr * x + cr * y
        out[i] = (x, ct * y - st * points[i, 2], st * y + ct * points[i, 2])
    return out


@njit(cache=True)
def put(points, yaw, x, y, z):  # type: ignore[no-untyped-def]
    """Turn a body's points (N, 3) about the vertical and put them to a place in the world."""
    c, s = math.cos(yaw), math.sin(yaw)
    out = np.empty_like(points)
    for i in range(len(points)):
        out[i, 0] = c * points[i, 0] + s * points[i, 2] + x
        out[i, 1] = points[i, 1] + y
        out[i, 2] = -s * points[i, 0] + c * points[i, 2] + z
    return out


@njit(cache=True)
def draw_person(canvas, view, camera, points, faces, kinds, which):  # type: ignore[no-untyped-def]
    """Render a person at their place; number 0 is the target."""
    owner = TARGET if which == 0 else OTHER
    at = seen(points, camera)
    triangles(at, faces, kinds, which * PER_PERSON, owner, view, *canvas[:4])


@njit(cache=True)
def draw_cloth(canvas, view, camera, points, faces, surface):  # type: ignore[no-untyped-def]
    """Render the target's skirt or long hair, or what they hold up."""
    owner = TARGET if surface < _THING_SURFACE else THING
    triangles(seen(points, camera), faces, _PLAIN, surface, owner, view, *canvas[:4])


@njit(cache=True)
def draw_box(canvas, view, camera, middle, size, yaw):  # type: ignore[no-untyped-def]
    """Render a box of a size (x, y, z), turned about the vertical."""
    corners, c, s, i = np.empty((8, 3)), math.cos(yaw), math.sin(yaw), 0
    for dy in (-0.5, 0.5):
        for dx, dz in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)):
            x, z = dx * size[0], dz * size[2]
            corners[i] = (middle[0] + c * x + s * z, middle[1] + dy * size[1], middle[2] - s * x + c * z)
            i += 1
    first = _THING_SURFACE + np.random.randint(_THINGS)
    triangles(seen(corners, camera), _BOX, _PLAIN, first, THING, view, *canvas[:4])


@njit(cache=True)
def cut_out(canvas, farthest):  # type: ignore[no-untyped-def]
    """Clear floor, walls and all that is farther, as in recordings of people who are cut out of a room."""
    for v in range(len(canvas.depth)):
        for u in range(len(canvas.depth)):
            shows = canvas.shows[v, u]
            if canvas.depth[v, u] > farthest or shows in (FLOOR, NOBODY):
                canvas.depth[v, u], canvas.shows[v, u] = 0.0, NOBODY


@njit(cache=True)
def draw_room(canvas, view, camera, distance):  # type: ignore[no-untyped-def]
    """Fill what is still empty with floor and three walls, for somebody at a distance."""
    height, ct, st, cr, sr = camera
    f, cx, cy, left, top, scale = view
    back, walled = distance + between(0.15, 3.5), chance(0.85)
    one, other, yaw = -between(0.7, 4.0), between(0.7, 4.0), around(0.25)
    cw, sw = math.cos(yaw), math.sin(yaw)
    for v in range(len(canvas.depth)):
        for u in range(len(canvas.depth)):
            a, b = ((u + 0.5) / scale + left - cx) / f, ((v + 0.5) / scale + top - cy) / f
            down, ahead = ct * b + st, ct - st * b
            x, y = -(cr * a + sr * down), -(cr * down - sr * a)
            nearest, shows, surface, slope = 1e9, NOBODY, _WALL_SURFACE, 1.0
            ray = math.sqrt(1 + a * a + b * b)
            if y < -1e-4:
                nearest, shows, surface, slope = height / -y, FLOOR, _FLOOR_SURFACE, -y / ray
            if walled:
                for speed, way in ((cw * ahead + sw * x, back), (cw * x - sw * ahead, other)):
                    if speed < -1e-4 and way == other:
                        speed, way = -speed, -one
                    if speed > 1e-4 and way / speed < nearest:
                        nearest, shows, surface, slope = way / speed, NOBODY, _WALL_SURFACE, speed / ray
            if nearest < canvas.depth[v, u]:
                canvas.depth[v, u], canvas.shows[v, u] = nearest, shows
                canvas.surface[v, u], canvas.slope[v, u] = surface, slope


@njit(cache=True)
def furnish(canvas, view, camera, x, z, crowded, before):  # type: ignore[no-untyped-def]
    """Render boxes beside and behind a place, and sometimes, if any may be, a table or counter before it."""
    for _ in range(np.random.randint(4)):
        size = np.array([between(0.1, 1.0), between(0.2, 1.9), between(0.1, 0.8)])
        near = 0.0 if crowded else abs(around(0.8)) + 0.35
        at = np.array([x + around(0.9), size[1] / 2, z + near])
        draw_box(canvas, view, camera, at, size, between(0, 3.0))
    if before and chance(0.10):  # a table
        _counter(canvas, view, camera, x, z, between(0.3, 0.95), 0.04)
    if before and chance(0.12):  # a counter that hides the legs
        top = between(0.5, 1.15)
        _counter(canvas, view, camera, x, z, top / 2, top)


@njit(cache=True)
def _counter(canvas, view, camera, x, z, y, high):  # type: ignore[no-untyped-def]
    near = between(0.45, 0.88)
    size = np.array([between(0.3, 2.6), high, between(0.2, 0.8)])
    draw_box(canvas, view, camera, np.array([x * near + around(0.3), y, z * near]), size, around(0.2))


@njit(cache=True)
def draw_seat(canvas, view, camera, pelvis, yaw, desk):  # type: ignore[no-untyped-def]
    """Render a chair under a pelvis, mostly with a back, and a desk before it."""
    high = max(0.15, pelvis[1] - between(0.08, 0.16))
    c, s = math.cos(yaw), math.sin(yaw)
    at = np.array([pelvis[0] - s * 0.02, high / 2, pelvis[2] - c * 0.02])
    draw_box(canvas, view, camera, at, np.array([between(0.35, 0.6), high, between(0.35, 0.6)]), yaw)
    if chance(0.6):
        back = between(0.2, 0.75)
        at = np.array([pelvis[0] - s * 0.30, high + back / 2, pelvis[2] - c * 0.30])
        draw_box(canvas, view, camera, at, np.array([between(0.35, 0.55), back, 0.06]), yaw)
    if desk:
        far, top = between(0.4, 0.7), high + between(0.15, 0.35)
        at = np.array([pelvis[0] + s * far + around(0.1), top, pelvis[2] + c * far])
        draw_box(canvas, view, camera, at, np.array([between(0.6, 1.8), 0.04, between(0.4, 0.7)]), yaw)
        if chance(0.5):  # a screen or a laptop on it
            at = at + np.array([around(0.1), 0.12, around(0.1)])
            draw_box(canvas, view, camera, at, np.array([between(0.25, 0.6), 0.24, 0.03]), yaw)


@njit(cache=True)
def draw_held(canvas, view, camera, left, right, both, yaw):  # type: ignore[no-untyped-def]
    """Render what somebody holds: a box or a board in both hands, or something small in one."""
    if both:
        wide = between(0.1, 0.6)
        deep = between(0.02, 0.05) if chance(0.5) else between(0.1, 0.4)
        size, at = np.array([wide, between(0.1, 0.7), deep]), (left + right) * 0.5
    else:
        size = np.array([between(0.04, 0.2), between(0.04, 0.3), between(0.04, 0.2)])
        at = left if chance(0.5) else right
    draw_box(canvas, view, camera, at, size, yaw)
