import numpy as np

from bodychan.model.arrays import F32
from bodychan.tracking.blazepose import landmarks
from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.landmarks import Landmark

TURNED = Region(300.0, 200.0, 128.0, np.pi / 2)


def outputs() -> list[F32]:
    points = np.zeros((39, 5), np.float32)
    points[:, :2] = 128
    points[Landmark.NOSE] = [128, 0, 0, 3.0, -3.0]
    points[33, :2] = [128, 128]
    points[34, :2] = [128, 64]
    world = np.zeros((39, 3), np.float32)
    world[Landmark.NOSE] = [0.0, -0.5, -0.1]
    mask = np.full((1, 256, 256, 1), -5, np.float32)
    mask[0, 100, 50, 0] = 5
    score = np.array([[0.75]], np.float32)
    heat = np.full((1, 64, 64, 39), -9, np.float32)
    return [points.reshape(1, 195), score, mask, heat, world.reshape(1, 117)]


def test_there_are_33_and_left_is_odd_below_the_face() -> None:
    assert landmarks.LANDMARK_COUNT == 33
    for name in ("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE", "TOE"):
        assert Landmark[f"{name}_LEFT"] % 2 == 1
        assert Landmark[f"{name}_RIGHT"] == Landmark[f"{name}_LEFT"] + 1


def test_landmarks_of_a_turned_region_come_out_in_image_pixels() -> None:
    found = landmarks.decode(outputs(), TURNED)
    assert np.allclose(found.pixels[Landmark.EYE_LEFT], [300, 200])
    assert np.allclose(found.pixels[Landmark.NOSE], [364, 200])  # up in the region is right in the image
    assert found.pixels.shape == (33, 2)


def test_the_guess_of_the_pose_is_turned_with_the_region_and_in_millimetres() -> None:
    found = landmarks.decode(outputs(), TURNED)
    assert np.allclose(found.world[Landmark.NOSE], [500, 0, -100], atol=1e-3)


def test_logits_become_probabilities_and_the_mask_stays_where_it_is() -> None:
    found = landmarks.decode(outputs(), TURNED)
    assert np.isclose(found.visibility[Landmark.NOSE], 1 / (1 + np.exp(-3)))
    assert np.isclose(found.presence[Landmark.NOSE], 1 / (1 + np.exp(3)))
    assert found.score == 0.75
    assert np.argwhere(found.mask > 0).tolist() == [[100, 50]]


def test_the_next_region_is_around_the_person_and_upright_for_them() -> None:
    found = landmarks.decode(outputs(), TURNED)
    following = found.next_region
    assert np.allclose([following.x, following.y], [300, 200])
    assert np.isclose(following.size, 2.5 * 32)
    assert np.isclose(following.angle, np.pi / 2)


COLD = np.full((64, 64, 1), -9.0, np.float32)


def warm(*cells: tuple[int, int]) -> F32:
    heat = COLD.copy()
    for x, y in cells:
        heat[y, x] = 9.0
    return heat


def test_a_landmark_moves_to_the_middle_of_the_warmth_around_it() -> None:
    near = np.array([[0.5, 0.5]])
    found = landmarks.refined(near, warm((33, 31), (34, 31)))
    assert np.allclose(found, [[33.5 / 64, 31 / 64]], atol=2e-3)


def test_a_landmark_stays_where_the_map_is_cold_or_warm_only_far_off() -> None:
    near = np.array([[0.5, 0.5]])
    assert np.array_equal(landmarks.refined(near, COLD), near)
    assert np.array_equal(landmarks.refined(near, warm((50, 32))), near)


def test_landmarks_at_the_edge_and_outside_the_map_stay_finite() -> None:
    edge = np.array([[0.999, 0.001], [-0.4, 0.5], [1.0, 1.7]])
    found = landmarks.refined(edge, np.full((64, 64, 3), 9.0, np.float32))
    assert np.array_equal(found[1:], edge[1:])
    assert ((found[0] > 0) & (found[0] < 1)).all()
