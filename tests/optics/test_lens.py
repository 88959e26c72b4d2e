"""The lens as such; that it is Microsoft's stands in test_calibration.py."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bodychan import Calibration
from bodychan.optics.lens import Lens
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES
from reference import lens_plain

PLAIN = Lens(64, 48, 31.0, 24.0, 40.0, 41.0, (0.0,) * 6, (0.0, 0.0))

lenses = st.builds(
    Lens,
    width=st.just(48),
    height=st.just(40),
    cx=st.floats(15, 33),
    cy=st.floats(12, 28),
    fx=st.floats(20, 80),
    fy=st.floats(20, 80),
    radial=st.tuples(*[st.floats(-0.4, 1.0)] * 6),
    tangential=st.tuples(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)),
    distortion_centre=st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05)),
    metric_radius=st.sampled_from([0.8, 1.7, math.inf]),
    tangential_xy_factor=st.sampled_from([1.0, 2.0]),
)


def rays_in_numpy(lens: Lens) -> tuple[np.ndarray, np.ndarray]:
    v, u = np.mgrid[0 : lens.height, 0 : lens.width]
    rays, valid = lens_plain.unproject(lens, np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float64))
    return rays.reshape(lens.height, lens.width, 2), valid.reshape(lens.height, lens.width)


@given(lenses)
@settings(max_examples=60, deadline=None)
def test_the_compiled_ray_table_is_that_of_numpy(lens: Lens) -> None:
    rays, valid = rays_in_numpy(lens)
    table = lens.ray_table
    # Where the method hardly converges, the last bit of a sum decides.
    assert np.count_nonzero(np.isfinite(table[..., 0]) != valid) <= 2
    both = valid & np.isfinite(table[..., 0])
    np.testing.assert_allclose(table[both], rays[both], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("depth_mode", DEPTH_MODES)
def test_the_ray_table_of_every_depth_mode_is_that_of_numpy(
    calibration: Calibration, depth_mode: str
) -> None:
    lens = Calibration.from_json(calibration.raw, depth_mode).lenses["depth"]
    rays, valid = rays_in_numpy(lens)
    assert np.array_equal(np.isfinite(lens.ray_table[..., 0]), valid)
    np.testing.assert_allclose(lens.ray_table[valid], rays[valid], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("resolution", COLOR_RESOLUTIONS)
def test_rays_of_the_colour_camera_project_back_onto_their_pixels(
    calibration: Calibration, resolution: str
) -> None:
    lens = Calibration.from_json(calibration.raw, "NFOV_UNBINNED", resolution).lenses["color"]
    table = lens.ray_table[::97, ::103].astype(np.float64)
    points = np.dstack([table, np.ones(table.shape[:2])]).reshape(-1, 3)
    pixels, valid = lens.project(points)
    assert valid.all()
    v, u = np.mgrid[0 : lens.height : 97, 0 : lens.width : 103]
    np.testing.assert_allclose(pixels, np.stack([u.ravel(), v.ravel()], axis=1), atol=0.003)


@given(lenses)
@settings(max_examples=60)
def test_every_valid_ray_projects_back_onto_its_pixel(lens: Lens) -> None:
    pixels = np.random.default_rng(0).uniform((0, 0), (lens.width, lens.height), (40, 2))
    rays, valid = lens.unproject(pixels)
    back, seen = lens.project(np.column_stack([rays, np.ones(40)])[valid])
    assert seen.all()
    np.testing.assert_allclose(back, pixels[valid], atol=1.1e-3)


@given(lenses, st.integers(0, 5))
@settings(max_examples=60)
def test_for_single_points_the_compiled_lens_is_that_of_numpy(lens: Lens, seed: int) -> None:
    random = np.random.default_rng(seed)
    points = random.normal(0.0, 1.0, (40, 3))
    points[0] = 0.0
    pixels, valid = lens.project(points)
    expected, seen = lens_plain.project(lens, points)
    assert np.array_equal(valid, seen)
    np.testing.assert_allclose(pixels, expected, rtol=1e-9, atol=1e-9)
    wanted = random.uniform((-5, -5), (lens.width + 5, lens.height + 5), (40, 2))
    rays, valid = lens.unproject(wanted)
    expected, seen = lens_plain.unproject(lens, wanted)
    assert np.count_nonzero(valid != seen) <= 1  # as above
    assert not rays[~valid].any()
    np.testing.assert_allclose(rays[valid & seen], expected[valid & seen], rtol=1e-5, atol=1e-6)


def test_the_planes_are_the_table() -> None:
    assert np.array_equal(np.moveaxis(PLAIN.ray_planes, 0, 2), PLAIN.ray_table)
    assert PLAIN.ray_table.flags.c_contiguous
    assert not PLAIN.ray_table.flags.writeable


def test_the_ray_table_is_made_once() -> None:
    assert PLAIN.ray_planes is PLAIN.ray_planes


def test_a_lens_without_distortion_is_a_pinhole() -> None:
    v, u = np.mgrid[0:48, 0:64]
    expected = np.dstack([(u - 31.0) / 40.0, (v - 24.0) / 41.0])
    np.testing.assert_allclose(PLAIN.ray_table, expected, atol=1e-7)


def test_the_metric_radius_bounds_what_has_an_image_and_infinity_does_not() -> None:
    point = np.array([[1.8, 0.0, 1.0]])
    assert not PLAIN.project(point)[1][0]
    pixels, valid = replace(PLAIN, metric_radius=math.inf).project(point)
    assert valid[0]
    np.testing.assert_allclose(pixels, [[31.0 + 40.0 * 1.8, 24.0]])


@given(st.lists(st.floats(width=64), min_size=3, max_size=3))
def test_any_point_whatever_gives_a_finite_pixel_without_a_warning(point: list[float]) -> None:
    lens = replace(PLAIN, radial=(0.5, -0.2, 0.1, 0.4, 0.1, -0.05), metric_radius=math.inf)
    pixels, _ = lens.project(np.array([point]))
    rays, _ = lens.unproject(np.array([point[:2]]))
    assert np.isfinite(pixels).all()
    assert np.isfinite(rays).all()
