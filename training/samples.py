"""One training sample: a crop of depth and infrared about one person, with their joints, or about nobody."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from training import intents
from training.bodies import Bank
from training.figures import (
    TUBE_FACES,
    dress,
    held_cloth,
    joints,
    joints_at_rest,
    long_hair,
    skin,
    skirt,
    stretched,
    surfaces,
)
from training.geometry import around, between, chance, seed
from training.poses import HEAD, place
from training.scene import (
    HELD_CLOTH,
    LONG_HAIR,
    NOBODY,
    PEOPLE,
    SKIRT,
    TARGET,
    blank,
    cut_out,
    draw_box,
    draw_cloth,
    draw_held,
    draw_person,
    draw_room,
    draw_seat,
    furnish,
    put,
    seen,
)
from training.sensor import measure, pixels_of_target, reflect, signal

SIZE = 128
JOINTS = 32
_RING = 64
"""So many people of earlier samples can stand in a scene as neighbours."""
_MARGIN = 1.28
"""Side of a crop over the longer side of the box about the joints in view."""
_LEAST_IN_VIEW, _LEAST_PIXELS, _LEAST_CROP_PIXELS = 10, 1200, 220
_ORDINARY = 0.45
"""Share of people who stand, sit or move by themselves in full view, mostly turned to the camera: what
cameras are set up for, and rare among the others."""
VISIBLE, SELF_HIDDEN, HIDDEN, OUTSIDE = range(4)
SIDE_MM, Z0_MM, PIXELS, PRESENT, YAW, STATURE, NEIGHBOURS, ACTION = range(8)
"""Columns of `Samples.about`."""

# How deep under the skin a joint may lie that still counts as seen, in metres for a person of 1.7 m; a joint
# of the trunk also as deep as it lies in this very body, stout or thin, and a little deeper.
_UNDER_SKIN = np.array(
    [0.12, 0.12, 0.12, 0.11, 0.11, 0.11, 0.08, 0.06, 0.06, 0.05, 0.05,
     0.11, 0.11, 0.08, 0.06, 0.06, 0.05, 0.05,
     0.12, 0.10, 0.08, 0.07, 0.12, 0.10, 0.08, 0.07, 0.13, 0.05, 0.05, 0.06, 0.05, 0.06]
)  # fmt: skip
_TRUNK = (0, 1, 2, 3, 4, 11, 18, 22)
_DEEPER, _BY_MORE, _ABOUT = 1.15, 0.03, 0.05
"""Of the depth at rest, and metres; measured over the skin that lies so near before a joint."""


class Samples(NamedTuple):
    """N samples: `depth` (N, S, S) int16 mm from the crop's depth, `infrared` (N, S, S) uint8.

    `joints` (N, 32, 3): place in the crop (0 to 1) and depth from the crop's over its side in mm;
    `visible` (N, 32) uint8; `about` (N, 8) float32, see the columns above.
    """

    depth: NDArray[np.int16]
    infrared: NDArray[np.uint8]
    joints: NDArray[np.float32]
    visible: NDArray[np.uint8]
    about: NDArray[np.float32]

    @classmethod
    def empty(cls, count: int) -> "Samples":
        """Make room for so many."""
        shape = (count, SIZE, SIZE)
        return cls(
            np.zeros(shape, np.int16),
            np.zeros(shape, np.uint8),
            np.zeros((count, JOINTS, 3), np.float32),
            np.zeros((count, JOINTS), np.uint8),
            np.zeros((count, 8), np.float32),
        )


def generate(bank: Bank, count: int, number: int) -> Samples:
    """Make samples; the same seed gives the same ones."""
    seed(number)
    out = Samples.empty(count)
    people = np.zeros((_RING, bank.vertices.shape[1], 3)), np.zeros((_RING, len(bank.parts)), np.int32)
    for i in range(count):
        _sample(bank, *people, i, out.depth[i], out.infrared[i], out.joints[i], out.visible[i], out.about[i])
    return out


@njit(cache=True)
def person(bank):  # type: ignore[no-untyped-def]
    """Draw a dressed person in a pose, standing on y = 0 above the origin, and what they are about."""
    k = np.random.randint(len(bank.vertices))
    rest, heads, tails = stretched(
        bank.vertices[k], bank.heads[k], bank.tails[k], bank.parents, bank.weights, bank.indices
    )
    trunk, legs, arms, flags = intents.draw()
    turns, points = place(heads, bank.parents, trunk, legs, arms, flags)
    kinds = surfaces(rest, bank.parts, heads[HEAD, 2] + 0.045)
    dressed = dress(rest, bank.faces, kinds, heads).astype(np.float32)
    bare = skin(rest, heads, bank.weights, bank.indices, turns, points)
    clad = skin(dressed, heads, bank.weights, bank.indices, turns, points)
    j = joints(heads, tails, turns, points, bare, bank.nose, bank.left_ear, bank.right_ear)
    x, y, z = j[0, 0], clad[:, 1].min(), j[0, 2]
    for points in (clad, j):
        for i in range(len(points)):
            points[i, 0] -= x
            points[i, 1] -= y
            points[i, 2] -= z
    holds = arms[0, intents.GOAL] == intents.TO_OBJECT
    stature = rest[:, 1].max() - rest[:, 1].min()
    return clad, j, kinds, flags, holds, stature, _under_skin(bank, heads, tails, dressed, stature)


@njit(cache=True)
def _under_skin(bank, heads, tails, dressed, stature):  # type: ignore[no-untyped-def]
    """Give how deep each joint (32,) may lie behind what is seen before it and still be seen, in metres."""
    skinned = dressed.astype(np.float64)
    j = joints_at_rest(heads, tails, skinned, bank.nose, bank.left_ear, bank.right_ear)
    out = _UNDER_SKIN * (stature / 1.7)
    for k in _TRUNK:
        deep = 0.0
        for i in range(len(skinned)):
            if abs(skinned[i, 0] - j[k, 0]) < _ABOUT and abs(skinned[i, 1] - j[k, 1]) < _ABOUT:
                deep = max(deep, skinned[i, 2] - j[k, 2])
        out[k] = max(out[k], deep * _DEEPER + _BY_MORE)
    return out


@njit(cache=True)
def _camera(distance, lying, ordinary):  # type: ignore[no-untyped-def]
    height = between(0.4, 2.6)
    aim = 0.3 if lying else 1.0
    tilt = around(0.07) + (height - aim) / distance * between(0.7 if ordinary else 0.2, 1.0)
    roll = around(0.2) if chance(0.08) else around(0.02)
    return height, math.cos(tilt), math.sin(tilt), math.cos(roll), math.sin(roll)


@njit(cache=True)
def _stands(ordinary):  # type: ignore[no-untyped-def]
    """Draw how far somebody is, how they are turned (pi = to the camera), and how far aside."""
    if ordinary:
        distance = between(1.3, 3.8)
        return distance, _turned(0.4), around(0.12 * distance)
    distance = between(0.6, 4.8) if chance(0.8) else between(1.5, 3.0)
    return distance, _turned(0.7), between(-0.42, 0.42) * distance if chance(0.6) else around(0.15 * distance)


@njit(cache=True)
def _turned(anyhow):  # type: ignore[no-untyped-def]
    return between(0, 2 * math.pi) if chance(anyhow) else math.pi + around(0.6)


@njit(cache=True)
def _lens():  # type: ignore[no-untyped-def]
    """Draw a camera's focal length, principal point, width, height and corner cut, in pixels.

    Azure Kinect narrow and wide, Kinect v1 and v2; some of them stand on their side.
    """
    c = np.random.random()
    f, w, h, cut = 504.0, 640.0, 576.0, between(318, 335) if chance(0.8) else 1e9
    if c > 0.9:
        f, w, h, cut = 525.0, 640.0, 480.0, 1e9
    elif c > 0.75:
        f, w, h, cut = 366.0, 512.0, 424.0, 1e9
    elif c > 0.6:
        f, w, h, cut = 504.0, 1024.0, 1024.0, 1e9
    if chance(0.15):
        w, h, cut = h, w, 1e9
    return f, w, h, cut


@njit(cache=True)
def _framed(j, lens, first_look):  # type: ignore[no-untyped-def]
    """Give the view of a crop about joints (32, 3) in the camera's frame, and its side; side 0 = no crop.

    A first look comes from a guess of where somebody is; a followed person's crop from their last pose.
    """
    f, w, h, _ = lens
    cx, cy = w / 2, h / 2
    left = top = 1e9
    right = bottom = -1e9
    inside = 0
    for i in range(JOINTS):
        if j[i, 2] < 0.25:
            return (f, cx, cy, 0.0, 0.0, 1.0), 0.0
        u, v = f * j[i, 0] / j[i, 2] + cx, f * j[i, 1] / j[i, 2] + cy
        left, right, top, bottom = min(left, u), max(right, u), min(top, v), max(bottom, v)
        inside += 0 < u < w and 0 < v < h
    left, top, right, bottom = max(left, 0.0), max(top, 0.0), min(right, w), min(bottom, h)
    side = max(right - left, bottom - top) * _MARGIN
    off, smaller, larger = (0.17, 0.82, 1.45) if first_look else (0.07, 0.87, 1.15)
    x, y = (left + right) / 2 + side * between(-off, off), (top + bottom) / 2 + side * between(-off, off)
    side *= between(smaller, larger)
    if inside < _LEAST_IN_VIEW or side < 40:
        return (f, cx, cy, 0.0, 0.0, 1.0), 0.0
    return (f, cx, cy, x - side / 2, y - side / 2, SIZE / side), side


@njit(cache=True)
def _draw_neighbours(canvas, view, camera, bank, people, kinds, made, x, z):  # type: ignore[no-untyped-def]
    """Render other people: beside, behind, before or in the arms of the target. Gives how many."""
    count = 0
    if made <= 8:
        return count
    for _ in range(PEOPLE - 1):
        if not chance(0.19):
            continue
        k = np.random.randint(min(made, len(people)))
        c, dx, dz = np.random.random(), 0.0, 0.0
        if c < 0.35:  # side by side
            dx, dz = between(0.35, 0.75) * (1.0 if chance(0.5) else -1.0), around(0.15)
        elif c < 0.75:
            dx, dz = around(0.5), between(0.35, 1.8)
        elif c < 0.92:
            dx, dz = around(0.55), -between(0.35, 1.5)
        else:  # touching
            dx, dz = around(0.15), between(0.2, 0.35) * (1.0 if chance(0.6) else -1.0)
        if z + dz > 0.7:
            count += 1
            at = put(people[k], between(0, 2 * math.pi), x * (z + dz) / z + dx, 0.0, z + dz)
            draw_person(canvas, view, camera, at, bank.faces, kinds[k], count)
    return count


@njit(cache=True)
def _cut(canvas, view, lens):  # type: ignore[no-untyped-def]
    """Clear what lies outside the camera's image."""
    _f, w, h, cut = lens
    _, cx, cy, left, top, scale = view
    for v in range(SIZE):
        for u in range(SIZE):
            x, y = (u + 0.5) / scale + left, (v + 0.5) / scale + top
            if x < 0 or x >= w or y < 0 or y >= h or abs(x - cx) + abs(y - cy) * 0.5 > cut:
                canvas.depth[v, u], canvas.shows[v, u] = 0.0, NOBODY


