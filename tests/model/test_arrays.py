import numpy as np
import pytest

from bodychan.model.arrays import checked, frozen, owned


def test_a_writable_array_is_copied_and_stays_writable() -> None:
    mine = np.zeros(3)
    kept = owned(mine)
    mine[0] = 5.0
    assert kept.tolist() == [0, 0, 0]
    assert not kept.flags.writeable


def test_a_read_only_view_of_a_writable_array_is_copied() -> None:
    mine = np.zeros(3)
    kept = owned(frozen(mine[:2]))
    mine[0] = 5.0
    assert kept.tolist() == [0, 0]


def test_what_nobody_can_write_is_not_copied() -> None:
    array, data = frozen(np.zeros(3)), np.frombuffer(b"abc", np.uint8)
    assert owned(array) is array
    assert owned(data) is data
    assert owned(array[1:]).base is array


@pytest.mark.parametrize(
    ("array", "found"),
    [
        ([[1.0, 2.0]], "is a list"),
        (np.zeros((3, 2), np.float32), r"is float32 \(3, 2\)"),
        (np.zeros((3, 3)), r"is float64 \(3, 3\)"),
        (np.zeros(3), r"is float64 \(3,\)"),
    ],
)
def test_another_type_or_shape_is_refused_with_both(array: object, found: str) -> None:
    with pytest.raises(ValueError, match=rf"^A\.b {found}, expected (an array, )?float64 \(N, 2\)$"):
        checked("A.b", array, np.float64, ("N", 2))
