from dataclasses import replace

import numpy as np
import pytest

from bodychan import Calibration
from bodychan.model.arrays import F64, U16
from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.landmarks import LANDMARK_COUNT, Landmark, Landmarks
from bodychan.tracking.builtin.observe.lift import _SIDE_MM, Lifted, below_skin, cloud, grid, lift
from people import person

PLANE_MM, WALL_MM = 2000, 3300


def looked_at(pixels: F64, region: Region, mask: float = 5.0) -> Landmarks:
    return Landmarks(
        pixels,
        np.ones(LANDMARK_COUNT),
        np.ones(LANDMARK_COUNT),
        np.zeros((LANDMARK_COUNT, 3)),
        1.0,
        np.full((256, 256), mask, np.float32),
        region,
        region,
    )


def spread(middle: tuple[float, float], width: float) -> F64:
    """33 pixels round a middle, none twice."""
    steps = np.linspace(-width / 2, width / 2, LANDMARK_COUNT)
    return np.stack([middle[0] + steps, middle[1] + np.roll(steps, 11)], axis=1)


def lifted(landmarks: Landmarks, depth: U16, calibration: Calibration, camera: str) -> Lifted | None:
    around = cloud(depth, grid(calibration), calibration, camera)
    return lift(landmarks, depth, around, calibration, camera)


def plane(calibration: Calibration, z: int = PLANE_MM) -> U16:
    lens = calibration.lenses["depth"]
    return np.full((lens.height, lens.width), z, np.uint16)


def test_landmarks_on_a_plane_lie_their_depth_below_its_skin(calibration: Calibration) -> None:
    pixels = spread((320, 288), 200)
    found = lifted(looked_at(pixels, Region(320, 288, 300)), plane(calibration), calibration, "depth")
    assert found is not None
    assert found.measured.all()
    assert found.seen.all()
    assert found.depth_mm == PLANE_MM
    assert np.allclose(found.points[:, 2], PLANE_MM + _SIDE_MM)
    back, _ = calibration.project(found.points, "depth", "depth")
    assert np.allclose(back, pixels, atol=1e-3)


def test_seen_in_colour_the_points_lie_on_the_colour_camera_s_rays(calibration: Calibration) -> None:
    lens = calibration.lenses["color"]
    pixels = spread((lens.width / 2, lens.height / 2), 200)
    found = lifted(
        looked_at(pixels, Region(lens.width / 2, lens.height / 2, 300)),
        plane(calibration),
        calibration,
        "color",
    )
    assert found is not None
    assert found.measured.all()
    assert np.allclose(found.points[:, 2], PLANE_MM + _SIDE_MM)
    back, _ = calibration.project(found.points, "depth", "color")
    assert np.allclose(back, pixels, atol=1e-3)


@pytest.mark.parametrize("camera", ["depth", "color"])
def test_on_a_sphere_each_landmark_has_the_depth_of_its_own_place(
    calibration: Calibration, camera: str
) -> None:
    centre, radius = np.array([40.0, 30.0, 2300.0]), 400.0
    rays = np.dstack([calibration.lenses["depth"].ray_table, np.ones((576, 640))])
    a, b = (rays**2).sum(axis=2), rays @ centre
    inside = b**2 - a * (centre @ centre - radius**2)
    depth = np.where(inside > 0, (b - np.sqrt(np.maximum(inside, 0))) / a, WALL_MM)
    angles = np.linspace(0, 2 * np.pi, LANDMARK_COUNT)
    skin = centre + radius * np.stack(
        [0.5 * np.cos(angles), 0.5 * np.sin(angles), np.full(LANDMARK_COUNT, -np.sqrt(0.75))], axis=1
    )
    pixels, _ = calibration.project(skin, "depth", camera)
    lens = calibration.lenses[camera]
    middle, _ = calibration.project(centre[None], "depth", camera)
    region = Region(float(middle[0, 0]), float(middle[0, 1]), 2.2 * radius * lens.fx / 2300)
    found = lifted(looked_at(pixels, region), np.nan_to_num(depth).astype(np.uint16), calibration, camera)
    assert found is not None
    assert found.measured.all()
    on_skin = found.points[:, 2] - _SIDE_MM
    assert np.abs(on_skin - skin[:, 2]).max() < 30


