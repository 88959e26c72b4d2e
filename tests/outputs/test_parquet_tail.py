import numpy as np

from bodychan.outputs.parquet_tail import piece, pieces, room

ROWS = np.arange(12.0).reshape(3, 4)


def test_pieces_come_back_in_their_order() -> None:
    data = bytes(7) + piece(1000, ROWS[:, :1]) + piece(1000, ROWS[:, 1:])
    found = list(pieces(data, 7, 1000, 3))
    np.testing.assert_array_equal(np.concatenate(found, axis=1), ROWS)


def test_what_is_cut_off_damaged_or_of_another_group_ends_them() -> None:
    first, second = piece(1000, ROWS), piece(1000, ROWS)
    for cut in range(len(second)):
        assert len(list(pieces(first + second[:cut], 0, 1000, 3))) == 1
    for place in range(len(second)):
        damaged = bytearray(first + second)
        damaged[len(first) + place] ^= 0x55
        assert len(list(pieces(bytes(damaged), 0, 1000, 3))) == 1
    for other in (piece(999, ROWS), piece(1000, ROWS[:2]), bytes(100)):
        assert len(list(pieces(first + other, 0, 1000, 3))) == 1


def test_room_is_never_less_than_the_numbers_and_grows_with_the_list() -> None:
    assert room(130, 512, 0) > 8 * 130 * 512
    assert room(130, 512, 9) > room(130, 512, 8)
