from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from bodychan import Bodies
from bodychan.evaluation.measures import (
    LEAST_PIXELS,
    MAJOR,
    Run,
    Tracked,
    Truth,
    Visibility,
    bone_directions,
    confidence,
    detection,
    distances,
    errors,
    match,
    orientations,
)
from bodychan.model.rotations import matrix_to_quaternion, quaternion_to_matrix
from bodychan.model.skeleton import JOINT_COUNT, Confidence, Joint
from people import turn
from runs import pacing, perfect, standing, truth

ELBOW = Joint.ELBOW_LEFT
offsets = st.tuples(*[st.floats(-150, 150)] * 3).map(np.array)


def shifted(tracked: Tracked, by: ArrayLike, joints: Sequence[int] = range(JOINT_COUNT)) -> Tracked:
    moved = tracked.joints.copy()
    moved[:, :, list(joints)] += np.asarray(by)
    return replace(tracked, joints=moved)


def run(true: Truth, tracked: Tracked) -> Run:
    return match("test", true, tracked)


def test_a_perfect_tracker_has_no_error() -> None:
    true = truth([pacing(40), standing(40, x=1500)])
    measured = run(true, perfect(true))
    found = detection([measured])
    assert (found.people, found.found, found.bodies, found.right, found.ghosts) == (80, 80, 80, 80, 0)
    assert (found.recall, found.precision) == (1, 1)
    summary = errors(distances([measured]))
    assert (summary.joints, summary.missed, summary.median_mm, summary.mean_mm) == (80 * 13, 0, 0, 0)
    assert summary.pck == summary.pck_all == {50: 1, 100: 1, 150: 1}
    for angles in (bone_directions([measured]), orientations([measured])):
        assert all(row.median < 1e-5 and row.count for row in angles.values())


@given(offsets)
def test_a_constant_offset_is_the_error_and_turns_no_bone(offset: np.ndarray) -> None:
    true = truth([pacing(5)])
    measured = run(true, shifted(perfect(true), offset))
    size = float(np.linalg.norm(offset))
    assume(all(abs(size - mm) > 1e-6 for mm in (50, 100, 150)))
    assert np.allclose(measured.errors, size)
    summary = errors(distances([measured]))
    assert summary.median_mm == pytest.approx(size)
    assert summary.mean_mm == pytest.approx(size)
    assert summary.pck == {mm: float(size <= mm) for mm in (50, 100, 150)}
    assert bone_directions([measured])["all"].median < 1e-5


@given(st.floats(301, 2000))
def test_a_body_beyond_the_limit_is_not_the_person(far: float) -> None:
    true = truth([standing(4)])
    measured = run(true, shifted(perfect(true), (far, 0, 0)))
    assert (measured.matches == -1).all()
    found = detection([measured])
    assert (found.recall, found.precision) == (0, 0)
    assert found.ghosts == (4 if far >= 500 else 0)
    assert errors(distances([measured])).pck_all == {50: 0, 100: 0, 150: 0}
    assert np.isnan(errors(distances([measured])).median_mm)


def test_matching_takes_the_pairs_whose_sum_is_least() -> None:
    # Each body's nearest person is the first; only together can both be right.
    true = truth([standing(1), standing(1, x=200)])
    bodies = perfect(truth([standing(1, x=90), standing(1, x=-80)]))
    assert run(true, bodies).matches.tolist() == [[1, 0]]


def test_missed_people_count_as_wrong_only_in_pck_all() -> None:
    true = truth([standing(10), standing(10, x=1500)])
    half = perfect(true)
    half.present[:, 1] = False
    summary = errors(distances([run(true, half)]))
    assert (summary.joints, summary.missed) == (260, 130)
    assert summary.pck[50] == 1
    assert summary.pck_all[50] == 0.5


def test_a_second_body_of_somebody_is_wrong_but_no_ghost() -> None:
    true = truth([standing(3)])
    doubled = perfect(truth([standing(3), standing(3, x=60), standing(3, x=2000)]))
    found = detection([run(true, doubled)])
    assert (found.bodies, found.right, found.ghosts) == (9, 3, 3)
    assert found.precision == pytest.approx(1 / 3)


@pytest.mark.parametrize("lack", ["pixels", "joints"])
def test_people_of_whom_little_is_seen_need_not_be_found_but_may_be(lack: str) -> None:
    true = truth([standing(2)])
    if lack == "pixels":
        true = replace(true, pixels=np.full((2, 1), LEAST_PIXELS - 1))
    else:
        true.visibility[:, :, MAJOR[:8]] = Visibility.SELF_HIDDEN
    found = detection([run(true, perfect(true))])
    assert (found.people, found.bodies, found.right) == (0, 2, 2)
    assert np.isnan(found.recall)
    assert len(distances([run(true, perfect(true))])) == 0


