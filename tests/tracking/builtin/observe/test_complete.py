import numpy as np
import pytest

from bodychan.model.arrays import F64
from bodychan.tracking.blazepose.landmarks import LANDMARK_COUNT, Landmark
from bodychan.tracking.builtin.observe.complete import ADULT_SCALE, LIMBS, complete, measured_scale
from bodychan.tracking.builtin.observe.lift import Lifted
from people import Person, person


def lifted(true: Person, unseen: list[Landmark], depth_there: float | None = None) -> Lifted:
    """All seen but `unseen`, on whose rays a surface lies at `depth_there` or at the person's depth."""
    points = true.landmarks()
    seen = np.ones(LANDMARK_COUNT, dtype=bool)
    seen[unseen] = False
    middle = float(np.median(points[:, 2]))
    measured = seen.copy()
    if depth_there is not None:
        measured[unseen] = True
    rays = points[unseen] / points[unseen, 2:]
    points[unseen] = rays * (depth_there or middle)
    return Lifted(points, measured, seen, np.ones(LANDMARK_COUNT, bool), middle, np.zeros(0, np.int64))


def guess(true: Person) -> F64:
    """What a network that knows only adults would guess of the pose."""
    return np.asarray(true.completed().world * (ADULT_SCALE / true.scale))


def test_a_person_who_is_seen_whole_stays_as_seen() -> None:
    true = person()
    body = complete(lifted(true, []), guess(true), None, 0.0)
    assert np.allclose(body.points, true.landmarks())
    assert body.seen.all()


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.3])
def test_the_scale_is_the_person_s(scale: float) -> None:
    true = person(scale=scale)
    body = complete(lifted(true, []), guess(true), None, 0.0)
    assert body.scale == pytest.approx(scale, rel=0.03)


def test_the_scale_changes_slowly_and_by_time() -> None:
    true = person(scale=1.2)
    at_once = complete(lifted(true, []), guess(true), 1.0, 0.033).scale
    later = complete(lifted(true, []), guess(true), 1.0, 1.0).scale
    assert 1.0 < at_once < 1.01
    assert 1.1 < later < 1.15


def test_too_few_bones_say_nothing_of_the_scale() -> None:
    true = person()
    seen = np.zeros(LANDMARK_COUNT, dtype=bool)
    seen[[Landmark.SHOULDER_LEFT, Landmark.ELBOW_LEFT, Landmark.WRIST_LEFT]] = True
    assert measured_scale(true.landmarks(), seen) is None


@pytest.mark.parametrize("child", [bone.child for bone in LIMBS], ids=lambda c: c.name)
def test_an_unseen_limb_joint_is_put_where_its_bone_meets_its_ray(child: Landmark) -> None:
    true = person(elbow=60.0, arm=50.0, knee=70.0, yaw=30.0)
    body = complete(lifted(true, [child]), guess(true), true.scale, 0.033)
    assert np.linalg.norm(body.points[child] - true.landmarks()[child]) < 60
    assert not body.seen[child]


def test_a_depth_from_behind_the_person_is_not_believed() -> None:
    true = person(elbow=60.0, arm=50.0)
    points = lifted(true, [])
    points.points[Landmark.WRIST_LEFT] *= 1.3
    body = complete(points, guess(true), true.scale, 0.033)
    assert not body.seen[Landmark.WRIST_LEFT]
    off = body.points[Landmark.WRIST_LEFT] - true.landmarks()[Landmark.WRIST_LEFT]
    assert np.linalg.norm(off) < 40


def test_from_the_side_the_far_shoulder_is_not_where_the_near_one_was_measured() -> None:
    true = person(yaw=90.0)
    view = lifted(true, [])
    left, right = Landmark.SHOULDER_LEFT, Landmark.SHOULDER_RIGHT
    far, near = (left, right) if view.points[left, 2] > view.points[right, 2] else (right, left)
    view.points[far] *= view.points[near, 2] / view.points[far, 2]
    body = complete(view, guess(true), true.scale, 0.033)
    assert body.seen[near]
    assert not body.seen[far]
    assert np.linalg.norm(body.points[far] - true.landmarks()[far]) < 20


def test_a_person_of_whom_nothing_was_seen_still_has_finite_places() -> None:
    true = person()
    body = complete(lifted(true, list(Landmark)), guess(true), None, 0.0)
    assert np.isfinite(body.points).all()
    assert not body.seen.any()


def test_a_hip_behind_a_hand_is_put_beside_the_other_hip() -> None:
    true = person(knee=10.0)
    view = lifted(true, [])
    view.points[Landmark.HIP_LEFT] *= 0.88  # 300 mm nearer: the hand's surface
    body = complete(view, guess(true), true.scale, 0.033)
    assert not body.seen[Landmark.HIP_LEFT]
    assert body.seen[Landmark.HIP_RIGHT]
    assert np.linalg.norm(body.points[Landmark.HIP_LEFT] - true.landmarks()[Landmark.HIP_LEFT]) < 20