@njit(cache=True)
def _seen_joints(canvas, view, j, under, visible):  # type: ignore[no-untyped-def]
    """Say of each joint (32, 3) in the camera's frame whether it is seen."""
    f, cx, cy, left, top, scale = view
    for i in range(JOINTS):
        u = math.floor((f * j[i, 0] / j[i, 2] + cx - left) * scale)
        v = math.floor((f * j[i, 1] / j[i, 2] + cy - top) * scale)
        visible[i] = OUTSIDE
        if 0 <= u < SIZE and 0 <= v < SIZE and canvas.depth[v, u] > 0:
            nearer = j[i, 2] - canvas.depth[v, u] > under[i]
            own = canvas.shows[v, u] == TARGET
            visible[i] = VISIBLE if not nearer else SELF_HIDDEN if own else HIDDEN


@njit(cache=True)
def _middle_depth(canvas):  # type: ignore[no-untyped-def]
    """Give a depth to look for somebody at where nobody is: of a thing near the crop's middle, in metres."""
    part = canvas.depth[SIZE // 3 : 2 * SIZE // 3, SIZE // 3 : 2 * SIZE // 3].copy().ravel()
    part = part[(part > 0) & (part < 8)]
    return np.sort(part)[len(part) // 4] if len(part) > 50 else between(1.0, 4.0)


@njit(cache=True)
def _sample(bank, people, people_kinds, made, depth, infrared, truth, visible, about):  # type: ignore[no-untyped-def]
    while True:
        present, first_look = not chance(0.12), chance(0.25)
        clad, j, kinds, flags, holds, stature, under = person(bank)
        lying, seated = flags[intents.LYING], flags[intents.SEATED]
        ordinary = present and not lying and chance(_ORDINARY)
        if not lying:
            k = np.random.randint(len(people))
            people[k], people_kinds[k] = clad, kinds
        distance, yaw, x = _stands(ordinary)
        camera, lens = _camera(distance, lying, ordinary), _lens()
        raised = between(0.3, 0.7) if lying and chance(0.5) else 0.0
        body, at = put(clad, yaw, x, raised, distance), put(j, yaw, x, raised, distance)
        jc = seen(at, camera)
        view, side = _framed(jc, lens, first_look)
        if side == 0.0:
            continue
        canvas, size, others = blank(SIZE), stature / 1.7, 0
        # Somebody at another depth than the crop's is nobody here: a crop is about what is at its depth.
        other_depth = not present and chance(0.4)
        if other_depth:
            draw_person(canvas, view, camera, body, bank.faces, kinds, PEOPLE - 1)
        if present:
            draw_person(canvas, view, camera, body, bank.faces, kinds, 0)
            if chance(0.18):
                draw_cloth(canvas, view, camera, skirt(at, size), TUBE_FACES, SKIRT)
            if chance(0.2):
                draw_cloth(canvas, view, camera, long_hair(at, size), TUBE_FACES, LONG_HAIR)
            if holds and chance(0.5):
                draw_cloth(canvas, view, camera, held_cloth(at[8], at[15], size), TUBE_FACES, HELD_CLOTH)
            elif holds or chance(0.06):
                draw_held(canvas, view, camera, at[8], at[15], holds, yaw)
            if not ordinary:
                others = _draw_neighbours(canvas, view, camera, bank, people, people_kinds, made, x, distance)
        if seated:
            draw_seat(canvas, view, camera, at[0], yaw, chance(0.3))
        if raised > 0:
            wide = np.array([between(1.7, 2.3), raised, between(0.7, 1.8)])
            draw_box(
                canvas, view, camera, np.array([x, raised / 2 - 0.02, distance]), wide, yaw + math.pi / 2
            )
        furnish(canvas, view, camera, x, distance, not present, not ordinary)
        draw_room(canvas, view, camera, distance)
        if chance(0.05):
            cut_out(canvas, distance + between(0.4, 1.2))
        _cut(canvas, view, lens)
        count, middle = pixels_of_target(canvas)
        if present and (count * (side / SIZE) ** 2 < _LEAST_PIXELS or count < _LEAST_CROP_PIXELS):
            continue
        if other_depth:
            middle = max(0.5, distance + between(0.7, 2.5) * (1.0 if chance(0.7) else -1.0))
        elif not present:
            middle = _middle_depth(canvas)
        z0 = middle * 1000 + around(160.0 if first_look else 115.0)
        light = signal(canvas, SIZE)
        measure(canvas, light, z0, depth)
        reflect(light, depth, infrared, z0)
        visible[:] = OUTSIDE
        if present:
            _seen_joints(canvas, view, jc, under, visible)
        f, cx, cy, left, top, scale = view
        mm = side * z0 / f
        for i in range(JOINTS):
            truth[i, 0] = (f * jc[i, 0] / jc[i, 2] + cx - left) * scale / SIZE
            truth[i, 1] = (f * jc[i, 1] / jc[i, 2] + cy - top) * scale / SIZE
            truth[i, 2] = (jc[i, 2] * 1000 - z0) / mm
        about[0], about[1], about[2], about[3] = mm, z0, count, present
        about[4], about[5], about[6], about[7] = yaw, stature, others, seated + 2 * lying
        return
