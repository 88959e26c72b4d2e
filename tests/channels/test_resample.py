import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from bodychan.channels.kinds import Kind, Kinds, Quantity
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.channels.resample import resample
from bodychan.model.arrays import F64
from bodychan.model.skeleton import Joint

KINDS = Kinds(
    [
        Kind(Quantity.COUNTER),
        Kind(Quantity.ID, 1),
        Kind(Quantity.LENGTH, 1, Joint.HEAD, "bonelengths"),
        Kind(Quantity.ANGLE, 1, Joint.HEAD, "relbonerotations"),
        Kind(Quantity.ACCELERATION),
    ]
)
AT = np.array([1.0, 2.0])
VALUES = np.array([[7.0, 8.0], [3.0, 3.0], [0.0, 1.0], [170.0, -170.0], [4.0, 8.0]])


def at(*times: float, linear: bool, values: np.ndarray = VALUES) -> list[list[float]]:
    return [[float(v) for v in c] for c in resample(KINDS, AT, values, np.array(times), linear=linear).T]


def test_a_sample_holds_the_newest_value_and_is_zero_before_the_first() -> None:
    assert at(0.5, 1.0, 1.9, 2.0, 9.0, linear=False) == [
        [0, 0, 0, 0, 0],
        [7, 3, 0, 170, 4],
        [7, 3, 0, 170, 4],
        [8, 3, 1, -170, 8],
        [8, 3, 1, -170, 8],
    ]


def test_linear_goes_straight_single_angles_the_short_way_and_counters_hold() -> None:
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
    assert resample(KINDS, np.zeros(0), np.zeros((5, 0)), np.zeros(3)).tolist() == [[0, 0, 0]] * 5


@given(st.lists(st.floats(0, 3), min_size=1, max_size=20).map(sorted), st.booleans())
def test_samples_do_not_depend_on_which_others_are_asked_for(times: list[float], linear: bool) -> None:
    together = resample(KINDS, AT, VALUES, np.array(times), linear=linear)
    alone = [resample(KINDS, AT, VALUES, np.array([t]), linear=linear) for t in times]
    assert together == pytest.approx(np.concatenate(alone, axis=1))


LAYOUT = Layout(2, frozenset(JOINT_GROUPS), status=True)


def between(
    first: dict[str, float], second: dict[str, float], share: float, layout: Layout = LAYOUT
) -> dict[str, float]:
    """Interpolate between two rows in which body 4 is p1 and all but these channels are 1."""
    rows = []
    for values in (first, second):
        row = dict.fromkeys(layout.names, 1.0) | {"p1/id": 4.0, "p2/id": 0.0} | values
        rows.append([row[name] for name in layout.names])
    found = resample(layout.kinds, AT, np.array(rows).T, np.array([1.0 + share]), linear=True)
    return dict(zip(layout.names, found[:, 0].tolist(), strict=True))


def angles(name: str, values: tuple[float, ...]) -> dict[str, float]:
    return {f"{name}{axis}": value for axis, value in zip("xyz", values, strict=True)}


def rotation(values: F64 | tuple[float, ...]) -> Rotation:
    return Rotation.from_euler("xyz", values, degrees=True)


NEAR_THE_POLE = ((-45.9, 85.1, -26.3), (109.1, 63.4, 155.8))


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("group", ["p1/head:r", "p1/head:absr"])
def test_a_rotation_between_two_lies_on_the_way_of_41_degrees(group: str, share: float) -> None:
    first, second = NEAR_THE_POLE
    found = between(angles(group, first), angles(group, second), share)
    way = (rotation(first).inv() * rotation(second)).as_rotvec()
    assert np.degrees(np.linalg.norm(way)) == pytest.approx(41, abs=0.5)
    expected = rotation(first) * Rotation.from_rotvec(share * way)
    off = rotation(tuple(found[f"{group}{axis}"] for axis in "xyz")).inv() * expected
    assert np.degrees(off.magnitude()) < 1e-5


triples = st.tuples(st.floats(-179, 180), st.floats(-90, 90), st.floats(-179, 180))


