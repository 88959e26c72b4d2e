from dataclasses import replace

import numpy as np
import pytest

from bodychan import Calibration
from bodychan.model.arrays import U16
from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.landmarks import LANDMARK_COUNT, Landmark, Landmarks
from bodychan.tracking.blazepose.view import View
from bodychan.tracking.builtin.observe.candidate import Candidate, Dropped, Origin, Sight, judge, one_each
from bodychan.tracking.builtin.observe.lift import Lifted, cloud, grid
from bodychan.tracking.builtin.observe.plausible import Reason
from people import person

PERSON_MM = 2500
SEES_ALL = Region(320, 288, 640)


def a_person(calibration: Calibration, score: float = 1.0) -> Landmarks:
    """What the network finds of somebody who stands before the camera."""
    body = person(place=(0.0, 0.0, PERSON_MM)).completed()
    pixels, _ = calibration.project(body.points, "depth", "depth")
    ones = np.ones(LANDMARK_COUNT)
    mask = np.ones((256, 256), np.float32)
    return Landmarks(pixels, ones, ones, body.world, score, mask, SEES_ALL, SEES_ALL)


def at(distance: int) -> U16:
    return np.full((576, 640), distance, np.uint16)


def judged(
    calibration: Calibration, landmarks: Landmarks, depth: U16, origin: Origin = Origin.DETECTED
) -> Candidate | Dropped:
    sight = Sight(View(np.zeros((576, 640, 3), np.uint8), "depth"), depth, calibration, 1.0)
    return judge(origin, landmarks, sight, cloud(depth, grid(calibration), calibration, "depth"))


def test_a_person_whose_trunk_was_measured_is_a_candidate(calibration: Calibration) -> None:
    found = judged(calibration, a_person(calibration), at(PERSON_MM))
    assert isinstance(found, Candidate)
    assert found.origin is Origin.DETECTED
    assert found.place == pytest.approx(person(place=(0.0, 0.0, PERSON_MM)).positions[0], abs=350)


@pytest.mark.parametrize(
    ("origin", "score", "taken"),
    [
        (Origin.FOLLOWED, 0.5, True),
        (Origin.FOLLOWED, 0.3, False),
        (Origin.DETECTED, 0.5, False),
        (Origin.SHAPE, 0.8, False),
        (Origin.SHAPE, 0.9, True),
    ],
)
def test_to_begin_the_network_must_be_surer_than_to_go_on(
    calibration: Calibration, origin: Origin, score: float, taken: bool
) -> None:
    found = judged(calibration, a_person(calibration, score), at(PERSON_MM), origin)
    assert isinstance(found, Candidate) == taken
    if isinstance(found, Dropped):
        assert (found.origin, found.reason, found.lifted) == (origin, Reason.UNSURE, None)


def test_a_picture_of_a_person_without_depth_is_none(calibration: Calibration) -> None:
    found = judged(calibration, a_person(calibration), at(0))
    assert isinstance(found, Dropped)
    assert (found.reason, found.lifted) == (Reason.NO_DEPTH, None)


def test_legs_without_a_trunk_are_no_body(calibration: Calibration) -> None:
    depth = at(PERSON_MM)
    landmarks = a_person(calibration)
    depth[: round(landmarks.pixels[Landmark.KNEE_LEFT, 1]) - 20] = 0
    found = judged(calibration, landmarks, depth)
    assert isinstance(found, Dropped)
    assert found.reason is Reason.NO_TRUNK
    assert found.lifted is not None


def test_a_figure_on_a_mug_has_no_person_s_size(calibration: Calibration) -> None:
    found = judged(calibration, a_person(calibration), at(PERSON_MM // 4))
    assert isinstance(found, Dropped)
    assert found.reason is Reason.NO_SIZE


def stands(calibration: Calibration, x: float, origin: Origin, score: float, own: int) -> Candidate:
    points = person(place=(x, 0.0, PERSON_MM)).completed().points
    there = np.ones(LANDMARK_COUNT, bool)
    lifted = Lifted(points, there, there, there, PERSON_MM, np.arange(own, own + 20))
    return Candidate(origin, a_person(calibration, score), lifted, None)


def reasons(finds: list[Candidate | Dropped]) -> list[Reason | None]:
    return [find.reason if isinstance(find, Dropped) else None for find in finds]


def test_of_two_finds_of_one_person_the_finder_s_first_stays_and_one_that_was_followed_before_all(
    calibration: Calibration,
) -> None:
    followed = stands(calibration, 0, Origin.FOLLOWED, 0.6, 0)
    sure, surer = (stands(calibration, 10, Origin.DETECTED, score, 100) for score in (0.8, 0.9))
    # The landmark model is as sure of a trunk that it takes for a whole person: the finder's order counts.
    assert reasons(one_each([sure, surer], 6)) == [None, Reason.TWICE]
    assert reasons(one_each([sure, surer, followed], 6)) == [Reason.TWICE, Reason.TWICE, None]
    # That a body was followed counts also where another one, followed before it, was dropped.
    gone = Dropped(Origin.FOLLOWED, followed.landmarks, None, Reason.UNSURE)
    assert reasons(one_each([gone, followed, surer], 6)) == [Reason.UNSURE, None, Reason.TWICE]


def test_no_more_are_kept_than_are_wanted_and_doubles_do_not_count(calibration: Calibration) -> None:
    people = [stands(calibration, x, Origin.DETECTED, 0.9, 100 * i) for i, x in enumerate((-900, 0, 900))]
    double = replace(people[0], lifted=people[1].lifted, landmarks=a_person(calibration, 0.8))
    found = one_each([*people[:2], double, people[2]], 2)
    assert reasons(found) == [None, None, Reason.TWICE, Reason.TOO_MANY]
    assert [find for find in found if isinstance(find, Candidate)] == people[:2]
