from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bodychan import Bodies
from bodychan.model.bodies import NOBODY
from scripted import standing


def test_wrong_shape_is_refused_with_both_shapes() -> None:
    good = standing([1])
    with pytest.raises(
        ValueError, match=r"Bodies.positions is float64 \(2, 32, 3\), expected float64 \(1, 32, 3\)"
    ):
        Bodies(1, 0, good.ids, np.zeros((2, 32, 3)), good.orientations, good.confidence)


def test_nan_never_gets_in() -> None:
    good = standing([1])
    positions = good.positions.copy()
    positions[0, 3, 1] = np.nan
    with pytest.raises(ValueError, match=r"frame 7 .* not finite"):
        Bodies(7, 0, good.ids, positions, good.orientations, good.confidence)


def test_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        standing([1]).positions[0, 0, 0] = 5


def test_nobody_has_no_rows() -> None:
    nobody = Bodies.none(4, 5)
    assert (len(nobody), nobody.frame, nobody.device_usec) == (0, 4, 5)


@pytest.mark.parametrize("wrong", [np.zeros((4, 5), np.uint16), np.zeros(20, np.uint8)])
def test_an_index_map_of_another_shape_or_type_is_refused(wrong: np.ndarray) -> None:
    good = standing([1])
    with pytest.raises(ValueError, match=r"Bodies.index_map is .*, expected uint8 \(H, W\)"):
        Bodies(1, 0, good.ids, good.positions, good.orientations, good.confidence, wrong)


def test_an_index_map_is_read_only() -> None:
    good = standing([1])
    index_map = np.full((4, 5), NOBODY, np.uint8)
    bodies = Bodies(1, 0, good.ids, good.positions, good.orientations, good.confidence, index_map)
    assert bodies.index_map is not None
    assert not bodies.index_map.flags.writeable


def test_the_callers_arrays_stay_their_own() -> None:
    good = standing([1])
    positions = good.positions.copy()
    index_map = np.full((4, 5), NOBODY, np.uint8)
    bodies = Bodies(1, 0, good.ids, positions, good.orientations, good.confidence, index_map)
    positions[0, 0, 0] = 1e6
    index_map[0, 0] = 0
    assert bodies.positions[0, 0, 0] == good.positions[0, 0, 0]
    assert bodies.index_map is not None
    assert bodies.index_map[0, 0] == NOBODY


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ids": np.array([1.0])}, r"Bodies.ids is float64 \(1,\), expected int64 \(N,\)"),
        ({"ids": [1]}, "Bodies.ids is a list, expected an array"),
        ({"ids": np.array([0])}, r"the ids \[0\]: ids count from 1"),
        ({"ids": np.array([-3])}, r"the ids \[-3\]"),
        ({"positions": np.zeros((1, 32, 3), np.float32)}, "Bodies.positions is float32"),
        ({"positions": np.full((1, 32, 3), np.inf)}, "not finite"),
        ({"orientations": np.zeros((1, 32, 4))}, "not a unit quaternion"),
        ({"orientations": np.full((1, 32, 4), 0.51)}, "not a unit quaternion"),
        ({"orientations": np.full((1, 32, 4), 1e200)}, "not a unit quaternion"),
        ({"orientations": np.full((1, 32, 4), np.nan)}, "not finite"),
        ({"confidence": np.full((1, 32), 4, np.uint8)}, "the confidence 4: levels are 0 to 3"),
        ({"confidence": np.full((1, 32), 2)}, "Bodies.confidence is int64"),
        ({"frame": 1.5}, "Bodies.frame is 1.5, expected a whole number"),
        ({"device_usec": None}, "Bodies.device_usec is None, expected a whole number"),
        ({"space": ""}, "Bodies.space is ''"),
        ({"errors_mm": np.ones(32)}, r"Bodies.errors_mm is float64 \(32,\), expected float64 \(1, 32\)"),
        ({"errors_mm": np.zeros((1, 32))}, "an error that is not above 0"),
        ({"errors_mm": np.full((1, 32), np.nan)}, "an error that is not above 0"),
    ],
)
def test_values_that_break_the_contract_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(standing([1]), **values)


def test_two_bodies_cannot_have_one_id() -> None:
    with pytest.raises(ValueError, match=r"frame 3 have the ids \[4, 4\]"):
        standing([4, 4], 3)
