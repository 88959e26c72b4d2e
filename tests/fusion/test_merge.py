from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from bodychan import Bodies
from bodychan.fusion.merge import Fuser
from bodychan.fusion.rig import Rig, RigCamera
from bodychan.fusion.rigid import inverse, moved_points
from bodychan.model.arrays import F64
from rigs import POSES, Path, elsewhere, moments, oval, people, seen

TIMES = moments(90)
HIDDEN = list(range(4, 11))


def fused(rig: Rig, runs: Sequence[Sequence[Bodies | None]]) -> list[Bodies]:
    fuser = Fuser(rig)
    return [fuser.fuse(views, n, round(TIMES[n] * 1e6)) for n, views in enumerate(zip(*runs, strict=True))]


def errors(run: Sequence[Bodies], paths: Sequence[Path] = (oval,)) -> F64:
    """The distance (T, P, 32) of every true person's joints from the nearest body."""
    found = []
    for bodies, second in zip(run, TIMES, strict=True):
        true = moved_points(inverse(POSES[0]), people(paths, second))
        apart = np.linalg.norm(bodies.positions[None] - true[:, None], axis=3)
        found.append(apart[np.arange(len(true)), apart.mean(axis=2).argmin(axis=1)])
    return np.array(found)


def without(bodies: Bodies, *ids: int) -> Bodies:
    keep = ~np.isin(bodies.ids, ids)
    return replace(
        bodies,
        ids=bodies.ids[keep],
        positions=bodies.positions[keep],
        orientations=bodies.orientations[keep],
        confidence=bodies.confidence[keep],
    )


@pytest.mark.parametrize("count", [2, 4])
def test_several_cameras_are_better_than_the_best_one(count: int) -> None:
    # The first camera does not see one side; the others do.
    runs = [
        seen(p, [oval], TIMES, seed=n, hidden=HIDDEN if n == 1 else ())
        for n, p in enumerate(POSES[:count], 1)
    ]
    alone, together = errors(runs[0]), errors(fused(Rig.from_poses(POSES[:count]), runs))
    seen_joints = [joint for joint in range(32) if joint not in HIDDEN]
    assert together[..., seen_joints].mean() < 0.75 * alone[..., seen_joints].mean()
    assert together[..., HIDDEN].mean() < 0.6 * alone[..., HIDDEN].mean()


def test_everybody_has_one_id_whoever_sees_them() -> None:
    """Two people; each camera loses each of them for a while, and finds them under another id."""
    runs = []
    for number, camera in enumerate(POSES[:3]):
        run = []
        for n, bodies in enumerate(seen(camera, [oval, elsewhere], TIMES, seed=number)):
            first, second = bodies.ids
            lost = [first] * (20 * number <= n < 20 * number + 25) + [second] * (n % 31 < 4 * number)
            renamed = np.where(n > 40 and bodies.ids == first, 100 + number, bodies.ids)
            run.append(without(replace(bodies, ids=renamed), *lost, 100 + number if first in lost else 0))
        runs.append(run)
    result = fused(Rig.from_poses(POSES[:3]), runs)
    assert all(bodies.ids.tolist() == [1, 2] for bodies in result[1:])
    assert errors(result, [oval, elsewhere]).mean() < 40


def test_a_camera_that_drops_out_and_comes_back_changes_no_id() -> None:
    runs: list[list[Bodies | None]] = [
        list(seen(p, [oval, elsewhere], TIMES, seed=n, noise_mm=3.0)) for n, p in enumerate(POSES[:2])
    ]
    runs[0][20:50] = [None] * 30
    runs[1][60:] = [None] * 30
    result = fused(Rig.from_poses(POSES[:2]), runs)
    assert {tuple(bodies.ids.tolist()) for bodies in result} == {(1, 2)}
    # No joint leaps when the views change.
    assert np.abs(np.diff([bodies.positions[0] for bodies in result], axis=0)).max() < 100


def test_who_goes_away_and_comes_back_soon_keeps_the_id_and_nobody_gets_it_later() -> None:
    times = moments(240)
    runs = []
    for number, camera in enumerate(POSES[:2]):
        run = seen(camera, [elsewhere], times, seed=number)
        runs.append([without(b, *b.ids) if 30 <= n < 60 or 100 <= n < 200 else b for n, b in enumerate(run)])
    fuser = Fuser(Rig.from_poses(POSES[:2]))
    ids = [
        fuser.fuse(views, n, round(times[n] * 1e6)).ids.tolist()
        for n, views in enumerate(zip(*runs, strict=True))
    ]
    assert [ids[0], ids[40], ids[70], ids[150], ids[230]] == [[1], [], [1], [], [2]]


def test_clocks_that_differ_and_other_moments_are_made_good() -> None:
    """The second camera saw people 40 ms before: who is taken to have been there at the same time is not."""
    early = [second - 0.04 for second in TIMES]
    runs = [
        seen(POSES[0], [oval], TIMES, noise_mm=0.1),
        seen(POSES[1], [oval], early, clock=5.0, seed=1, noise_mm=0.1),
    ]
    poses = Rig.from_poses(POSES[:2]).cameras
    right = Rig((poses[0], RigCamera("2", poses[1].pose, -5_000_000)))
    wrong = Rig((poses[0], RigCamera("2", poses[1].pose, -4_960_000)))
    trunk = [0, 1, 2, 3, 18, 22]
    good, bad = (errors(fused(rig, runs))[30:, :, trunk].mean() for rig in (right, wrong))
    assert good < 0.75 * bad


def test_one_camera_alone_is_given_as_it_is_and_nobody_as_nobody() -> None:
    run = seen(POSES[1], [oval], TIMES, seed=1, noise_mm=0.0)
    rig = Rig.from_poses(POSES[:2])
    fuser = Fuser(rig)
    bodies = fuser.fuse([None, run[0]], 7, run[0].device_usec)
    np.testing.assert_allclose(
        moved_points(inverse(rig.cameras[1].pose), bodies.positions), run[0].positions, atol=0.5
    )
    assert (bodies.frame, bodies.device_usec, bodies.ids.tolist()) == (7, run[0].device_usec, [1])
    np.testing.assert_allclose(np.linalg.norm(bodies.orientations, axis=2), 1)
    assert len(fuser.fuse([None, None], 8, run[1].device_usec)) == 0
    with pytest.raises(ValueError, match="zip"):
        fuser.fuse([None], 9, 0)
