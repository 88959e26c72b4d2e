"""Depth rendering of triangles into a square crop, with what each pixel shows.

A view is (f, cx, cy, left, top, scale): a pinhole camera whose image is cut at (left, top) and enlarged by
`scale` into the crop.
"""

import math

import numpy as np
from numba import njit

NEAREST = 0.15
"""Metres; triangles that come nearer are left out."""


@njit(cache=True)
def triangles(points, faces, kinds, first, owner, view, depth, surface, shows, slope):  # type: ignore[no-untyped-def]
    """Render triangles of one thing in the camera's frame.

    Args:
        points: (V, 3) metres.
        faces: (F, 3).
        kinds: (V,) of each vertex's surface, counted on from `first`.
        first: the surface of kind 0.
        owner: what the pixels then show.
        view: see above.
        depth: (S, S) metres, where it is nearer than before it is overwritten.
        surface: (S, S) index of the surface.
        shows: (S, S) the owner.
        slope: (S, S) cosine between the triangle's normal and the ray to its first corner.
    """
    f, cx, cy, left, top, scale = view
    size, flat = len(depth), np.empty((len(points), 3))
    for i in range(len(points)):
        z = points[i, 2]
        flat[i, 2] = -1.0
        if z >= NEAREST:
            flat[i, 0] = (f * points[i, 0] / z + cx - left) * scale - 0.5
            flat[i, 1] = (f * points[i, 1] / z + cy - top) * scale - 0.5
            flat[i, 2] = 1 / z
    for t in range(len(faces)):
        a, b, c = faces[t]
        if flat[a, 2] < 0 or flat[b, 2] < 0 or flat[c, 2] < 0:
            continue
        ax, ay, bx, by, cx_, cy_ = flat[a, 0], flat[a, 1], flat[b, 0], flat[b, 1], flat[c, 0], flat[c, 1]
        area = (bx - ax) * (cy_ - ay) - (by - ay) * (cx_ - ax)
        x0, x1 = max(0, math.ceil(min(ax, bx, cx_))), min(size - 1, math.floor(max(ax, bx, cx_)))
        y0, y1 = max(0, math.ceil(min(ay, by, cy_))), min(size - 1, math.floor(max(ay, by, cy_)))
        if abs(area) < 1e-9 or x0 > x1 or y0 > y1:
            continue
        facing = _facing(points[a], points[b], points[c])
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                u = ((bx - x) * (cy_ - y) - (by - y) * (cx_ - x)) / area
                v = ((cx_ - x) * (ay - y) - (cy_ - y) * (ax - x)) / area
                w = 1 - u - v
                if u >= 0 and v >= 0 and w >= 0:
                    z = 1 / (u * flat[a, 2] + v * flat[b, 2] + w * flat[c, 2])
                    if z < depth[y, x]:
                        depth[y, x], surface[y, x] = z, first + kinds[a]
                        shows[y, x], slope[y, x] = owner, facing


@njit(cache=True)
def _facing(a, b, c):  # type: ignore[no-untyped-def]
    """Give the cosine between a triangle's normal and the ray to it, positive for either side."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    size = math.sqrt((nx * nx + ny * ny + nz * nz) * (a[0] ** 2 + a[1] ** 2 + a[2] ** 2)) + 1e-12
    return abs(nx * a[0] + ny * a[1] + nz * a[2]) / size
