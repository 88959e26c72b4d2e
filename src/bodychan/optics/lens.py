"""One camera's lens: the two distortion models found on Azure Kinect devices, and their inverse.

Pixels are 0-centred: (0, 0) is the centre of the top-left pixel, as in OpenCV. The models and the rules of
validity are those of Microsoft's libk4a (src/transformation/intrinsic_transformation.c), in float64.
"""

from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import numpy as np

from bodychan.model.arrays import F32, F64, Bool, Float, frozen


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

    def project(self, points: Float) -> tuple[F64, Bool]:
        """Give the pixels where points of this camera's own frame appear.

        Args:
            points: (N, 3), any length unit, x right, y down, z forward.

        Returns:
            pixels (N, 2) float64, also outside the image, and valid (N,) bool. A point behind the camera or
            beyond the metric radius is not valid and gets (0, 0).
        """
        pixels, valid = np.zeros((len(points), 2)), np.zeros(len(points), np.bool_)
        self._forward.project(self.parameters, np.array(points, np.float64, order="C"), pixels, valid)
        return pixels, valid

    def unproject(self, pixels: Float) -> tuple[F64, Bool]:
        """Give the viewing rays of pixels.

        Args:
            pixels: (N, 2), 0-centred.

        Returns:
            rays (N, 2) float64, x/z and y/z, and valid (N,) bool; (0, 0) where not valid.
        """
        rays, valid = np.zeros((len(pixels), 2)), np.zeros(len(pixels), np.bool_)
        self._backward.unproject(self.parameters, np.array(pixels, np.float64, order="C"), rays, valid)
        return rays, valid

    @cached_property
    def ray_table(self) -> F32:
        """Ray of every pixel at z = 1, (height, width, 2) float32; NaN where the lens sees nothing."""
        return frozen(np.ascontiguousarray(np.moveaxis(self.ray_planes, 0, 2)))

    @cached_property
    def ray_planes(self) -> F32:
        """The ray table as two images, (2, height, width) float32: x/z and y/z."""
        planes = np.empty((2, self.height, self.width), np.float32)
        self._backward.ray_planes(self.parameters, planes)
        return frozen(planes)

    @cached_property
    def parameters(self) -> F64:
        """(16,) float64: cx, cy, fx, fy, k1..k6, codx, cody, p2, p1, metric radius, xy factor.

        The first fifteen are in the order of libk4a's k4a_calibration_intrinsic_parameters_t.
        """
        p1, p2 = self.tangential
        focal = (self.cx, self.cy, self.fx, self.fy)
        rest = (*self.distortion_centre, p2, p1, self.metric_radius, self.tangential_xy_factor)
        return frozen(np.array([*focal, *self.radial, *rest]))

    @cached_property
    def _forward(self) -> ModuleType:
        """The compiled lens model; late, because numba takes a second to import."""
        from bodychan.optics import lens_kernels

        return lens_kernels

    @cached_property
    def _backward(self) -> ModuleType:
        """The compiled inverse of the lens model; later still, because it is seldom needed."""
        from bodychan.optics import lens_inverse_kernels

        return lens_inverse_kernels
