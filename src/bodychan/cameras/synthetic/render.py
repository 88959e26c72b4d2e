"""Seeing a figure: rays against blended capsules, by sphere tracing.

The surface is where a signed distance is 0. The distance to one tapered capsule is exact up to its taper;
capsules of a group are joined by a polynomial smooth minimum (Quilez), then the groups likewise.
"""

import numba
import numpy as np

from bodychan.cameras.synthetic.figure import BLENDS, JOIN, PART_GROUPS
from bodychan.cameras.synthetic.room import Sight
from bodychan.model.arrays import F32, F64, I64, Float
from bodychan.optics.lens import Lens

_TILE = 8
_HIT_MM = 0.5
_SLOPE_MM = 0.5
_STEPS = 64
_NEAREST_MM, _FAR = 1.0, 1e9
_GRAZING = 0.2
"""Least cosine of incidence by which the last step of a ray is made longer."""
_STEP_SHARE = 0.95
"""Share of the distance that a step takes: the distance to a tapered capsule is a few per cent too long."""


@numba.njit(cache=True, error_model="numpy")
def _distances(points, near, count, lanes, inner, out):  # type: ignore[no-untyped-def]
    """Give the signed distances from points (3, lanes) to the capsules `near`, as `distance` does.

    Each inner loop does the same for all points, so that the compiler can do several at once: the kernel
    takes a sixth of the time that it takes point by point.
    """
    group = near[0, 9]
    for n in range(lanes):
        out[n], inner[n] = _FAR, _FAR
    for i in range(count):
        ax, ay, az = near[i, 0], near[i, 1], near[i, 2]
        bx, by, bz = near[i, 3], near[i, 4], near[i, 5]
        radius, growth, inverse, blend = near[i, 6], near[i, 7], near[i, 8], near[i, 10]
        if near[i, 9] != group:
            group = near[i, 9]
            for n in range(lanes):
                out[n] = _melt(out[n], inner[n], JOIN)
                inner[n] = _FAR
        for n in range(lanes):
            px, py, pz = points[0, n] - ax, points[1, n] - ay, points[2, n] - az
            h = min(1.0, max(0.0, (px * bx + py * by + pz * bz) * inverse))
            px, py, pz = px - h * bx, py - h * by, pz - h * bz
            d = np.sqrt(px * px + py * py + pz * pz) - radius - h * growth
            inner[n] = _melt(inner[n], d, blend)
    for n in range(lanes):
        out[n] = _melt(out[n], inner[n], JOIN)


@numba.njit(cache=True, error_model="numpy")
def _melt(a, b, width):  # type: ignore[no-untyped-def]
    over = max(width - abs(a - b), 0.0)
    return min(a, b) - over * over / (4.0 * width)


@numba.njit(cache=True, error_model="numpy")
def _gather(cone, packed, near, index):  # type: ignore[no-untyped-def]
    """Copy the capsules that a cone of rays can meet or blend with to `near`, their numbers to `index`.

    Gives how many they are, and the distances at which the first begins and the last ends.
    """
    cx, cy, cz, half = cone
    count, start, stop = 0, _FAR, 0.0
    for i in range(len(packed)):
        ax, ay, az = packed[i, 0], packed[i, 1], packed[i, 2]
        bx, by, bz = packed[i, 3], packed[i, 4], packed[i, 5]
        ta, tb = ax * cx + ay * cy + az * cz, bx * cx + by * cy + bz * cz
        ax, ay, az = ax - ta * cx, ay - ta * cy, az - ta * cz
        bx, by, bz = bx - tb * cx, by - tb * cy, bz - tb * cz
        bb = bx * bx + by * by + bz * bz
        h = min(1.0, max(0.0, -(ax * bx + ay * by + az * bz) / bb)) if bb > 0.0 else 0.0
        ax, ay, az = ax + h * bx, ay + h * by, az + h * bz
        far = max(ta, ta + tb)
        reach = packed[i, 6] + max(0.0, packed[i, 7]) + max(packed[i, 10], JOIN) + half * far
        if far > -reach and ax * ax + ay * ay + az * az < reach * reach:
            near[count] = packed[i]
            index[count] = i
            count += 1
            start, stop = min(start, min(ta, ta + tb) - reach), max(stop, far + reach)
    return count, max(start, _NEAREST_MM), stop


# A bundle holds the rays of one tile, one a column. Its rows: direction (3), distance come, distance at which
# something else is met, pixel x and y.


