from itertools import pairwise

import numpy as np
import pytest

from bodychan.cameras.synthetic.figure import PART_GROUPS, SOLE_MM, SOLE_TURN, Figure, make_figure
from bodychan.cameras.synthetic.kinematics import Pose, body_frame
from bodychan.cameras.synthetic.motion import GESTURES, Gesture, Motion, Oval, Route
from bodychan.cameras.synthetic.scenes import SCENES
from bodychan.model.arrays import F64
from bodychan.model.skeleton import Joint

FIGURE = make_figure(0, 0)
PEOPLE = {f"{name}-{n}": m for name, scene in SCENES.items() for n, m in enumerate(scene.people)}
LEGS = (
    (Joint.HIP_LEFT, Joint.KNEE_LEFT, Joint.ANKLE_LEFT, 1),
    (Joint.HIP_RIGHT, Joint.KNEE_RIGHT, Joint.ANKLE_RIGHT, -1),
)


def _poses(motion: Motion, start: float, end: float, rate: float, figure: Figure = FIGURE) -> list[Pose]:
    return [motion.pose(figure, t) for t in np.arange(start, end, 1 / rate)]


def _sole(figure: Figure, pose: Pose, ankle: Joint, sign: int) -> F64:
    """Heel and toe of a sole in the room, (2, 3)."""
    ends = np.array([[-SOLE_MM, -46.0, 0.0], [-SOLE_MM, 165.0, 0.0]]) @ SOLE_TURN
    ends = figure.scale * ends * [sign, sign, 1]
    return np.asarray(pose.positions[ankle] + ends @ pose.rotations[ankle].T)


@pytest.mark.parametrize("name", PEOPLE)
def test_no_foot_goes_through_the_floor(name: str) -> None:
    for pose in _poses(PEOPLE[name], 0, 10, 12):
        for *_, ankle, sign in LEGS:
            assert _sole(FIGURE, pose, ankle, sign)[:, 1].max() < 1.0
        capsules = FIGURE.capsules(pose)[np.isin(PART_GROUPS, (7, 9))]
        assert (capsules[:, [1, 4]] + capsules[:, 6:]).max() < 1.0
        assert pose.positions[[Joint.FOOT_LEFT, Joint.FOOT_RIGHT], 1].max() < -10.0


@pytest.mark.parametrize("name", PEOPLE)
def test_one_foot_at_least_stands_on_the_floor_and_does_not_slide(name: str) -> None:
    poses = _poses(PEOPLE[name], 0, 10, 60)
    for before, after in pairwise(poses):
        slides = []
        for *_, ankle, sign in LEGS:
            old, new = (_sole(FIGURE, p, ankle, sign) for p in (before, after))
            slides.append(np.linalg.norm(new - old, axis=1).min() + max(0.0, -new[:, 1].max()))
        assert min(slides) < 1.0


@pytest.mark.parametrize("name", PEOPLE)
def test_knees_bend_backwards_elbows_forwards_and_legs_reach_their_feet(name: str) -> None:
    for pose in _poses(PEOPLE[name], 0, 10, 12):
        for hip, knee, ankle, sign in LEGS:
            bend = pose.rotations[hip].T @ pose.rotations[knee]
            assert 0 <= np.degrees(np.arctan2(bend[1, 0], bend[0, 0])) < 100
            # The ankle is where the shank ends, and the foot hangs on it: no leg is stretched.
            shank = pose.positions[ankle] - pose.positions[knee]
            np.testing.assert_allclose(np.linalg.norm(shank), np.linalg.norm(FIGURE.bones[ankle]))
            assert pose.rotations[knee][:, 0] @ shank * sign < 0
        for upper, lower in (
            (Joint.SHOULDER_LEFT, Joint.ELBOW_LEFT),
            (Joint.SHOULDER_RIGHT, Joint.ELBOW_RIGHT),
        ):
            bend = pose.rotations[upper][:, 0] @ pose.rotations[lower][:, 0]
            assert 0 <= np.degrees(np.arccos(np.clip(bend, -1, 1))) < 150


