import numpy as np
import pytest

from bodychan.model.arrays import F64
from bodychan.tracking.blazepose import detector as detect
from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.detector import Detections


def find(score: float, box: tuple[float, float, float, float], hips: tuple[float, float]) -> Detections:
    points = np.tile(np.array(hips), (1, 4, 1))
    return Detections(np.array([score]), np.array([box], dtype=np.float64), points)


def together(*found: Detections) -> Detections:
    return Detections(
        np.concatenate([f.scores for f in found]),
        np.concatenate([f.boxes for f in found]),
        np.concatenate([f.keypoints for f in found]),
    )


def test_the_anchors_are_those_of_the_network() -> None:
    centres = detect.anchors()
    assert centres.shape == (2254, 2)
    assert np.allclose(centres[0], 4 / 224)
    assert np.allclose(centres[1], centres[0])  # two at each place of the finest grid
    assert np.allclose(centres[2], [12 / 224, 4 / 224])  # along the row first
    assert np.allclose(centres[28 * 28 * 2], 8 / 224)
    assert np.allclose(centres[28 * 28 * 2 + 14 * 14 * 2 :][:6], 16 / 224)
    assert np.allclose(centres[-1], 1 - 16 / 224)


def test_decoding_gives_the_box_and_keypoints_relative_to_the_anchor() -> None:
    centres = detect.anchors()
    scores = np.full((2254, 1), -20.0, np.float32)
    boxes = np.zeros((2254, 12), np.float32)
    scores[1000] = 2.0
    boxes[1000] = [11.2, -22.4, 44.8, 22.4, 0, 112, 0, -112, 22.4, 0, 0, 0]
    found = detect.decode(scores, boxes, centres, 0.5)
    x, y = centres[1000]
    assert found.scores == pytest.approx([1 / (1 + np.exp(-2.0))])
    assert np.allclose(found.boxes[0], [x + 0.05 - 0.1, y - 0.1 - 0.05, x + 0.05 + 0.1, y - 0.1 + 0.05])
    assert np.allclose(found.keypoints[0], [[x, y + 0.5], [x, y - 0.5], [x + 0.1, y], [x, y]])


def test_what_scores_below_the_threshold_is_left_out_and_the_best_comes_first() -> None:
    scores = np.full((2254, 1), -20.0, np.float32)
    scores[[5, 50, 500], 0] = [0.5, 3.0, -0.5]
    found = detect.decode(scores, np.zeros((2254, 12), np.float32), detect.anchors(), 0.5)
    assert found.scores == pytest.approx([1 / (1 + np.exp(-3.0)), 1 / (1 + np.exp(-0.5))])


def test_huge_logits_do_not_overflow() -> None:
    scores = np.full((2254, 1), -1e6, np.float32)
    scores[7] = 1e6
    assert len(detect.decode(scores, np.zeros((2254, 12), np.float32), detect.anchors(), 0.5)) == 1


def test_overlapping_finds_become_their_mean_weighted_by_score() -> None:
    found = detect.join(
        together(
            find(0.9, (0.0, 0.0, 1.0, 1.0), (0.5, 0.5)),
            find(0.3, (0.1, 0.0, 1.1, 1.0), (0.7, 0.5)),
            find(0.6, (3.0, 3.0, 4.0, 4.0), (3.5, 3.5)),
        )
    )
    assert found.scores == pytest.approx([0.9, 0.6])
    assert np.allclose(found.boxes[0], [0.025, 0.0, 1.025, 1.0])
    assert np.allclose(found.keypoints[:, 0], [[0.55, 0.5], [3.5, 3.5]])


def test_boxes_without_area_do_not_loop_for_ever() -> None:
    empty = find(0.9, (1.0, 1.0, 1.0, 1.0), (1.0, 1.0))
    assert len(detect.join(together(empty, empty))) == 2


def test_nothing_found_stays_nothing() -> None:
    nothing = Detections(np.zeros(0), np.zeros((0, 4)), np.zeros((0, 4, 2)))
    assert len(detect.join(nothing)) == 0
    assert len(detect.merge([nothing, nothing])) == 0
    assert nothing.regions() == []


def test_a_part_of_the_image_gives_the_image_s_own_pixels() -> None:
    inside: F64 = np.array([0.5, 0.25])
    found = detect.place(find(0.9, (0.25, 0.25, 0.75, 0.75), (0.5, 0.25)), Region(100, 60, 40))
    assert np.allclose(found.boxes[0], [90, 50, 110, 70])
    assert np.allclose(found.keypoints[0, 0], Region(100, 60, 40).to_image(inside[None])[0])


def test_one_person_in_two_parts_is_one_person() -> None:
    merged = detect.merge([find(0.5, (90, 50, 110, 70), (100, 90)), find(0.8, (91, 50, 111, 70), (100, 90))])
    assert merged.scores == pytest.approx([0.8])


def test_the_whole_image_fits_into_its_square() -> None:
    square = detect.whole_image(640, 576)
    corners = square.to_fractions(np.array([[-0.5, -0.5], [639.5, 575.5]]))
    assert np.allclose(corners[:, 0], [0, 1])
    assert (corners >= 0).all()
    assert (corners <= 1).all()