@numba.njit(cache=True, error_model="numpy")
def _bundle(rays, depth, corner, bounds, bundle):  # type: ignore[no-untyped-def]
    """Fill the bundle of the tile at a corner (x, y); give the number of rays and the cone round them.

    The cone is its unit axis (x, y, z) and the tangent of its half angle.
    """
    right, bottom = min(corner[0] + _TILE, bounds[2]), min(corner[1] + _TILE, bounds[3])
    lanes, mx, my, mz = 0, 0.0, 0.0, 0.0
    for y in range(corner[1], bottom):
        for x in range(corner[0], right):
            dx, dy = rays[y, x, 0], rays[y, x, 1]
            dz = 1.0 / np.sqrt(1.0 + dx * dx + dy * dy)
            dx, dy = dx * dz, dy * dz
            bundle[0, lanes], bundle[1, lanes], bundle[2, lanes] = dx, dy, dz
            bundle[4, lanes], bundle[5, lanes], bundle[6, lanes] = depth[y, x] / dz, x, y
            mx, my, mz = mx + dx, my + dy, mz + dz
            lanes += 1
    scale = 1.0 / np.sqrt(mx * mx + my * my + mz * mz)
    mx, my, mz = mx * scale, my * scale, mz * scale
    cosine = 1.0
    for n in range(lanes):
        cosine = min(cosine, mx * bundle[0, n] + my * bundle[1, n] + mz * bundle[2, n])
    return lanes, (mx, my, mz, np.sqrt(1.0 - cosine * cosine) / cosine)


@numba.njit(cache=True, error_model="numpy", inline="always")
def _march(bundle, lanes, near, count, work, hits):  # type: ignore[no-untyped-def]
    """Move the rays of a bundle on until each has hit or missed; copy those that hit, give their number."""
    found = 0
    for _ in range(_STEPS):
        for k in range(3):
            for n in range(lanes):
                work[k, n] = bundle[3, n] * bundle[k, n]
        _distances(work, near, count, lanes, work[3], work[4])
        kept = 0
        for n in range(lanes):
            bundle[3, n] += _STEP_SHARE * work[4, n]
            if work[4, n] < _HIT_MM:
                hits[:, found] = bundle[:, n]
                found += 1
            elif bundle[3, n] < bundle[4, n]:
                bundle[:, kept] = bundle[:, n]
                kept += 1
        lanes = kept
        if lanes == 0:
            break
    return found


@numba.njit(cache=True, error_model="numpy", inline="always")
def _slopes(hits, found, near, count, work, slope):  # type: ignore[no-untyped-def]
    """Give how the distance grows at the hits along x, y and z, by forward differences."""
    for k in range(4):
        for j in range(3):
            aside = _SLOPE_MM if j == k else 0.0
            for n in range(found):
                work[j, n] = hits[3, n] * hits[j, n] + aside
        _distances(work, near, count, found, work[3], slope[k])
    for k in range(3):
        for n in range(found):
            slope[k, n] -= slope[3, n]


@numba.njit(cache=True, error_model="numpy")
def _trace(rays, bounds, packed, offset, depth, surface, normal, cosine):  # type: ignore[no-untyped-def]
    """Trace one figure into the images, tile by tile; only the capsules near a tile's rays are looked at."""
    near, index = np.empty_like(packed), np.empty(len(packed), np.int64)
    bundle, hits = np.empty((7, _TILE * _TILE)), np.empty((7, _TILE * _TILE))
    work, slope = np.empty((5, _TILE * _TILE)), np.empty((4, _TILE * _TILE))
    for y0 in range(bounds[1], bounds[3], _TILE):
        for x0 in range(bounds[0], bounds[2], _TILE):
            lanes, cone = _bundle(rays, depth, (x0, y0), bounds, bundle)
            count, start, stop = _gather(cone, packed, near, index)
            if count == 0:
                continue
            for n in range(lanes):
                bundle[3, n], bundle[4, n] = start, min(stop, bundle[4, n])
            found = _march(bundle, lanes, near, count, work, hits)
            _slopes(hits, found, near, count, work, slope)
            for n in range(found):
                nx, ny, nz = slope[0, n], slope[1, n], slope[2, n]
                scale = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz)
                x, y = int(hits[5, n]), int(hits[6, n])
                surface[y, x] = offset + index[_nearest(hits[:, n], near, count)]
                normal[y, x, 0], normal[y, x, 1], normal[y, x, 2] = nx * scale, ny * scale, nz * scale
                facing = -(nx * hits[0, n] + ny * hits[1, n] + nz * hits[2, n]) * scale
                depth[y, x] = (hits[3, n] + slope[3, n] / max(facing, _GRAZING)) * hits[2, n]
                cosine[y, x] = max(0.0, facing)


@numba.njit(cache=True, error_model="numpy")
def _nearest(hit, near, count):  # type: ignore[no-untyped-def]
    """Give which capsule is nearest to where a ray has come."""
    least, best = _FAR, 0
    for i in range(count):
        px, py, pz = hit[3] * hit[0] - near[i, 0], hit[3] * hit[1] - near[i, 1], hit[3] * hit[2] - near[i, 2]
        h = min(1.0, max(0.0, (px * near[i, 3] + py * near[i, 4] + pz * near[i, 5]) * near[i, 8]))
        px, py, pz = px - h * near[i, 3], py - h * near[i, 4], pz - h * near[i, 5]
        d = np.sqrt(px * px + py * py + pz * pz) - near[i, 6] - h * near[i, 7]
        if d < least:
            least, best = d, i
    return best


