"""Ray tracing of a synthetic person: tapered capsules blended into one surface, found by sphere tracing.

The surface is where a signed distance is 0. The distance to one tapered capsule is exact up to its taper;
capsules of a group are joined by a polynomial smooth minimum (Quilez), then the groups likewise. Sphere
tracing (Hart 1996) moves along a ray by the distance to the surface, which no step can overshoot. Here steps
are longer: to where the free spheres round both ends just touch, if the distance goes on to fall as it did in
the step before. Where they turn out not to touch, the step is taken back (Keinert et al. 2014).

An image is traced in tiles: only the capsules near the cone round a tile's rays are looked at. Loops over the
rays of a tile have no branches and compute in float32, so that the compiler does many rays at once; there is
no fast-math, so that every machine gives the same bytes.
"""

import numba
import numpy as np

from bodychan.cameras.synthetic.figure import BLENDS, JOIN, PART_GROUPS
from bodychan.cameras.synthetic.room import Sight
from bodychan.model.arrays import F32, F64
from bodychan.optics.lens import Lens

_TILE = 8
_LANES = _TILE * _TILE
_STEPS = 64

_F = np.float32
_ZERO, _ONE = _F(0), _F(1)
_JOIN, _INVERSE_JOIN = _F(JOIN), _F(0.5 / JOIN)
_NEAREST_MM, _FAR, _TINY = _F(1), _F(1e9), _F(1e-6)
_HIT_MM = _F(0.5)
_FREE = _F(0.95)
"""Share of the distance that is free for certain: that to a tapered capsule is a few per cent too long."""
_LONGER = _F(0.98 * 2)
"""Longest step in free radii, for a distance that does not change: spheres that touch, and a little less."""
_GRAZING = _F(0.2)
"""Least cosine of incidence by which the last step of a ray is made longer."""

# The rows of a bundle, which has one ray in each column: direction (3); distance gone; distance at which
# something else is met; pixel; of the point before, its distance to the surface, free radius, and the step
# from it; state.
_WAY, _LIMIT, _X, _Y, _BEFORE, _RADIUS, _STEP, _STATE = range(3, 11)
_ROWS = 11
_OVER, _GOING, _HIT = _F(0), _F(1), _F(2)

_kernel = numba.njit(cache=True, nogil=True, error_model="numpy")


@_kernel
def _melt(a, b, width, inverse):  # type: ignore[no-untyped-def]
    """Give the smooth minimum of two distances, and the weight of the first in its gradient.

    `inverse` is 1 / (2 width): a division takes as long as the rest.
    """
    bend = max(width - abs(a - b), _ZERO) * inverse
    return min(a, b) - bend * bend * width, _ONE - bend if a < b else bend


@_kernel
def _distances(bundle, lanes, near, count, inner, out):  # type: ignore[no-untyped-def]
    """Fill `out` with the signed distance of every ray's point to the surface of the capsules `near`."""
    out[:lanes] = _FAR
    inner[:lanes] = _FAR
    for i in range(count):
        ax, ay, az, bx, by, bz = near[i, 0], near[i, 1], near[i, 2], near[i, 3], near[i, 4], near[i, 5]
        radius, growth, inverse, blend, half = near[i, 6], near[i, 7], near[i, 8], near[i, 10], near[i, 11]
        if i > 0 and near[i, 9] != near[i - 1, 9]:
            for n in range(lanes):
                out[n] = _melt(out[n], inner[n], _JOIN, _INVERSE_JOIN)[0]
                inner[n] = _FAR
        for n in range(lanes):
            t = bundle[_WAY, n]
            px, py, pz = t * bundle[0, n] - ax, t * bundle[1, n] - ay, t * bundle[2, n] - az
            h = min(_ONE, max(_ZERO, (px * bx + py * by + pz * bz) * inverse))
            px, py, pz = px - h * bx, py - h * by, pz - h * bz
            d = np.sqrt(px * px + py * py + pz * pz) - radius - h * growth
            inner[n] = _melt(inner[n], d, blend, half)[0]
    for n in range(lanes):
        out[n] = _melt(out[n], inner[n], _JOIN, _INVERSE_JOIN)[0]


