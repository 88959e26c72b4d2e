import numpy as np
import pytest

from bodychan.model.arrays import F32, F64
from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.landmarks import Landmarks
from bodychan.tracking.builtin.observe.surface import (
    Windows,
    in_mask,
    in_mask_in_numpy,
    surfaces,
    surfaces_in_numpy,
)

NOTHING = np.zeros(0)
EVERYWHERE = np.ones((256, 256), np.float32)


def person(mask: F32, region: Region) -> Landmarks:
    return Landmarks(NOTHING, NOTHING, NOTHING, NOTHING, 1.0, mask, region, region)


def windows(places: F64, radius: float = 4.0, share: float = 0.25) -> Windows:
    count = len(places)
    return Windows(places, places, 1.0, np.full(count, radius), 9, np.full(count, share), 2000.0, 900.0, 60.0)


@pytest.mark.parametrize("seed", range(6))
def test_the_kernels_are_what_stands_in_numpy(seed: int) -> None:
    random = np.random.default_rng(seed)
    depth = random.integers(0, 4000, (90, 120)).astype(np.uint16)
    mask = random.normal(1.0, 2.0, (256, 256)).astype(np.float32)
    one = person(mask, Region(110.0, 80.0, 150.0, seed - 2.5))
    pixels = random.uniform(-60, 260, (33, 2))
    assert np.array_equal(in_mask(one, pixels), in_mask_in_numpy(one, pixels))
    places = random.uniform((-15, -15), (135, 105), (33, 2))
    read = Windows(
        *(places, pixels, 1.9, random.uniform(2, 12, 33), 9, random.uniform(0, 1, 33)),
        *(2000.0, 900.0, 60.0),
    )
    depths, counts = surfaces(one, read, depth)
    expected_depths, expected_counts = surfaces_in_numpy(one, read, depth)
    assert np.array_equal(counts, expected_counts)
    assert 0 < np.count_nonzero(counts) < 33
    assert np.allclose(depths, expected_depths, rtol=0, atol=1e-9)


def test_images_may_be_read_only_and_turned() -> None:
    depth = np.arange(1500, 1500 + 40 * 30, dtype=np.uint16).reshape(40, 30).T
    depth.setflags(write=False)
    one = person(EVERYWHERE.T, Region(20.0, 15.0, 60.0))
    depths, counts = surfaces(one, windows(np.array([[20.0, 15.0]])), depth)
    expected, _ = surfaces_in_numpy(one, windows(np.array([[20.0, 15.0]])), depth)
    assert counts.tolist() == [81]
    assert np.allclose(depths, expected)


def test_of_two_surfaces_in_a_window_the_share_says_which() -> None:
    depth = np.full((40, 40), 2400, np.uint16)
    depth[:, :20] = 2000
    place = np.array([[20.0, 20.0]])
    one = person(EVERYWHERE, Region(20.0, 20.0, 60.0))
    assert surfaces(one, windows(place, share=0.2), depth)[0].tolist() == [2000.0]
    assert surfaces(one, windows(place, share=0.8), depth)[0].tolist() == [2400.0]


def test_what_is_not_in_the_mask_or_out_of_reach_does_not_count() -> None:
    depth = np.full((40, 40), 2000, np.uint16)
    depth[:, 20:] = 3000
    mask = EVERYWHERE.copy()
    mask[:128] = -1.0
    place = np.array([[20.0, 20.0], [300.0, 20.0]])
    depths, counts = surfaces(person(mask, Region(19.5, 19.5, 40.0)), windows(place), depth)
    assert depths.tolist() == [2000.0, 0.0]
    assert counts.tolist() == [4 * 5, 0]
