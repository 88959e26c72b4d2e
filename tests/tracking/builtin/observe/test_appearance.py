import numpy as np

from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.landmarks import INPUT_SIZE, LANDMARK_COUNT, Landmark, Landmarks
from bodychan.tracking.blazepose.view import View
from bodychan.tracking.builtin.observe.appearance import look


def upright(left: float = 120.0) -> Landmarks:
    pixels = np.zeros((LANDMARK_COUNT, 2))
    for name, y in (("SHOULDER", 40.0), ("HIP", 100.0), ("KNEE", 150.0)):
        pixels[Landmark[f"{name}_LEFT"]] = left, y
        pixels[Landmark[f"{name}_RIGHT"]] = left - 40.0, y
    ones = np.ones(LANDMARK_COUNT)
    region = Region(100.0, 100.0, 200.0)
    mask = np.ones((INPUT_SIZE, INPUT_SIZE), np.float32)
    return Landmarks(pixels, ones, ones, np.zeros((LANDMARK_COUNT, 3)), 1.0, mask, region, region)


def test_trunk_and_thighs_have_their_own_colours() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    image[:100] = 200, 100, 50
    image[100:] = 10, 20, 30
    expected = np.log(np.array([[200.0, 100.0, 50.0], [10.0, 20.0, 30.0]]) + 1)
    assert np.allclose(look(View(image, "color"), upright(), 2500.0), expected)


def test_infrared_is_made_good_for_the_distance() -> None:
    near, far = (np.full((200, 200, 3), value, np.uint8) for value in (120, 60))
    a = look(View(near, "depth"), upright(), 1500.0)
    b = look(View(far, "depth"), upright(), 3000.0)
    assert np.allclose(a, b)


def test_a_person_beyond_the_image_s_edge_gives_finite_numbers() -> None:
    seen = View(np.zeros((200, 200, 3), np.uint8), "color")
    assert np.isfinite(look(seen, upright(-500.0), 2500.0)).all()
