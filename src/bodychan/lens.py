"""One camera's lens: the two distortion models found on Azure Kinect devices, and their inverse.

Pixels are 0-centred: (0, 0) is the centre of the top-left pixel, as in OpenCV. The models and the rules of
validity are those of Microsoft's libk4a (src/transformation/intrinsic_transformation.c), in float64.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bodychan.types import F32, F64, Bool, Float, frozen

_MAX_PASSES = 20
_CONVERGED_PX2 = 1e-22
_ACCEPTED_PX2 = 1e-6


@dataclass(frozen=True)
class Lens:
    """Intrinsics of one camera in one mode: image size and focal lengths in pixels.

    `radial` k1..k6 of the rational model, `tangential` (p1, p2), `distortion_centre` (codx, cody).
    `metric_radius` bounds where the model holds, as a tangent: a point with x²+y² > radius² at z = 1 has no
    image; infinite for devices without that rule. `tangential_xy_factor` is 2 for the Brown-Conrady model of
    all retail devices and 1 for the Rational6KT model of pre-release ones.
    """

    width: int
    height: int
    cx: float
    cy: float
    fx: float
    fy: float
    radial: tuple[float, float, float, float, float, float]
    tangential: tuple[float, float]
    distortion_centre: tuple[float, float] = (0.0, 0.0)
    metric_radius: float = 1.7
    tangential_xy_factor: float = 2.0

    # Far outside a lens without a metric radius the model overflows; what comes of it is not valid.
    @np.errstate(all="ignore")
    def project(self, points: Float) -> tuple[F64, Bool]:
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
        pixels, valid = self._distort((points[:, :2].T / z).T)
        valid &= ahead
        finite = np.isfinite(pixels)
        if not finite.all():
            valid &= finite.all(axis=1)
        if not valid.all():
            pixels[~valid] = 0.0
        return pixels, valid

    @np.errstate(all="ignore")
    def unproject(self, pixels: Float) -> tuple[F64, Bool]:
        """Give the viewing rays of pixels.

        Args:
            pixels: (N, 2), 0-centred.

        Returns:
            rays (N, 2) float64, x/z and y/z, and valid (N,) bool; (0, 0) where not valid.
        """
        wanted = np.asarray(pixels, dtype=np.float64)
        rays = self._first_guess(wanted)
        best_rays, best_error = rays.copy(), np.full(len(wanted), np.inf)
        active = np.ones(len(wanted), dtype=bool)
        projectable = np.ones(len(wanted), dtype=bool)
        for _ in range(_MAX_PASSES):
            index = np.flatnonzero(active)
            if not len(index):
                break
            here = rays[index]
            projected, valid = self._distort(here)
            off = wanted[index] - projected
            error = np.einsum("ij,ij->i", off, off)
            better = valid & (error < best_error[index])
            projectable[index[~valid]] = False
            active[index[~better]] = False
            index, here, off, error = index[better], here[better], off[better], error[better]
            best_rays[index], best_error[index] = here, error
            active[index[error < _CONVERGED_PX2]] = False
            rays[index] = here + _solve_2x2(self._jacobian(here), off)
        good = projectable & (best_error <= _ACCEPTED_PX2)
        best_rays[~good] = 0.0
        return best_rays, good

    @cached_property
    def ray_table(self) -> F32:
        """Ray of every pixel at z = 1, (height, width, 2) float32; NaN where the lens sees nothing."""
        return frozen(np.ascontiguousarray(np.moveaxis(self.ray_planes, 0, 2)))

    @cached_property
    def ray_planes(self) -> F32:
        """The ray table as two images, (2, height, width) float32: x/z and y/z."""
        # Late, because numba takes a second to import; numpy would take ten times as long for the table.
        from bodychan.lens_kernels import ray_planes

        planes = np.empty((2, self.height, self.width), np.float32)
        ray_planes(self.parameters(), planes)
        return frozen(planes)

    def parameters(self) -> F64:
        """Give (16,) float64: cx, cy, fx, fy, k1..k6, codx, cody, p2, p1, metric radius, xy factor.

        The first fifteen are in the order of libk4a's k4a_calibration_intrinsic_parameters_t.
        """
        p1, p2 = self.tangential
        focal = (self.cx, self.cy, self.fx, self.fy)
        rest = (*self.distortion_centre, p2, p1, self.metric_radius, self.tangential_xy_factor)
        return np.array([*focal, *self.radial, *rest])

    def _distort(self, rays: F64) -> tuple[F64, Bool]:
        # Both axes at once: for few points the number of calls is what takes the time.
        centre, focal, principal, tangential, crossed = self._columns
        xy = rays.T - centre
        squares = xy * xy
        rs = squares[0] + squares[1]
        valid = rs <= self.metric_radius**2
        bent = xy * self._radial_gain(rs)
        bent += (rs + 2 * squares) * tangential
        bent += self.tangential_xy_factor * (xy[0] * xy[1]) * crossed
        return np.ascontiguousarray(((bent + centre) * focal + principal).T), valid

    @cached_property
    def _columns(self) -> tuple[F64, F64, F64, F64, F64]:
        """Distortion centre, focal lengths, principal point, and (p2, p1) and (p1, p2), (2, 1) each."""
        p1, p2 = self.tangential
        pairs = (self.distortion_centre, (self.fx, self.fy), (self.cx, self.cy), (p2, p1), (p1, p2))
        columns = [np.array(pair, dtype=np.float64)[:, None] for pair in pairs]
        return (columns[0], columns[1], columns[2], columns[3], columns[4])

    def _radial_gain(self, rs: F64) -> F64:
        a, b = self._radial_polynomials(rs)
        return np.asarray(a / b)

    def _radial_polynomials(self, rs: F64) -> tuple[F64, F64]:
        k1, k2, k3, k4, k5, k6 = self.radial
        a = 1 + rs * (k1 + rs * (k2 + rs * k3))
        b = 1 + rs * (k4 + rs * (k5 + rs * k6))
        return a, np.where(b == 0, 1.0, b)

    def _first_guess(self, pixels: F64) -> F64:
        codx, cody = self.distortion_centre
        p1, p2 = self.tangential
        x = (pixels[:, 0] - self.cx) / self.fx - codx
        y = (pixels[:, 1] - self.cy) / self.fy - cody
        gain = self._radial_gain(x * x + y * y)
        gain = np.where(gain == 0, 1.0, gain)
        x, y = x / gain, y / gain
        return np.stack(
            [
                x - ((y * y + 3 * x * x) * p2 + 2 * x * y * p1) + codx,
                y - ((x * x + 3 * y * y) * p1 + 2 * x * y * p2) + cody,
            ],
            axis=1,
        )

    def _jacobian(self, rays: F64) -> F64:
        """Differentiate the pixel by the ray, (N, 2, 2)."""
        codx, cody = self.distortion_centre
        x, y = rays[:, 0] - codx, rays[:, 1] - cody
        p1, p2 = self.tangential
        f = self.tangential_xy_factor
        k1, k2, k3, k4, k5, k6 = self.radial
        rs = x * x + y * y
        a, b = self._radial_polynomials(rs)
        d = a / b
        da = k1 + rs * (2 * k2 + rs * 3 * k3)
        db = k4 + rs * (2 * k5 + rs * 3 * k6)
        dd = 2 * (da * b - a * db) / (b * b)  # derivative by x is x*dd, by y is y*dd
        cross = x * y * dd
        return np.stack(
            [
                self.fx
                * np.stack([d + x * x * dd + 6 * x * p2 + f * y * p1, cross + 2 * y * p2 + f * x * p1]),
                self.fy
                * np.stack([cross + 2 * x * p1 + f * y * p2, d + y * y * dd + 6 * y * p1 + f * x * p2]),
            ]
        ).transpose(2, 0, 1)


def _solve_2x2(matrix: F64, right: F64) -> F64:
    """Solve (N, 2, 2) systems; no step where a matrix is singular."""
    det = matrix[:, 0, 0] * matrix[:, 1, 1] - matrix[:, 0, 1] * matrix[:, 1, 0]
    inverse = np.divide(1.0, det, out=np.zeros_like(det), where=det != 0)
    x = (matrix[:, 1, 1] * right[:, 0] - matrix[:, 0, 1] * right[:, 1]) * inverse
    y = (matrix[:, 0, 0] * right[:, 1] - matrix[:, 1, 0] * right[:, 0]) * inverse
    return np.stack([x, y], axis=1)
