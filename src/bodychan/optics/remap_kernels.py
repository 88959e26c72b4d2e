"""Remapping between the cameras' images, compiled.

The rules are those of Microsoft's libk4a (src/transformation/rgbz.c), in float32 and in its order of
operations, so that edges fall on the same pixels; the tests hold a plain numpy statement of them. Arguments:

    depth     (H, W) uint16 mm, 0 = nothing measured
    planes    (2, H, W) float32: the depth camera's `Lens.ray_planes`
    pose      (3, 4) float32: depth camera → colour camera, mm
    lens      (16,) float32: the colour camera's `Lens.parameters`

Loops over a row run without branches and over one-dimensional arrays, so that the compiler does sixteen
pixels at a time; that is where the speed comes from. One thread, on purpose: numba's threads abort the
process after a fork (OpenMP on Linux) or when two threads come at once (macOS). The kernels release the
interpreter's lock, so a caller may run several images beside each other.
"""

import math

import numba
import numpy as np

_ZERO, _HALF, _ONE, _TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
EDGE_RATIO = 0.04693441759
"""A quad whose depths differ by more than this share of the nearest spans an edge and is not drawn: what two
pixels of 120°/512 on a surface seen at 85° differ by."""
_EDGE_RATIO = np.float32(EDGE_RATIO)
_MOST = np.int32(65535)
_NOTHING = np.uint16(1)
_EMPTY, _INCOMPLETE = np.int32(-1), np.int32(-2)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def point_cloud(depth, planes, out):  # type: ignore[no-untyped-def]
    """Fill `out` (H, W, 3) with the points of a depth image, mm; (0, 0, 0) where there is none."""
    z, x, y, points = depth.reshape(-1), planes[0].reshape(-1), planes[1].reshape(-1), out.reshape(-1)
    for i in range(z.shape[0]):
        pz = np.float32(z[i])
        px, py = x[i] * pz, y[i] * pz
        seen = (pz > _ZERO) & (px == px)
        points[3 * i] = px if seen else _ZERO
        points[3 * i + 1] = py if seen else _ZERO
        points[3 * i + 2] = pz if seen else _ZERO


@numba.njit(cache=True, nogil=True, error_model="numpy")
def moved_point_cloud(depth, planes, pose, out):  # type: ignore[no-untyped-def]
    """Fill `out` with the points of a depth image, as `point_cloud`, but moved by `pose` (3, 4)."""
    z, x, y, points = depth.reshape(-1), planes[0].reshape(-1), planes[1].reshape(-1), out.reshape(-1)
    r00, r01, r02, t0 = pose[0, 0], pose[0, 1], pose[0, 2], pose[0, 3]
    r10, r11, r12, t1 = pose[1, 0], pose[1, 1], pose[1, 2], pose[1, 3]
    r20, r21, r22, t2 = pose[2, 0], pose[2, 1], pose[2, 2], pose[2, 3]
    for i in range(z.shape[0]):
        pz = np.float32(z[i])
        px, py = x[i] * pz, y[i] * pz
        seen = (pz > _ZERO) & (px == px)
        points[3 * i] = r00 * px + r01 * py + r02 * pz + t0 if seen else _ZERO
        points[3 * i + 1] = r10 * px + r11 * py + r12 * pz + t1 if seen else _ZERO
        points[3 * i + 2] = r20 * px + r21 * py + r22 * pz + t2 if seen else _ZERO


