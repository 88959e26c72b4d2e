import numpy as np

from bodychan import Bodies, Calibration, open_camera
from bodychan.bodies import NOBODY
from bodychan.skeleton import Joint
from bodychan.tracking.segment import fill, fill_plainly, index_map
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


def test_the_kernel_equals_its_plain_twin() -> None:
    rng = np.random.default_rng(3)
    depth = rng.integers(0, 1500, (24, 32)).astype(np.uint16)
    rays = rng.uniform(-0.5, 0.5, (24, 32, 2)).astype(np.float32)
    starts, ends = rng.uniform(-400, 400, (2, 2, 6, 3)) + np.array([0, 0, 900.0])
    radii = rng.uniform(40, 150, (2, 6, 2))
    boxes = np.array([[0, 0, 32, 24], [4, 3, 30, 20.0]])
    fast, plain = np.full((24, 32), NOBODY, np.uint8), np.full((24, 32), NOBODY, np.uint8)
    fill(depth, rays, starts, ends, radii, boxes, fast)
    fill_plainly(depth, rays, starts, ends, radii, boxes, plain)
    assert np.array_equal(fast, plain)
    assert set(np.unique(plain)) == {0, 1, NOBODY}
