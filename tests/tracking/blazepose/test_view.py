import numpy as np

from bodychan import Calibration
from bodychan.model.arrays import U8
from bodychan.model.capture import Capture, ColorImage
from bodychan.tracking.blazepose.view import (
    View,
    for_detector,
    relief,
    relief_in_numpy,
    tone_mapped,
    view,
    without_nearer,
)

DEPTH = np.full((20, 30), 2000, np.uint16)
IR = np.full((20, 30), 400, np.uint16)


def color_image() -> ColorImage:
    def decode(image: ColorImage) -> U8:
        return np.full((image.height, image.width, 3), 7, np.uint8)

    return ColorImage("BGRA", 40, 20, b"", decode)


def test_colour_goes_before_ir_and_ir_before_depth() -> None:
    whole = view(Capture(1, DEPTH, IR, color_image()))
    assert whole is not None
    assert (whole.camera, whole.image.shape) == ("color", (20, 40, 3))
    without = view(Capture(1, DEPTH, IR))
    assert without is not None
    assert without.camera == "depth"
    assert np.array_equal(without.image[:, :, 0], tone_mapped(IR))
    only = view(Capture(1, DEPTH))
    assert only is not None
    assert np.array_equal(only.image[:, :, 2], relief(DEPTH))


def test_a_capture_without_images_shows_nothing() -> None:
    assert view(Capture(1)) is None


def test_tone_mapping_keeps_the_order_and_lets_reflectors_saturate() -> None:
    ir = np.tile(np.arange(0, 6000, 10, dtype=np.uint16), (200, 1))
    ir[:3, :3] = 65535
    grey = tone_mapped(ir)
    assert (np.diff(grey[100].astype(int)) >= 0).all()
    assert grey[100, 0] == 0
    assert grey[0, 0] == 255
    # The square root: a quarter of the light is half as bright.
    assert abs(int(grey[100, 480]) / 2 - int(grey[100, 120])) <= 1


def test_a_dark_image_is_made_bright_and_an_empty_one_stays_black() -> None:
    assert tone_mapped(np.full((40, 40), 12, np.uint16)).min() == 255
    assert tone_mapped(np.zeros((40, 40), np.uint16)).max() == 0


def test_the_relief_shows_slants_darker_and_holes_black() -> None:
    depth = np.full((60, 60), 2000, np.uint16)
    depth[:, 30:] = 2000 + 60 * np.arange(30, dtype=np.uint16)
    depth[:10, :10] = 0
    grey = relief(depth)
    assert grey[30, 15] > 200
    assert 0 < grey[30, 45] < grey[30, 15] / 1.5
    assert grey[5, 5] == 0


def test_the_relief_s_outlines_lie_behind_what_is_in_front_and_take_nothing_from_a_finger() -> None:
    depth = np.full((40, 40), 3000, np.uint16)
    depth[5:35, 19:21] = 1500
    depth[5:35, 30] = 0
    grey = relief(depth)
    wall = grey[2, 2]
    assert (grey[10:30, 19:21] == 255).all()
    assert (grey[10:30, [18, 21]] < wall / 3).all()
    assert (grey[10:30, [17, 22, 29, 31]] == wall).all()
    assert (grey[10:30, 30] == 0).all()


def test_the_relief_is_what_plain_numpy_says() -> None:
    rng = np.random.default_rng(5)
    steps = rng.integers(0, 4, (60, 70)).cumsum(axis=1) * 11 + rng.integers(0, 2, (60, 70)) * 700 + 400
    steps[rng.random((60, 70)) < 0.2] = 0
    wild = rng.integers(0, 65536, (60, 70))
    for depth in (steps.astype(np.uint16), wild.astype(np.uint16), np.zeros((3, 4), np.uint16)):
        grey = relief(depth)
        assert grey.dtype == np.uint8
        assert np.abs(grey.astype(int) - relief_in_numpy(depth)).max() <= 1


def test_smoothing_for_the_detector_takes_noise_away_and_leaves_colour_alone() -> None:
    noisy = np.random.default_rng(3).integers(0, 200, (50, 60, 1), dtype=np.uint8).repeat(3, axis=2)
    smooth = for_detector(View(noisy, "depth"))
    assert smooth.dtype == np.uint8
    assert smooth[5:-5, 5:-5].std() < noisy.std() / 3
    assert abs(smooth[5:-5, 5:-5].mean() - noisy.mean()) < 3
    assert for_detector(View(noisy, "color")) is noisy


def test_what_stands_before_somebody_is_painted_over_in_either_image(calibration: Calibration) -> None:
    depth = np.full((576, 640), 3000, np.uint16)
    depth[200:300, 250:350] = 1500
    depth[:50] = 0  # nothing was measured: it stays
    lens = calibration.lenses["color"]
    colored = np.full((lens.height, lens.width, 3), 7, np.uint8)
    grey = np.full((576, 640, 3), 7, np.uint8)
    painted = (without_nearer(View(grey, "depth"), depth, 2500.0, calibration) != 7).all(axis=2)
    assert np.array_equal(painted, (depth > 0) & (depth < 2500))
    painted = (without_nearer(View(colored, "color"), depth, 2500.0, calibration) != 7).all(axis=2)
    corners = np.array([[260.0, 210.0], [340.0, 210.0], [260.0, 290.0], [340.0, 290.0]])
    points, _ = calibration.unproject(corners, np.full(4, 1500.0), "depth", "depth")
    pixels, _ = calibration.project(points, "depth", "color")
    (left, top), (right, bottom) = (
        np.rint(pixels.min(axis=0)).astype(int),
        np.rint(pixels.max(axis=0)).astype(int),
    )
    assert painted[top:bottom, left:right].all()
    assert painted.sum() < 1.8 * (bottom - top) * (right - left)
    assert (colored == 7).all()
