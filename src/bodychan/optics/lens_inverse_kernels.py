"""The lens model backward, compiled: rays of pixels by Newton's method. `Lens` says what goes in and out.

Every kernel takes `Lens.parameters`. They are apart from the model itself, since they take two seconds to
compile and the tracker needs none of them.
"""

import numba
import numpy as np

from bodychan.model.arrays import F32, F64, Bool
from bodychan.optics.lens_kernels import ARRAYS

_MAX_PASSES = 20
_CONVERGED_PX2 = 1e-22
_ACCEPTED_PX2 = 1e-6


@numba.njit(cache=True, nogil=True, error_model="numpy")
def ray_planes(lens: F64, out: F32) -> None:
    """Fill `out` (2, height, width) with x/z and y/z of every pixel; NaN where the lens sees nothing.

    Args:
        lens: `Lens.parameters`.
        out: the rays.
    """
    width = out.shape[2]
    columns, rows = np.arange(width).astype(np.float64), np.empty(width)
    x, y, good = np.empty(width), np.empty(width), np.empty(width, np.bool_)
    for row in range(out.shape[1]):
        rows[:] = row
        _solve(lens, columns, rows, x, y, good)
        for i in range(width):
            out[0, row, i] = x[i] if good[i] else np.nan
            out[1, row, i] = y[i] if good[i] else np.nan


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _solve(lens, u, v, best_x, best_y, good):  # type: ignore[no-untyped-def]
    """Invert the lens model: find the rays of pixels u, v; where not `good` there is none.

    Newton's method in two dimensions: the forward model and its 2 x 2 Jacobian at a ray give the next one.
    The best ray is accepted by its reprojection error, and only if no step left the metric radius (libk4a).
    """
    x, y, best = np.empty(len(u)), np.empty(len(u)), np.full(len(u), np.inf)
    active, seen = np.ones(len(u), np.int64), np.ones(len(u), np.int64)
    _guess(lens, u, v, x, y)
    for _ in range(_MAX_PASSES):
        if _step(lens, u, v, x, y, best_x, best_y, best, active, seen) == 0:
            break
    for i in range(len(u)):
        good[i] = seen[i] == 1 and best[i] <= _ACCEPTED_PX2


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _guess(lens, u, v, x, y):  # type: ignore[no-untyped-def]
    """Fill x and y with the starting point of Newton's method: the distortion removed once."""
    cx, cy, fx, fy = lens[0], lens[1], lens[2], lens[3]
    k1, k2, k3, k4, k5, k6 = lens[4], lens[5], lens[6], lens[7], lens[8], lens[9]
    codx, cody, p2, p1 = lens[10], lens[11], lens[12], lens[13]
    for i in range(x.shape[0]):
        px, py = (u[i] - cx) / fx - codx, (v[i] - cy) / fy - cody
        rs = px * px + py * py
        a = 1.0 + rs * (k1 + rs * (k2 + rs * k3))
        b = 1.0 + rs * (k4 + rs * (k5 + rs * k6))
        gain = a / (1.0 if b == 0.0 else b)
        gain = 1.0 if gain == 0.0 else gain
        px, py = px / gain, py / gain
        x[i] = px - ((py * py + 3.0 * px * px) * p2 + 2.0 * px * py * p1) + codx
        y[i] = py - ((px * px + 3.0 * py * py) * p1 + 2.0 * px * py * p2) + cody


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _step(lens, u, v, x, y, best_x, best_y, best, active, seen):  # type: ignore[no-untyped-def]
    """Do one Newton step for a row of pixels; return how many have not converged.

    There are no branches, so that the compiler does several pixels at once, those that are done included.
    """
    cx, cy, fx, fy = lens[0], lens[1], lens[2], lens[3]
    k1, k2, k3, k4, k5, k6 = lens[4], lens[5], lens[6], lens[7], lens[8], lens[9]
    codx, cody, p2, p1 = lens[10], lens[11], lens[12], lens[13]
    radius2, f = lens[14] * lens[14], lens[15]
    working = 0
    for i in range(x.shape[0]):
        px, py = x[i] - codx, y[i] - cody
        rs = px * px + py * py
        a = 1.0 + rs * (k1 + rs * (k2 + rs * k3))
        b = 1.0 + rs * (k4 + rs * (k5 + rs * k6))
        b = 1.0 if b == 0.0 else b
        d = a / b
        da = k1 + rs * (2.0 * k2 + rs * 3.0 * k3)
        db = k4 + rs * (2.0 * k5 + rs * 3.0 * k6)
        dd = 2.0 * (da * b - a * db) / (b * b)
        off_x = u[i] - ((px * d + (rs + 2.0 * px * px) * p2 + f * px * py * p1 + codx) * fx + cx)
        off_y = v[i] - ((py * d + (rs + 2.0 * py * py) * p1 + f * px * py * p2 + cody) * fy + cy)
        error = off_x * off_x + off_y * off_y
        inside = rs <= radius2
        better = (active[i] == 1) & inside & (error < best[i])
        seen[i] = 0 if (active[i] == 1) & (not inside) else seen[i]
        best_x[i] = x[i] if better else best_x[i]
        best_y[i] = y[i] if better else best_y[i]
        best[i] = error if better else best[i]
        goes_on = better & (error >= _CONVERGED_PX2)
        active[i] = 1 if goes_on else 0
        working += active[i]
        cross = px * py * dd
        xx = fx * (d + px * px * dd + 6.0 * px * p2 + f * py * p1)
        xy = fx * (cross + 2.0 * py * p2 + f * px * p1)
        yx = fy * (cross + 2.0 * px * p1 + f * py * p2)
        yy = fy * (d + py * py * dd + 6.0 * py * p1 + f * px * p2)
        determinant = xx * yy - xy * yx
        inverse = 0.0 if determinant == 0.0 else 1.0 / determinant
        x[i] += (yy * off_x - xy * off_y) * inverse if goes_on else 0.0
        y[i] += (xx * off_y - yx * off_x) * inverse if goes_on else 0.0
    return working


@numba.njit(ARRAYS, cache=True, nogil=True, error_model="numpy")
def unproject(lens: F64, pixels: F64, rays: F64, valid: Bool) -> None:
    """Fill `rays` (N, 2) and `valid` (N,) for `pixels` (N, 2); see `Lens.unproject`."""
    x, y = np.empty(len(pixels)), np.empty(len(pixels))
    _solve(lens, pixels[:, 0].copy(), pixels[:, 1].copy(), x, y, valid)
    for i in range(len(pixels)):
        rays[i, 0] = x[i] if valid[i] else 0.0
        rays[i, 1] = y[i] if valid[i] else 0.0
