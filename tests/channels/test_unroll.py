import numpy as np
import pytest

from bodychan import Calibration
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.channels.players import Slots
from bodychan.channels.unroll import Unrolled, unroll
from bodychan.model.arrays import F64
from bodychan.model.rotations import quaternion_product, vector_to_quaternion
from rows import compact, evaluate
from scripted import standing

LAYOUT = Layout(2, frozenset(JOINT_GROUPS), status=True)
ANGLES = [i for i, name in enumerate(LAYOUT.names) if name.endswith(("rx", "ry", "rz"))]


def turning(ids: list[int], degrees: float) -> Slots:
    """Bodies that have turned about the camera's own axis."""
    slots = compact(standing(ids), 2)
    turn = vector_to_quaternion(np.array([0.0, 0.0, np.radians(degrees)]))
    return Slots(
        slots.frame,
        slots.device_usec,
        slots.ids,
        slots.positions,
        quaternion_product(turn, slots.orientations),
        slots.confidence,
        slots.tracked,
        slots.age,
    )


def rows(run: list[Slots], calibration: Calibration) -> tuple[F64, F64]:
    memory: Unrolled | None = None
    plain, found = [], []
    for slots in run:
        values = evaluate(LAYOUT, slots, calibration)
        plain.append(values)
        row, memory = unroll(LAYOUT, values, slots.ids, memory)
        found.append(row)
    return np.array(plain), np.array(found)


def test_angles_go_on_over_whole_turns_and_mean_the_same(calibration: Calibration) -> None:
    plain, found = rows([turning([1], 10.0 * k) for k in range(100)], calibration)
    pelvis = LAYOUT.names.index("p1/pelvis:absrz")
    assert np.abs(np.diff(plain[:, pelvis])).max() > 300
    assert np.diff(found[:, pelvis]) == pytest.approx(np.full(99, 10.0), abs=1e-3)
    assert np.abs(np.diff(found[:, ANGLES], axis=0)).max() <= 180
    turns = (found - plain)[:, ANGLES] / 360
    assert np.allclose(turns, np.round(turns))


def test_only_angles_change(calibration: Calibration) -> None:
    plain, found = rows([turning([1, 2], 30.0 * k) for k in range(30)], calibration)
    others = np.setdiff1d(np.arange(len(LAYOUT.names)), ANGLES)
    assert np.array_equal(plain[:, others], found[:, others])
    assert np.array_equal(plain[0], found[0])


def test_turns_belong_to_the_body_and_not_to_the_place(calibration: Calibration) -> None:
    run = [turning([1, 2], 30.0 * k) for k in range(20)] + [turning([2], 600.0)]
    _, found = rows(run, calibration)
    first, second = (LAYOUT.names.index(f"p{p}/pelvis:absrz") for p in (1, 2))
    assert found[-1, first] == pytest.approx(found[-2, second] + 30.0, abs=1e-3)
    assert found[-1, second] == 0


def test_a_body_that_was_away_starts_within_half_a_turn(calibration: Calibration) -> None:
    run = [turning([1], 30.0 * k) for k in range(20)] + [turning([], 0), turning([1], 600.0)]
    _, found = rows(run, calibration)
    pelvis = LAYOUT.names.index("p1/pelvis:absrz")
    assert abs(found[-3, pelvis]) > 180
    assert abs(found[-1, pelvis]) <= 180


def test_another_layout_starts_anew(calibration: Calibration) -> None:
    _, memory = unroll(LAYOUT, evaluate(LAYOUT, turning([1], 0), calibration), np.array([1, 0]), None)
    other = Layout(2, frozenset({"absbonerotations"}))
    values = evaluate(other, turning([1], 190), calibration)
    assert np.array_equal(unroll(other, values, np.array([1, 0]), memory)[0], values)
