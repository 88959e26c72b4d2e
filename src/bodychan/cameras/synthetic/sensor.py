"""The virtual sensor: what the depth camera measures of the surfaces that the rays met.

The camera sees its own infrared light come back. With S = reflectance · cos(incidence) / z² (z in metres),
which is what `strength` means below, the infrared image is `IR_GAIN` · S, and the depth noise is that of a
time-of-flight pixel, whose phase error is the noise of S over S. The numbers are chosen so that a surface
of reflectance 0.6 has a standard deviation of 1.5 mm at 1.5 m and 9 mm at 3.9 m.
"""

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
    weak = np.maximum(strength, np.float32(1e-4))
    sd = np.float32(_NOISE_MM) * np.sqrt(weak + np.float32(_AMBIENT)) / weak
    level = np.maximum(cosine, np.float32(0.1))
    slant = np.float32(_GRAZING_SHARE / 500.0) * depth * np.sqrt(1 / (level * level) - 1)
    noise = rng.standard_normal(depth.shape, dtype=np.float32)
    measured: F32 = np.asarray(depth + noise * (sd + slant), dtype=np.float32)
    measured[~(valid & (strength > _WEAKEST) & (strength < _STRONGEST))] = 0.0
    _spoil_edges(measured, depth, rng)
    return np.asarray(np.rint(np.clip(measured, 0, 65535)).astype(np.uint16))


def measure_infrared(strength: F32, valid: Bool, rng: np.random.Generator) -> U16:
    """Give the infrared image, uint16, with shot and read noise; 0 where the sensor does not look."""
    ideal = np.float32(IR_GAIN) * strength
    noise = rng.standard_normal(strength.shape, dtype=np.float32)
    image = ideal + noise * np.sqrt(np.float32(_IR_READ**2) + np.float32(_IR_SHOT) * ideal)
    return np.asarray(np.rint(np.where(valid, np.clip(image, 1, 65535), 0)).astype(np.uint16))


def _spoil_edges(measured: F32, depth: F32, rng: np.random.Generator) -> None:
    """Drop some pixels at depth edges and let others fly between near and far, in place."""
    far, near = depth.copy(), depth.copy()
    for axis in (0, 1):
        ahead = [slice(None)] * 2
        behind = [slice(None)] * 2
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        for here, there in ((tuple(ahead), tuple(behind)), (tuple(behind), tuple(ahead))):
            far[here] = np.maximum(far[here], depth[there])
            near[here] = np.minimum(near[here], depth[there])
    edge = np.flatnonzero((far - near > _EDGE_MM + _EDGE_SHARE * near) & (measured > 0))
    fate = rng.random(len(edge), dtype=np.float32)
    between = near.flat[edge] + rng.random(len(edge), dtype=np.float32) * (far.flat[edge] - near.flat[edge])
    flying = edge[fate < _FLYING]
    measured.flat[flying] = between[fate < _FLYING]
    measured.flat[edge[fate > 1 - _DROPPED]] = 0.0
