import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation, Slerp

from bodychan.model.arrays import F64
from bodychan.model.rotations import (
    continuous_quaternion,
    euler_xyz_degrees_to_quaternion,
    matrix_to_euler_xyz_degrees,
    matrix_to_quaternion,
    quaternion_product,
    quaternion_to_matrix,
    quaternion_to_vector,
    rotation_between,
    slerp,
    unit,
    vector_to_quaternion,
)

vectors = arrays(np.float64, (3,), elements=st.floats(-1, 1)).filter(lambda v: bool(np.linalg.norm(v) > 1e-3))
quaternions = arrays(np.float64, (5, 4), elements=st.floats(-1, 1)).filter(
    lambda q: bool((np.linalg.norm(q, axis=1) > 1e-3).all())
)


def turn(axis: str, degrees: float) -> F64:
    """Rotation about one axis, written out by hand."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    rows = {
        "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
        "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }
    return np.array(rows[axis], dtype=np.float64)


@given(quaternions)
def test_a_quaternion_survives_the_way_through_a_matrix_up_to_sign(q: F64) -> None:
    q = unit(q)
    back = matrix_to_quaternion(quaternion_to_matrix(q))
    assert np.allclose(np.abs((back * q).sum(axis=1)), 1)
    assert (back[:, 0] >= 0).all()


@given(quaternions)
def test_a_quaternion_gives_a_proper_rotation(q: F64) -> None:
    m = quaternion_to_matrix(unit(q))
    assert np.allclose(m @ m.transpose(0, 2, 1), np.eye(3))
    assert np.allclose(np.linalg.det(m), 1)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_a_quarter_turn_has_the_right_handed_matrix(axis: str) -> None:
    q = np.zeros(4)
    q[0] = q[1 + "xyz".index(axis)] = np.sqrt(0.5)
    assert np.allclose(quaternion_to_matrix(q), turn(axis, 90))
    assert np.allclose(matrix_to_quaternion(turn(axis, 90)), q)


@given(quaternions)
def test_euler_angles_put_together_again_give_the_rotation(q: F64) -> None:
    m = quaternion_to_matrix(unit(q))
    for matrix, (rx, ry, rz) in zip(m, matrix_to_euler_xyz_degrees(m), strict=True):
        assert np.allclose(turn("z", rz) @ turn("y", ry) @ turn("x", rx), matrix, atol=1e-6)
        assert -180 < rx <= 180
        assert -90 <= ry <= 90
        assert -180 < rz <= 180


@pytest.mark.parametrize("ry", [90.0, -90.0])
@pytest.mark.parametrize("rx", [-120.0, 0.0, 35.0])
def test_at_gimbal_lock_rz_is_zero(rx: float, ry: float) -> None:
    m = turn("z", 50) @ turn("y", ry) @ turn("x", rx)
    angles = matrix_to_euler_xyz_degrees(m)
    assert angles[2] == 0
    assert angles[1] == pytest.approx(ry)
    assert np.allclose(turn("y", angles[1]) @ turn("x", angles[0]), m)


def test_a_half_turn_is_plus_180() -> None:
    assert matrix_to_euler_xyz_degrees(np.diag([-1.0, -1.0, 1.0]))[2] == 180
    half = np.array([[-1.0, 0.0, 0.0], [-0.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
    assert matrix_to_euler_xyz_degrees(half)[2] == 180


@given(vectors, vectors)
def test_the_smallest_rotation_turns_one_vector_into_the_other(a: F64, b: F64) -> None:
    a, b = unit(a), unit(b)
    m = rotation_between(a, b)
    assert np.allclose(m @ a, b, atol=1e-6)
    assert np.linalg.det(m) == pytest.approx(1)
    angle = np.arccos(np.clip((np.trace(m) - 1) / 2, -1, 1))
    assert angle == pytest.approx(np.arccos(np.clip(a @ b, -1, 1)), abs=1e-5)


def test_opposite_vectors_are_turned_by_half_a_turn() -> None:
    a = unit(np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 1.0]]))
    assert np.allclose(np.einsum("nij,nj->ni", rotation_between(a, -a), a), -a)


def test_a_quaternion_takes_the_sign_of_the_one_before() -> None:
    before = unit(np.array([[1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 1.0]]))
    now = before * [[1.0], [-1.0]]
    assert np.allclose(continuous_quaternion(now, before), before)


@given(quaternions, quaternions)
def test_a_product_turns_by_the_right_one_first(a: F64, b: F64) -> None:
    a, b = unit(a), unit(b)
    both = quaternion_to_matrix(quaternion_product(a, b))
    assert np.allclose(both, quaternion_to_matrix(a) @ quaternion_to_matrix(b))
    assert np.allclose(quaternion_product(a[0], b), quaternion_product(np.tile(a[0], (5, 1)), b))


@pytest.mark.parametrize("degrees", [0.0, 1e-9, 40.0, -170.0, 180.0])
def test_a_rotation_vector_is_axis_times_angle(degrees: float) -> None:
    vector = np.radians(degrees) * np.array([0.0, 0.0, 1.0])
    assert np.allclose(quaternion_to_matrix(vector_to_quaternion(vector)), turn("z", degrees))
    assert np.allclose(quaternion_to_vector(vector_to_quaternion(vector)), vector)


@given(quaternions)
def test_rotation_vectors_are_at_most_half_a_turn_and_do_not_depend_on_the_sign(q: F64) -> None:
    q = unit(q)
    vector = quaternion_to_vector(q)
    assert (np.linalg.norm(vector, axis=-1) <= np.pi + 1e-9).all()
    for other in (vector, quaternion_to_vector(-q)):
        assert np.allclose(quaternion_to_matrix(vector_to_quaternion(other)), quaternion_to_matrix(q))


@given(arrays(np.float64, (5, 3), elements=st.floats(-720, 720)))
def test_euler_angles_become_the_quaternions_that_scipy_gives(degrees: F64) -> None:
    theirs = Rotation.from_euler("xyz", degrees, degrees=True).as_quat(scalar_first=True)
    ours = euler_xyz_degrees_to_quaternion(degrees)
    assert np.allclose(np.abs((ours * theirs).sum(axis=1)), 1)


@given(quaternions, quaternions, st.floats(0, 1))
def test_slerp_goes_where_scipys_goes(a: F64, b: F64, share: float) -> None:
    a, b = unit(a), unit(b)
    for start, end, between in zip(a, b, slerp(a, b, np.full(5, share)), strict=True):
        if abs(start @ end) < 1e-3:
            continue  # half a turn: either way round is as short
        ends = Rotation.from_quat(np.stack([start, end]), scalar_first=True)
        theirs = Slerp([0, 1], ends)([share]).as_quat(scalar_first=True)[0]
        assert abs(between @ theirs) == pytest.approx(1)
