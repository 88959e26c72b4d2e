from collections.abc import Sequence

import numpy as np
import pytest

from bodychan.fusion.limbs import LIMBS, Limbs
from bodychan.fusion.pairing import USED, Together, together_with_all
from bodychan.fusion.rig import Rig
from bodychan.fusion.rigid import refine_rigid
from bodychan.fusion.tracks import Track, tracks_of
from bodychan.model.arrays import F64
from bodychan.model.bodies import Bodies
from rigs import POSES, elsewhere, moments, oval, pose_errors, seen

STARTS, ENDS = np.array([(start, end) for start, end, _ in LIMBS]).T
TRUE = Rig.from_poses(POSES[:2]).cameras[1].pose


def limbs_of(run: Sequence[Bodies]) -> list[Limbs]:
    """Limbs exactly where the true joints have them."""
    found = []
    for bodies in run:
        a, b = bodies.positions[:, STARTS], bodies.positions[:, ENDS]
        lengths = np.linalg.norm(b - a, axis=2)
        found.append(Limbs(0.4 * a + 0.6 * b, (b - a) / lengths[..., None], 0.14 * lengths))
    return found


def track(camera: F64, deeper_mm: float = 0.0, clock: float = 0.0) -> Track:
    """A person whose joints are all so much too deep, and whose limbs are where they are."""
    times = moments(150, 15)
    true = seen(camera, [oval], times, noise_mm=0.0, clock=clock)
    joints = []
    for bodies in true:
        rays = bodies.positions / np.linalg.norm(bodies.positions, axis=2, keepdims=True)
        joints.append(
            Bodies(
                bodies.frame,
                bodies.device_usec,
                bodies.ids,
                bodies.positions + deeper_mm * rays,
                bodies.orientations,
                bodies.confidence,
            )
        )
    (found,) = tracks_of(joints, limbs_of(true))
    return found


def test_limbs_say_where_a_camera_is_when_all_joints_are_too_deep() -> None:
    one, other = track(POSES[0], 20.0), track(POSES[2], 20.0)
    true = Rig.from_poses([POSES[0], POSES[2]])
    together = Together.of(one, other, 0.0, true.cameras[1].pose)
    errors = []
    for pairs in (together.joints(), together.skin()):
        found = refine_rigid(pairs, true.cameras[1].pose).matrix
        errors.append(pose_errors(Rig.from_poses([np.eye(4), found]), [POSES[0], POSES[2]])[1])
    assert errors[0][0] > 25
    assert errors[1][0] < 3
    assert errors[1][1] < 0.1


def test_limbs_tell_the_time() -> None:
    together = Together.of(track(POSES[0]), track(POSES[1], clock=0.01), 0.0, TRUE)
    assert refine_rigid(together.skin(), TRUE, timed=True).later == pytest.approx(0.01, abs=1e-3)


def test_only_moments_at_one_place_count_and_what_is_taken_stands_for_all() -> None:
    one, other = track(POSES[0]), track(POSES[1])
    few, all_of_them = (Together.of(one, other, 0.0, TRUE, most) for most in (20, 1000))
    assert len(few.rows) == 20
    assert few.moments == all_of_them.moments == len(all_of_them.rows) > 100
    assert few.joints().weights.sum() == pytest.approx(all_of_them.joints().weights.sum())
    assert len(few.joints()) == 20 * len(USED)
    (away,) = tracks_of(seen(POSES[1], [elsewhere], moments(150, 15)))
    assert len(Together.of(one, away, 0.0, TRUE).rows) == 0


def test_without_limbs_the_joints_are_left() -> None:
    run = seen(POSES[0], [oval], moments(60))
    (one,) = tracks_of(run)
    together = Together.of(one, one, 0.0, np.eye(4))
    assert len(together.skin()) == len(together.joints())


def test_a_camera_is_paired_with_all_others() -> None:
    tracks = [[track(pose)] for pose in POSES[:3]]
    poses = [camera.pose for camera in Rig.from_poses(POSES[:3]).cameras]
    shared = together_with_all(tracks, poses, [0.0, 0.0, 0.0], 1)
    assert [pose is poses[n] for (_, pose), n in zip(shared, (0, 2), strict=True)] == [True, True]
    for together, pose in shared:
        pairs = together.joints().target_moved(pose)
        assert pairs.median_mm(poses[1]) == pytest.approx(0, abs=1e-6)