@_kernel
def _surface(x, y, z, near, count):  # type: ignore[no-untyped-def]
    """Give the signed distance of one point, its gradient (x, y, z), and the row of the nearest capsule."""
    group, nearest, least = near[0, 9], 0, _FAR
    d, dx, dy, dz = _FAR, _ZERO, _ZERO, _ZERO
    e, ex, ey, ez = _FAR, _ZERO, _ZERO, _ZERO
    for i in range(count):
        if near[i, 9] != group:
            group = near[i, 9]
            d, dx, dy, dz = _joined(d, dx, dy, dz, e, ex, ey, ez, _JOIN, _INVERSE_JOIN)
            e = _FAR
        bx, by, bz = near[i, 3], near[i, 4], near[i, 5]
        growth, inverse = near[i, 7], near[i, 8]
        px, py, pz = x - near[i, 0], y - near[i, 1], z - near[i, 2]
        h = min(_ONE, max(_ZERO, (px * bx + py * by + pz * bz) * inverse))
        px, py, pz = px - h * bx, py - h * by, pz - h * bz
        length = np.sqrt(px * px + py * py + pz * pz)
        single = length - near[i, 6] - h * growth
        if single < least:
            least, nearest = single, i
        scale = _ONE / max(length, _TINY)
        slant = growth * inverse if _ZERO < h < _ONE else _ZERO
        gx, gy, gz = px * scale - slant * bx, py * scale - slant * by, pz * scale - slant * bz
        e, ex, ey, ez = _joined(e, ex, ey, ez, single, gx, gy, gz, near[i, 10], near[i, 11])
    return *_joined(d, dx, dy, dz, e, ex, ey, ez, _JOIN, _INVERSE_JOIN), nearest


@_kernel
def _joined(d, dx, dy, dz, e, ex, ey, ez, width, inverse):  # type: ignore[no-untyped-def]
    """Give the smooth minimum of two distances and its gradient from theirs."""
    least, share = _melt(d, e, width, inverse)
    rest = _ONE - share
    return least, share * dx + rest * ex, share * dy + rest * ey, share * dz + rest * ez


@_kernel
def _gather(cone, packed, near, index):  # type: ignore[no-untyped-def]
    """Copy the capsules that a cone of rays can meet or blend with to `near`, their numbers to `index`.

    Gives how many they are, and the distances at which the first begins and the last ends. The cone is its
    unit axis and the tangent of its half angle.
    """
    cx, cy, cz, half = cone
    count, start, stop = 0, _FAR, _ZERO
    for i in range(len(packed)):
        ax, ay, az = packed[i, 0], packed[i, 1], packed[i, 2]
        bx, by, bz = packed[i, 3], packed[i, 4], packed[i, 5]
        ta, tb = ax * cx + ay * cy + az * cz, bx * cx + by * cy + bz * cz
        ax, ay, az = ax - ta * cx, ay - ta * cy, az - ta * cz
        bx, by, bz = bx - tb * cx, by - tb * cy, bz - tb * cz
        bb = bx * bx + by * by + bz * bz
        h = min(_ONE, max(_ZERO, -(ax * bx + ay * by + az * bz) / bb)) if bb > _ZERO else _ZERO
        ax, ay, az = ax + h * bx, ay + h * by, az + h * bz
        far = max(ta, ta + tb)
        reach = packed[i, 6] + max(_ZERO, packed[i, 7]) + max(packed[i, 10], _JOIN) + half * far
        if far > -reach and ax * ax + ay * ay + az * az < reach * reach:
            near[count] = packed[i]
            index[count] = i
            count += 1
            start, stop = min(start, min(ta, ta + tb) - reach), max(stop, far + reach)
    return count, max(start, _NEAREST_MM), stop


@_kernel
def _fill(rays, depth, left, top, right, bottom, bundle):  # type: ignore[no-untyped-def]
    """Fill the bundle with the rays of a part of the image; give their number and the cone round them."""
    lanes, mx, my, mz = 0, _ZERO, _ZERO, _ZERO
    for y in range(top, bottom):
        for x in range(left, right):
            dx, dy = rays[y, x, 0], rays[y, x, 1]
            dz = _ONE / np.sqrt(_ONE + dx * dx + dy * dy)
            dx, dy = dx * dz, dy * dz
            bundle[0, lanes], bundle[1, lanes], bundle[2, lanes] = dx, dy, dz
            bundle[_LIMIT, lanes], bundle[_X, lanes], bundle[_Y, lanes] = depth[y, x] / dz, x, y
            mx, my, mz = mx + dx, my + dy, mz + dz
            lanes += 1
    scale = _ONE / np.sqrt(mx * mx + my * my + mz * mz)
    mx, my, mz = mx * scale, my * scale, mz * scale
    chord = _ZERO
    for n in range(lanes):
        dx, dy, dz = bundle[0, n] - mx, bundle[1, n] - my, bundle[2, n] - mz
        chord = max(chord, dx * dx + dy * dy + dz * dz)
    # The tangent of an angle from the square of its chord, which keeps more digits than its cosine does.
    cosine = _ONE - chord * _F(0.5)
    sine = np.sqrt(max(chord - chord * chord * _F(0.25), _ZERO))
    return lanes, (mx, my, mz, sine / cosine if cosine > _ZERO else _FAR)


