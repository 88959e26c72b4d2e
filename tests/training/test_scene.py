from training.geometry import seed
from training.scene import FLOOR, NOBODY, TARGET, blank, cut_out


def test_who_is_cut_out_of_a_room_has_nothing_around_them() -> None:
    seed(1)
    canvas = blank(8)
    canvas.depth[:], canvas.shows[:] = 2.0, TARGET
    canvas.shows[0], canvas.shows[1] = FLOOR, NOBODY
    canvas.depth[2] = 3.5
    cut_out(canvas, 3.0)
    assert (canvas.depth[:3] == 0).all()
    assert (canvas.shows[:3] == NOBODY).all()
    assert (canvas.depth[3:] == 2.0).all()
    assert (canvas.shows[3:] == TARGET).all()
