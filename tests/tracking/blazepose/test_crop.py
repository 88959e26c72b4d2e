import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodychan.tracking.blazepose.crop import Region, cut, cut_in_numpy

regions = st.builds(Region, st.floats(-50, 150), st.floats(-50, 150), st.floats(5, 400), st.floats(-3.1, 3.1))


@given(regions, st.tuples(st.floats(-1, 2), st.floats(-1, 2)))
def test_a_place_survives_the_way_to_the_image_and_back(region: Region, place: tuple[float, float]) -> None:
    fractions = np.array([place])
    assert np.allclose(region.to_fractions(region.to_image(fractions)), fractions)


@given(st.tuples(st.floats(0, 600), st.floats(0, 600)), st.floats(10, 300), st.floats(-np.pi, np.pi))
def test_a_person_stands_upright_in_the_region_around_them(
    hips: tuple[float, float], radius: float, turn: float
) -> None:
    circle = np.array(hips) + radius * np.array([np.sin(turn), -np.cos(turn)])
    region = Region.around_person(np.array(hips), circle)
    places = region.to_fractions(np.array([hips, circle]))
    assert np.allclose(places, [[0.5, 0.5], [0.5, 0.1]])


def test_a_person_all_of_whom_is_one_point_has_a_region_as_well() -> None:
    point = np.array([0.0, 0.0])
    region = Region.around_person(point, point)
    assert np.isfinite(region.to_fractions(point)).all()


def test_an_upright_region_covers_the_pixels_it_says() -> None:
    region = Region(10.0, 20.0, 8.0)
    assert np.allclose(region.to_image(np.array([[0, 0], [1, 1], [0.5, 0.5]])), [[6, 16], [14, 24], [10, 20]])


def test_overlap_is_one_for_the_same_square_and_zero_for_squares_apart() -> None:
    a = Region(100, 100, 40)
    assert a.overlap(a) == 1
    assert a.overlap(Region(141, 100, 40)) == 0
    assert a.overlap(Region(120, 100, 40)) == pytest.approx(1 / 3)
    assert a.overlap(Region(100, 100, 20)) == pytest.approx(1 / 4)


@pytest.mark.parametrize(
    "region",
    [Region(30, 20, 16), Region(2, 3, 40, 0.4), Region(60, 45, 100, -1.2), Region(-80, -80, 20)],
    ids=["inside", "over the corner", "around all", "outside"],
)
def test_the_kernel_cuts_what_plain_numpy_cuts(region: Region) -> None:
    image = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    fast = cut(image, region, 32, -1.0, 1.0)
    assert fast.dtype == np.float32
    assert np.allclose(fast, cut_in_numpy(image, region, 32, -1.0, 1.0), atol=1e-5)


def test_a_region_of_the_size_of_the_result_is_the_image_itself() -> None:
    image = np.random.default_rng(2).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    assert np.allclose(cut(image, Region(7.5, 7.5, 16), 16, 0, 255), image, atol=1e-4)


def test_beyond_the_image_all_is_black() -> None:
    image = np.full((10, 10, 3), 255, np.uint8)
    result = cut(image, Region(0.0, 4.5, 20), 20, -1.0, 1.0)
    assert (result[:, :9] == -1).all()
    assert (result[6:14, 11:18] == 1).all()


def test_read_only_and_strided_images_are_cut_alike() -> None:
    image = np.random.default_rng(3).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    expected = cut(image, Region(12, 8, 10, 0.3), 8, 0, 1)
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, ::2] = image
    locked = image.copy()
    locked.setflags(write=False)
    for same in (wide[:, ::2], locked):
        assert np.array_equal(cut(same, Region(12, 8, 10, 0.3), 8, 0, 1), expected)
