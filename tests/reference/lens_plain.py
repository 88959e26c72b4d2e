"""The lens model in plain numpy: what the compiled one of `bodychan.optics` is compared with."""

import numpy as np

from bodychan.model.arrays import F64, Bool, Float
from bodychan.optics.lens import Lens

_MAX_PASSES = 20
_CONVERGED_PX2 = 1e-22
_ACCEPTED_PX2 = 1e-6


# Far outside a lens without a metric radius the model overflows; what comes of it is not valid.


@np.errstate(all="ignore")
def project(lens: Lens, points: Float) -> tuple[F64, Bool]:
    """Give the pixels where points of this camera's own frame appear.

    Args:
        points: (N, 3), any length unit, x right, y down, z forward.

    Returns:
        pixels (N, 2) float64, also outside the image, and valid (N,) bool. A point behind the camera or
        beyond the metric radius is not valid and gets (0, 0).
    """
    points = np.asarray(points, dtype=np.float64)
    ahead = points[:, 2] > 0
    z = np.where(ahead, points[:, 2], 1.0)
    pixels, valid = _distort(lens, (points[:, :2].T / z).T)
    valid &= ahead
    finite = np.isfinite(pixels)
    if not finite.all():
        valid &= finite.all(axis=1)
    if not valid.all():
        pixels[~valid] = 0.0
    return pixels, valid


@np.errstate(all="ignore")
def unproject(lens: Lens, pixels: Float) -> tuple[F64, Bool]:
    """Give the viewing rays of pixels.

    Args:
        pixels: (N, 2), 0-centred.

    Returns:
        rays (N, 2) float64, x/z and y/z, and valid (N,) bool; (0, 0) where not valid.
    """
    wanted = np.asarray(pixels, dtype=np.float64)
    rays = _first_guess(lens, wanted)
    best_rays, best_error = rays.copy(), np.full(len(wanted), np.inf)
    active = np.ones(len(wanted), dtype=bool)
    projectable = np.ones(len(wanted), dtype=bool)
    for _ in range(_MAX_PASSES):
        index = np.flatnonzero(active)
        if not len(index):
            break
        here = rays[index]
        projected, valid = _distort(lens, here)
        off = wanted[index] - projected
        error = np.einsum("ij,ij->i", off, off)
        better = valid & (error < best_error[index])
        projectable[index[~valid]] = False
        active[index[~better]] = False
        index, here, off, error = index[better], here[better], off[better], error[better]
        best_rays[index], best_error[index] = here, error
        active[index[error < _CONVERGED_PX2]] = False
        rays[index] = here + _solve_2x2(_jacobian(lens, here), off)
    good = projectable & (best_error <= _ACCEPTED_PX2)
    best_rays[~good] = 0.0
    return best_rays, good


def _distort(lens: Lens, rays: F64) -> tuple[F64, Bool]:
    # Both axes at once: for few points the number of calls is what takes the time.
    centre, focal, principal, tangential, crossed = _columns(lens)
    xy = rays.T - centre
    squares = xy * xy
    rs = squares[0] + squares[1]
    valid = rs <= lens.metric_radius**2
    bent = xy * _radial_gain(lens, rs)
    bent += (rs + 2 * squares) * tangential
    bent += lens.tangential_xy_factor * (xy[0] * xy[1]) * crossed
    return np.ascontiguousarray(((bent + centre) * focal + principal).T), valid


def _columns(lens: Lens) -> tuple[F64, F64, F64, F64, F64]:
    """Distortion centre, focal lengths, principal point, and (p2, p1) and (p1, p2), (2, 1) each."""
    p1, p2 = lens.tangential
    pairs = (lens.distortion_centre, (lens.fx, lens.fy), (lens.cx, lens.cy), (p2, p1), (p1, p2))
    columns = [np.array(pair, dtype=np.float64)[:, None] for pair in pairs]
    return (columns[0], columns[1], columns[2], columns[3], columns[4])


def _radial_gain(lens: Lens, rs: F64) -> F64:
    a, b = _radial_polynomials(lens, rs)
    return np.asarray(a / b)


def _radial_polynomials(lens: Lens, rs: F64) -> tuple[F64, F64]:
    k1, k2, k3, k4, k5, k6 = lens.radial
    a = 1 + rs * (k1 + rs * (k2 + rs * k3))
    b = 1 + rs * (k4 + rs * (k5 + rs * k6))
    return a, np.where(b == 0, 1.0, b)


def _first_guess(lens: Lens, pixels: F64) -> F64:
    codx, cody = lens.distortion_centre
    p1, p2 = lens.tangential
    x = (pixels[:, 0] - lens.cx) / lens.fx - codx
    y = (pixels[:, 1] - lens.cy) / lens.fy - cody
    gain = _radial_gain(lens, x * x + y * y)
    gain = np.where(gain == 0, 1.0, gain)
    x, y = x / gain, y / gain
    return np.stack(
        [
            x - ((y * y + 3 * x * x) * p2 + 2 * x * y * p1) + codx,
            y - ((x * x + 3 * y * y) * p1 + 2 * x * y * p2) + cody,
        ],
        axis=1,
    )


def _jacobian(lens: Lens, rays: F64) -> F64:
    """Differentiate the pixel by the ray, (N, 2, 2)."""
    codx, cody = lens.distortion_centre
    x, y = rays[:, 0] - codx, rays[:, 1] - cody
    p1, p2 = lens.tangential
    f = lens.tangential_xy_factor
    k1, k2, k3, k4, k5, k6 = lens.radial
    rs = x * x + y * y
    a, b = _radial_polynomials(lens, rs)
    d = a / b
    da = k1 + rs * (2 * k2 + rs * 3 * k3)
    db = k4 + rs * (2 * k5 + rs * 3 * k6)
    dd = 2 * (da * b - a * db) / (b * b)  # derivative by x is x*dd, by y is y*dd
    cross = x * y * dd
    return np.stack(
        [
            lens.fx * np.stack([d + x * x * dd + 6 * x * p2 + f * y * p1, cross + 2 * y * p2 + f * x * p1]),
            lens.fy * np.stack([cross + 2 * x * p1 + f * y * p2, d + y * y * dd + 6 * y * p1 + f * x * p2]),
        ]
    ).transpose(2, 0, 1)


def _solve_2x2(matrix: F64, right: F64) -> F64:
    """Solve (N, 2, 2) systems; no step where a matrix is singular."""
    det = matrix[:, 0, 0] * matrix[:, 1, 1] - matrix[:, 0, 1] * matrix[:, 1, 0]
    inverse = np.divide(1.0, det, out=np.zeros_like(det), where=det != 0)
    x = (matrix[:, 1, 1] * right[:, 0] - matrix[:, 0, 1] * right[:, 1]) * inverse
    y = (matrix[:, 0, 0] * right[:, 1] - matrix[:, 1, 0] * right[:, 0]) * inverse
    return np.stack([x, y], axis=1)
