import numpy as np
from training.raster import NEAREST, triangles

VIEW = (500.0, 32.0, 32.0, 0.0, 0.0, 1.0)


def _drawn(points: list[tuple[float, float, float]], size: int = 64) -> tuple[np.ndarray, ...]:
    canvas = np.full((size, size), 1e9), *(np.zeros((size, size), np.int32) for _ in range(2))
    slope = np.ones((size, size))
    faces, kinds = np.array([[0, 1, 2]], np.int32), np.full(3, 2, np.int32)
    triangles(np.array(points), faces, kinds, 10, 1, VIEW, *canvas, slope)
    return *canvas, slope


def test_a_slanted_plane_has_the_depth_of_its_equation() -> None:
    """On the plane z = 2 + x / 2 the ray through a pixel meets it at 2 / (1 - a / 2), a its tangent."""
    corners = [(x, y, 2 + x / 2) for x, y in ((-3.0, -3.0), (3.0, -3.0), (0.0, 6.0))]
    depth, surface, shows, slope = _drawn(corners)
    a = (np.arange(64) + 0.5 - 32) / 500
    np.testing.assert_allclose(depth, np.broadcast_to(2 / (1 - a / 2), (64, 64)), rtol=1e-9)
    assert (surface == 12).all()
    assert (shows == 1).all()
    ray, normal = np.array(corners[0]), np.array([-0.5, 0.0, 1.0])
    facing = ray @ normal / np.linalg.norm(ray) / np.linalg.norm(normal)
    np.testing.assert_allclose(slope, facing, rtol=1e-9)


def test_the_nearest_wins_and_what_is_too_near_is_left_out() -> None:
    wide = [(-9.0, -9.0), (9.0, -9.0), (0.0, 18.0)]
    size = 64
    canvas = np.full((size, size), 1e9), *(np.zeros((size, size), np.int32) for _ in range(2))
    slope = np.ones((size, size))
    faces, kinds = np.array([[0, 1, 2]], np.int32), np.zeros(3, np.int32)
    for z, owner in ((3.0, 1), (2.0, 2), (4.0, 3), (NEAREST / 2, 4)):
        triangles(np.array([(x, y, z) for x, y in wide]), faces, kinds, 0, owner, VIEW, *canvas, slope)
    np.testing.assert_allclose(canvas[0], 2.0, rtol=1e-9)
    assert (canvas[2] == 2).all()
