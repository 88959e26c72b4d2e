import numpy as np
import pytest

from bodychan.fusion.floor import Plane, find_floor
from bodychan.fusion.rigid import inverse, moved_points
from bodychan.fusion.tracks import tracks_of
from bodychan.model.arrays import F64
from rigs import POSES, moments, oval, seen


def cloud(camera: F64, floor_share: float = 0.6, seed: int = 0) -> F64:
    """Points of the floor at y = 0, a wall, and clutter, in a camera's frame."""
    rng = np.random.default_rng(seed)
    count = 20_000
    floor = rng.uniform((-2000, 0, 1200), (2000, 0, 4000), (round(count * floor_share), 3))
    clutter = rng.uniform((-2000, -1900, 1200), (2000, -30, 4000), (round(count * 0.4), 3))
    points = np.concatenate([floor + rng.normal(0, 4, floor.shape), clutter])
    return np.concatenate([moved_points(inverse(camera), points), np.zeros((1000, 3))])


@pytest.mark.parametrize("number", [0, 1, 3])
def test_the_floor_below_people_is_found(number: int) -> None:
    camera = POSES[number]
    plane = find_floor(cloud(camera), tracks_of(seen(camera, [oval], moments(60))))
    assert plane is not None
    # Up is -y of the room, and the camera is 1.2 m over the floor.
    up = camera[:3, :3].T @ (0.0, -1.0, 0.0)
    assert np.degrees(np.arccos(plane.normal @ up)) < 0.2
    assert plane.distance == pytest.approx(-1200, abs=4)


def test_without_people_or_floor_there_is_none() -> None:
    people = tracks_of(seen(POSES[0], [oval], moments(60)))
    assert find_floor(cloud(POSES[0]), []) is None
    assert find_floor(cloud(POSES[0])[:500], people) is None
    assert find_floor(np.zeros((0, 3)), people) is None


def test_a_foot_is_the_nearest_point_of_the_plane() -> None:
    plane = Plane(np.array([0.0, -1.0, 0.0]), -900.0)
    np.testing.assert_allclose(plane.foot(np.array([[1.0, 2.0, 3.0]])), [[1.0, 900.0, 3.0]])
