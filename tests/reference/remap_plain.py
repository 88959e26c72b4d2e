"""Remapping between the cameras' images, in plain numpy: what `optics.remap_kernels` is compared with.

The rules are those of Microsoft's libk4a (src/transformation/rgbz.c), in float32 and in its order of
operations, so that edges fall on the same pixels. Common arguments:

    depth     (H, W) uint16 mm, 0 = nothing measured
    planes    (2, H, W) float32: the depth camera's `Lens.ray_planes`
    pose      (3, 4) float32: depth camera → colour camera, mm
    lens      (16,) float32: the colour camera's `Lens.parameters`
"""

import numpy as np

from bodychan.model.arrays import F32, I64, U8, U16, Bool
from bodychan.optics.remap_kernels import EDGE_RATIO

_HALF = np.float32(0.5)


def point_cloud(depth: U16, planes: F32, out: F32) -> None:
    """Fill `out` (H, W, 3) with the points of a depth image, mm; (0, 0, 0) where there is none."""
    z = depth.astype(np.float32)
    seen = (depth > 0) & np.isfinite(planes[0])
    for axis, values in enumerate((planes[0] * z, planes[1] * z, z)):
        out[..., axis] = np.where(seen, values, np.float32(0))


def moved_point_cloud(depth: U16, planes: F32, pose: F32, out: F32) -> None:
    """Fill `out` with the points of a depth image, as `point_cloud`, but moved by `pose` (3, 4)."""
    z = depth.astype(np.float32)
    x, y = planes[0] * z, planes[1] * z
    seen = (depth > 0) & np.isfinite(planes[0])
    for axis, (a, b, c, t) in enumerate(pose):
        out[..., axis] = np.where(seen, a * x + b * y + c * z + t, np.float32(0))


def color_to_depth(color: U8, depth: U16, planes: F32, pose: F32, lens: F32, out: U8) -> None:
    """Fill `out` (H, W, 3) with the colour (Hc, Wc, 3) that each depth pixel's point has, bilinear.

    Where a point lies outside the colour image, and where there is none, `out` keeps what it has.
    """
    u, v, z = project(depth, planes, pose, lens)
    height, width = color.shape[:2]
    rows, columns = np.nonzero((z > 0) & (u >= 0) & (v >= 0) & (u < width - 1) & (v < height - 1))
    u, v = u[rows, columns], v[rows, columns]
    left, top = u.astype(np.int64), v.astype(np.int64)
    du, dv = (u - left.astype(np.float32))[:, None], (v - top.astype(np.float32))[:, None]
    one, image = np.float32(1), color.astype(np.float32)
    upper = (one - du) * image[top, left] + du * image[top, left + 1]
    lower = (one - du) * image[top + 1, left] + du * image[top + 1, left + 1]
    out[rows, columns] = ((one - dv) * upper + dv * lower + _HALF).astype(np.uint8)


def depth_to_color(
    depth: U16,
    planes: F32,
    pose: F32,
    lens: F32,
    carried: U16 | U8 | None,
    linear: bool,
    out: U16,
    out_carried: U16 | U8 | None,
) -> None:
    """Draw the surface through the depth pixels as the colour camera sees it.

    Every four neighbouring depth pixels are a quad of two triangles, split from its top left to its bottom
    right corner; of several surfaces the nearest stays.

    Args:
        depth: see above.
        planes: see above.
        pose: see above.
        lens: see above.
        carried: (H, W) of values that go with the depth; None for none.
        linear: the carried values are mixed; else a pixel takes that of the corner with the most weight.
        out: (Hc, Wc) of 0: becomes z in the colour camera, rounded to mm.
        out_carried: (Hc, Wc): becomes the carried values, kept where nothing is drawn.
    """
    u, v, z = project(depth, planes, pose, lens)
    values = np.zeros_like(z) if carried is None else carried.astype(np.float32)
    image = np.stack([u, v, z, values], axis=-1)
    quads = np.stack([image[:-1, :-1], image[:-1, 1:], image[1:, 1:], image[1:, :-1]], axis=2).reshape(
        -1, 4, 4
    )
    quads = quads[np.count_nonzero(quads[:, :, 2] == 0, axis=1) < 2]
    _complete(quads, linear)
    nearest = quads[:, :, 2].min(axis=1)
    quads = quads[quads[:, :, 2].max(axis=1) - nearest <= np.float32(EDGE_RATIO) * nearest]
    quad, column, row = _pixels(quads, out.shape)
    first, middle, last, lower = _weigh(quads[quad], column.astype(np.float32), row.astype(np.float32))
    hit = np.flatnonzero((first >= 0) & (last > 0))
    weights, lower, place = (
        (first[hit], middle[hit], last[hit]),
        lower[hit],
        (row * out.shape[1] + column)[hit],
    )
    a, b, c, d = np.moveaxis(quads[quad[hit]], 1, 0)
    other = np.where(lower[:, None], d, b)
    drawn = _mix(*weights, c[:, 2], other[:, 2], a[:, 2])
    # The nearest first, of equal ones that of the first quad; then keep the first for each pixel.
    order = np.lexsort((np.arange(len(hit)), drawn, place))
    keep = order[np.unique(place[order], return_index=True)[1]]
    out.reshape(-1)[place[keep]] = drawn[keep]
    if out_carried is not None:
        carry = _mix if linear else _nearest
        out_carried.reshape(-1)[place[keep]] = carry(*weights, c[:, 3], other[:, 3], a[:, 3])[keep]


