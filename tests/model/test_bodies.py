import numpy as np
import pytest

from bodychan import Bodies
from bodychan.model.bodies import NOBODY
from scripted import standing


def test_wrong_shape_is_refused_with_both_shapes() -> None:
    good = standing([1])
    with pytest.raises(ValueError, match=r"Bodies.positions has shape \(2, 32, 3\), expected \(1, 32, 3\)"):
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
    assert bodies.index_map is index_map
    assert not index_map.flags.writeable