@pytest.mark.parametrize("name", PEOPLE)
def test_nobody_jumps(name: str) -> None:
    poses = _poses(PEOPLE[name], 0, 11, 30)
    places = np.array([p.positions for p in poses])
    speed = np.linalg.norm(np.diff(places, axis=0), axis=2).max() * 30 / 1000
    assert speed < 5.0  # m/s; a waving hand and a swinging foot come to 3 to 4
    turns = np.array([p.rotations for p in poses])
    cosine = (np.einsum("tjik,tjik->tj", turns[1:], turns[:-1]) - 1) / 2
    assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < 25


def test_a_walking_person_faces_where_they_go_and_swings_arms_against_legs() -> None:
    motion = Motion(Oval(0, 2600, 900, 500, 6.2))
    forward_hands = []
    for t in np.arange(0, 6.2, 0.05):
        pose = motion.pose(FIGURE, t)
        step = motion.route.at(t + 0.01) - motion.route.at(t - 0.01)
        facing = body_frame(motion.route.at(t)[2])[:, 1]
        assert facing @ [step[0], 0, step[1]] / np.hypot(*step[:2]) > 0.99
        ahead = pose.positions @ pose.rotations[Joint.PELVIS][:, 1]
        feet = ahead[Joint.ANKLE_LEFT] - ahead[Joint.ANKLE_RIGHT]
        hands = ahead[Joint.WRIST_LEFT] - ahead[Joint.WRIST_RIGHT]
        forward_hands.append((feet, hands))
    assert np.corrcoef(np.array(forward_hands).T)[0, 1] < -0.8


def test_the_sight_goes_on_when_a_track_starts_again() -> None:
    track = Route(((0, 0, 2000, 0), (2, 500, 2000, 180), (4, 0, 2000, 360)))
    np.testing.assert_allclose(track.at(0), [0, 2000, 0])
    np.testing.assert_allclose(track.at(2), [500, 2000, 180])
    np.testing.assert_allclose(track.at(4 - 1e-6), track.at(4), atol=1e-3)
    np.testing.assert_allclose(track.at(9) - track.at(1), [0, 0, 720])
    np.testing.assert_allclose(track.at(-1), track.at(3) - [0, 0, 360])


def test_an_oval_turns_without_a_jump() -> None:
    oval = Oval(0, 2500, 800, 400, 5.0, start=0.3)
    headings = np.array([oval.at(t)[2] for t in np.arange(-3, 12, 0.02)])
    assert np.abs(np.diff(headings)).max() < 4
    np.testing.assert_allclose(oval.at(6.0) - oval.at(1.0), [0, 0, -360], atol=1e-6)


@pytest.mark.parametrize("name", GESTURES)
def test_a_gesture_fades_in_and_out_and_does_not_touch_the_legs(name: str) -> None:
    here = Route(((0.0, 0.0, 2400.0, 0.0),))
    plain, moved = Motion(here), Motion(here, (Gesture(name, 2.0, 6.0),))
    for t, same in ((1.9, True), (4.0, False), (6.1, True)):
        a, b = plain.pose(FIGURE, t).positions, moved.pose(FIGURE, t).positions
        np.testing.assert_allclose(a[Joint.HIP_LEFT : Joint.HEAD], b[Joint.HIP_LEFT : Joint.HEAD])
        assert np.allclose(a, b) == same


def test_waving_lifts_the_persons_own_right_hand_above_the_shoulder() -> None:
    motion = SCENES["wave"].people[0]
    for pose in _poses(motion, 0, 2, 10):
        right, left, shoulder = (
            -pose.positions[j][1] for j in (Joint.HAND_RIGHT, Joint.HAND_LEFT, Joint.SHOULDER_RIGHT)
        )
        assert right > shoulder + 100 > left
        # Facing the camera, the right hand is on the camera's left.
        assert pose.positions[Joint.HAND_RIGHT][0] < pose.positions[Joint.PELVIS][0]
