import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bodychan import Calibration
from bodychan.optics import remap
from bodychan.viewer import cloud


@given(arrays.arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_depth_comes_back_exactly(depth: "np.ndarray[tuple[int, int], np.dtype[np.uint16]]") -> None:
    back = cloud.inflated(cloud.deflated(depth), *depth.shape)
    assert np.array_equal(back, depth)


@pytest.mark.parametrize(("height", "width"), [(576, 640), (288, 320), (512, 512), (1024, 1024)])
def test_every_depth_mode_gives_about_as_many_points(height: int, width: int) -> None:
    thinned = cloud.thinned(np.zeros((height, width), np.uint16))
    assert 20_000 < thinned.size < 45_000


def test_rays_times_depth_are_the_points_of_the_depth_image(calibration: Calibration) -> None:
    lens = calibration.lenses["depth"]
    depth = np.full((lens.height, lens.width), 2000, np.uint16)
    step = cloud.stride(*depth.shape)
    expected = remap.point_cloud(depth, calibration)[::step, ::step].reshape(-1, 3)
    rays = cloud.rays(calibration)
    there = expected[:, 2] > 0
    got = rays[there] / cloud.RAY_SCALE * 2000
    assert np.abs(got - expected[there, :2]).max() < 0.3
    assert not rays[~there].any()


def test_the_floor_is_what_lies_lowest(calibration: Calibration) -> None:
    rays = cloud.rays(calibration)
    lens = calibration.lenses["depth"]
    shape = cloud.thinned(np.zeros((lens.height, lens.width), np.uint16)).shape
    downwards = (rays[:, 1] / cloud.RAY_SCALE).reshape(shape)
    # A floor 1.2 m below the camera, and a wall at 4 m above it.
    depth = np.full(shape, 4000.0)
    depth[downwards > 0.3] = 1200.0 / downwards[downwards > 0.3]
    height = cloud.floor_height(depth.astype(np.uint16), rays, np.array([0.0, 1.0, 0.0]))
    assert height == pytest.approx(-1.2, abs=0.01)
    assert cloud.floor_height(np.zeros(shape, np.uint16), rays, np.array([0.0, 1.0, 0.0])) is None
