import numpy as np
import pytest

from bodychan.cameras.synthetic.device import hold, hold_in_hand
from bodychan.cameras.synthetic.room import (
    CUPBOARD,
    FACES_PER_BOX,
    FLOOR,
    NOTHING_MM,
    WALL,
    face_albedos,
    face_colors,
    see_room,
)
from bodychan.model.arrays import F32
from reference import room_plain

BOXES = (FLOOR, WALL, CUPBOARD)


def _rays() -> F32:
    y, x = np.meshgrid(np.linspace(-0.7, 0.7, 71), np.linspace(-0.8, 0.8, 81), indexing="ij")
    return np.stack([x, y], axis=2).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.0, 1.3, 2.9])
def test_the_kernel_sees_what_plain_numpy_sees(seconds: float) -> None:
    placement = hold_in_hand(1100.0)(seconds)
    kernel, plain = (see(_rays(), *placement, BOXES) for see in (see_room, room_plain.see_room))
    same = kernel.surface == plain.surface
    assert same.mean() > 0.995  # rays along an edge
    np.testing.assert_allclose(kernel.depth[same], plain.depth[same], rtol=1e-5)
    np.testing.assert_allclose(kernel.cosine[same], plain.cosine[same], atol=1e-5)


def test_floor_and_wall_are_where_the_table_puts_them() -> None:
    rays = _rays()
    sight = see_room(rays, np.eye(3), np.array([0.0, -1000.0, 0.0]), (FLOOR, WALL))
    down = rays[..., 1].astype(np.float64)
    with np.errstate(divide="ignore"):
        floor = np.where(down > 0, 1000.0 / down, np.inf)
    np.testing.assert_allclose(sight.depth, np.minimum(floor, 4000.0), rtol=1e-4)
    assert (sight.surface[floor < 3999] < FACES_PER_BOX).all()
    assert (sight.surface[floor > 4001] >= FACES_PER_BOX).all()


def test_a_ray_that_meets_nothing_says_so() -> None:
    sight = see_room(_rays(), np.eye(3), np.zeros(3), ())
    assert (sight.depth == NOTHING_MM).all()
    assert (sight.surface == -1).all()


def test_the_floor_lies_level_for_a_tilted_camera() -> None:
    rotation, place = hold(1150.0)(0.0)
    sight = see_room(_rays(), rotation, place, (FLOOR,))
    ways = np.concatenate([_rays(), np.ones((71, 81, 1), np.float32)], axis=2) * sight.depth[..., None]
    heights = (ways @ rotation.T + place)[sight.surface >= 0][:, 1]
    np.testing.assert_allclose(heights, 0.0, atol=2.0)


def test_every_face_has_a_colour_and_a_reflectance() -> None:
    assert face_albedos(BOXES).shape == (3 * FACES_PER_BOX,)
    colors = face_colors(BOXES)
    assert colors.shape == (3 * FACES_PER_BOX, 3)
    assert colors.min() > 20
    assert colors.max() <= 255
