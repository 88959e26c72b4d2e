"""Third stage: landmarks of the image become points in the room, by the depth image.

A landmark lies over the middle of a limb, so the depth around it is that of the skin in front of the joint,
that of something nearer which hides it, or that of what is behind where the limb is thin or its outline
rough. The mask of the person, the depth of the whole person, and the nearest of the surfaces around the
landmark tell these apart; what lies between skin and joint is a table.
"""

from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F64, I64, U16, Bool
from bodychan.optics.calibration import Calibration
from bodychan.tracking.blazepose.landmarks import LANDMARK_COUNT, Landmark, Landmarks
from bodychan.tracking.builtin.observe.surface import Windows, in_mask, is_inside, read, surfaces

_SEEN_VISIBILITY = 0.5
_WINDOW = 9
"""Places across the window around a landmark at which depth is read."""
_LEAST_PLACES = 5
"""Fewer valid places than this are no measurement."""
_SURFACE_MM = 60.0
"""Depth within one surface of a window: a limb's curvature and the sensor's noise."""
_REACH_MM = 900.0
"""No part of a person is farther from the middle depth of the person than this."""
_GRID_STEPS = 64
"""Places across the depth image at which a person's own depth is sampled."""
_LEAST_CLOUD = 12
"""Fewer of them in the mask are no person."""


@dataclass(frozen=True, slots=True, eq=False)
class Lifted:
    """One person's landmarks in the room.

    `points` (33, 3) mm in the depth camera's frame, the joint inside the body; where not `measured` (33,)
    the point lies at the depth of the person as a whole on the landmark's ray, and only its direction means
    something. `seen` (33,) is measured and thought by the network not to be hidden; `inside` (33,) where the
    landmark lies in the depth image. `depth_mm` is the person's middle depth,
    `own` the indices of the points of the `Cloud` that show the person.
    """

    points: F64
    measured: Bool
    seen: Bool
    inside: Bool
    depth_mm: float
    own: I64


def _table(default: float, **special: float) -> F64:
    values = np.full(LANDMARK_COUNT, default)
    for landmark in Landmark:
        part = landmark.name.rpartition("_")[0] or landmark.name
        values[landmark] = special.get(part.lower(), default)
    return values


_RADIUS_MM = _table(25.0, shoulder=40.0, hip=60.0, knee=40.0, elbow=30.0, ankle=30.0)
"""Half the side of the window around each landmark."""

_NEAR_SHARE = _table(0.25, shoulder=0.4, hip=0.5)
"""Which part of a window's depths, from the nearest, marks the surface that is looked for."""

_FRONT_MM = _table(
    15.0,
    nose=-20.0,
    eye=17.0,
    ear=77.0,
    shoulder=57.0,
    elbow=46.0,
    wrist=29.0,
    hip=128.0,
    knee=55.0,
    ankle=57.0,
)
_SIDE_MM = _table(
    15.0,
    nose=40.0,
    eye=30.0,
    ear=-9.0,
    shoulder=36.0,
    elbow=38.0,
    wrist=22.0,
    hip=80.0,
    knee=57.0,
    ankle=44.0,
)
_BACK_MM = _table(
    15.0,
    nose=110.0,
    eye=80.0,
    ear=30.0,
    shoulder=69.0,
    elbow=37.0,
    wrist=21.0,
    hip=86.0,
    knee=68.0,
    ankle=47.0,
)
"""From the skin to the joint along the viewing ray, for an adult seen from the front, from the side and from
behind; medians over rendered people."""

_LAP_MM = 130.0
"""To be added at the hip where the thigh points at the camera: what is seen there is the thigh's top."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Every so-many-th pixel of the depth image: `pixels` (M, 2) and their `rays` (M, 2), x/z and y/z."""

    pixels: I64
    rays: F64


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Depths of one capture: `depths` (M,) mm and `pixels` (M, 2) of the camera in whose image people are."""

    depths: F64
    pixels: F64


@dataclass(frozen=True, slots=True, eq=False)
class _Rays:
    """Viewing rays in the depth camera's frame: from `origin` (3,) mm along `directions` (N, 3)."""

    origin: F64
    directions: F64

    def at(self, depths: F64) -> F64:
        """Give the points (N, 3) mm whose depth in the depth camera is `depths` (N,)."""
        steps = (depths - self.origin[2]) / self.directions[:, 2]
        return np.asarray(self.origin + self.directions * steps[:, None])