def trace_figure(rays: F32, lens: Lens, capsules: F64, offset: int, sight: Sight) -> None:
    """Trace one figure into an image; where it is nearer than what is there, it replaces it.

    Args:
        rays: (H, W, 2) float32, x/z and y/z.
        lens: what the rays come from.
        capsules: (parts, 8) of `Figure.capsules`, in the camera's frame.
        offset: number that the figure's part 0 gets as a surface.
        sight: changed in place.
    """
    bounds = _bounds(lens, capsules)
    images = (sight.depth, sight.surface, sight.normal, sight.cosine)
    _trace(rays, bounds, _packed(capsules), offset, *images)


def trace_rays(rays: Float, capsules: F64) -> tuple[F64, I64, F64]:
    """Trace one figure along single rays (N, 2), in plain numpy; what `trace_figure` is tested against.

    Returns:
        depth (N,) mm along z, infinite where the ray misses; part (N,), -1 there; normal (N, 3), 0 there.
    """
    packed = _packed(capsules)
    directions = np.concatenate([np.asarray(rays, np.float64), np.ones((len(rays), 1))], axis=1)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    ends = capsules[:, :6].reshape(-1, 3)
    centre = ends.mean(axis=0)
    reach = np.linalg.norm(ends - centre, axis=1).max() + capsules[:, 6:].max() + JOIN
    middle = directions @ centre
    going = np.linalg.norm(centre - middle[:, None] * directions, axis=1) < reach
    t, far = np.maximum(middle - reach, _NEAREST_MM), middle + reach
    going &= far > t
    hit = np.zeros(len(rays), dtype=bool)
    for _ in range(4 * _STEPS):
        index = np.flatnonzero(going)
        if not len(index):
            break
        d, _nearest = distance(t[index, None] * directions[index], packed)
        hit[index] = d < _HIT_MM
        t[index] += _STEP_SHARE * d
        going[index] = (d >= _HIT_MM) & (t[index] < far[index])
    points = t[:, None] * directions
    part = np.where(hit, distance(points, packed)[1], -1)
    slope = [distance(points + e, packed)[0] - distance(points - e, packed)[0] for e in 0.5 * np.eye(3)]
    normal = np.where(hit[:, None], np.stack(slope, axis=1), 0.0)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    facing = np.maximum(-np.einsum("nk,nk->n", normal, directions), _GRAZING)
    t += distance(points, packed)[0] / facing
    return np.where(hit, t * directions[:, 2], np.inf), part, normal


def thickness(points: F64, capsules: F64) -> F64:
    """Give how deep below the skin points (N, 3) lie, mm; 0 outside the figure."""
    return np.maximum(-distance(points, _packed(capsules))[0], 0.0)


def distance(points: F64, packed: F64) -> tuple[F64, I64]:
    """Give the signed distance (N,) from points (N, 3) to a figure's surface, and the nearest part (N,)."""
    from_start = points[:, None, :] - packed[:, :3]
    share = np.clip(np.einsum("npk,pk->np", from_start, packed[:, 3:6]) * packed[:, 8], 0, 1)
    away = np.linalg.norm(from_start - share[..., None] * packed[:, 3:6], axis=2)
    single = away - packed[:, 6] - share * packed[:, 7]
    total: F64 | None = None
    for group, width in enumerate(BLENDS):
        members = np.flatnonzero(group == PART_GROUPS)
        inner = single[:, members[0]]
        for member in members[1:]:
            inner = _blend(inner, single[:, member], width)
        total = inner if total is None else _blend(total, inner, JOIN)
    assert total is not None
    return total, single.argmin(axis=1)


def _blend(a: F64, b: F64, width: float) -> F64:
    over = np.maximum(width - np.abs(a - b), 0)
    return np.asarray(np.minimum(a, b) - over * over / (4 * width))


def _packed(capsules: F64) -> F64:
    """Give what the distance needs, (parts, 11).

    That is: start and way to the end (x, y, z), radius, its growth to the end, 1/length², group, blend width.
    """
    way = capsules[:, 3:6] - capsules[:, :3]
    square = np.einsum("pk,pk->p", way, way)
    inverse = np.divide(1.0, square, out=np.zeros_like(square), where=square > 0)
    rest = [capsules[:, 6], capsules[:, 7] - capsules[:, 6], inverse, PART_GROUPS, BLENDS[PART_GROUPS]]
    return np.ascontiguousarray(np.concatenate([capsules[:, :3], way, np.stack(rest, axis=1)], axis=1))


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
