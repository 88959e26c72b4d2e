import numpy as np

from bodychan import Bodies
from bodychan.players import compact
from scripted import standing


def test_bodies_fill_the_places_from_the_first() -> None:
    slots = compact(standing([4, 9]), 3)
    assert slots.ids.tolist() == [4, 9, 0]
    assert not slots.positions[2].any()
    assert not slots.confidence[2].any()


def test_the_others_move_up_when_one_leaves() -> None:
    assert compact(standing([9]), 2).ids.tolist() == [9, 0]


def test_more_bodies_than_places_leave_the_last_ones_out() -> None:
    assert compact(standing([4, 9, 2]), 2).ids.tolist() == [4, 9]


def test_nobody_leaves_every_place_empty_but_keeps_frame_and_time() -> None:
    slots = compact(Bodies.none(12, 345), 2)
    assert slots.ids.tolist() == [0, 0]
    assert (slots.frame, slots.device_usec) == (12, 345)
    assert np.array_equal(slots.orientations[..., 0], np.ones((2, 32)))
