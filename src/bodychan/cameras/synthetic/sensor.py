"""The virtual sensor: what the depth camera measures of the surfaces that the rays met.

The camera sees its own infrared light come back. With S = reflectance · cos(incidence) / z² (z in metres),
which is what `strength` means below, the infrared image is `IR_GAIN` · S, and the depth noise is that of a
time-of-flight pixel, whose phase error is the noise of S over S. The numbers are chosen so that a surface
of reflectance 0.6 has a standard deviation of 1.5 mm at 1.5 m and 9 mm at 3.9 m.
"""

import numba
import numpy as np

from bodychan.model.arrays import F32, U16, Bool
from bodychan.optics.lens import Lens

IR_GAIN = 2000.0
_NOISE_MM = 0.39
_AMBIENT = 0.8
_WEAKEST = 0.006
_STRONGEST = 4.5
_GRAZING_SHARE = 0.2
"""Share of the depth that one pixel spans on a slanted surface which ends up as noise."""
_EDGE_MM, _EDGE_SHARE = 40.0, 0.03
_DROPPED, _FLYING = 0.3, 0.3
_IR_READ, _IR_SHOT = 3.0, 0.3


def lit_area(lens: Lens) -> Bool:
    """Give the hexagon that the infrared light of a narrow field of view fills, (height, width).

    Its shape is that of a real device's image: full width in the middle row, 56 % of it at top and bottom.
    """
    v, u = np.mgrid[0 : lens.height, 0 : lens.width]
    sideways = np.abs(u - (lens.width - 1) / 2) / (lens.width / 2)
    upwards = np.abs(v - (lens.height - 1) / 2) / (lens.height / 2)
    return np.asarray(sideways + 0.45 * upwards <= 1.015)


def measure_depth(depth: F32, strength: F32, cosine: F32, valid: Bool, rng: np.random.Generator) -> U16:
    """Give the depth image, uint16 mm with 0 where nothing could be measured.

    Args:
        depth: (H, W) true depth in mm.
        strength: (H, W) returned light S.
        cosine: (H, W) of the angle of incidence.
        valid: (H, W) where the sensor looks at all.
        rng: source of the noise.
    """
    noise = rng.standard_normal(depth.shape, dtype=np.float32)
    measured = np.empty_like(depth)
    _add_noise(depth, strength, cosine, valid, noise, measured)
    edge, near, far = _edges(depth, measured)
    # Some pixels at depth edges are dropped, others fly between near and far.
    fate = rng.random(len(edge), dtype=np.float32)
    between = near + rng.random(len(edge), dtype=np.float32) * (far - near)
    measured.flat[edge[fate < _FLYING]] = between[fate < _FLYING]
    measured.flat[edge[fate > 1 - _DROPPED]] = 0.0
    out = np.empty(depth.shape, np.uint16)
    _round(measured, out)
    return out


def measure_infrared(strength: F32, valid: Bool, rng: np.random.Generator) -> U16:
    """Give the infrared image, uint16, with shot and read noise; 0 where the sensor does not look."""
    noise = rng.standard_normal(strength.shape, dtype=np.float32)
    out = np.empty(strength.shape, np.uint16)
    _infrared(strength, valid, noise, out)
    return out


# The kernels compute in float32 throughout, as numpy does with float32 arrays, one pixel after the other.
_F = np.float32
_ZERO, _ONE, _TENTH, _MOST = _F(0), _F(1), _F(0.1), _F(65535)
_LEAST_LIGHT = _F(1e-4)
_NOISE_32, _AMBIENT_32, _SLANT_32 = _F(_NOISE_MM), _F(_AMBIENT), _F(_GRAZING_SHARE / 500.0)
_WEAKEST_32, _STRONGEST_32 = _F(_WEAKEST), _F(_STRONGEST)
_EDGE_MM_32, _EDGE_SHARE_32 = _F(_EDGE_MM), _F(_EDGE_SHARE)
_GAIN_32, _READ_32, _SHOT_32 = _F(IR_GAIN), _F(_IR_READ**2), _F(_IR_SHOT)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _add_noise(depth, strength, cosine, valid, noise, out):  # type: ignore[no-untyped-def]
    """Fill `out` with depth and the noise of its light; 0 where too little or too much comes back."""
    for y in range(depth.shape[0]):
        for x in range(depth.shape[1]):
            light = strength[y, x]
            weak = max(light, _LEAST_LIGHT)
            sd = _NOISE_32 * np.sqrt(weak + _AMBIENT_32) / weak
            level = max(cosine[y, x], _TENTH)
            slant = _SLANT_32 * depth[y, x] * np.sqrt(_ONE / (level * level) - _ONE)
            seen = valid[y, x] and light > _WEAKEST_32 and light < _STRONGEST_32
            out[y, x] = depth[y, x] + noise[y, x] * (sd + slant) if seen else _ZERO


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _edges(depth, measured):  # type: ignore[no-untyped-def]
    """Find the measured pixels beside which the depth jumps: their places, near and far depth there."""
    height, width = depth.shape
    place = np.empty(height * width, np.int64)
    near, far = np.empty(height * width, np.float32), np.empty(height * width, np.float32)
    count = 0
    for y in range(height):
        for x in range(width):
            if measured[y, x] <= _ZERO:
                continue
            low = high = depth[y, x]
            for j, i in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if 0 <= j < height and 0 <= i < width:
                    low, high = min(low, depth[j, i]), max(high, depth[j, i])
            if high - low > _EDGE_MM_32 + _EDGE_SHARE_32 * low:
                place[count], near[count], far[count] = y * width + x, low, high
                count += 1
    return place[:count], near[:count], far[:count]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _round(measured, out):  # type: ignore[no-untyped-def]
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            out[y, x] = np.uint16(np.rint(min(max(measured[y, x], _ZERO), _MOST)))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _infrared(strength, valid, noise, out):  # type: ignore[no-untyped-def]
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            ideal = _GAIN_32 * strength[y, x]
            level = ideal + noise[y, x] * np.sqrt(_READ_32 + _SHOT_32 * ideal)
            level = min(max(level, _ONE), _MOST) if valid[y, x] else _ZERO
            out[y, x] = np.uint16(np.rint(level))
