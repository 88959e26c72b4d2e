"""The proof of the fusion, with the built-in tracker before the synthetic camera: `make proof`."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from bodychan import Bodies
from bodychan.apps.calibrate import sight
from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.fusion.calibrate import Sighting, calibrate
from bodychan.fusion.merge import Fuser
from bodychan.fusion.rig import Rig
from bodychan.fusion.rigid import moved_bodies
from bodychan.model.arrays import F64
from rigs import pose_errors

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("fusion")]
VIEWS = (1, 2, 3, 4)


def url(scene: str, view: int) -> str:
    return f"synthetic:{scene}?view={view}&fps=15"


@pytest.fixture(scope="module")
def sightings() -> dict[str, Sighting]:
    urls = [url(scene, view) for scene in ("walk", "two") for view in VIEWS]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return dict(zip(urls, pool.map(sight, urls), strict=True))


def poses(views: Sequence[int]) -> list[F64]:
    return [SyntheticCamera(url("walk", view)).pose for view in views]


def fused(rig: Rig, seen: Sequence[Sighting]) -> list[Bodies]:
    fuser = Fuser(rig)
    return [
        fuser.fuse(bodies, bodies[0].frame, bodies[0].device_usec)
        for bodies in zip(*(sighting.bodies for sighting in seen), strict=True)
    ]


def errors(run: Sequence[Bodies], truth: Sequence[Bodies]) -> F64:
    """The distance (T, 32) of the joints of the one person."""
    return np.array(
        [np.linalg.norm(b.positions[0] - t.positions[0], axis=1) for b, t in zip(run, truth, strict=True)]
    )


@pytest.mark.parametrize("views", [(1, 3), VIEWS], ids=["two", "four"])
def test_poses_and_joints(sightings: dict[str, Sighting], views: tuple[int, ...]) -> None:
    seen = [sightings[url("walk", view)] for view in views]
    rig = calibrate(seen)
    for distance, angle in pose_errors(rig, poses(views)):
        assert distance < 10
        assert angle < 0.5
    run = fused(rig, seen)
    assert all(bodies.ids[0] == 1 for bodies in run)
    # The tracker sees somebody for one capture who is not there; they are nobody's second id.
    assert sum(len(bodies) > 1 for bodies in run) <= 2
    known = Rig.from_poses(poses(views)).cameras
    truths, hidden = [], []
    for view in views:
        with SyntheticCamera(url("walk", view)) as camera:
            truth = [camera.truth(capture) for capture in camera]
        truths.append(truth)
        hidden.append(np.array([t.confidence[0] < 2 for t in truth]))
    alone = [errors(sighting.bodies, truth) for sighting, truth in zip(seen, truths, strict=True)]
    best = int(np.argmin([one.mean() for one in alone]))
    merged = errors(run, [moved_bodies(known[0].pose, truth) for truth in truths[0]])
    assert merged.mean() < 0.75 * alone[best].mean()
    assert merged[hidden[best]].mean() < 0.6 * alone[best][hidden[best]].mean()


def test_two_people_have_one_id_each_and_a_camera_that_drops_out_changes_none(
    sightings: dict[str, Sighting],
) -> None:
    seen = [sightings[url("two", view)] for view in VIEWS]
    rig = calibrate([sightings[url("walk", view)] for view in VIEWS])
    fuser = Fuser(rig)
    ids = set()
    for moment, bodies in enumerate(zip(*(sighting.bodies for sighting in seen), strict=True)):
        there = [None if n == (moment // 30) % 4 else one for n, one in enumerate(bodies)]
        ids.update(fuser.fuse(there, moment, bodies[0].device_usec).ids.tolist())
    assert ids == {1, 2}