@given(triples, triples, st.floats(0, 1))
def test_angles_stay_in_their_ranges_and_unrolled_ones_near_their_ends(
    first: tuple[float, ...], second: tuple[float, ...], share: float
) -> None:
    ends = angles("p1/head:r", first), angles("p1/head:r", second)
    plain = between(*ends, share)
    assert -180 < plain["p1/head:rx"] <= 180
    assert -90 <= plain["p1/head:ry"] <= 90
    assert -180 < plain["p1/head:rz"] <= 180
    unrolled = Layout(2, LAYOUT.groups, status=True, unroll=True)
    free = between(*ends, share, unrolled)
    for axis, a, b in zip("xyz", first, second, strict=True):
        turns = (free[f"p1/head:r{axis}"] - plain[f"p1/head:r{axis}"]) / 360
        assert turns == pytest.approx(round(turns), abs=1e-6) or share in (0, 1)
        assert abs(free[f"p1/head:r{axis}"] - (a + share * (b - a))) <= 180 + 1e-6


def test_unrolled_angles_go_on_over_half_a_turn() -> None:
    unrolled = Layout(2, LAYOUT.groups, status=True, unroll=True)
    found = between(angles("p1/head:absr", (0, 0, 350)), angles("p1/head:absr", (0, 0, 400)), 0.5, unrolled)
    assert found["p1/head:absrz"] == pytest.approx(375)


def test_a_sample_at_a_captures_own_time_is_that_capture_to_the_last_bit() -> None:
    first = angles("p1/head:r", NEAR_THE_POLE[0])
    found = between(first, angles("p1/head:r", NEAR_THE_POLE[1]), 0.0)
    assert {name: found[name] for name in first} == first


def test_flags_ids_counters_and_confidences_hold() -> None:
    held = ("frame", "timestamp", "p1/tracked", "p1/head:confidence")
    found = between(dict.fromkeys(held, 0.0), dict.fromkeys(held, 1.0), 0.25)
    assert [found[name] for name in held] == [0.0] * 4
    moving = ("p1/age", "p1/head:tx", "p1/knee_l:length", "p1/head:u")
    found = between(dict.fromkeys(moving, 0.5), dict.fromkeys(moving, 1.0), 0.25)
    assert [found[name] for name in moving] == [0.625] * 4


@pytest.mark.parametrize("u", ["p1/head:u", "p1/head:depthu"])
def test_an_image_position_does_not_run_to_where_nothing_is_projected(u: str) -> None:
    v = u[:-1] + "v"
    assert between({u: 0.25, v: 0.75}, {u: 0, v: 0}, 0.5)[v] == 0.75
    assert between({u: 0, v: 0}, {u: 0.25, v: 0.75}, 0.5)[u] == 0
    # One of the two may well be 0: the edge of the image.
    assert between({u: 0.25, v: 0.0}, {u: 0, v: 0.5}, 0.5)[u] == 0.125


def test_a_point_without_its_players_id_does_not_run_to_nobody() -> None:
    kinds = LAYOUT.kinds.of_rows([LAYOUT.names.index(f"p1/head:t{axis}") for axis in "xyz"])
    values = np.array([[0.5, 0.0], [1.0, 0.0], [2.0, 0.0]])
    assert resample(kinds, AT, values, np.array([1.5]), linear=True)[:, 0].tolist() == [0.5, 1.0, 2.0]


def test_renamed_angles_turn_like_any_others() -> None:
    other = Layout(2, LAYOUT.groups, status=True, naming=((":rx", "_a"), (":ry", "/b"), (":rz", ":c")))
    new = ("p1/head_a", "p1/head/b", "p1/head:c")
    first, second = (dict(zip(new, ends, strict=True)) for ends in NEAR_THE_POLE)
    found = between(first, second, 0.5, other)
    one, two = (angles("p1/head:r", ends) for ends in NEAR_THE_POLE)
    plain = between(one, two, 0.5)
    assert [found[name] for name in first] == [plain[f"p1/head:r{axis}"] for axis in "xyz"]


def test_a_single_angle_stays_within_half_a_turn() -> None:
    kinds = Kinds([Kind(Quantity.ANGLE, 1, Joint.HEAD, "absbonerotations")])
    for first, second, expected in ((170, -170, 180), (-170, 160, 175), (179, -175, -178)):
        values = np.array([[first, second]], float)
        found = resample(kinds, AT, values, np.array([1.5]), linear=True)[0, 0]
        assert found == pytest.approx(expected)


def test_numbers_too_large_for_a_line_between_them_hold() -> None:
    values = np.array([[1.7e308, -1.7e308]])
    assert resample(Kinds.numbers(1), AT, values, np.array([1.5]), linear=True)[0, 0] == 1.7e308
