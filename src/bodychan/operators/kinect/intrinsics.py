"""What scripts ask a Kinect Azure TOP about its lenses and sensors, in channel space."""

from typing import NamedTuple

import numpy as np

from bodychan.errors import OperatorError
from bodychan.model.arrays import F64
from bodychan.optics.calibration import Calibration

_SENSORS = ("depth", "color", "accel", "gyro")
"""The sensors by the numbers that `getRemapTransform` takes."""

_D = np.diag([-1.0, -1.0, 1.0, 1.0])
_METRES = np.diag([0.001, 0.001, 0.001, 1.0])


class Intrinsics(NamedTuple):
    """A lens: centre and focal lengths in pixels, distortion as in OpenCV's rational Brown-Conrady model."""

    cx: float
    cy: float
    fx: float
    fy: float
    k1: float
    k2: float
    k3: float
    k4: float
    k5: float
    k6: float
    codx: float
    cody: float
    p2: float
    p1: float


class ImagePosition(NamedTuple):
    """A place in an image: u, v over its edges from the bottom left, and whether the point can be seen."""

    u: float
    v: float
    success: bool


def intrinsics(calibration: Calibration, camera: str) -> Intrinsics:
    """Return a camera's lens in the calibration's mode."""
    lens = calibration.lenses[camera]
    p1, p2 = lens.tangential
    return Intrinsics(lens.cx, lens.cy, lens.fx, lens.fy, *lens.radial, *lens.distortion_centre, p2, p1)


def remap_transform(calibration: Calibration, source: int, target: int) -> F64:
    """Return the (4, 4) matrix between two sensors, metres; see `KinectAzureTOP.getRemapTransform`.

    Raises:
        OperatorError: a number is none of 0 to 3.
    """
    for number in (source, target):
        if number not in range(len(_SENSORS)):
            raise OperatorError(f"no sensor {number}: 0 depth, 1 colour, 2 accelerometer, 3 gyroscope")
    matrix = calibration.extrinsics(_SENSORS[source], _SENSORS[target])
    before = _D if source < 2 else np.eye(4)
    after = _D if target < 2 else np.eye(4)
    return np.asarray(after @ _METRES @ matrix @ np.linalg.inv(_METRES) @ before)


def image_position(calibration: Calibration, world: F64, camera: str) -> ImagePosition:
    """Return where a point (3,) in metres of channel space appears in an image; 0, 0 where it does not."""
    point = np.asarray(world, dtype=np.float64) * [-1000.0, -1000.0, 1000.0]
    pixels, valid = calibration.project(point[None], "depth", camera)
    if not valid[0]:
        return ImagePosition(0.0, 0.0, False)
    lens = calibration.lenses[camera]
    x, y = pixels[0]
    return ImagePosition((x + 0.5) / lens.width, 1.0 - (y + 0.5) / lens.height, True)