@_kernel
def _step(lanes, distance, way, limit, before, radius, step, state):  # type: ignore[no-untyped-def]
    """Move the rays that are under way on, given their points' distances; give how many then still are.

    The other arguments are rows of the bundle: one-dimensional, or the compiler could not tell them apart.
    """
    going = np.int32(0)
    for n in range(lanes):
        d, last, reach = distance[n], step[n], radius[n]
        free = max(_FREE * d, _ZERO)
        too_far = last > reach + free
        slope = min(max((before[n] - d) / max(last, _TINY), _ZERO), _ONE)
        longer = free * _LONGER / (_ONE + _FREE * slope)
        on = state[n] == _GOING
        # A longer step may not leave anything out before the limit either, so it ends there first.
        moved = min(way[n] + longer, limit[n])
        moved = way[n] + reach - last if too_far else moved
        done = (not too_far) & ((d < _HIT_MM) | (way[n] >= limit[n]))
        after = (_HIT if way[n] < limit[n] else _OVER) if done else _GOING
        state[n] = after if on else state[n]
        step[n] = reach if too_far else moved - way[n]
        way[n] = moved if on & (not done) else way[n]
        before[n] = before[n] if too_far else d
        radius[n] = reach if too_far else free
        going += np.int32(on & (after == _GOING))
    return going


@_kernel
def _sort_out(bundle, hits, found):  # type: ignore[no-untyped-def]
    """Append the rays that have hit to the `found` ones in `hits`, and close the gaps; give the new count."""
    kept = 0
    for n in range(_LANES):
        if bundle[_STATE, n] == _HIT:
            hits[:, found] = bundle[:, n]
            found += 1
        elif bundle[_STATE, n] == _GOING:
            if kept < n:
                bundle[:, kept] = bundle[:, n]
            kept += 1
    bundle[_STATE, kept:] = _OVER
    return found


@_kernel
def _march(bundle, rays, start, stop, near, count, work, hits):  # type: ignore[no-untyped-def]
    """Follow the first `rays` of a bundle until each has hit or missed; copy those that hit, and count them.

    Loops go over all lanes, later over half of them: other numbers would not fill the processor's vectors.
    """
    for n in range(_LANES):
        bundle[_WAY, n], bundle[_LIMIT, n] = start, min(stop, bundle[_LIMIT, n])
        bundle[_STEP, n], bundle[_RADIUS, n], bundle[_BEFORE, n] = _ZERO, _ZERO, _ZERO
        bundle[_STATE, n] = _GOING if n < rays else _OVER
    way, limit, before, radius = bundle[_WAY], bundle[_LIMIT], bundle[_BEFORE], bundle[_RADIUS]
    step, state = bundle[_STEP], bundle[_STATE]
    lanes, found = _LANES, 0
    for _ in range(_STEPS):
        _distances(bundle, lanes, near, count, work[0], work[1])
        going = _step(lanes, work[1], way, limit, before, radius, step, state)
        if going == 0:
            break
        if lanes == _LANES and going <= _LANES // 2:
            lanes, found = _LANES // 2, _sort_out(bundle, hits, found)
    return _sort_out(bundle, hits, found)


