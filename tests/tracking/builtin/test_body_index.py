import numpy as np
import pytest

from bodychan import Bodies, Calibration, open_camera
from bodychan.model.arrays import F64
from bodychan.model.bodies import NOBODY
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.body_index import claim, grow, index_map
from reference import body_index_plain
from scripted import standing

TRUNK = [Joint.SPINE_NAVEL, Joint.SPINE_CHEST, Joint.HIP_LEFT, Joint.HIP_RIGHT, Joint.HEAD]


def test_pixels_of_two_people_are_told_apart_and_the_room_is_nobody() -> None:
    with open_camera("synthetic:two") as camera:
        capture = camera.read()
        assert capture is not None
        assert capture.depth is not None
        bodies = camera.truth(capture)  # type: ignore[attr-defined]
        whose = index_map(capture.depth, bodies, camera.calibration)
        pixels, _ = camera.calibration.project(bodies.positions.reshape(-1, 3), "depth", "depth")
    u, v = np.rint(pixels.reshape(2, 32, 2)).astype(int).transpose(2, 0, 1)
    for row in range(2):
        assert (whose[v[row, TRUNK], u[row, TRUNK]] == row).all()
    assert 0.02 < np.mean(whose != NOBODY) < 0.3
    assert (whose[capture.depth == 0] == NOBODY).all()


def test_nobody_gives_an_empty_map(calibration: Calibration) -> None:
    depth = np.full((576, 640), 2000, np.uint16)
    assert (index_map(depth, Bodies.none(1, 0), calibration) == NOBODY).all()


def test_of_two_bodies_the_nearer_one_gets_the_pixel(calibration: Calibration) -> None:
    bodies = standing([1, 2])  # at x = 0.5 m and 1 m
    depth = np.full((576, 640), 2500, np.uint16)
    whose = index_map(depth, bodies, calibration)
    pixels, _ = calibration.project(bodies.positions[:, Joint.SPINE_NAVEL], "depth", "depth")
    for row, (u, v) in enumerate(np.rint(pixels).astype(int)):
        assert whose[v, u] == row


def test_the_kernels_equal_their_plain_twins() -> None:
    rng = np.random.default_rng(3)
    depth = rng.integers(0, 1500, (24, 32)).astype(np.uint16)
    rays = rng.uniform(-0.5, 0.5, (24, 32, 2)).astype(np.float32)
    starts, ends = rng.uniform(-400, 400, (2, 2, 31, 3)) + np.array([0, 0, 900.0])
    radii = rng.uniform(10, 60, (2, 31, 2))
    boxes = np.tile([[[0, 0, 32, 24]], [[4, 3, 30, 20]]], (1, 31, 1))
    owner, on = claim(depth, rays, starts, ends, radii, boxes)
    for fast, plain in zip(
        (owner, on), body_index_plain.claim(depth, rays, starts, ends, radii, boxes), strict=True
    ):
        assert np.array_equal(fast, plain)
    assert set(np.unique(owner)) == {0, 1, NOBODY}
    flat = np.sort(depth.ravel()).reshape(depth.shape)  # rows go on from pixel to pixel, columns do not
    few = on & (rng.random(on.shape) < 0.2)
    grown, grown_plainly = np.full((2, *depth.shape), NOBODY, np.uint8)
    grow(flat, owner, few, grown)
    body_index_plain.grow(flat, owner, few, grown_plainly)
    assert np.array_equal(grown, grown_plainly)
    assert few.sum() < (grown != NOBODY).sum() < (owner != NOBODY).sum()


@pytest.fixture
def trunk(calibration: Calibration) -> tuple[Bodies, F64]:
    """A body, and where its navel is in the depth image."""
    bodies = standing([1])
    pixels, _ = calibration.project(bodies.positions[0, [Joint.SPINE_NAVEL]], "depth", "depth")
    return bodies, pixels[0]


def test_a_body_grows_over_its_own_surface_and_not_across_a_gap(
    calibration: Calibration, trunk: tuple[Bodies, F64]
) -> None:
    bodies, (u, v) = trunk
    navel = bodies.positions[0, Joint.SPINE_NAVEL, 2]
    rows, columns = np.mgrid[:576, :640]
    middle = np.hypot(rows - v, columns - u)
    belly = (navel - 330.0 + 2.0 * middle).astype(np.uint16)  # a stout one: 180 mm outside its capsule
    stout = np.where(middle < 100, belly, 0).astype(np.uint16)
    assert index_map(stout, bodies, calibration)[int(v) - 40, int(u)] == 0
    cut = np.where((middle > 30) & (middle < 60), 0, stout).astype(np.uint16)
    assert index_map(cut, bodies, calibration)[int(v), int(u)] == NOBODY, "it hangs free in the room"


def test_what_is_behind_a_body_is_not_it(calibration: Calibration, trunk: tuple[Bodies, F64]) -> None:
    bodies, (u, v) = trunk
    back = bodies.positions[0, Joint.SPINE_NAVEL, 2] + 190.0
    wall = np.full((576, 640), back, np.uint16)
    assert index_map(wall, bodies, calibration)[int(v), int(u)] == NOBODY


@pytest.mark.parametrize("scene", ["walk", "two"])
def test_the_map_is_that_of_the_true_skin(scene: str) -> None:
    with open_camera(f"synthetic:{scene}") as camera:
        capture = camera.read()
        with open_camera("synthetic:empty") as room:
            empty = room.read()
    assert capture is not None
    assert empty is not None
    assert capture.depth is not None
    assert empty.depth is not None
    there = (capture.depth > 0) & (capture.depth < empty.depth.astype(np.int64) - 100)  # nobody's pixel is so
    found = index_map(capture.depth, camera.truth(capture), camera.calibration) != NOBODY  # type: ignore[attr-defined]
    assert (there & found).sum() / (there | found).sum() > 0.85
