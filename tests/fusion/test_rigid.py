from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodychan.fusion.floor import Plane
from bodychan.fusion.rigid import (
    ALONG,
    Pairs,
    covariance,
    fit_rigid,
    inverse,
    moved_bodies,
    moved_points,
    refine_rigid,
)
from bodychan.model.arrays import F64
from bodychan.model.rotations import quaternion_to_matrix, vector_to_quaternion
from scripted import standing


def transformation(seed: int) -> F64:
    rng = np.random.default_rng(seed)
    matrix = np.eye(4)
    matrix[:3, :3] = quaternion_to_matrix(vector_to_quaternion(rng.normal(0, 1, 3)))
    matrix[:3, 3] = rng.normal(0, 2000, 3)
    return matrix


def rays(points: F64) -> F64:
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def pairs(matrix: F64, seed: int = 0, noise: float = 0.0, count: int = 200, moving: bool = False) -> Pairs:
    rng = np.random.default_rng(seed)
    source = rng.normal((0, 0, 2500), (600, 500, 600), (count, 3))
    velocity = rng.normal(0, 1000, (count, 3)) * moving
    target = (
        moved_points(matrix, source) + rng.normal(0, noise, (count, 3))
        if noise
        else moved_points(matrix, source)
    )
    # Their own camera sees the target's points from somewhere.
    return Pairs(
        source,
        covariance(rays(source), ALONG),
        target,
        covariance(rays(target - 3000.0), ALONG),
        velocity,
        np.ones(count),
    )


@given(st.integers(0, 1000))
def test_what_was_moved_is_found_and_moved_back(seed: int) -> None:
    matrix = transformation(seed)
    np.testing.assert_allclose(inverse(matrix) @ matrix, np.eye(4), atol=1e-9)
    np.testing.assert_allclose(fit_rigid(pairs(matrix)), matrix, atol=1e-6)


def test_bodies_are_moved_with_their_axes() -> None:
    matrix = transformation(3)
    bodies = standing([1, 2])
    moved = moved_bodies(matrix, bodies)
    np.testing.assert_allclose(moved.positions, moved_points(matrix, bodies.positions))
    np.testing.assert_allclose(
        quaternion_to_matrix(moved.orientations), matrix[:3, :3] @ quaternion_to_matrix(bodies.orientations)
    )
    assert moved.ids is bodies.ids


def test_wrong_pairs_do_not_pull() -> None:
    matrix = transformation(1)
    given_pairs = pairs(matrix, noise=10.0)
    wrong = given_pairs.target.copy()
    wrong[::5] += (900.0, -400.0, 700.0)
    mixed = replace(given_pairs, target=wrong)
    fit = refine_rigid(mixed, fit_rigid(mixed))
    assert np.linalg.norm(fit.matrix[:3, 3] - matrix[:3, 3]) < 8
    assert fit.median_mm < 20


def test_errors_along_rays_count_less_than_those_across() -> None:
    """The generalised fit must beat the plain one where errors are as it supposes."""
    better = 0
    for seed in range(20):
        matrix = transformation(seed)
        exact = pairs(matrix, seed)
        rng = np.random.default_rng(seed)
        along = rng.standard_normal((len(exact), 2, 1)) * 60
        noisy = replace(
            exact,
            source=exact.source + along[:, 0] * rays(exact.source),
            target=exact.target + along[:, 1] * rays(exact.target - 3000.0),
        )
        plain = fit_rigid(noisy)
        refined = refine_rigid(noisy, plain).matrix
        middle = np.array([0.0, 0.0, 2500.0])
        errors = [
            np.linalg.norm(moved_points(m, middle) - moved_points(matrix, middle)) for m in (plain, refined)
        ]
        better += errors[1] < errors[0]
    assert ALONG > 1
    assert better >= 14


def test_the_time_between_is_found() -> None:
    matrix = transformation(2)
    early = pairs(matrix, noise=5.0, moving=True)
    later = replace(early, source=early.source - 0.02 * early.velocity)
    assert refine_rigid(later, matrix, timed=True).later == pytest.approx(0.02, abs=2e-3)
    assert refine_rigid(later, matrix).later == 0.0


def test_floors_are_made_one() -> None:
    matrix = transformation(4)
    noisy = pairs(matrix, noise=80.0, count=60)
    ours = Plane(np.array([0.0, -1.0, 0.0]), -900.0)
    normal = matrix[:3, :3] @ ours.normal
    on_floor = moved_points(matrix, ours.distance * ours.normal)
    fit = refine_rigid(noisy, fit_rigid(noisy), floors=(ours, Plane(normal, float(normal @ on_floor))))
    assert fit.matrix[:3, :3] @ ours.normal @ normal == pytest.approx(1, abs=1e-5)
    free = refine_rigid(noisy, fit_rigid(noisy))
    assert free.matrix[:3, :3] @ ours.normal @ normal < 1 - 1e-5


def test_covariances_are_greater_along_and_turn_with_their_points() -> None:
    (shape,) = covariance(np.array([[0.0, 0.0, 1.0]]), 4.0, 0.5)
    np.testing.assert_array_equal(shape, np.diag([0.5, 0.5, 4.0]))
    matrix = transformation(5)
    there = pairs(matrix, count=10)
    moved = there.target_moved(matrix)
    turned = rays(there.target - 3000.0) @ matrix[:3, :3].T
    np.testing.assert_allclose(moved.target_errors, covariance(turned, ALONG), atol=1e-9)
    assert there.median_mm(matrix) == pytest.approx(0, abs=1e-6)


def test_bodies_about_their_middle_know_no_place() -> None:
    given_pairs = pairs(np.eye(4), count=30)
    centred = given_pairs.about_centres(10)
    np.testing.assert_allclose(centred.source.reshape(3, 10, 3).mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(np.diff(centred.source[:10], axis=0), np.diff(given_pairs.source[:10], axis=0))