def grid(calibration: Calibration) -> Grid:
    """Choose the pixels that stand for the whole depth image; made once for a calibration."""
    lens = calibration.lenses["depth"]
    step = max(lens.width // _GRID_STEPS, 1)
    v, u = np.mgrid[step // 2 : lens.height : step, step // 2 : lens.width : step]
    pixels = np.stack([u.ravel(), v.ravel()], axis=1)
    rays, valid = lens.unproject(pixels.astype(np.float64))
    return Grid(pixels[valid], rays[valid])


def cloud(depth: U16, chosen: Grid, calibration: Calibration, camera: str) -> Cloud:
    """Read a depth image at the chosen pixels and see where they appear in the image of `camera`."""
    z = read(depth, chosen.pixels).astype(np.float64)
    there = z > 0
    if camera == "depth":
        return Cloud(z[there], chosen.pixels[there].astype(np.float64))
    points = np.concatenate([chosen.rays[there] * z[there, None], z[there, None]], axis=1)
    pixels, valid = calibration.lenses[camera].project(calibration.transform(points, "depth", camera))
    return Cloud(z[there][valid], pixels[valid])


def lift(
    landmarks: Landmarks,
    depth: U16,
    around: Cloud,
    calibration: Calibration,
    camera: str,
    size: float = 1.0,
    deeper: F64 | float = 0.0,
) -> Lifted | None:
    """Find the landmarks of a person in the room.

    Args:
        landmarks: in the pixels of `camera`.
        depth: (H, W) mm of the same capture.
        around: of the same capture, seen by `camera`.
        calibration: of the device in the capture's modes.
        camera: "depth" for the IR and depth image, or "color".
        size: of the person relative to an adult of 1.75 m, as far as it is known: small people are thin.
        deeper: (33,) mm, by how much deeper than usual the joints of a stout person lie below the skin.

    Returns:
        The points, or None where the depth image shows nothing in the mask.
    """
    own = np.flatnonzero(in_mask(landmarks, around.pixels))
    if len(own) < _LEAST_CLOUD:
        return None
    middle = float(np.median(around.depths[own]))
    own = own[np.abs(around.depths[own] - middle) < _REACH_MM]
    lens = calibration.lenses["depth"]
    rays = _rays(landmarks.pixels, calibration, camera)
    z = np.full(LANDMARK_COUNT, middle)
    measured = np.zeros(LANDMARK_COUNT, dtype=bool)
    # The colour camera stands beside the depth camera: where a landmark falls in the depth image depends
    # on its depth, so the window is placed by the person's depth first and by its own the second time.
    for _ in range(1 if camera == "depth" else 2):
        places, _ = lens.project(rays.at(z))
        found, measured = _surface(landmarks, places, middle, depth, calibration, camera)
        z = np.where(measured, found, middle)
    points = rays.at(z + np.where(measured, size * below_skin(landmarks.world) + deeper, 0.0))
    places, ahead = lens.project(points)
    inside = ahead & is_inside(np.rint(places).astype(np.int64), depth)
    seen = measured & inside & (landmarks.visibility > _SEEN_VISIBILITY)
    return Lifted(points, measured, seen, inside, middle, own)


def below_skin(world: F64) -> F64:
    """Give how far (33,) mm each joint lies behind the skin over it, by the guessed pose (33, 3)."""
    facing = np.full(LANDMARK_COUNT, _along_view(_ahead(world)))
    face = world[Landmark.NOSE] - (world[Landmark.EAR_LEFT] + world[Landmark.EAR_RIGHT]) / 2
    facing[: Landmark.SHOULDER_LEFT] = _along_view(face)
    ends = np.where(facing < 0, _FRONT_MM, _BACK_MM)
    depths = _SIDE_MM + (ends - _SIDE_MM) * facing**2
    for side in ("LEFT", "RIGHT"):
        thigh = world[Landmark[f"HIP_{side}"]] - world[Landmark[f"KNEE_{side}"]]
        depths[Landmark[f"HIP_{side}"]] += _LAP_MM * max(0.0, _along_view(thigh)) ** 2
    return np.asarray(depths)


def _ahead(world: F64) -> F64:
    """Give the direction (3,) in which the trunk of a guessed pose (33, 3) looks."""
    left = world[Landmark.SHOULDER_LEFT] - world[Landmark.SHOULDER_RIGHT]
    shoulders, hips = (
        (world[Landmark[f"{part}_LEFT"]] + world[Landmark[f"{part}_RIGHT"]]) / 2
        for part in ("SHOULDER", "HIP")
    )
    return np.asarray(np.cross(left, shoulders - hips))


def _along_view(vector: F64) -> float:
    """Give the cosine between a vector (3,) and the view: 1 away from the camera, -1 towards it."""
    length = float(np.linalg.norm(vector))
    return float(vector[2]) / length if length > 0 else 0.0


def _rays(pixels: F64, calibration: Calibration, camera: str) -> _Rays:
    """Give the rays of a camera's pixels; those that its lens model does not reach, as a pinhole has them."""
    lens = calibration.lenses[camera]
    flat, valid = lens.unproject(pixels)
    pinhole = (pixels - (lens.cx, lens.cy)) / (lens.fx, lens.fy)
    rays = np.concatenate([np.where(valid[:, None], flat, pinhole), np.ones((len(pixels), 1))], axis=1)
    if camera == "depth":
        return _Rays(np.zeros(3), rays)
    pose = calibration.extrinsics(camera, "depth")
    return _Rays(pose[:3, 3], rays @ pose[:3, :3].T)


def _surface(
    landmarks: Landmarks, places: F64, middle: float, depth: U16, calibration: Calibration, camera: str
) -> tuple[F64, Bool]:
    """Read the depth of the surface around each landmark: (33,) mm, and whether there is one."""
    lens = calibration.lenses["depth"]
    windows = Windows(
        places,
        landmarks.pixels,
        calibration.lenses[camera].fx / lens.fx,
        np.maximum(_RADIUS_MM * lens.fx / middle, 2.0),
        _WINDOW,
        _NEAR_SHARE,
        middle,
        _REACH_MM,
        _SURFACE_MM,
    )
    depths, counts = surfaces(landmarks, windows, depth)
    return depths, counts >= _LEAST_PLACES
