"""The lens model, compiled. `Lens` says what goes in and comes out; the way back is `lens_inverse_kernels`.

Every kernel takes `Lens.parameters`.
"""

import numba
import numpy as np
from numba import types

from bodychan.model.arrays import F64, Bool
from bodychan.optics.compiled import fills, reads

ARRAYS = types.void(reads(types.f8, 1), reads(types.f8, 2), fills(types.f8, 2), fills(types.b1, 1))
"""With its types stated a kernel is compiled when it is imported, and not when it is first needed."""


@numba.njit(ARRAYS, cache=True, nogil=True, error_model="numpy")
def project(lens: F64, points: F64, pixels: F64, valid: Bool) -> None:
    """Fill `pixels` (N, 2) and `valid` (N,) for `points` (N, 3); see `Lens.project`."""
    cx, cy, fx, fy = lens[0], lens[1], lens[2], lens[3]
    k1, k2, k3, k4, k5, k6 = lens[4], lens[5], lens[6], lens[7], lens[8], lens[9]
    codx, cody, p2, p1 = lens[10], lens[11], lens[12], lens[13]
    radius2, f = lens[14] * lens[14], lens[15]
    for i in range(len(points)):
        ahead = points[i, 2] > 0
        z = points[i, 2] if ahead else 1.0
        x, y = points[i, 0] / z - codx, points[i, 1] / z - cody
        xx, yy = x * x, y * y
        rs = xx + yy
        a = 1.0 + rs * (k1 + rs * (k2 + rs * k3))
        b = 1.0 + rs * (k4 + rs * (k5 + rs * k6))
        gain = a / (1.0 if b == 0.0 else b)
        xy = f * (x * y)
        u = (x * gain + (rs + 2.0 * xx) * p2 + xy * p1 + codx) * fx + cx
        v = (y * gain + (rs + 2.0 * yy) * p1 + xy * p2 + cody) * fy + cy
        valid[i] = ahead and rs <= radius2 and np.isfinite(u) and np.isfinite(v)
        if valid[i]:
            pixels[i, 0], pixels[i, 1] = u, v
