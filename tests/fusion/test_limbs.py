from dataclasses import replace

import numpy as np
import pytest

from bodychan import Bodies
from bodychan.fusion.limbs import LIMBS, find_limbs
from bodychan.model.arrays import F64
from scripted import standing


def skin(bodies: Bodies, noise_mm: float = 8.0, sides: tuple[float, float] = (-1.4, 1.4)) -> F64:
    """What a depth camera sees of limbs: the half of each cone that faces it, with noise along its rays."""
    rng = np.random.default_rng(1)
    parts = []
    for joints in bodies.positions:
        for start, end, thickness in LIMBS:
            a, axis = joints[start], joints[end] - joints[start]
            length = float(np.linalg.norm(axis))
            sideways = np.cross(axis, a)
            sideways /= np.linalg.norm(sideways)
            away = np.cross(sideways, axis / length)
            along = rng.uniform(0, 1, 900)[:, None]
            side = rng.uniform(*sides, 900)[:, None]
            radius = thickness * length * (1.1 - 0.2 * along)
            points = a + along * axis + radius * (np.sin(side) * sideways - np.cos(side) * away)
            rays = points / np.linalg.norm(points, axis=1, keepdims=True)
            parts.append(points + rays * rng.normal(0, noise_mm, (900, 1)))
    return np.concatenate([*parts, np.zeros((50, 3))])


def off_axis(middles: F64, bodies: Bodies) -> F64:
    """How far (N, 4) found middles are from the true axes."""
    distances = []
    for number, (start, end, _) in enumerate(LIMBS):
        axis = bodies.positions[:, end] - bodies.positions[:, start]
        axis /= np.linalg.norm(axis, axis=1, keepdims=True)
        distances.append(
            np.linalg.norm(np.cross(middles[:, number] - bodies.positions[:, start], axis), axis=1)
        )
    return np.array(distances).T


@pytest.mark.parametrize("noise_mm", [1.0, 8.0])
@pytest.mark.parametrize("deeper_mm", [-25.0, 0.0, 25.0])
def test_axes_are_where_the_skin_says_however_wrong_the_tracker_is(noise_mm: float, deeper_mm: float) -> None:
    true = standing([1, 2])
    tracked = replace(true, positions=true.positions + np.array([0.0, 0.0, deeper_mm]))
    found = find_limbs(skin(true, noise_mm), tracked)
    assert np.isfinite(found.middles).all()
    assert off_axis(found.middles, true).max() < 5
    np.testing.assert_allclose(np.linalg.norm(found.directions, axis=2), 1)
    for number, (start, end, thickness) in enumerate(LIMBS):
        length = np.linalg.norm(true.positions[:, end] - true.positions[:, start], axis=1)
        np.testing.assert_allclose(found.radii[:, number], thickness * length, atol=5)


def test_what_is_seen_of_one_side_only_or_not_at_all_is_not_measured() -> None:
    bodies = standing([1])
    for cloud in (skin(bodies, sides=(-1.4, 0.0)), np.zeros((100, 3)), np.zeros((0, 3))):
        found = find_limbs(cloud, bodies)
        assert np.isnan(found.middles).all()
        assert np.isnan(found.radii).all()


def test_a_body_without_length_and_nobody_are_no_fault() -> None:
    bodies = standing([1])
    point = replace(bodies, positions=np.broadcast_to(bodies.positions[:, :1], (1, 32, 3)).copy())
    assert np.isnan(find_limbs(skin(bodies), point).middles).all()
    assert find_limbs(skin(bodies), Bodies.none(1, 0)).middles.shape == (0, 4, 3)