def project(depth: U16, planes: F32, pose: F32, lens: F32) -> tuple[F32, F32, F32]:
    """Give the colour pixel u, v and the colour camera's z of every depth pixel's point; z is 0 for none.

    There is none where nothing was measured, where the depth camera's lens gives no ray, behind the colour
    camera, and beyond its metric radius.
    """
    d = depth.astype(np.float32)
    px, py = planes[0] * d, planes[1] * d
    x, y, z = (r[0] * px + r[1] * py + r[2] * d + r[3] for r in pose)
    cx, cy, fx, fy, k1, k2, k3, k4, k5, k6, codx, cody, p2, p1, radius, factor = lens
    one, two = np.float32(1), np.float32(2)
    with np.errstate(all="ignore"):
        x, y = x / z - codx, y / z - cody
        xx, yy, xy = x * x, y * y, x * y
        rs = xx + yy
        rss = rs * rs
        rsc = rss * rs
        a = one + k1 * rs + k2 * rss + k3 * rsc
        b = one + k4 * rs + k5 * rss + k6 * rsc
        gain = a * (one / np.where(b == 0, one, b))
        u = (x * gain + ((rs + two * xx) * p2 + factor * xy * p1) + codx) * fx + cx
        v = (y * gain + ((rs + two * yy) * p1 + factor * xy * p2) + cody) * fy + cy
        seen = (depth > 0) & (z > 0) & (rs <= radius * radius) & ~np.isnan(u) & ~np.isnan(v)
    return u, v, np.where(seen, z, np.float32(0))


def _complete(quads: F32, linear: bool) -> None:
    """Put a vertex in the place of each quad's one missing corner, where there is one.

    Args:
        quads: (N, 4, 4): u, v, z, carried value of the top left, top right, bottom right, bottom left corner.
        linear: the new vertex' carried value is the mean of two, in whole numbers; else that of the nearest.
    """
    lost = quads[:, :, 2] == 0
    for corner, near in ((0, 2), (2, 0)):
        some = quads[lost[:, corner]]
        made = (some[:, 1] + some[:, 3]) * _HALF
        made[:, 3] = np.floor(made[:, 3]) if linear else some[:, near, 3]
        quads[lost[:, corner], corner] = made
    for corner, far in ((1, 3), (3, 1)):
        some = quads[lost[:, corner]]
        made = (some[:, 2] + some[:, far]) * _HALF
        made[:, 3] = np.floor(made[:, 3]) if linear else some[:, far, 3]
        quads[lost[:, corner], corner] = some[:, 2]
        quads[lost[:, corner], 2] = made


def _pixels(quads: F32, shape: tuple[int, ...]) -> tuple[I64, I64, I64]:
    """List the pixels of an image of `shape` that the quads' boxes hold: quad, column and row of each."""
    u, v = quads[:, :, 0], quads[:, :, 1]
    left, right = np.ceil(np.clip([u.min(axis=1), u.max(axis=1)], 0, shape[1])).astype(np.int64)
    top, bottom = np.ceil(np.clip([v.min(axis=1), v.max(axis=1)], 0, shape[0])).astype(np.int64)
    wide = right - left
    count = wide * (bottom - top)
    quad = np.repeat(np.arange(len(quads)), count)
    place = np.arange(len(quad)) - np.repeat(np.cumsum(count) - count, count)
    return quad, left[quad] + place % wide[quad], top[quad] + place // wide[quad]


def _weigh(quads: F32, x: F32, y: F32) -> tuple[F32, F32, F32, Bool]:
    """Weigh the corners of a triangle of each quad (N, 4, 4) at a pixel (N,), by the areas across.

    Returns:
        first: weight of the bottom right corner, not negative inside.
        middle: weight of the bottom left or top right corner.
        last: weight of the top left corner, positive inside; so a shared edge belongs to one triangle.
        lower: the pixel lies in the bottom left triangle.
    """
    (u0, v0), (u1, v1), (u2, v2), (u3, v3) = (quads[:, i, :2].T for i in range(4))
    middle = (y - v0) * (u2 - u0) - (x - u0) * (v2 - v0)
    lower = middle >= 0
    u, v = np.where(lower, u3, u1), np.where(lower, v3, v1)
    first = (y - v) * (u0 - u) - (x - u) * (v0 - v)
    last = (y - v2) * (u - u2) - (x - u2) * (v - v2)
    sign = np.where(lower, np.float32(1), np.float32(-1))
    return sign * first, sign * middle, sign * last, lower


def _mix(first: F32, middle: F32, last: F32, c: F32, m: F32, a: F32) -> I64:
    """Mix the values of a triangle's corners by their weights, rounded to whole numbers."""
    total = first + middle + last
    share = np.float32(1) / np.where(total == 0, np.float32(1), total)
    mixed = ((first * c + middle * m + last * a) * share + _HALF).astype(np.int64)
    return np.asarray(np.minimum(mixed, np.iinfo(np.uint16).max))


def _nearest(first: F32, middle: F32, last: F32, c: F32, m: F32, a: F32) -> I64:
    """Give the value of the corner with the greatest weight."""
    of_c = (first > middle) & (first > last)
    of_m = (first <= middle) & (middle > last)
    return np.where(of_c, c, np.where(of_m, m, a)).astype(np.int64)
