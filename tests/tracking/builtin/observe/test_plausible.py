from dataclasses import replace

import numpy as np
import pytest

from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.landmarks import LANDMARK_COUNT, Landmark, Landmarks
from bodychan.tracking.builtin.observe.complete import ADULT_SCALE
from bodychan.tracking.builtin.observe.lift import Lifted
from bodychan.tracking.builtin.observe.plausible import Reason, apparent_scale, why_nobody
from people import person

FOCAL, NEAREST_MM = 500.0, 500.0
CORE = [Landmark[f"{part}_{side}"] for part in ("SHOULDER", "HIP") for side in ("LEFT", "RIGHT")]


def found(scale: float = 1.1, mm: float = 2500.0, seen: bool = True) -> tuple[Lifted, Landmarks]:
    """Somebody of a size whose bones are all seen, or none of them."""
    body = person(scale=scale, place=(0.0, 0.0, mm)).completed()
    all_of_them = np.ones(LANDMARK_COUNT, dtype=bool)
    lifted = Lifted(body.points, all_of_them, all_of_them & seen, all_of_them, mm, np.arange(20))
    region = Region(320, 288, 500)
    landmarks = Landmarks(
        body.points[:, :2] / body.points[:, 2:] * FOCAL,
        np.ones(LANDMARK_COUNT),
        np.ones(LANDMARK_COUNT),
        body.world * (ADULT_SCALE / scale),
        1.0,
        np.ones((256, 256), np.float32),
        region,
        region,
    )
    return lifted, landmarks


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize(("scale", "expected"), [(0.3, False), (0.7, True), (1.2, True), (2.4, False)])
def test_a_body_has_a_person_s_size_whether_its_bones_are_seen_or_not(
    scale: float, expected: bool, seen: bool
) -> None:
    reason = why_nobody(*found(scale, seen=seen), FOCAL, NEAREST_MM)
    assert reason is (None if expected else Reason.NO_SIZE)


@pytest.mark.parametrize("scale", [0.7, 1.2, 1.5])
def test_the_size_by_the_image_is_about_the_size(scale: float) -> None:
    assert apparent_scale(*found(scale), FOCAL) == pytest.approx(scale, rel=0.1)


def test_nobody_is_nearer_than_the_camera_s_mode_can_see() -> None:
    assert why_nobody(*found(mm=2500.0), FOCAL, NEAREST_MM) is None
    assert why_nobody(*found(mm=2500.0), FOCAL, 2600.0) is Reason.TOO_NEAR


def test_without_two_of_shoulders_and_hips_there_is_no_trunk() -> None:
    lifted, landmarks = found()
    for count in (1, 2):
        measured = lifted.measured.copy()
        measured[CORE[count:]] = False
        reason = why_nobody(replace(lifted, measured=measured), landmarks, FOCAL, NEAREST_MM)
        assert reason is (None if count == 2 else Reason.NO_TRUNK)


def test_landmarks_that_all_lie_in_one_place_are_nobody() -> None:
    lifted, landmarks = found(seen=False)
    nowhere = replace(landmarks, pixels=np.zeros((LANDMARK_COUNT, 2)), world=np.zeros((LANDMARK_COUNT, 3)))
    assert why_nobody(lifted, nowhere, FOCAL, NEAREST_MM) is Reason.NO_SIZE