@_kernel
def _trace(rays, bounds, packed, offset, depth, surface, normal, cosine):  # type: ignore[no-untyped-def]
    """Trace one figure into the images, tile by tile."""
    near, index = np.empty_like(packed), np.empty(len(packed), np.int64)
    bundle, hits = np.ones((_ROWS, _LANES), np.float32), np.empty((_ROWS, _LANES), np.float32)
    work = np.empty((2, _LANES), np.float32)
    for top in range(bounds[1], bounds[3], _TILE):
        for left in range(bounds[0], bounds[2], _TILE):
            right, bottom = min(left + _TILE, bounds[2]), min(top + _TILE, bounds[3])
            lanes, cone = _fill(rays, depth, left, top, right, bottom, bundle)
            count, start, stop = _gather(cone, packed, near, index)
            if count == 0:
                continue
            found = _march(bundle, lanes, start, stop, near, count, work, hits)
            for n in range(found):
                way, dx, dy, dz = hits[_WAY, n], hits[0, n], hits[1, n], hits[2, n]
                left_over, nx, ny, nz, nearest = _surface(way * dx, way * dy, way * dz, near, count)
                scale = _ONE / np.sqrt(nx * nx + ny * ny + nz * nz)
                nx, ny, nz = nx * scale, ny * scale, nz * scale
                facing = -(nx * dx + ny * dy + nz * dz)
                x, y = int(hits[_X, n]), int(hits[_Y, n])
                surface[y, x] = offset + index[nearest]
                normal[y, x, 0], normal[y, x, 1], normal[y, x, 2] = nx, ny, nz
                depth[y, x] = (way + left_over / max(facing, _GRAZING)) * dz
                cosine[y, x] = max(_ZERO, facing)


def trace_figure(rays: F32, lens: Lens, capsules: F64, offset: int, sight: Sight) -> None:
    """Trace one figure into an image; where it is nearer than what is there, it replaces it.

    Args:
        rays: (H, W, 2) float32, x/z and y/z.
        lens: the camera that the rays belong to.
        capsules: (parts, 8) of `Figure.capsules`, in the camera's frame.
        offset: the surface number of the figure's part 0.
        sight: changed in place.
    """
    bounds = _bounds(lens, capsules)
    images = (sight.depth, sight.surface, sight.normal, sight.cosine)
    _trace(rays, bounds, pack(capsules), offset, *images)


def trace_rays(rays: F32, capsules: F64, sight: Sight) -> None:
    """Trace one figure along any rays (H, W, 2), as `trace_figure`; its parts count from 0."""
    height, width = sight.depth.shape
    images = (sight.depth, sight.surface, sight.normal, sight.cosine)
    _trace(rays, (0, 0, width, height), pack(capsules), 0, *images)


def thickness(points: F64, capsules: F64) -> F64:
    """Give how deep below the skin points (N, 3) lie, mm; 0 outside the figure."""
    count, packed = len(points), pack(capsules)
    # A point is a ray's point at distance 1.
    bundle = np.ones((_WAY + 1, count), np.float32)
    bundle[:3] = points.T
    inner, distances = np.empty((2, count), np.float32)
    _distances(bundle, count, packed, len(packed), inner, distances)
    return np.maximum(-distances.astype(np.float64), 0.0)


def pack(capsules: F64) -> F32:
    """Give what the distance needs of capsules, (parts, 12) float32, sorted by group.

    That is: start and way to the end (x, y, z), radius, its growth to the end, 1/length², group, blend width
    and 1/(2 blend width).
    """
    way = capsules[:, 3:6] - capsules[:, :3]
    square = np.einsum("pk,pk->p", way, way)
    inverse = np.divide(1.0, square, out=np.zeros_like(square), where=square > 0)
    blend = BLENDS[PART_GROUPS]
    rest = [capsules[:, 6], capsules[:, 7] - capsules[:, 6], inverse, PART_GROUPS, blend, 0.5 / blend]
    packed = np.concatenate([capsules[:, :3], way, np.stack(rest, axis=1)], axis=1)
    return np.ascontiguousarray(packed, np.float32)


def _bounds(lens: Lens, capsules: F64) -> tuple[int, int, int, int]:
    """Give the part of the image that can show the figure: left, top, right, bottom (exclusive)."""
    ends = capsules[:, :6].reshape(-1, 3)
    radius = capsules[:, 6:].reshape(-1) + JOIN / 2
    if (ends[:, 2] < radius + 100).any():
        return 0, 0, lens.width, lens.height
    corners = np.concatenate(
        [ends + radius[:, None] * np.array(d) for d in ((-1, -1, -1), (-1, -1, 1), (1, 1, -1), (1, 1, 1))]
    )
    pixels, valid = lens.project(corners)
    if not valid.all():
        return 0, 0, lens.width, lens.height
    low, high = np.floor(pixels.min(axis=0)).astype(int), np.ceil(pixels.max(axis=0)).astype(int) + 1
    left, top = np.clip(low, 0, (lens.width, lens.height))
    right, bottom = np.clip(high, 0, (lens.width, lens.height))
    return int(left), int(top), int(right), int(bottom)
