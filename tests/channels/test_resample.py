import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodychan.channels.resample import resample

NAMES = ("frame", "p1/id", "p1/head:tx", "p1/head:rx", "imu:accelx")
AT = np.array([1.0, 2.0])
VALUES = np.array([[7.0, 8.0], [3.0, 3.0], [0.0, 1.0], [170.0, -170.0], [4.0, 8.0]])


def at(*times: float, linear: bool, values: np.ndarray = VALUES) -> list[list[float]]:
    return [[float(v) for v in c] for c in resample(NAMES, AT, values, np.array(times), linear=linear).T]


def test_a_sample_holds_the_newest_value_and_is_zero_before_the_first() -> None:
    assert at(0.5, 1.0, 1.9, 2.0, 9.0, linear=False) == [
        [0, 0, 0, 0, 0],
        [7, 3, 0, 170, 4],
        [7, 3, 0, 170, 4],
        [8, 3, 1, -170, 8],
        [8, 3, 1, -170, 8],
    ]


def test_linear_goes_straight_angles_the_short_way_and_numbers_hold() -> None:
    assert at(1.25, 2.0, 3.0, linear=True) == [
        [7, 3, 0.25, 175, 5],
        [8, 3, 1, -170, 8],
        [8, 3, 1, -170, 8],
    ]


def test_linear_does_not_lead_from_one_person_to_another() -> None:
    other = VALUES.copy()
    other[1, 1] = 4.0
    assert at(1.5, linear=True, values=other) == [[7, 3, 0, 170, 6]]


def test_a_microsecond_is_at_the_same_time() -> None:
    assert at(2.0 - 5e-7, linear=False)[0][0] == 8


def test_without_values_there_are_zeros() -> None:
    assert resample(NAMES, np.zeros(0), np.zeros((5, 0)), np.zeros(3)).tolist() == [[0, 0, 0]] * 5


@given(st.lists(st.floats(0, 3), min_size=1, max_size=20).map(sorted), st.booleans())
def test_samples_do_not_depend_on_which_others_are_asked_for(times: list[float], linear: bool) -> None:
    together = resample(NAMES, AT, VALUES, np.array(times), linear=linear)
    alone = [resample(NAMES, AT, VALUES, np.array([t]), linear=linear) for t in times]
    assert together == pytest.approx(np.concatenate(alone, axis=1))