def test_joints_are_judged_by_their_visibility() -> None:
    true = truth([standing(2)])
    true.visibility[:, :, ELBOW] = Visibility.HIDDEN
    measured = run(true, shifted(perfect(true), (0, 0, 120), [ELBOW]))
    assert errors(distances([measured])).mean_mm == 0
    hidden = errors(distances([measured], visible=(Visibility.SELF_HIDDEN, Visibility.HIDDEN)))
    assert hidden.joints == 2
    assert hidden.median_mm == pytest.approx(120)
    # A bone with a hidden end is not judged.
    assert bone_directions([measured])["upper arm"].count == 2


@given(st.floats(1, 179), st.sampled_from([0, 1, 2]))
def test_a_turned_joint_is_wrong_by_its_angle_whatever_the_quaternion_s_sign(
    degrees: float, axis: int
) -> None:
    true = truth([standing(2)])
    tracked = perfect(true)
    frames = quaternion_to_matrix(tracked.orientations[:, :, Joint.PELVIS])
    tracked.orientations[:, :, Joint.PELVIS] = -matrix_to_quaternion(frames @ turn(axis, degrees))
    found = orientations([run(true, tracked)])
    assert found["pelvis"].median == pytest.approx(degrees, abs=1e-6)
    assert found["head"].median == pytest.approx(0, abs=1e-6)
    assert Joint.HANDTIP_LEFT.channel not in found


@given(st.floats(1, 179))
def test_a_bent_forearm_is_wrong_by_its_angle(degrees: float) -> None:
    true = truth([standing(1)])
    tracked = perfect(true)
    elbow, wrist = tracked.joints[0, 0, ELBOW], tracked.joints[0, 0, Joint.WRIST_LEFT]
    bone = wrist - elbow
    across = np.cross(bone, (0, 0, 1))
    across *= np.linalg.norm(bone) / np.linalg.norm(across)
    angle = np.radians(degrees)
    tracked.joints[0, 0, Joint.WRIST_LEFT] = elbow + np.cos(angle) * bone + np.sin(angle) * across
    found = bone_directions([run(true, tracked)])
    assert found["forearm"].mean == pytest.approx(degrees / 2, abs=1e-6)
    assert found["thigh"].mean == pytest.approx(0, abs=1e-5)


def test_confidence_is_set_against_error_and_visibility() -> None:
    true = truth([standing(2)])
    true.visibility[:, :, ELBOW] = Visibility.SELF_HIDDEN
    tracked = shifted(perfect(true), (0, 80, 0), [ELBOW])
    tracked.confidence[:, :, ELBOW] = Confidence.LOW
    levels = confidence([run(true, tracked)])
    assert (levels[1].joints, levels[1].visible) == (2, 0)
    assert levels[1].median_mm == pytest.approx(80)
    assert (levels[2].joints, levels[2].median_mm, levels[2].visible) == (24, 0, 1)
    assert levels[0].joints == 0
    assert np.isnan(levels[0].median_mm)


def test_several_runs_are_measured_as_one() -> None:
    true = truth([standing(4)])
    near, off = run(true, perfect(true)), run(true, shifted(perfect(true), (0, 0, 60)))
    assert errors(distances([near, near, off])).mean_mm == pytest.approx(20)
    assert detection([near, off]).people == 8


def test_bodies_are_laid_out_by_id() -> None:
    one = Bodies(
        1,
        0,
        np.array([7, 3]),
        np.arange(2 * JOINT_COUNT * 3, dtype=np.float64).reshape(2, JOINT_COUNT, 3),
        np.tile([1.0, 0, 0, 0], (2, JOINT_COUNT, 1)),
        np.full((2, JOINT_COUNT), 2, np.uint8),
    )
    tracked = Tracked.of([Bodies.none(0, 0), one])
    assert tracked.ids.tolist() == [3, 7]
    assert tracked.present.tolist() == [[False, False], [True, True]]
    assert np.isnan(tracked.joints[0]).all()
    assert (tracked.joints[1] == one.positions[::-1]).all()


def test_nothing_at_all_can_be_measured() -> None:
    true = truth([np.full((3, 3), np.nan)])
    nobody = run(true, Tracked.of([Bodies.none(i, 0) for i in range(3)]))
    assert detection([nobody]).people == 0
    assert errors(distances([nobody])).joints == 0
    assert bone_directions([nobody])["all"].count == 0
    assert [level.joints for level in confidence([nobody]).values()] == [0, 0, 0]
