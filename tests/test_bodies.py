import numpy as np
import pytest

from bodychan import Bodies
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