@numba.njit(cache=True, nogil=True, error_model="numpy")
def color_to_depth(color, depth, planes, pose, lens, out):  # type: ignore[no-untyped-def]
    """Fill `out` (H, W, 3) with the colour (Hc, Wc, 3) that each depth pixel's point has, bilinear.

    Where a point lies outside the colour image, and where there is none, `out` keeps what it has.
    """
    height, width = depth.shape
    u, v, z = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(width, np.float32)
    last_row, last_column = np.float32(color.shape[0] - 1), np.float32(color.shape[1] - 1)
    for row in range(height):
        _project_row(depth[row], planes[0, row], planes[1, row], pose, lens, u, v, z)
        for i in range(width):
            inside = (u[i] >= _ZERO) & (v[i] >= _ZERO) & (u[i] < last_column) & (v[i] < last_row)
            if z[i] == _ZERO or not inside:
                continue
            left, top = np.int32(u[i]), np.int32(v[i])
            du, dv = u[i] - np.float32(left), v[i] - np.float32(top)
            for k in range(3):
                a, b = np.float32(color[top, left, k]), np.float32(color[top, left + 1, k])
                c, d = np.float32(color[top + 1, left, k]), np.float32(color[top + 1, left + 1, k])
                upper = (_ONE - du) * a + du * b
                lower = (_ONE - du) * c + du * d
                out[row, i, k] = np.uint8((_ONE - dv) * upper + dv * lower + _HALF)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def depth_to_color(depth, planes, pose, lens, carried, linear, steps, out, out_carried):  # type: ignore[no-untyped-def]
    """Draw the surface through the depth pixels as the colour camera sees it.

    Every four neighbouring depth pixels are a quad of two triangles, split from its top left to its bottom
    right corner; of several surfaces the nearest stays. Of a quad with one missing corner the triangle that
    is left is drawn.

    Args:
        depth: see above.
        planes: see above.
        pose: see above.
        lens: see above.
        carried: (H, W) of values that go with the depth; None for none.
        linear: the carried values are mixed; else a pixel takes that of the corner with the most weight.
        steps: (0, 1, …): quads of up to as many pixels on a side go the fast way, row by row of quads, the
            others one by one. It is a tuple because its length is then known to the compiler.
        out: (Hc, Wc) of 0: becomes z in the colour camera, rounded to mm.
        out_carried: (Hc, Wc): becomes the carried values, kept where nothing is drawn.
    """
    height, width = depth.shape
    above, below = np.empty((3, width), np.float32), np.empty((3, width), np.float32)
    boxes = np.empty((4, width), np.int32)
    side = len(steps)
    found = np.zeros((side * side, width), np.uint16)
    taken = np.zeros((side * side, width), np.uint16)
    size = np.array([out.shape[1], out.shape[0]], np.int32)
    pixels = out.reshape(-1)
    quad = np.zeros((4, 4), np.float32)
    _project_row(depth[0], planes[0, 0], planes[1, 0], pose, lens, above[0], above[1], above[2])
    for row in range(1, height):
        _project_row(depth[row], planes[0, row], planes[1, row], pose, lens, below[0], below[1], below[2])
        _bound_row(above, below, size, boxes)
        for j in steps:
            for i in steps:
                place = j * side + i
                _cover_row(above, below, boxes, i, j, found[place])
                if carried is not None:
                    _carry_row(above, below, boxes, i, j, carried, row, linear, taken[place])
        for x in range(1, width):
            left, top, right, bottom = boxes[0, x], boxes[1, x], boxes[2, x], boxes[3, x]
            small = (right - left <= side) & (bottom - top <= side)
            if small & (bottom >= 0) & (left <= size[0] - side) & (top <= size[1] - side):
                # Stores what is there where nothing nearer comes: no branch that is hard to predict.
                for j in steps:
                    at = (top + j) * size[0] + left
                    for i in steps:
                        z, held = found[j * side + i, x], pixels[at + i]
                        nearer = np.uint16(z - _NOTHING) < np.uint16(held - _NOTHING)
                        pixels[at + i] = z if nearer else held
                        if carried is not None:
                            value = out_carried[top + j, left + i]
                            out_carried[top + j, left + i] = taken[j * side + i, x] if nearer else value
            elif bottom == _INCOMPLETE or (bottom > top and right > left):
                _draw(above, below, row, x, carried, linear, quad, out, out_carried)
        above, below = below, above


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _project_row(depth, x_rays, y_rays, pose, lens, out_u, out_v, out_z):  # type: ignore[no-untyped-def]
    """Do `remap_plain.project` for a row."""
    r00, r01, r02, t0 = pose[0, 0], pose[0, 1], pose[0, 2], pose[0, 3]
    r10, r11, r12, t1 = pose[1, 0], pose[1, 1], pose[1, 2], pose[1, 3]
    r20, r21, r22, t2 = pose[2, 0], pose[2, 1], pose[2, 2], pose[2, 3]
    cx, cy, fx, fy = lens[0], lens[1], lens[2], lens[3]
    k1, k2, k3, k4, k5, k6 = lens[4], lens[5], lens[6], lens[7], lens[8], lens[9]
    codx, cody, p2, p1 = lens[10], lens[11], lens[12], lens[13]
    radius2, factor = lens[14] * lens[14], lens[15]
    for i in range(depth.shape[0]):
        d = np.float32(depth[i])
        px, py = x_rays[i] * d, y_rays[i] * d
        z = r20 * px + r21 * py + r22 * d + t2
        x = (r00 * px + r01 * py + r02 * d + t0) / z - codx
        y = (r10 * px + r11 * py + r12 * d + t1) / z - cody
        xx, yy, xy = x * x, y * y, x * y
        rs = xx + yy
        rss = rs * rs
        rsc = rss * rs
        a = _ONE + k1 * rs + k2 * rss + k3 * rsc
        b = _ONE + k4 * rs + k5 * rss + k6 * rsc
        gain = a * (_ONE / (_ONE if b == _ZERO else b))
        u = x * gain + ((rs + _TWO * xx) * p2 + factor * xy * p1)
        v = y * gain + ((rs + _TWO * yy) * p1 + factor * xy * p2)
        u, v = (u + codx) * fx + cx, (v + cody) * fy + cy
        seen = (d > _ZERO) & (z > _ZERO) & (rs <= radius2) & (u == u) & (v == v)
        out_u[i], out_v[i], out_z[i] = u, v, z if seen else _ZERO


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _least(a, b, c, d):  # type: ignore[no-untyped-def]
    e, f = a if a < b else b, c if c < d else d
    return e if e < f else f


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _most(a, b, c, d):  # type: ignore[no-untyped-def]
    e, f = a if a > b else b, c if c > d else d
    return e if e > f else f


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _first_pixel(least):  # type: ignore[no-untyped-def]
    return np.int32(np.ceil(least if least > _ZERO else _ZERO))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _end_pixel(most, size):  # type: ignore[no-untyped-def]
    limit = np.float32(size)
    most = most if most < limit else limit
    return np.int32(np.ceil(most if most > -_ONE else -_ONE))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _bound_row(above, below, size, boxes):  # type: ignore[no-untyped-def]
    """Fill `boxes` (4, W) with left, top, right, bottom of each quad's pixels in the image.

    Quad x has the corners x - 1 and x of the two rows. Bottom is _INCOMPLETE where one corner is missing,
    _EMPTY where more are or where the quad spans an edge in depth.
    """
    au, av, az, bu, bv, bz = above[0], above[1], above[2], below[0], below[1], below[2]
    lefts, tops, rights, bottoms = boxes[0], boxes[1], boxes[2], boxes[3]
    width, height = size[0], size[1]
    for x in range(1, au.shape[0]):
        a, b, c, d = az[x - 1], az[x], bz[x - 1], bz[x]
        missing = np.int32(a == _ZERO) + np.int32(b == _ZERO) + np.int32(c == _ZERO) + np.int32(d == _ZERO)
        near = _least(a, b, c, d)
        whole = (missing == 0) & (_most(a, b, c, d) - near <= _EDGE_RATIO * near)
        lefts[x] = _first_pixel(_least(au[x - 1], au[x], bu[x - 1], bu[x]))
        tops[x] = _first_pixel(_least(av[x - 1], av[x], bv[x - 1], bv[x]))
        rights[x] = _end_pixel(_most(au[x - 1], au[x], bu[x - 1], bu[x]), width)
        end = _end_pixel(_most(av[x - 1], av[x], bv[x - 1], bv[x]), height)
        bottoms[x] = end if whole else (_INCOMPLETE if missing == 1 else _EMPTY)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _weigh(x, y, corners):  # type: ignore[no-untyped-def]
    """Do `remap_plain._weigh` for one pixel and one quad, (u, v) of four corners."""
    u0, v0, u1, v1, u2, v2, u3, v3 = corners
    middle = (y - v0) * (u2 - u0) - (x - u0) * (v2 - v0)
    lower = middle >= _ZERO
    u, v = u3 if lower else u1, v3 if lower else v1
    first = (y - v) * (u0 - u) - (x - u) * (v0 - v)
    last = (y - v2) * (u - u2) - (x - u2) * (v - v2)
    return (first, middle, last, True) if lower else (-first, -middle, -last, False)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _mix(first, middle, last, c, m, a):  # type: ignore[no-untyped-def]
    total = first + middle + last
    share = _ONE / (_ONE if total == _ZERO else total)
    return min(np.int32((first * c + middle * m + last * a) * share + _HALF), _MOST)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _choose(first, middle, last, c, m, a, linear):  # type: ignore[no-untyped-def]
    """Give the carried value at a pixel: mixed, or that of the corner with the greatest weight."""
    of_c = (first > middle) & (first > last)
    of_m = (first <= middle) & (middle > last)
    nearest = np.int32(c if of_c else (m if of_m else a))
    return _mix(first, middle, last, c, m, a) if linear else nearest


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _cover_row(above, below, boxes, i, j, found):  # type: ignore[no-untyped-def]
    """Fill `found` (W,) with each quad's depth at pixel (i, j) of its box; 0 where it does not cover that."""
    au, av, az, bu, bv, bz = above[0], above[1], above[2], below[0], below[1], below[2]
    lefts, tops, rights, bottoms = boxes[0], boxes[1], boxes[2], boxes[3]
    i, j = np.int32(i), np.int32(j)
    for x in range(1, au.shape[0]):
        column, row = lefts[x] + i, tops[x] + j
        corners = (au[x - 1], av[x - 1], au[x], av[x], bu[x], bv[x], bu[x - 1], bv[x - 1])
        first, middle, last, lower = _weigh(np.float32(column), np.float32(row), corners)
        z = _mix(first, middle, last, bz[x], bz[x - 1] if lower else az[x], az[x - 1])
        hit = (first >= _ZERO) & (last > _ZERO) & (column < rights[x]) & (row < bottoms[x])
        found[x] = np.uint16(z if hit else np.int32(0))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _carry_row(above, below, boxes, i, j, carried, row, linear, taken):  # type: ignore[no-untyped-def]
    """Fill `taken` (W,) with the carried value at pixel (i, j) of each quad's box."""
    au, av, bu, bv = above[0], above[1], below[0], below[1]
    lefts, tops, upper, under = boxes[0], boxes[1], carried[row - 1], carried[row]
    i, j = np.int32(i), np.int32(j)
    for x in range(1, au.shape[0]):
        corners = (au[x - 1], av[x - 1], au[x], av[x], bu[x], bv[x], bu[x - 1], bv[x - 1])
        first, middle, last, lower = _weigh(np.float32(lefts[x] + i), np.float32(tops[x] + j), corners)
        c, a = np.float32(under[x]), np.float32(upper[x - 1])
        m = np.float32(under[x - 1]) if lower else np.float32(upper[x])
        taken[x] = np.uint16(_choose(first, middle, last, c, m, a, linear))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _complete(quad, linear):  # type: ignore[no-untyped-def]
    """Do `remap_plain.complete` for one quad (4, 4): u, v, z and carried value of its corners, clockwise."""
    if quad[0, 2] == _ZERO or quad[2, 2] == _ZERO:
        lost = 0 if quad[0, 2] == _ZERO else 2
        near = quad[2 - lost, 3]
        quad[lost] = (quad[1] + quad[3]) * _HALF
        quad[lost, 3] = math.floor(quad[lost, 3]) if linear else near
    else:
        lost = 1 if quad[1, 2] == _ZERO else 3
        far = 4 - lost
        quad[lost] = quad[2]
        quad[2] = (quad[2] + quad[far]) * _HALF
        quad[2, 3] = math.floor(quad[2, 3]) if linear else quad[far, 3]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _draw(above, below, row, x, carried, linear, quad, out, out_carried):  # type: ignore[no-untyped-def]
    """Draw a quad that misses a corner or is too large for `_cover_row`; `quad` (4, 4) is scratch."""
    for k in range(3):
        quad[0, k], quad[1, k] = above[k, x - 1], above[k, x]
        quad[2, k], quad[3, k] = below[k, x], below[k, x - 1]
    if carried is not None:
        quad[0, 3], quad[1, 3] = carried[row - 1, x - 1], carried[row - 1, x]
        quad[2, 3], quad[3, 3] = carried[row, x], carried[row, x - 1]
    if quad[0, 2] == _ZERO or quad[1, 2] == _ZERO or quad[2, 2] == _ZERO or quad[3, 2] == _ZERO:
        _complete(quad, linear)
    u0, v0, z0, u1, v1, z1 = quad[0, 0], quad[0, 1], quad[0, 2], quad[1, 0], quad[1, 1], quad[1, 2]
    u2, v2, z2, u3, v3, z3 = quad[2, 0], quad[2, 1], quad[2, 2], quad[3, 0], quad[3, 1], quad[3, 2]
    near = _least(z0, z1, z2, z3)
    if _most(z0, z1, z2, z3) - near > _EDGE_RATIO * near:
        return
    left, right = _first_pixel(_least(u0, u1, u2, u3)), _end_pixel(_most(u0, u1, u2, u3), out.shape[1])
    top, bottom = _first_pixel(_least(v0, v1, v2, v3)), _end_pixel(_most(v0, v1, v2, v3), out.shape[0])
    corners = (u0, v0, u1, v1, u2, v2, u3, v3)
    for j in range(top, bottom):
        for i in range(left, right):
            first, middle, last, lower = _weigh(np.float32(i), np.float32(j), corners)
            if not (first >= _ZERO and last > _ZERO):
                continue
            z = np.uint16(_mix(first, middle, last, z2, z3 if lower else z1, z0))
            held = out[j, i]
            if held == 0 or z < held:
                out[j, i] = z
                if carried is not None:
                    m = quad[3, 3] if lower else quad[1, 3]
                    out_carried[j, i] = _choose(first, middle, last, quad[2, 3], m, quad[0, 3], linear)