def test_behind_a_thin_limb_the_wall_is_not_taken(calibration: Calibration) -> None:
    depth = plane(calibration, WALL_MM)
    depth[200:400, 310:330] = PLANE_MM  # a trunk for the person's depth
    depth[250:350, 400:406] = PLANE_MM - 100  # a limb of six pixels
    pixels = spread((320, 300), 15)
    pixels[Landmark.WRIST_LEFT] = [402.5, 300.0]
    landmarks = looked_at(pixels, Region(320, 300, 250))
    landmarks.mask[:] = -5
    landmarks.mask[28:228, 115:140] = 5
    landmarks.mask[76:180, 195:224] = 5
    found = lifted(landmarks, depth, calibration, "depth")
    assert found is not None
    wrist = found.points[Landmark.WRIST_LEFT, 2] - _SIDE_MM[Landmark.WRIST_LEFT]
    assert wrist == pytest.approx(PLANE_MM - 100)


def test_without_depth_there_or_outside_the_image_a_landmark_is_not_seen(calibration: Calibration) -> None:
    depth = plane(calibration)
    depth[100:200, 300:400] = 0
    pixels = spread((320, 400), 60)
    pixels[Landmark.WRIST_LEFT] = [350, 150]
    pixels[Landmark.ANKLE_LEFT] = [320, 700]
    found = lifted(looked_at(pixels, Region(320, 400, 600)), depth, calibration, "depth")
    assert found is not None
    assert not found.seen[[Landmark.WRIST_LEFT, Landmark.ANKLE_LEFT]].any()
    assert found.inside[Landmark.WRIST_LEFT]
    assert not found.inside[Landmark.ANKLE_LEFT]
    assert np.isfinite(found.points).all()
    assert found.points[Landmark.WRIST_LEFT, 2] == found.depth_mm


def test_a_landmark_that_the_network_thinks_hidden_is_measured_but_not_seen(calibration: Calibration) -> None:
    landmarks = looked_at(spread((320, 288), 100), Region(320, 288, 300))
    landmarks = replace(landmarks, visibility=np.full(LANDMARK_COUNT, 0.2))
    found = lifted(landmarks, plane(calibration), calibration, "depth")
    assert found is not None
    assert found.measured.all()
    assert not found.seen.any()


def test_an_empty_mask_or_an_empty_depth_image_is_nobody(calibration: Calibration) -> None:
    pixels, region = spread((320, 288), 100), Region(320, 288, 300)
    assert lifted(looked_at(pixels, region, mask=-5.0), plane(calibration), calibration, "depth") is None
    assert lifted(looked_at(pixels, region), plane(calibration, 0), calibration, "depth") is None


def test_the_same_person_shows_in_the_same_points(calibration: Calibration) -> None:
    pixels, depth = spread((320, 288), 100), plane(calibration)
    one = lifted(looked_at(pixels, Region(320, 288, 200)), depth, calibration, "depth")
    wider = lifted(looked_at(pixels, Region(320, 288, 400)), depth, calibration, "depth")
    assert one is not None
    assert wider is not None
    assert np.isin(one.own, wider.own).all()
    assert len(wider.own) > 2 * len(one.own)


def test_how_deep_joints_lie_depends_on_the_side_from_which_they_are_seen() -> None:
    front, side, back = (
        below_skin(person(yaw=yaw, knee=0.0).completed().world) for yaw in (0.0, 90.0, 180.0)
    )
    for part in ("SHOULDER_LEFT", "HIP_RIGHT", "EAR_LEFT", "ELBOW_RIGHT"):
        assert side[Landmark[part]] < front[Landmark[part]] - 6
    for part in ("SHOULDER_LEFT", "KNEE_RIGHT", "NOSE"):  # chest, kneecap and face are in front
        assert back[Landmark[part]] > front[Landmark[part]] + 10
    assert back[Landmark.HIP_LEFT] < front[Landmark.HIP_LEFT] - 30  # the belly is in front of the hips
    assert front[Landmark.KNEE_LEFT] == pytest.approx(side[Landmark.KNEE_LEFT], abs=3)


def test_of_one_who_sits_before_the_camera_the_hips_lie_below_the_thighs() -> None:
    standing, sitting = (below_skin(person(knee=bend).completed().world) for bend in (0.0, 90.0))
    assert sitting[Landmark.HIP_LEFT] > standing[Landmark.HIP_LEFT] + 100
    assert sitting[Landmark.KNEE_LEFT] == standing[Landmark.KNEE_LEFT]
